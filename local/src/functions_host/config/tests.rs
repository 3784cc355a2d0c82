use super::*;
use std::time::Duration;

const HOST: &str = r#"{"version":"2.0","functionTimeout":"00:15:00",
    "customHandler":{"description":{"defaultExecutablePath":"handler"}},
    "extensions":{"eventHubs":{"maxEventBatchSize":1000,"minEventBatchSize":1000,"maxWaitTime":"00:00:02"}}}"#;
const SETTINGS: &str = r#"{"IsEncrypted":false,"Values":{"FUNCTIONS_WORKER_RUNTIME":"custom",
    "AzureWebJobsStorage":"UseDevelopmentStorage=true","LakeStorage":"UseDevelopmentStorage=true",
    "EventHubConnection":"Endpoint=sb://localhost;UseDevelopmentEmulator=true;","HUB":"events","EVERY":"*/5 * * * * *"}}"#;
const GOLD: &str = r#"{"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"%EVERY%"}]}"#;

fn files(function: &str, text: &str) -> AppFiles {
    AppFiles {
        host_json: HOST.to_owned(),
        local_settings: Some(SETTINGS.to_owned()),
        functions: BTreeMap::from([(function.to_owned(), text.to_owned())]),
    }
}

fn read(files: &AppFiles) -> Result<AppConfig, String> {
    read_with(files, &[])
}

fn read_with(files: &AppFiles, overrides: &[(&str, &str)]) -> Result<AppConfig, String> {
    let overrides = overrides
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let root = PathBuf::from("/nowhere/app");
    assemble(root, files, &BTreeMap::new(), &overrides).map_err(|error| error.to_string())
}

fn binding(text: &str) -> String {
    format!(r#"{{"bindings":[{text}]}}"#)
}

#[test]
fn host_json_and_functions_are_read() {
    let config = read(&files("gold", GOLD)).expect("valid");
    assert_eq!(config.host.event_hubs.min_event_batch_size, 1000);
    assert_eq!(config.host.event_hubs.max_wait_time, Duration::from_secs(2));
    assert_eq!(config.host.function_timeout, Some(Duration::from_secs(900)));
    assert_eq!(config.host.handler.executable, "handler");
    assert_eq!(
        config.host.handler.initialization_timeout,
        Duration::from_secs(30)
    );
    assert_eq!(config.host.blobs.poison_blob_threshold, 5);
    assert_eq!(
        config.functions.first().map(|f| f.name.as_str()),
        Some("gold")
    );
}

#[test]
fn settings_override_host_json() {
    let overrides = [
        (
            "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
            "target/x",
        ),
        (
            "AzureFunctionsJobHost__customHandler__description__arguments",
            r#"["-a","b"]"#,
        ),
        (
            "AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize",
            "1",
        ),
        (
            "AzureFunctionsJobHost__Extensions__EventHubs__MaxWaitTime",
            "00:00:00.5",
        ),
        ("AzureFunctionsJobHost__functionTimeout", "-1"),
    ];
    let config = read_with(&files("gold", GOLD), &overrides).expect("valid");
    assert_eq!(config.host.handler.executable, "target/x");
    assert_eq!(config.host.handler.arguments, ["-a", "b"]);
    assert_eq!(config.host.event_hubs.min_event_batch_size, 1);
    assert_eq!(
        config.host.event_hubs.max_wait_time,
        Duration::from_millis(500)
    );
    assert_eq!(config.host.function_timeout, None);
}

#[test]
fn the_function_list_admits_only_named_functions() {
    let mut files = files("gold", GOLD);
    files
        .functions
        .insert("other".to_owned(), "not json".to_owned());
    let config = read_with(&files, &[("AzureFunctionsJobHost__functions__0", "gold")]);
    assert_eq!(config.map(|config| config.functions.len()), Ok(1));
}

#[test]
fn what_the_host_refuses_in_host_json_is_refused_in_its_words() {
    let cases = [
        (
            r#"{}"#,
            "The host.json file is missing the required 'version' property.",
        ),
        (
            r#"{"version":"1.0"}"#,
            "'1.0' is an invalid value for host.json 'version' property.",
        ),
        (r#"{"version":"2.0"}"#, "Missing worker Description."),
        (
            r#"{"version":"2.0","customHandler":{"description":{}}}"#,
            "WorkerDescription DefaultExecutablePath cannot be empty",
        ),
        (
            "{",
            "Unable to parse host configuration file '/nowhere/app/host.json'.",
        ),
        (
            r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h"}},"extensions":{"eventHubs":{"maxEventBatchSize":0}}}"#,
            "Failed to convert configuration value '0' at 'AzureFunctionsJobHost:extensions:eventHubs:maxEventBatchSize'",
        ),
        (
            r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h"}},"extensions":{"eventHubs":{"minEventBatchSize":101}}}"#,
            "The minimum event batch size must be less than or equal to the maximum",
        ),
    ];
    for (host_json, expected) in cases {
        let files = AppFiles {
            host_json: host_json.to_owned(),
            ..files("gold", GOLD)
        };
        let refused = read(&files).expect_err(host_json);
        assert!(refused.starts_with(expected), "{host_json}: {refused}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_the_host_refuses_in_a_function_is_refused_in_its_words() {
    let retry = |retry: &str| GOLD.replacen('{', &format!(r#"{{"retry":{retry},"#), 1);
    let cases = [
        (
            "1st",
            GOLD.to_owned(),
            "'1st' is not a valid function name.",
        ),
        (
            "host",
            GOLD.to_owned(),
            "'host' is not a valid function name.",
        ),
        (
            "a b",
            GOLD.to_owned(),
            "'a b' is not a valid function name.",
        ),
        (
            "gold",
            r#"{"bindings":[]}"#.to_owned(),
            "At least one binding must be declared.",
        ),
        (
            "gold",
            GOLD.replace("\"timer\"", "\"my_timer\""),
            "The binding name my_timer is invalid. Please assign a valid name to the binding.",
        ),
        (
            "gold",
            GOLD.replace("%EVERY%", "* * *"),
            "The schedule expression '* * *' was not recognized as a valid cron expression or timespan string.",
        ),
        (
            "gold",
            GOLD.replace("%EVERY%", "%NONE%"),
            "'%NONE%' does not resolve to a value.",
        ),
        (
            "gold",
            GOLD.replace("timerTrigger", "cosmosTrigger"),
            "The binding type(s) 'cosmosTrigger' are not registered.",
        ),
        (
            "gold",
            retry(r#"{"strategy":"fixedDelay"}"#),
            "Value cannot be null. (Parameter 'MaxRetryCount')",
        ),
        (
            "gold",
            retry(r#"{"strategy":"fixedDelay","maxRetryCount":1}"#),
            "Value cannot be null. (Parameter 'DelayInterval')",
        ),
        (
            "gold",
            retry(
                r#"{"strategy":"exponentialBackoff","maxRetryCount":1,"minimumInterval":"00:00:01"}"#,
            ),
            "Value cannot be null. (Parameter 'MaximumInterval')",
        ),
        (
            "bronze",
            binding(
                r#"{"type":"eventHubTrigger","name":"events","eventHubName":"e","connection":"None"}"#,
            ),
            "EventHub account connection string with name 'None' does not exist in the settings. Make sure that it is a defined App Setting.",
        ),
        (
            "silver",
            binding(r#"{"type":"blobTrigger","name":"blob","path":"b/{n}","connection":"None"}"#),
            "Storage account connection string 'None' does not exist. Make sure that it is a defined App Setting.",
        ),
    ];
    for (name, text, expected) in cases {
        let refused = read(&files(name, &text)).expect_err(expected);
        let expected = format!("The '{name}' function is in error: {expected}");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

#[test]
fn all_functions_in_error_are_reported_together() {
    let mut files = files("1st", GOLD);
    files.functions.insert("2nd".to_owned(), GOLD.to_owned());
    assert_eq!(read(&files).expect_err("two errors").lines().count(), 2);
}

#[test]
fn an_app_without_functions_storage_or_runtime_is_refused() {
    let none = AppFiles {
        functions: BTreeMap::new(),
        ..files("gold", GOLD)
    };
    assert!(
        read(&none)
            .expect_err("none")
            .starts_with("No job functions found.")
    );
    let without = |name: &str| AppFiles {
        local_settings: Some(SETTINGS.replace(name, "Unknown")),
        ..files("gold", GOLD)
    };
    let storage = read(&without("AzureWebJobsStorage")).expect_err("no storage");
    assert!(storage.starts_with("Missing value for AzureWebJobsStorage in local.settings.json."));
    let runtime = read(&without("FUNCTIONS_WORKER_RUNTIME")).expect_err("no runtime");
    assert!(runtime.starts_with("The 'FUNCTIONS_WORKER_RUNTIME' setting is required."));
}

#[test]
fn the_hub_comes_from_settings_or_the_connection_string() {
    let text = binding(
        r#"{"type":"eventHubTrigger","name":"events","eventHubName":"%HUB%","connection":"EventHubConnection","cardinality":"many","dataType":"binary"}"#,
    );
    let hub = |overrides: &[(&str, &str)]| {
        let config = read_with(&files("bronze", &text), overrides).expect("valid");
        match config
            .functions
            .into_iter()
            .next()
            .map(|function| function.trigger)
        {
            Some(Trigger::EventHub(trigger)) => trigger,
            other => panic!("not an event hub trigger: {other:?}"),
        }
    };
    let trigger = hub(&[]);
    assert_eq!(trigger.event_hub_name, "events");
    assert_eq!(trigger.consumer_group, "$Default");
    assert_eq!(trigger.data_type, DataType::Binary);
    let named = hub(&[("EventHubConnection", "Endpoint=sb://x;EntityPath=other")]);
    assert_eq!(named.event_hub_name, "other");
}

#[test]
fn only_immediate_folders_are_functions_links_included() {
    let root = tempfile::tempdir().expect("a folder");
    let nested = root.path().join("functions/gold");
    std::fs::create_dir_all(&nested).expect("folders");
    std::fs::write(root.path().join("host.json"), HOST).expect("host.json");
    std::fs::write(root.path().join("local.settings.json"), SETTINGS).expect("settings");
    std::fs::write(nested.join("function.json"), GOLD).expect("function.json");

    let refused = load(root.path(), &BTreeMap::new(), &BTreeMap::new()).expect_err("nested only");
    assert!(refused.to_string().starts_with("No job functions found."));

    std::os::unix::fs::symlink("functions/gold", root.path().join("linked")).expect("link");
    let config = load(root.path(), &BTreeMap::new(), &BTreeMap::new()).expect("linked");
    let names: Vec<_> = config
        .functions
        .iter()
        .map(|function| &function.name)
        .collect();
    assert_eq!(names, ["linked"]);
}

#[test]
fn a_folder_without_host_json_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let refused = load(root.path(), &BTreeMap::new(), &BTreeMap::new()).expect_err("no host.json");
    assert!(
        refused
            .to_string()
            .starts_with("Unable to find project root.")
    );
}

#[test]
fn this_repository_is_an_app_with_its_three_functions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = load(&root, &BTreeMap::new(), &BTreeMap::new()).expect("valid");
    let names: Vec<_> = config
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    for name in ["bronze", "silver", "gold"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let find = |name: &str| {
        config
            .functions
            .iter()
            .find(|function| function.name == name)
    };
    let bronze = find("bronze").expect("bronze");
    let endless = bronze.retry.as_ref().map(|retry| retry.max_retry_count);
    assert_eq!(endless, Some(None), "bronze retries for ever");
    let Trigger::EventHub(trigger) = &bronze.trigger else {
        panic!("bronze reads a hub")
    };
    assert_eq!(trigger.data_type, DataType::Binary);
    assert!(
        config
            .host
            .handler
            .executable
            .ends_with("target/debug/handler")
    );
}
