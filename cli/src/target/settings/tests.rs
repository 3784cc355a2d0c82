use serde_json::json;

use super::super::announcement::{self, Marker};
use super::super::running::Answer;
use super::*;

fn arguments() -> SettingsArguments {
    SettingsArguments {
        dataset: None,
        state_dir: None,
    }
}

/// The event hub of [`root`]'s pipeline.
const HUB: &str = "Endpoint=sb://127.0.0.1:2;UseDevelopmentEmulator=true";

/// Storages by their addresses and event hubs, with the tokens that they repeat; no other storage answers.
#[derive(Default)]
struct Storages {
    storages: BTreeMap<String, Option<&'static str>>,
    hubs: BTreeMap<String, &'static str>,
}

impl Storages {
    fn of(storages: &[(&str, Option<&'static str>)]) -> Self {
        let storages = storages.iter();
        Self {
            storages: storages.map(|(at, token)| (storage(at), *token)).collect(),
            hubs: [(HUB.to_owned(), "ours")].into(),
        }
    }
}

impl Probe for Storages {
    async fn ask(&self, connection: &str) -> Answer {
        match self.storages.get(connection) {
            None => Answer::Nothing,
            Some(None) => Answer::Somebody,
            Some(Some(token)) => pipeline(token),
        }
    }

    async fn ask_hub(&self, connection: &str) -> Answer {
        match self.hubs.get(connection) {
            None => Answer::Somebody,
            Some(token) => pipeline(token),
        }
    }
}

fn pipeline(token: &str) -> Answer {
    Answer::Pipeline(Marker {
        token: token.to_owned(),
        state_dir: PathBuf::from("/theirs/.sluice/orders"),
    })
}

/// A connection string.
fn storage(at: &str) -> String {
    let services = ["Blob", "Queue", "Table"].map(|name| format!("{name}Endpoint=http://{at}/a;"));
    format!("AccountName=a;AccountKey=a2V5;{}", services.concat())
}

/// Leaves a settings file as `sluice up` does.
fn announce(state_dir: &Path, values: &[(&str, &str)], token: &str) {
    std::fs::create_dir_all(state_dir).unwrap();
    let values = values.iter();
    let values: Values = values
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    announcement::write(state_dir, &values, token).unwrap();
}

async fn find(
    here: &Path,
    environment: &[(&str, &str)],
    arguments: &SettingsArguments,
    storages: &Storages,
) -> Result<AppSettings, FindError> {
    let owned = |(name, value): &(&str, &str)| (name.to_lowercase(), (*value).to_owned());
    let environment = environment.iter().map(owned).collect();
    AppSettings::find_from(here, environment, arguments, storages).await
}

fn write(file: &Path, values: &[(&str, &str)]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let values: BTreeMap<_, _> = values.iter().copied().collect();
    std::fs::write(file, json!({ "Values": values }).to_string()).unwrap();
}

/// A root with local.settings.json and a pipeline of `sluice up` at 127.0.0.1:1, whose token is "ours".
fn root() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let local = [
        ("A", "file"),
        ("B", "file"),
        ("C", "file"),
        ("LakeStorage", &storage("127.0.0.1:10000")),
        ("EventHubConnection", "file"),
        ("GoldDatabase", "sqlite:g.db"),
    ];
    write(&folder.path().join(LOCAL_FILE), &local);
    let stack = [
        ("LakeStorage", &*storage("127.0.0.1:1")),
        ("EventHubConnection", HUB),
        ("A", "stack"),
        ("b", "stack"),
        ("DATASET", "/d/orders.toml"),
    ];
    announce(&folder.path().join(".sluice/orders"), &stack, "ours");
    folder
}

#[tokio::test]
async fn the_environment_comes_before_a_running_pipeline_and_that_before_the_file() {
    let folder = root();
    let root = folder.path();
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours"))]);
    let environment = [("a", "environment")];
    let below = root.join("some/where");
    let settings = find(&below, &environment, &arguments(), &runs)
        .await
        .unwrap();
    let get = |name: &str| settings.get(name);
    assert_eq!(
        [get("A"), get("B"), get("c")].map(Option::unwrap),
        ["environment", "stack", "file"]
    );
    assert_eq!(settings.dataset_file(), Path::new("/d/orders.toml"));
    assert_eq!(get("LakeStorage"), Some(storage("127.0.0.1:1")));
    assert_eq!(
        get("EventHubConnection").as_deref(),
        Some(HUB),
        "not that of another place"
    );
    assert!(settings.origin.contains("sluice up"), "{}", settings.origin);
}

#[tokio::test]
async fn a_pipeline_that_was_killed_is_not_believed_whoever_has_its_address() {
    let folder = root();
    let root = folder.path();
    for storages in [
        Storages::default(),
        Storages::of(&[("127.0.0.1:1", None)]),
        Storages::of(&[("127.0.0.1:1", Some("theirs"))]),
        Storages {
            hubs: [(HUB.to_owned(), "theirs")].into(),
            ..Storages::of(&[("127.0.0.1:1", Some("ours"))])
        },
        Storages {
            hubs: BTreeMap::new(),
            ..Storages::of(&[("127.0.0.1:1", Some("ours"))])
        },
    ] {
        let settings = find(root, &[], &arguments(), &storages).await.unwrap();
        assert_eq!(settings.get("B").as_deref(), Some("file"));
        assert_eq!(settings.dataset_file(), root.join(DEFAULT_DATASET));
        let gold = format!("sqlite:{}", root.join("g.db").display());
        assert_eq!(settings.gold(), Some(gold));
    }
    // A file of an older build has no token.
    let old = [("LakeStorage", &*storage("127.0.0.1:1")), ("B", "stack")];
    write(&root.join(".sluice/orders/settings.json"), &old);
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours"))]);
    let settings = find(root, &[], &arguments(), &runs).await.unwrap();
    assert_eq!(settings.get("B").as_deref(), Some("file"));
}

#[tokio::test]
async fn a_state_that_is_named_must_run() {
    let folder = root();
    let root = folder.path();
    let named = |state_dir: &str| SettingsArguments {
        state_dir: Some(state_dir.into()),
        ..arguments()
    };
    let everywhere = Storages::of(&[("127.0.0.1:1", Some("theirs")), ("127.0.0.1:10000", None)]);
    for (state_dir, expected) in [
        (
            "nothing-here",
            "no pipeline of `sluice up` runs with its state in",
        ),
        (
            ".sluice",
            "settings.json was left behind by a run that did not end properly",
        ),
    ] {
        let error = find(root, &[], &named(state_dir), &everywhere).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("`sluice up --state-dir "), "{error}");
    }
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours"))]);
    let environment = [("LakeStorage", "elsewhere"), ("A", "environment")];
    let settings = find(root, &environment, &named(".sluice"), &runs)
        .await
        .unwrap();
    let lake = settings.get("LakeStorage");
    assert_eq!(lake, Some(storage("127.0.0.1:1")), "it was named");
    let other = SettingsArguments {
        dataset: Some(datasets().join("sensors.toml")),
        ..named(".sluice")
    };
    let error = find(root, &[], &other, &runs)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("for dataset sensors"), "{error}");
}

#[tokio::test]
async fn what_the_environment_names_is_not_mixed_with_a_running_pipeline() {
    let folder = root();
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours"))]);
    let environment = [("LakeStorage__accountName", "shop"), ("GOLD_SCHEMA", "g")];
    let settings = find(folder.path(), &environment, &arguments(), &runs).await;
    let settings = settings.unwrap();
    let account = settings.get("LakeStorage__accountName");
    assert_eq!(account.as_deref(), Some("shop"));
    for name in ["LakeStorage", "EventHubConnection", "GoldDatabase"] {
        assert_eq!(settings.get(name), None, "{name}");
    }
    assert_eq!(settings.get("B").as_deref(), Some("file"));
    assert!(settings.own().is_ok());
    // Another gold beside a running pipeline is no other pipeline.
    let gold = [("GoldDatabase", "sqlite:other.db")];
    let settings = find(folder.path(), &gold, &arguments(), &runs)
        .await
        .unwrap();
    assert!(settings.get("LakeStorage").is_some());
    assert!(settings.gold().unwrap().ends_with("other.db"));
}

#[tokio::test]
async fn storage_of_a_pipeline_that_nobody_named_is_refused() {
    let folder = root();
    let foreign = Storages::of(&[("127.0.0.1:10000", Some("theirs"))]);
    let settings = find(folder.path(), &[], &arguments(), &foreign)
        .await
        .unwrap();
    let error = settings.own().unwrap_err().to_string();
    for expected in [
        "the storage at 127.0.0.1:10000",
        LOCAL_FILE,
        "in /theirs/.sluice/orders",
        "--state-dir /theirs/.sluice;",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    // The storage is nobody's, and the hub is theirs.
    let hub = tempfile::tempdir().unwrap();
    let local = [
        ("LakeStorage", &*storage("127.0.0.1:10000")),
        ("EventHubConnection", HUB),
    ];
    write(&hub.path().join(LOCAL_FILE), &local);
    let emulator = Storages::of(&[("127.0.0.1:10000", None)]);
    let settings = find(hub.path(), &[], &arguments(), &emulator).await;
    let error = settings.unwrap().own().unwrap_err().to_string();
    assert!(
        error.contains("the event hub at 127.0.0.1:2, which"),
        "{error}"
    );
    let emulator = Storages::of(&[("127.0.0.1:10000", None)]);
    let settings = find(folder.path(), &[], &arguments(), &emulator).await;
    assert!(settings.unwrap().own().is_ok(), "Azurite of nobody");
}

#[tokio::test]
async fn the_target_is_named_without_its_secrets() {
    let environment = [
        ("LakeStorage", &*storage("127.0.0.1:1")),
        (
            "EventHubConnection",
            "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=secret",
        ),
        ("EVENTHUB_NAME", "orders"),
        (
            "GoldDatabase",
            "Server=tcp:sql.example;Database=gold;User=u;Password=secret",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let settings = find(
        folder.path(),
        &environment,
        &arguments(),
        &Storages::default(),
    )
    .await;
    let target = settings.unwrap().target();
    assert!(
        !target.contains("secret") && !target.contains("a2V5"),
        "{target}"
    );
    for expected in [
        "the environment: storage http://127.0.0.1:1/a",
        "hub shop.servicebus.windows.net/orders",
        "gold sql.example",
    ] {
        assert!(target.contains(expected), "{expected}: {target}");
    }
}

#[tokio::test]
async fn connections_of_two_places_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let file = [
        ("LakeStorage", "file"),
        ("EventHubConnection", "file"),
        ("E", "file"),
    ];
    write(&folder.path().join(LOCAL_FILE), &file);
    let names = [
        "azurewebjobslakestorage__accountname",
        "eventhubconnection__fullyqualifiednamespace",
        "e",
    ];
    let environment = names.map(|name| (name, "environment"));
    let nothing = Storages::default();
    let settings = find(folder.path(), &environment, &arguments(), &nothing).await;
    let settings = settings.unwrap();
    assert_eq!(settings.get("LakeStorage"), None);
    assert_eq!(settings.get("EventHubConnection"), None);
    let account = settings.get("AzureWebJobsLakeStorage__accountName");
    assert_eq!(account.as_deref(), Some("environment"));
    assert_eq!(settings.get("E").as_deref(), Some("environment"));
}

#[tokio::test]
async fn a_file_that_is_no_settings_file_is_named_with_its_problem() {
    let folder = tempfile::tempdir().unwrap();
    for (content, expected) in [
        ("{}", "no object Values"),
        ("Values", "expected value"),
        (
            r#"{"IsEncrypted": true, "Values": {}}"#,
            "func settings decrypt",
        ),
    ] {
        std::fs::write(folder.path().join(LOCAL_FILE), content).unwrap();
        let error = find(folder.path(), &[], &arguments(), &Storages::default()).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(LOCAL_FILE), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_blank_setting_counts_as_none() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(LOCAL_FILE), &[("A", "file")]);
    let nothing = Storages::default();
    let settings = find(folder.path(), &[("a", "  ")], &arguments(), &nothing).await;
    let settings = settings.unwrap();
    assert_eq!(settings.get("A").as_deref(), Some("file"));
    assert_eq!(settings.get("B"), None);
}

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets")
}

#[tokio::test]
async fn the_dataset_is_that_of_the_command_line_then_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join(LOCAL_FILE), &[("DATASET", "datasets/file.toml")]);
    let here = root.join("below");
    std::fs::create_dir(&here).unwrap();
    std::fs::copy(datasets().join("orders.toml"), here.join("my.toml")).unwrap();
    let environment: &[(&str, &str)] = &[("dataset", "datasets/environment.toml")];
    let named: &[(&str, &str)] = &[("lakestorage__accountname", "shop")];
    for (environment, dataset, expected) in [
        (&[][..], None, root.join("datasets/file.toml")),
        (environment, None, root.join("datasets/environment.toml")),
        // Relative to where the command runs; the pipeline is that of the environment.
        (named, Some("my.toml"), here.join("my.toml")),
    ] {
        let arguments = SettingsArguments {
            dataset: dataset.map(PathBuf::from),
            ..arguments()
        };
        let nothing = Storages::default();
        let settings = find(&here, environment, &arguments, &nothing).await;
        assert_eq!(settings.unwrap().dataset_file(), expected);
    }
    let missing = SettingsArguments {
        dataset: Some("no/such.toml".into()),
        ..arguments()
    };
    let refused = find(&here, named, &missing, &Storages::default()).await;
    assert!(refused.unwrap_err().is_usage(), "as other files");
}

#[tokio::test]
async fn several_running_pipelines_are_named_unless_one_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("host.json"), "{}").unwrap();
    for name in ["sensors", "shop"] {
        let values = [
            ("LakeStorage", &*storage(name)),
            ("EventHubConnection", name),
            ("Which", name),
        ];
        announce(&root.join(".sluice").join(name), &values, name);
    }
    let mut run = Storages::of(&[("sensors", Some("sensors")), ("shop", Some("shop"))]);
    let hubs = ["sensors", "shop"].map(|name| (name.to_owned(), name));
    run.hubs.extend(hubs);
    let error = find(root, &[], &arguments(), &run).await.unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("sensors") && error.contains("shop"),
        "{error}"
    );

    let meant = SettingsArguments {
        dataset: Some(datasets().join("sensors.toml")),
        ..arguments()
    };
    let settings = find(root, &[], &meant, &run).await.unwrap();
    assert_eq!(settings.get("Which").as_deref(), Some("sensors"));
}

#[tokio::test]
async fn several_are_listed_although_the_settings_name_one_of_their_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join(LOCAL_FILE), &[("DATASET", "datasets/shop.toml")]);
    for name in ["sensors", "shop"] {
        let values = [
            ("LakeStorage", &*storage(name)),
            ("EventHubConnection", name),
            (
                "DATASET",
                &root.join("own").join(name).display().to_string(),
            ),
        ];
        announce(&root.join(".sluice").join(name), &values, name);
    }
    let mut run = Storages::of(&[("sensors", Some("sensors")), ("shop", Some("shop"))]);
    let hubs = ["sensors", "shop"].map(|name| (name.to_owned(), name));
    run.hubs.extend(hubs);
    for state_dir in [None, Some(PathBuf::from(".sluice"))] {
        let arguments = SettingsArguments {
            state_dir,
            ..arguments()
        };
        let error = find(root, &[], &arguments, &run).await.unwrap_err();
        assert!(error.is_usage());
        let error = error.to_string();
        for expected in [
            "shop: since 2",
            "storage sensors",
            "--dataset own/sensors",
            "--dataset own/shop",
        ] {
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}

#[tokio::test]
async fn a_dataset_that_is_named_is_looked_for_in_no_other_settings() {
    let folder = root();
    let root = folder.path();
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours")), ("127.0.0.1:10000", None)]);
    let named = |name: &str| SettingsArguments {
        dataset: Some(datasets().join(name)),
        ..arguments()
    };
    // Another one runs, and local.settings.json leads to a storage that answers.
    let error = find(root, &[], &named("sensors.toml"), &runs).await;
    let error = error.unwrap_err();
    assert!(!error.is_usage());
    let error = error.to_string();
    let expected = "no pipeline of `sluice up` for dataset sensors runs with its state in";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("leave --dataset out"), "{error}");
    assert!(error.contains(". These run:\n  orders: since "), "{error}");

    let settings = find(root, &[], &named("orders.toml"), &runs).await.unwrap();
    assert_eq!(settings.get("B").as_deref(), Some("stack"));

    // What the environment names is no other place, unless it is of another dataset, or one runs as well.
    let azure = ("LakeStorage__accountName", "shop");
    let settings = find(root, &[azure], &named("sensors.toml"), &runs).await;
    let settings = settings.unwrap();
    assert_eq!(
        settings.get("LakeStorage__accountName").as_deref(),
        Some("shop")
    );
    assert_eq!(settings.dataset_file(), datasets().join("sensors.toml"));
    let orders = datasets().join("orders.toml").display().to_string();
    for (environment, name, expected) in [
        (
            vec![azure, ("DATASET", &*orders)],
            "sensors.toml",
            "is of dataset orders",
        ),
        (
            vec![azure],
            "orders.toml",
            "and the environment names a pipeline, too",
        ),
    ] {
        let error = find(root, &environment, &named(name), &runs)
            .await
            .unwrap_err();
        assert!(error.is_usage());
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_state_that_is_named_says_itself_which_dataset_it_is_of() {
    let folder = root();
    let runs = Storages::of(&[("127.0.0.1:1", Some("ours"))]);
    let named = SettingsArguments {
        state_dir: Some(".sluice".into()),
        ..arguments()
    };
    let environment = [("DATASET", "no/such.toml"), ("SLUICE_PIPELINE", "another")];
    let settings = find(folder.path(), &environment, &named, &runs)
        .await
        .unwrap();
    assert_eq!(settings.dataset_file(), Path::new("/d/orders.toml"));
    assert_eq!(
        settings.get("SLUICE_PIPELINE"),
        None,
        "it is taken with the storage"
    );
    let line = settings.written();
    assert_eq!(line.storage.as_deref(), Some("http://127.0.0.1:1/a"));
    assert!(line.whose.contains(".sluice/orders"), "{line:?}");
}
