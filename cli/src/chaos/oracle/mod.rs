//! Judges the end of a run by what was sent, and by no code of the layers.
//!
//! What was sent is read from the hub, whoever sent it and however often. It is judged by rules that are written out by
//! hand for the orders (`judge`), summed up in whole cents (`expected`), and compared row by row with silver's files and
//! group by group with gold's tables. One order that is missing, doubled or off by a cent is a difference.

mod differences;
mod expected;
mod gold;
mod judge;
mod number;
mod silver;

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use sluice_local::event_hubs::Namespace;

use crate::audit::Sums;
use crate::target::Stores;
use differences::Differences;
use expected::Expected;
use silver::Comparison;

/// What was sent, and what differs from it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Verdict {
    /// Events that the hub holds.
    pub(crate) events: u64,
    /// Those that hold nothing.
    pub(crate) empty: u64,
    /// Orders, each counted once.
    pub(crate) orders: u64,
    /// Orders that were sent again.
    pub(crate) duplicates: u64,
    /// Events that are no order.
    pub(crate) rejected: u64,
    /// How many counts, rows and groups were compared.
    pub(crate) compared: u64,
    /// What differs, in words.
    pub(crate) differences: Vec<String>,
}

/// Compares silver and gold with what the hub holds.
///
/// # Errors
/// Fails if the hub or a store cannot be read.
pub(crate) async fn judge(
    namespace: &Namespace,
    hub: &str,
    stores: &Stores,
    sums: &Sums,
    gold: &Path,
) -> Result<Verdict, Box<dyn Error + Send + Sync>> {
    let expected = read(namespace, hub).await?;
    let mut found = Differences::default();
    compare_counts(&expected, sums, &mut found);
    let mut comparison = Comparison::with(&expected.orders);
    if let Some(head) = stores.log.head().await? {
        for file in stores.log.load(&head).await?.files.keys() {
            let content = stores.lake.get(file).await?;
            let content = content.ok_or_else(|| format!("silver has no {file}"))?;
            comparison.take_file(content, &mut found)?;
        }
    }
    comparison.finish(&mut found);
    gold::compare(gold, &expected, &mut found)?;
    Ok(Verdict {
        events: expected.events,
        empty: expected.empty,
        orders: expected.orders.len() as u64,
        duplicates: expected.duplicates,
        rejected: expected.rejected,
        compared: found.compared(),
        differences: found.list(),
    })
}

async fn read(namespace: &Namespace, hub: &str) -> Result<Expected, Box<dyn Error + Send + Sync>> {
    let expected: Arc<Mutex<Expected>> = Arc::default();
    let taking = Arc::clone(&expected);
    let each = move |event: sluice_local::event_hubs::HeldEvent| {
        let mut expected = taking.lock().unwrap_or_else(PoisonError::into_inner);
        expected.take(event.body.as_deref(), event.enqueued_ms);
    };
    namespace.each_event(hub, each).await?;
    let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *expected))
}

/// Compares what was sent with what silver says that has become of it.
fn compare_counts(expected: &Expected, sums: &Sums, found: &mut Differences) {
    for (what, sent, counted) in [
        ("events", expected.events, sums.lines),
        ("empty events", expected.empty, sums.empty),
        ("orders", expected.orders.len() as u64, sums.rows),
        ("duplicates", expected.duplicates, sums.duplicates),
        (
            "events that are no order",
            expected.rejected,
            sums.quarantined,
        ),
        ("duplicates that differ", expected.conflicts, 0),
    ] {
        match sent == counted {
            true => found.agrees(),
            false => found.add(|| format!("{sent} {what} were sent, and silver counts {counted}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_differs_is_named_and_so_is_a_run_that_cannot_be_judged() {
        let mut expected = Expected::default();
        let order =
            |amount: u8| format!(r#"{{"order_id": 1, "amount": {amount}, "timestamp": 1}}"#);
        for body in [
            order(1),
            order(1),
            order(2),
            "broken".to_owned(),
            " ".to_owned(),
        ] {
            expected.take(Some(body.as_bytes()), 1);
        }
        let good = Sums {
            lines: 5,
            empty: 1,
            rows: 1,
            duplicates: 2,
            quarantined: 1,
            ..Sums::default()
        };
        let of = |sums: &Sums| {
            let mut found = Differences::default();
            compare_counts(&expected, sums, &mut found);
            (found.compared(), found.list())
        };
        // The second one with that key has another amount.
        let unknown = "1 duplicates that differ were sent, and silver counts 0".to_owned();
        assert_eq!(of(&good), (6, vec![unknown.clone()]));
        let lost = Sums { rows: 0, ..good };
        let named = "1 orders were sent, and silver counts 0".to_owned();
        assert_eq!(of(&lost).1, [named, unknown]);
    }
}
