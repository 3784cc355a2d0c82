use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::ensure;
use super::script::script;
use super::warehouse::SqliteWarehouse;
use crate::warehouse::fixture::{TABLES, apply, row, schema_of};
use crate::warehouse::schema::{FRESHNESS, TableIndex};
use crate::warehouse::{Begun, FailureKind, Reports, Row, Run, Warehouse};

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
    warehouse.ensure().await.unwrap();
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
    first.ensure().await.unwrap();
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
    warehouse.ensure().await.unwrap();
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
        read("SELECT total FROM daily ORDER BY who"),
        ["-0.05", "1.00", "0.08"]
    );
    assert_eq!(read("SELECT typeof(total) FROM daily GROUP BY 1"), ["text"]);
    assert_eq!(
        read("SELECT rank || ' ' || who || ' ' || total FROM top"),
        ["1 w2 1.00", "2 w3 0.08"]
    );
    assert_eq!(
        read("SELECT mean || ' ' || is_settled FROM daily_report WHERE n = 2"),
        ["0.04 0"]
    );
    assert_eq!(read("SELECT day FROM daily LIMIT 1"), ["1970-01-02"]);
}

#[tokio::test]
async fn a_table_that_was_dropped_starts_from_nothing() {
    let folder = TempDir::new().unwrap();
    let warehouse = warehouse(&folder.path().join("gold.db"));
    warehouse.ensure().await.unwrap();
    apply(&warehouse, run(&warehouse, None, 1), vec![row(1, 5)])
        .await
        .unwrap();
    with_connection(&warehouse, |connection| {
        connection.execute_batch("DROP TABLE daily")
    })
    .await;
    warehouse.ensure().await.unwrap();
    assert!(warehouse.progress().await.unwrap().is_empty());
    apply(&warehouse, run(&warehouse, None, 4), vec![row(1, 5)])
        .await
        .unwrap();
}

#[tokio::test]
async fn views_follow_the_dataset_file_and_tables_stay() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let before = warehouse(&path);
    before.ensure().await.unwrap();
    apply(&before, run(&before, None, 1), vec![row(1, 5), row(2, 6)])
        .await
        .unwrap();
    let after = SqliteWarehouse::new(path, schema_of(&TABLES.replace("top = 2", "top = 1")));
    after.ensure().await.unwrap();
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
    let unfit = warehouse.ensure().await.unwrap();
    let text = unfit[&TableIndex::new(0)].to_string();
    assert!(
        text.contains("its view top is a table, not a view"),
        "{text}"
    );
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_a_failure_that_may_pass() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let (one, other) = (warehouse(&path), warehouse(&path));
    one.ensure().await.unwrap();
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
    assert!(warehouse(&elsewhere).ensure().await.is_err());
    assert!(!folder.path().join("missing").exists());
    warehouse(&folder.path().join(".sluice/gold/gold.db"))
        .ensure()
        .await
        .unwrap();
}

#[tokio::test]
async fn who_looked_before_the_first_run_sees_the_progress_after_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gold.db");
    let (reader, writer) = (warehouse(&path), warehouse(&path));
    assert!(reader.progress().await.unwrap().is_empty());
    writer.ensure().await.unwrap();
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
    one.ensure().await.unwrap();
    with_connection(&other, |connection| connection.busy_timeout(Duration::ZERO)).await;
    let Begun::Open(_transaction) = one.begin(run(&one, None, 1)).await.unwrap() else {
        panic!("nobody else is here");
    };
    other.ensure().await.unwrap();
    assert!(other.progress().await.unwrap().is_empty());
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
    let missing = with_connection(&warehouse, |connection| {
        Ok(ensure::statements(connection, &schema_of(TABLES))
            .unwrap()
            .0)
    })
    .await;
    assert!(missing.is_empty(), "{missing:?}");
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
    warehouse.ensure().await.unwrap();
    assert!(warehouse.missing().await.unwrap().is_empty());
}
