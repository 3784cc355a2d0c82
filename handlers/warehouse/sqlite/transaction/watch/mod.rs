//! What the rules of a transaction write: how far they have come, alerts, and who is to be told.

mod groups;

use rusqlite::{Connection, OptionalExtension, params};

use super::parts::{Tables, stored};
use crate::event::EventTime;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::MOVED;
use crate::warehouse::model::{CLEARED, Cleared, Effects, NewAlert, RuleStep, Watch, groups_json};
use crate::warehouse::schema::{ALERTS, GoldSchema, KEY, OUTBOX, RULES, TableSchema};
use crate::warehouse::sqlite::connection::failed;
use crate::warehouse::sqlite::ddl::quote;
use crate::warehouse::sqlite::dml::timestamp;
pub(super) use groups::{Replaced, compare};
use groups::{open, read, start_of, vanished};

/// Now by the database's clock, which counts for messages.
const NOW: &str = "(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')";

/// Moves the rules, each if it stands where it should; returns whether all did.
pub(super) fn advance(connection: &Connection, watch: &mut Watch) -> rusqlite::Result<bool> {
    let (dataset, rules) = (&watch.dataset, &mut watch.rules);
    for rule in rules {
        let sql = format!("SELECT \"as_of\" FROM {RULES} WHERE \"dataset\" = ?1 AND \"rule\" = ?2");
        let mut statement = connection.prepare_cached(&sql)?;
        let known: Option<Option<String>> = statement
            .query_row(params![dataset, rule.step.name], |row| row.get(0))
            .optional()?;
        let known = known.flatten();
        let known = known.and_then(|text| chrono::DateTime::parse_from_rfc3339(&text).ok());
        rule.know(known.map(|time| EventTime(time.timestamp_micros())));
        if !move_rule(connection, dataset, (&rule.step, rule.as_of))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn move_rule(
    connection: &Connection,
    dataset: &str,
    (step, as_of): (&RuleStep, Option<EventTime>),
) -> rusqlite::Result<bool> {
    let (to, from) = (&step.to, step.from.clone().unwrap_or_default());
    let values = params![
        dataset,
        step.name,
        to.table,
        to.definition,
        to.text,
        to.log,
        to.version.as_i64(),
        to.stamp,
        as_of.map(|as_of| timestamp(as_of.0)),
        from.table,
        from.definition,
        from.log,
        from.version.as_i64(),
        from.stamp,
        step.from.is_some(),
    ];
    let sql = match step.from {
        // All parameters are named, so that both take the same.
        None => format!(
            "INSERT INTO {RULES} (\"dataset\", \"rule\", \"gold_table\", \"definition\", \"text\", \"log\", \"version\", \
             \"stamp\", \"as_of\", \"stale\")\n\
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0 \
             WHERE NOT EXISTS (SELECT 1 FROM {RULES} WHERE \"dataset\" = ?1 AND \"rule\" = ?2) \
             AND NOT ?15 AND coalesce(?10, ?11, ?12, ?13, ?14) IS NOT NULL"
        ),
        Some(_) => format!(
            "UPDATE {RULES} SET \"gold_table\" = ?3, \"definition\" = ?4, \"text\" = ?5, \"log\" = ?6, \"version\" = ?7, \
             \"stamp\" = ?8, \"as_of\" = ?9, \"failed\" = CASE WHEN \"definition\" = ?4 THEN \"failed\" END, \
             \"failed_at\" = CASE WHEN \"definition\" = ?4 THEN \"failed_at\" END\n\
             WHERE \"dataset\" = ?1 AND \"rule\" = ?2 AND coalesce(\"gold_table\", '') = ?10 \
             AND coalesce(\"definition\", '') = ?11 AND \"log\" IS ?12 AND coalesce(\"version\", 0) = ?13 \
             AND coalesce(\"stamp\", 0) = ?14 AND ?15"
        ),
    };
    Ok(connection.prepare_cached(&sql)?.execute(values)? == 1)
}

/// Writes what the rules of a run have found, once all rows are merged.
pub(super) fn settle(
    connection: &Connection,
    (schema, tables): (&GoldSchema, &Tables),
    watch: &mut Watch,
) -> Result<(), WarehouseError> {
    fall_silent(connection, tables, watch)?;
    for (place, mut effects) in watch.settle(schema)?.into_iter().enumerate() {
        let step = watch.rules.get(place).map(|rule| &rule.step).ok_or(MOVED)?;
        let table = step.table.and_then(|index| tables.get(&index));
        let table = table.map(|(layout, physical)| (layout.as_ref(), physical.as_str()));
        match (&mut effects.cleared, table) {
            (Cleared::Untrue, table) => {
                effects.cleared = untrue(connection, watch, step, table)?;
            }
            (Cleared::Of(over), Some(table)) if watch.replaces => {
                let named = (watch.dataset.as_str(), step.name.as_str());
                let gone = vanished(connection, named, table).map_err(failed("read", ALERTS))?;
                over.extend(gone);
            }
            _ => {}
        }
        write(connection, watch, (step, &effects)).map_err(failed("write", ALERTS))?;
    }
    Ok(())
}

/// Finds the groups that fell silent.
fn fall_silent(
    connection: &Connection,
    tables: &Tables,
    watch: &mut Watch,
) -> Result<(), WarehouseError> {
    for (rule, index, measure, range) in watch.silences() {
        let (layout, physical) = tables.get(&index).ok_or(MOVED)?;
        let name = &layout.measures.get(measure).ok_or(MOVED)?.name;
        let condition = format!("t.{0} >= ?1 AND t.{0} < ?2", quote(name));
        let [from, to] = range.map(|time| timestamp(time.0));
        let groups = read(
            connection,
            (layout, physical),
            &condition,
            params![from, to],
        )?;
        watch.fall_silent(&rule, layout, &groups)?;
    }
    Ok(())
}

/// Finds which open alerts of a rule that begins are not true.
fn untrue(
    connection: &Connection,
    watch: &Watch,
    step: &RuleStep,
    table: Option<(&TableSchema, &str)>,
) -> Result<Cleared, WarehouseError> {
    let Some((layout, physical)) = table else {
        return Ok(step.over_without_table());
    };
    let open = open(connection, (&watch.dataset, &step.name)).map_err(failed("read", ALERTS))?;
    if open.is_empty() {
        return Ok(Cleared::Of(open));
    }
    let asked = groups_json(open.iter().copied(), layout.time().is_some());
    let condition = match layout.time() {
        Some(_) => format!(
            "(hex(t.{KEY}), {}) IN (SELECT upper(value ->> 'group'), value ->> 'start' FROM json_each(?1))",
            start_of(layout)
        ),
        None => format!("hex(t.{KEY}) IN (SELECT upper(value ->> 'group') FROM json_each(?1))"),
    };
    let groups = read(connection, (layout, physical), &condition, params![asked])?;
    Ok(watch.untrue(step, layout, open, &groups)?)
}

/// Writes what a rule has found.
fn write(
    connection: &Connection,
    watch: &Watch,
    (step, effects): (&RuleStep, &Effects),
) -> rusqlite::Result<()> {
    let (dataset, rule) = (&watch.dataset, &effects.rule);
    if let Some((stale, failed)) = effects.counted() {
        let sql = format!(
            "UPDATE {RULES} SET \"stale\" = coalesce(\"stale\", 0) + ?3, \"failed\" = coalesce(\"failed\", 0) + ?4, \
             \"failed_at\" = CASE WHEN ?4 > 0 THEN ?5 ELSE \"failed_at\" END WHERE \"dataset\" = ?1 AND \"rule\" = ?2"
        );
        let at = timestamp(watch.at.as_event_time().0);
        connection.execute(
            &sql,
            params![dataset, rule, stored(stale), stored(failed), at],
        )?;
    }
    clear(connection, watch, effects)?;
    if let Some(again) = effects.again_json() {
        let sql = format!(
            "UPDATE {ALERTS} SET \"cleared_at\" = NULL \
             WHERE \"dataset\" = ?1 AND \"alert_id\" IN (SELECT value FROM json_each(?2))"
        );
        connection
            .prepare_cached(&sql)?
            .execute(params![dataset, again])?;
    }
    for turn in effects.turns().iter().filter(|turn| !turn.is_empty()) {
        raise(connection, watch, (step, effects, turn))?;
    }
    Ok(())
}

/// Writes alerts that are not there yet, and whom to tell.
fn raise(
    connection: &Connection,
    watch: &Watch,
    (step, effects, turn): (&RuleStep, &Effects, &[&NewAlert]),
) -> rusqlite::Result<()> {
    let (dataset, rule) = (&watch.dataset, &effects.rule);
    let at = timestamp(watch.at.as_event_time().0);
    let raised = effects.raised_json(turn);
    let sql = format!(
        "INSERT INTO {ALERTS} (\"dataset\", \"alert_id\", \"rule\", \"gold_table\", \"kind\", \"group_key\", \
         \"period_start\", \"event_time\", \"raised_at\", \"fields\", \"alerts\", \"version\")\n\
         SELECT ?1, value ->> 'id', ?2, ?3, ?4, value ->> 'group', value ->> 'start', value ->> 'time', ?5, \
         value ->> 'fields', ?6, ?7\nFROM json_each(?8) AS j\n\
         WHERE NOT EXISTS (SELECT 1 FROM {ALERTS} AS a WHERE a.\"dataset\" = ?1 AND a.\"alert_id\" = j.value ->> 'id')\n\
         AND NOT EXISTS (SELECT 1 FROM {ALERTS} AS a WHERE a.\"dataset\" = ?1 AND a.\"rule\" = ?2 \
         AND a.\"group_key\" = j.value ->> 'group' AND a.\"event_time\" > j.value ->> 'since')\n\
         AND NOT EXISTS (SELECT 1 FROM {ALERTS} AS a WHERE a.\"dataset\" = ?1 AND a.\"rule\" = ?2 \
         AND a.\"group_key\" = j.value ->> 'group' AND a.\"period_start\" > j.value ->> 'after' \
         AND a.\"period_start\" < j.value ->> 'before')"
    );
    let count = (effects.alerts > 0).then(|| stored(effects.alerts));
    let version = step.to.version.as_i64();
    connection.prepare_cached(&sql)?.execute(params![
        dataset,
        rule,
        step.to.table,
        effects.kind.as_str(),
        at,
        count,
        version,
        raised,
    ])?;
    let sql = format!(
        "INSERT INTO {OUTBOX} (\"dataset\", \"message\", \"target\", \"alert_id\", \"created_at\", \"attempts\")\n\
         SELECT ?1, a.\"alert_id\", t.value, a.\"alert_id\", {NOW}, 0\n\
         FROM json_each(?3) AS j JOIN {ALERTS} AS a ON a.\"dataset\" = ?1 AND a.\"alert_id\" = j.value ->> 'id'\n\
         JOIN json_each(?4) AS t\n\
         WHERE a.\"raised_at\" = ?2 AND a.\"version\" = ?5\n\
         AND NOT EXISTS (SELECT 1 FROM {OUTBOX} AS o WHERE o.\"dataset\" = ?1 AND o.\"message\" = a.\"alert_id\" \
         AND o.\"target\" = t.value)"
    );
    let targets = effects.targets_json();
    connection
        .prepare_cached(&sql)?
        .execute(params![dataset, at, raised, targets, version])?;
    Ok(())
}

/// Notes which alerts are over, and tells those who are to be told.
fn clear(connection: &Connection, watch: &Watch, effects: &Effects) -> rusqlite::Result<()> {
    let (which, groups) = match &effects.cleared {
        Cleared::All => ("?3 IS NOT NULL", "[]".to_owned()),
        Cleared::Untrue => return Ok(()),
        Cleared::Of(_) => match effects.cleared_json() {
            None => return Ok(()),
            Some(groups) => (
                "EXISTS (SELECT 1 FROM json_each(?3) AS j WHERE j.value ->> 'group' = a.\"group_key\" \
                 AND (a.\"period_start\" IS NULL OR j.value ->> 'start' IS a.\"period_start\"))",
                groups,
            ),
        },
    };
    let at = timestamp(watch.at.as_event_time().0);
    let open =
        format!("a.\"dataset\" = ?1 AND a.\"rule\" = ?2 AND a.\"cleared_at\" IS NULL AND {which}");
    if effects.notify_cleared {
        let sql = format!(
            "INSERT INTO {OUTBOX} (\"dataset\", \"message\", \"target\", \"alert_id\", \"created_at\", \"attempts\")\n\
             SELECT ?1, a.\"alert_id\" || '{CLEARED}', t.value, a.\"alert_id\", {NOW}, 0\n\
             FROM {ALERTS} AS a JOIN json_each(?4) AS t\nWHERE {open}\n\
             AND NOT EXISTS (SELECT 1 FROM {OUTBOX} AS o WHERE o.\"dataset\" = ?1 \
             AND o.\"message\" = a.\"alert_id\" || '{CLEARED}' AND o.\"target\" = t.value)"
        );
        let targets = effects.targets_json();
        connection.prepare_cached(&sql)?.execute(params![
            watch.dataset,
            effects.rule,
            groups,
            targets
        ])?;
    }
    let sql = format!("UPDATE {ALERTS} AS a SET \"cleared_at\" = ?4 WHERE {open}");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.execute(params![watch.dataset, effects.rule, groups, at])?;
    Ok(())
}
