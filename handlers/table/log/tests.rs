//! What the log promises, on stores in memory.

use super::*;
use crate::clock::ManualClock;
use crate::dataset::{
    Column, ColumnIndex, ColumnPlace, ColumnType, ConflictScope, Key, OnInvalid, Origin, Payload,
    Rules, TimestampFormat, UnknownFields,
};
use crate::event::{
    EventTime, KeptReason, PartitionId, RejectReason, SequenceNumber, SequenceRange,
};
use crate::store::entity::{MemoryEntityStore, Value};
use crate::store::object::MemoryObjectStore;
use crate::table::TableId;
use crate::value::Period;
use crate::value::path::FieldPath;
use std::time::Duration;

fn dataset() -> Dataset {
    let column = |name: &str, kind| Column {
        name: name.to_owned(),
        from: vec![ColumnPlace {
            origin: Origin::Record,
            path: FieldPath::parse(name).unwrap(),
        }],
        expr: None,
        kind,
        required: true,
        on_invalid: OnInvalid::Quarantine,
        min: None,
        max: None,
        rules: Rules::default(),
        description: None,
    };
    Dataset {
        name: "orders".into(),
        generation: 2,
        key: Some(Key {
            columns: [0, 1].map(ColumnIndex::new).into(),
            bucket: None,
        }),
        event_time: ColumnIndex::new(1),
        period: Period::Hour,
        allowed_lateness: Duration::from_secs(3_600),
        max_clock_skew: Duration::from_secs(600),
        idle_timeout: Duration::from_secs(300),
        quiet_after: None,
        latency: crate::dataset::Latency::Timer,
        unknown_fields: UnknownFields::Rescue,
        conflicts: ConflictScope::Group,
        payload: Payload::default(),
        condition: None,
        columns: vec![
            column("order_id", ColumnType::Int64),
            column(
                "event_time",
                ColumnType::Timestamp(TimestampFormat::UnixSeconds),
            ),
        ],
        gold: vec![],
        rankings: vec![],
        summaries: vec![],
        alerts: vec![],
        salt: None,
    }
}

fn log() -> (CommitLog, Arc<MemoryEntityStore>, Arc<MemoryObjectStore>) {
    let state = Arc::new(MemoryEntityStore::new());
    let lake = Arc::new(MemoryObjectStore::new(Arc::new(ManualClock::at(
        UnixMillis(1),
    ))));
    let log = CommitLog::new(Arc::clone(&state) as _, Arc::clone(&lake) as _, &dataset());
    (log, state, lake)
}

async fn begun() -> (CommitLog, Arc<MemoryEntityStore>, Arc<MemoryObjectStore>) {
    let parts = log();
    let outcome = parts.0.initialize("c0", "{}", UnixMillis(5)).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(Version(0)));
    parts
}

fn file(name: &str) -> DataFile {
    DataFile {
        path: ObjectPath::new("silver", name),
        period: EventTime(0),
        rows: 3,
        bytes: 99,
        min: EventTime(1),
        max: EventTime(2),
        stats: None,
    }
}

fn entry(source: &str) -> LedgerEntry {
    let counts = Counts {
        rows: 6,
        duplicates: 1,
        late: 2,
        quarantined: [
            (RejectReason::MissingField.into(), 2),
            (KeptReason::Other("of_a_later_build".to_owned()), 1),
        ]
        .into(),
        ..Counts::of_lines(10)
    };
    assert!(counts.is_conserved());
    LedgerEntry {
        source: source.to_owned(),
        counts,
        range: Some(SequenceRange {
            first: SequenceNumber(4),
            last: SequenceNumber(13),
        }),
        version: Version(0),
        quarantine: Some(ObjectPath::new("quarantine", "orders/g2/x.jsonl")),
        redrive: None,
        taken_up: None,
    }
}

fn append(id: &str, files: Vec<DataFile>, sources: &[&str]) -> NewCommit {
    let times = Times {
        event_time: EventTime(7),
        enqueued_time: UnixMillis(8),
    };
    let progress = PartitionProgress {
        times: Some(times),
        refined_to: Some(SequenceNumber(13)),
        beyond: Vec::new(),
    };
    NewCommit {
        id: id.to_owned(),
        kind: CommitKind::Append,
        committed: UnixMillis(9),
        files,
        ledger: sources.iter().map(|source| entry(source)).collect(),
        taken_up: Vec::new(),
        watermark: Some(EventTime(7)),
        clock: Some(UnixMillis(8)),
        partitions: [(PartitionId("0".into()), progress)].into(),
    }
}

#[tokio::test]
async fn there_is_no_head_before_version_0_and_only_one_writes_it() {
    let (log, ..) = log();
    assert_eq!(log.head().await.unwrap(), None);
    let first = log.initialize("a", "{}", UnixMillis(1)).await.unwrap();
    let second = log.initialize("b", "{}", UnixMillis(1)).await.unwrap();
    assert_eq!(
        (first, second),
        (
            CommitOutcome::Committed(Version(0)),
            CommitOutcome::Conflict
        )
    );
    let commits = log.commits_from_start(Version(0)).await.unwrap();
    assert_eq!(commits[0].kind, CommitKind::Schema("{}".into()));
}

#[tokio::test]
async fn a_commit_moves_the_head_and_finishes_its_sources_s3() {
    let (log, ..) = begun().await;
    let head = log.head().await.unwrap().unwrap();
    let new = append(
        "c1",
        vec![file("a"), file("b")],
        &["orders/0/x", "orders/1/y z#?"],
    );
    assert_eq!(
        log.commit(&head, &new).await.unwrap(),
        CommitOutcome::Committed(Version(1))
    );

    let head = log.head().await.unwrap().unwrap();
    assert_eq!((head.version, head.watermark), (Version(1), new.watermark));
    assert_eq!(head.partitions, new.partitions);
    let commits = log.commits(Version(0), Version(1)).await.unwrap();
    assert_eq!(commits[0].files, new.files);
    assert_eq!(
        (commits[0].counts.clone(), commits[0].sources),
        (new.counts(), 2)
    );

    let names = ["orders/0/x", "orders/1/y z#?", "orders/2/none"].map(str::to_owned);
    let ledger = log.ledger(&names).await.unwrap();
    let expected = |source: &str| LedgerEntry {
        version: Version(1),
        ..entry(source)
    };
    assert_eq!(ledger.len(), 2);
    for name in &names[..2] {
        assert_eq!(ledger[name], expected(name));
    }
    assert_eq!(
        log.ledger_prefix("orders/1/").await.unwrap(),
        [expected(&names[1])]
    );
}

#[tokio::test]
async fn a_commit_on_a_head_that_has_moved_changes_nothing_s5() {
    let (log, ..) = begun().await;
    let stale = log.head().await.unwrap().unwrap();
    log.commit(&stale, &append("c1", vec![], &["a"]))
        .await
        .unwrap();
    let outcome = log
        .commit(&stale, &append("c2", vec![], &["b"]))
        .await
        .unwrap();
    assert_eq!(outcome, CommitOutcome::Conflict);
    assert_eq!(log.head().await.unwrap().unwrap().version, Version(1));
    assert!(log.ledger(&["b".to_owned()]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_source_cannot_be_finished_twice_s4() {
    let (log, ..) = begun().await;
    let head = log.head().await.unwrap().unwrap();
    log.commit(&head, &append("c1", vec![], &["a"]))
        .await
        .unwrap();
    let head = log.head().await.unwrap().unwrap();
    let outcome = log
        .commit(&head, &append("c2", vec![], &["a", "b"]))
        .await
        .unwrap();
    assert_eq!(outcome, CommitOutcome::Conflict);
    assert!(log.ledger(&["b".to_owned()]).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_largest_group_with_hundreds_of_files_fits_one_transaction() {
    let (log, _, lake) = begun().await;
    let head = log.head().await.unwrap().unwrap();
    let name = |index| format!("orders/0/2026/11/25/08/{index:020}-1763120674343.jsonl");
    let sources: Vec<String> = (0..MAX_SOURCES).map(name).collect();
    let names: Vec<&str> = sources.iter().map(String::as_str).collect();
    let path = |index| format!("orders/g2/event_date=2026-11-25/event_hour=08/{index}.parquet");
    let files: Vec<DataFile> = (0..500).map(|index| file(&path(index))).collect();
    let new = append("c1", files.clone(), &names);
    assert_eq!(
        log.commit(&head, &new).await.unwrap(),
        CommitOutcome::Committed(Version(1))
    );
    assert_eq!(
        log.commits(Version(0), Version(1)).await.unwrap()[0].files,
        files
    );
    // The same try once more meets its own manifest and the head that it moved itself.
    assert_eq!(
        log.commit(&head, &new).await.unwrap(),
        CommitOutcome::Conflict
    );

    let manifest = TableId::new("orders", 2).manifest("c1");
    lake.delete(&manifest).await.unwrap();
    let error = log.commits(Version(0), Version(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            LogError::ManifestGone {
                version: Version(1),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_read_of_the_log_is_whole_or_void_s7() {
    let (log, state, _) = begun().await;
    for version in 1..=3u64 {
        let head = log.head().await.unwrap().unwrap();
        log.commit(&head, &append(&format!("c{version}"), vec![], &[]))
            .await
            .unwrap();
    }
    assert_eq!(log.commits(Version(0), Version(3)).await.unwrap().len(), 3);
    assert_eq!(log.commits(Version(3), Version(3)).await.unwrap(), []);

    let gone = Operation::Delete {
        row: entities::log_row(Version(2)),
        if_match: None,
    };
    state.transact(&log.partition, &[gone]).await.unwrap();
    let error = log.commits(Version(0), Version(3)).await.unwrap_err();
    assert!(
        matches!(
            error,
            LogError::Gap {
                missing: Version(2)
            }
        ),
        "{error}"
    );
    let error = log.commits(Version(2), Version(4)).await.unwrap_err();
    assert!(
        matches!(
            error,
            LogError::Gap {
                missing: Version(4)
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn progress_of_a_thousand_partitions_fits_the_head() {
    let (log, ..) = begun().await;
    let head = log.head().await.unwrap().unwrap();
    let mut new = append("c1", vec![], &[]);
    let progress = new.partitions.values().next().cloned().unwrap();
    new.partitions = (0..1_024)
        .map(|id| (PartitionId(id.to_string()), progress.clone()))
        .collect();
    log.commit(&head, &new).await.unwrap();
    let head = log.head().await.unwrap().unwrap();
    assert_eq!(head.partitions, new.partitions);

    // A shorter text leaves nothing of the longer one behind.
    let fewer = append("c2", vec![], &[]);
    log.commit(&head, &fewer).await.unwrap();
    assert_eq!(
        log.head().await.unwrap().unwrap().partitions,
        fewer.partitions
    );
}

#[tokio::test]
async fn of_the_sources_of_one_hour_those_that_are_finished_are_found() {
    let (log, ..) = begun().await;
    let name = |number: u32| format!("orders/1/2026/11/25/13/{number:020}-17.jsonl");
    let odd = "orders/1/2026/11/25/13/by hand #1".to_owned();
    let above = ["orders/001.jsonl".to_owned(), "orders/2.jsonl".to_owned()];
    let finished = [
        name(1),
        name(2),
        name(4),
        name(7),
        odd.clone(),
        above[0].clone(),
    ];
    let head = log.head().await.unwrap().unwrap();
    let sources: Vec<&str> = finished.iter().map(String::as_str).collect();
    log.commit(&head, &append("c1", vec![], &sources))
        .await
        .unwrap();

    // 2 is a stranger in between; 3 and 9 are not finished.
    let asked = [1, 3, 4, 7, 9].map(name);
    let asked: Vec<String> = asked
        .into_iter()
        .chain([odd.clone()])
        .chain(above.clone())
        .collect();
    let found = log.ledger(&asked).await.unwrap();
    let found: Vec<&str> = found.keys().map(String::as_str).collect();
    let mut expected = [name(1), name(4), name(7), odd, above[0].clone()];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(log.ledger(&[name(9), name(3)]).await.unwrap().len(), 0);
    assert_eq!(log.ledger(&[name(7)]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_log_is_named_by_its_first_commit_for_ever() {
    let (log, ..) = begun().await;
    let id = async || log.head().await.unwrap().unwrap().log;
    assert_eq!(id().await.as_deref(), Some("c0"));
    for name in ["c1", "c2"] {
        let head = log.head().await.unwrap().unwrap();
        let new = append(name, vec![file(name)], &[]);
        log.commit(&head, &new).await.unwrap();
        assert_eq!(id().await.as_deref(), Some("c0"));
    }
    let snapshot = log.load(&log.head().await.unwrap().unwrap()).await.unwrap();
    let named = log.write_snapshot(&snapshot, "s").await.unwrap();
    assert!(log.attach_snapshot(&named).await.unwrap());
    log.clear(Version(0), Version(1)).await.unwrap();
    assert_eq!(id().await.as_deref(), Some("c0"));
}

#[tokio::test]
async fn a_log_of_an_earlier_build_is_named_by_its_next_commit() {
    let (log, state, _) = begun().await;
    let partition = log.partition.clone();
    let stored = state.get(&partition, head::HEAD).await.unwrap();
    let mut head = stored.unwrap().entity;
    head.properties.remove("log");
    let unnamed = [Operation::Upsert(head)];
    state.transact(&partition, &unnamed).await.unwrap();
    for (commit, expected) in [("c1", None), ("c2", Some("c1")), ("c3", Some("c1"))] {
        let head = log.head().await.unwrap().unwrap();
        assert_eq!(head.log.as_deref(), expected);
        let new = append(commit, vec![file(commit)], &[]);
        log.commit(&head, &new).await.unwrap();
    }
}

#[tokio::test]
async fn totals_stay_small_however_many_columns_become_null() {
    let (log, state, _) = begun().await;
    for round in 0..3u64 {
        let head = log.head().await.unwrap().unwrap();
        let source = format!("s{round}");
        let mut new = append(&format!("c{round}"), vec![], &[&source]);
        for column in 0..500u64 {
            let name = format!("{round}-{column:0>128}");
            new.ledger[0].counts.nulled.count(&name, "invalid_value", 1);
        }
        log.commit(&head, &new).await.unwrap();
    }
    let head = log.head().await.unwrap().unwrap();
    let totals = head.totals.unwrap();
    assert_eq!((totals.sources, totals.counts.nulled.total()), (3, 1_500));
    let stored = state.get(&log.partition, "head").await.unwrap().unwrap();
    let text = stored.entity.properties["totals"].as_str().unwrap();
    assert!(text.len() < 5 * 1_024, "{} bytes", text.len());
}

#[tokio::test]
async fn the_head_stays_small_with_as_many_gaps_as_it_keeps() {
    let (log, state, _) = begun().await;
    let head = log.head().await.unwrap().unwrap();
    let mut new = append("c1", vec![], &[]);
    let times = Times {
        event_time: EventTime(1_763_103_600_000_999),
        enqueued_time: UnixMillis(1_763_103_600_000),
    };
    for id in 0..32 {
        let own = new.partitions.entry(PartitionId(id.to_string()));
        let own = own.or_default();
        for number in 0..20 {
            let first = SequenceNumber(10_000_000_000 + number * 1_000);
            let last = SequenceNumber(first.0 + 500);
            own.add(SequenceRange { first, last }, Some(times));
        }
    }
    bound(&mut new.partitions);
    log.commit(&head, &new).await.unwrap();
    assert_eq!(
        log.head().await.unwrap().unwrap().partitions,
        new.partitions
    );
    let stored = state.get(&log.partition, "head").await.unwrap().unwrap();
    let texts = stored.entity.properties.values().filter_map(Value::as_str);
    let bytes: usize = texts.map(str::len).sum();
    assert!(bytes < 16 * 1_024, "{bytes} bytes");
}
