//! Tables beside the live ones: which there are, how they are filled, and what else is said in books; pure text. Values are literals in quotes, so that
//! people can read and run what the handler does.

use chrono::DateTime;

use super::sql_schema::{SqlSchema, literal};
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::dialect::{self, REMOVED, state_of_note};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{
    Arrangement, Build, Fill, Filled, Pending, Progress, Remarks, Shadow,
};
use crate::warehouse::schema::{BUILDS, FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED};

/// The answer when it is done but for the commit.
pub(crate) const DONE: i32 = 0;
/// The answer when another run was first.
pub(crate) const CONFLICT: i32 = 1;
/// The answer when a later build has run.
pub(crate) const REPLACED: i32 = 2;
/// The answer when somebody holds the lock.
pub(crate) const LOCKED: i32 = 3;

/// How long a change that readers may be in the way of waits for them, in milliseconds.
const PATIENCE: u32 = 2_000;
/// How long a session waits for a lock otherwise.
const USUAL: u32 = 30_000;

/// Commits, and lets the session wait for locks as long as before.
pub(crate) const COMMIT: &str = "COMMIT TRANSACTION;\nSET LOCK_TIMEOUT 30000";

/// The name of a lock.
fn resource(sql_schema: &SqlSchema, dataset: &str, table: Option<&str>) -> String {
    let mut resource = format!("sluice/{}/{dataset}", sql_schema.0);
    if let Some(table) = table {
        resource.push_str(&format!("/{table}"));
    }
    literal(&resource)
}

/// Undoes everything and says why, where the condition holds.
pub(super) fn refuse(condition: &str, outcome: i32) -> String {
    format!(
        "IF {condition}\nBEGIN\n    ROLLBACK TRANSACTION;\n    SET LOCK_TIMEOUT {USUAL};\n    \
         SELECT {outcome} AS [outcome];\n    RETURN;\nEND;\n"
    )
}

/// Begins a transaction, with the locks of a dataset's live tables, or of some tables beside them.
fn begin(sql_schema: &SqlSchema, dataset: &str, tables: Option<&[&str]>, build: &Build) -> String {
    let resources = match tables {
        None => vec![resource(sql_schema, dataset, None)],
        Some(tables) => {
            let resources = tables
                .iter()
                .map(|table| resource(sql_schema, dataset, Some(table)));
            resources.collect()
        }
    };
    let mut sql =
        format!("SET LOCK_TIMEOUT {PATIENCE};\nBEGIN TRANSACTION;\nDECLARE @granted int;\n");
    for resource in resources {
        sql.push_str(&format!(
            "EXEC @granted = sp_getapplock @Resource = {resource}, @LockMode = N'Exclusive', \
             @LockOwner = N'Transaction', @LockTimeout = {PATIENCE};\n"
        ));
        sql.push_str(&refuse("@granted < 0", LOCKED));
    }
    let (stamp, hash) = (build.stamp, literal(&build.hash));
    let later = format!(
        "EXISTS (SELECT 1 FROM {} WHERE [dataset] = {}\n    \
         AND ([stamp] > {stamp} OR ([stamp] = {stamp} AND [hash] > {hash})))",
        sql_schema.of(BUILDS),
        literal(dataset)
    );
    sql.push_str(&refuse(&later, REPLACED));
    sql
}

/// Begins a transaction that changes books and views of a dataset.
pub(super) fn begin_change(sql_schema: &SqlSchema, dataset: &str, build: &Build) -> String {
    begin(sql_schema, dataset, None, build)
}

fn text(text: Option<&str>) -> String {
    text.map_or("NULL".to_owned(), literal)
}

fn number(number: Option<i64>) -> String {
    number.map_or("NULL".to_owned(), |number| number.to_string())
}

pub(super) fn version(version: Option<Version>) -> String {
    number(version.map(Version::as_i64))
}

/// Returns a time as a literal of so many digits of a second.
pub(super) fn time(time: Option<EventTime>, scale: u8) -> String {
    let time = time.and_then(|time| DateTime::from_timestamp_micros(time.0));
    match time {
        Some(time) => format!(
            "CAST({} AS datetime2({scale}))",
            literal(&time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        ),
        None => "NULL".to_owned(),
    }
}

pub(super) fn instant(at: UnixMillis) -> String {
    time(Some(at.as_event_time()), 6)
}

fn is(column: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("[{column}] = {}", literal(value)),
        None => format!("[{column}] IS NULL"),
    }
}

fn is_number(column: &str, value: Option<i64>) -> String {
    match value {
        Some(value) => format!("[{column}] = {value}"),
        None => format!("[{column}] IS NULL"),
    }
}

/// Returns a count as the server keeps it; nobody counts so far.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the condition that a row of progress is still what it must be.
pub(super) fn progress_is(dataset: &str, name: &str, progress: &Progress) -> String {
    let dataset = literal(dataset);
    format!(
        "[gold_table] = {} AND ISNULL([dataset], {dataset}) = {dataset} AND {} AND [generation] = {} \
         AND [definition] = {} AND [version] = {} AND {} AND ISNULL([n], 0) = {}",
        literal(name),
        is("log", progress.log.as_deref()),
        progress.generation,
        literal(&progress.definition),
        progress.version.as_i64(),
        is("physical", progress.physical.as_deref()),
        stored(progress.made),
    )
}

/// Returns the condition that a shadow is still what it must be.
pub(super) fn shadow_is(dataset: &str, name: &str, shadow: &Shadow) -> String {
    format!(
        "[gold_table] = {} AND [dataset] = {} AND {} AND {} AND [generation] = {} AND [definition] = {} AND {} \
         AND ISNULL([files_done], 0) = {} AND {} AND ISNULL([stamp], 0) = {} AND ISNULL([is_asked], 0) = {}",
        literal(name),
        literal(dataset),
        is("physical", shadow.physical.as_deref()),
        is("log", shadow.log.as_deref()),
        shadow.generation,
        literal(&shadow.definition),
        is_number("base_version", shadow.base.map(Version::as_i64)),
        stored(shadow.files_done),
        is_number("version", shadow.version.map(Version::as_i64)),
        shadow.stamp,
        u8::from(shadow.is_asked),
    )
}

/// Returns the columns of a shadow's row that change, with their values.
fn values(shadow: &Shadow) -> [(&'static str, String); 16] {
    let note = shadow.note.as_ref();
    [
        ("physical", text(shadow.physical.as_deref())),
        ("log", text(shadow.log.as_deref())),
        ("generation", shadow.generation.to_string()),
        ("definition", literal(&shadow.definition)),
        ("base_version", version(shadow.base)),
        ("files_done", stored(shadow.files_done).to_string()),
        ("version", version(shadow.version)),
        ("stamp", shadow.stamp.to_string()),
        ("is_asked", u8::from(shadow.is_asked).to_string()),
        ("since", instant(shadow.since)),
        ("state", text(note.map(state_of_note))),
        ("reason", text(note.map(|note| note.reason.as_str()))),
        ("noted_stamp", number(note.map(|note| note.stamp))),
        (
            "noted_at",
            note.map_or("NULL".to_owned(), |note| instant(note.at)),
        ),
        ("rows_taken", number(shadow.taken.map(stored))),
        (
            "rows_taken_at",
            number(shadow.taken.map(|_| stored(shadow.mark()))),
        ),
    ]
}

/// Says of a live table what is made beside it, and how far that is.
fn say_next(sql_schema: &SqlSchema, name: &str, next: Option<&Shadow>, percent: u8) -> String {
    format!(
        "UPDATE {} SET [next_generation] = {}, [next_done] = {} WHERE [gold_table] = {};\n",
        sql_schema.of(FRESHNESS),
        number(next.map(|next| i64::from(next.generation))),
        number(next.map(|_| i64::from(percent))),
        literal(name)
    )
}

/// Notes that a table is no longer wanted.
pub(super) fn retire(
    sql_schema: &SqlSchema,
    dataset: &str,
    (physical, at): (&str, UnixMillis),
) -> String {
    let retired = sql_schema.of(RETIRED);
    let (dataset, physical) = (literal(dataset), literal(physical));
    format!(
        "INSERT INTO {retired} ([dataset], [physical], [since])\nSELECT {dataset}, {physical}, {}\n\
         WHERE NOT EXISTS (SELECT 1 FROM {retired} WHERE [dataset] = {dataset} AND [physical] = {physical});\n",
        instant(at)
    )
}

/// Changes which shadows tables have, all but the commit; the row tells what became of it.
///
/// # Errors
/// Fails if a change is not of this schema.
pub(crate) fn arrange(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (changes, build, at): (&[Arrangement], &Build, UnixMillis),
) -> Result<String, WarehouseError> {
    let (dataset, next) = (schema.dataset.as_str(), sql_schema.of(NEXT));
    let mut sql = begin(sql_schema, dataset, None, build);
    for change in changes {
        let table = schema.table_at(change.table)?;
        let name = &table.name;
        let (book, made) = (sql_schema.of(PROGRESS), stored(change.moved().made));
        sql.push_str(&match &change.progress {
            Some(progress) => format!(
                "UPDATE {book} SET [n] = {made} WHERE {};\n",
                progress_is(dataset, name, progress)
            ),
            // It shows nothing yet.
            None => format!(
                "INSERT INTO {book} ([gold_table], [dataset], [generation], [definition], [version], [n])\n\
                 SELECT {full}, {}, 0, N'', 0, {made}\n\
                 WHERE NOT EXISTS (SELECT 1 FROM {book} WHERE [gold_table] = {full});\n",
                literal(dataset),
                full = literal(name)
            ),
        });
        sql.push_str(&refuse("@@ROWCOUNT = 0", CONFLICT));
        sql.push_str(&match &change.from {
            Some(from) => format!(
                "DELETE FROM {next} WHERE {};\n{}",
                shadow_is(dataset, name, from),
                refuse("@@ROWCOUNT = 0", CONFLICT)
            ),
            None => refuse(
                &format!(
                    "EXISTS (SELECT 1 FROM {next} WHERE [gold_table] = {})",
                    literal(name)
                ),
                CONFLICT,
            ),
        });
        if let Some(to) = &change.to {
            sql.push_str(&insert(sql_schema, dataset, name, to));
        }
        if let Some(physical) = change.created() {
            let definition = dialect::table(table, physical, sql_schema);
            sql.push_str(&format!("{};\n", definition.create(sql_schema)));
        }
        if let Some(physical) = change.retired() {
            sql.push_str(&retire(sql_schema, dataset, (physical, at)));
        }
        sql.push_str(&say_next(sql_schema, name, change.to.as_ref(), 0));
    }
    sql.push_str(&format!("SELECT {DONE} AS [outcome]"));
    Ok(sql)
}

/// Writes what is said of tables that a run does not move, all but the commit; the row tells what became of it.
pub(crate) fn remark(sql_schema: &SqlSchema, dataset: &str, remarks: &Remarks) -> String {
    let mut sql = begin(sql_schema, dataset, None, &remarks.build);
    let (freshness, dataset) = (sql_schema.of(FRESHNESS), literal(dataset));
    if remarks.pending.is_some() {
        let (objects, oldest) = pending(remarks.pending);
        sql.push_str(&format!(
            "UPDATE {freshness} SET [pending_objects] = {objects}, [oldest_pending] = {oldest} WHERE [dataset] = {dataset};\n"
        ));
    }
    for (table, reason) in &remarks.removed {
        sql.push_str(&format!(
            "UPDATE {freshness} SET [state] = {}, [reason] = {}, [blocked_version] = NULL, [blocked_definition] = NULL, \
             [blocked_stamp] = NULL, [blocked_at] = NULL\nWHERE [gold_table] = {} AND [dataset] = {dataset};\n",
            literal(REMOVED),
            literal(reason),
            literal(table),
        ));
    }
    sql.push_str(&format!("SELECT {DONE} AS [outcome]"));
    sql
}

/// Returns what waits of bronze as literals: how many objects, and since when.
pub(super) fn pending(pending: Option<Pending>) -> (String, String) {
    let Some(pending) = pending else {
        return ("NULL".to_owned(), "NULL".to_owned());
    };
    let oldest = pending.oldest.map(|oldest| oldest.as_event_time());
    (pending.objects.to_string(), time(oldest, 6))
}

fn insert(sql_schema: &SqlSchema, dataset: &str, name: &str, shadow: &Shadow) -> String {
    let values = values(shadow);
    let columns = values.iter().map(|(column, _)| format!(", [{column}]"));
    let texts = values.iter().map(|(_, value)| format!(", {value}"));
    format!(
        "INSERT INTO {} ([gold_table], [dataset]{})\nVALUES ({}, {}{});\n",
        sql_schema.of(NEXT),
        columns.collect::<String>(),
        literal(name),
        literal(dataset),
        texts.collect::<String>()
    )
}

/// Begins a transaction that fills shadows, each if it is still what it must be; the row tells what became of it.
///
/// # Errors
/// Fails if a shadow is not of this schema.
pub(crate) fn open(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    fill: &Fill,
) -> Result<String, WarehouseError> {
    let mut names = Vec::new();
    for (index, _) in &fill.shadows {
        names.push(schema.table_at(*index)?.name.as_str());
    }
    let dataset = schema.dataset.as_str();
    let mut sql = begin(sql_schema, dataset, Some(&names), &fill.build);
    for ((_, shadow), name) in fill.shadows.iter().zip(&names) {
        // What is written is what was there: the row is held until the commit.
        sql.push_str(&format!(
            "UPDATE {} SET [stamp] = [stamp] WHERE {};\n{}",
            sql_schema.of(NEXT),
            shadow_is(dataset, name, shadow),
            refuse("@@ROWCOUNT = 0", CONFLICT)
        ));
    }
    sql.push_str(&format!(
        "SET LOCK_TIMEOUT {USUAL};\nSELECT {DONE} AS [outcome]"
    ));
    Ok(sql)
}

/// Notes where shadows stand after a part of their filling.
///
/// # Errors
/// Fails if a shadow is not of this schema.
pub(crate) fn note(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    filled: &[Filled],
) -> Result<String, WarehouseError> {
    let mut sql = String::new();
    for Filled { table, to, .. } in filled {
        let name = &schema.table_at(*table)?.name;
        let values = values(to);
        let values = values
            .iter()
            .map(|(column, value)| format!("[{column}] = {value}"));
        let values: Vec<String> = values.collect();
        sql.push_str(&format!(
            "UPDATE {} SET {} WHERE [gold_table] = {};\n",
            sql_schema.of(NEXT),
            values.join(", "),
            literal(name)
        ));
    }
    // The rows that runs of live tables write come last, and are not held for long.
    for Filled { table, to, percent } in filled {
        let name = &schema.table_at(*table)?.name;
        sql.push_str(&say_next(sql_schema, name, Some(to), *percent));
    }
    Ok(sql)
}
