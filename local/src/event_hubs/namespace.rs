//! The namespace that is started and ended: its hubs, its listener and its counts.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::filter::StartAt;
use super::message;
use super::ownership::Ownership;
use super::server::{self, Server};
use super::store::{HubConfig, Partition, Record, Store, StoreError, Total};

/// Configuration of a namespace.
#[derive(Debug, Clone)]
pub struct NamespaceConfig {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The directory for events. Without it they last as long as the namespace.
    pub data_dir: Option<PathBuf>,
    /// The event hubs.
    pub hubs: Vec<HubConfig>,
}

/// Why a namespace did not start or stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Others could reach the namespace, and it lets everybody in.
    #[error(
        "listen on {address}: the event hubs namespace listens on loopback only, for example on 127.0.0.1:0"
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("listen for event hubs clients on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// No directory for events that last as long as the namespace.
    #[error("create temporary directory for events")]
    TemporaryDirectory(#[source] io::Error),
    /// The events cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStats {
    /// The hub's name.
    pub hub: String,
    /// The partition's id.
    pub partition: String,
    /// The number of events it holds.
    pub events: u64,
    /// The newest event's sequence number.
    pub last_sequence: Option<i64>,
    /// Enqueued time of the newest event, in milliseconds since 1970.
    pub last_enqueued_ms: Option<i64>,
}

/// Enqueued times of the events of one partition.
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

/// An event as the hub holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEvent {
    /// The partition's id.
    pub partition: String,
    /// The sequence number.
    pub sequence: i64,
    /// When it was enqueued, in milliseconds since 1970.
    pub enqueued_ms: i64,
    /// What was sent; nothing where the message is not one of bytes.
    pub body: Option<Vec<u8>>,
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
        let (directory, temporary) = match config.data_dir {
            Some(directory) => (directory, None),
            None => {
                let temporary = tempfile::tempdir().map_err(Error::TemporaryDirectory)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let opening = move || Store::open(&directory, &config.hubs, Utc::now().timestamp_millis());
        let store = match tokio::task::spawn_blocking(opening).await {
            Ok(opened) => opened?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        let listen = |source| Error::Listen { address, source };
        let listener = bind(address).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let server = Arc::new(Server {
            store,
            total: Total::default(),
            ownership: Ownership::default(),
            identity: OnceLock::new(),
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

    /// Says whose namespace this is, to whoever asks with [`super::ask_identity`]; the first time counts.
    pub fn identify(&self, text: String) {
        let _ = self.server.identity.set(text);
    }

    /// Returns the address that clients connect to.
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

    /// Returns the counts of every partition.
    pub fn stats(&self) -> Vec<PartitionStats> {
        let hubs = self.server.store.hubs();
        hubs.flat_map(|hub| {
            hub.partitions.iter().enumerate().map(|(id, partition)| {
                let tail = partition.tail();
                PartitionStats {
                    hub: hub.name.clone(),
                    partition: id.to_string(),
                    events: tail.next_sequence.unsigned_abs(),
                    last_sequence: tail.last.map(|_| tail.next_sequence - 1),
                    last_enqueued_ms: tail.last.map(|(_, enqueued_ms)| enqueued_ms),
                }
            })
        })
        .collect()
    }

    /// Returns the enqueued time of every event. Reads all of them, which takes a while if there are many.
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
                let times = enqueued_times(stored)?;
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

    /// Hands every event of a hub to `each`, in the order of its partitions and their sequence numbers: what was sent,
    /// whatever has become of it since. A hub that there is not has none.
    ///
    /// # Errors
    /// Fails if a partition cannot be read.
    pub async fn each_event(
        &self,
        hub: &str,
        mut each: impl FnMut(HeldEvent) + Send + 'static,
    ) -> Result<(), Error> {
        let (server, hub) = (Arc::clone(&self.server), hub.to_owned());
        let reading = move || -> Result<(), StoreError> {
            let Some(hub) = server.store.hub(&hub) else {
                return Ok(());
            };
            for (id, partition) in hub.partitions.iter().enumerate() {
                each_record(partition, |record| {
                    each(HeldEvent {
                        partition: id.to_string(),
                        sequence: record.sequence,
                        enqueued_ms: record.enqueued_ms,
                        body: message::body(&record.message).ok(),
                    });
                })?;
            }
            Ok(())
        };
        match tokio::task::spawn_blocking(reading).await {
            Ok(read) => Ok(read?),
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }

    /// Follows how many events were stored since the start, in all hubs together.
    pub fn events(&self) -> watch::Receiver<u64> {
        self.server.total.watch()
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

/// Returns the sequence numbers at which the enqueued time changes, each with that time.
fn enqueued_times(partition: &Partition) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut times: Vec<(i64, i64)> = Vec::new();
    each_record(partition, |record| {
        let last = times.last();
        if last.is_none_or(|(_, time)| *time != record.enqueued_ms) {
            times.push((record.sequence, record.enqueued_ms));
        }
    })?;
    Ok(times)
}

/// Hands what a partition holds by now to `each`.
fn each_record(partition: &Partition, mut each: impl FnMut(Record)) -> Result<(), StoreError> {
    let tail = partition.tail();
    let mut reader = partition.reader(StartAt::Earliest)?;
    loop {
        let records = reader.read(tail)?;
        if records.is_empty() {
            return Ok(());
        }
        records.into_iter().for_each(|(_, record)| each(record));
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

#[cfg(test)]
mod tests {
    use super::super::store::NewEvent;
    use super::*;

    #[test]
    fn arrivals_name_the_first_event_of_every_time() {
        let directory = tempfile::tempdir().unwrap();
        let config = HubConfig {
            name: "orders".to_owned(),
            partitions: 1,
            consumer_groups: Vec::new(),
        };
        let store = Store::open(directory.path(), &[config], 0).unwrap();
        let partition = store.hub("orders").unwrap().partition("0").unwrap();
        assert_eq!(enqueued_times(partition).unwrap(), []);
        // Enqueued times never decrease.
        for (events, now_ms) in [(2, 10), (1, 10), (1, 30), (1, 20)] {
            let event = |_| NewEvent {
                partition_key: None,
                message: b"event".to_vec(),
            };
            let events: Vec<_> = (0..events).map(event).collect();
            partition.append(&events, now_ms).unwrap();
        }
        assert_eq!(enqueued_times(partition).unwrap(), [(0, 10), (3, 30)]);
    }
}
