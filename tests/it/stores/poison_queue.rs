//! The real client of the poison queue, against Azurite.

use std::time::Duration;

use azure_storage_queue::models::QueueMessage;
use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};
use sluice::store::account::StorageAccount;
use sluice::store::queue::{AzurePoisonQueue, PoisonQueue};
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
    let left = queue.peek_messages(None).await.unwrap().into_model();
    assert_eq!(left.unwrap().items.unwrap_or_default().len(), 0, "hidden");
    tokio::time::timeout(Duration::from_secs(20), azurite.shutdown())
        .await
        .unwrap()
        .unwrap();
}
