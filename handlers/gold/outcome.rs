//! How a run ended, and what it did.

use std::collections::BTreeMap;
use std::fmt;

use super::notes::Replaced;
use super::work::Done;
use crate::event::EventTime;
use crate::outbox::Sent;
use crate::table::log::Version;
use crate::telemetry::lines;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// How it ended.
    pub ended: Ended,
    /// The latest version of silver that it saw.
    pub head: Option<Version>,
    /// The commits with new rows that it published.
    pub commits: u64,
    /// The files that it read.
    pub files: u64,
    /// The rows that it read.
    pub rows: u64,
    /// The groups that it merged, over all tables.
    pub groups: u64,
    /// The transactions that it committed.
    pub transactions: u64,
    /// The tables that it made from nothing, or that it showed anew.
    pub rebuilt: Vec<String>,
    /// Why tables were left out, each reason once; it names its tables.
    pub blocked: Vec<String>,
    /// What tables wait for that are to show another generation.
    pub waiting: Option<String>,
    /// Which later package has run, if one has: nothing was changed then.
    pub replaced: Option<Replaced>,
    /// Whether tables that were replaced are still to be dropped.
    pub is_retiring: bool,
    /// Whether there is a book of messages.
    pub has_outbox: bool,
    /// What became of the messages that it sent.
    pub sent: Sent,
    /// The versions that tables stand at, by name, where the books were looked at.
    pub tables: BTreeMap<String, Version>,
    /// Silver's watermark at the version that it saw.
    pub watermark: Option<EventTime>,
}

impl Published {
    /// That of a run that a later package leaves nothing to do for.
    pub(super) fn of_replaced(replaced: Replaced) -> Self {
        Self {
            ended: Ended::Replaced,
            replaced: Some(replaced),
            ..Self::default()
        }
    }
}

/// How a run ended. What is left is done by the next run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ended {
    /// Silver has no log yet, so there was nothing to publish.
    #[default]
    NothingYet,
    /// The last run left nothing to do and nothing was added since; the warehouse was not looked at.
    Unchanged,
    /// Every table stands at the head.
    UpToDate,
    /// Every table stands at the head but those that cannot go on.
    Blocked,
    /// Every table stands at the head but those that show the generation before until the new one is whole.
    Rebuilding,
    /// Time ran out between two transactions.
    OutOfTime,
    /// Another run was first.
    Conflict,
    /// A later build has run against these tables: the deployment goes on, or was rolled back, without this one.
    Replaced,
    /// It is unknown whether the last transaction was committed.
    Unknown,
}

impl Ended {
    /// Every way to end.
    pub const ALL: [Self; 9] = [
        Self::NothingYet,
        Self::Unchanged,
        Self::UpToDate,
        Self::Blocked,
        Self::Rebuilding,
        Self::OutOfTime,
        Self::Conflict,
        Self::Replaced,
        Self::Unknown,
    ];

    /// Returns the stable text: log lines, alerts and the command read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingYet => "NothingYet",
            Self::Unchanged => "Unchanged",
            Self::UpToDate => "UpToDate",
            Self::Blocked => "Blocked",
            Self::Rebuilding => "Rebuilding",
            Self::OutOfTime => "OutOfTime",
            Self::Conflict => "Overtaken",
            Self::Replaced => "Replaced",
            Self::Unknown => "Unknown",
        }
    }

    /// Returns whether every table stands at the version that the run saw.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Unchanged | Self::UpToDate)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What asked for a run, as the log line of the run names it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The id of the invocation.
    pub invocation_id: &'a str,
    /// How long the run took, in milliseconds.
    pub elapsed_ms: u64,
    /// What gold asked of storage since the start.
    pub storage_calls: u64,
}

impl Published {
    /// Writes the summary of the run to the log; `sql_calls` is what gold asked of a database server since the start.
    pub(super) fn log(&self, caller: Caller<'_>, generation: u32, sql_calls: u64) {
        let version = self.head.map(|version| version.0);
        tracing::info!(
            function = "gold",
            invocation_id = caller.invocation_id,
            elapsed_ms = caller.elapsed_ms,
            ended = self.ended.as_str(),
            generation,
            version,
            commits = self.commits,
            files = self.files,
            rows = self.rows,
            groups = self.groups,
            transactions = self.transactions,
            rebuilt = self.rebuilt.join(", "),
            waiting = self.waiting,
            replaced = self.replaced.map(|replaced| replaced.to_string()),
            alerts_delivered = self.sent.delivered,
            alerts_refused = self.sent.refused,
            storage_calls = caller.storage_calls,
            sql_calls,
            "{}",
            lines::PUBLISHED
        );
        self.log_tables();
    }

    /// Says where each table stands, and what is missing in none of those that stand at silver's head.
    fn log_tables(&self) {
        let head = self.head.unwrap_or_default();
        for (table, at) in &self.tables {
            let watermark = self.watermark.filter(|_| *at == head);
            tracing::debug!(
                function = "gold",
                table,
                version = at.0,
                backlog = head.0.saturating_sub(at.0),
                watermark_ms = watermark.map(|watermark| watermark.0.div_euclid(1_000)),
                "{}",
                lines::STANDING
            );
        }
    }

    /// Counts a transaction; returns how the run ends if it was refused.
    pub(super) fn add(&mut self, done: &Done) -> Option<Ended> {
        match done {
            Done::Conflict => Some(Ended::Conflict),
            Done::Replaced => Some(Ended::Replaced),
            Done::Committed(counts) => {
                self.transactions += 1;
                self.commits += counts.commits;
                self.files += counts.files;
                self.rows += counts.rows;
                self.groups += counts.groups;
                None
            }
        }
    }
}
