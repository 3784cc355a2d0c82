//! What the warehouse says of the balance: `sluice_balance` is what the ledger comes to at the version that it names.

use std::collections::BTreeMap;

use sluice::table::log::{Counts, Version};
use sluice::warehouse::WarehouseError;
use sluice::warehouse::schema::BALANCE;

use super::books::Histories;
use crate::audit::history::History;
use crate::audit::report::Check;
use crate::audit::subject::Subject;
use crate::output::{count, thousands};

const NAME: &str = "gold: sluice_balance = ledger";

/// What the view says of a table, by column.
type Said = BTreeMap<String, Option<String>>;

/// Compares every row of the view that is of this dataset and of a version that was read.
///
/// # Errors
/// Fails if the warehouse does.
pub(super) async fn check(
    subject: &Subject,
    silver: Histories<'_>,
) -> Result<Check, WarehouseError> {
    if subject.warehouse.columns(BALANCE).await?.is_empty() {
        let reason = "an earlier build made gold; the view comes with gold's next run";
        return Ok(Check::skipped(NAME, reason.to_owned()));
    }
    let found = subject
        .warehouse
        .read_table(BALANCE, None, usize::MAX)
        .await?;
    let schema = subject.warehouse.schema();
    let mut compared = 0;
    let mut difference = None;
    // Most tables stand at one version.
    let mut counted: BTreeMap<(u32, Version), Counts> = BTreeMap::new();
    for row in found.rows {
        let said: Said = found.columns.iter().cloned().zip(row).collect();
        let is_of = |name: &str, value: &str| text(&said, name) == Some(value);
        let is_ours = is_of("dataset", &schema.dataset)
            && schema
                .tables
                .iter()
                .any(|table| is_of("gold_table", &table.name));
        let Some((generation, history, version)) = silver_of(&said, silver).filter(|_| is_ours)
        else {
            continue;
        };
        compared += 1;
        let counts = counted
            .entry((generation, version))
            .or_insert_with(|| history.counts_at(version));
        difference = difference.or_else(|| differs(&said, counts, version));
    }
    Ok(match compared {
        0 => Check::skipped(
            NAME,
            "no table stands at a version that was read".to_owned(),
        ),
        tables => Check::new(NAME, count(tables, "table"), difference),
    })
}

/// Returns the generation, its log and the version that a row speaks of; nothing if it says none, or one that was not read.
fn silver_of<'a>(said: &Said, silver: Histories<'a>) -> Option<(u32, &'a History, Version)> {
    let number = |name| text(said, name).and_then(|text| text.parse::<u64>().ok());
    let generation = u32::try_from(number("generation")?).ok()?;
    let (history, version) = (silver.history(generation)?, Version(number("version")?));
    (version <= history.version()?).then_some((generation, history, version))
}

fn text<'s>(said: &'s Said, name: &str) -> Option<&'s str> {
    said.get(name)?.as_deref()
}

/// Names the first count that is not that of the ledger.
fn differs(said: &Said, counts: &Counts, version: Version) -> Option<String> {
    let expected = [
        ("events", counts.lines),
        ("records", counts.records_once()),
        ("rows", counts.rows),
        ("duplicates", counts.duplicates),
        ("filtered", counts.filtered),
        ("quarantined", counts.quarantined_total()),
        ("redriven", counts.redriven),
        ("rows_taken", counts.rows),
    ];
    let wrong = |(name, expected): &(&str, u64)| text(said, name) != Some(&expected.to_string());
    let (name, expected) = expected.into_iter().find(wrong)?;
    Some(format!(
        "{name} of {} at version {version} is {}, the ledger comes to {}",
        text(said, "gold_table").unwrap_or_default(),
        text(said, name).unwrap_or("null"),
        thousands(expected)
    ))
}
