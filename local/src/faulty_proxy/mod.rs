//! A TCP proxy between a client and a storage service that does to requests what networks and services do to them.
//!
//! It understands HTTP/1.1 as far as it must know where a request and an answer end. Each request is taken in whole
//! before anything is decided about it, so that a fault either keeps it from the service or comes after its effect, and
//! never leaves open which. Azure's signatures do not cover the port, so a connection string may name the proxy.
//!
//! A [`Fault`] is drawn for each request from a source of chance with a seed, with shares that can be changed at any
//! time; how often each kind happened is counted. Which request a fault meets is up to who comes first: the same seed
//! makes the same faults in the same order, not the same run.

mod chance;
mod http;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

pub use chance::{Chance, Fault, Shares};
use http::{Answer, Request};

/// A running proxy of one service. Dropped, it ends with all of its connections.
#[derive(Debug)]
pub struct FaultyProxy {
    port: u16,
    cut: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl FaultyProxy {
    /// Listens on a free port of 127.0.0.1 for clients of the service at `upstream`, a port of 127.0.0.1.
    ///
    /// # Errors
    /// Fails if nothing can be listened on.
    pub async fn start(upstream: u16, chance: Arc<Chance>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream));
        let cut = Arc::new(Notify::new());
        let serving = tokio::spawn(serve(listener, upstream, chance, Arc::clone(&cut)));
        Ok(Self { port, cut, serving })
    }

    /// Closes all connections that there are, as a service does that ends: it would wait for them.
    pub fn cut(&self) {
        self.cut.notify_one();
    }

    /// The port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, upstream: SocketAddr, chance: Arc<Chance>, cut: Arc<Notify>) {
    // Its connections end with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = cut.notified() => {
                connections.abort_all();
                continue;
            }
        };
        // A client that is gone before it was taken in is none.
        let Ok((client, _)) = accepted else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        if chance.refuses() {
            reset(&client);
            continue;
        }
        let connection = Connection {
            client: BufReader::new(client),
            upstream,
            service: None,
            chance: Arc::clone(&chance),
        };
        connections.spawn(connection.run());
    }
}

/// Ends a connection so that the other side sees that it was reset, and not that it was closed.
fn reset(stream: &TcpStream) {
    // Without it the connection is closed, which a client takes for a fault as well.
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// One connection of a client, with the one to the service that its requests go through.
struct Connection {
    client: BufReader<TcpStream>,
    upstream: SocketAddr,
    service: Option<BufReader<TcpStream>>,
    chance: Arc<Chance>,
}

impl Connection {
    async fn run(mut self) {
        // However it ends, the client learns of it by its connection, and tries again or does not.
        if !matches!(self.exchange_all().await, Ok(true)) {
            reset(self.client.get_ref());
        }
    }

    /// Passes requests on until the client closes its connection, which is true, or a fault ends it.
    async fn exchange_all(&mut self) -> io::Result<bool> {
        while let Some(request) = Request::read(&mut self.client).await? {
            if !self.exchange(&request).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether the connection lives on.
    async fn exchange(&mut self, request: &Request) -> io::Result<bool> {
        let fault = self.chance.fault();
        match fault {
            Some(Fault::Reset) => return Ok(false),
            Some(Fault::Throttled) => {
                let answer = http::throttled(request, self.chance.is_either());
                self.client.write_all(&answer).await?;
                return Ok(true);
            }
            Some(Fault::Delayed) => tokio::time::sleep(self.chance.delay()).await,
            Some(Fault::Refused | Fault::AnswerLost | Fault::AnswerHalved) | None => {}
        }
        let answer = self.ask(request).await?;
        match fault {
            Some(Fault::AnswerLost) => return Ok(false),
            Some(Fault::AnswerHalved) => {
                let part = self.chance.part(answer.bytes.len());
                self.client
                    .write_all(answer.bytes.get(..part).unwrap_or_default())
                    .await?;
                self.client.flush().await?;
                return Ok(false);
            }
            _ => {}
        }
        self.client.write_all(&answer.bytes).await?;
        self.client.flush().await?;
        Ok(!answer.is_last)
    }

    /// Has the service do what is asked, and takes its answer in whole.
    async fn ask(&mut self, request: &Request) -> io::Result<Answer> {
        let service = match &mut self.service {
            Some(service) => service,
            none => none.insert(BufReader::new(TcpStream::connect(self.upstream).await?)),
        };
        service.write_all(&request.bytes).await?;
        service.flush().await?;
        Answer::read(service, request.wants_head_only).await
    }
}
