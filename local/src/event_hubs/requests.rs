//! The request and reply nodes: `$cbs` takes tokens, `$management` tells properties.

use std::collections::HashMap;

use fe2o3_amqp::{Receiver, Sender};
use fe2o3_amqp_types::messaging::message::DecodeIntoMessage as _;
use fe2o3_amqp_types::messaging::{AmqpValue, ApplicationProperties, Body, Message, Properties};
use fe2o3_amqp_types::primitives::{Array, OrderedMap, SimpleValue, Symbol, Timestamp, Value};
use serde_amqp::read::SliceReader;
use tokio::sync::mpsc;

use super::links::{Incoming, LinkEnded, entity_not_found, not_understood, partition_out_of_range};
use super::store::{Hub, Store};

type AnyMessage = Message<Body<Value>>;

/// One of the two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RequestNode {
    Tokens,
    Management,
}

/// The reply queues of one session.
///
/// Replies go to the session's link from the same node, whatever the request says: pyamqp names
/// no reply address.
#[derive(Debug, Default)]
pub(super) struct Replies {
    queues: HashMap<RequestNode, Queue>,
}

#[derive(Debug)]
struct Queue {
    sender: mpsc::UnboundedSender<AnyMessage>,
    receiver: Option<mpsc::UnboundedReceiver<AnyMessage>>,
}

impl Replies {
    /// Where replies of `node` are put.
    pub(super) fn sender(&mut self, node: RequestNode) -> mpsc::UnboundedSender<AnyMessage> {
        self.queue(node).sender.clone()
    }

    /// Where replies of `node` are taken from; only the first link from the node gets them.
    pub(super) fn receiver(
        &mut self,
        node: RequestNode,
    ) -> Option<mpsc::UnboundedReceiver<AnyMessage>> {
        self.queue(node).receiver.take()
    }

    fn queue(&mut self, node: RequestNode) -> &mut Queue {
        self.queues.entry(node).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            Queue {
                sender,
                receiver: Some(receiver),
            }
        })
    }
}

/// Answers the requests that come in on `link`.
pub(super) async fn answer(
    mut link: Receiver,
    node: RequestNode,
    store: &Store,
    replies: mpsc::UnboundedSender<AnyMessage>,
) -> Result<(), LinkEnded> {
    loop {
        let incoming = Incoming::of(&mut link).await?;
        let request = incoming.message.and_then(|message| {
            let reader = SliceReader::new(&message);
            let decoded = Body::<Value>::decode_message_from_reader(reader);
            decoded.map_err(|error| not_understood(&error.to_string()))
        });
        let request = match request {
            Ok(request) => request,
            Err(fault) => {
                link.reject(incoming.delivery, fault).await?;
                continue;
            }
        };
        link.accept(incoming.delivery).await?;
        let answer = Answer::to(node, &request, store);
        if replies.send(answer.into_reply(&request)).is_err() {
            return Ok(());
        }
    }
}

/// Sends replies until the client closes the link.
pub(super) async fn send_replies(
    mut link: Sender,
    mut replies: mpsc::UnboundedReceiver<AnyMessage>,
) -> Result<(), LinkEnded> {
    loop {
        tokio::select! {
            reply = replies.recv() => match reply {
                // Not settled, and nobody waits for the outcome: the reply is all there is.
                Some(reply) => drop(link.send_batchable(reply).await?),
                None => break,
            },
            _ = link.on_detach() => break,
        }
    }
    link.close().await?;
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: i32,
    description: String,
    /// The kind of an error, which clients tell errors apart by.
    condition: Option<&'static str>,
    body: Value,
}

impl Answer {
    fn to(node: RequestNode, request: &AnyMessage, store: &Store) -> Self {
        let property = |name: &str| {
            let properties = request.application_properties.as_ref()?;
            match properties.0.get(name)? {
                SimpleValue::String(text) => Some(text.as_str()),
                _ => None,
            }
        };
        // What is not named is looked for under an empty name, and so not found.
        let operation = property("operation").unwrap_or_default();
        match (node, operation) {
            // The SDK for Rust takes no other status than 202.
            (RequestNode::Tokens, "put-token") => Self::ok(202, "Accepted", Value::Null),
            (RequestNode::Management, "READ") => {
                let name = property("name").unwrap_or_default();
                let Some(hub) = store.hub(name) else {
                    let hubs: Vec<&str> = store.hubs().map(|hub| hub.name.as_str()).collect();
                    let hubs = hubs.join(", ");
                    let text = format!("{} The namespace has: {hubs}.", entity_not_found(name));
                    return Self::error(404, "amqp:not-found", text);
                };
                match property("type") {
                    Some("com.microsoft:eventhub") => Self::ok(200, "OK", hub_properties(hub)),
                    Some("com.microsoft:partition") => {
                        let id = property("partition").unwrap_or_default();
                        partition_properties(hub, id).map_or_else(
                            || {
                                let condition = "com.microsoft:argument-out-of-range";
                                Self::error(400, condition, partition_out_of_range(hub))
                            },
                            |properties| Self::ok(200, "OK", properties),
                        )
                    }
                    other => {
                        let text = format!("unknown entity type {other:?}");
                        Self::error(400, "com.microsoft:argument-error", text)
                    }
                }
            }
            _ => {
                let text = format!("unknown operation {operation:?}");
                Self::error(501, "amqp:not-implemented", text)
            }
        }
    }

    fn ok(status: i32, description: &str, body: Value) -> Self {
        Self {
            status,
            description: description.to_owned(),
            condition: None,
            body,
        }
    }

    fn error(status: i32, condition: &'static str, description: String) -> Self {
        Self {
            status,
            description,
            condition: Some(condition),
            body: Value::Null,
        }
    }

    fn into_reply(self, request: &AnyMessage) -> AnyMessage {
        let asked = request.properties.as_ref();
        let correlation_id =
            asked.and_then(|it| it.correlation_id.clone().or_else(|| it.message_id.clone()));
        let to = asked.and_then(|it| it.reply_to.clone());
        let condition = self.condition.map(|condition| {
            let condition = SimpleValue::Symbol(Symbol::from(condition));
            ("error-condition".to_owned(), condition)
        });
        let status = [
            ("status-code".to_owned(), SimpleValue::Int(self.status)),
            (
                "status-description".to_owned(),
                SimpleValue::String(self.description.clone()),
            ),
            // The other name that services use, and the one that the SDK for Python reads.
            (
                "statusDescription".to_owned(),
                SimpleValue::String(self.description),
            ),
        ];
        let status = status.into_iter().chain(condition);
        Message::builder()
            .properties(Properties {
                correlation_id,
                to,
                ..Properties::default()
            })
            .application_properties(ApplicationProperties(OrderedMap::from_iter(status)))
            .body(Body::Value(AmqpValue(self.body)))
            .build()
    }
}

fn hub_properties(hub: &Hub) -> Value {
    let ids = (0..hub.partitions.len())
        .map(|id| text(id.to_string()))
        .collect::<Vec<_>>();
    map([
        ("name", text(&hub.name)),
        ("type", text("com.microsoft:eventhub")),
        (
            "created_at",
            Value::Timestamp(Timestamp::from(hub.created_ms)),
        ),
        (
            "partition_count",
            // A hub has 1,024 partitions at most.
            Value::Int(i32::try_from(ids.len()).unwrap_or(i32::MAX)),
        ),
        ("partition_ids", Value::Array(Array::from(ids))),
        ("georeplication_factor", Value::Int(1)),
    ])
}

fn partition_properties(hub: &Hub, id: &str) -> Option<Value> {
    let tail = hub.partition(id)?.tail();
    let (offset, enqueued_ms) = match tail.last {
        Some((offset, enqueued_ms)) => (offset.to_string(), enqueued_ms),
        None => ("-1".to_owned(), 0),
    };
    Some(map([
        ("name", text(&hub.name)),
        ("type", text("com.microsoft:partition")),
        ("partition", text(id)),
        ("begin_sequence_number", Value::Long(0)),
        ("begin_sequence_number_epoch", Value::Int(-1)),
        (
            "last_enqueued_sequence_number",
            Value::Long(tail.next_sequence - 1),
        ),
        ("last_enqueued_sequence_number_epoch", Value::Int(-1)),
        ("last_enqueued_offset", text(offset)),
        (
            "last_enqueued_time_utc",
            Value::Timestamp(Timestamp::from(enqueued_ms)),
        ),
        ("is_partition_empty", Value::Bool(tail.last.is_none())),
    ]))
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (text(key), value))
            .collect(),
    )
}
