//! A proxy that cuts connections when so much has gone to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The proxy, until it is dropped.
pub(super) struct Proxy {
    /// The connection string of the server behind it, by way of it.
    pub(super) string: String,
    limits: Arc<Limits>,
    task: JoinHandle<()>,
}

/// What may still go to the server.
#[derive(Debug)]
struct Limits {
    messages: AtomicUsize,
    bytes: AtomicUsize,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub(super) async fn start(string: &str) -> Self {
        let config = tiberius::Config::from_ado_string(string).unwrap();
        let server = config.get_addr();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_server = |part: &&str| {
            let keyword = part.split('=').next().unwrap_or_default();
            let names = [
                "server",
                "data source",
                "address",
                "addr",
                "network address",
            ];
            names.contains(&keyword.trim().to_ascii_lowercase().as_str())
        };
        let rest: Vec<&str> = string.split(';').filter(|part| !is_server(part)).collect();
        let limits = Arc::new(Limits {
            messages: AtomicUsize::new(usize::MAX),
            bytes: AtomicUsize::new(usize::MAX),
        });
        let shared = Arc::clone(&limits);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let behind = TcpStream::connect(&server).await.unwrap();
                connections.spawn(pass(client, behind, Arc::clone(&shared)));
            }
        });
        Self {
            string: format!("Server=tcp:127.0.0.1,{port};{}", rest.join(";")),
            limits,
            task,
        }
    }

    /// Lets so many messages through, and no more.
    pub(super) fn cut_after(&self, messages: usize) {
        self.limits.bytes.store(usize::MAX, Ordering::SeqCst);
        self.limits.messages.store(messages, Ordering::SeqCst);
    }

    /// Lets about so many bytes through, and no more.
    pub(super) fn cut_after_bytes(&self, bytes: usize) {
        self.limits.messages.store(usize::MAX, Ordering::SeqCst);
        self.limits.bytes.store(bytes, Ordering::SeqCst);
    }
}

impl Limits {
    /// Takes a message of so many bytes off; tells whether it may pass.
    fn allow(&self, bytes: usize) -> bool {
        let take = |limit: &AtomicUsize, amount| {
            let taken = limit.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                usize::MAX => Some(left),
                _ => left.checked_sub(amount),
            });
            taken.is_ok()
        };
        take(&self.messages, 1) && take(&self.bytes, bytes)
    }
}

/// Passes on what both sides say until one ends or the limit is reached; both are closed then.
async fn pass(mut client: TcpStream, mut server: TcpStream, limits: Arc<Limits>) {
    let (mut to_server, mut to_client) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        let outcome = tokio::select! {
            read = client.read(&mut to_server) => match read {
                Ok(length @ 1..) if limits.allow(length) => server.write_all(&to_server[..length]).await,
                _ => return,
            },
            read = server.read(&mut to_client) => match read {
                Ok(length @ 1..) => client.write_all(&to_client[..length]).await,
                _ => return,
            },
        };
        if outcome.is_err() {
            return;
        }
    }
}
