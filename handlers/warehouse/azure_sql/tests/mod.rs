//! What is sent to a server and how its answers are taken, over a connection to one that answers as it is told; and
//! what is found to be missing in a catalog.

mod beside;
mod catalog;
mod query;
pub(crate) mod server;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::statements::{SqlSchema, dml, look, steps};
use super::*;
use crate::table::log::Version;
use crate::warehouse::fixture::{TABLES, row, schema_of};
use crate::warehouse::schema::{GoldSchema, PROGRESS, TableIndex};
use crate::warehouse::{
    Begun, Build, Datum, FailureKind, Options, Order, Progress, Reports, Row, RowVisitor, Run,
    Step, Warehouse, WarehouseError, fixture,
};
use server::{Answer, Cell, Column, Named, Request, Server};

/// What a run of one merge asks, in order, by how it begins.
const RUN: [&str; 8] = [
    "SET XACT_ABORT ON",
    "BEGIN TRANSACTION",
    "IF EXISTS (SELECT 1 FROM [gold].[sluice_builds]",
    "SELECT TOP 0 * FROM [#sluice_daily__1]",
    "INSERT BULK [#sluice_daily__1]",
    "rows",
    "DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM [#sluice_daily__1])",
    "COMMIT TRANSACTION",
];
/// How the statement begins that moves progress.
const FENCE: &str = RUN[2];
/// How the one begins that merges.
pub(crate) const MERGE: &str = RUN[6];

fn warehouse(server: &Server) -> AzureSqlWarehouse {
    let string = server.connection_string();
    AzureSqlWarehouse::new(&string, &Options::default(), schema_of(TABLES)).unwrap()
}

fn run(warehouse: &AzureSqlWarehouse) -> Run {
    fixture::run(&warehouse.schema, Some(1), 2)
}

/// Two rows, one of them without a value of the dimension.
fn rows() -> Vec<Row> {
    let nobody = Row {
        newest: 0,
        dimensions: vec![Datum::Null],
        ..row(2, -5)
    };
    vec![row(1, -5), nobody]
}

async fn apply(warehouse: &AzureSqlWarehouse) -> Result<bool, WarehouseError> {
    fixture::apply(warehouse, run(warehouse), rows()).await
}

/// Answers as a server does where nothing is wrong.
pub(crate) fn healthy(request: &Request) -> Answer {
    let Request::Sql(sql) = request else {
        return Answer::Done(match request {
            Request::Rows => 2,
            _ => 0,
        });
    };
    if sql.starts_with("BEGIN TRANSACTION") {
        return Answer::Locked(0);
    }
    if sql.starts_with("SELECT COUNT_BIG(*)") {
        return Answer::Table(vec![Column::Bigint], vec![vec![Cell::Bigint(2)]]);
    }
    if sql.starts_with(FENCE) {
        return outcome(steps::MOVED);
    }
    if sql.starts_with("SELECT 1 AS") {
        return Answer::Table(vec![Column::Int], vec![vec![Cell::Int(1)]]);
    }
    if sql.starts_with("SELECT TOP 0") {
        let columns = vec![
            Column::Date,
            Column::Binary16,
            Column::Text,
            Column::Bigint,
            Column::Text,
            Column::Text,
            Column::Bigint,
        ];
        return Answer::Table(columns, vec![]);
    }
    Answer::Done(0)
}

/// The answer to the statement that moves progress.
fn outcome(outcome: i32) -> Answer {
    Answer::Table(vec![Column::Int], vec![vec![Cell::Int(outcome)]])
}

/// Answers one kind of request otherwise, the first time.
fn failing_once(
    start: &'static str,
    answer: Answer,
) -> impl FnMut(usize, &Request) -> Answer + Send + 'static {
    let mut is_left = true;
    move |_, request| {
        let is_meant = matches!(request, Request::Sql(sql) if sql.starts_with(start));
        if is_meant && std::mem::take(&mut is_left) {
            return answer.clone();
        }
        healthy(request)
    }
}

/// Answers as a server does where another run is first, once.
pub(crate) fn overtaken_once() -> impl FnMut(usize, &Request) -> Answer + Send + 'static {
    failing_once(FENCE, outcome(steps::CONFLICT))
}

fn gold() -> SqlSchema {
    SqlSchema("gold".into())
}

/// The answer of a look that finds one row of a book, all of it as text.
fn book(name: &str, row: &[(&str, Option<&str>)]) -> Named {
    let part = ("part", Some(name));
    let columns = [part].into_iter().chain(row.iter().copied());
    let text = |value: Option<&str>| match value {
        Some(text) => Cell::Text(text.to_owned()),
        None => Cell::Null,
    };
    (
        columns
            .clone()
            .map(|(name, _)| (name.to_owned(), Column::Text))
            .collect(),
        vec![columns.map(|(_, value)| text(value)).collect()],
    )
}

fn is_a_run(statements: &[String]) {
    assert_eq!(statements.len(), RUN.len(), "{statements:#?}");
    for (statement, start) in statements.iter().zip(RUN) {
        assert!(statement.starts_with(start), "{statement}\nis not {start}");
    }
}

#[tokio::test]
async fn a_run_is_one_transaction_with_the_lock_and_the_fence_first() {
    let server = Server::start(|_, request| healthy(request)).await;
    assert!(apply(&warehouse(&server)).await.unwrap());
    is_a_run(&server.statements());
}

/// What each request costs is a round trip: 71 were too many.
#[tokio::test]
async fn a_run_of_six_tables_takes_29_round_trips() {
    let (table, _) = TABLES.split_once("[[ranking]]").unwrap();
    let tables: String = (0..6)
        .map(|number| table.replace("daily", &format!("daily{number}")))
        .collect();
    let schema = schema_of(&tables);
    let server = Server::start(|_, request| healthy(request)).await;
    let string = server.connection_string();
    let warehouse = AzureSqlWarehouse::new(&string, &Options::default(), schema).unwrap();
    assert!(warehouse.look().await.unwrap().is_incomplete);
    let steps = warehouse.schema.indexed_tables().map(|(table, _)| Step {
        table,
        ..run(&warehouse).steps[0].clone()
    });
    let run = Run {
        steps: steps.collect(),
        ..run(&warehouse)
    };
    let Begun::Open(mut transaction) = warehouse.begin(run).await.unwrap() else {
        panic!("nobody else is here");
    };
    for (table, _) in warehouse.schema.indexed_tables() {
        transaction.merge(table, rows()).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(server.statements().len(), 29);
}

#[tokio::test]
async fn a_connection_lost_in_a_run_is_a_failure_that_may_pass_and_at_the_commit_unknown() {
    for (lost, start) in RUN.into_iter().enumerate() {
        let mut asked = 0;
        let server = Server::start(move |_, request| {
            if *request != Request::LogIn {
                asked += 1;
            }
            match asked == lost + 1 && *request != Request::LogIn {
                true => Answer::HangUp,
                false => healthy(request),
            }
        })
        .await;
        let warehouse = warehouse(&server);
        let error = apply(&warehouse).await.unwrap_err();
        let is_commit = start.starts_with("COMMIT");
        let expected = match is_commit {
            true => FailureKind::Ambiguous,
            false => FailureKind::Transient,
        };
        assert_eq!(error.kind(), expected, "{error:?}");
        let before = server.statements();
        assert_eq!(before.len(), lost + 1);
        assert_eq!(
            before.iter().any(|sql| sql.starts_with("COMMIT")),
            is_commit
        );

        // The next run begins afresh, on another connection.
        assert!(apply(&warehouse).await.unwrap());
        assert_eq!(server.logins(), 2);
        is_a_run(&server.statements()[before.len()..]);
    }
}

#[tokio::test]
async fn a_run_in_conflict_is_undone_and_its_connection_kept() {
    for refused in [steps::CONFLICT, steps::REPLACED] {
        let server = Server::start(failing_once(FENCE, outcome(refused))).await;
        let warehouse = warehouse(&server);
        let begun = warehouse.begin(run(&warehouse)).await.unwrap();
        match begun {
            Begun::Conflict => assert_eq!(refused, steps::CONFLICT),
            Begun::Replaced => assert_eq!(refused, steps::REPLACED),
            Begun::Open(_) => panic!("it was refused"),
        }
        assert_eq!(server.statements().last().unwrap(), dml::ROLLBACK);
        assert!(apply(&warehouse).await.unwrap());
        assert_eq!(server.logins(), 1);
    }
}

#[tokio::test]
async fn the_connection_is_closed_when_it_is_given_up() {
    let server = Server::start(|_, request| healthy(request)).await;
    let warehouse = warehouse(&server);
    assert!(apply(&warehouse).await.unwrap());
    server.has_open(1).await;
    warehouse.close().await;
    server.has_open(0).await;
}

#[tokio::test]
async fn a_run_that_makes_a_table_makes_it_first_and_shows_it_last() {
    let server = Server::start(|_, request| healthy(request)).await;
    let warehouse = warehouse(&server);
    let mut run = run(&warehouse);
    run.steps[0].replace = true;
    assert!(fixture::apply(&warehouse, run, rows()).await.unwrap());
    let asked = server.statements();
    let expected = [
        &RUN[..3],
        &[
            "CREATE TABLE [gold].[daily__2] (",
            "INSERT INTO [gold].[sluice_old]",
        ],
        &RUN[3..7],
        &[
            "CREATE OR ALTER VIEW [gold].[daily] AS",
            "CREATE OR ALTER VIEW [gold].[daily_report] AS",
            "CREATE OR ALTER VIEW [gold].[top] AS",
            RUN[7],
        ],
    ]
    .concat();
    assert_eq!(asked.len(), expected.len(), "{asked:#?}");
    for (statement, start) in asked.iter().zip(expected) {
        // Rows come by way of a table that is named after the one that takes them.
        let start = start.replace("daily__1", "daily__2");
        assert!(statement.starts_with(&start), "{statement}\nis not {start}");
    }
    assert!(asked[8].contains("INSERT INTO [gold].[daily__2]"));
    assert!(asked[9].contains("FROM [gold].[daily__2] AS t"));
}

#[tokio::test]
async fn a_table_that_is_still_read_is_dropped_by_a_later_run() {
    let answer = failing_once(
        "SET LOCK_TIMEOUT 2000",
        Answer::Error(1222, "Lock request time out"),
    );
    let server = Server::start(answer).await;
    let warehouse = warehouse(&server);
    let names = ["daily__1".to_owned()];
    for logins in [1, 2, 2] {
        warehouse
            .drop_retired(&names, &Build::default())
            .await
            .unwrap();
        assert_eq!(
            server.logins(),
            logins,
            "a session whose limit was changed is given up"
        );
    }
}

#[tokio::test]
async fn the_connection_of_a_dropped_transaction_is_never_used_again() {
    let server = Server::start(|_, request| healthy(request)).await;
    let warehouse = warehouse(&server);
    let begun = warehouse.begin(run(&warehouse)).await.unwrap();
    assert!(matches!(begun, Begun::Open(_)));
    drop(begun);
    assert!(apply(&warehouse).await.unwrap());
    assert_eq!(server.logins(), 2);
}

#[tokio::test]
async fn a_transaction_is_over_after_a_failed_merge() {
    let answer = failing_once(MERGE, Answer::Error(229, "permission denied"));
    let server = Server::start(answer).await;
    let warehouse = warehouse(&server);
    let begun = warehouse.begin(run(&warehouse)).await.unwrap();
    let Begun::Open(mut transaction) = begun else {
        panic!("nobody else is here");
    };
    let error = transaction
        .merge(TableIndex::new(0), rows())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "merge rows into daily");
    assert_eq!(error.kind(), FailureKind::Permanent);
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert!(!server.statements().contains(&dml::COMMIT.to_owned()));
}

#[tokio::test]
async fn what_the_server_says_decides_what_can_be_done() {
    for (start, answer, kind) in [
        (
            MERGE,
            Answer::Error(1205, "deadlock"),
            FailureKind::Transient,
        ),
        (
            MERGE,
            Answer::Error(2627, "duplicate"),
            FailureKind::Permanent,
        ),
        ("BEGIN", Answer::Locked(-1), FailureKind::Transient),
        (
            "BEGIN",
            Answer::Error(40_501, "busy"),
            FailureKind::Transient,
        ),
        (
            "COMMIT",
            Answer::Error(1205, "deadlock"),
            FailureKind::Transient,
        ),
        (
            "COMMIT",
            Answer::Error(40_197, "failover"),
            FailureKind::Ambiguous,
        ),
        (
            MERGE,
            Answer::Error(errors::OVERFLOW, "day = 1970-01-02, who = w1"),
            FailureKind::Permanent,
        ),
    ] {
        let is_overflow_sent = matches!(answer, Answer::Error(errors::OVERFLOW, _));
        let server = Server::start(failing_once(start, answer)).await;
        let error = apply(&warehouse(&server)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{start}: {error:?}");
        let said = "a sum in daily has more than 38 digits for the group day = 1970-01-02, who = w1; nothing was written";
        assert_eq!(error.to_string() == said, is_overflow_sent, "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed() {
    let behind = Server::start(|_, request| healthy(request)).await;
    let port = behind.port;
    let gateway = Server::start(move |_, _| Answer::Route(port)).await;
    assert!(apply(&warehouse(&gateway)).await.unwrap());
    assert_eq!((gateway.logins(), behind.logins()), (1, 1));

    let error = apply(&warehouse(&gateway_to_itself().await)).await;
    assert_eq!(error.unwrap_err().kind(), FailureKind::Permanent);
}

async fn gateway_to_itself() -> Server {
    let own = Arc::new(std::sync::atomic::AtomicU16::new(0));
    let port = Arc::clone(&own);
    let server =
        Server::start(move |_, _| Answer::Route(port.load(std::sync::atomic::Ordering::SeqCst)))
            .await;
    own.store(server.port, std::sync::atomic::Ordering::SeqCst);
    server
}

#[tokio::test]
async fn a_database_that_resumes_is_waited_for() {
    let server = Server::start(|connection, request| match request {
        Request::LogIn if connection <= 3 => Answer::Error(40_613, "not currently available"),
        _ => healthy(request),
    })
    .await;
    assert!(apply(&warehouse(&server)).await.unwrap());
    assert_eq!(server.logins(), 4);
}

#[tokio::test]
async fn a_refused_login_is_not_repeated() {
    let server = Server::start(|_, _| Answer::Error(18_456, "Login failed for user 'u'")).await;
    let error = apply(&warehouse(&server)).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert_eq!(error.to_string(), "connect to 127.0.0.1");
    assert_eq!(server.logins(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_opened_afresh() {
    let server = Server::start(failing_once("SELECT 1 AS", Answer::HangUp)).await;
    let mut warehouse = warehouse(&server);
    warehouse.idle = Duration::ZERO;
    for logins in [1, 2, 2] {
        assert!(apply(&warehouse).await.unwrap());
        assert_eq!(server.logins(), logins);
    }
}

#[tokio::test]
async fn rows_that_did_not_arrive_are_an_error() {
    let one = Answer::Table(vec![Column::Bigint], vec![vec![Cell::Bigint(1)]]);
    let server = Server::start(failing_once(MERGE, one)).await;
    let error = apply(&warehouse(&server)).await.unwrap_err();
    let text = crate::error::chain(&error);
    assert_eq!(text, "load rows for daily: 1 of 2 rows arrived");
}

#[tokio::test]
async fn progress_and_tables_are_read() {
    let server = Server::start(|_, request| match request {
        Request::Sql(sql) if *sql == look::look(&gold()) => Answer::Tables(vec![book(
            PROGRESS,
            &[
                ("gold_table", Some("daily")),
                ("generation", Some("3")),
                ("definition", Some("ab")),
                ("version", Some("9")),
                ("log", None),
                ("a later build's", Some("x")),
            ],
        )]),
        Request::Sql(sql) if sql.starts_with("SELECT TOP (") => {
            let row = vec![Cell::Text("\u{e4}\u{1f600}".into()), Cell::Bigint(-1)];
            Answer::Table(vec![Column::Text, Column::Bigint], vec![row])
        }
        _ => healthy(request),
    })
    .await;
    let warehouse = warehouse(&server);
    let found = warehouse.progress().await.unwrap();
    let expected = Progress {
        generation: 3,
        definition: "ab".into(),
        version: Version(9),
        ..Progress::default()
    };
    assert_eq!(found, BTreeMap::from([("daily".to_owned(), expected)]));

    assert_eq!(warehouse.count_rows("top").await.unwrap(), 2);
    let rows = warehouse.read_table("top", None, 5).await.unwrap();
    assert_eq!(
        rows.rows,
        [[Some("\u{e4}\u{1f600}".to_owned()), Some("-1".to_owned())]]
    );
    let asked = server.statements().pop().unwrap();
    assert!(asked.contains("FROM [gold].[top] ORDER BY"), "{asked}");
    assert!(asked.ends_with("[rank] ASC"), "{asked}");

    let (send, seen) = std::sync::mpsc::channel();
    let visitor: RowVisitor = Box::new(move |row| send.send(row).unwrap());
    let table = &warehouse.schema().tables[0];
    warehouse.visit_rows(table, visitor).await.unwrap();
    assert_eq!(seen.iter().collect::<Vec<_>>(), rows.rows);
    assert_eq!(server.logins(), 1);
}

#[tokio::test]
async fn what_a_view_lacks_is_not_asked_of_it_and_ties_are_ordered() {
    let server = Server::start(|_, request| match request {
        Request::Sql(sql) if sql.contains("FROM sys.columns AS c\nWHERE") => {
            let names = ["_key", "day", "WHO", "total"];
            let rows = names.map(|name| vec![Cell::Text(name.into())]);
            Answer::Table(vec![Column::Text], rows.to_vec())
        }
        _ => healthy(request),
    })
    .await;
    let order = Order {
        column: "total".to_owned(),
        descending: true,
    };
    let read = warehouse(&server).read_table("daily", Some(order), 5).await;
    assert_eq!(read.unwrap().columns, ["day", "who", "total"]);
    let asked = server.statements().pop().unwrap();
    assert!(asked.starts_with("SELECT TOP (5) [day], [who], [total] FROM [gold].[daily] ORDER BY"));
    let (total, ties) = asked.split_once("[total] DESC, ").unwrap();
    assert!(total.contains("CASE WHEN [total] IS NULL"), "{total}");
    let day = ties.find("[day] ASC").unwrap();
    assert!(day < ties.find("[who] COLLATE").unwrap(), "{ties}");
}
