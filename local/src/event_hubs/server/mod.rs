//! Connections, sessions and what their links are attached to.
//!
//! Clients speak AMQP; one that only sends may speak HTTP at the same port.
//!
//! Tasks form a tree: the listener owns its connections, a connection its sessions, a session its
//! links. Ending one ends all below it.

mod http;
mod identity;
mod session;

use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::acceptor::sasl_acceptor::SaslServerFrame;
use fe2o3_amqp::acceptor::{ConnectionAcceptor, SaslAcceptor, SessionAcceptor};
use fe2o3_amqp_types::definitions::ConnectionError;
use fe2o3_amqp_types::primitives::{Array, Symbol};
use fe2o3_amqp_types::sasl::{SaslCode, SaslInit, SaslOutcome, SaslResponse};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::links::fault;
use super::shim::{self, Client};
pub use identity::{NamespaceIdentity, ask as ask_identity};
pub(super) use session::Server;
use session::{Session, properties};

/// Time for a client to answer when its connection is closed at shutdown.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Half of what a window can be: sessions never wait for each other's windows.
const WINDOW: u32 = u32::MAX >> 1;

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

/// Serves what a client turns out to speak.
async fn connection(server: Arc<Server>, mut stream: TcpStream, mut stop: watch::Receiver<bool>) {
    // Only a matter of speed.
    let _ = stream.set_nodelay(true);
    let asked = tokio::select! {
        asked = identity::answer(&mut stream, server.identity.get().map(String::as_str)) => asked,
        () = stopped(&mut stop) => true,
    };
    if asked {
        return;
    }
    let speaks_http = tokio::select! {
        speaks = http::speaks(&stream) => speaks,
        () = stopped(&mut stop) => return,
    };
    if !speaks_http {
        return amqp(server, stream, stop).await;
    }
    tokio::select! {
        () = http::serve(server, stream) => {}
        () = stopped(&mut stop) => {}
    }
}

async fn amqp(server: Arc<Server>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    let client = Arc::new(Client::default());
    let (stream, moving) = shim::pipe(stream, Arc::clone(&client));
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
                        let links = Session::new(Arc::clone(&server), Arc::clone(&client));
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
