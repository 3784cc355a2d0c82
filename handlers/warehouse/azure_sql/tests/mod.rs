//! What is sent to a server and how its answers are taken, over a connection to one that answers as it is told; and
//! what is found to be missing in a catalog.

mod catalog;
mod server;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::statements::{SqlSchema, dml, ensure};
use super::*;
use crate::table::log::Version;
use crate::warehouse::fixture::{TABLES, row, schema_of};
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{
    Begun, Datum, FailureKind, Options, Progress, Reports, Row, RowVisitor, Run, Warehouse,
    WarehouseError, fixture,
};
use server::{Answer, Cell, Column, Request, Server};

/// What a run of one merge asks, in order, by how it begins.
const RUN: [&str; 14] = [
    "SET XACT_ABORT ON",
    "BEGIN TRANSACTION",
    "UPDATE [gold].[sluice_progress]",
    "UPDATE [gold].[sluice_freshness]",
    "DROP TABLE IF EXISTS [#sluice_delta_0];",
    "SELECT TOP 0 * FROM [#sluice_delta_0]",
    "INSERT BULK [#sluice_delta_0]",
    "rows",
    "SELECT COUNT_BIG(*)",
    "IF EXISTS (SELECT 1 FROM [gold].[daily] AS t",
    "UPDATE t SET [n] = t.[n] + d.[n],",
    "INSERT INTO [gold].[daily]",
    "DROP TABLE [#sluice_delta_0]",
    "COMMIT TRANSACTION",
];

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
        dimensions: vec![Datum::Null],
        ..row(2, -5)
    };
    vec![row(1, -5), nobody]
}

async fn apply(warehouse: &AzureSqlWarehouse) -> Result<bool, WarehouseError> {
    fixture::apply(warehouse, run(warehouse), rows()).await
}

/// Answers as a server does where nothing is wrong.
fn healthy(request: &Request) -> Answer {
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
    Answer::Done(u64::from(
        sql.starts_with("UPDATE [gold].[sluice_progress]"),
    ))
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
    let answer = failing_once("UPDATE [gold].[sluice_progress]", Answer::Done(0));
    let server = Server::start(answer).await;
    let warehouse = warehouse(&server);
    assert!(!apply(&warehouse).await.unwrap());
    assert_eq!(server.statements().last().unwrap(), dml::ROLLBACK);
    assert!(apply(&warehouse).await.unwrap());
    assert_eq!(server.logins(), 1);
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
    let answer = failing_once("UPDATE t", Answer::Error(229, "permission denied"));
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
            "UPDATE t",
            Answer::Error(1205, "deadlock"),
            FailureKind::Transient,
        ),
        (
            "INSERT INTO",
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
            "IF EXISTS",
            Answer::Error(errors::OVERFLOW, "39"),
            FailureKind::Permanent,
        ),
    ] {
        let server = Server::start(failing_once(start, answer)).await;
        let error = apply(&warehouse(&server)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{start}: {error:?}");
        let is_overflow = matches!(&error, WarehouseError::Overflow { table } if table == "daily");
        assert_eq!(is_overflow, start == "IF EXISTS");
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
    let server = Server::start(failing_once("SELECT COUNT_BIG(*)", one)).await;
    let error = apply(&warehouse(&server)).await.unwrap_err();
    let text = crate::error::chain(&error);
    assert_eq!(text, "load rows for daily: 1 of 2 rows arrived");
}

#[tokio::test]
async fn progress_and_tables_are_read() {
    let server = Server::start(|_, request| match request {
        Request::Sql(sql) if sql.starts_with("SELECT [gold_table]") => {
            let text = |text: &str| Cell::Text(text.to_owned());
            let row = vec![text("daily"), Cell::Bigint(3), text("ab"), Cell::Bigint(9)];
            let columns = vec![Column::Text, Column::Bigint, Column::Text, Column::Bigint];
            Answer::Table(columns, vec![row])
        }
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
    warehouse.visit_rows("top", visitor).await.unwrap();
    assert_eq!(seen.iter().collect::<Vec<_>>(), rows.rows);
    assert_eq!(server.logins(), 1);
}
