//! Files that must say the same: functions and routes, settings and what reads them, modules and what they may use.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::Value;
use sluice::host;
use sluice::settings::Settings;
use tower::ServiceExt;

use super::support::world::World;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The functions by folder, with their function.json.
fn functions() -> Vec<(String, Value)> {
    let mut functions: Vec<_> = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, json(&entry.path().join("function.json")))
        })
        .collect();
    functions.sort_by(|one, two| one.0.cmp(&two.0));
    assert!(functions.len() >= 3);
    functions
}

fn local_settings() -> Vec<(String, String)> {
    let file = json(&root().join("local.settings.json"));
    let values = file["Values"].as_object().unwrap().clone();
    let text = |value: Value| value.as_str().unwrap().to_owned();
    values
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// The settings that function.json files name: `%NAME%` anywhere, and connections.
fn named_by_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, function) in functions() {
        for binding in function["bindings"].as_array().unwrap() {
            for (key, value) in binding.as_object().unwrap() {
                let Some(text) = value.as_str() else { continue };
                if key == "connection" {
                    names.insert(text.to_owned());
                }
                let parts: Vec<_> = text.split('%').collect();
                names.extend(
                    parts
                        .iter()
                        .skip(1)
                        .step_by(2)
                        .map(|name| (*name).to_owned()),
                );
            }
        }
    }
    names
}

async fn post(function: &str) -> (StatusCode, String) {
    let app = Arc::clone(&World::new().process().app);
    let request = Request::post(format!("/{function}"))
        .body(Body::from("{}"))
        .unwrap();
    let response = host::router(app).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_function_has_a_route_and_every_route_a_function() {
    let (_, refusal) = post("nothing").await;
    for (name, _) in functions() {
        let (status, _) = post(&name).await;
        assert_ne!(status, StatusCode::NOT_FOUND, "{name} has no route");
        assert!(refusal.contains(&name), "{refusal}");
        let link = root().join(&name);
        assert_eq!(
            std::fs::read_link(link).unwrap(),
            Path::new("functions").join(&name),
            "the host only looks at folders beside host.json"
        );
    }
    let names: BTreeSet<String> = functions().into_iter().map(|(name, _)| name).collect();
    let served = host::FUNCTIONS.map(|function| function.name().to_owned());
    assert_eq!(BTreeSet::from(served), names);
}

#[test]
fn bindings_are_what_the_handler_relies_on() {
    for (name, function) in functions() {
        let bindings = function["bindings"].as_array().unwrap();
        assert_eq!(
            bindings.len(),
            1,
            "{name}: the handler reads the only value of Data"
        );
        let binding = &bindings[0];
        assert!(
            !binding["name"].as_str().unwrap().contains('_'),
            "{name}: the host refuses it"
        );
        match binding["type"].as_str().unwrap() {
            "eventHubTrigger" => {
                assert_eq!(binding["dataType"], "binary");
                assert_eq!(binding["cardinality"], "many");
                assert_eq!(
                    function["retry"]["maxRetryCount"], -1,
                    "only endless retry keeps events"
                );
            }
            "blobTrigger" => {
                let path = binding["path"].as_str().unwrap();
                assert_eq!(
                    path,
                    format!("{}/{{name}}", sluice::store::object::paths::BRONZE)
                );
            }
            "timerTrigger" => assert!(binding.get("runOnStartup").is_none()),
            other => panic!("{name}: {other} is not a trigger that the handler knows"),
        }
    }
}

#[test]
fn local_settings_are_those_that_something_reads_and_all_that_are_needed() {
    let settings = local_settings();
    let asked = RefCell::new(named_by_functions());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        let found = settings.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    Settings::from_lookup(&lookup).unwrap();

    let asked = asked.into_inner();
    let hosts = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];
    for (name, _) in &settings {
        let is_hosts =
            hosts.contains(&name.as_str()) || name.starts_with("AzureFunctionsJobHost__");
        assert!(is_hosts || asked.contains(name), "nothing reads {name}");
    }
    for name in named_by_functions() {
        let is_there = settings.iter().any(|(known, _)| *known == name);
        assert!(
            is_there,
            "local.settings.json lacks {name}, which a function.json names"
        );
    }
}

#[test]
fn host_json_gives_an_invocation_more_time_than_it_takes_at_most() {
    let host = json(&root().join("host.json"));
    let timeout = host["functionTimeout"].as_str().unwrap();
    let parts: Vec<u64> = timeout
        .split(':')
        .map(|part| part.parse().unwrap())
        .collect();
    // Silver sends no commit after ten minutes, and may have to wait for another group first.
    assert!(parts[0] * 60 + parts[1] > 10, "{timeout}");
}

/// The text of a module without its tests and comments.
fn code(path: &str) -> String {
    let text = std::fs::read_to_string(root().join("handlers").join(path)).unwrap();
    let text = text
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn modules(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modules(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let path = path.strip_prefix(root().join("handlers")).unwrap();
            found.push(path.to_str().unwrap().to_owned());
        }
    }
}

fn all_modules() -> Vec<String> {
    let mut found = Vec::new();
    modules(&root().join("handlers"), &mut found);
    assert!(found.len() > 40);
    found
}

#[test]
fn modules_that_decide_touch_no_edge() {
    const EDGES: [&str; 9] = [
        "ObjectStore",
        "EntityStore",
        "CommitLog",
        "dyn Warehouse",
        "dyn Clock",
        "tokio",
        "async ",
        "std::env",
        "crate::host",
    ];
    const PURE: [&str; 18] = [
        "bronze/line.rs",
        "bronze/plan.rs",
        "gold/delta.rs",
        "gold/plan.rs",
        "silver/builder.rs",
        "silver/cast.rs",
        "silver/json.rs",
        "silver/key.rs",
        "silver/keys.rs",
        "silver/live.rs",
        "silver/parse.rs",
        "silver/period.rs",
        "silver/prepare.rs",
        "silver/rows.rs",
        "silver/schema.rs",
        "silver/schema_change.rs",
        "silver/source.rs",
        "silver/watermark.rs",
    ];
    let pure = PURE.into_iter().map(str::to_owned);
    let vocabulary = all_modules()
        .into_iter()
        .filter(|path| path.starts_with("event/"));
    for module in pure.chain(vocabulary) {
        let code = code(&module);
        for edge in EDGES {
            assert!(!code.contains(edge), "{module} mentions {edge}");
        }
    }
}

#[test]
fn time_chance_and_the_environment_are_read_where_they_may_be() {
    let rules: [(&str, &[&str]); 5] = [
        ("Utc::now", &["clock.rs"]),
        ("SystemTime::now", &[]),
        // How old a connection or a token is, and when a commit begins, decides nothing about data.
        (
            "Instant::now",
            &[
                "retry.rs",
                "host/mod.rs",
                "silver/queue.rs",
                "warehouse/azure_sql/connect.rs",
            ],
        ),
        ("env::var", &["main.rs"]),
        ("Uuid::new_v4", &["app.rs", "retry.rs"]),
    ];
    for module in all_modules() {
        let code = code(&module);
        for (word, allowed) in rules {
            let is_allowed = allowed.contains(&module.as_str());
            // The storage client makes ids for its requests.
            let is_client = module.starts_with("state/tables") || module.starts_with("storage/");
            assert!(
                is_allowed || is_client || !code.contains(word),
                "{module} has {word}"
            );
        }
    }
}

#[test]
fn object_names_are_made_in_one_place() {
    // Beside the one place there is one that tells the content type from the name's end.
    let others = ["lake/paths.rs", "lake/azure.rs"];
    for module in all_modules()
        .iter()
        .filter(|module| !others.contains(&module.as_str()))
    {
        let code = code(module);
        for word in [".parquet\"", ".jsonl\"", "event_date=", "_sluice/"] {
            assert!(!code.contains(word), "{module} makes names with {word}");
        }
    }
}

#[test]
fn nothing_but_the_start_knows_the_host() {
    for module in all_modules() {
        let may = module.starts_with("host/") || module == "app.rs" || module == "main.rs";
        assert!(may || !code(&module).contains("crate::host"), "{module}");
    }
}
