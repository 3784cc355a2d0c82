//! What a run says of tables that it does not move.

use rusqlite::{Connection, params};

use super::parts::{commit, stored};
use super::shadow::begin;
use crate::warehouse::dialect::REMOVED;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Changed, Remarks};
use crate::warehouse::schema::{FRESHNESS, GoldSchema};
use crate::warehouse::sqlite::connection::{Held, failed};
use crate::warehouse::sqlite::dml::timestamp;

/// Writes what is said into the rows of freshness.
pub(in crate::warehouse::sqlite) fn remark(
    mut held: Held,
    schema: &GoldSchema,
    remarks: &Remarks,
) -> Result<Changed, WarehouseError> {
    let connection = held.connection()?;
    match begin(connection, schema, &remarks.build)? {
        Changed::Done => {}
        refused => return Ok(refused),
    }
    say(connection, schema, remarks).map_err(failed("write", FRESHNESS))?;
    commit(connection)?;
    Ok(Changed::Done)
}

fn say(connection: &Connection, schema: &GoldSchema, remarks: &Remarks) -> rusqlite::Result<()> {
    if let Some(pending) = remarks.pending {
        let sql = format!(
            "UPDATE {FRESHNESS} SET \"pending_objects\" = ?2, \"oldest_pending\" = ?3 WHERE \"dataset\" = ?1"
        );
        let oldest = pending.oldest;
        connection.prepare_cached(&sql)?.execute(params![
            schema.dataset,
            stored(pending.objects),
            oldest.map(|oldest| timestamp(oldest.as_event_time().0)),
        ])?;
    }
    for (table, reason) in &remarks.removed {
        let sql = format!(
            "UPDATE {FRESHNESS} SET \"state\" = '{REMOVED}', \"reason\" = ?3, \"blocked_version\" = NULL, \
             \"blocked_definition\" = NULL, \"blocked_stamp\" = NULL, \"blocked_at\" = NULL \
             WHERE \"gold_table\" = ?2 AND \"dataset\" = ?1"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        statement.execute(params![schema.dataset, table, reason])?;
    }
    Ok(())
}
