//! What the books say, read from their rows as text by the names of their columns: columns that nobody knows are passed
//! over, and a value that is missing, with or without its column, is unknown; pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::model::{
    Blocked, Build, Pending, Progress, Retired, RuleProgress, Shadow, ShadowNote,
};
use crate::warehouse::schema::{BUILDS, FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED, RULES};

/// The state of a table that cannot go on.
pub(in crate::warehouse) const BLOCKED: &str = "blocked";

/// The state of a table that goes on.
pub(in crate::warehouse) const LIVE: &str = "live";

/// The state of a table that waits for a new generation.
pub(in crate::warehouse) const REBUILDING: &str = "rebuilding";

/// The state of a table that the dataset file no longer has.
pub(in crate::warehouse) const REMOVED: &str = "removed";

/// The state of a table beside the live one that is to be shown and is not yet.
pub(in crate::warehouse) const READY: &str = "ready";

/// Returns what the state of a shadow is called that has a note.
pub(in crate::warehouse) fn state_of_note(note: &ShadowNote) -> &'static str {
    match note.is_blocked {
        true => BLOCKED,
        false => READY,
    }
}

/// Returns what the state of a table is called that stands still.
pub(in crate::warehouse) fn state_of(blocked: &Blocked) -> &'static str {
    match blocked.is_rebuilding {
        true => REBUILDING,
        false => BLOCKED,
    }
}

/// A row of a book: the values that are not null, by column.
pub(in crate::warehouse) type BookRow = BTreeMap<String, String>;

/// What the books say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::warehouse) struct Known {
    /// The progress of the tables of this dataset, or of none, by name.
    pub(in crate::warehouse) progress: BTreeMap<String, Progress>,
    /// The tables, reports and rankings of other datasets, by name in lower case, with these.
    pub(in crate::warehouse) others: BTreeMap<String, String>,
    /// The tables that are this dataset's for certain.
    pub(in crate::warehouse) owned: BTreeSet<String>,
    /// The tables that are made beside the live ones, by the names of these.
    pub(in crate::warehouse) next: BTreeMap<String, Shadow>,
    /// The tables that are blocked, by name.
    pub(in crate::warehouse) blocked: BTreeMap<String, Blocked>,
    /// What tables of this dataset say that silver has not refined, if they do, by name.
    pub(in crate::warehouse) pending: BTreeMap<String, Option<Pending>>,
    /// The tables that are said to be no longer in the dataset file, by name.
    pub(in crate::warehouse) said_removed: BTreeSet<String>,
    /// How far the rules of this dataset have come, by name.
    pub(in crate::warehouse) rules: BTreeMap<String, RuleProgress>,
    /// The tables that nobody wants any more.
    pub(in crate::warehouse) retired: Vec<Retired>,
    /// The highest build that ever ran.
    pub(in crate::warehouse) build: Option<Build>,
}

impl Known {
    /// Adds a row of a book.
    ///
    /// # Errors
    /// Fails if a value that every build writes is missing, or one is not what its column holds.
    pub(in crate::warehouse) fn add(
        &mut self,
        schema: &GoldSchema,
        book: &'static str,
        row: &BookRow,
    ) -> Result<(), WarehouseError> {
        let row = Row { book, row };
        let dataset = row.row.get("dataset");
        let is_ours = dataset == Some(&schema.dataset);
        match book {
            PROGRESS => match dataset.filter(|_| !is_ours) {
                Some(other) => {
                    let progress = Progress {
                        rankings: row.row.get("rankings").cloned(),
                        ..Progress::default()
                    };
                    for view in progress.public_names(&row.text("gold_table")?) {
                        self.others.insert(view.to_ascii_lowercase(), other.clone());
                    }
                }
                None => {
                    let name = row.text("gold_table")?;
                    if is_ours {
                        self.owned.insert(name.clone());
                    }
                    self.progress.insert(name, row.progress()?);
                }
            },
            NEXT if is_ours => {
                self.next.insert(row.text("gold_table")?, row.shadow()?);
            }
            FRESHNESS => {
                let state = row.row.get("state").map(String::as_str);
                if matches!(state, Some(BLOCKED | REBUILDING)) {
                    self.blocked.insert(row.text("gold_table")?, row.blocked()?);
                }
                if state == Some(REMOVED) {
                    self.said_removed.insert(row.text("gold_table")?);
                }
                if is_ours {
                    self.pending.insert(row.text("gold_table")?, row.pending()?);
                }
            }
            BUILDS if is_ours => {
                self.build = Some(Build {
                    stamp: row.needed("stamp")?,
                    hash: row.text("hash")?,
                });
            }
            RULES if is_ours => {
                self.rules.insert(row.text("rule")?, row.rule()?);
            }
            RETIRED if is_ours => self.retired.push(Retired {
                physical: row.text("physical")?,
                since: row.time("since")?.ok_or_else(|| row.invalid("since"))?,
            }),
            _ => {}
        }
        Ok(())
    }
}

struct Row<'a> {
    book: &'static str,
    row: &'a BookRow,
}

impl Row<'_> {
    fn progress(&self) -> Result<Progress, WarehouseError> {
        let made: Option<u64> = self.number("n")?;
        Ok(Progress {
            log: self.row.get("log").cloned(),
            generation: self.needed("generation")?,
            definition: self.text("definition")?,
            version: Version(self.needed("version")?),
            physical: self.row.get("physical").cloned(),
            made: made.unwrap_or(0),
            text: self.row.get("text").cloned(),
            rankings: self.row.get("rankings").cloned(),
            kept_from: self.event_time("kept_from")?,
        })
    }

    fn rule(&self) -> Result<RuleProgress, WarehouseError> {
        let text = |name| self.row.get(name).cloned().unwrap_or_default();
        let (version, stamp): (Option<u64>, Option<i64>) =
            (self.number("version")?, self.number("stamp")?);
        let (stale, failed): (Option<u64>, Option<u64>) =
            (self.number("stale")?, self.number("failed")?);
        Ok(RuleProgress {
            table: text("gold_table"),
            definition: text("definition"),
            text: text("text"),
            log: self.row.get("log").cloned(),
            version: Version(version.unwrap_or(0)),
            stamp: stamp.unwrap_or(0),
            as_of: self.event_time("as_of")?,
            stale: stale.unwrap_or(0),
            failed: failed.unwrap_or(0),
            failed_at: self.time("failed_at")?,
        })
    }

    fn event_time(&self, name: &'static str) -> Result<Option<EventTime>, WarehouseError> {
        let parse = |text: &String| {
            let time = DateTime::parse_from_rfc3339(text);
            let time = time.map_err(|_| self.invalid(name))?;
            Ok(EventTime(time.timestamp_micros()))
        };
        self.row.get(name).map(parse).transpose()
    }

    fn shadow(&self) -> Result<Shadow, WarehouseError> {
        let (files, stamp): (Option<u64>, Option<i64>) =
            (self.number("files_done")?, self.number("stamp")?);
        let asked: Option<u8> = self.number("is_asked")?;
        let (taken, taken_at) = (self.number("rows_taken")?, self.number("rows_taken_at")?);
        let shadow = Shadow {
            physical: self.row.get("physical").cloned(),
            log: self.row.get("log").cloned(),
            generation: self.needed("generation")?,
            definition: self.text("definition")?,
            base: self.number("base_version")?.map(Version),
            files_done: files.unwrap_or(0),
            version: self.number("version")?.map(Version),
            stamp: stamp.unwrap_or(0),
            is_asked: asked.unwrap_or(0) != 0,
            // What is there since an unknown time has nothing to lose.
            since: self.time("since")?.unwrap_or(UnixMillis(i64::MAX)),
            note: self.shadow_note()?,
            taken: None,
        };
        Ok(Shadow {
            taken: taken.filter(|_| taken_at == Some(shadow.mark())),
            ..shadow
        })
    }

    fn shadow_note(&self) -> Result<Option<ShadowNote>, WarehouseError> {
        let is_blocked = match self.row.get("state").map(String::as_str) {
            Some(BLOCKED) => true,
            Some(READY) => false,
            _ => return Ok(None),
        };
        let stamp: Option<i64> = self.number("noted_stamp")?;
        Ok(Some(ShadowNote {
            is_blocked,
            reason: self.row.get("reason").cloned().unwrap_or_default(),
            stamp: stamp.unwrap_or(0),
            at: self.time("noted_at")?.unwrap_or(UnixMillis(0)),
        }))
    }

    fn pending(&self) -> Result<Option<Pending>, WarehouseError> {
        let objects = self.number("pending_objects")?;
        let oldest = self.time("oldest_pending")?;
        Ok(objects.map(|objects| Pending { objects, oldest }))
    }

    fn blocked(&self) -> Result<Blocked, WarehouseError> {
        let text = |name| self.row.get(name).cloned().unwrap_or_default();
        let stamp: Option<i64> = self.number("blocked_stamp")?;
        Ok(Blocked {
            reason: text("reason"),
            version: self.number("blocked_version")?.map(Version),
            definition: text("blocked_definition"),
            stamp: stamp.unwrap_or(0),
            // What was tried at an unknown time is tried again.
            at: self.time("blocked_at")?.unwrap_or(UnixMillis(0)),
            is_rebuilding: self
                .row
                .get("state")
                .is_some_and(|state| state == REBUILDING),
        })
    }

    fn text(&self, name: &'static str) -> Result<String, WarehouseError> {
        let text = self.row.get(name).cloned();
        text.ok_or_else(|| self.invalid(name))
    }

    fn needed<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, WarehouseError> {
        self.number(name)?.ok_or_else(|| self.invalid(name))
    }

    fn number<T: std::str::FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, WarehouseError> {
        let text = self.row.get(name);
        let parse = |text: &String| text.parse().map_err(|_| self.invalid(name));
        text.map(parse).transpose()
    }

    fn time(&self, name: &'static str) -> Result<Option<UnixMillis>, WarehouseError> {
        let parse = |text: &String| {
            let time = DateTime::parse_from_rfc3339(text);
            let time = time.map_err(|_| self.invalid(name))?;
            Ok(UnixMillis(time.timestamp_millis()))
        };
        self.row.get(name).map(parse).transpose()
    }

    fn invalid(&self, column: &'static str) -> WarehouseError {
        WarehouseError::Statement {
            purpose: "read",
            object: self.book.to_owned(),
            kind: FailureKind::Permanent,
            source: format!("a row has no valid {column}").into(),
        }
    }
}
