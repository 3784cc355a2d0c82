//! What silver counts, beside what each table has taken in of it.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use std::sync::Arc;

use sluice::table::log::Version;
use sluice::warehouse::schema::BALANCE;
use sluice::warehouse::{Balance, Changed, Counted, Run, Shadow, Swap, Warehouse};

use super::runs::{HOURLY, commit, hourly, read, run, schema};
use super::shadows::{begun, beside, changed, fill, swap};
use crate::database::Database;

/// What silver counts that has so many rows.
fn silver(rows: u64) -> Counted {
    Counted {
        events: rows + 9,
        records: rows + 10,
        rows,
        duplicates: 3,
        filtered: 4,
        quarantined: 5,
        redriven: 2,
    }
}

/// What the balance says of the one table, from its version on.
async fn said(warehouse: &dyn Warehouse) -> Vec<String> {
    let rows = read(warehouse, BALANCE).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0][3..].to_vec()
}

/// Moves the table, with this balance; returns what is said of it then.
async fn moved(
    warehouse: &dyn Warehouse,
    (from, to): (Option<u64>, u64),
    balance: Balance,
    replace: bool,
) -> String {
    let mut moved = Run {
        balance,
        ..run(&schema(), HOURLY, from, to)
    };
    moved.steps[0].replace = replace;
    commit(warehouse, moved, vec![hourly(1, 1, None, None)]).await;
    said(warehouse).await.join(" ")
}

pub async fn the_balance_is_of_the_version_that_a_table_stands_at(database: &dyn Database) {
    let warehouse = database.ready(&schema()).await;
    assert!(read(&*warehouse, BALANCE).await.is_empty());
    // What silver has then and had before, and how much is taken in. At 5 the table stands still; what the log does not say
    // is not known; at 9 a row is missing.
    let mut from = None;
    for (to, rows, before, taken, expected) in [
        (3, Some(5), None, 5, "14 15 5 3 4 5 2 0 5 0 true"),
        (5, Some(9), Some(5), 4, "18 19 9 3 4 5 2 0 9 0 true"),
        (5, Some(9), Some(9), 0, "18 19 9 3 4 5 2 0 9 0 true"),
        (6, None, None, 3, "- - - - - - - - 12 - -"),
        (8, Some(12), None, 0, "21 22 12 3 4 5 2 0 12 0 true"),
        (9, Some(14), Some(12), 1, "23 24 14 3 4 5 2 0 13 1 false"),
    ] {
        let balance = Balance {
            silver: rows.map(silver),
            before,
            taken,
        };
        let said = moved(&*warehouse, (from, to), balance, false).await;
        assert_eq!(said, format!("{to} {expected}"));
        from = Some(to);
    }
    // A record without a fate, and a table that is made anew.
    let short = Counted {
        records: 25,
        ..silver(14)
    };
    for (to, silver, taken, replace, expected) in [
        (10, short, 1, false, "23 25 14 3 4 5 2 1 14 0 false"),
        (11, silver(14), 14, true, "23 24 14 3 4 5 2 0 14 0 true"),
    ] {
        let balance = Balance {
            silver: Some(silver),
            before: None,
            taken,
        };
        let said = moved(&*warehouse, (Some(to - 1), to), balance, replace).await;
        assert_eq!(said, format!("{to} {expected}"));
    }
}

/// Fills a shadow, which has then taken in so many rows of seven, and shows it; returns what is said of it.
async fn shown(database: &dyn Database, taken: Option<u64>) -> (Arc<dyn Warehouse>, Vec<String>) {
    let warehouse = beside(database).await;
    let whole = Shadow {
        files_done: 3,
        version: Some(Version(1)),
        taken,
        ..begun(&changed())
    };
    let rows = vec![hourly(1, 7, None, None)];
    assert!(fill(&*warehouse, begun(&changed()), whole.clone(), rows).await);
    assert_eq!(warehouse.look().await.unwrap().next["hourly"], whole);
    let swap = Swap {
        silver: Some(silver(7)),
        ..swap(whole)
    };
    assert_eq!(warehouse.swap(&swap).await.unwrap(), Changed::Done);
    let said = said(&*warehouse).await;
    (warehouse, said)
}

pub async fn what_a_shadow_has_taken_in_comes_with_its_swap(database: &dyn Database) {
    let (warehouse, said_then) = shown(database, Some(6)).await;
    assert_eq!(said_then.join(" "), "1 16 17 7 3 4 5 2 0 6 1 false");
    let mut on = Run {
        balance: Balance {
            silver: Some(silver(9)),
            before: Some(7),
            taken: 2,
        },
        ..run(&changed(), HOURLY, Some(1), 2)
    };
    on.steps[0].from = warehouse.progress().await.unwrap().remove("hourly");
    commit(&*warehouse, on, vec![hourly(1, 2, None, None)]).await;
    let expected = "2 18 19 9 3 4 5 2 0 8 1 false";
    assert_eq!(said(&*warehouse).await.join(" "), expected);
}

pub async fn a_shadow_that_an_earlier_build_filled_has_taken_in_what_silver_has(
    database: &dyn Database,
) {
    let (_, said) = shown(database, None).await;
    assert_eq!(said.join(" "), "1 16 17 7 3 4 5 2 0 7 0 true");
}
