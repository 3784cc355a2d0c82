use std::net::TcpListener;

use super::*;

fn arguments() -> SettingsArguments {
    SettingsArguments {
        dataset: None,
        state_dir: ".sluice".into(),
    }
}

fn write(file: &Path, values: &[(&str, &str)]) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let values: BTreeMap<_, _> = values.iter().copied().collect();
    std::fs::write(file, json!({ "Values": values }).to_string()).unwrap();
}

#[test]
fn the_environment_comes_before_a_running_pipeline_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        &root.join(LOCAL_FILE),
        &[
            ("A", "file"),
            ("B", "file"),
            ("C", "file"),
            ("GoldDatabase", "sqlite:g.db"),
        ],
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let storage = format!(
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:{port}/a;"
    );
    let stack = root.join(".sluice/orders/settings.json");
    write(
        &stack,
        &[("LakeStorage", &storage), ("A", "stack"), ("b", "stack")],
    );
    let environment = BTreeMap::from([("a".to_owned(), "environment".to_owned())]);

    let below = root.join("some/where");
    let settings = AppSettings::find_from(&below, environment.clone(), &arguments()).unwrap();
    let get = |name: &str| settings.get(name).unwrap();
    assert_eq!(
        [get("A"), get("B"), get("c")],
        ["environment", "stack", "file"]
    );
    let gold = format!("sqlite:{}", root.join("g.db").display());
    assert_eq!(settings.gold(), Some(gold));

    drop(listener);
    let settings = AppSettings::find_from(root, environment, &arguments()).unwrap();
    assert_eq!(
        settings.get("B").as_deref(),
        Some("file"),
        "a pipeline that has gone"
    );
    assert_eq!(settings.dataset_file(), root.join(DEFAULT_DATASET));
}

#[test]
fn connections_of_two_places_are_not_mixed() {
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
    let environment = names
        .map(|name| (name.to_owned(), "environment".to_owned()))
        .into();
    let settings = AppSettings::find_from(folder.path(), environment, &arguments()).unwrap();
    assert_eq!(settings.get("LakeStorage"), None);
    assert_eq!(settings.get("EventHubConnection"), None);
    let account = settings.get("AzureWebJobsLakeStorage__accountName");
    assert_eq!(account.as_deref(), Some("environment"));
    assert_eq!(settings.get("E").as_deref(), Some("environment"));
}

#[test]
fn a_file_that_is_no_settings_file_is_named_with_its_problem() {
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
        let error = AppSettings::find_from(folder.path(), BTreeMap::new(), &arguments());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(LOCAL_FILE), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_blank_setting_counts_as_none() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join(LOCAL_FILE), &[("A", "file")]);
    let environment = BTreeMap::from([("a".to_owned(), "  ".to_owned())]);
    let settings = AppSettings::find_from(folder.path(), environment, &arguments()).unwrap();
    assert_eq!(settings.get("A").as_deref(), Some("file"));
    assert_eq!(settings.get("B"), None);
}

#[test]
fn the_dataset_is_that_of_the_command_line_then_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join(LOCAL_FILE), &[("DATASET", "datasets/file.toml")]);
    let here = root.join("below");
    let found = |environment: &[(&str, &str)], dataset: Option<&str>| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let arguments = SettingsArguments {
            dataset: dataset.map(PathBuf::from),
            ..arguments()
        };
        let environment = environment.iter().map(owned).collect();
        let settings = AppSettings::find_from(&here, environment, &arguments).unwrap();
        settings.dataset_file().to_owned()
    };
    let environment = [("dataset", "datasets/environment.toml")];
    assert_eq!(found(&[], None), root.join("datasets/file.toml"));
    assert_eq!(
        found(&environment, None),
        root.join("datasets/environment.toml")
    );
    assert_eq!(
        found(&environment, Some("my.toml")),
        here.join("my.toml"),
        "relative to where the command runs"
    );
}

#[test]
fn several_running_pipelines_are_named_unless_one_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("host.json"), "{}").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let storage = format!(
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:{port}/a;"
    );
    for name in ["sensors", "shop"] {
        let values = BTreeMap::from([
            ("LakeStorage".to_owned(), storage.clone()),
            ("Which".to_owned(), name.to_owned()),
        ]);
        let state_dir = root.join(".sluice").join(name);
        std::fs::create_dir_all(&state_dir).unwrap();
        announce(&state_dir, &values).unwrap();
    }
    let error = AppSettings::find_from(root, BTreeMap::new(), &arguments()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("sensors") && error.contains("shop"),
        "{error}"
    );

    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets");
    let meant = SettingsArguments {
        dataset: Some(datasets.join("sensors.toml")),
        ..arguments()
    };
    let settings = AppSettings::find_from(root, BTreeMap::new(), &meant).unwrap();
    assert_eq!(settings.get("Which").as_deref(), Some("sensors"));
    assert!(settings.origin.contains("sluice up"), "{}", settings.origin);
}
