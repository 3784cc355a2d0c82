//! One partition: an append-only file and a sparse index of it.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::watch;

use super::error::StoreError;
use super::record::{self, Decoded, Record};
use crate::event_hubs::filter::StartAt;

/// The start of a partition's file; the digit is the format's version.
const MAGIC: &[u8; 8] = b"SLUICEH1";

/// One of this many events is in the index.
const INDEX_EVERY: i64 = 128;

/// Size of a chunk read from the file.
const READ_BYTES: usize = 256 * 1024;

/// The range of events that a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The sequence number that the next event gets.
    pub(crate) next_sequence: i64,
    /// Where the next event goes, counted from the first one.
    pub(crate) end: u64,
    /// The newest event's offset and enqueued time.
    pub(crate) last: Option<(u64, i64)>,
}

/// An event to append: its key and its encoded message.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) partition_key: Option<String>,
    pub(crate) message: Vec<u8>,
}

/// A partition's log.
///
/// - sequence numbers are 0, 1, 2, ...; an event's offset is its place in the file
/// - enqueued times never decrease
/// - an append is a single write, handed to the operating system before it returns: it survives
///   the end of the process, not a power failure
#[derive(Debug)]
pub(crate) struct Partition {
    path: PathBuf,
    log: Mutex<Log>,
    tail: watch::Sender<Tail>,
}

#[derive(Debug)]
struct Log {
    file: File,
    index: Vec<IndexEntry>,
}

#[derive(Debug, Clone, Copy)]
struct IndexEntry {
    sequence: i64,
    offset: u64,
    enqueued_ms: i64,
}

/// A place in a partition to read on from.
#[derive(Debug)]
pub(crate) struct Reader {
    path: PathBuf,
    file: File,
    /// Where the next record to read starts.
    at: u64,
    /// What to leave out; only an index entry's distance away.
    start: StartAt,
}

/// A record and its offset.
pub(crate) type Positioned = (u64, Record);

impl Partition {
    /// Opens or creates the log at `path`. What a kill left half-written at its end is cut off.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is damaged elsewhere than at its end.
    pub(super) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let error = |source| StoreError::OpenLog {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(error)?;
        if file.metadata().map_err(error)?.len() < MAGIC.len() as u64 {
            file.set_len(0).map_err(error)?;
            file.write_all(MAGIC).map_err(error)?;
        }
        let (index, tail) = recover(&path, &file)?;
        let whole = MAGIC.len() as u64 + tail.end;
        if file.metadata().map_err(error)?.len() > whole {
            tracing::warn!(path = %path.display(), "half-written events were cut off");
            file.set_len(whole).map_err(error)?;
        }
        Ok(Self {
            path,
            log: Mutex::new(Log { file, index }),
            tail: watch::Sender::new(tail),
        })
    }

    /// Appends events, in order and in one write, all enqueued at `now_ms` or at the time of the
    /// newest event before them, whichever is later.
    ///
    /// # Errors
    /// Fails if nothing could be written; the log is then as before.
    pub(crate) fn append(&self, events: &[NewEvent], now_ms: i64) -> Result<(), StoreError> {
        let mut log = self.lock();
        let mut tail = *self.tail.borrow();
        let enqueued_ms = tail.last.map_or(now_ms, |(_, last)| last.max(now_ms));
        let mut bytes = Vec::with_capacity(events.iter().map(|it| it.message.len() + 64).sum());
        let mut entries = Vec::new();
        let start = tail.end;
        for event in events {
            let offset = start + bytes.len() as u64;
            let key = event.partition_key.as_deref();
            record::encode(
                tail.next_sequence,
                enqueued_ms,
                key,
                &event.message,
                &mut bytes,
            )
            .ok_or_else(|| StoreError::TooLong {
                path: self.path.clone(),
            })?;
            if tail.next_sequence % INDEX_EVERY == 0 {
                entries.push(IndexEntry {
                    sequence: tail.next_sequence,
                    offset,
                    enqueued_ms,
                });
            }
            tail.next_sequence += 1;
            tail.last = Some((offset, enqueued_ms));
        }
        tail.end = start + bytes.len() as u64;
        if let Err(source) = log.file.write_all(&bytes) {
            // Part of it may be there (a full disk); the next append must not land behind that.
            if let Err(error) = log.file.set_len(MAGIC.len() as u64 + start) {
                tracing::error!(path = %self.path.display(), %error, "half a write remains");
            }
            return Err(StoreError::Append {
                path: self.path.clone(),
                source,
            });
        }
        log.index.extend(entries);
        self.tail.send_replace(tail);
        Ok(())
    }

    /// Returns the partition's present end.
    pub(crate) fn tail(&self) -> Tail {
        *self.tail.borrow()
    }

    /// Follows how far the partition is.
    pub(crate) fn watch(&self) -> watch::Receiver<Tail> {
        self.tail.subscribe()
    }

    /// Opens a reader at `start`.
    ///
    /// # Errors
    /// Fails if the file cannot be opened.
    pub(crate) fn reader(&self, start: StartAt) -> Result<Reader, StoreError> {
        let file = File::open(&self.path).map_err(|source| StoreError::OpenLog {
            path: self.path.clone(),
            source,
        })?;
        let log = self.lock();
        let before = |is_before: &dyn Fn(&IndexEntry) -> bool| {
            let entry = log.index.partition_point(is_before).checked_sub(1);
            entry
                .and_then(|at| log.index.get(at))
                .map_or(0, |entry| entry.offset)
        };
        let at = match start {
            StartAt::Earliest => 0,
            StartAt::Latest => self.tail.borrow().end,
            StartAt::Offset(first) => before(&|entry| entry.offset <= first),
            StartAt::Sequence(first) => before(&|entry| entry.sequence <= first),
            // Strictly before: several entries can have one time, and the first of them counts.
            StartAt::EnqueuedMs(first) => before(&|entry| entry.enqueued_ms < first),
        };
        Ok(Reader {
            path: self.path.clone(),
            file,
            at,
            start,
        })
    }

    /// Asks the operating system to write everything to the disk.
    ///
    /// # Errors
    /// Fails if it cannot.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let log = self.lock();
        log.file.sync_data().map_err(|source| StoreError::Append {
            path: self.path.clone(),
            source,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Reads on, up to `tail`; returns nothing only when everything was read.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is damaged.
    pub(crate) fn read(&mut self, tail: Tail) -> Result<Vec<Positioned>, StoreError> {
        let mut records = Vec::new();
        while records.is_empty() && self.at < tail.end {
            let chunk = self.chunk(tail.end)?;
            let mut used = 0;
            while let Decoded::Whole(record, length) = record::decode(&chunk, used) {
                let offset = self.at + used as u64;
                used += length;
                if self.is_wanted(offset, &record) {
                    records.push((offset, record));
                }
            }
            if used == 0 {
                return Err(StoreError::Damaged {
                    path: self.path.clone(),
                    at: self.at,
                });
            }
            self.at += used as u64;
        }
        Ok(records)
    }

    fn is_wanted(&self, offset: u64, record: &Record) -> bool {
        match self.start {
            StartAt::Earliest | StartAt::Latest => true,
            StartAt::Offset(first) => offset >= first,
            StartAt::Sequence(first) => record.sequence >= first,
            StartAt::EnqueuedMs(first) => record.enqueued_ms >= first,
        }
    }

    /// Reads the bytes after `at`: as many as are usual, or one longer record.
    fn chunk(&mut self, end: u64) -> Result<Bytes, StoreError> {
        // More than this machine can address is more than one chunk as well.
        let there = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        let chunk = self.fill(there.min(READ_BYTES))?;
        match record::decode(&chunk, 0) {
            Decoded::Partial(Some(length)) if length <= there => self.fill(length),
            _ => Ok(chunk),
        }
    }

    fn fill(&mut self, length: usize) -> Result<Bytes, StoreError> {
        let mut bytes = BytesMut::zeroed(length);
        self.file
            .seek(SeekFrom::Start(MAGIC.len() as u64 + self.at))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| StoreError::Read {
                path: self.path.clone(),
                source,
            })?;
        Ok(bytes.freeze())
    }
}

/// Reads the whole file and returns what it holds up to a half-written end.
fn recover(path: &Path, file: &File) -> Result<(Vec<IndexEntry>, Tail), StoreError> {
    let error = |source| StoreError::OpenLog {
        path: path.to_owned(),
        source,
    };
    let damaged = |at| StoreError::Damaged {
        path: path.to_owned(),
        at,
    };
    let mut file = file.try_clone().map_err(error)?;
    file.seek(SeekFrom::Start(0)).map_err(error)?;
    let mut magic = [0; MAGIC.len()];
    file.read_exact(&mut magic).map_err(error)?;
    if &magic != MAGIC {
        return Err(damaged(0));
    }
    let length = file.metadata().map_err(error)?.len() - MAGIC.len() as u64;
    let mut reader = Reader {
        path: path.to_owned(),
        file,
        at: 0,
        start: StartAt::Earliest,
    };
    let mut found = Found::default();
    while reader.at < length {
        let chunk = reader.chunk(length)?;
        let used = found.add(&chunk, reader.at).map_err(damaged)?;
        if used == 0 {
            break;
        }
        reader.at += used as u64;
    }
    let last = found.last;
    Ok((
        found.index,
        Tail {
            next_sequence: found.next_sequence,
            end: reader.at,
            last,
        },
    ))
}

/// What recovery has seen so far.
#[derive(Default)]
struct Found {
    index: Vec<IndexEntry>,
    next_sequence: i64,
    last: Option<(u64, i64)>,
}

impl Found {
    /// Takes the records at the front of `chunk`, which lies at `at`, and returns their length.
    ///
    /// # Errors
    /// Returns the place of the first damage.
    fn add(&mut self, chunk: &Bytes, at: u64) -> Result<usize, u64> {
        let mut used = 0;
        loop {
            let offset = at + used as u64;
            match record::decode(chunk, used) {
                Decoded::Whole(record, _) if record.sequence != self.next_sequence => {
                    return Err(offset);
                }
                Decoded::Whole(record, length) => {
                    let Record {
                        sequence,
                        enqueued_ms,
                        ..
                    } = record;
                    if sequence % INDEX_EVERY == 0 {
                        self.index.push(IndexEntry {
                            sequence,
                            offset,
                            enqueued_ms,
                        });
                    }
                    self.next_sequence += 1;
                    self.last = Some((offset, enqueued_ms));
                    used += length;
                }
                Decoded::Partial(_) => return Ok(used),
                Decoded::Damaged => return Err(offset),
            }
        }
    }
}

#[cfg(test)]
mod tests;
