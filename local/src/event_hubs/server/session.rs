//! One session: what its links are attached to.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use fe2o3_amqp::acceptor::{
    LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SupportedReceiverSettleModes,
};
use fe2o3_amqp_types::definitions::{
    AmqpError, Error as AmqpFault, ReceiverSettleMode, Role, SenderSettleMode,
};
use fe2o3_amqp_types::messaging::TargetArchetype;
use fe2o3_amqp_types::performatives::Attach;
use fe2o3_amqp_types::primitives::{OrderedMap, Symbol, Value};
use tokio::task::JoinSet;

use crate::event_hubs::address::{self, Node};
use crate::event_hubs::links::{
    self, Egress, Form, Ingest, LinkEnded, Wish, entity_not_found, fault, microsoft,
    partition_out_of_range,
};
use crate::event_hubs::ownership::{Ownership, Place};
use crate::event_hubs::requests::{self, Replies, RequestNode};
use crate::event_hubs::shim::Client;
use crate::event_hubs::store::{Store, Total};

/// A receiver that desires this hears with every event how far the partition is.
const RUNTIME_METRIC: &str = "com.microsoft:enable-receiver-runtime-metric";

/// State that all connections share.
#[derive(Debug)]
pub(in crate::event_hubs) struct Server {
    pub(in crate::event_hubs) store: Store,
    pub(in crate::event_hubs) total: Total,
    pub(in crate::event_hubs) ownership: Ownership,
    /// What it says of itself.
    pub(in crate::event_hubs) identity: OnceLock<String>,
}

/// One session's links.
pub(super) struct Session {
    server: Arc<Server>,
    client: Arc<Client>,
    links: JoinSet<Result<(), LinkEnded>>,
    replies: Replies,
}

impl Session {
    pub(super) fn new(server: Arc<Server>, client: Arc<Client>) -> Self {
        Self {
            server,
            client,
            links: JoinSet::new(),
            replies: Replies::default(),
        }
    }

    pub(super) async fn run(mut self, mut session: ListenerSessionHandle) {
        loop {
            tokio::select! {
                attach = session.next_incoming_attach() => match attach {
                    Some(attach) => self.attach(attach, &mut session).await,
                    None => break,
                },
                Some(ended) = self.links.join_next() => {
                    if let Ok(Err(error)) = ended {
                        tracing::debug!(?error, "link ended");
                    }
                }
            }
        }
    }

    async fn attach(&mut self, mut attach: Attach, session: &mut ListenerSessionHandle) {
        let is_sender = attach.role == Role::Sender;
        if is_sender && attach.snd_settle_mode == SenderSettleMode::Mixed {
            self.client.repeat_outcomes.store(true, Ordering::Relaxed);
        }
        let address = address_of(&attach);
        let behind = self.behind(&address, &attach);
        if behind.is_err() && !is_sender {
            // The answer names no source then: a receiver knows at once that it is refused, and the detach says why.
            attach.source = None;
        }
        let acceptor = LinkAcceptor::builder()
            .properties(properties())
            // pyamqp asks for "second" and would then wait for ever.
            .supported_receiver_settle_modes(SupportedReceiverSettleModes::First)
            .fallback_receiver_settle_mode(ReceiverSettleMode::First)
            .build();
        let link = match acceptor.accept_incoming_attach(attach, session).await {
            Ok(link) => link,
            Err(error) => {
                tracing::debug!(?error, "link was not attached");
                return;
            }
        };
        match (behind, link) {
            (Ok(Behind::Requests(node)), link) => self.connect_requests(node, link),
            (Ok(Behind::Ingest(ingest)), LinkEndpoint::Receiver(link)) => {
                self.links.spawn(ingest.run(link));
            }
            (Ok(Behind::Egress(egress)), LinkEndpoint::Sender(link)) => {
                self.links.spawn(egress.run(link));
            }
            (Ok(_), link) => self.refuse(link, not_found(&address)),
            (Err(fault), link) => self.refuse(link, fault),
        }
    }

    /// Ends a link that was attached: a receiver at once, a sender at its first message.
    fn refuse(&mut self, link: LinkEndpoint, fault: AmqpFault) {
        tracing::debug!(?fault, "link was refused");
        self.links.spawn(async move {
            match link {
                LinkEndpoint::Receiver(link) => links::reject(link, fault).await?,
                LinkEndpoint::Sender(link) => link.close_with_error(fault).await?,
            }
            Ok(())
        });
    }

    /// Finds what an attach is to, or what to end the link with.
    fn behind(&self, address: &str, attach: &Attach) -> Result<Behind, AmqpFault> {
        let hub_named = |name: &str| self.server.store.hub(name).ok_or_else(|| not_found(name));
        match (address::parse(address), &attach.role) {
            (Ok(Node::Tokens), _) => Ok(Behind::Requests(RequestNode::Tokens)),
            (Ok(Node::Management), _) => Ok(Behind::Requests(RequestNode::Management)),
            (Ok(Node::Ingest { hub, partition }), Role::Sender) => {
                let hub = hub_named(&hub)?;
                let partition = match partition {
                    None => None,
                    Some(id) => Some(Arc::clone(hub.partition(&id).ok_or_else(|| {
                        fault(
                            microsoft("argument-out-of-range"),
                            partition_out_of_range(hub),
                        )
                    })?)),
                };
                let total = self.server.total.clone();
                Ok(Behind::Ingest(Ingest {
                    hub: Arc::clone(hub),
                    partition,
                    total,
                }))
            }
            (
                Ok(Node::Egress {
                    hub,
                    group,
                    partition,
                }),
                Role::Receiver,
            ) => {
                let hub = hub_named(&hub)?;
                let lower = |name: &str| name.to_ascii_lowercase();
                let place = Place {
                    hub: lower(&hub.name),
                    group: lower(&group),
                    partition,
                };
                let wish = Wish {
                    place,
                    link_name: attach.name.clone(),
                    owner_level: owner_level(attach),
                    source: attach.source.clone(),
                    form: Form {
                        with_last_enqueued: desires(attach, RUNTIME_METRIC),
                        plain_properties: self.client.plain_properties.load(Ordering::Relaxed),
                    },
                };
                Egress::open(hub, wish, &self.server.ownership).map(Behind::Egress)
            }
            (Ok(Node::Ingest { hub, .. } | Node::Egress { hub, .. }), _) => Err(not_found(&hub)),
            (Err(path), _) => Err(not_found(&path)),
        }
    }

    fn connect_requests(&mut self, node: RequestNode, link: LinkEndpoint) {
        match link {
            LinkEndpoint::Receiver(link) => {
                let server = Arc::clone(&self.server);
                let replies = self.replies.sender(node);
                self.links.spawn(async move {
                    requests::answer(link, node, &server.store, replies).await
                });
            }
            LinkEndpoint::Sender(link) => {
                if let Some(replies) = self.replies.receiver(node) {
                    self.links.spawn(requests::send_replies(link, replies));
                }
            }
        }
    }
}

/// What a link is attached to.
enum Behind {
    Requests(RequestNode),
    Ingest(Ingest),
    Egress(Egress),
}

fn not_found(entity: &str) -> AmqpFault {
    fault(AmqpError::NotFound, entity_not_found(entity))
}

fn owner_level(attach: &Attach) -> Option<i64> {
    integer(
        attach
            .properties
            .as_ref()?
            .get(&Symbol::from("com.microsoft:epoch"))?,
    )
}

fn desires(attach: &Attach, capability: &str) -> bool {
    let desired = attach.desired_capabilities.as_ref();
    desired.is_some_and(|all| all.iter().any(|desired| desired.0 == capability))
}

/// SDKs send owner levels in whatever integer type fits.
fn integer(value: &Value) -> Option<i64> {
    match *value {
        Value::Long(number) => Some(number),
        Value::Int(number) => Some(i64::from(number)),
        Value::Short(number) => Some(i64::from(number)),
        Value::Byte(number) => Some(i64::from(number)),
        Value::Ulong(number) => i64::try_from(number).ok(),
        Value::Uint(number) => Some(i64::from(number)),
        Value::Ushort(number) => Some(i64::from(number)),
        Value::Ubyte(number) => Some(i64::from(number)),
        _ => None,
    }
}

/// The address of the end of the link that is here; empty, which leads nowhere, if there is none.
fn address_of(attach: &Attach) -> String {
    let address = match attach.role {
        Role::Sender => match attach.target.as_deref() {
            Some(TargetArchetype::Target(target)) => target.address.clone(),
            _ => None,
        },
        Role::Receiver => attach
            .source
            .as_ref()
            .and_then(|source| source.address.clone()),
    };
    address.unwrap_or_default()
}

/// Something in the last field of open, begin and attach: pyamqp looks fields up by position, and
/// trailing nulls are not sent.
pub(super) fn properties() -> OrderedMap<Symbol, Value> {
    let product = Value::String("sluice-event-hubs".to_owned());
    OrderedMap::from_iter([(Symbol::from("product"), product)])
}
