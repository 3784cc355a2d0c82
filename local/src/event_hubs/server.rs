//! Connections, sessions and what their links are attached to.
//!
//! Tasks form a tree: the listener owns its connections, a connection its sessions, a session its
//! links. Ending one ends all below it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SaslAcceptor,
    SessionAcceptor, SupportedReceiverSettleModes,
};
use fe2o3_amqp_types::definitions::{
    AmqpError, ConnectionError, Error as AmqpFault, ReceiverSettleMode, Role, SenderSettleMode,
};
use fe2o3_amqp_types::messaging::TargetArchetype;
use fe2o3_amqp_types::performatives::Attach;
use fe2o3_amqp_types::primitives::{Array, OrderedMap, Symbol, Value};
use fe2o3_amqp_types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::address::{self, Node};
use super::links::{
    self, Egress, Ingest, LinkEnded, MAX_MESSAGE_BYTES, Wish, entity_not_found, fault, microsoft,
    partition_out_of_range,
};
use super::ownership::{Ownership, Place};
use super::requests::{self, Replies, RequestNode};
use super::shim::{self, RepeatOutcomes};
use super::store::{Store, Total};

/// Time for a client to answer when its connection is closed at shutdown.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Half of what a window can be: sessions never wait for each other's windows.
const WINDOW: u32 = u32::MAX >> 1;

/// State that all connections share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) store: Store,
    pub(super) total: Total,
    pub(super) ownership: Ownership,
}

/// Accepts connections until `stop` is set, then closes them all.
pub(super) async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&server), stream, stop.clone()));
                }
                Err(error) => {
                    // Too many open files, for one; the next may be accepted.
                    tracing::warn!(%error, "connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stop) => break,
        }
    }
    drop(listener);
    // Whoever is not closed by then loses its connection.
    let closing = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(3 * CLOSE_TIMEOUT, closing).await;
}

async fn connection(server: Arc<Server>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    // Only a matter of speed.
    let _ = stream.set_nodelay(true);
    let repeat = RepeatOutcomes::default();
    let (stream, moving) = shim::pipe(stream, Arc::clone(&repeat));
    let mut pipe = JoinSet::new();
    pipe.spawn(moving);
    let acceptor = ConnectionAcceptor::builder()
        .container_id("sluice-event-hubs")
        .max_frame_size(65_536u32)
        .channel_max(4_999u16)
        .properties(properties())
        .sasl_acceptor(AcceptAll)
        .build();
    let mut connection = match acceptor.accept(stream).await {
        Ok(connection) => connection,
        Err(error) => {
            tracing::debug!(?error, "connection was not opened");
            return;
        }
    };
    let acceptor = SessionAcceptor::builder()
        .handle_max(255u32)
        .incoming_window(WINDOW)
        .outgoing_window(WINDOW)
        .properties(properties())
        .build();
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            // Only this wait can be given up half-way; accepting must not be.
            incoming = connection.next_incoming_session() => {
                let Some(incoming) = incoming else {
                    let _ = tokio::time::timeout(CLOSE_TIMEOUT, connection.on_close()).await;
                    break;
                };
                match acceptor.accept_incoming_session(incoming, &mut connection).await {
                    Ok(session) => {
                        let links = Session::new(Arc::clone(&server), Arc::clone(&repeat));
                        sessions.spawn(Box::pin(links.run(session)));
                    }
                    Err(error) => tracing::debug!(?error, "session was not opened"),
                }
            }
            Some(_) = sessions.join_next() => {}
            () = stopped(&mut stop) => {
                let text = "The namespace is shutting down.".to_owned();
                let closing = connection.close_with_error(fault(ConnectionError::ConnectionForced, text));
                // A client that does not answer loses its connection anyway.
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
                break;
            }
        }
    }
    // The last frames are still in the pipe.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, pipe.join_next()).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A namespace that is gone stops as well.
    let _ = stop.wait_for(|&stop| stop).await;
}

/// One session's links.
struct Session {
    server: Arc<Server>,
    repeat: RepeatOutcomes,
    links: JoinSet<Result<(), LinkEnded>>,
    replies: Replies,
}

impl Session {
    fn new(server: Arc<Server>, repeat: RepeatOutcomes) -> Self {
        Self {
            server,
            repeat,
            links: JoinSet::new(),
            replies: Replies::default(),
        }
    }

    async fn run(mut self, mut session: ListenerSessionHandle) {
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

    async fn attach(&mut self, attach: Attach, session: &mut ListenerSessionHandle) {
        let is_sender = attach.role == Role::Sender;
        if is_sender && attach.snd_settle_mode == SenderSettleMode::Mixed {
            self.repeat.store(true, Ordering::Relaxed);
        }
        let address = address_of(&attach);
        let behind = self.behind(&address, &attach);
        let mut acceptor = LinkAcceptor::builder()
            .properties(properties())
            // pyamqp asks for "second" and would then wait for ever.
            .supported_receiver_settle_modes(SupportedReceiverSettleModes::First)
            .fallback_receiver_settle_mode(ReceiverSettleMode::First);
        if is_sender {
            // Stored events are a little larger than they came, so only this way has a limit.
            acceptor = acceptor.max_message_size(MAX_MESSAGE_BYTES);
        }
        let link = match acceptor
            .build()
            .accept_incoming_attach(attach, session)
            .await
        {
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

    /// Ends a link once it is attached: there is no way to refuse in the attach itself.
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
fn properties() -> OrderedMap<Symbol, Value> {
    let product = Value::String("sluice-event-hubs".to_owned());
    OrderedMap::from_iter([(Symbol::from("product"), product)])
}

/// Lets everybody in, from this machine only: offers what Event Hubs offers and accepts whatever comes.
#[derive(Debug, Clone, Copy)]
struct AcceptAll;

const ACCEPTED: SaslServerFrame = SaslServerFrame::Outcome(SaslOutcome {
    code: SaslCode::Ok,
    additional_data: None,
});

impl SaslAcceptor for AcceptAll {
    fn mechanisms(&self) -> Array<Symbol> {
        ["MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL"]
            .map(Symbol::from)
            .to_vec()
            .into()
    }

    fn on_init(&mut self, _init: SaslInit) -> SaslServerFrame {
        ACCEPTED
    }

    fn on_response(&mut self, _response: SaslResponse) -> SaslServerFrame {
        ACCEPTED
    }
}
