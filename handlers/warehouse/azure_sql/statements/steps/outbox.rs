//! What claims messages of alerts, notes what became of them and forgets them; pure text. The server's clock counts.

use crate::event::EventTime;
use crate::warehouse::azure_sql::statements::beside::time;
use crate::warehouse::azure_sql::statements::sql_schema::{SqlSchema, literal};
use crate::warehouse::model::{CLAIMED_FOR, CLEARED, Delivery, FORGOTTEN, Resend, TRIED_FOR};
use crate::warehouse::schema::{ALERTS, OUTBOX, RULES};

/// The condition that a message is still to be sent.
const WAITING: &str = "o.[delivered_at] IS NULL AND o.[failed_at] IS NULL";

/// Now and some seconds, by the server's clock.
fn now(seconds: i64) -> String {
    format!("CAST(DATEADD(second, {seconds}, SYSUTCDATETIME()) AS datetime2(6))")
}

/// Claims messages that are due, and answers with them and their alerts.
pub(crate) fn claim(sql_schema: &SqlSchema, dataset: &str, most: usize) -> String {
    let (outbox, alerts) = (sql_schema.of(OUTBOX), sql_schema.of(ALERTS));
    let (dataset, now, until) = (literal(dataset), now(0), now(CLAIMED_FOR));
    format!(
        "DECLARE @claimed TABLE ([message] nvarchar(64), [target] nvarchar(128), [attempts] bigint, [alert_id] nvarchar(64));\n\
         UPDATE TOP ({most}) o SET [claimed_until] = {until}\n\
         OUTPUT inserted.[message], inserted.[target], ISNULL(inserted.[attempts], 0), inserted.[alert_id] INTO @claimed\n\
         FROM {outbox} AS o WITH (ROWLOCK, READPAST, UPDLOCK)\n\
         WHERE o.[dataset] = {dataset} AND {WAITING} AND (o.[next_at] IS NULL OR o.[next_at] <= {now})\n    \
         AND (o.[claimed_until] IS NULL OR o.[claimed_until] < {now});\n\
         SELECT c.[message], c.[target], c.[attempts], c.[alert_id], a.[rule], a.[gold_table], a.[kind], a.[period_start], \
         a.[event_time], a.[raised_at], a.[cleared_at], a.[fields], a.[alerts]\n\
         FROM @claimed AS c LEFT JOIN {alerts} AS a ON a.[dataset] = {dataset} \
         AND a.[alert_id] = c.[alert_id] COLLATE DATABASE_DEFAULT"
    )
}

/// Notes what became of messages.
pub(crate) fn settle(sql_schema: &SqlSchema, dataset: &str, deliveries: &[Delivery]) -> String {
    let (outbox, dataset) = (sql_schema.of(OUTBOX), literal(dataset));
    let notes = deliveries.iter().map(|delivery| {
        let (message, target) = (literal(&delivery.message), literal(&delivery.target));
        let which =
            format!("o.[dataset] = {dataset} AND o.[message] = {message} AND o.[target] = {target}");
        let attempts = delivery.attempts;
        match delivery.reason() {
            None => format!(
                "UPDATE o SET [attempts] = {attempts}, [delivered_at] = {}, [claimed_until] = NULL, [error] = NULL\n\
                 FROM {outbox} AS o WHERE {which};\n",
                now(0)
            ),
            Some(reason) => format!(
                "UPDATE o SET [attempts] = {attempts}, [error] = {}, [claimed_until] = NULL, [next_at] = {},\n    \
                 [failed_at] = CASE WHEN o.[created_at] < {} THEN {} END\nFROM {outbox} AS o WHERE {which} AND {WAITING};\n",
                literal(&reason),
                now(delivery.wait()),
                now(-TRIED_FOR),
                now(0)
            ),
        }
    });
    notes.collect()
}

/// Answers with when the next message is due.
pub(crate) fn next(sql_schema: &SqlSchema, dataset: &str) -> String {
    format!(
        "SELECT MIN(CASE WHEN o.[claimed_until] > ISNULL(o.[next_at], o.[created_at]) THEN o.[claimed_until] \
         ELSE ISNULL(o.[next_at], o.[created_at]) END) AS [next]\nFROM {} AS o WHERE o.[dataset] = {} AND {WAITING}",
        sql_schema.of(OUTBOX),
        literal(dataset)
    )
}

/// Answers with how many alerts are open, how many messages are still to be sent and since when, how many have failed, and
/// with a reason.
pub(crate) fn outstanding(sql_schema: &SqlSchema, dataset: &str) -> String {
    let (outbox, alerts) = (sql_schema.of(OUTBOX), sql_schema.of(ALERTS));
    let dataset = literal(dataset);
    format!(
        "SELECT (SELECT COUNT_BIG(*) FROM {alerts} AS a WHERE a.[dataset] = {dataset} AND a.[cleared_at] IS NULL \
         AND a.[group_key] IS NOT NULL) AS [open],\n    \
         COUNT_BIG(CASE WHEN o.[failed_at] IS NULL THEN 1 END) AS [waiting],\n    \
         MIN(CASE WHEN o.[failed_at] IS NULL THEN o.[created_at] END) AS [oldest],\n    \
         COUNT_BIG(o.[failed_at]) AS [failed], MAX(o.[error]) AS [error]\n\
         FROM {outbox} AS o WHERE o.[dataset] = {dataset} AND o.[delivered_at] IS NULL"
    )
}

/// Lets messages be sent again, and answers with their number.
pub(crate) fn resend(sql_schema: &SqlSchema, dataset: &str, resend: &Resend) -> String {
    let which = match resend {
        Resend::Alert(id) => format!(
            "[message] IN ({}, {})",
            literal(id),
            literal(&format!("{id}{CLEARED}"))
        ),
        Resend::Failed => "[failed_at] IS NOT NULL".to_owned(),
    };
    format!(
        "UPDATE {} SET [attempts] = 0, [next_at] = NULL, [claimed_until] = NULL, [delivered_at] = NULL, [failed_at] = NULL, \
         [error] = NULL, [created_at] = {}\nWHERE [dataset] = {} AND {which};\n\
         SELECT CAST(@@ROWCOUNT AS bigint) AS [rows]",
        sql_schema.of(OUTBOX),
        now(0),
        literal(dataset)
    )
}

/// Forgets alerts that were raised before a time, are over or of a row, are too old to be told again and of which nothing is to
/// be sent, with their messages.
pub(crate) fn forget(sql_schema: &SqlSchema, dataset: &str, before: EventTime) -> String {
    let (outbox, alerts) = (sql_schema.of(OUTBOX), sql_schema.of(ALERTS));
    let (dataset, before) = (literal(dataset), time(Some(before), 6));
    format!(
        "DECLARE @old TABLE ([alert_id] nvarchar(64) PRIMARY KEY);\n\
         INSERT INTO @old SELECT TOP ({FORGOTTEN}) a.[alert_id] FROM {alerts} AS a\n\
         WHERE a.[dataset] = {dataset} AND a.[raised_at] < {before} AND (a.[cleared_at] IS NOT NULL OR a.[group_key] IS NULL)\n    \
         AND NOT EXISTS (SELECT 1 FROM {outbox} AS o WHERE o.[dataset] = {dataset} AND o.[alert_id] = a.[alert_id] AND {WAITING})\n    \
         AND NOT EXISTS (SELECT 1 FROM {} AS r WHERE r.[dataset] = {dataset} AND r.[rule] = a.[rule]\n        \
         AND DATEADD(second, CAST(ISNULL(JSON_VALUE(r.[text], N'$.fresh'), N'0') AS bigint) / 1000000, a.[event_time]) >= r.[as_of]);\n\
         BEGIN TRANSACTION;\n\
         DELETE o FROM {outbox} AS o WHERE o.[dataset] = {dataset} AND o.[alert_id] IN (SELECT [alert_id] COLLATE DATABASE_DEFAULT FROM @old);\n\
         DELETE a FROM {alerts} AS a WHERE a.[dataset] = {dataset} AND a.[alert_id] IN (SELECT [alert_id] COLLATE DATABASE_DEFAULT FROM @old);\n\
         COMMIT TRANSACTION",
        sql_schema.of(RULES)
    )
}
