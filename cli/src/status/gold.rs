//! Reads how far gold's tables are, and what is made beside them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use serde::Serialize;
use sluice::clock::{Clock, SystemClock};
use sluice::event::UnixMillis;
use sluice::gold::{LONGEST, Replaced};
use sluice::value::time::millis;
use sluice::warehouse::schema::{FRESHNESS, PROGRESS, TableIndex};
use sluice::warehouse::{Progress, Shadow, Standing, Warehouse, WarehouseError};

use super::alerts::{self, Alerts};
use crate::output::count;

#[derive(Debug, Serialize)]
pub(crate) struct GoldTable {
    pub(crate) table: String,
    pub(crate) rows: u64,
    pub(crate) version: Option<u64>,
    /// Versions of silver that it has not seen; unknown of one that shows another generation.
    pub(crate) behind: Option<u64>,
    /// Why it stands still, if it does.
    pub(crate) reason: Option<String>,
    /// The version that it could not be brought to, if it cannot go on.
    pub(crate) blocked_version: Option<u64>,
    /// What is made beside it, if anything is.
    pub(crate) next: Option<NextTable>,
    /// Seconds for which it has lacked what silver replaced since, if silver is about to remove that.
    pub(crate) lacks_for: Option<i64>,
    /// The end of the last period that nothing expected can change any more, by the time of the table's zone.
    pub(crate) settled_until: Option<String>,
    /// When it was last changed.
    pub(crate) last_run: Option<String>,
    /// Rows of silver that it has taken in, and how many it lacks of those that silver had then; unknown of a table that an
    /// earlier build made.
    pub(crate) rows_taken: Option<u64>,
    pub(crate) rows_missing: Option<i64>,
}

/// What there is of gold.
#[derive(Debug, Default)]
pub(crate) struct Gold {
    pub(crate) tables: Vec<GoldTable>,
    pub(crate) removed: Vec<RemovedTable>,
    /// What rules have raised; nothing where there are none.
    pub(crate) alerts: Option<Alerts>,
}

/// A table that is shown and that the dataset file no longer has.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RemovedTable {
    pub(crate) table: String,
    /// The version that it stays at.
    pub(crate) version: u64,
    /// When it was last changed, if that is known.
    pub(crate) since: Option<String>,
    /// The statements that remove it.
    pub(crate) removal: Vec<String>,
}

/// A table that is made beside a live one.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NextTable {
    /// `asked`, `building`, `ready` or `blocked`.
    pub(crate) state: &'static str,
    pub(crate) generation: u32,
    /// Files of its base that it has, until it has all of them.
    pub(crate) files_done: u64,
    /// The version that it stands at, once it has.
    pub(crate) version: Option<u64>,
    /// Why it is not shown, or cannot go on.
    pub(crate) reason: Option<String>,
    /// Seconds since it has been ready.
    pub(crate) ready_for: Option<i64>,
    /// Seconds since it had everything that it needs, if silver is about to remove that; it then starts over by itself.
    pub(crate) lacks_for: Option<i64>,
}

/// Returns the seconds since a time, if silver is about to remove what it replaced then.
fn about_to_go(since: UnixMillis, now: UnixMillis) -> Option<i64> {
    let age = now.0.saturating_sub(since.0);
    (age > millis(LONGEST)).then_some(age / 1_000)
}

impl NextTable {
    fn of(shadow: &Shadow, now: UnixMillis) -> Self {
        let note = shadow.note.as_ref();
        let ready = note.filter(|note| !note.is_blocked);
        Self {
            state: match (note, &shadow.base) {
                (Some(note), _) if note.is_blocked => "blocked",
                (Some(_), _) => "ready",
                (None, None) => "asked",
                (None, Some(_)) => "building",
            },
            generation: shadow.generation,
            files_done: shadow.files_done,
            version: shadow.version.map(|version| version.0),
            reason: note.map(|note| note.reason.clone()),
            ready_for: ready.map(|note| (now.0.saturating_sub(note.at.0) / 1_000).max(0)),
            lacks_for: shadow.base.and_then(|_| about_to_go(shadow.since, now)),
        }
    }
}

/// How long ago the last run was that a later package had replaced, for the app to be taken for one that still runs.
const STILL_RUNS: Duration = Duration::from_secs(60 * 60);

/// Says how the last run ended that a later package had replaced, unless that is long over.
pub(crate) fn replaced((why, at): (Replaced, UnixMillis), now: UnixMillis) -> Option<String> {
    at.is_young(now, millis(STILL_RUNS))
        .then(|| format!("a run at {at} published nothing: {why}"))
}

const ANOTHERS: &str =
    "it follows another pipeline; if it is to follow this one, run `sluice rebuild gold`";

impl GoldTable {
    /// One of which nothing can be read.
    fn unread(table: &str, reason: Option<String>, blocked_version: Option<u64>) -> Self {
        Self {
            table: table.to_owned(),
            rows: 0,
            version: None,
            behind: None,
            reason,
            blocked_version,
            next: None,
            lacks_for: None,
            settled_until: None,
            last_run: None,
            rows_taken: None,
            rows_missing: None,
        }
    }

    /// Says what does not add up between it and silver, if anything does not.
    pub(crate) fn imbalance(&self) -> Option<String> {
        let missing = self.rows_missing.filter(|missing| *missing != 0)?;
        let rows = count(missing.unsigned_abs(), "row");
        Some(match missing > 0 {
            true => format!("it lacks {rows} of silver, which `sluice audit` looks into"),
            false => format!("it has taken in {rows} too many, which `sluice audit` looks into"),
        })
    }
}

/// What keeps a table from going on.
struct Trouble {
    reason: Option<String>,
    blocked_version: Option<u64>,
    /// Whether none of its rows can be shown.
    is_unreadable: bool,
}

impl Trouble {
    fn of(standing: &mut Standing, table: &str, index: TableIndex) -> Self {
        let blocked = standing.blocked.remove(table);
        let blocked_version = blocked.as_ref().and_then(|blocked| blocked.version);
        // What does not fit, or has its name from another, hides none of the others.
        let unfit = standing.unfit.remove(&index);
        Self {
            is_unreadable: unfit
                .as_ref()
                .is_some_and(WarehouseError::keeps_from_showing),
            reason: match unfit {
                Some(unfit) => Some(sluice::error::chain(&unfit)),
                None => blocked.map(|blocked| blocked.reason),
            },
            blocked_version: blocked_version.map(|version| version.0),
        }
    }
}

/// Reads every table of gold, or says why not.
pub(crate) async fn read_gold(
    warehouse: &dyn Warehouse,
    head: Option<(u64, Option<&str>)>,
) -> Result<Gold, String> {
    let text = |error: WarehouseError| sluice::error::chain(&error);
    if warehouse.schema().tables.is_empty() {
        return Err("the dataset file has no gold table".to_owned());
    }
    let mut standing = warehouse.look().await.map_err(text)?;
    if standing.missing.iter().any(|name| name == PROGRESS) {
        return Err("gold has not run yet".to_owned());
    }
    let (schema, now) = (warehouse.schema(), SystemClock.now());
    let mut fresh = freshness(warehouse).await.map_err(text)?;
    let removed = removed(warehouse, &standing, &fresh);
    let mut tables = Vec::new();
    for (index, table) in schema.indexed_tables() {
        let Trouble {
            reason,
            blocked_version,
            is_unreadable,
        } = Trouble::of(&mut standing, &table.name, index);
        let next = standing
            .next
            .get(&table.name)
            .map(|next| NextTable::of(next, now));
        if is_unreadable || standing.missing.contains(&table.name) {
            tables.push(GoldTable {
                next,
                ..GoldTable::unread(&table.name, reason, blocked_version)
            });
            continue;
        }
        let progress = standing.progress.get(&table.name);
        let version = progress.map(|progress| progress.version.0);
        let (latest, is_anothers) = latest(progress, schema.generation, head);
        let reason = reason.or_else(|| is_anothers.then(|| ANOTHERS.to_owned()));
        let is_behind = latest > version;
        let fresh = fresh.remove(&table.name).unwrap_or_default();
        let moved = fresh.moved.filter(|_| is_behind);
        tables.push(GoldTable {
            table: table.name.clone(),
            rows: warehouse.count_rows(&table.name).await.map_err(text)?,
            version,
            behind: latest
                .zip(version)
                .map(|(latest, version)| latest.saturating_sub(version)),
            reason,
            blocked_version,
            next,
            lacks_for: moved.and_then(|moved| about_to_go(moved, now)),
            last_run: fresh.moved.map(|moved| moved.to_string()),
            rows_taken: fresh.rows_taken,
            rows_missing: fresh.rows_missing(),
            settled_until: fresh.settled_until,
        });
    }
    Ok(Gold {
        tables,
        removed,
        alerts: alerts::read(warehouse, &standing).await.map_err(text)?,
    })
}

/// Returns the latest version that a table may be compared with, and whether it follows another pipeline's log: versions of
/// two generations, or of two logs, are never compared.
fn latest(
    progress: Option<&Progress>,
    generation: u32,
    head: Option<(u64, Option<&str>)>,
) -> (Option<u64>, bool) {
    let current = progress.filter(|own| own.generation == generation);
    match current.zip(head) {
        Some((own, (latest, log))) if own.follows(log) => (Some(latest), false),
        Some(_) => (None, true),
        None => (None, false),
    }
}

/// Returns the tables that the dataset file no longer has.
fn removed(
    warehouse: &dyn Warehouse,
    standing: &Standing,
    fresh: &BTreeMap<String, Freshness>,
) -> Vec<RemovedTable> {
    let removed = standing.removed(warehouse.schema()).into_iter();
    let removed = removed.map(|(table, progress)| RemovedTable {
        version: progress.version.0,
        since: fresh
            .get(&table)
            .and_then(|fresh| fresh.moved)
            .map(|moved| moved.to_string()),
        removal: warehouse.removal(&table, &progress),
        table,
    });
    removed.collect()
}

/// What the books say of how fresh a table is.
#[derive(Debug, Default)]
struct Freshness {
    /// When it was last changed.
    moved: Option<UnixMillis>,
    settled_until: Option<String>,
    /// Rows that silver had then, and those of them that it has taken in.
    rows: Option<u64>,
    rows_taken: Option<u64>,
}

impl Freshness {
    /// Returns how many of the rows that silver had it has not taken in; fewer than none where it has taken in too many.
    fn rows_missing(&self) -> Option<i64> {
        Some(self.rows?.cast_signed() - self.rows_taken?.cast_signed())
    }
}

/// Reads how fresh each table is.
async fn freshness(
    warehouse: &dyn Warehouse,
) -> Result<BTreeMap<String, Freshness>, WarehouseError> {
    let read = warehouse.read_table(FRESHNESS, None, usize::MAX).await?;
    let at = |name: &str| read.columns.iter().position(|column| column == name);
    let Some(table) = at("gold_table") else {
        return Ok(BTreeMap::new());
    };
    let (last, settled) = (at("last_run"), at("settled_until"));
    let (silver, taken) = (at("rows"), at("rows_taken"));
    let rows = read.rows.iter().filter_map(|row| {
        let value = |column: Option<usize>| row.get(column?)?.clone();
        let time = value(last).and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
        let fresh = Freshness {
            moved: time.map(|time| UnixMillis(time.timestamp_millis())),
            settled_until: value(settled),
            rows: value(silver).and_then(|rows| rows.parse().ok()),
            rows_taken: value(taken).and_then(|rows| rows.parse().ok()),
        };
        Some((row.get(table)?.clone()?, fresh))
    });
    Ok(rows.collect())
}
