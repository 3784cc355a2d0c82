//! The real clients of queues, that of the poison queue and that of alerts, against Azurite.

use std::time::Duration;

use azure_storage_queue::models::QueueMessage;
use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sluice::outbox::{CloudEvent, Sender};
use sluice::store::account::StorageAccount;
use sluice::store::queue::{AzurePoisonQueue, AzureQueues, PoisonQueue};
use sluice::warehouse::Message;
use sluice_local::azurite::{Azurite, AzuriteOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_received_hidden_and_removed() {
    // Of its own: the queue has one name in an account.
    let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
    let text = azurite.connection_string();
    let account = StorageAccount::from_connection_string("Test", &text).unwrap();
    let poison = AzurePoisonQueue::new(&account).unwrap();
    assert_eq!(poison.receive().await.unwrap(), []);

    let options = QueueServiceClientOptions {
        client_options: account.client_options(),
        ..QueueServiceClientOptions::default()
    };
    let url = account.queue_service_url().unwrap();
    let service = QueueServiceClient::new(url, account.credential(), Some(options)).unwrap();
    let queue = service.queue_client("webjobs-blobtrigger-poison").unwrap();
    queue.create(None).await.unwrap();
    for number in 0..40 {
        let blob = format!(
            r#"{{"Type":"BlobTrigger","ContainerName":"bronze","BlobName":"orders/0/{number}.jsonl"}}"#
        );
        let message = QueueMessage {
            message_text: Some(blob),
        };
        queue
            .send_message(message.try_into().unwrap(), None)
            .await
            .unwrap();
    }

    let first = poison.receive().await.unwrap();
    let second = poison.receive().await.unwrap();
    assert_eq!(
        (first.len(), second.len()),
        (32, 8),
        "what was seen is hidden"
    );
    assert_eq!(poison.receive().await.unwrap(), []);
    let named = |message: &sluice::store::queue::PoisonMessage| {
        let blob = message.blob().unwrap();
        assert_eq!(blob.container(), "bronze");
        blob.name().to_owned()
    };
    let mut names: Vec<String> = first.iter().chain(&second).map(named).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 40);

    for message in &first {
        poison.delete(message).await.unwrap();
    }
    poison.delete(&first[0]).await.unwrap();
    alerts_go_into_a_queue_that_is_there(&account, &service).await;
    let left = queue.peek_messages(None).await.unwrap().into_model();
    assert_eq!(left.unwrap().items.unwrap_or_default().len(), 0, "hidden");
    tokio::time::timeout(Duration::from_secs(20), azurite.shutdown())
        .await
        .unwrap()
        .unwrap();
}

async fn alerts_go_into_a_queue_that_is_there(
    account: &StorageAccount,
    service: &QueueServiceClient,
) {
    let sender = AzureQueues::new(account).unwrap();
    let alert = Message {
        message: "id-1".to_owned(),
        rule: "large".to_owned(),
        kind: "raised".to_owned(),
        fields: Some("{\"city\": \"Kön\u{ad}ig <&>\"}".to_owned()),
        ..Message::default()
    };
    let event = CloudEvent::of("orders", &alert);
    let refused = sender.send("alerts", &event).await.unwrap_err();
    assert!(
        refused.contains("put a message into queue alerts"),
        "{refused}"
    );
    let queue = service.queue_client("alerts").unwrap();
    queue.create(None).await.unwrap();
    sender.send("alerts", &event).await.unwrap();
    let messages = queue.peek_messages(None).await.unwrap().into_model();
    let messages = messages.unwrap().items.unwrap_or_default();
    assert_eq!(messages.len(), 1);
    // As triggers of Azure Functions read it.
    let text = messages[0].message_text.clone().unwrap();
    assert_eq!(STANDARD.decode(text).unwrap(), event.body.as_bytes());
}
