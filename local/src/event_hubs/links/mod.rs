//! The links that carry events: ingest stores what comes in, egress delivers what is stored.

mod egress;
mod ingest;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::link::{DetachError, IllegalLinkStateError, RecvError, SendError};
use fe2o3_amqp_types::definitions::{
    AmqpError, Error as AmqpFault, ErrorCondition, Fields, LinkError,
};
use fe2o3_amqp_types::messaging::{AmqpValue, Body, Data};
use fe2o3_amqp_types::primitives::{Symbol, Value};

use super::MAX_MESSAGE_BYTES;
use super::message::Malformed;
use super::store::{Hub, StoreError};

pub(super) use egress::{Egress, Form, Wish};
pub(super) use ingest::{Ingest, reject};

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

/// A message as the client encoded it.
#[derive(Debug)]
pub(super) struct Incoming {
    /// What it is settled by.
    pub(super) delivery: DeliveryInfo,
    pub(super) format: Option<u32>,
    /// The message, or why it is to be rejected.
    pub(super) message: Result<Vec<u8>, AmqpFault>,
}

impl Incoming {
    /// Takes the next message of a link, which the shim has put into one of our own.
    pub(super) async fn of(link: &mut Receiver) -> Result<Self, LinkEnded> {
        let delivery = link.recv::<Body<Value>>().await?;
        let format = *delivery.message_format();
        let (delivery, message) = delivery.into_parts();
        let message = match message.body {
            Body::Data(sections) => Ok(sections
                .into_iter()
                .next()
                .map(|Data(bytes)| bytes.into_vec())
                .unwrap_or_default()),
            Body::Value(AmqpValue(Value::Ulong(size))) => Err(too_large(size)),
            _ => Err(not_understood("it did not come through")),
        };
        Ok(Self {
            delivery,
            format,
            message,
        })
    }
}

/// The service's words for a message that is too large. The delivery's number is not known here.
fn too_large(size: u64) -> AmqpFault {
    let text = format!(
        "The received message (delivery-id:0, size:{size} bytes) exceeds the limit \
         ({MAX_MESSAGE_BYTES} bytes) currently allowed on the link."
    );
    fault(LinkError::MessageSizeExceeded, text)
}

/// Says of a message why it is none.
pub(super) fn not_understood(why: &str) -> AmqpFault {
    let text = format!("The message is not understood: {why}.");
    fault(AmqpError::DecodeError, text)
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

/// An error for a link to end with, or for a message to be rejected with. It has all of its fields, because pyamqp looks
/// them up by position.
pub(super) fn fault(condition: impl Into<ErrorCondition>, description: String) -> AmqpFault {
    AmqpFault::new(condition, Some(description), Some(Fields::default()))
}

pub(super) fn microsoft(condition: &str) -> ErrorCondition {
    ErrorCondition::Custom(Symbol::from(format!("com.microsoft:{condition}")))
}
