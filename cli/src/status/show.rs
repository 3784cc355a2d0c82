//! The status for people: a line for each layer, and what is behind.

use sluice::maintain::TableStatus;

use crate::text::{count, print, size, span, thousands};

use super::gather::{Bronze, GoldTable, Hub, Silver, Status};

/// Prints the status.
pub(super) fn show(status: &Status) {
    print(&format!(
        "{}, generation {}, at {}",
        status.dataset, status.generation, status.at
    ));
    hub(&status.hub);
    bronze(&status.bronze);
    match &status.silver {
        Some(silver) => show_silver(silver),
        None => print("  silver  has no version yet"),
    }
    match &status.upkeep {
        Ok(facts) => upkeep(facts),
        Err(reason) => print(&format!("  upkeep  cannot be read: {reason}")),
    }
    match &status.gold {
        Ok(tables) => tables.iter().for_each(gold),
        Err(reason) => print(&format!("  gold    {reason}")),
    }
}

/// A number of things, with all numbers of the status in one column.
fn column(number: u64, thing: &str) -> String {
    let text = count(number, thing);
    let digits = thousands(number).len();
    format!(
        "{:width$}{text}",
        "",
        width = 13usize.saturating_sub(digits)
    )
}

fn hub(hub: &Result<Hub, String>) {
    match hub {
        Ok(hub) => print(&format!(
            "  hub     {} in {} of {}",
            column(hub.events, "event"),
            count(hub.partitions.len() as u64, "partition"),
            hub.name
        )),
        Err(reason) => print(&format!("  hub     cannot be read: {reason}")),
    }
}

fn bronze(bronze: &Bronze) {
    let behind = match bronze.behind {
        Some(0) => ", has every event of the hub".to_owned(),
        Some(behind) => format!(", {} behind the hub", count(behind, "event")),
        None => String::new(),
    };
    let newest = bronze
        .newest
        .as_deref()
        .map_or_else(String::new, |time| format!(", newest {time}"));
    print(&format!(
        "  bronze  {} in {}, {}{newest}{behind}",
        column(bronze.events, "event"),
        count(bronze.objects, "object"),
        size(bronze.bytes)
    ));
}

fn show_silver(silver: &Silver) {
    let behind = match silver.behind.objects {
        0 => "has every line of bronze".to_owned(),
        objects => format!(
            "{} in {} behind bronze, the oldest for {}",
            count(silver.behind.lines, "line"),
            count(objects, "object"),
            span(silver.behind.oldest.unwrap_or(0))
        ),
    };
    print(&format!(
        "  silver  {} in {}, {}, version {}, {behind}",
        column(silver.rows, "row"),
        count(silver.files, "file"),
        size(silver.bytes),
        silver.version
    ));
    print(&format!(
        "          {} = {} rows + {} duplicates + {} quarantined; {} rows late",
        column(silver.lines, "line"),
        thousands(silver.rows),
        thousands(silver.duplicates),
        thousands(silver.quarantined),
        thousands(silver.late)
    ));
    if !silver.quarantined_by_reason.is_empty() {
        let reasons = silver.quarantined_by_reason.iter();
        let reasons: Vec<_> = reasons
            .map(|(reason, n)| format!("{reason} {}", thousands(*n)))
            .collect();
        print(&format!(
            "          {:>13} quarantined: {}",
            "",
            reasons.join(", ")
        ));
    }
    let watermark = match (&silver.watermark, silver.watermark_behind_now) {
        (Some(watermark), Some(behind)) => {
            format!("watermark {watermark}, {} behind now", span(behind))
        }
        _ => "no watermark yet".to_owned(),
    };
    print(&format!("          {:>13} {watermark}", ""));
}

/// What maintenance looks after.
fn upkeep(facts: &TableStatus) {
    let Some(version) = facts.version else {
        return;
    };
    let snapshot = match facts.snapshot {
        Some(snapshot) => format!("snapshot of version {}", thousands(snapshot)),
        None => "no snapshot yet".to_owned(),
    };
    print(&format!(
        "  log     {} up to {}, {snapshot}; {} of {} small",
        column(facts.log_entries, "version"),
        thousands(version),
        thousands(facts.small_files),
        count(facts.live_files, "live file")
    ));
    let published = match (facts.delta_version, facts.delta_lag) {
        (None, _) => "nothing is published yet".to_owned(),
        (Some(version), 0) => format!("version {version}, has every version of silver"),
        (Some(version), lag) => {
            format!("version {version}, {} behind silver", count(lag, "version"))
        }
    };
    print(&format!("  delta   {:>13} {published}", ""));
    if let Some(oldest) = &facts.oldest_unreconciled {
        print(&format!(
            "  waiting {} for silver, the oldest since {}: {}",
            column(facts.unreconciled, "object"),
            oldest.created,
            oldest.source
        ));
    }
}

fn gold(table: &GoldTable) {
    let version = match (table.version, table.behind) {
        (Some(version), Some(0)) => format!("version {version}, has every version of silver"),
        (Some(version), Some(behind)) => {
            format!(
                "version {version}, {} behind silver",
                count(behind, "version")
            )
        }
        (Some(version), None) => format!("version {version}"),
        (None, _) => "has not been made yet".to_owned(),
    };
    print(&format!(
        "  gold    {} in {}, {version}",
        column(table.rows, "row"),
        table.table
    ));
}
