//! The links that carry events: ingest stores what comes in, egress delivers what is stored.

use std::sync::Arc;

use chrono::Utc;
use fe2o3_amqp::link::delivery::{DeliveryInfo, Sendable};
use fe2o3_amqp::link::{DetachError, IllegalLinkStateError, RecvError, SendError};
use fe2o3_amqp::{Receiver, Sender};
use fe2o3_amqp_types::definitions::{AmqpError, Error as AmqpFault, ErrorCondition, LinkError};
use fe2o3_amqp_types::messaging::message::__private::Serializable;
use fe2o3_amqp_types::messaging::{Body, Data, Message, Source};
use fe2o3_amqp_types::primitives::{Binary, Symbol, Value};

use super::filter::{self, StartAt};
use super::message::{self, Malformed, Stamp};
use super::ownership::{Claim, Ownership, Place};
use super::store::{Hub, NewEvent, Partition, StoreError, Tail, Total};

/// The format of a message that holds a batch: each data section is an encoded message.
const BATCH_FORMAT: u32 = 0x8001_3700;

/// The largest message taken, as in the service's standard tier.
pub(super) const MAX_MESSAGE_BYTES: u64 = 1024 * 1024;

/// Why a link has ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkEnded {
    #[error("receive from client")]
    Receive(#[from] RecvError),
    #[error("settle with client")]
    Settle(#[from] IllegalLinkStateError),
    #[error("send to client")]
    Send(#[from] SendError),
    #[error("detach from client")]
    Detach(#[from] DetachError),
    #[error("read events")]
    Store(#[from] StoreError),
    #[error("stamp event")]
    Stamp(#[from] Malformed),
}

/// The service's words for a hub or address that is not there.
pub(super) fn entity_not_found(entity: &str) -> String {
    format!(
        "The messaging entity 'sb://localhost/{entity}' could not be found. To know more visit \
         https://aka.ms/sbResourceMgrExceptions."
    )
}

/// The service's words for a partition that is not there.
pub(super) fn partition_out_of_range(hub: &Hub) -> String {
    format!(
        "The specified partition is invalid for an EventHub partition sender or receiver. It \
         should be between 0 and {}.",
        hub.partitions.len().saturating_sub(1)
    )
}

/// An error for a link to end with.
pub(super) fn fault(condition: impl Into<ErrorCondition>, description: String) -> AmqpFault {
    AmqpFault::new(condition, Some(description), None)
}

pub(super) fn microsoft(condition: &str) -> ErrorCondition {
    ErrorCondition::Custom(Symbol::from(format!("com.microsoft:{condition}")))
}

/// Where the events of a sender go.
#[derive(Debug, Clone)]
pub(super) struct Ingest {
    pub(super) hub: Arc<Hub>,
    /// The partition, if the link is to one.
    pub(super) partition: Option<Arc<Partition>>,
    pub(super) total: Total,
}

impl Ingest {
    /// Stores what arrives on `link`; an event is accepted once it is written.
    pub(super) async fn run(self, mut link: Receiver) -> Result<(), LinkEnded> {
        loop {
            let delivery = link.recv::<Body<Value>>().await?;
            let is_batch = *delivery.message_format() == Some(BATCH_FORMAT);
            let (delivery, message) = delivery.into_parts();
            let stored = match split(message, is_batch) {
                Ok(events) => self.store(&events),
                Err(Malformed) => {
                    let text = "The batch does not consist of encoded messages.".to_owned();
                    Err(fault(AmqpError::DecodeError, text))
                }
            };
            settle(&link, delivery, stored).await?;
        }
    }

    /// Appends in this task: it is one write to the page cache, quicker than handing it over.
    fn store(&self, events: &[NewEvent]) -> Result<(), AmqpFault> {
        let Some(first) = events.first() else {
            return Ok(());
        };
        let key = first.partition_key.as_deref();
        let partition = self.partition.as_ref().or_else(|| self.hub.choose(key));
        let partition = partition.ok_or_else(|| {
            fault(
                microsoft("argument-out-of-range"),
                partition_out_of_range(&self.hub),
            )
        })?;
        partition
            .append(events, Utc::now().timestamp_millis())
            .map_err(|error| {
                tracing::error!(hub = %self.hub.name, %error, "events could not be stored");
                fault(
                    AmqpError::InternalError,
                    "The events could not be stored.".to_owned(),
                )
            })?;
        self.total.add(events.len() as u64);
        Ok(())
    }
}

/// Rejects the first delivery on a link that leads nowhere, and then ends the link.
///
/// The service ends such a link at once. The client in the SDK for Rust misses that when it is
/// already waiting for an outcome, and the one for JavaScript cannot say why it may not send.
pub(super) async fn reject(mut link: Receiver, reason: AmqpFault) -> Result<(), LinkEnded> {
    let delivery = link.recv::<Body<Value>>().await?;
    link.reject(delivery, reason.clone()).await?;
    link.close_with_error(reason).await?;
    Ok(())
}

async fn settle(
    link: &Receiver,
    delivery: DeliveryInfo,
    stored: Result<(), AmqpFault>,
) -> Result<(), IllegalLinkStateError> {
    match stored {
        Ok(()) => link.accept(delivery).await,
        Err(fault) => link.reject(delivery, fault).await,
    }
}

/// The events in one message.
fn split(message: Message<Body<Value>>, is_batch: bool) -> Result<Vec<NewEvent>, Malformed> {
    let key = message
        .message_annotations
        .as_ref()
        .and_then(message::partition_key_in);
    if !is_batch {
        let message = serde_amqp::to_vec(&Serializable(message)).map_err(|_| Malformed)?;
        return Ok(vec![NewEvent {
            partition_key: key,
            message,
        }]);
    }
    let Body::Data(sections) = message.body else {
        return Err(Malformed);
    };
    sections
        .into_iter()
        .map(|Data(encoded)| {
            let message = encoded.into_vec();
            let partition_key = message::partition_key(&message)?.or_else(|| key.clone());
            Ok(NewEvent {
                partition_key,
                message,
            })
        })
        .collect()
}

/// What a receiver reads.
#[derive(Debug)]
pub(super) struct Egress {
    partition: Arc<Partition>,
    start: StartAt,
    claim: Claim,
}

/// What a receiver asked for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) place: Place,
    pub(super) link_name: String,
    pub(super) owner_level: Option<i64>,
    pub(super) source: Option<Box<Source>>,
}

impl Egress {
    /// Checks a wish and lets the receiver in.
    ///
    /// # Errors
    /// Returns what to end the link with.
    pub(super) fn open(hub: &Hub, wish: Wish, ownership: &Ownership) -> Result<Self, AmqpFault> {
        let Place {
            group, partition, ..
        } = &wish.place;
        if !hub.has_group(group) {
            let entity = format!("localhost:eventhub:{}|{group}", hub.name);
            let text = format!("The messaging entity '{entity}' could not be found.");
            return Err(fault(AmqpError::NotFound, text));
        }
        let partition = hub.partition(partition).ok_or_else(|| {
            fault(
                microsoft("argument-out-of-range"),
                partition_out_of_range(hub),
            )
        })?;
        let start = match selector(wish.source.as_deref()) {
            None => StartAt::Earliest,
            Some(selector) => filter::parse(&selector).map_err(|part| {
                fault(
                    AmqpError::InvalidField,
                    format!("The filter '{part}' is not supported."),
                )
            })?,
        };
        check_position(start, partition.tail())?;
        let claim = ownership
            .claim(wish.place, &wish.link_name, wish.owner_level)
            .map_err(|reason| fault(LinkError::Stolen, reason))?;
        Ok(Self {
            partition: Arc::clone(partition),
            start,
            claim,
        })
    }

    /// Delivers until the client closes the link or another receiver takes over.
    pub(super) async fn run(mut self, mut link: Sender) -> Result<(), LinkEnded> {
        let reason = tokio::select! {
            ended = deliver(&self.partition, self.start, &mut link) => {
                ended?;
                link.close().await?;
                return Ok(());
            }
            reason = &mut self.claim.stolen => reason,
        };
        // The sender is dropped only by a reader that takes over, after it has sent its reason.
        let reason = reason.unwrap_or_else(|_| "Another receiver has taken over.".to_owned());
        link.close_with_error(fault(LinkError::Stolen, reason))
            .await?;
        Ok(())
    }
}

async fn deliver(
    partition: &Partition,
    start: StartAt,
    link: &mut Sender,
) -> Result<(), LinkEnded> {
    // Before the position: what is appended from now on is seen.
    let mut tail = partition.watch();
    let mut reader = partition.reader(start)?;
    let mut encoded = Vec::new();
    loop {
        let now = *tail.borrow_and_update();
        // In this task: the file's end is in the page cache, and a chunk is at most 256 KiB.
        let records = reader.read(now)?;
        if records.is_empty() {
            tokio::select! {
                changed = tail.changed() => if changed.is_err() { return Ok(()) },
                _ = link.on_detach() => return Ok(()),
            }
        }
        for (offset, record) in records {
            encoded.clear();
            let stamp = Stamp {
                sequence_number: record.sequence,
                offset,
                enqueued_ms: record.enqueued_ms,
                partition_key: record.partition_key.as_deref(),
            };
            message::stamp(&record.message, stamp, &mut encoded)?;
            // The library encodes messages itself; the shim takes this data section off again.
            let wrapped = Body::<Value>::Data(vec![Data(Binary::from(encoded.clone()))].into());
            let message = Message::builder().body(wrapped).build();
            // Settled: progress is the receiver's checkpoint, nobody looks at outcomes. This
            // waits for credit only.
            link.send_batchable(Sendable::builder().message(message).settled(true).build())
                .await?;
        }
    }
}

/// Refuses a position that the partition has not reached, as the service does: the receiver
/// would wait for events that it believes to have seen.
fn check_position(start: StartAt, tail: Tail) -> Result<(), AmqpFault> {
    let text = match (start, tail.last) {
        (StartAt::Sequence(first), _) if first > tail.next_sequence => format!(
            "The supplied sequence number '{}' is invalid. The last sequence number in the \
             system is '{}'",
            first - 1,
            tail.next_sequence - 1
        ),
        (StartAt::Offset(first), last) if first > last.map_or(0, |(offset, _)| offset) + 1 => {
            format!(
                "The supplied offset '{}' is invalid. The last offset in the system is '{}'",
                first - 1,
                last.map_or_else(|| "-1".to_owned(), |(offset, _)| offset.to_string())
            )
        }
        _ => return Ok(()),
    };
    Err(fault(microsoft("argument-error"), text))
}

/// The text of the link's selector filter; SDKs describe it by code or by symbol.
fn selector(source: Option<&Source>) -> Option<String> {
    source?
        .filter
        .as_ref()?
        .values()
        .find_map(|filter| match filter {
            Value::Described(described) => match &described.value {
                Value::String(text) => Some(text.clone()),
                _ => None,
            },
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
}
