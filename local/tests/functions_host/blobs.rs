//! The blob trigger on Azurite.

use std::collections::HashSet;

use azure_storage_blob::BlobContainerClient;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::{App, account, eventually, header};

fn silver(container: &str) -> Value {
    json!({"bindings": [{
        "type": "blobTrigger", "direction": "in", "name": "blob",
        "path": format!("{container}/{{name}}"), "connection": "AzureWebJobsStorage",
    }]})
}

async fn container(name: &str) -> BlobContainerClient {
    let service = account().await.blob_service().expect("a service");
    let container = service.blob_container_client(name);
    container.create(None).await.expect("created");
    container
}

async fn put(container: &BlobContainerClient, name: &str, content: &'static [u8]) {
    let blob = container.blob_client(name).block_blob_client();
    blob.upload(Bytes::from_static(content).into(), None)
        .await
        .expect("uploaded");
}

fn names(requests: &[Value]) -> Vec<String> {
    let name = |request: &Value| {
        let text = request["body"]["Metadata"]["name"]
            .as_str()
            .expect("a name");
        serde_json::from_str::<String>(text).expect("a JSON text")
    };
    let mut names: Vec<_> = requests.iter().map(name).collect();
    names.sort();
    names
}

/// Waits until nothing is pending and everything has been listed once more.
async fn until_done(host: &sluice_local::functions_host::Host) {
    let scans = host
        .stats()
        .blobs
        .get("silver")
        .map_or(0, |stats| stats.scans);
    eventually("quiet", async || {
        let stats = host.stats().blobs.get("silver").copied()?;
        (stats.pending == 0 && stats.scans > scans + 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn blobs_before_and_after_the_start_are_delivered_whole() {
    let bronze = container("whole").await;
    put(&bronze, "before.jsonl", b"{}\n").await;
    let app = App::new(&[("silver", silver("whole"))]).await;
    let host = app.start().await;
    app.requested(1).await;
    put(&bronze, "orders/0/2026/a b.jsonl", b"\xff\xfe").await;
    let requests = app.requested(2).await;
    assert_eq!(
        names(&requests),
        ["before.jsonl", "orders/0/2026/a b.jsonl"]
    );
    let body = &requests[1]["body"];
    assert_eq!(body["Data"]["blob"], STANDARD.encode(b"\xff\xfe"));
    let uri = body["Metadata"]["Uri"].as_str().expect("a uri");
    assert!(
        uri.ends_with("/devstoreaccount1/whole/orders/0/2026/a%20b.jsonl\""),
        "{uri}"
    );
    assert_eq!(body["Metadata"]["Properties"]["ContentLength"], 2);
    assert!(body["Metadata"].get("BlobTrigger").is_none());
    host.shutdown().await;
}

#[tokio::test]
async fn a_failing_blob_is_poisoned_after_five_tries() {
    let bronze = container("poison").await;
    put(&bronze, "bad.jsonl", b"x").await;
    let app = App::new(&[("silver", silver("poison"))]).await;
    app.script(json!({"silver": "fail"}));
    let host = app.start().await;
    eventually("poison", async || {
        let stats = host.stats().blobs.get("silver").copied()?;
        (stats.poisoned == 1 && stats.pending == 0).then_some(())
    })
    .await;
    until_done(&host).await;
    let requests = app.requests();
    let ids: HashSet<_> = requests
        .iter()
        .map(|request| header(request, "X-Azure-Functions-InvocationId"))
        .collect();
    assert_eq!((requests.len(), ids.len()), (5, 5));
    host.shutdown().await;

    let message = poison_message("poison").await;
    assert_eq!(message["FunctionId"], "Host.Functions.silver");
    assert_eq!(message["BlobName"], "bad.jsonl");
    assert_eq!(message["BlobType"], "BlockBlob");
    assert!(
        message["ETag"]
            .as_str()
            .is_some_and(|etag| etag.starts_with("\"0x"))
    );
}

#[tokio::test]
async fn a_poisoned_blob_may_be_given_another_chance_by_the_next_host() {
    let bronze = container("again").await;
    put(&bronze, "bad.jsonl", b"x").await;
    let mut app = App::new(&[("silver", silver("again"))]).await;
    app.retry_poisoned = true;
    app.script(json!({"silver": "fail"}));
    let host = app.start().await;
    eventually("poison", async || {
        let stats = host.stats().blobs.get("silver").copied()?;
        (stats.poisoned == 1).then_some(())
    })
    .await;
    host.shutdown().await;

    app.script(json!({}));
    let host = app.start().await;
    app.requested(6).await;
    until_done(&host).await;
    assert_eq!(app.requests().len(), 6);
    assert!(app.has_message("1 blobs that had failed five times are tried again"));
    host.shutdown().await;
}

#[tokio::test]
async fn what_is_named_is_delivered_again_by_the_next_host() {
    let bronze = container("named").await;
    for name in ["a.jsonl", "b.jsonl"] {
        put(&bronze, name, b"x").await;
    }
    let mut app = App::new(&[("silver", silver("named"))]).await;
    let host = app.start().await;
    app.requested(2).await;
    until_done(&host).await;
    host.shutdown().await;

    app.deliver_again = ["b.jsonl".to_owned(), "gone.jsonl".to_owned()].into();
    let host = app.start().await;
    app.requested(3).await;
    until_done(&host).await;
    assert_eq!(names(&app.requests()), ["a.jsonl", "b.jsonl", "b.jsonl"]);
    host.shutdown().await;
}

/// The message about a container; other tests share the queue.
async fn poison_message(container: &str) -> Value {
    let account = account().await;
    let options = azure_storage_queue::QueueServiceClientOptions {
        client_options: account.client_options(),
        ..Default::default()
    };
    let url = account.queue_service_url().expect("a url");
    let service = azure_storage_queue::QueueServiceClient::new(url, None, Some(options));
    let service = service.expect("a client");
    let queue = service
        .queue_client("webjobs-blobtrigger-poison")
        .expect("a client");
    let messages = queue
        .peek_messages(None)
        .await
        .expect("read")
        .into_model()
        .expect("XML");
    let parse = |text: Option<String>| {
        let json = STANDARD.decode(text.expect("a text")).expect("base64");
        serde_json::from_slice::<Value>(&json).expect("JSON")
    };
    let messages = messages.items.unwrap_or_default();
    messages
        .into_iter()
        .map(|message| parse(message.message_text))
        .find(|message| message["ContainerName"] == container)
        .expect("a poison message")
}

#[tokio::test]
async fn a_restart_repeats_nothing_and_a_changed_blob_comes_again() {
    let bronze = container("restart").await;
    put(&bronze, "a.jsonl", b"1").await;
    put(&bronze, "b.jsonl", b"2").await;
    let app = App::new(&[("silver", silver("restart"))]).await;
    let host = app.start().await;
    app.requested(2).await;
    until_done(&host).await;
    host.shutdown().await;

    put(&bronze, "c.jsonl", b"3").await;
    let host = app.start().await;
    app.requested(3).await;
    until_done(&host).await;
    assert_eq!(names(&app.requests()), ["a.jsonl", "b.jsonl", "c.jsonl"]);

    put(&bronze, "a.jsonl", b"changed").await;
    let requests = app.requested(4).await;
    assert_eq!(
        requests[3]["body"]["Data"]["blob"],
        STANDARD.encode(b"changed")
    );
    host.shutdown().await;
}

#[tokio::test]
async fn a_blob_in_flight_at_the_end_is_delivered_by_the_next_host() {
    let bronze = container("flight").await;
    put(&bronze, "a.jsonl", b"1").await;
    let app = App::new(&[("silver", silver("flight"))]).await;
    app.script(json!({"silver": "hang"}));
    let host = app.start().await;
    app.requested(1).await;
    host.shutdown().await;
    app.script(json!({}));
    let host = app.start().await;
    app.requested(2).await;
    host.shutdown().await;
}
