//! The local Event Hubs namespace through the wire, with the unchanged SDKs of other languages, and what they and our own
//! client make of each other's events.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use sluice_local::azurite::{Azurite, AzuriteOptions};
use sluice_local::event_hubs::{HubConfig, Namespace};
use sluice_local::hub_client::Destination;
use support::{drain, earliest, free_namespace, hub, producer};
use testkit::install::{Clients, succeed};
use testkit::tool::{Missing, trial};

const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));

/// The groups that clients have event processors in, besides `$Default`.
const GROUPS: [&str; 6] = ["audit", "python", "aio", "javascript", "java", "go"];

/// Where checkpoints are. It ends with this process.
static AZURITE: LazyLock<Azurite> = LazyLock::new(|| {
    let options = AzuriteOptions {
        data_dir: None,
        ports: None,
        install_dir: None,
        progress: None,
    };
    Azurite::start_blocking(&options).unwrap()
});

fn main() -> ExitCode {
    let java = || Missing::on_path(&["java", "javac", "mvn"]);
    let go = || Missing::on_path(&["go"]);
    let trials = vec![
        trial("python_sdk_works_unchanged", None, || {
            let more = json!({ "content-encoding": "identity", "gateway": "g-1" });
            exercise(&python("exercise.py"), &more);
        }),
        trial(
            "python_sdk_is_served_and_refused_as_by_the_service",
            None,
            || {
                leave_nothing_behind(&python("limits.py"), &["0", "1"]);
            },
        ),
        trial("python_processors_share_and_take_over", None, || {
            leave_nothing_behind(&python("processors.py"), &[]);
        }),
        trial("async_python_sdk_works_unchanged", None, || {
            leave_nothing_behind(&python("aio.py"), &["0"]);
        }),
        trial("javascript_sdk_works_unchanged", None, || {
            exercise(&javascript("exercise.js"), &json!({}));
        }),
        trial(
            "javascript_sdk_is_served_and_refused_as_by_the_service",
            None,
            || {
                leave_nothing_behind(&javascript("limits.js"), &["0", "1"]);
            },
        ),
        trial("javascript_processors_share_and_take_over", None, || {
            leave_nothing_behind(&javascript("processors.js"), &[]);
        }),
        trial("java_sdk_works_unchanged", java(), || {
            let path = CLIENTS.java("java");
            let words = ["java", "-cp", &path, "Main"].map(Into::into);
            leave_nothing_behind(&words, &["0"]);
        }),
        trial("go_sdk_works_unchanged", go(), || {
            leave_nothing_behind(&[CLIENTS.go("go")], &["0"]);
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The program and the arguments that run a Python file.
fn python(file: &str) -> [PathBuf; 2] {
    [
        CLIENTS.python("python"),
        CLIENTS.folder("python").join(file),
    ]
}

/// The program and the arguments that run a JavaScript file.
fn javascript(file: &str) -> [PathBuf; 2] {
    let directory = CLIENTS.npm("javascript");
    // Packages are looked for next to the script.
    for name in ["common.js", file] {
        let from = CLIENTS.folder("javascript").join(name);
        fs::copy(from, directory.join(name)).unwrap();
    }
    ["node".into(), directory.join(file)]
}

/// Runs a client on a hub of this namespace.
fn run(words: &[PathBuf], namespace: &Namespace) {
    let (program, arguments) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(namespace.connection_string())
        .arg("orders")
        .arg(AZURITE.connection_string());
    let what = Path::new(words.last().unwrap()).display().to_string();
    succeed(
        &what,
        "the SDK to work as with the service",
        command.output(),
    );
}

fn orders() -> HubConfig {
    let mut orders = hub("orders", 4);
    orders.consumer_groups = GROUPS.map(str::to_owned).to_vec();
    orders
}

/// Runs a client, then reads the partitions to their ends as the Functions host does: nothing stops it.
fn leave_nothing_behind(words: &[PathBuf], partitions: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let namespace = runtime.block_on(free_namespace(&[orders()]));
    run(words, &namespace);
    runtime.block_on(async {
        for partition in partitions {
            let mut receiver = earliest(&namespace, "orders", partition).await;
            let mut stats = namespace.stats().into_iter();
            let stored = stats.find(|it| it.partition == *partition).unwrap();
            let last = stored.last_sequence.unwrap();
            let mut reached = None;
            while reached
                .as_ref()
                .is_none_or(|(sequence, _)| *sequence < last)
            {
                let events = receiver
                    .next_batch(100, Duration::from_secs(30))
                    .await
                    .unwrap();
                assert!(
                    !events.is_empty(),
                    "{reached:?} of {last} in partition {partition}"
                );
                reached = events
                    .last()
                    .map(|event| (event.sequence_number, event.body.clone()));
            }
            assert_eq!(receiver.passed_over(), []);
            let (_, body) = reached.unwrap();
            let text = String::from_utf8_lossy(&body);
            assert_eq!(text.trim_matches('"'), "last", "partition {partition}");
        }
        namespace.shutdown().await.unwrap();
    });
}

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

/// Runs a client on a hub with the events that it expects in partition 3, and then reads what it left in partition 1,
/// and the event with properties in partition 2, as the Functions host does; `more` are system properties that not every
/// client can send.
fn exercise(words: &[PathBuf], more: &Value) {
    let sent = vec![
        Bytes::new(),
        Bytes::from_static(b"{\"order_id\": 1}"),
        Bytes::from(every_byte().repeat(2)),
        Bytes::from(vec![b'x'; 200_000]),
    ];
    let expected = [
        Vec::new(),
        b"first".to_vec(),
        every_byte(),
        vec![b'y'; 100_000],
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let namespace = runtime.block_on(async {
        let namespace = free_namespace(&[orders()]).await;
        let to = Destination::Partition("3".to_owned());
        let producer = producer(&namespace, "orders").await;
        producer.send(sent, &to).await.unwrap();
        namespace
    });
    run(words, &namespace);
    runtime.block_on(async {
        let left = drain(&mut earliest(&namespace, "orders", "1").await, 4).await;
        for (event, body) in left.iter().zip(expected) {
            assert!(
                event.body == body,
                "the client left {} bytes, not {}",
                event.body.len(),
                body.len()
            );
        }
        let mut receiver = earliest(&namespace, "orders", "2").await;
        let single = receiver.next_batch(1, Duration::from_secs(30)).await;
        let single = single.unwrap();
        let properties = json!({ "count": 7, "name": "x", "flag": true });
        assert_eq!(Value::from(single[0].properties.clone()), properties);
        let mut system = json!({
            "content-type": "application/json", "message-id": "id-1", "correlation-id": "c-1",
        });
        for (name, value) in more.as_object().unwrap() {
            system[name] = value.clone();
        }
        assert_eq!(Value::from(single[0].system_properties.clone()), system);
        namespace.shutdown().await.unwrap();
    });
}
