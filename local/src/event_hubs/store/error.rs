//! Why the store fails: each error names the file or hub that it is about.

use std::io;
use std::path::PathBuf;

/// Why events could not be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process uses the directory.
    #[error("event hub data in {} is in use by another process", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The directory or a file in it cannot be prepared.
    #[error("prepare event hub data in {}", path.display())]
    Prepare {
        /// The directory or file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// `hub.json` is not ours.
    #[error("read event hub description {}", path.display())]
    Describe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The hub exists with another number of partitions.
    #[error(
        "event hub {hub} was created with {created} partitions and cannot have {wanted}; \
         remove {} to start it afresh", path.display()
    )]
    Partitions {
        /// The hub.
        hub: String,
        /// The number that it has.
        created: usize,
        /// The number asked for.
        wanted: usize,
        /// Its directory.
        path: PathBuf,
    },
    /// A hub's name or number of partitions is not allowed.
    #[error(
        "event hub {name:?} with {partitions} partitions: names have 1 to 256 letters, digits, \
         '.', '-' and '_' and start with a letter or digit; there are 1 to 1024 partitions"
    )]
    Config {
        /// The name asked for.
        name: String,
        /// The partitions asked for.
        partitions: usize,
    },
    /// A partition's file cannot be opened.
    #[error("open partition log {}", path.display())]
    OpenLog {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A partition's file cannot be written.
    #[error("append to partition log {}", path.display())]
    Append {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A partition's file cannot be read.
    #[error("read partition log {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A partition's file has something else than events in it.
    #[error("partition log {} is damaged at byte {at}; remove the hub's directory", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, counted from the first event.
        at: u64,
    },
    /// An event does not fit the file format.
    #[error("event is too long for partition log {}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}
