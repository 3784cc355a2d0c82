//! An Event Hubs namespace on loopback that any Event Hubs SDK can talk to.
//!
//! It speaks AMQP 1.0 without TLS, as the Event Hubs emulator does, so the SDKs connect with the
//! development-emulator connection string ([`Namespace::connection_string`]); the SDK for Rust
//! takes the custom endpoint [`Namespace::endpoint`]. [`client`] holds what our own code uses.
//!
//! ```text
//! Namespace::start(NamespaceConfig { listen, data_dir, hubs }).await? -> Namespace
//! namespace.local_addr() / .connection_string() / .endpoint()
//! namespace.stats() -> Vec<PartitionStats>
//! namespace.arrivals() -> Vec<PartitionArrivals>   // when every event was enqueued
//! namespace.events() -> watch::Receiver<u64>       // events stored in this run, awaitable
//! namespace.shutdown().await?
//! ```
//!
//! What it promises:
//! - an event is acknowledged after it was handed to the operating system: it survives the end of
//!   the process, but is not forced to the disk, so a power failure can lose it
//! - sequence numbers of a partition are 0, 1, 2, ... and go on after a restart; offsets grow, but
//!   are not sequence numbers; enqueued times never decrease
//! - events are kept for ever; deleting the data directory starts afresh
//! - everybody is let in, from this machine only

mod address;
pub mod client;
mod clock;
mod filter;
mod links;
mod message;
mod ownership;
mod requests;
mod sasl;
mod server;
mod shim;
mod store;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use ownership::Ownership;
use server::Server;
use store::Store;
pub use store::StoreError;

/// What a namespace has and where it listens.
#[derive(Debug, Clone)]
pub struct NamespaceConfig {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where events are kept. Without it they last as long as the namespace.
    pub data_dir: Option<PathBuf>,
    /// The event hubs.
    pub hubs: Vec<HubConfig>,
}

/// One event hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubConfig {
    /// Its name; not case-sensitive.
    pub name: String,
    /// How many partitions it has; fixed once it is created.
    pub partitions: usize,
    /// Its consumer groups besides `$Default`.
    pub consumer_groups: Vec<String>,
}

/// Why a namespace did not start or stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Others could reach the namespace, and it lets everybody in.
    #[error("event hubs namespace listens on loopback only, not on {address}")]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("listen for event hubs clients on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// No directory for events that last as long as the namespace.
    #[error("create temporary directory for events")]
    TemporaryDirectory(#[source] io::Error),
    /// The events cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far one partition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStats {
    /// The hub's name.
    pub hub: String,
    /// The partition's id.
    pub partition: String,
    /// How many events it holds.
    pub events: u64,
    /// The newest event's sequence number.
    pub last_sequence: Option<i64>,
    /// When the newest event was enqueued, in milliseconds since 1970.
    pub last_enqueued_ms: Option<i64>,
}

/// When the events of one partition were enqueued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionArrivals {
    /// The hub's name.
    pub hub: String,
    /// The partition's id.
    pub partition: String,
    /// Sequence numbers with the time of their events, in milliseconds since 1970. Only the first of events in a row
    /// that have the same time is here.
    pub times: Vec<(i64, i64)>,
}

/// A running namespace. Dropping it ends it at once; [`Namespace::shutdown`] says good-bye first.
#[derive(Debug)]
pub struct Namespace {
    address: SocketAddr,
    server: Arc<Server>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    _temporary: Option<tempfile::TempDir>,
}

impl Namespace {
    /// Opens the hubs and listens.
    ///
    /// # Errors
    /// Fails if the address is not on loopback or is taken, or the events on disk cannot be used.
    pub async fn start(config: NamespaceConfig) -> Result<Self, Error> {
        let address = config.listen;
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback { address });
        }
        let temporary = match config.data_dir {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(Error::TemporaryDirectory)?),
        };
        let directory = match (config.data_dir, &temporary) {
            (None, Some(temporary)) => temporary.path().to_owned(),
            (directory, _) => directory.unwrap_or_default(),
        };
        let opening = move || Store::open(&directory, &config.hubs, clock::now_ms());
        let store = match tokio::task::spawn_blocking(opening).await {
            Ok(opened) => opened?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        let listen = |source| Error::Listen { address, source };
        let listener = bind(address).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let server = Arc::new(Server {
            store,
            total: Total(Arc::new(watch::Sender::new(0))),
            ownership: Ownership::default(),
        });
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(server::serve(Arc::clone(&server), listener, stopped));
        Ok(Self {
            address,
            server,
            stop,
            serving,
            _temporary: temporary,
        })
    }

    /// Where clients connect.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The connection string for every SDK that knows the development emulator. The key is the
    /// published one of the emulator.
    pub fn connection_string(&self) -> String {
        format!(
            "Endpoint=sb://{};SharedAccessKeyName=RootManageSharedAccessKey;\
             SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;",
            self.address
        )
    }

    /// The custom endpoint for the SDK for Rust.
    pub fn endpoint(&self) -> String {
        format!("amqp://{}", self.address)
    }

    /// How far every partition is.
    pub fn stats(&self) -> Vec<PartitionStats> {
        let hubs = self.server.store.hubs();
        hubs.flat_map(|hub| {
            hub.partitions.iter().enumerate().map(|(id, partition)| {
                let tail = partition.tail();
                PartitionStats {
                    hub: hub.name.clone(),
                    partition: id.to_string(),
                    events: u64::try_from(tail.next_sequence).unwrap_or_default(),
                    last_sequence: tail.last.map(|_| tail.next_sequence - 1),
                    last_enqueued_ms: tail.last.map(|(_, enqueued_ms)| enqueued_ms),
                }
            })
        })
        .collect()
    }

    /// When every event was enqueued. Reads all of them, which takes a while if there are many.
    ///
    /// # Errors
    /// Fails if a partition cannot be read.
    pub async fn arrivals(&self) -> Result<Vec<PartitionArrivals>, Error> {
        let server = Arc::clone(&self.server);
        let reading = move || {
            let hubs = server.store.hubs();
            let partitions = hubs.flat_map(|hub| {
                let named = hub.partitions.iter().enumerate();
                named.map(|(id, partition)| (hub.name.clone(), id.to_string(), partition))
            });
            let arrivals = partitions.map(|(hub, partition, stored)| {
                let times = stored.enqueued_times()?;
                Ok(PartitionArrivals {
                    hub,
                    partition,
                    times,
                })
            });
            arrivals.collect::<Result<Vec<_>, StoreError>>()
        };
        match tokio::task::spawn_blocking(reading).await {
            Ok(read) => Ok(read?),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Follows how many events were stored since the start, in all hubs together.
    pub fn events(&self) -> watch::Receiver<u64> {
        self.server.total.0.subscribe()
    }

    /// Closes every connection and forces the events to the disk.
    ///
    /// # Errors
    /// Fails if events could not be written.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.stop.send_replace(true);
        // It ends by itself; that it was cancelled or panicked does not keep events from the disk.
        let _ = (&mut self.serving).await;
        let server = Arc::clone(&self.server);
        match tokio::task::spawn_blocking(move || server.store.sync()).await {
            Ok(synced) => Ok(synced?),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Counts stored events.
#[derive(Debug, Clone)]
struct Total(Arc<watch::Sender<u64>>);

impl Total {
    fn add(&self, events: u64) {
        self.0.send_modify(|total| *total += events);
    }
}

/// Listens with a segment size that pyamqp can copy.
///
/// It reads `TCP_MAXSEG` back and sets it again. On loopback that is often more than the 32,767
/// that Linux lets it set, and connecting fails at random.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_mss(32_000)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}
