//! Files that must say the same: functions and routes, bindings and the handler, settings and what reads them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::Value;
use sluice::host::{self, REFINE_TIME};
use sluice::settings::Settings;
use testkit::world::World;
use tower::ServiceExt;

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
    // Silver waits longest: for its object, and for those before it.
    let timeout = Duration::from_secs((parts[0] * 60 + parts[1]) * 60);
    assert!(timeout > REFINE_TIME, "{timeout:?}");
}
