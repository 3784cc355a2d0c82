use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::script::script;
use super::warehouse::SqliteWarehouse;
use crate::warehouse::fixture::{TABLES, apply, prepare, row, schema_of};
use crate::warehouse::schema::{FRESHNESS, TableIndex, ValueType};
use crate::warehouse::{Begun, FailureKind, Order, Reports, Row, Run, Warehouse};

fn warehouse(path: &Path) -> SqliteWarehouse {
    SqliteWarehouse::new(path.into(), schema_of(TABLES))
}

fn run(warehouse: &SqliteWarehouse, from: Option<u64>, to: u64) -> Run {
    crate::warehouse::fixture::run(&warehouse.schema, from, to)
}

async fn everything(warehouse: &SqliteWarehouse) -> String {
    let progress = warehouse.progress().await.unwrap();
    let mut text = format!("{progress:?}");
    for name in ["daily", "top", FRESHNESS] {
        let rows = warehouse.read_table(name, None, 100).await.unwrap();
        text.push_str(&format!("\n{rows:?}"));
    }
    text
}

async fn with_connection<T>(
    warehouse: &SqliteWarehouse,
    act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
) -> T {
    let mut held = warehouse.hold().await.unwrap();
    act(held.connection().unwrap()).unwrap()
}

#[tokio::test]
async fn a_run_interrupted_at_any_step_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    apply(&warehouse, run(&warehouse, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    let before = everything(&warehouse).await;
    let mut interruptions = 0;
    for stop in 0.. {
        let steps = Arc::new(AtomicUsize::new(0));
        with_connection(&warehouse, |connection| {
            let steps = Arc::clone(&steps);
            let handler = move || steps.fetch_add(1, Ordering::SeqCst) == stop;
            connection.progress_handler(1, Some(handler))
        })
        .await;
        let outcome = apply(
            &warehouse,
            run(&warehouse, Some(1), 2),
            vec![row(1, 7), row(2, 1)],
        )
        .await;
        let none: Option<fn() -> bool> = None;
        with_connection(&warehouse, |connection| {
            connection.progress_handler(1, none)
        })
        .await;
        let Err(error) = outcome else {
            assert!(steps.load(Ordering::SeqCst) <= stop);
            break;
        };
        interruptions += 1;
        if error.kind() == FailureKind::Ambiguous {
            // The last step of the commit was interrupted, which had taken effect.
            break;
        }
        assert_eq!(error.kind(), FailureKind::Transient, "{error:?}");
        assert_eq!(everything(&warehouse).await, before);
    }
    assert!(interruptions > 20, "{interruptions}");
    assert_ne!(everything(&warehouse).await, before);
}

#[tokio::test]
async fn a_process_that_ends_in_a_transaction_leaves_the_state_before_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let first = warehouse(&path);
    prepare(&first).await;
    apply(&first, run(&first, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    let before = everything(&first).await;

    // So many rows that SQLite writes some of them before the commit.
    with_connection(&first, |connection| {
        connection.pragma_update(None, "cache_size", 2)
    })
    .await;
    let Begun::Open(mut transaction) = first.begin(run(&first, Some(1), 2)).await.unwrap() else {
        panic!("nobody else is here");
    };
    let rows = (0..2_000_u128).map(|key| Row {
        newest: 0,
        key: key.to_be_bytes(),
        ..row(1, 1)
    });
    transaction
        .merge(TableIndex::new(0), rows.collect())
        .await
        .unwrap();
    let copy = folder.path().join("copy.db");
    for end in ["", "-wal"] {
        let (from, to) = (
            format!("{}{end}", path.display()),
            format!("{}{end}", copy.display()),
        );
        std::fs::copy(from, to).unwrap();
    }
    drop(transaction);
    assert_eq!(everything(&warehouse(&copy)).await, before);
    assert_eq!(everything(&first).await, before);
}

#[tokio::test]
async fn any_tool_reads_tables_and_views() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let warehouse = warehouse(&path);
    prepare(&warehouse).await;
    let rows = vec![row(1, -5), row(2, 100), row(3, 7)];
    apply(&warehouse, run(&warehouse, None, 1), rows)
        .await
        .unwrap();
    apply(&warehouse, run(&warehouse, Some(1), 2), vec![row(3, 1)])
        .await
        .unwrap();

    // A connection without our functions.
    let plain = Connection::open(&path).unwrap();
    let read = |sql: &str| -> Vec<String> {
        let mut statement = plain.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(
        read("SELECT total_exact FROM daily ORDER BY who"),
        ["-0.05", "1.00", "0.08"]
    );
    assert_eq!(
        read("SELECT rank || ' ' || who || ' ' || total_exact FROM top"),
        ["1 w2 1.00", "2 w3 0.08"]
    );
    assert_eq!(
        read("SELECT mean || ' ' || is_settled FROM daily_report WHERE n = 2"),
        ["0.04 0"]
    );
    assert_eq!(read("SELECT day FROM daily LIMIT 1"), ["1970-01-02"]);
}

#[tokio::test]
async fn numbers_are_numbers_to_any_tool_and_exact_beside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let warehouse = warehouse(&path);
    prepare(&warehouse).await;
    let highest = 10_i128.pow(38) - 1;
    let rows = [(1, 45_000), (2, 1_367_951_586), (3, 99_919), (4, -5)];
    let rows: Vec<Row> = rows.into_iter().map(|(key, sum)| row(key, sum)).collect();
    apply(&warehouse, run(&warehouse, None, 1), rows)
        .await
        .unwrap();

    let plain = Connection::open(&path).unwrap();
    let read = |sql: &str| -> String { plain.query_row(sql, [], |row| row.get(0)).unwrap() };
    for name in ["daily", "daily_report", "top"] {
        let kind = read(&format!(
            "SELECT group_concat(DISTINCT typeof(total)) FROM {name}"
        ));
        assert_eq!(kind, "real", "{name}");
    }
    assert_eq!(
        read("SELECT max(total) || ' ' || min(total) || ' ' || sum(total) FROM daily"),
        "13679515.86 -0.05 13680965.0"
    );
    assert_eq!(
        read("SELECT group_concat(who) FROM (SELECT who FROM daily ORDER BY total DESC)"),
        "w2,w3,w1,w4"
    );
    assert_eq!(read("SELECT _key FROM daily WHERE who = 'w3'").len(), 32);

    // All digits are there, beside the number and for whoever reads through the schema.
    let change = "UPDATE daily__1 SET total = ?1 WHERE who = 'w1'";
    let digits = crate::value::decimal::format(highest, 2);
    plain.execute(change, [&digits]).unwrap();
    assert_eq!(
        read("SELECT total_exact FROM daily WHERE who = 'w1'"),
        digits
    );
    let order = Order {
        column: "total".to_owned(),
        descending: true,
    };
    for name in ["daily", "daily_report"] {
        let found = warehouse.read_table(name, Some(order.clone()), 1).await;
        let found = found.unwrap();
        let total = found.columns.iter().position(|name| name == "total");
        assert_eq!(
            found.rows[0][total.unwrap()].as_ref(),
            Some(&digits),
            "{name}"
        );
    }
}

#[tokio::test]
async fn views_that_show_decimals_as_text_are_read_and_made_anew() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    apply(&warehouse, run(&warehouse, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    with_connection(&warehouse, |connection| {
        connection.execute_batch(
            "DROP VIEW daily; CREATE VIEW daily AS SELECT * FROM daily__1;
             DROP VIEW top; CREATE VIEW top AS SELECT 1 AS rank, * FROM daily__1;",
        )
    })
    .await;
    for name in ["daily", "top"] {
        let found = warehouse.read_table(name, None, 9).await.unwrap();
        let total = found.columns.iter().position(|name| name == "total");
        assert_eq!(found.rows[0][total.unwrap()].as_deref(), Some("0.05"));
    }
    assert!(warehouse.look().await.unwrap().is_incomplete);
    prepare(&warehouse).await;
    let kind = with_connection(&warehouse, |connection| {
        let sql = "SELECT typeof(total) || ' ' || total_exact FROM daily";
        connection.query_row(sql, [], |row| row.get::<_, String>(0))
    });
    assert_eq!(kind.await, "real 0.05");
    assert!(!warehouse.look().await.unwrap().is_incomplete);
}

#[tokio::test]
async fn a_table_that_was_dropped_starts_from_nothing_under_another_name() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    apply(&warehouse, run(&warehouse, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    with_connection(&warehouse, |connection| {
        connection.execute_batch("DROP TABLE daily__1")
    })
    .await;
    let standing = prepare(&warehouse).await;
    assert_eq!(standing.gone.len(), 1);
    assert_eq!(standing.missing, ["daily"]);
    let mut again = run(&warehouse, Some(1), 4);
    again.steps[0].replace = true;
    apply(&warehouse, again, vec![row(1, 5)]).await.unwrap();
    let progress = &warehouse.progress().await.unwrap()["daily"];
    assert_eq!(progress.physical.as_deref(), Some("daily__2"));
    let rows = warehouse.read_table("daily", None, 9).await.unwrap();
    assert_eq!(rows.rows.len(), 1);
}

#[tokio::test]
async fn a_table_of_that_name_is_never_taken_for_the_one_to_be_made() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    with_connection(&warehouse, |connection| {
        connection.execute_batch("CREATE TABLE daily__1 (x)")
    })
    .await;
    let error = warehouse.begin(run(&warehouse, None, 1)).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert_eq!(error.to_string(), "create a table for daily");
    assert!(warehouse.progress().await.unwrap().is_empty());
}

/// What the first build made: books of few columns, and a table under the public name.
const EARLIER: &str = "
CREATE TABLE sluice_progress (gold_table TEXT NOT NULL, generation BIGINT NOT NULL, definition TEXT NOT NULL,
    version BIGINT NOT NULL, PRIMARY KEY (gold_table));
CREATE TABLE sluice_freshness (gold_table TEXT NOT NULL, watermark TIMESTAMP_TEXT, settled_until TIMESTAMP_TEXT,
    version BIGINT, last_run TIMESTAMP_TEXT, PRIMARY KEY (gold_table));
CREATE TABLE daily (day DATE_TEXT NOT NULL, _key BLOB NOT NULL, who TEXT, n BIGINT NOT NULL,
    total \"DECIMAL_TEXT(38,2)\", mean_sum \"DECIMAL_TEXT(38,2)\", mean_count BIGINT NOT NULL, PRIMARY KEY (day, _key));
CREATE VIEW daily_report AS SELECT who FROM daily;
CREATE VIEW mine AS SELECT n FROM daily;
INSERT INTO daily VALUES ('1970-01-02', x'00', 'w', 3, '0.05', '0.05', 3);
INSERT INTO sluice_freshness (gold_table, version) VALUES ('daily', 7);";

async fn earlier(path: &Path, definition: &str) -> SqliteWarehouse {
    let warehouse = warehouse(path);
    with_connection(&warehouse, |connection| {
        connection.execute_batch(EARLIER)?;
        let progress = "INSERT INTO sluice_progress VALUES ('daily', 1, ?1, 7)";
        connection.execute(progress, [definition])
    })
    .await;
    warehouse
}

#[tokio::test]
async fn a_table_of_an_earlier_build_gets_another_name_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let definition = schema_of(TABLES).tables[0].definition.clone();
    let warehouse = earlier(&folder.path().join("gold.db"), &definition).await;
    let read = async |name: &str| warehouse.read_table(name, None, 9).await.unwrap().rows;
    // As it is, it is read: what its books do not say is unknown.
    let found = &warehouse.progress().await.unwrap()["daily"];
    assert_eq!(
        (found.version.0, &found.physical, &found.log),
        (7, &None, &None)
    );
    assert_eq!(read("daily").await[0][2].as_deref(), Some("3"));
    assert_eq!(read(FRESHNESS).await[0][6], None);

    let standing = prepare(&warehouse).await;
    assert!(standing.unfit.is_empty() && standing.gone.is_empty() && !standing.is_incomplete);
    let found = &standing.progress["daily"];
    assert_eq!(found.physical.as_deref(), Some("daily__1"));
    assert_eq!((found.version.0, found.made), (7, 1));
    assert_eq!(read("daily").await[0][2].as_deref(), Some("3"));
    assert_eq!(read("daily_report").await[0][3].as_deref(), Some("0.05"));
    let mine = with_connection(&warehouse, |connection| {
        connection.query_row("SELECT n FROM mine", [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(mine.await, 3, "a view of somebody's goes on");

    let on = run(&warehouse, Some(7), 8);
    assert!(apply(&warehouse, on, vec![row(1, 5)]).await.unwrap());
    assert_eq!(read("daily").await.len(), 2);
}

#[tokio::test]
async fn a_table_of_an_earlier_definition_is_shown_until_it_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let warehouse = earlier(&folder.path().join("gold.db"), "another").await;
    with_connection(&warehouse, |connection| {
        connection.execute_batch("ALTER TABLE daily RENAME COLUMN total TO amount")
    })
    .await;
    let standing = prepare(&warehouse).await;
    assert!(standing.unfit.is_empty());
    let amounts = async |column: &str| {
        let sql = format!("SELECT {column} FROM daily");
        with_connection(&warehouse, |connection| {
            connection.query_row(&sql, [], |row| row.get::<_, String>(0))
        })
        .await
    };
    assert_eq!(amounts("amount").await, "0.05");
    let mut anew = run(&warehouse, None, 9);
    anew.steps[0].from = standing.progress.get("daily").cloned();
    anew.steps[0].replace = true;
    assert!(apply(&warehouse, anew, vec![row(1, 5)]).await.unwrap());
    assert_eq!(amounts("total_exact").await, "0.05");
    let standing = warehouse.look().await.unwrap();
    assert_eq!(
        standing.progress["daily"].physical.as_deref(),
        Some("daily__2")
    );
    assert_eq!(standing.retired[0].physical, "daily__1");
}

#[tokio::test]
async fn a_table_of_an_earlier_build_that_never_had_rows_is_filled() {
    let folder = TempDir::new().unwrap();
    let warehouse = earlier(&folder.path().join("gold.db"), "x").await;
    with_connection(&warehouse, |connection| {
        connection.execute_batch("DELETE FROM sluice_progress; DELETE FROM daily")
    })
    .await;
    let standing = prepare(&warehouse).await;
    let mut fill = run(&warehouse, None, 9);
    fill.steps[0].from = standing.progress.get("daily").cloned();
    fill.steps[0].replace = true;
    assert!(apply(&warehouse, fill, vec![row(1, 5)]).await.unwrap());
    let found = &warehouse.progress().await.unwrap()["daily"];
    assert_eq!(
        (found.physical.as_deref(), found.made),
        (Some("daily__1"), 1)
    );
}

#[tokio::test]
async fn a_column_that_a_later_build_added_to_a_book_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    with_connection(&warehouse, |connection| {
        connection.execute_batch(
            "ALTER TABLE sluice_progress ADD COLUMN later TEXT;
             ALTER TABLE sluice_freshness ADD COLUMN later TEXT DEFAULT 'kept'",
        )
    })
    .await;
    prepare(&warehouse).await;
    for (from, to) in [(None, 1), (Some(1), 2)] {
        let run = run(&warehouse, from, to);
        assert!(apply(&warehouse, run, vec![row(1, 5)]).await.unwrap());
        with_connection(&warehouse, |connection| {
            connection.execute_batch(
                "UPDATE sluice_freshness SET later = 'kept ' || version WHERE version = 1",
            )
        })
        .await;
    }
    let kept = with_connection(&warehouse, |connection| {
        connection.query_row("SELECT later FROM sluice_freshness", [], |row| {
            row.get::<_, String>(0)
        })
    });
    assert_eq!(kept.await, "kept 1");
}

#[tokio::test]
async fn views_follow_the_dataset_file_and_tables_stay() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let before = warehouse(&path);
    prepare(&before).await;
    apply(&before, run(&before, None, 1), vec![row(1, 5), row(2, 6)])
        .await
        .unwrap();
    let after = SqliteWarehouse::new(path, schema_of(&TABLES.replace("top = 2", "top = 1")));
    prepare(&after).await;
    assert_eq!(
        after.read_table("top", None, 9).await.unwrap().rows.len(),
        1
    );
    assert_eq!(
        after.read_table("daily", None, 9).await.unwrap().rows.len(),
        2
    );
}

#[tokio::test]
async fn a_table_under_the_name_of_a_view_is_refused() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    with_connection(&warehouse, |connection| {
        connection.execute_batch("CREATE TABLE top (x)")
    })
    .await;
    let unfit = prepare(&warehouse).await.unfit;
    let text = unfit[&TableIndex::new(0)].to_string();
    assert!(
        text.contains("its view top is a table, not a view; drop or rename top, and"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_a_failure_that_may_pass() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let (one, other) = (warehouse(&path), warehouse(&path));
    prepare(&one).await;
    with_connection(&other, |connection| connection.busy_timeout(Duration::ZERO)).await;
    let Begun::Open(transaction) = one.begin(run(&one, None, 1)).await.unwrap() else {
        panic!("nobody else is here");
    };
    let error = other.begin(run(&other, None, 1)).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Transient);
    drop(transaction);
    assert!(matches!(
        other.begin(run(&other, None, 1)).await,
        Ok(Begun::Open(_))
    ));
}

#[tokio::test]
async fn only_the_folder_of_local_state_is_made() {
    let folder = TempDir::new().unwrap();
    let elsewhere = folder.path().join("missing/gold.db");
    assert!(warehouse(&elsewhere).look().await.is_err());
    assert!(!folder.path().join("missing").exists());
    prepare(&warehouse(&folder.path().join(".sluice/gold/gold.db"))).await;
}

#[tokio::test]
async fn who_looked_before_the_first_run_sees_the_progress_after_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let (reader, writer) = (warehouse(&path), warehouse(&path));
    assert!(reader.progress().await.unwrap().is_empty());
    prepare(&writer).await;
    assert!(
        apply(&writer, run(&writer, None, 1), vec![row(1, 5)])
            .await
            .unwrap()
    );
    assert_eq!(reader.progress().await.unwrap().len(), 1);
}

#[tokio::test]
async fn where_nothing_is_missing_no_lock_is_taken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let (one, other) = (warehouse(&path), warehouse(&path));
    prepare(&one).await;
    with_connection(&other, |connection| connection.busy_timeout(Duration::ZERO)).await;
    let Begun::Open(_transaction) = one.begin(run(&one, None, 1)).await.unwrap() else {
        panic!("nobody else is here");
    };
    let standing = other.look().await.unwrap();
    assert!(!standing.is_incomplete && standing.progress.is_empty());
}

#[tokio::test]
async fn the_script_makes_what_the_handler_then_finds_complete() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    let script = script(&schema_of(TABLES)).unwrap();
    for part in [
        "-- A row for each day and who.",
        "-- The 2 rows of daily with the highest total.",
    ] {
        assert!(script.contains(part), "{script}");
    }
    with_connection(&warehouse, |connection| {
        connection.execute_batch(&script)?;
        // A second time it keeps the tables.
        connection.execute_batch(&script)
    })
    .await;
    let standing = warehouse.look().await.unwrap();
    assert!(
        standing.missing.is_empty() && !standing.is_incomplete,
        "{standing:?}"
    );

    // A run fills what is there.
    let mut fill = run(&warehouse, None, 1);
    fill.steps[0].from = standing.progress.get("daily").cloned();
    fill.steps[0].replace = true;
    assert!(apply(&warehouse, fill, vec![row(1, 5)]).await.unwrap());
    let found = &warehouse.progress().await.unwrap()["daily"];
    assert_eq!(found.physical.as_deref(), Some("daily__1"));
}

#[tokio::test]
async fn what_is_missing_is_named_and_nothing_is_made() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    for _ in 0..2 {
        let missing = warehouse.missing().await.unwrap();
        let has = |name: &str| missing.iter().any(|found| found == name);
        assert!(has("sluice_progress") && has("daily"), "{missing:?}");
    }
    prepare(&warehouse).await;
    assert_eq!(warehouse.missing().await.unwrap(), ["daily"]);
    apply(&warehouse, run(&warehouse, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    assert!(warehouse.missing().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_view_of_an_earlier_definition_is_read_with_what_it_has() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let before = warehouse(&path);
    prepare(&before).await;
    apply(&before, run(&before, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    let more = TABLES.replace("measures = { ", "measures = { first_at = \"min(at)\", ");
    let after = SqliteWarehouse::new(path, schema_of(&more));
    let names = |columns: Vec<(String, ValueType)>| -> Vec<String> {
        columns.into_iter().map(|(name, _)| name).collect()
    };
    let there = ["day", "who", "n", "total", "mean_sum", "mean_count"];
    assert_eq!(names(after.columns("daily").await.unwrap()), there);
    let read = after.read_table("daily", None, 9).await.unwrap();
    assert_eq!(read.columns, there);
    assert_eq!(read.rows[0][2].as_deref(), Some("1"));
    // Whoever asks for a column that is not there is told so, and gets no name for a value.
    let table = &after.schema().tables[0];
    let visited = after.visit_rows(table, Box::new(|_| {})).await;
    let error = crate::error::chain(&visited.unwrap_err());
    assert!(error.contains("no such column: \"first_at\""), "{error}");

    let nothing = SqliteWarehouse::new(folder.path().join("none.db"), schema_of(TABLES));
    assert!(nothing.columns("daily").await.unwrap().is_empty());
    let error = nothing.read_table("daily", None, 9).await.unwrap_err();
    let error = crate::error::chain(&error);
    assert!(error.contains("no such table: daily"), "{error}");
}

#[tokio::test]
async fn rows_that_tie_are_ordered_by_what_tells_them_apart() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    prepare(&warehouse).await;
    let rows = [3, 1, 2].map(|who| row(who, 5)).to_vec();
    apply(&warehouse, run(&warehouse, None, 1), rows)
        .await
        .unwrap();
    for (column, descending) in [("total", true), ("total", false), ("day", true)] {
        for name in ["daily", "daily_report"] {
            let column = column.to_owned();
            let order = Order { column, descending };
            let found = warehouse.read_table(name, Some(order), 9).await.unwrap();
            let who: Vec<_> = found.rows.iter().map(|row| row[1].clone()).collect();
            let expected = ["w1", "w2", "w3"].map(|who| Some(who.to_owned()));
            assert_eq!(who, expected, "{name}");
        }
    }
}
