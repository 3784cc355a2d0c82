//! What is sent to make a table beside the live one, and to let it take its place.

use super::*;
use crate::event::{EventTime, UnixMillis};
use crate::warehouse::azure_sql::statements::beside;
use crate::warehouse::{
    Arrangement, Changed, Fill, Filled, Opened, Pending, Remarks, Rules, Shadow, Swap,
};

const TABLE: TableIndex = TableIndex::new(0);
/// How a change begins.
const CHANGE: &str = "SET LOCK_TIMEOUT 2000";

fn live(warehouse: &AzureSqlWarehouse) -> Progress {
    let run = run(warehouse);
    run.steps[0].from.clone().unwrap()
}

fn shadow(warehouse: &AzureSqlWarehouse) -> Shadow {
    Shadow {
        physical: Some("daily__2".to_owned()),
        log: Some("it's".to_owned()),
        generation: 1,
        definition: warehouse.schema.tables[0].definition.clone(),
        base: Some(Version(1)),
        ..Shadow::default()
    }
}

fn swap(warehouse: &AzureSqlWarehouse) -> Swap {
    Swap {
        tables: vec![(TABLE, live(warehouse), shadow(warehouse))],
        retired: Vec::new(),
        build: Build::default(),
        watermark: Some(EventTime(0)),
        complete_to: None,
        pending: None,
        silver: None,
        rules: Rules::default(),
        before: Vec::new(),
        at: UnixMillis(0),
    }
}

async fn arrange(warehouse: &AzureSqlWarehouse) -> Changed {
    let change = Arrangement {
        table: TABLE,
        progress: Some(live(warehouse)),
        from: None,
        to: Some(shadow(warehouse)),
    };
    let (build, at) = (Build::default(), UnixMillis(0));
    warehouse.arrange(&[change], &build, at).await.unwrap()
}

/// Answers like a server where nothing is wrong.
fn answers(request: &Request) -> Answer {
    match request {
        Request::Sql(sql) if sql.starts_with(CHANGE) => outcome(beside::DONE),
        request => healthy(request),
    }
}

/// Answers the first change otherwise.
fn refusing(answer: Answer) -> impl FnMut(usize, &Request) -> Answer + Send + 'static {
    let mut is_left = true;
    move |_, request| {
        let is_meant = matches!(request, Request::Sql(sql) if sql.starts_with(CHANGE));
        match is_meant && std::mem::take(&mut is_left) {
            true => answer.clone(),
            false => answers(request),
        }
    }
}

/// Returns where each text begins in the batch, which must have all of them in this order.
fn assert_order(batch: &str, texts: &[&str]) {
    let mut rest = batch;
    for text in texts {
        let found = rest.find(text);
        let at = found.unwrap_or_else(|| panic!("{text}\nis not next in\n{batch}"));
        rest = &rest[at + text.len()..];
    }
}

#[tokio::test]
async fn a_change_is_one_batch_and_its_commit_and_waits_two_seconds_for_locks() {
    let server = Server::start(|_, request| answers(request)).await;
    let warehouse = warehouse(&server);
    assert_eq!(arrange(&warehouse).await, Changed::Done);
    let asked = server.statements();
    assert_eq!(asked.len(), 3, "{asked:#?}");
    assert_order(
        &asked[1],
        &[
            "SET LOCK_TIMEOUT 2000;\nBEGIN TRANSACTION",
            "@Resource = N'sluice/gold/orders'",
            "@LockTimeout = 2000",
            "[gold].[sluice_builds]",
            "UPDATE [gold].[sluice_progress] SET [n] = 2 WHERE",
            "INSERT INTO [gold].[sluice_next]",
            "N'it''s'",
            "CREATE TABLE [gold].[daily__2] (",
            "UPDATE [gold].[sluice_freshness] SET [next_generation] = 1",
            "SELECT 0 AS [outcome]",
        ],
    );
    assert_eq!(asked[2], beside::COMMIT);
    assert!(beside::COMMIT.ends_with("SET LOCK_TIMEOUT 30000"));
}

#[tokio::test]
async fn a_swap_moves_the_books_and_alters_views_last() {
    let server = Server::start(|_, request| answers(request)).await;
    let warehouse = warehouse(&server);
    let swapped = warehouse.swap(&swap(&warehouse)).await.unwrap();
    assert_eq!(swapped, Changed::Done);
    let asked = server.statements();
    assert_eq!(asked.len(), 3, "{asked:#?}");
    assert_order(
        &asked[1],
        &[
            "UPDATE [gold].[sluice_progress] SET",
            "DELETE FROM [gold].[sluice_next] WHERE",
            "UPDATE [gold].[sluice_freshness] SET",
            "INSERT INTO [gold].[sluice_old]",
            "IF OBJECT_ID(N'[gold].[daily]', N'V') IS NOT NULL\n    EXEC(N'ALTER VIEW [gold].[daily] AS",
            "FROM [gold].[daily__2] AS t",
            "EXEC(N'CREATE VIEW [gold].[daily] AS",
            "EXEC(N'ALTER VIEW [gold].[daily_report] AS",
            "EXEC(N'ALTER VIEW [gold].[top] AS",
            "SELECT 0 AS [outcome]",
        ],
    );
    assert_eq!(asked[2], beside::COMMIT);
}

#[tokio::test]
async fn a_change_that_is_refused_is_undone_by_itself_and_keeps_its_session() {
    for (number, expected) in [
        (beside::CONFLICT, Changed::Conflict),
        (beside::REPLACED, Changed::Replaced),
        (beside::LOCKED, Changed::Locked),
    ] {
        let server = Server::start(refusing(outcome(number))).await;
        let warehouse = warehouse(&server);
        assert_eq!(warehouse.swap(&swap(&warehouse)).await.unwrap(), expected);
        assert_eq!(server.statements().len(), 2, "nothing is committed");
        assert_eq!(arrange(&warehouse).await, Changed::Done);
        assert_eq!(server.logins(), 1);
        let undo = "ROLLBACK TRANSACTION;\n    SET LOCK_TIMEOUT 30000";
        assert!(server.statements()[1].contains(undo));
    }
}

#[tokio::test]
async fn what_a_run_remarks_is_one_batch_and_its_commit_and_waits_for_nobody() {
    let remarks = Remarks {
        pending: Some(Pending {
            objects: 0,
            oldest: None,
        }),
        removed: [("gone".to_owned(), "it's gone".to_owned())].into(),
        build: Build::default(),
    };
    let server = Server::start(refusing(outcome(beside::LOCKED))).await;
    let warehouse = warehouse(&server);
    let refused = warehouse.remark(&remarks).await.unwrap();
    assert_eq!(refused, Changed::Locked);
    assert_eq!(warehouse.remark(&remarks).await.unwrap(), Changed::Done);
    let asked = server.statements();
    assert_order(
        &asked[2],
        &[
            "SET LOCK_TIMEOUT 2000;\nBEGIN TRANSACTION",
            "[gold].[sluice_builds]",
            "SET [pending_objects] = 0, [oldest_pending] = NULL WHERE [dataset] = N'orders'",
            "SET [state] = N'removed', [reason] = N'it''s gone'",
            "WHERE [gold_table] = N'gone' AND [dataset] = N'orders'",
        ],
    );
    assert_eq!(asked[3], beside::COMMIT);
    assert_eq!(asked.len(), 4, "{asked:#?}");
}

#[tokio::test]
async fn a_reader_with_a_lock_holds_a_swap_off_while_the_live_table_goes_on() {
    for number in [1222, 3961] {
        let server = Server::start(refusing(Answer::Error(number, "in the way"))).await;
        let warehouse = warehouse(&server);
        let swapped = warehouse.swap(&swap(&warehouse)).await.unwrap();
        assert_eq!(swapped, Changed::Locked);
        // On another session: that one waits for two seconds only, if it is there at all.
        assert!(apply(&warehouse).await.unwrap());
        assert_eq!(server.logins(), 2);
        let swapped = warehouse.swap(&swap(&warehouse)).await.unwrap();
        assert_eq!(swapped, Changed::Done);
        assert_eq!(server.logins(), 2);
    }
}

#[tokio::test]
async fn what_becomes_of_a_swap_whose_answer_is_lost_is_unknown() {
    let mut asked = 0;
    let server = Server::start(move |_, request| {
        asked += usize::from(matches!(request, Request::Sql(_)));
        match asked {
            3 => Answer::HangUp,
            _ => answers(request),
        }
    })
    .await;
    let warehouse = warehouse(&server);
    let error = warehouse.swap(&swap(&warehouse)).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Ambiguous);
}

#[tokio::test]
async fn a_login_that_must_not_create_is_told_apart_from_what_passes() {
    for (answer, kind) in [
        (
            Answer::Error(262, "CREATE TABLE permission denied"),
            FailureKind::Permanent,
        ),
        (
            Answer::Error(2714, "There is already an object"),
            FailureKind::Transient,
        ),
        (Answer::HangUp, FailureKind::Transient),
    ] {
        let server = Server::start(refusing(answer)).await;
        let warehouse = warehouse(&server);
        let error = warehouse.swap(&swap(&warehouse)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[tokio::test]
async fn a_shadow_is_filled_on_a_session_and_under_a_lock_of_its_own() {
    let server = Server::start(|_, request| answers(request)).await;
    let warehouse = warehouse(&server);
    let fill = || Fill {
        shadows: vec![(TABLE, shadow(&warehouse))],
        as_of: None,
        build: Build::default(),
    };
    let Opened::Open(mut filling) = warehouse.fill(fill()).await.unwrap() else {
        panic!("nobody else is here");
    };
    filling.merge(TABLE, rows()).await.unwrap();
    // A run of live tables does not wait for it.
    assert!(apply(&warehouse).await.unwrap());
    let filled = [Filled {
        table: TABLE,
        to: shadow(&warehouse),
        percent: 30,
    }];
    filling.commit(&filled).await.unwrap();
    assert_eq!(server.logins(), 2);
    let asked = server.statements();
    let begin = asked.iter().find(|sql| sql.starts_with(CHANGE)).unwrap();
    assert_order(
        begin,
        &[
            "@Resource = N'sluice/gold/orders/daily'",
            "UPDATE [gold].[sluice_next] SET [stamp] = [stamp] WHERE",
            "SELECT 0 AS [outcome]",
            "CREATE TABLE [#sluice_daily__2] (",
        ],
    );
    let note = asked
        .iter()
        .find(|sql| sql.starts_with("UPDATE [gold].[sluice_next] SET [physical]"));
    assert_order(
        note.unwrap(),
        &["UPDATE [gold].[sluice_freshness] SET [next_generation] = 1, [next_done] = 30"],
    );
    server.has_open(2).await;
    warehouse.close().await;
    server.has_open(0).await;

    let server = Server::start(refusing(Answer::Error(1222, "in the way"))).await;
    let other = super::warehouse(&server);
    let refused = other.fill(fill()).await.unwrap();
    assert!(matches!(refused, Opened::Conflict));
}
