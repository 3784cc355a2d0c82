//! Events that come in.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::Utc;
use fe2o3_amqp::Receiver;
use fe2o3_amqp_types::definitions::{AmqpError, Error as AmqpFault};
use sluice::error::chain;

use super::{Incoming, LinkEnded, fault, microsoft, not_understood, partition_out_of_range};
use crate::event_hubs::message::{self, Malformed};
use crate::event_hubs::store::{Hub, NewEvent, Partition, StoreError, Total};

/// The format of a message that holds a batch: each data section is an encoded message.
const BATCH_FORMAT: u32 = 0x8001_3700;

/// Where the events of a sender go.
#[derive(Debug, Clone)]
pub(in crate::event_hubs) struct Ingest {
    pub(in crate::event_hubs) hub: Arc<Hub>,
    /// The partition, if the link is to one.
    pub(in crate::event_hubs) partition: Option<Arc<Partition>>,
    pub(in crate::event_hubs) total: Total,
}

impl Ingest {
    /// Stores what arrives on `link`; an event is accepted once it is written.
    pub(in crate::event_hubs) async fn run(self, mut link: Receiver) -> Result<(), LinkEnded> {
        loop {
            let incoming = Incoming::of(&mut link).await?;
            let is_batch = incoming.format == Some(BATCH_FORMAT);
            let stored = incoming.message.and_then(|message| {
                let events = split(&message, is_batch);
                self.store(&events.map_err(|why| not_understood(&why.to_string()))?)
            });
            match stored {
                Ok(()) => link.accept(incoming.delivery).await?,
                Err(fault) => link.reject(incoming.delivery, fault).await?,
            }
        }
    }

    /// Appends in this task: it is one write to the page cache, quicker than handing it over.
    pub(in crate::event_hubs) fn store(&self, events: &[NewEvent]) -> Result<(), AmqpFault> {
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
                not_stored(&error)
            })?;
        self.total.add(events.len() as u64);
        Ok(())
    }
}

/// Says why events could not be stored: the disk is this machine's, and its owner is who sends.
fn not_stored(error: &StoreError) -> AmqpFault {
    let text = format!("The events could not be stored: {}.", chain(error));
    fault(AmqpError::InternalError, text)
}

/// Rejects the first delivery on a link that leads nowhere, and then ends the link.
///
/// The service ends such a link at once. The client in the SDK for Rust misses that when it is
/// already waiting for an outcome, and the one for JavaScript cannot say why it may not send.
pub(in crate::event_hubs) async fn reject(
    mut link: Receiver,
    reason: AmqpFault,
) -> Result<(), LinkEnded> {
    let incoming = Incoming::of(&mut link).await?;
    link.reject(incoming.delivery, reason.clone()).await?;
    link.close_with_error(reason).await?;
    Ok(())
}

/// The events in one message, in the form that they are stored in.
fn split(message: &[u8], is_batch: bool) -> Result<Vec<NewEvent>, Malformed> {
    let key = message::partition_key(message)?;
    let event = |message| {
        let message = message::normal(message)?;
        let partition_key = message::partition_key(&message)?.or(key);
        Ok(NewEvent {
            partition_key: partition_key.map(str::to_owned),
            message: Cow::into_owned(message),
        })
    };
    if !is_batch {
        return Ok(vec![event(message)?]);
    }
    message::batched(message)?.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"\xa3\x13x-opt-partition-key\xa1\x01";
    /// A body before the annotations with their key, which nothing but the form says is wrong.
    fn message(key: &[u8], body: &[u8]) -> Vec<u8> {
        let map = [&[2][..], KEY, key].concat();
        let map_length = u8::try_from(map.len()).unwrap();
        let body_length = u8::try_from(body.len()).unwrap();
        let data = [&[0x00, 0x53, 0x75, 0xa0, body_length][..], body].concat();
        [&data, &[0x00, 0x53, 0x72, 0xc1, map_length][..], &map].concat()
    }

    #[test]
    fn single_events_and_events_of_a_batch_are_stored_alike() {
        let single = message(b"k", b"x");
        let batch = [
            &[0x00, 0x53, 0x75, 0xa0, u8::try_from(single.len()).unwrap()][..],
            &single,
        ]
        .concat();
        let [alone] = split(&single, false).unwrap().try_into().unwrap();
        let [batched] = split(&batch, true).unwrap().try_into().unwrap();
        assert_eq!(alone.message, batched.message);
        assert!(alone.message.ends_with(&[0x00, 0x53, 0x75, 0xa0, 1, b'x']));
    }

    #[test]
    fn a_full_disk_is_said_to_the_sender() {
        let error = StoreError::Append {
            path: "events/0.log".into(),
            source: std::io::ErrorKind::StorageFull.into(),
        };
        let fault = not_stored(&error);
        assert_eq!(
            fault.description.as_deref(),
            Some(
                "The events could not be stored: append to partition log events/0.log: no storage space."
            )
        );
    }

    #[test]
    fn a_batch_is_refused_for_what_is_no_message_in_it() {
        let error = split(&[0x00, 0x53, 0x75, 0xa0, 2, b'h', b'i'], true).unwrap_err();
        assert!(error.to_string().contains("else than a section"), "{error}");
    }
}
