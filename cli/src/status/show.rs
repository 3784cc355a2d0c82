//! The status for people: a line for each layer, and what is behind.

use crate::text::{print, span, thousands};

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
    match &status.gold {
        Ok(tables) => tables.iter().for_each(gold),
        Err(reason) => print(&format!("  gold    {reason}")),
    }
}

fn hub(hub: &Result<Hub, String>) {
    match hub {
        Ok(hub) => print(&format!(
            "  hub     {:>13} events in {} partitions of {}",
            thousands(hub.events),
            hub.partitions.len(),
            hub.name
        )),
        Err(reason) => print(&format!("  hub     cannot be read: {reason}")),
    }
}

fn bronze(bronze: &Bronze) {
    let behind = match bronze.behind {
        Some(0) => ", has every event of the hub".to_owned(),
        Some(behind) => format!(", {} events behind the hub", thousands(behind)),
        None => String::new(),
    };
    let newest = bronze
        .newest
        .as_deref()
        .map_or_else(String::new, |time| format!(", newest {time}"));
    print(&format!(
        "  bronze  {:>13} events in {} objects, {}{newest}{behind}",
        thousands(bronze.events),
        thousands(bronze.objects),
        bytes(bronze.bytes)
    ));
}

fn show_silver(silver: &Silver) {
    let behind = match silver.behind.objects {
        0 => "has every line of bronze".to_owned(),
        objects => format!(
            "{} lines in {} objects behind bronze, the oldest for {}",
            thousands(silver.behind.lines),
            thousands(objects),
            span(silver.behind.oldest.unwrap_or(0))
        ),
    };
    print(&format!(
        "  silver  {:>13} rows in {} files, {}, version {}, {behind}",
        thousands(silver.rows),
        thousands(silver.files),
        bytes(silver.bytes),
        silver.version
    ));
    print(&format!(
        "          {:>13} lines = {} rows + {} duplicates + {} quarantined; {} rows late",
        thousands(silver.lines),
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

fn gold(table: &GoldTable) {
    let version = match (table.version, table.behind) {
        (Some(version), Some(0)) => format!("version {version}, has every version of silver"),
        (Some(version), Some(behind)) => {
            format!("version {version}, {behind} versions behind silver")
        }
        (Some(version), None) => format!("version {version}"),
        (None, _) => "has not been made yet".to_owned(),
    };
    print(&format!(
        "  gold    {:>13} rows in {}, {version}",
        thousands(table.rows),
        table.table
    ));
}

/// Writes a size as people say it.
fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    let mut scaled = bytes as f64 / 1_000.0;
    let mut unit = UNITS[0];
    for next in UNITS.iter().skip(1) {
        if scaled < 1_000.0 {
            break;
        }
        scaled /= 1_000.0;
        unit = next;
    }
    format!("{scaled:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 999, 1_000, 1_234_567, 5_000_000_000_000_000].map(bytes);
        assert_eq!(
            sizes,
            ["0 bytes", "999 bytes", "1.0 kB", "1.2 MB", "5000.0 TB"]
        );
    }
}
