//! How a run ends that comes to an end: the tables, the balance, the audit.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value, json};

use super::watch::{Snapshot, Watch};
use crate::text::{print, thousands};
use crate::{gold, tables, verify};

/// How many rows of a gold table are printed.
const ROWS: usize = 10;

/// Prints the gold tables, the balance and the audit; returns whether everything adds up.
pub(super) async fn conclude(
    watch: &Watch,
    snapshot: &Snapshot,
    seconds: f64,
    json: bool,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let subject = watch.subject();
    let counts = &snapshot.counts;
    let is_conserved = counts.is_conserved() && counts.lines == snapshot.hub_events;
    let shown = watch.gold_tables(ROWS).await?;
    if json {
        let report = verify::examine(&subject, Duration::ZERO).await?;
        let adds_up = is_conserved && report.adds_up();
        let schema = subject.warehouse.schema();
        let tables = shown.iter().map(|table| {
            let columns = schema.columns_of(&table.name).unwrap_or_default();
            let columns = &columns[..];
            let rows = table
                .rows
                .rows
                .iter()
                .map(|row| gold::RowJson { columns, row });
            json!({ "name": table.name, "rows": table.total, "first": rows.collect::<Vec<_>>() })
        });
        let result = json!({
            "dataset": subject.dataset.name,
            "seconds": seconds,
            "events": snapshot.hub_events,
            "rows": counts.rows,
            "duplicates": counts.duplicates,
            "late": counts.late,
            "quarantined": counts.quarantined,
            "version": snapshot.version.0,
            "gold": tables.collect::<Vec<Value>>(),
            "audit": verify::to_json(&report),
            "adds_up": adds_up,
        });
        print(&format!("{result:#}"));
        return Ok(adds_up);
    }
    for table in &shown {
        let title = gold::title(&table.name, table.total, table.rows.rows.len());
        print(&format!("\n{}", tables::render(&title, &table.rows)));
    }
    print(&format!(
        "\n{} events = {} rows + {} duplicates + {} quarantined{}",
        thousands(snapshot.hub_events),
        thousands(counts.rows),
        thousands(counts.duplicates),
        thousands(counts.quarantined_total()),
        if is_conserved {
            ""
        } else {
            "  DOES NOT ADD UP"
        },
    ));
    let report = verify::examine(&subject, Duration::ZERO).await?;
    print("");
    verify::show(&report);
    Ok(is_conserved && report.adds_up())
}
