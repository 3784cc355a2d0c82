//! Giving blobs that have failed five times another chance.

use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{
    QueueClientReceiveMessagesOptions, QueueMessage, ReceivedMessage,
};
use sluice::error::chain;

use super::BlobFunction;
use super::message::{BlobMessage, function_id};

/// Messages in one answer; the service gives no more.
const BATCH: i32 = 32;
/// How long a message is hidden while it is looked at; those of others stay hidden for that long.
const HIDDEN_SECONDS: i32 = 20;

/// Moves the messages about blobs of `function` from the poison queue to the internal `queue`, and returns how many. A
/// crash half-way leaves a message on both, which makes a blob run twice.
pub(crate) async fn move_back(function: &BlobFunction, queue: &QueueClient) -> Result<u64, String> {
    let mut moved = 0;
    loop {
        let messages = receive(&function.poison).await;
        let messages = messages.map_err(|error| failed(&error))?;
        if messages.is_empty() {
            return Ok(moved);
        }
        for message in messages {
            if is_about(&message, function) {
                let outcome = move_one(message, &function.poison, queue).await;
                outcome.map_err(|error| failed(&error))?;
                moved += 1;
            }
        }
    }
}

fn failed(error: &azure_core::Error) -> String {
    format!("try poisoned blobs again: {}", chain(error))
}

async fn receive(poison: &QueueClient) -> Result<Vec<ReceivedMessage>, azure_core::Error> {
    let options = QueueClientReceiveMessagesOptions {
        number_of_messages: Some(BATCH),
        visibility_timeout: Some(HIDDEN_SECONDS),
        ..Default::default()
    };
    let answer = poison.receive_messages(Some(options)).await?.into_model()?;
    // An answer without a list is an empty one.
    Ok(answer.items.unwrap_or_default())
}

fn is_about(message: &ReceivedMessage, function: &BlobFunction) -> bool {
    let text = message.message_text.as_deref();
    text.and_then(BlobMessage::decode).is_some_and(|message| {
        message.function_id == function_id(&function.target.function)
            && message.container_name == function.trigger.pattern.container()
    })
}

async fn move_one(
    message: ReceivedMessage,
    poison: &QueueClient,
    queue: &QueueClient,
) -> Result<(), azure_core::Error> {
    let content = QueueMessage {
        message_text: message.message_text,
    };
    queue.send_message(content.try_into()?, None).await?;
    if let (Some(id), Some(receipt)) = (message.message_id, message.pop_receipt) {
        poison.delete_message(&id, &receipt, None).await?;
    }
    Ok(())
}
