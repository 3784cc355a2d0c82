//! Events that go out.

use std::sync::Arc;

use chrono::Utc;
use fe2o3_amqp::Sender;
use fe2o3_amqp::link::delivery::Sendable;
use fe2o3_amqp_types::definitions::{AmqpError, Error as AmqpFault, LinkError};
use fe2o3_amqp_types::messaging::{Body, Data, Message, Source};
use fe2o3_amqp_types::primitives::{Binary, Value};

use super::{LinkEnded, fault, microsoft, partition_out_of_range};
use crate::event_hubs::filter::{self, StartAt};
use crate::event_hubs::message::{self, LastEnqueued, Stamp};
use crate::event_hubs::ownership::{Claim, Ownership, Place, Refused};
use crate::event_hubs::store::{Hub, Partition, Tail};

/// What a receiver reads.
#[derive(Debug)]
pub(in crate::event_hubs) struct Egress {
    partition: Arc<Partition>,
    start: StartAt,
    claim: Claim,
    form: Form,
}

/// How a receiver gets its events.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::event_hubs) struct Form {
    /// With how far the partition is.
    pub(in crate::event_hubs) with_last_enqueued: bool,
    /// With simple property values only.
    pub(in crate::event_hubs) plain_properties: bool,
}

/// What a receiver asked for.
#[derive(Debug)]
pub(in crate::event_hubs) struct Wish {
    pub(in crate::event_hubs) place: Place,
    pub(in crate::event_hubs) link_name: String,
    pub(in crate::event_hubs) owner_level: Option<i64>,
    pub(in crate::event_hubs) source: Option<Box<Source>>,
    pub(in crate::event_hubs) form: Form,
}

impl Egress {
    /// Checks a wish and lets the receiver in.
    ///
    /// # Errors
    /// Returns what to end the link with.
    pub(in crate::event_hubs) fn open(
        hub: &Hub,
        wish: Wish,
        ownership: &Ownership,
    ) -> Result<Self, AmqpFault> {
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
            .map_err(|refused| match refused {
                Refused::Level(reason) => fault(LinkError::Stolen, reason),
                Refused::Crowded(reason) => fault(AmqpError::ResourceLimitExceeded, reason),
            })?;
        Ok(Self {
            partition: Arc::clone(partition),
            start,
            claim,
            form: wish.form,
        })
    }

    /// Delivers until the client closes the link or another receiver takes over.
    pub(in crate::event_hubs) async fn run(mut self, mut link: Sender) -> Result<(), LinkEnded> {
        let reason = tokio::select! {
            ended = deliver(&self.partition, self.start, self.form, &mut link) => {
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
    form: Form,
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
                last_enqueued: form
                    .with_last_enqueued
                    .then(|| last_enqueued(partition.tail()))
                    .flatten(),
                plain_properties: form.plain_properties,
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

/// How far the partition is now.
fn last_enqueued(tail: Tail) -> Option<LastEnqueued> {
    let (offset, enqueued_ms) = tail.last?;
    Some(LastEnqueued {
        sequence_number: tail.next_sequence - 1,
        offset,
        enqueued_ms,
        retrieved_ms: Utc::now().timestamp_millis(),
    })
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
