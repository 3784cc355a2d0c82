//! Transactions: all or nothing, fenced, durable.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::warehouse::schema::FRESHNESS;
use sluice::warehouse::{
    Begun, Blocked, Build, FailureKind, Prepared, Progress, Run, Warehouse, WarehouseError,
};

use super::runs::{
    BY_WHO, HOURLY, TABLES, apply, commit, everything, hourly, progress, read, run, schema,
    schema_of, who,
};
use crate::database::{Database, prepare};
use sluice::warehouse::schema::TableIndex;

pub async fn rows_progress_and_freshness_become_visible_together(database: &dyn Database) {
    let schema = schema();
    let (writer, reader) = (database.ready(&schema).await, database.ready(&schema).await);
    let before = everything(&*reader).await;
    let Begun::Open(mut transaction) = writer.begin(run(&schema, HOURLY, None, 4)).await.unwrap()
    else {
        panic!("nobody else is here");
    };
    transaction
        .merge(
            TableIndex::new(HOURLY),
            vec![hourly(1, 2, Some((100, 40, 60)), None)],
        )
        .await
        .unwrap();
    assert_eq!(everything(&*reader).await, before);

    transaction.commit().await.unwrap();
    let (found, _) = everything(&*reader).await;
    assert_eq!(
        found,
        BTreeMap::from([("hourly".into(), progress(&schema, HOURLY, 4))])
    );
    let row = "1970-01-01T01:00:00Z 2 1.00 0.40 0.60 - 0";
    let read_hourly = read(&*reader, "hourly").await;
    assert_eq!(read_hourly.len(), 1);
    assert_eq!(read_hourly[0].join(" "), row);
    // What is not known of the balance is null; nothing was taken in.
    let fresh = [
        "hourly",
        "1970-01-01T05:00:00.000001Z",
        "1970-01-01T04:00:00Z",
        "4 1970-01-01T00:00:01.000000Z",
        "things live - - - - - 1 - - - -",
        "- - - - - - - 0 4",
    ];
    let read_fresh = read(&*reader, FRESHNESS).await;
    assert_eq!(read_fresh.len(), 1);
    assert_eq!(read_fresh[0].join(" "), fresh.join(" "));
}

pub async fn a_period_that_is_final_stays_so_unless_its_table_is_replaced(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let hours = |hours: i64| Some(EventTime(hours * 3_600_000_000));
    // Runs to the same version say so as well; periods are final an hour before.
    for (to, complete_to, replace, expected) in [
        (3, None, false, "-"),
        (3, hours(5), false, "1970-01-01T04:00:00Z"),
        (4, None, false, "1970-01-01T04:00:00Z"),
        (4, hours(4), false, "1970-01-01T04:00:00Z"),
        (5, hours(9), false, "1970-01-01T08:00:00Z"),
        (6, hours(3), true, "1970-01-01T02:00:00Z"),
        (7, None, true, "-"),
    ] {
        let mut next = run(&schema, HOURLY, None, to);
        next.complete_to = complete_to;
        next.steps[0].replace = replace;
        next.steps[0].from = warehouse.progress().await.unwrap().remove("hourly");
        assert!(apply(&*warehouse, next, vec![]).await.unwrap());
        let fresh = read(&*warehouse, FRESHNESS).await;
        assert_eq!(fresh[0][2], expected, "at version {to}");
    }
}

pub async fn g2_a_run_applied_twice_changes_nothing(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = || vec![hourly(1, 1, Some((100, 100, 100)), None)];
    for (from, to) in [(None, 3), (Some(3), 5)] {
        commit(&*warehouse, run(&schema, HOURLY, from, to), rows()).await;
        let once = everything(&*warehouse).await;
        assert!(
            !apply(&*warehouse, run(&schema, HOURLY, from, to), rows())
                .await
                .unwrap()
        );
        assert_eq!(everything(&*warehouse).await, once);
    }
}

pub async fn of_two_runs_at_once_one_is_first(database: &dyn Database) {
    let schema = schema();
    let (one, other) = (database.ready(&schema).await, database.ready(&schema).await);
    for round in 0..10 {
        let from = (round > 0).then_some(round);
        let attempt = |warehouse: Arc<dyn Warehouse>| {
            let run = run(&schema, HOURLY, from, round + 1);
            let rows = vec![hourly(1, 1, Some((100, 100, 100)), None)];
            tokio::spawn(async move { apply(&*warehouse, run, rows).await.unwrap() })
        };
        let (first, second) = tokio::join!(attempt(Arc::clone(&one)), attempt(Arc::clone(&other)));
        assert!(first.unwrap() ^ second.unwrap(), "exactly one run is first");
    }
    let rows = read(&*one, "hourly").await;
    assert_eq!(rows[0][1..3], ["10", "10.00"]);
}

pub async fn a_dropped_transaction_changes_nothing(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = || vec![hourly(1, 1, Some((100, 100, 100)), None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows()).await;
    let before = everything(&*warehouse).await;
    for merges in 0..3 {
        let mut run = run(&schema, HOURLY, Some(1), 2);
        run.steps[0].replace = merges == 2;
        let Begun::Open(mut transaction) = warehouse.begin(run).await.unwrap() else {
            panic!("nobody else is here");
        };
        for _ in 0..merges {
            transaction
                .merge(TableIndex::new(HOURLY), rows())
                .await
                .unwrap();
        }
        drop(transaction);
        assert_eq!(everything(&*warehouse).await, before);
    }
    commit(&*warehouse, run(&schema, HOURLY, Some(1), 2), rows()).await;
}

pub async fn a_replaced_table_shows_its_old_rows_until_the_commit(database: &dyn Database) {
    let schema = schema();
    let (writer, reader) = (database.ready(&schema).await, database.ready(&schema).await);
    let rows = vec![hourly(1, 1, None, None), hourly(2, 1, None, None)];
    commit(&*writer, run(&schema, HOURLY, None, 1), rows).await;
    let before = everything(&*reader).await;

    let mut again = run(&schema, HOURLY, Some(1), 9);
    again.steps[0].replace = true;
    let Begun::Open(mut transaction) = writer.begin(again).await.unwrap() else {
        panic!("nobody else is here");
    };
    transaction
        .merge(TableIndex::new(HOURLY), vec![hourly(2, 5, None, None)])
        .await
        .unwrap();
    assert_eq!(everything(&*reader).await, before);
    transaction.commit().await.unwrap();
    let rows = read(&*reader, "hourly").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][..2], ["1970-01-01T02:00:00Z", "5"]);
}

pub async fn a_rebuild_is_fenced_by_the_progress_that_it_saw(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    commit(&*warehouse, run(&schema, HOURLY, None, 1), vec![]).await;
    let with = |change: fn(&mut Progress)| {
        let mut run = run(&schema, HOURLY, Some(1), 2);
        run.steps[0].replace = true;
        change(run.steps[0].from.as_mut().unwrap());
        run
    };
    for stale in [
        with(|progress| progress.generation = 7),
        with(|progress| progress.definition = "another".into()),
        with(|progress| progress.version = Version(7)),
        with(|progress| progress.log = None),
        with(|progress| progress.log = Some("another".into())),
        with(|progress| progress.physical = Some("hourly__7".into())),
        with(|progress| progress.made = 7),
        run(&schema, HOURLY, None, 2),
    ] {
        assert!(!apply(&*warehouse, stale, vec![]).await.unwrap());
    }

    // A new definition takes the place of the table, with one of its own.
    let mut changed = schema_of(&TABLES.replace("avg(id)", "avg(amount)"));
    changed.generation = 2;
    let later = database.ready(&changed).await;
    let mut takeover = run(&changed, HOURLY, None, 2);
    takeover.steps[0].from = Some(progress(&schema, HOURLY, 1));
    takeover.steps[0].replace = true;
    commit(&*later, takeover, vec![]).await;
    let standing = later.look().await.unwrap();
    let expected = Progress {
        physical: Some("hourly__2".to_owned()),
        made: 2,
        ..progress(&changed, HOURLY, 2)
    };
    assert_eq!(standing.progress["hourly"], expected);
    let retired: Vec<_> = standing.retired.iter().map(|old| &old.physical).collect();
    assert_eq!(retired, ["hourly__1"]);
    let behind = run(&schema, HOURLY, Some(2), 3);
    assert!(!apply(&*warehouse, behind, vec![]).await.unwrap());
}

pub async fn a_sum_of_39_digits_is_an_overflow_and_nothing_is_written(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let most = 10_i128.pow(38) - 1;
    let rows = vec![who(Some("a"), most), who(Some("b"), 1)];
    commit(&*warehouse, run(&schema, BY_WHO, None, 1), rows).await;
    let before = everything(&*warehouse).await;
    let rows = vec![who(Some("b"), 1), who(Some("a"), 1)];
    let error = apply(&*warehouse, run(&schema, BY_WHO, Some(1), 2), rows)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, WarehouseError::Overflow { table, .. } if table == "by_who"),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("for the group who = a;"), "{text}");
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert_eq!(everything(&*warehouse).await, before);
}

pub async fn what_was_committed_is_there_after_reopening(database: &dyn Database) {
    let schema = schema();
    let before = {
        let warehouse = database.ready(&schema).await;
        let rows = vec![hourly(1, 1, Some((1, 1, 1)), Some(1))];
        commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
        everything(&*warehouse).await
    };
    let warehouse = database.ready(&schema).await;
    assert_eq!(everything(&*warehouse).await, before);
}

pub async fn a_run_may_merge_a_group_more_than_once(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let mut both = run(&schema, HOURLY, None, 1);
    both.steps.extend(run(&schema, BY_WHO, None, 1).steps);
    let Begun::Open(mut transaction) = warehouse.begin(both).await.unwrap() else {
        panic!("nobody else is here");
    };
    for _ in 0..3 {
        transaction
            .merge(
                TableIndex::new(HOURLY),
                vec![hourly(1, 1, Some((5, 5, 5)), None)],
            )
            .await
            .unwrap();
        transaction
            .merge(TableIndex::new(BY_WHO), vec![who(None, 7)])
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(read(&*warehouse, "hourly").await[0][1..3], ["3", "0.15"]);
    assert_eq!(read(&*warehouse, "by_who").await, [["-", "0.21"]]);
    assert_eq!(warehouse.progress().await.unwrap().len(), 2);
}

pub async fn a_table_that_was_replaced_goes_when_nothing_needs_it(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    commit(
        &*warehouse,
        run(&schema, HOURLY, None, 1),
        vec![hourly(1, 1, None, None)],
    )
    .await;
    let mut again = run(&schema, HOURLY, Some(1), 2);
    again.steps[0].replace = true;
    commit(&*warehouse, again, vec![hourly(2, 5, None, None)]).await;
    let retired = async || {
        let retired = warehouse.look().await.unwrap().retired;
        retired
            .into_iter()
            .map(|old| old.physical)
            .collect::<Vec<_>>()
    };
    assert_eq!(retired().await, ["hourly__1"]);
    // The live one is never dropped, whoever asks.
    let names = ["hourly__1", "hourly__2"].map(str::to_owned);
    for _ in 0..2 {
        warehouse
            .drop_retired(&names, &Build::default())
            .await
            .unwrap();
        assert!(retired().await.is_empty());
        assert_eq!(read(&*warehouse, "hourly").await.len(), 1);
    }
}

pub async fn a_build_lower_than_the_highest_that_ran_changes_nothing(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let build = |stamp, hash: &str| Build {
        stamp,
        hash: hash.to_owned(),
    };
    commit(&*warehouse, run(&schema, HOURLY, None, 1), vec![]).await;
    let highest = build(5, "b");
    for raised in [
        build(4, "c"),
        build(5, "a"),
        highest.clone(),
        highest.clone(),
    ] {
        let prepared = warehouse.prepare(&raised).await.unwrap();
        assert!(matches!(prepared, Prepared::Ready(_)), "{raised:?}");
    }
    let begin = async |build: Build| {
        let run = Run {
            build,
            ..run(&schema, HOURLY, Some(1), 2)
        };
        warehouse.begin(run).await.unwrap()
    };
    let before = everything(&*warehouse).await;
    for lower in [Build::default(), build(4, "c"), build(5, "a")] {
        let prepared = warehouse.prepare(&lower).await.unwrap();
        assert!(matches!(prepared, Prepared::Replaced), "{lower:?}");
        assert!(matches!(begin(lower).await, Begun::Replaced));
        assert_eq!(everything(&*warehouse).await, before);
    }
    assert_eq!(warehouse.look().await.unwrap().build, Some(highest.clone()));
    assert!(matches!(begin(highest).await, Begun::Open(_)));
}

pub async fn a_blocked_table_says_why_until_it_goes_on(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
    let settled = async || {
        let report = read(&*warehouse, "hourly_report").await;
        report[0].last().unwrap().clone()
    };
    assert_eq!(settled().await, "true");
    let blocked = Blocked {
        reason: "it's too large".to_owned(),
        version: Some(Version(2)),
        definition: "d".to_owned(),
        stamp: 7,
        at: UnixMillis(1_763_120_674_343),
        is_rebuilding: false,
    };
    let table = TableIndex::new(HOURLY);
    let noted = async || warehouse.look().await.unwrap().blocked;
    // One that has moved meanwhile is not blocked.
    let stale = progress(&schema, HOURLY, 7);
    warehouse
        .block(table, Some(&stale), &blocked)
        .await
        .unwrap();
    assert!(noted().await.is_empty());

    let from = progress(&schema, HOURLY, 1);
    warehouse.block(table, Some(&from), &blocked).await.unwrap();
    assert_eq!(
        noted().await,
        BTreeMap::from([("hourly".to_owned(), blocked.clone())])
    );
    assert_eq!(settled().await, "false", "nothing is complete from then on");
    commit(&*warehouse, run(&schema, HOURLY, Some(1), 2), vec![]).await;
    assert!(noted().await.is_empty());
    assert_eq!(settled().await, "true");

    // One that only waits for the next generation stays as complete as it is.
    let waiting = Blocked {
        is_rebuilding: true,
        ..blocked.clone()
    };
    let from = progress(&schema, HOURLY, 2);
    warehouse.block(table, Some(&from), &waiting).await.unwrap();
    assert_eq!(
        noted().await,
        BTreeMap::from([("hourly".to_owned(), waiting)])
    );
    assert_eq!(settled().await, "true");
    commit(&*warehouse, run(&schema, HOURLY, Some(2), 3), vec![]).await;

    // One that was never made has no rows, but a reason.
    let unmade = Blocked {
        version: None,
        ..blocked
    };
    let table = TableIndex::new(BY_WHO);
    warehouse.block(table, None, &unmade).await.unwrap();
    assert_eq!(
        noted().await,
        BTreeMap::from([("by_who".to_owned(), unmade)])
    );
}

pub async fn a_table_of_another_dataset_is_left_to_it(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
    let before = everything(&*warehouse).await;
    let mut other = schema.clone();
    other.dataset = "others".to_owned();
    let others = database.open(&other);
    let standing = prepare(&*others).await;
    let table = TableIndex::new(HOURLY);
    let text = standing.unfit[&table].to_string();
    assert!(
        text.contains("gold table hourly belongs to dataset things"),
        "{text}"
    );
    assert!(standing.progress.is_empty());
    for from in [None, Some(1)] {
        let run = run(&other, HOURLY, from, 2);
        assert!(!apply(&*others, run, vec![]).await.unwrap());
    }
    assert_eq!(everything(&*warehouse).await, before);
}
