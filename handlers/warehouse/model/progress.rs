//! How far a gold table has come, which package runs, and what of bronze waits.

use xxhash_rust::xxh3::xxh3_128;

use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::schema::{TableSchema, VIEWS_END, report_of};

/// How far a gold table has come. A transaction that moves it compares all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The id of silver's log that it follows; none where an earlier build did not say.
    pub log: Option<String>,
    /// The generation of silver that it was made from; 0 for a table that is there and was never filled.
    pub generation: u32,
    /// What it was made to show.
    pub definition: String,
    /// The version of silver's log that it equals the aggregate of.
    pub version: Version,
    /// The table that holds its rows; none where an earlier build made it, whose tables had the public name.
    pub physical: Option<String>,
    /// How many tables were ever made for it: each gets a name of its own.
    pub made: u64,
    /// The definition as text, so that a later build can go on with the table; none where an earlier build made it.
    pub text: Option<String>,
    /// The views that show it beside its report, by name, if it has any: rankings, and summaries. An earlier build did
    /// not say.
    pub rankings: Option<String>,
    /// The start of the first period that it keeps; nothing where it keeps all. It only rises.
    pub kept_from: Option<EventTime>,
}

impl Progress {
    /// Returns the table that holds the rows of a gold table of this name.
    #[must_use]
    pub fn physical<'a>(&'a self, table: &'a TableSchema) -> &'a str {
        self.physical.as_deref().unwrap_or(&table.name)
    }

    /// Returns whether it follows this log: an earlier build did not say which one.
    #[must_use]
    pub fn follows(&self, log: Option<&str>) -> bool {
        self.log.is_none() || self.log.as_deref() == log
    }

    /// Returns the names of the views that show it beside its report.
    pub fn rankings(&self) -> impl Iterator<Item = &str> {
        let names = self.rankings.as_deref().into_iter();
        names.flat_map(|names| names.split(VIEWS_END))
    }

    /// Returns the public names of a gold table of this name: its own, its report's and those of its other views.
    pub fn public_names<'a>(&'a self, table: &str) -> impl Iterator<Item = String> + use<'a> {
        let own = [table.to_owned(), report_of(table)];
        own.into_iter().chain(self.rankings().map(str::to_owned))
    }

    /// Returns whether it is a table that somebody has made by hand for just this definition, for a run to fill.
    #[must_use]
    pub fn is_prepared(&self, table: &TableSchema) -> bool {
        let is_empty = self.generation == 0 && self.physical.is_some();
        is_empty && self.definition == table.definition
    }
}

/// Which package runs. The derived order is the rule: the later stamp is the higher build, and of two with one stamp
/// the one with the higher hash, so that no two differ and are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// When it was packaged, in milliseconds since 1970; 0 for one that nobody packaged.
    pub stamp: i64,
    /// A hash of its dataset file.
    pub hash: String,
}

impl Build {
    /// Returns the build that was stamped then, with a dataset file of this content.
    #[must_use]
    pub fn of(stamp: UnixMillis, dataset_file: &[u8]) -> Self {
        Self {
            stamp: stamp.0,
            hash: format!("{:032x}", xxh3_128(dataset_file)),
        }
    }
}

/// What silver has not refined of bronze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// How many objects.
    pub objects: u64,
    /// When the first event in any of them was enqueued.
    pub oldest: Option<UnixMillis>,
}
