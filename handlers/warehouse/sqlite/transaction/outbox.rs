//! Messages of alerts: claimed, noted, sent again, and forgotten with their alerts. The database's clock counts.

use rusqlite::{Connection, Row, TransactionBehavior, params};

use crate::event::UnixMillis;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{
    CLAIMED_FOR, CLEARED, Delivery, FORGOTTEN, Message, Outstanding, Resend, TRIED_FOR,
};
use crate::warehouse::schema::{ALERTS, OUTBOX, RULES};
use crate::warehouse::sqlite::connection::failed;
use crate::warehouse::sqlite::dml::timestamp;

/// Now and some seconds, as books have times.
fn now(seconds: i64) -> String {
    format!("(strftime('%Y-%m-%dT%H:%M:%f', 'now', '{seconds:+} seconds') || '000Z')")
}

/// The condition that a message is still to be sent.
const WAITING: &str = "\"delivered_at\" IS NULL AND \"failed_at\" IS NULL";

/// Claims messages that are due.
pub(in crate::warehouse::sqlite) fn claim(
    connection: &mut Connection,
    dataset: &str,
    most: usize,
) -> Result<Vec<Message>, WarehouseError> {
    let claim = failed("claim messages of", OUTBOX);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&claim)?;
    let messages = claimed(&transaction, dataset, most).map_err(&claim)?;
    transaction.commit().map_err(&claim)?;
    Ok(messages)
}

fn claimed(connection: &Connection, dataset: &str, most: usize) -> rusqlite::Result<Vec<Message>> {
    let sql = format!(
        "UPDATE {OUTBOX} SET \"claimed_until\" = {until}\n\
         WHERE rowid IN (SELECT rowid FROM {OUTBOX} WHERE \"dataset\" = ?1 AND {WAITING} \
         AND coalesce(\"next_at\" <= {now}, 1) AND coalesce(\"claimed_until\" < {now}, 1) \
         ORDER BY \"created_at\", rowid LIMIT ?2)\n\
         RETURNING \"message\", \"target\", coalesce(\"attempts\", 0), \"alert_id\"",
        until = now(CLAIMED_FOR),
        now = now(0)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    // To its end: what is left of it would undo it.
    let claimed = statement
        .query_map(params![dataset, most], |row| {
            Ok(Message {
                message: row.get(0)?,
                target: row.get(1)?,
                attempts: row.get(2)?,
                alert_id: row.get(3)?,
                ..Message::default()
            })
        })?
        .collect::<rusqlite::Result<Vec<Message>>>()?;
    let sql = format!(
        "SELECT \"rule\", \"gold_table\", \"kind\", \"period_start\", \"event_time\", \"raised_at\", \"cleared_at\", \
         \"fields\", \"alerts\" FROM {ALERTS} WHERE \"dataset\" = ?1 AND \"alert_id\" = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut messages = Vec::new();
    for message in claimed {
        let alert = params![dataset, message.alert_id];
        let read = statement.query_row(alert, |row| with_alert(row, &message));
        match read {
            // Its alert is forgotten, which it is only when nothing of it is to be sent.
            Err(rusqlite::Error::QueryReturnedNoRows) => messages.push(message),
            read => messages.push(read?),
        }
    }
    Ok(messages)
}

fn with_alert(row: &Row<'_>, message: &Message) -> rusqlite::Result<Message> {
    let kind: Option<String> = row.get(2)?;
    Ok(Message {
        rule: row.get(0)?,
        table: row.get(1)?,
        kind: kind.unwrap_or_default(),
        period_start: row.get(3)?,
        event_time: row.get(4)?,
        raised_at: row.get(5)?,
        cleared_at: row.get(6)?,
        fields: row.get(7)?,
        alerts: row.get(8)?,
        ..message.clone()
    })
}

/// Notes what became of messages.
pub(in crate::warehouse::sqlite) fn settle(
    connection: &mut Connection,
    dataset: &str,
    deliveries: &[Delivery],
) -> Result<(), WarehouseError> {
    let write = failed("write", OUTBOX);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&write)?;
    for delivery in deliveries {
        let sql = match delivery.error {
            None => format!(
                "UPDATE {OUTBOX} SET \"attempts\" = ?4, \"delivered_at\" = {}, \"claimed_until\" = NULL, \"error\" = ?5 \
                 WHERE \"dataset\" = ?1 AND \"message\" = ?2 AND \"target\" = ?3",
                now(0)
            ),
            Some(_) => format!(
                "UPDATE {OUTBOX} SET \"attempts\" = ?4, \"error\" = ?5, \"claimed_until\" = NULL, \"next_at\" = {}, \
                 \"failed_at\" = CASE WHEN \"created_at\" < {} THEN {} END \
                 WHERE \"dataset\" = ?1 AND \"message\" = ?2 AND \"target\" = ?3 AND {WAITING}",
                now(delivery.wait()),
                now(-TRIED_FOR),
                now(0)
            ),
        };
        let noted = transaction.execute(
            &sql,
            params![
                dataset,
                delivery.message,
                delivery.target,
                delivery.attempts,
                delivery.reason()
            ],
        );
        noted.map_err(&write)?;
    }
    transaction.commit().map_err(write)
}

/// Returns when the next message is due.
pub(in crate::warehouse::sqlite) fn next(
    connection: &Connection,
    dataset: &str,
) -> Result<Option<UnixMillis>, WarehouseError> {
    let sql = format!(
        "SELECT min(max(coalesce(\"next_at\", \"created_at\"), coalesce(\"claimed_until\", \"created_at\"))) \
         FROM {OUTBOX} WHERE \"dataset\" = ?1 AND {WAITING}"
    );
    let next: rusqlite::Result<Option<String>> =
        connection.query_row(&sql, [dataset], |row| row.get(0));
    let next = next.map_err(failed("read", OUTBOX))?;
    Ok(next.as_deref().and_then(time_of))
}

/// Counts what is true and what is still to be told.
pub(in crate::warehouse::sqlite) fn outstanding(
    connection: &Connection,
    dataset: &str,
) -> Result<Outstanding, WarehouseError> {
    let failed_ones = "\"delivered_at\" IS NULL AND \"failed_at\" IS NOT NULL";
    let sql = format!(
        "SELECT (SELECT count(*) FROM {ALERTS} WHERE \"dataset\" = ?1 AND \"cleared_at\" IS NULL AND \"group_key\" IS NOT NULL), \
         count(*) FILTER (WHERE {WAITING}), min(\"created_at\") FILTER (WHERE {WAITING}), \
         count(*) FILTER (WHERE {failed_ones}), max(\"error\") FROM {OUTBOX} WHERE \"dataset\" = ?1 AND \"delivered_at\" IS NULL"
    );
    let read = connection.query_row(&sql, [dataset], |row| {
        let oldest: Option<String> = row.get(2)?;
        Ok(Outstanding {
            open: number(row, 0)?,
            waiting: number(row, 1)?,
            oldest: oldest.as_deref().and_then(time_of),
            failed: number(row, 3)?,
            error: row.get(4)?,
        })
    });
    read.map_err(failed("read", OUTBOX))
}

fn number(row: &Row<'_>, place: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(place)?;
    Ok(u64::try_from(number).unwrap_or(0))
}

fn time_of(text: &str) -> Option<UnixMillis> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(UnixMillis(time.timestamp_millis()))
}

/// Lets messages be sent again; returns how many.
pub(in crate::warehouse::sqlite) fn resend(
    connection: &Connection,
    dataset: &str,
    resend: &Resend,
) -> Result<u64, WarehouseError> {
    let (which, alert) = match resend {
        Resend::Alert(id) => (
            format!("(\"message\" = ?2 OR \"message\" = ?2 || '{CLEARED}')"),
            id.as_str(),
        ),
        Resend::Failed => (
            "\"failed_at\" IS NOT NULL AND ?2 IS NOT NULL".to_owned(),
            "",
        ),
    };
    let sql = format!(
        "UPDATE {OUTBOX} SET \"attempts\" = 0, \"next_at\" = NULL, \"claimed_until\" = NULL, \"delivered_at\" = NULL, \
         \"failed_at\" = NULL, \"error\" = NULL, \"created_at\" = {} WHERE \"dataset\" = ?1 AND {which}",
        now(0)
    );
    let changed = connection.execute(&sql, params![dataset, alert]);
    Ok(changed.map_err(failed("write", OUTBOX))? as u64)
}

/// Forgets alerts that were raised before `before`, are over or of a row, are too old to be told again and of which nothing is
/// to be sent, with their messages.
pub(in crate::warehouse::sqlite) fn forget(
    connection: &mut Connection,
    dataset: &str,
    before: UnixMillis,
) -> Result<(), WarehouseError> {
    let forget = failed("forget alerts of", ALERTS);
    let before = timestamp(before.as_event_time().0);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&forget)?;
    let old = format!(
        "SELECT a.\"alert_id\" FROM {ALERTS} AS a WHERE a.\"dataset\" = ?1 AND a.\"raised_at\" < ?2 \
         AND (a.\"cleared_at\" IS NOT NULL OR a.\"group_key\" IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM {OUTBOX} AS o WHERE o.\"dataset\" = ?1 AND o.\"alert_id\" = a.\"alert_id\" \
         AND o.\"delivered_at\" IS NULL AND o.\"failed_at\" IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM {RULES} AS r WHERE r.\"dataset\" = ?1 AND r.\"rule\" = a.\"rule\" \
         AND strftime('%s', a.\"event_time\") + coalesce(r.\"text\" ->> 'fresh', 0) / 1000000 \
         >= CAST(strftime('%s', r.\"as_of\") AS INTEGER)) ORDER BY a.\"alert_id\" LIMIT {FORGOTTEN}"
    );
    for book in [OUTBOX, ALERTS] {
        let sql = format!("DELETE FROM {book} WHERE \"dataset\" = ?1 AND \"alert_id\" IN ({old})");
        // Both from the same: an alert without messages is forgotten the same way.
        let gone = transaction.execute(&sql, params![dataset, before]);
        gone.map_err(&forget)?;
    }
    transaction.commit().map_err(forget)
}
