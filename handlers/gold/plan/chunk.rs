//! What one transaction reads: commits up to a limit; pure.

use crate::table::log::{Commit, CommitKind, DataFile, Version};

/// Bounds of one transaction and of what is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Versions that are read from the log at a time.
    pub versions: u64,
    /// Files that a transaction reads.
    pub files: u64,
    /// Rows that a transaction reads.
    pub rows: u64,
    /// Bytes that a transaction reads.
    pub bytes: u64,
    /// About how many bytes of groups are held before they are handed to an open transaction.
    pub held: u64,
}

/// What a database takes in about two seconds: a transaction that holds locks for longer keeps others waiting.
const TWO_SECONDS: u64 = 32 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            versions: 1_000,
            files: 2_000,
            rows: 20_000_000,
            bytes: 4 * TWO_SECONDS,
            held: TWO_SECONDS,
        }
    }
}

/// What one transaction reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The version that the tables stand at afterwards.
    pub until: Version,
    /// How many of its commits added rows.
    pub appends: u64,
    /// The files to read.
    pub files: Vec<DataFile>,
}

/// Takes commits, from the first one on, until a limit is met; at least one. Only commits that add rows have files to
/// read: a compaction's files hold rows that were read before.
#[must_use]
pub fn chunk(from: Version, commits: Vec<Commit>, limits: &Limits) -> Chunk {
    let mut chunk = Chunk {
        until: from,
        appends: 0,
        files: Vec::new(),
    };
    let (mut rows, mut bytes) = (0_u64, 0_u64);
    for commit in commits {
        if commit.kind == CommitKind::Append {
            rows += commit.files.iter().map(|file| file.rows).sum::<u64>();
            bytes += commit.files.iter().map(|file| file.bytes).sum::<u64>();
            let files = (chunk.files.len() + commit.files.len()) as u64;
            let is_over = files > limits.files || rows > limits.rows || bytes > limits.bytes;
            if is_over && chunk.until > from {
                break;
            }
            chunk.appends += 1;
            chunk.files.extend(commit.files);
        }
        chunk.until = commit.version;
    }
    chunk
}
