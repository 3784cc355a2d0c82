//! The statements that move progress and say who may; pure text. All values are parameters, but those that names are
//! made of.

mod balance;
pub(crate) mod outbox;
pub(crate) mod rules;
mod samples;

use super::sql_schema::{SqlSchema, literal};
use crate::warehouse::dialect::{BLOCKED, LIVE};
use crate::warehouse::model::Build;
use crate::warehouse::schema::{BUILDS, FRESHNESS, NEXT, PROGRESS, RETIRED};
pub(super) use balance::swapped;
pub(crate) use samples::of_rules;

/// The answer of [`fence`] when every table has moved.
pub(crate) const MOVED: i32 = 0;
/// The answer of [`fence`] when another run was first, and of [`block`] when the table has moved.
pub(crate) const CONFLICT: i32 = 1;
/// The answer of [`fence`] when a later build has run.
pub(crate) const REPLACED: i32 = 2;

/// How many parameters [`fence`] has for the whole run: the dataset, the build's stamp and hash, the time of the run, the
/// watermark, how many objects wait and since when, and those of the balance. Text that is empty stands for a null
/// everywhere.
const COMMON: usize = 7 + balance::PARAMETERS;
/// How many it has for each table: its name; log, generation, definition, version, table with the rows and number of
/// tables made, as they are to be and then as they must be; until when it is settled; the text of its definition, its
/// rankings and from when on it keeps periods.
const EACH: usize = 17;

/// How a table moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// Whether it must have no progress yet.
    pub(crate) starts: bool,
    /// Whether its rows are replaced, without which what was called final stays so.
    pub(crate) replaces: bool,
}

/// Begins a transaction, one at a time for each `scope` of the schema; the row tells whether the lock was granted, which
/// it was if it is not negative. The lock ends with the transaction, also when the connection is lost.
pub(crate) fn begin(sql_schema: &SqlSchema, scope: Option<&str>) -> String {
    let mut resource = format!("sluice/{}", sql_schema.0);
    if let Some(scope) = scope {
        resource.push_str(&format!("/{scope}"));
    }
    format!(
        "BEGIN TRANSACTION;\n\
         DECLARE @granted int;\n\
         EXEC @granted = sp_getapplock @Resource = {}, @LockMode = N'Exclusive', \
         @LockOwner = N'Transaction', @LockTimeout = 30000;\n\
         SELECT @granted AS [granted]",
        literal(&resource)
    )
}

/// Moves the progress and freshness of tables, each if it still has the progress that it must have, and none if a later
/// build has run; the row tells what became of it.
pub(crate) fn fence(sql_schema: &SqlSchema, moves: &[Move]) -> String {
    let mut sql = format!(
        "IF {}\nBEGIN\n    SELECT {REPLACED} AS [outcome];\n    RETURN;\nEND",
        later_build(sql_schema, 2)
    );
    for (step, kind) in moves.iter().enumerate() {
        let first = COMMON + step * EACH + 1;
        let moved = match kind.starts {
            true => start(sql_schema, first),
            false => advance(sql_schema, first),
        };
        sql.push_str(&format!(
            ";\n{moved};\nIF @@ROWCOUNT = 0\nBEGIN\n    SELECT {CONFLICT} AS [outcome];\n    RETURN;\nEND;\n{};\n{}",
            refresh(sql_schema, first, kind.replaces),
            balance::write(
                sql_schema,
                COMMON - balance::PARAMETERS + 1,
                (first, first + 4, first + 10),
                kind.replaces
            )
        ));
    }
    sql.push_str(&format!(";\nSELECT {MOVED} AS [outcome]"));
    sql
}

/// Returns the condition that a build later than that of the parameters from `stamp` on has run for dataset `@P1`.
fn later_build(sql_schema: &SqlSchema, stamp: usize) -> String {
    let hash = stamp + 1;
    format!(
        "EXISTS (SELECT 1 FROM {} WHERE [dataset] = @P1\n    \
         AND ([stamp] > @P{stamp} OR ([stamp] = @P{stamp} AND [hash] > @P{hash})))",
        sql_schema.of(BUILDS)
    )
}

fn text(parameter: usize) -> String {
    format!("NULLIF(@P{parameter}, N'')")
}

fn kept_from(parameter: usize) -> String {
    format!("CAST({} AS datetime2(6))", text(parameter))
}

fn start(sql_schema: &SqlSchema, first: usize) -> String {
    let progress = sql_schema.of(PROGRESS);
    let at = |offset: usize| first + offset;
    format!(
        "INSERT INTO {progress} ([gold_table], [dataset], [log], [generation], [definition], [version], [physical], [n], [text], [rankings], [kept_from])\n\
         SELECT @P{}, @P1, {}, @P{}, @P{}, @P{}, {}, @P{}, {}, {}, {}\n\
         WHERE NOT EXISTS (SELECT 1 FROM {progress} WHERE [gold_table] = @P{})",
        first,
        text(at(1)),
        at(2),
        at(3),
        at(4),
        text(at(5)),
        at(6),
        text(at(14)),
        text(at(15)),
        kept_from(at(16)),
        first
    )
}

fn advance(sql_schema: &SqlSchema, first: usize) -> String {
    let at = |offset: usize| first + offset;
    format!(
        "UPDATE {} SET [dataset] = @P1, [log] = {}, [generation] = @P{}, [definition] = @P{}, [version] = @P{}, \
         [physical] = {}, [n] = @P{}, [text] = {}, [rankings] = {}, [kept_from] = {}\n\
         WHERE [gold_table] = @P{first} AND ISNULL([dataset], @P1) = @P1 AND ISNULL([log], N'') = @P{} \
         AND [generation] = @P{} AND [definition] = @P{} AND [version] = @P{} \
         AND ISNULL([physical], N'') = @P{} AND ISNULL([n], 0) = @P{}",
        sql_schema.of(PROGRESS),
        text(at(1)),
        at(2),
        at(3),
        at(4),
        text(at(5)),
        at(6),
        text(at(14)),
        text(at(15)),
        kept_from(at(16)),
        at(7),
        at(8),
        at(9),
        at(10),
        at(11),
        at(12)
    )
}

/// Writes the freshness of a table, and leaves what it does not know of that row. Times are text, so that no parameter is
/// an untyped null.
fn refresh(sql_schema: &SqlSchema, first: usize, replaces: bool) -> String {
    let freshness = sql_schema.of(FRESHNESS);
    let time =
        |parameter: usize, scale: u8| format!("CAST({} AS datetime2({scale}))", text(parameter));
    let (run, watermark) = (time(4, 6), time(5, 6));
    let (objects, oldest) = (format!("CAST({} AS bigint)", text(6)), time(7, 6));
    let (generation, version, settled) = (first + 2, first + 4, time(first + 13, 0));
    let later = match replaces {
        true => settled.clone(),
        false => format!(
            "CASE WHEN {settled} IS NULL OR [settled_until] > {settled} THEN [settled_until] ELSE {settled} END"
        ),
    };
    format!(
        "UPDATE {freshness} SET [dataset] = @P1, [watermark] = {watermark}, [settled_until] = {later}, \
         [version] = @P{version}, [last_run] = {run}, [state] = {live}, [reason] = NULL, [blocked_version] = NULL, \
         [blocked_definition] = NULL, [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = @P{generation}, \
         [pending_objects] = CASE WHEN @P6 = N'' THEN [pending_objects] ELSE {objects} END, \
         [oldest_pending] = CASE WHEN @P6 = N'' THEN [oldest_pending] ELSE {oldest} END\n\
         WHERE [gold_table] = @P{first};\n\
         IF @@ROWCOUNT = 0\n\
         INSERT INTO {freshness} ([gold_table], [dataset], [watermark], [settled_until], [version], [last_run], [state], \
         [generation], [pending_objects], [oldest_pending])\n\
         VALUES (@P{first}, @P1, {watermark}, {settled}, @P{version}, {run}, {live}, @P{generation}, {objects}, {oldest})",
        live = literal(LIVE)
    )
}

/// Notes the highest build that ever ran: the dataset, its stamp and its hash.
pub(crate) fn raise(sql_schema: &SqlSchema) -> String {
    let builds = sql_schema.of(BUILDS);
    format!(
        "UPDATE {builds} SET [stamp] = @P2, [hash] = @P3 WHERE [dataset] = @P1;\n\
         IF @@ROWCOUNT = 0\n\
         INSERT INTO {builds} ([dataset], [stamp], [hash]) VALUES (@P1, @P2, @P3)"
    )
}

/// Notes that a table stands still: its name and dataset, the reason, the version or nothing, the definition, the stamp,
/// the time and the state.
pub(crate) fn block(sql_schema: &SqlSchema) -> String {
    let freshness = sql_schema.of(FRESHNESS);
    format!(
        "IF NOT EXISTS (SELECT 1 FROM {freshness} WHERE [gold_table] = @P1)\n    \
         INSERT INTO {freshness} ([gold_table]) VALUES (@P1);\n\
         UPDATE {freshness} SET [dataset] = @P2, [state] = @P8, [reason] = @P3, \
         [settled_until] = CASE WHEN @P8 = {} THEN NULL ELSE [settled_until] END, \
         [blocked_version] = CAST({} AS bigint), [blocked_definition] = @P5, [blocked_stamp] = @P6, \
         [blocked_at] = CAST(@P7 AS datetime2(6))\n\
         WHERE [gold_table] = @P1",
        literal(BLOCKED),
        text(4)
    )
}

/// Notes that a table is no longer wanted: the dataset, its name and the time.
pub(crate) fn retire(sql_schema: &SqlSchema) -> String {
    let retired = sql_schema.of(RETIRED);
    format!(
        "INSERT INTO {retired} ([dataset], [physical], [since])\n\
         SELECT @P1, @P2, CAST(@P3 AS datetime2(6))\n\
         WHERE NOT EXISTS (SELECT 1 FROM {retired} WHERE [dataset] = @P1 AND [physical] = @P2)"
    )
}

/// Drops a table that is no longer wanted, with the note of it, if no gold table has its rows there and no later build
/// has run, and waits two seconds at most for those who read it.
pub(crate) fn drop_retired(
    sql_schema: &SqlSchema,
    (dataset, build): (&str, &Build),
    physical: &str,
) -> String {
    let (retired, progress) = (sql_schema.of(RETIRED), sql_schema.of(PROGRESS));
    let next = sql_schema.of(NEXT);
    let (dataset, name) = (literal(dataset), literal(physical));
    let (stamp, hash) = (build.stamp, literal(&build.hash));
    format!(
        "SET LOCK_TIMEOUT 2000;\n\
         BEGIN TRANSACTION;\n\
         DELETE FROM {retired} WHERE [dataset] = {dataset} AND [physical] = {name}\n    \
         AND NOT EXISTS (SELECT 1 FROM {progress} WHERE [physical] = {name})\n    \
         AND NOT EXISTS (SELECT 1 FROM {next} WHERE [physical] = {name})\n    \
         AND NOT EXISTS (SELECT 1 FROM {} WHERE [dataset] = {dataset}\n    \
         AND ([stamp] > {stamp} OR ([stamp] = {stamp} AND [hash] > {hash})));\n\
         IF @@ROWCOUNT > 0\n    \
         DROP TABLE IF EXISTS {};\n\
         COMMIT TRANSACTION;\n\
         SET LOCK_TIMEOUT 30000",
        sql_schema.of(BUILDS),
        sql_schema.of(physical)
    )
}
