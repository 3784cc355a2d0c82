//! What moves rules, reads what they compare, and writes alerts; pure text. Lists come as JSON, everything else is a parameter or
//! a literal in quotes.

use super::{CONFLICT, MOVED};
use crate::event::EventTime;
use crate::warehouse::azure_sql::statements::beside::time;
use crate::warehouse::azure_sql::statements::sql_schema::{SqlSchema, literal, quote};
use crate::warehouse::model::{CLEARED, Cleared, Effects, RuleStep};
use crate::warehouse::schema::{ALERTS, KEY, MeasureColumn, OUTBOX, RULES, TableSchema};

/// Now by the server's clock, which counts for messages.
const NOW: &str = "CAST(SYSUTCDATETIME() AS datetime2(6))";

/// Asks how much the rules of a dataset know.
pub(crate) fn known(sql_schema: &SqlSchema, dataset: &str) -> String {
    format!(
        "SELECT [rule], [as_of] FROM {} WHERE [dataset] = {} AND [as_of] IS NOT NULL",
        sql_schema.of(RULES),
        literal(dataset)
    )
}

/// Moves rules, each if it stands where it should; the row tells what became of it.
pub(crate) fn advance<'a>(
    sql_schema: &SqlSchema,
    dataset: &str,
    steps: impl Iterator<Item = (&'a RuleStep, Option<EventTime>)>,
) -> String {
    let (rules, dataset) = (sql_schema.of(RULES), literal(dataset));
    let mut sql = String::new();
    for (step, as_of) in steps {
        let (name, to) = (literal(&step.name), &step.to);
        let log = to.log.as_deref().map_or("NULL".to_owned(), literal);
        let (table, definition, text) = (
            literal(&to.table),
            literal(&to.definition),
            literal(&to.text),
        );
        let (version, stamp, as_of) = (to.version.as_i64(), to.stamp, time(as_of, 6));
        sql.push_str(&match &step.from {
            None => format!(
                "INSERT INTO {rules} ([dataset], [rule], [gold_table], [definition], [text], [log], [version], [stamp], \
                 [as_of], [stale])\nSELECT {dataset}, {name}, {table}, {definition}, {text}, {log}, {version}, {stamp}, \
                 {as_of}, 0\nWHERE NOT EXISTS (SELECT 1 FROM {rules} WHERE [dataset] = {dataset} AND [rule] = {name});\n"
            ),
            Some(from) => format!(
                "UPDATE {rules} SET [gold_table] = {table}, [definition] = {definition}, [text] = {text}, [log] = {log}, \
                 [version] = {version}, [stamp] = {stamp}, [as_of] = {as_of}, \
                 [failed] = CASE WHEN [definition] = {definition} THEN [failed] END, \
                 [failed_at] = CASE WHEN [definition] = {definition} THEN [failed_at] END\n\
                 WHERE [dataset] = {dataset} AND [rule] = {name} AND ISNULL([gold_table], N'') = {} \
                 AND ISNULL([definition], N'') = {} AND ISNULL([log], N'') = {} AND ISNULL([version], 0) = {} \
                 AND ISNULL([stamp], 0) = {};\n",
                literal(&from.table),
                literal(&from.definition),
                literal(from.log.as_deref().unwrap_or_default()),
                from.version.as_i64(),
                from.stamp,
            ),
        });
        sql.push_str(&format!(
            "IF @@ROWCOUNT = 0\nBEGIN\n    SELECT {CONFLICT} AS [outcome];\n    RETURN;\nEND;\n"
        ));
    }
    sql.push_str(&format!("SELECT {MOVED} AS [outcome]"));
    sql
}

/// The columns of a group, as they are read.
fn columns(of: &str, table: &TableSchema) -> Vec<String> {
    let time = table.time().into_iter();
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let leading = [KEY].into_iter().chain(time).chain(dimensions);
    let leading = leading.map(str::to_owned);
    let stored = table.measures.iter().flat_map(MeasureColumn::columns);
    let stored = stored.map(|column| column.name);
    let names = leading.chain(stored);
    names.map(|name| format!("{of}.{}", quote(&name))).collect()
}

/// Reads the groups of a table whose last times lie in a range: from the first one on and before the second.
pub(crate) fn silent(
    sql_schema: &SqlSchema,
    (table, physical): (&TableSchema, &str),
    measure: &str,
    (from, to): (EventTime, EventTime),
) -> String {
    let name = quote(measure);
    format!(
        "SELECT {}\nFROM {} AS t WHERE t.{name} >= {} AND t.{name} < {}",
        columns("t", table).join(", "),
        sql_schema.of(physical),
        time(Some(from), 6),
        time(Some(to), 6)
    )
}

/// Returns the condition that an open alert is one of a rule.
fn is_open(dataset: &str, rule: &str) -> String {
    format!(
        "a.[dataset] = {} AND a.[rule] = {} AND a.[cleared_at] IS NULL",
        literal(dataset),
        literal(rule)
    )
}

/// Returns the condition that an alert is of a row of a table.
fn is_of_row(table: &TableSchema) -> String {
    let period = table.time().map(|time| {
        format!(
            " AND CAST(t.{} AS datetime2(6)) = a.[period_start]",
            quote(time)
        )
    });
    format!(
        "t.{} = CONVERT(binary(16), a.[group_key], 2){}",
        quote(KEY),
        period.unwrap_or_default()
    )
}

/// Lists the open alerts of a rule that are of groups: their keys and the starts of their periods.
pub(crate) fn open(sql_schema: &SqlSchema, dataset: &str, rule: &str) -> String {
    format!(
        "SELECT CONVERT(binary(16), a.[group_key], 2) AS [key], a.[period_start]\nFROM {} AS a WHERE {} AND a.[group_key] IS NOT NULL",
        sql_schema.of(ALERTS),
        is_open(dataset, rule)
    )
}

/// Lists those of them whose groups a table does not have.
pub(crate) fn vanished(
    sql_schema: &SqlSchema,
    (dataset, rule): (&str, &str),
    (table, physical): (&TableSchema, &str),
) -> String {
    format!(
        "{}\n    AND NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})",
        open(sql_schema, dataset, rule),
        sql_schema.of(physical),
        is_of_row(table)
    )
}

/// Reads the groups of a table that have an open alert of a rule.
pub(crate) fn alerted(
    sql_schema: &SqlSchema,
    (dataset, rule): (&str, &str),
    (table, physical): (&TableSchema, &str),
) -> String {
    format!(
        "SELECT {}\nFROM {} AS t\nWHERE EXISTS (SELECT 1 FROM {} AS a WHERE {} AND {})",
        columns("t", table).join(", "),
        sql_schema.of(physical),
        sql_schema.of(ALERTS),
        is_open(dataset, rule),
        is_of_row(table)
    )
}

/// Reads every group of a table that takes the place of another one, whether that has it, and what that has.
pub(crate) fn pairs(
    sql_schema: &SqlSchema,
    (old, old_physical): (&TableSchema, &str),
    (new, new_physical): (&TableSchema, &str),
) -> String {
    let key = new.time().into_iter().chain([KEY]).map(quote);
    let same: Vec<String> = key.map(|name| format!("o.{name} = n.{name}")).collect();
    format!(
        "SELECT {}, CASE WHEN o.{} IS NULL THEN 0 ELSE 1 END AS [was], {}\nFROM {} AS n\nLEFT JOIN {} AS o ON {}",
        columns("n", new).join(", "),
        quote(KEY),
        columns("o", old).join(", "),
        sql_schema.of(new_physical),
        sql_schema.of(old_physical),
        same.join(" AND ")
    )
}

/// Counts what was too old to be told, and what could not be computed.
pub(crate) fn count(
    sql_schema: &SqlSchema,
    (dataset, rule): (&str, &str),
    (stale, failed): (u64, u64),
    at: EventTime,
) -> String {
    let marked = match failed {
        0 => String::new(),
        failed => format!(
            ", [failed] = ISNULL([failed], 0) + {failed}, [failed_at] = {}",
            time(Some(at), 6)
        ),
    };
    format!(
        "UPDATE {} SET [stale] = ISNULL([stale], 0) + {stale}{marked} WHERE [dataset] = {} AND [rule] = {}",
        sql_schema.of(RULES),
        literal(dataset),
        literal(rule)
    )
}

/// The text of a time without its zone, which every setting of a server reads.
fn json_time(column: &str) -> String {
    format!("CAST(REPLACE({column}, N'Z', N'') AS datetime2(6))")
}

/// Opens the alerts of a list of ids, the parameter, again.
pub(crate) fn open_again(sql_schema: &SqlSchema, dataset: &str) -> String {
    format!(
        "UPDATE {} SET [cleared_at] = NULL\nWHERE [dataset] = {} AND [alert_id] IN (SELECT [value] COLLATE DATABASE_DEFAULT FROM OPENJSON(@P1))",
        sql_schema.of(ALERTS),
        literal(dataset)
    )
}

/// Writes alerts that are not there yet, and whom to tell: the alerts and the targets as JSON are the parameters.
pub(crate) fn raise(
    sql_schema: &SqlSchema,
    dataset: &str,
    (step, effects): (&RuleStep, &Effects),
    at: EventTime,
) -> String {
    let (alerts, outbox) = (sql_schema.of(ALERTS), sql_schema.of(OUTBOX));
    let (dataset, rule, at) = (literal(dataset), literal(&effects.rule), time(Some(at), 6));
    let count = match effects.alerts {
        0 => "NULL".to_owned(),
        count => count.to_string(),
    };
    let version = step.to.version.as_i64();
    format!(
        "DECLARE @new TABLE ([id] nvarchar(64) PRIMARY KEY, [group] nvarchar(64) NULL, [start] nvarchar(40) NULL, \
         [time] nvarchar(40) NOT NULL, [since] nvarchar(40) NULL, [after] nvarchar(40) NULL, [before] nvarchar(40) NULL, \
         [fields] nvarchar(max) NULL);\n\
         INSERT INTO @new SELECT [id], [group], [start], [time], [since], [after], [before], [fields] FROM OPENJSON(@P1) \
         WITH ([id] nvarchar(64), [group] nvarchar(64), [start] nvarchar(40), [time] nvarchar(40), [since] nvarchar(40), \
         [after] nvarchar(40), [before] nvarchar(40), [fields] nvarchar(max));\n\
         DELETE j FROM @new AS j WHERE EXISTS (SELECT 1 FROM {alerts} AS a WHERE a.[dataset] = {dataset} \
         AND a.[alert_id] = j.[id] COLLATE DATABASE_DEFAULT)\n    \
         OR EXISTS (SELECT 1 FROM {alerts} AS a WHERE a.[dataset] = {dataset} AND a.[rule] = {rule} \
         AND a.[group_key] = j.[group] COLLATE DATABASE_DEFAULT AND a.[event_time] > {})\n    \
         OR EXISTS (SELECT 1 FROM {alerts} AS a WHERE a.[dataset] = {dataset} AND a.[rule] = {rule} \
         AND a.[group_key] = j.[group] COLLATE DATABASE_DEFAULT AND a.[period_start] > {} AND a.[period_start] < {});\n\
         INSERT INTO {alerts} ([dataset], [alert_id], [rule], [gold_table], [kind], [group_key], [period_start], [event_time], \
         [raised_at], [fields], [alerts], [version])\n\
         SELECT {dataset}, j.[id], {rule}, {}, {}, j.[group], {}, {}, {at}, j.[fields], {count}, {version} FROM @new AS j;\n\
         INSERT INTO {outbox} ([dataset], [message], [target], [alert_id], [created_at], [attempts])\n\
         SELECT {dataset}, j.[id], t.[value], j.[id], {NOW}, 0\nFROM @new AS j CROSS JOIN OPENJSON(@P2) AS t\n\
         WHERE NOT EXISTS (SELECT 1 FROM {outbox} AS o WHERE o.[dataset] = {dataset} \
         AND o.[message] = j.[id] COLLATE DATABASE_DEFAULT AND o.[target] = t.[value] COLLATE DATABASE_DEFAULT)",
        json_time("j.[since]"),
        json_time("j.[after]"),
        json_time("j.[before]"),
        literal(&step.to.table),
        literal(effects.kind.as_str()),
        json_time("j.[start]"),
        json_time("j.[time]"),
    )
}

/// Notes which alerts are over, and whom to tell; nothing where none is. The groups and the targets as JSON are the
/// parameters.
pub(crate) fn clear(
    sql_schema: &SqlSchema,
    dataset: &str,
    effects: &Effects,
    at: EventTime,
) -> Option<String> {
    let which = match &effects.cleared {
        Cleared::All => "",
        Cleared::Untrue => return None,
        Cleared::Of(groups) if groups.is_empty() => return None,
        Cleared::Of(_) => {
            " AND EXISTS (SELECT 1 FROM OPENJSON(@P1) WITH ([group] nvarchar(64), [start] nvarchar(40)) AS j \
             WHERE j.[group] COLLATE DATABASE_DEFAULT = a.[group_key] \
             AND (a.[period_start] IS NULL OR CAST(REPLACE(j.[start], N'Z', N'') AS datetime2(6)) = a.[period_start]))"
        }
    };
    let (alerts, outbox) = (sql_schema.of(ALERTS), sql_schema.of(OUTBOX));
    let open = format!("{}{which}", is_open(dataset, &effects.rule));
    let (dataset, at) = (literal(dataset), time(Some(at), 6));
    let mut sql = String::new();
    if effects.notify_cleared {
        sql.push_str(&format!(
            "INSERT INTO {outbox} ([dataset], [message], [target], [alert_id], [created_at], [attempts])\n\
             SELECT {dataset}, CONCAT(a.[alert_id], N'{CLEARED}'), t.[value], a.[alert_id], {NOW}, 0\n\
             FROM {alerts} AS a CROSS JOIN OPENJSON(@P2) AS t WHERE {open}\n    \
             AND NOT EXISTS (SELECT 1 FROM {outbox} AS o WHERE o.[dataset] = {dataset} \
             AND o.[message] = CONCAT(a.[alert_id], N'{CLEARED}') AND o.[target] = t.[value] COLLATE DATABASE_DEFAULT);\n"
        ));
    }
    sql.push_str(&format!(
        "UPDATE a SET [cleared_at] = {at} FROM {alerts} AS a WHERE {open}"
    ));
    Some(sql)
}
