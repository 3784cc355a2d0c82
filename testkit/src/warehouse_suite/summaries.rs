//! Views that add up the rows of a table when they are read.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use sluice::warehouse::{Datum, Order, Row, Warehouse};
use xxhash_rust::xxh3::xxh3_128;

use super::runs::{commit, read, run, schema_of};
use crate::database::Database;

const TABLES: &str = r#"
[[gold]]
table = "states"
grain = "all"
by = ["id", "who"]
measures = { total = "sum(amount)", n = "count", seen = "max(at)", high = "max(level)" }
[[summary]]
view = "by_person"
from = "states"
by = ["who"]
measures = { rows = "count", total = "sum(total)", least = "min(total)", most = "max(total)", mean = "avg(total)", n = "sum(n)", mean_n = "avg(n)", seen = "max(seen)", high = "min(high)" }
[[summary]]
view = "all_states"
from = "states"
measures = { rows = "count", total = "sum(total)", n = "max(n)" }
"#;

fn state(id: i64, who: Option<&str>, total: Option<i128>) -> Row {
    Row {
        newest: 0,
        start: 0,
        key: xxh3_128(format!("{id} {who:?}").as_bytes()).to_be_bytes(),
        dimensions: vec![
            Datum::Int64(id),
            who.map_or(Datum::Null, |who| Datum::Text(who.to_owned())),
        ],
        measures: vec![
            total.map_or(Datum::Null, Datum::Decimal),
            Datum::Int64(id),
            Datum::Timestamp(id * 1_000_000),
            total.map_or(Datum::Null, |_| Datum::Double(0.5)),
        ],
    }
}

async fn by_total(warehouse: &dyn Warehouse, descending: bool) -> Vec<Vec<String>> {
    let order = Order {
        column: "total".to_owned(),
        descending,
    };
    let read = warehouse.read_table("by_person", Some(order), 100).await;
    let text = |cell: Option<String>| cell.unwrap_or_else(|| "-".into());
    let rows = read.unwrap().rows.into_iter();
    rows.map(|row| row.into_iter().map(text).collect())
        .collect()
}

/// What is read of each person, the highest total first.
fn people() -> [Vec<String>; 5] {
    let row = |cells: [&str; 10]| cells.map(str::to_owned).to_vec();
    let second = |n: u32| format!("1970-01-01T00:00:{n:02}.000000Z");
    let (z, capital, a) = (
        row([
            "z",
            "1",
            "1000000000.01",
            "1000000000.01",
            "1000000000.01",
            "1000000000.01",
            "7",
            "7",
            &second(7),
            "0.5",
        ]),
        row([
            "A",
            "1",
            "10.00",
            "10.00",
            "10.00",
            "10",
            "2",
            "2",
            &second(2),
            "0.5",
        ]),
        row([
            "a",
            "2",
            "10.25",
            "1.25",
            "9.00",
            "5.125",
            "6",
            "3",
            &second(5),
            "0.5",
        ]),
    );
    let blank = row([
        "a ",
        "1",
        "-0.25",
        "-0.25",
        "-0.25",
        "-0.25",
        "3",
        "3",
        &second(3),
        "0.5",
    ]);
    let none = row(["-", "2", "-", "-", "-", "-", "10", "5", &second(6), "-"]);
    [z, a, capital, blank, none]
}

pub async fn a_summary_adds_up_what_is_now_by_what_is_just_equal(database: &dyn Database) {
    let schema = schema_of(TABLES);
    let warehouse = database.ready(&schema).await;
    commit(&*warehouse, run(&schema, 0, None, 1), Vec::new()).await;
    assert_eq!(
        read(&*warehouse, "all_states").await,
        [["0", "-", "-"]],
        "one row where nothing is to be added up"
    );
    assert!(read(&*warehouse, "by_person").await.is_empty());
    let rows = vec![
        state(1, Some("a"), Some(900)),
        state(2, Some("A"), Some(1_000)),
        state(3, Some("a "), Some(-25)),
        state(4, None, None),
        state(5, Some("a"), Some(125)),
        state(6, None, None),
        state(7, Some("z"), Some(10_i128.pow(11) + 1)),
    ];
    commit(&*warehouse, run(&schema, 0, Some(1), 2), rows).await;
    let [z, a, capital, blank, none] = people();
    let highest = [
        z.clone(),
        a.clone(),
        capital.clone(),
        blank.clone(),
        none.clone(),
    ];
    assert_eq!(by_total(&*warehouse, true).await, highest);
    assert_eq!(
        by_total(&*warehouse, false).await,
        [blank, capital, a, z, none]
    );
    assert_eq!(
        read(&*warehouse, "all_states").await,
        [["7", "1000000020.01", "7"]]
    );
    // What changes in the table changes in the view: it keeps nothing of its own.
    let more = vec![state(4, None, Some(7))];
    commit(&*warehouse, run(&schema, 0, Some(2), 3), more).await;
    assert_eq!(by_total(&*warehouse, true).await[3][2], "0.07");
    assert_eq!(warehouse.count_rows("by_person").await.unwrap(), 5);
}
