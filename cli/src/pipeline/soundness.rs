//! Whether the state that an earlier run left can be gone on from.
//!
//! Storage on this machine saves blobs and tables of one moment, but a machine that loses its power, or somebody with a
//! file manager, may still take away what the log of commits names. A pipeline on such a state would take events in and
//! refine none, so it is not started. What is looked at is what is there to be listed: no file is read.

use std::collections::{BTreeMap, BTreeSet};

use sluice::error::Invariant;
use sluice::gold::plan::{TableBacklog, counted, foreign};
use sluice::store::object::paths::{BRONZE, bronze_dataset};
use sluice::store::object::{ObjectInfo, ObjectPath};
use sluice::table::TableId;
use sluice::table::log::{Counts, Head, LedgerEntry, LogError, Snapshot, Version};
use sluice::warehouse::Standing;
use sluice::warehouse::schema::{GoldSchema, TableSchema};
use thiserror::Error;

use crate::output::thousands;
use crate::target::Stores;

/// Why a state cannot be gone on from.
#[derive(Debug, Error)]
pub(crate) enum Unsound {
    /// The log of commits is not whole.
    #[error("the state is damaged: {0}; {WAY_OUT}")]
    Log(String),
    /// What the log or the ledger names is gone.
    #[error("the state is damaged: {}; {WAY_OUT}", lost(what, *count, first))]
    Lost {
        what: &'static str,
        count: u64,
        first: String,
    },
    /// Gold is ahead of silver: it was made from a log that is no longer here.
    #[error(
        "gold is ahead of silver, whose last version is {head}, so it was made from {} ({}); {}",
        match is_of_this_log {
            true => "an end of its log that storage has lost",
            false => "another log",
        },
        tables.join(", "),
        way.words()
    )]
    Ahead {
        tables: Vec<String>,
        head: Version,
        way: GoldAnew,
        /// Whether it follows this log, of which the end was lost.
        is_of_this_log: bool,
    },
    /// Gold follows another log.
    #[error(
        "gold follows another pipeline: it was made from a log that is not here, so nothing is added to it ({}); {}",
        tables.join(", "),
        way.words()
    )]
    OtherPipeline { tables: Vec<String>, way: GoldAnew },
    /// A defect of Sluice.
    #[error(transparent)]
    Defect(#[from] Invariant),
}

const WAY_OUT: &str = "raise `generation` in the dataset file, so that silver and gold are made anew from the events in bronze, or start afresh with --clean; with `sluice up --no-handler` the other commands can look at it as it is";

fn lost(what: &str, count: u64, first: &str) -> String {
    match count {
        1 => format!("{what} {first} is not in storage"),
        count => format!(
            "{what} {first} and {} more are not in storage",
            thousands(count - 1)
        ),
    }
}

impl Unsound {
    /// Returns whether all that is wrong is that storage has lost the end of silver's log: gold is then ahead of the silver
    /// that it is to follow, and nothing but that silver is missing to make it anew.
    pub(super) fn is_lost_end(&self) -> bool {
        matches!(self, Self::Ahead { is_of_this_log, .. } if *is_of_this_log)
    }
}

/// How gold comes to follow this pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GoldAnew {
    /// By asking for it: silver is there to make it from.
    Asked,
    /// By removing what is there, since there is no silver yet that could be asked for: this file, or tables.
    Removed(Option<String>),
}

impl GoldAnew {
    /// Works out the way for the database of this setting, where silver has a log or has none.
    fn of(log: Option<&str>, gold: &str) -> Self {
        match log {
            Some(_) => Self::Asked,
            None => Self::Removed(gold.strip_prefix("sqlite:").map(str::to_owned)),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Asked => "start `sluice up --no-handler`, run `sluice rebuild gold` beside it, and the next `up` makes it anew from silver".to_owned(),
            Self::Removed(Some(file)) => format!(
                "silver is empty, so delete the file {file}, and the next run begins it anew"
            ),
            Self::Removed(None) => "silver is empty, so give gold another schema (the setting GOLD_SCHEMA), or drop the tables and views of this one, those that begin with sluice_ included".to_owned(),
        }
    }
}

/// What a sound state consists of.
#[derive(Debug, Default)]
pub(super) struct Sound {
    /// Silver.
    pub(super) snapshot: Snapshot,
    /// What became of every line.
    pub(super) counts: Counts,
    /// The objects of bronze that silver lacks, by their names in its container.
    pub(super) unrefined: BTreeSet<String>,
    /// The head of its log, if it has one.
    pub(super) head: Option<Head>,
}

/// Returns what is there, if the log of commits is whole and storage has what it names. Nobody changes any of it meanwhile.
pub(super) async fn check_silver(
    stores: &Stores,
) -> Result<Sound, Box<dyn std::error::Error + Send + Sync>> {
    let bronze = bronze_dataset(&stores.dataset.name);
    let bronze = stores.lake.list(&bronze).await?;
    let ledger = stores.log.ledger_prefix("").await?;
    let Some(head) = stores.log.head().await? else {
        return match ledger.is_empty() {
            true => Ok(Sound {
                unrefined: unrefined(&bronze, &[]),
                ..Sound::default()
            }),
            false => Err(Unsound::Log("the head of the commit log is gone".to_owned()).into()),
        };
    };
    let snapshot = match stores.log.load(&head).await {
        Ok(snapshot) => snapshot,
        Err(LogError::Storage(error)) => return Err(error.into()),
        Err(error) => return Err(Unsound::Log(sluice::error::chain(&error)).into()),
    };
    let unrefined = unrefined(&bronze, &ledger);
    let silver = TableId::of(&stores.dataset).rows_folders();
    let silver = stores.lake.list(&silver).await?;
    let stored = Stored {
        bronze: bronze
            .into_iter()
            .map(|object| {
                let lines = object.metadata.get("lines");
                let lines = lines.and_then(|lines| lines.parse().ok());
                (object.path, lines)
            })
            .collect(),
        silver: silver.into_iter().map(|file| file.path).collect(),
    };
    check(&stored, &ledger, &snapshot)?;
    let mut counts = Counts::default();
    for entry in &ledger {
        counts.add(&entry.counts);
    }
    Ok(Sound {
        snapshot,
        counts,
        unrefined,
        head: Some(head),
    })
}

/// Returns the names of the objects that the ledger does not have.
fn unrefined(bronze: &[ObjectInfo], ledger: &[LedgerEntry]) -> BTreeSet<String> {
    let refined: BTreeSet<&str> = ledger.iter().map(|entry| entry.source.as_str()).collect();
    let names = bronze.iter().map(|object| object.path.name());
    let names = names.filter(|name| !refined.contains(name));
    names.map(str::to_owned).collect()
}

/// Returns the objects of bronze that silver lacks, by their names in its container, once nobody changes any of it.
///
/// # Errors
/// Fails if storage lacks what the log of commits names, or does not answer.
pub(crate) async fn what_silver_lacks(
    stores: &Stores,
) -> Result<BTreeSet<String>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(check_silver(stores).await?.unrefined)
}

/// Fails if gold is ahead of silver or follows another log, as a database does that another state has filled. Its runs
/// would end without effect for ever, unless somebody has asked for these tables from this log. `log` is the id of silver's
/// log, if it has one.
pub(super) fn check_gold(
    schema: &GoldSchema,
    standing: &Standing,
    (head, log): (Version, Option<&str>),
    gold: &str,
) -> Result<(), Unsound> {
    let progress = counted(schema, standing, log)?;
    let all_there = BTreeSet::new();
    // What shows something else is made anew, whatever its version.
    let is_other = |table: &TableSchema| {
        let found = progress.get(&table.name);
        found.is_some_and(|found| {
            found.generation != schema.generation || found.definition != table.definition
        })
    };
    let others = schema.indexed_tables();
    let others = others.filter(|(_, table)| is_other(table));
    let others = others.map(|(index, _)| index).collect();
    let backlog = TableBacklog::of(schema, (&progress, &all_there), head, &others);
    let way = GoldAnew::of(log, gold);
    let foreign = foreign(schema.generation, &progress, log);
    if !backlog.ahead.is_empty() {
        return Err(Unsound::Ahead {
            tables: backlog.ahead,
            head,
            way,
            is_of_this_log: log.is_some() && foreign.is_empty(),
        });
    }
    match foreign {
        tables if tables.is_empty() => Ok(()),
        tables => Err(Unsound::OtherPipeline { tables, way }),
    }
}

/// What storage holds.
#[derive(Debug, Default)]
struct Stored {
    /// The objects of bronze with the lines that their metadata tells of.
    bronze: BTreeMap<ObjectPath, Option<u64>>,
    /// The files of rows.
    silver: BTreeSet<ObjectPath>,
}

/// Fails if storage lacks what the ledger or the log of commits names.
fn check(stored: &Stored, ledger: &[LedgerEntry], snapshot: &Snapshot) -> Result<(), Unsound> {
    let is_lost = |entry: &&LedgerEntry| {
        let object = stored.bronze.get(&ObjectPath::new(BRONZE, &entry.source));
        match object {
            None => true,
            Some(lines) => lines.is_some_and(|lines| lines != entry.counts.lines),
        }
    };
    // A redrive has no object of its own.
    let own = ledger.iter().filter(|entry| entry.redrive.is_none());
    let sources = own.filter(is_lost);
    let sources = sources.map(|entry| entry.source.clone());
    none_lost("the bronze object that the ledger has as", sources)?;
    let files = snapshot.files.keys();
    let files = files.filter(|path| !stored.silver.contains(path));
    none_lost("the silver file", files.map(ToString::to_string))
}

fn none_lost(what: &'static str, mut lost: impl Iterator<Item = String>) -> Result<(), Unsound> {
    let Some(first) = lost.next() else {
        return Ok(());
    };
    let count = 1 + lost.count() as u64;
    Err(Unsound::Lost { what, count, first })
}

#[cfg(test)]
mod tests {
    use sluice::event::{EventTime, UnixMillis};
    use sluice::table::log::{DataFile, LiveFile};

    use super::*;

    fn entry(source: &str, lines: u64) -> LedgerEntry {
        LedgerEntry {
            source: source.to_owned(),
            counts: Counts {
                rows: lines,
                ..Counts::of_lines(lines)
            },
            range: None,
            version: Version(1),
            quarantine: None,
            redrive: None,
            taken_up: None,
        }
    }

    fn file(name: &str) -> (ObjectPath, LiveFile) {
        let path = ObjectPath::new("silver", name);
        let file = DataFile {
            path: path.clone(),
            period: EventTime(0),
            rows: 1,
            bytes: 1,
            min: EventTime(0),
            max: EventTime(0),
            stats: None,
        };
        let committed = UnixMillis(0);
        (path, LiveFile { file, committed })
    }

    fn stored(bronze: &[(&str, Option<u64>)], silver: &[&str]) -> Stored {
        let bronze = bronze.iter();
        let silver = silver.iter();
        Stored {
            bronze: bronze
                .map(|(name, lines)| (ObjectPath::new(BRONZE, name), *lines))
                .collect(),
            silver: silver.map(|name| ObjectPath::new("silver", name)).collect(),
        }
    }

    #[test]
    fn a_state_that_has_all_that_is_named_is_sound() {
        let snapshot = Snapshot {
            files: [file("f")].into(),
            ..Snapshot::default()
        };
        // An object that nobody refined yet, and one that does not say how many lines it has.
        let stored = stored(
            &[("a", Some(3)), ("b", None), ("new", Some(9))],
            &["f", "g"],
        );
        let ledger = [entry("a", 3), entry("b", 2)];
        check(&stored, &ledger, &snapshot).unwrap();
    }

    #[test]
    fn an_object_that_is_gone_or_shorter_than_the_ledger_says_is_named() {
        let ledger = [entry("a", 3), entry("b", 2), entry("c", 1)];
        let stored = stored(&[("b", Some(1)), ("c", Some(1))], &[]);
        let error = check(&stored, &ledger, &Snapshot::default()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("ledger has as a and 1 more are not"),
            "{text}"
        );
        assert!(text.contains("raise `generation`"), "{text}");
        assert!(text.contains("--clean"), "{text}");
    }

    #[test]
    fn a_file_that_is_gone_is_named() {
        let snapshot = Snapshot {
            files: [file("f"), file("g")].into(),
            ..Snapshot::default()
        };
        let error = check(&stored(&[], &["f"]), &[], &snapshot).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the silver file silver/g is not"), "{text}");
    }

    #[test]
    fn gold_is_asked_for_where_there_is_silver_and_removed_where_there_is_none() {
        let words = |log, gold| GoldAnew::of(log, gold).words();
        for gold in ["sqlite:/s/gold.db", "Server=s"] {
            assert!(words(Some("a"), gold).contains("`sluice rebuild gold`"));
        }
        assert!(words(None, "sqlite:/s/gold.db").contains("delete the file /s/gold.db"));
        assert!(words(None, "Server=s").contains("GOLD_SCHEMA"));
    }
}
