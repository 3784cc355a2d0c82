//! Shadows in the place of live tables, all at once; pure text. The handler and an administrator run the same batch: both
//! rows of each table are compared with what was read, and views come last.

use super::beside::{
    CONFLICT, DONE, begin_change, instant, pending, progress_is, refuse, retire, shadow_is, time,
    version,
};
use super::ddl::show_view;
use super::sql_schema::{SqlSchema, literal};
use super::steps::swapped;
use crate::warehouse::dialect::{self, Dialect, LIVE, ViewDefinition};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Progress, Shadow, Swap};
use crate::warehouse::schema::{FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED, TableIndex};

/// Returns the batch, all but the commit; the row tells what became of it.
///
/// # Errors
/// Fails if the swap is not of this schema.
pub(crate) fn swap(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    swap: &Swap,
) -> Result<String, WarehouseError> {
    let books = part(schema, sql_schema, swap)?;
    Ok(format!("{books}{}", views(schema, sql_schema, swap)?))
}

/// Returns that part of the batch that compares and moves the books; the row tells what became of it.
///
/// # Errors
/// As [`swap`].
pub(crate) fn books(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    swap: &Swap,
) -> Result<String, WarehouseError> {
    let books = part(schema, sql_schema, swap)?;
    Ok(format!("{books}SELECT {DONE} AS [outcome]"))
}

fn part(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    swap: &Swap,
) -> Result<String, WarehouseError> {
    let dataset = schema.dataset.as_str();
    let mut sql = begin_change(sql_schema, dataset, &swap.build);
    for (index, progress, shadow) in &swap.tables {
        sql.push_str(&moved(
            schema,
            sql_schema,
            (*index, progress, shadow),
            swap,
        )?);
    }
    for (name, progress) in &swap.retired {
        sql.push_str(&forgotten(sql_schema, dataset, (name, progress), swap));
    }
    Ok(sql)
}

/// Returns that part of the batch that alters the views; the row tells what became of it.
///
/// # Errors
/// As [`swap`].
pub(crate) fn views(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    swap: &Swap,
) -> Result<String, WarehouseError> {
    let mut sql = String::new();
    let (gone, views) = dialect::swapped(schema, swap, sql_schema)?;
    for name in gone {
        sql.push_str(&format!("{};\n", sql_schema.drop_view(&name)));
    }
    for view in &views {
        sql.push_str(&shown(sql_schema, view));
    }
    sql.push_str(&format!("SELECT {DONE} AS [outcome]"));
    Ok(sql)
}

/// Moves the books of one table.
fn moved(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (index, progress, shadow): (TableIndex, &Progress, &Shadow),
    swap: &Swap,
) -> Result<String, WarehouseError> {
    let table = schema.table_at(index)?;
    let (dataset, name) = (schema.dataset.as_str(), table.name.as_str());
    let refused = refuse("@@ROWCOUNT = 0", CONFLICT);
    let mut sql = format!(
        "UPDATE {} SET [dataset] = {}, [log] = {}, [generation] = {}, [definition] = {}, [version] = {}, \
         [physical] = {}, [text] = {}, [rankings] = {}, [kept_from] = {}\nWHERE {};\n{refused}",
        sql_schema.of(PROGRESS),
        literal(dataset),
        text(shadow.log.as_deref()),
        shadow.generation,
        literal(&shadow.definition),
        version(Some(shadow.version.unwrap_or_default())),
        text(shadow.physical.as_deref()),
        literal(&table.text),
        text(schema.views_of(index).as_deref()),
        time(table.kept_from(swap.watermark), 6),
        progress_is(dataset, name, progress),
    );
    sql.push_str(&format!(
        "DELETE FROM {} WHERE {};\n{refused}",
        sql_schema.of(NEXT),
        shadow_is(dataset, name, shadow)
    ));
    let settled = schema.settled_until(&table.steps(), swap.complete_to);
    let (objects, oldest) = pending(swap.pending);
    let (freshness, full) = (sql_schema.of(FRESHNESS), literal(name));
    sql.push_str(&format!(
        "IF NOT EXISTS (SELECT 1 FROM {freshness} WHERE [gold_table] = {full})\n    \
         INSERT INTO {freshness} ([gold_table]) VALUES ({full});\n\
         UPDATE {freshness} SET [dataset] = {}, [watermark] = {}, [settled_until] = {}, [version] = {}, \
         [last_run] = {}, [state] = {}, [reason] = NULL, [blocked_version] = NULL, [blocked_definition] = NULL, \
         [blocked_stamp] = NULL, [blocked_at] = NULL, [generation] = {}, [next_generation] = NULL, \
         [next_done] = NULL, [pending_objects] = {objects}, [oldest_pending] = {oldest}, {}\nWHERE [gold_table] = {full};\n",
        literal(dataset),
        time(swap.watermark, 6),
        time(settled, 0),
        version(Some(shadow.version.unwrap_or_default())),
        instant(swap.at),
        literal(LIVE),
        shadow.generation,
        swapped(swap.silver.as_ref(), shadow),
    ));
    if let Some(before) = &progress.physical {
        sql.push_str(&retire(sql_schema, dataset, (before, swap.at)));
    }
    Ok(sql)
}

/// Lets a table go that the dataset file no longer has. Its count stays, so that no name is used twice.
fn forgotten(
    sql_schema: &SqlSchema,
    dataset: &str,
    (name, progress): (&str, &Progress),
    swap: &Swap,
) -> String {
    let next = sql_schema.of(NEXT);
    let mut sql = format!(
        "UPDATE {} SET [dataset] = {}, [log] = NULL, [generation] = 0, [definition] = N'', [version] = 0, \
         [physical] = NULL, [text] = NULL, [rankings] = NULL\nWHERE {};\n{}",
        sql_schema.of(PROGRESS),
        literal(dataset),
        progress_is(dataset, name, progress),
        refuse("@@ROWCOUNT = 0", CONFLICT)
    );
    if let Some(before) = &progress.physical {
        sql.push_str(&retire(sql_schema, dataset, (before, swap.at)));
    }
    let (full, at) = (literal(name), instant(swap.at));
    sql.push_str(&format!(
        "INSERT INTO {} ([dataset], [physical], [since])\nSELECT [dataset], [physical], {at} FROM {next}\n\
         WHERE [gold_table] = {full} AND [physical] IS NOT NULL;\n",
        sql_schema.of(RETIRED)
    ));
    for book in [&next, &sql_schema.of(FRESHNESS)] {
        sql.push_str(&format!(
            "DELETE FROM {book} WHERE [gold_table] = {full};\n"
        ));
    }
    sql
}

/// Lets a view show the table that takes over, which keeps its permissions, or makes it. Both are first in their batch.
fn shown(sql_schema: &SqlSchema, view: &ViewDefinition) -> String {
    let made = show_view(sql_schema, view);
    let altered = made.replacen("CREATE OR ALTER VIEW", "ALTER VIEW", 1);
    let created = made.replacen("CREATE OR ALTER VIEW", "CREATE VIEW", 1);
    format!(
        "IF OBJECT_ID({}, N'V') IS NOT NULL\n    EXEC({})\nELSE\n    EXEC({});\n",
        literal(&sql_schema.of(&view.name)),
        literal(&altered),
        literal(&created)
    )
}

fn text(text: Option<&str>) -> String {
    text.map_or("NULL".to_owned(), literal)
}
