//! The local Event Hubs namespace through the wire, with the unchanged SDKs for Python and
//! JavaScript, and what they and our own client make of each other's events.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod event_hubs_support;

use std::fs;
use std::process::Command;

use bytes::Bytes;
use event_hubs_support::{drain, earliest, free_namespace, hub, producer};
use sluice_local::event_hubs::Namespace;
use sluice_local::hub_client::Destination;
use testkit::install::{Clients, succeed};

const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

/// A namespace as `tests/clients` expects it.
async fn namespace_for_clients() -> Namespace {
    let mut orders = hub("orders", 4);
    orders.consumer_groups = vec!["audit".to_owned()];
    let namespace = free_namespace(&[orders]).await;
    let sent = vec![
        Bytes::new(),
        Bytes::from_static(b"{\"order_id\": 1}"),
        Bytes::from(every_byte().repeat(2)),
        Bytes::from(vec![b'x'; 200_000]),
    ];
    let to = Destination::Partition("3".to_owned());
    producer(&namespace, "orders")
        .await
        .send(sent, &to)
        .await
        .unwrap();
    namespace
}

/// Runs a client and then reads what it left in partition 1.
async fn exercise(namespace: Namespace, what: &'static str, mut command: Command) {
    command.arg(namespace.connection_string()).arg("orders");
    let run = tokio::task::spawn_blocking(move || command.output());
    succeed(what, "the SDK to work as before", run.await.unwrap());
    let left = drain(&mut earliest(&namespace, "orders", "1").await, 4).await;
    let expected = [
        Vec::new(),
        b"first".to_vec(),
        every_byte(),
        vec![b'y'; 100_000],
    ];
    for (event, body) in left.iter().zip(expected) {
        assert!(
            event.body == body,
            "{what} left {} bytes, not {}",
            event.body.len(),
            body.len()
        );
    }
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sdk_works_unchanged() {
    let python = tokio::task::spawn_blocking(|| CLIENTS.python("python"))
        .await
        .unwrap();
    let mut command = Command::new(python);
    command.arg(CLIENTS.folder("python").join("exercise.py"));
    exercise(namespace_for_clients().await, "the Python client", command).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn javascript_sdk_works_unchanged() {
    let directory = tokio::task::spawn_blocking(|| CLIENTS.npm("javascript"))
        .await
        .unwrap();
    // Packages are looked for next to the script.
    let script = directory.join("exercise.js");
    fs::copy(CLIENTS.folder("javascript").join("exercise.js"), &script).unwrap();
    let mut command = Command::new("node");
    command.arg(script);
    exercise(
        namespace_for_clients().await,
        "the JavaScript client",
        command,
    )
    .await;
}
