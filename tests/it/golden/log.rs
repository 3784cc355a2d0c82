//! The log in the state table: its head, its entries and its ledger; its manifests and snapshots in the lake.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::clock::ManualClock;
use sluice::event::{
    EventTime, PartitionId, RejectReason, SequenceNumber, SequenceRange, UnixMillis,
};
use sluice::store::object::{MemoryObjectStore, ObjectPath, ObjectStore};
use sluice::table::log::{
    Beyond, CommitKind, CommitLog, CommitOutcome, Counts, DataFile, LedgerEntry, NewCommit, Nulled,
    PartitionProgress, Redrive, Superseded, TakenUp, Times, Version,
};

use super::recorder::Recorder;
use super::{assert_golden, dataset};

const NOW: i64 = 1_763_120_674_343;

pub(super) fn file(number: i64, stats: Option<&str>) -> DataFile {
    let folder = "things/g3/event_date=2025-11-14/event_hour=07";
    DataFile {
        path: ObjectPath::new("silver", &format!("{folder}/c{number}.parquet")),
        period: EventTime(1_763_103_600_000_000),
        rows: 3,
        bytes: 4_096,
        min: EventTime(1_763_103_600_000_001 + number),
        max: EventTime(1_763_103_600_000_999),
        stats: stats.map(str::to_owned),
    }
}

fn full_entry() -> LedgerEntry {
    // Those that came later are kept as these are.
    let reasons = (1..=8).zip(RejectReason::ALL);
    LedgerEntry {
        source: "things/0/2025/11/14/11/00000000000000000042-1763120674343.jsonl".to_owned(),
        counts: Counts {
            rows: 6,
            duplicates: 5,
            late: 2,
            quarantined: reasons
                .map(|(count, reason)| (reason.into(), count))
                .collect(),
            ..Counts::of_lines(39)
        },
        range: Some(SequenceRange {
            first: SequenceNumber(42),
            last: SequenceNumber(80),
        }),
        version: Version(0),
        quarantine: Some(ObjectPath::new("quarantine", "things/g3/0/2025/x.c2.jsonl")),
        redrive: None,
        taken_up: None,
    }
}

fn plain_entry() -> LedgerEntry {
    LedgerEntry {
        source: "things/by hand/it's 100 % odd#?.jsonl".to_owned(),
        counts: Counts::default(),
        range: None,
        version: Version(0),
        quarantine: None,
        redrive: None,
        taken_up: None,
    }
}

fn append(id: &str) -> NewCommit {
    NewCommit {
        id: id.to_owned(),
        kind: CommitKind::Append,
        committed: UnixMillis(NOW),
        files: Vec::new(),
        ledger: Vec::new(),
        taken_up: Vec::new(),
        watermark: None,
        clock: None,
        partitions: BTreeMap::new(),
    }
}

/// Returns partitions without a gap, with some, and as an earlier build left one.
fn seen() -> BTreeMap<PartitionId, PartitionProgress> {
    let times = |event_time, enqueued_time| {
        Some(Times {
            event_time: EventTime(event_time),
            enqueued_time: UnixMillis(enqueued_time),
        })
    };
    let partition = |id: &str| PartitionId(id.to_owned());
    let range = |first, last| SequenceRange {
        first: SequenceNumber(first),
        last: SequenceNumber(last),
    };
    let beyond = |first, last, times| Beyond {
        range: range(first, last),
        times,
    };
    BTreeMap::from([
        (
            partition("0"),
            PartitionProgress {
                times: times(1_763_103_600_000_999, NOW),
                refined_to: Some(SequenceNumber(80)),
                beyond: vec![beyond(90, 99, times(-5, 7)), beyond(120, 120, None)],
            },
        ),
        (
            // As an earlier build left it.
            partition("11"),
            PartitionProgress {
                times: times(-1, 0),
                ..PartitionProgress::default()
            },
        ),
        (
            partition("2"),
            PartitionProgress {
                beyond: vec![beyond(7, 9, times(3, 4))],
                ..PartitionProgress::default()
            },
        ),
    ])
}

/// Returns commits of every kind, with and without all that they may have.
fn commits() -> Vec<NewCommit> {
    let seen = seen();
    let long = "x".repeat(29_000);
    let stats = format!("{{\"numRecords\":3,\"nullCount\":{{\"{long}\":0}}}}");
    vec![
        append("c1"),
        NewCommit {
            files: vec![file(1, Some("{\"numRecords\":3}")), file(2, None)],
            ledger: vec![full_entry(), plain_entry()],
            taken_up: Vec::new(),
            watermark: Some(EventTime(1_763_103_600_000_999)),
            clock: Some(UnixMillis(NOW + 1)),
            partitions: seen.clone(),
            ..append("c2")
        },
        NewCommit {
            kind: CommitKind::Compact {
                replaces: vec![file(1, None).path, file(2, None).path],
            },
            files: vec![file(3, None)],
            watermark: Some(EventTime(1_763_103_600_000_999)),
            partitions: seen.clone(),
            ..append("c3")
        },
        NewCommit {
            files: vec![file(4, Some(&stats))],
            watermark: Some(EventTime(1_763_103_600_001_000)),
            partitions: seen.clone(),
            ..append("c4")
        },
        NewCommit {
            kind: CommitKind::Compact {
                replaces: vec![file(4, None).path],
            },
            files: vec![file(5, Some(&stats))],
            watermark: Some(EventTime(1_763_103_600_001_000)),
            partitions: seen,
            ..append("c5")
        },
        NewCommit {
            // Characters of two bytes, one of which lies across the place where long text is cut.
            kind: CommitKind::Schema(format!("\"{}\"", "é".repeat(33_000))),
            ..append("c6")
        },
    ]
}

async fn commit(log: &CommitLog, new: &NewCommit) {
    let head = log.head().await.unwrap().unwrap();
    let outcome = log.commit(&head, new).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(head.version.next()));
    let read = log.head().await.unwrap().unwrap();
    assert_eq!(read.partitions, new.partitions);
}

#[tokio::test]
async fn the_log_writes_the_entities_and_objects_of_earlier_builds() {
    let state = Arc::new(Recorder::default());
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
    let lake = Arc::new(MemoryObjectStore::new(clock));
    let log = CommitLog::new(Arc::clone(&state) as _, Arc::clone(&lake) as _, &dataset());
    log.initialize("c0", "{\"a schema\":0}", UnixMillis(NOW))
        .await
        .unwrap();
    for new in commits() {
        commit(&log, &new).await;
    }
    let head = log.head().await.unwrap().unwrap();
    let snapshot = log.load_at(&head, Version(5)).await.unwrap().unwrap();
    let named = log.write_snapshot(&snapshot, "s5").await.unwrap();
    assert!(log.attach_snapshot(&named).await.unwrap());
    commit(&log, &append("c7")).await;
    assert_eq!(log.clear(Version(0), Version(2)).await.unwrap(), 2);
    assert_golden("golden/log-entities.txt", &state.take());

    let mut text = String::new();
    for object in lake.list(&ObjectPath::new("silver", "")).await.unwrap() {
        let content = lake.get(&object.path).await.unwrap().unwrap();
        let content = String::from_utf8(content.to_vec()).unwrap();
        let content = content.replace(&"x".repeat(29_000), "(29,000 x)");
        text.push_str(&format!(
            "{} {:?}\n{content}\n",
            object.path, object.metadata
        ));
    }
    assert_golden("golden/log-objects.txt", &text);
}

#[tokio::test]
async fn counts_that_are_not_in_every_entry_stand_beside_the_others() {
    let state = Arc::new(Recorder::default());
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
    let lake = Arc::new(MemoryObjectStore::new(clock));
    let log = CommitLog::new(Arc::clone(&state) as _, lake, &dataset());
    log.initialize("c0", "{}", UnixMillis(NOW)).await.unwrap();
    state.take();
    let mut nulled = Nulled::default();
    nulled.count("amount", "overflow", 2);
    nulled.count("amount", "invalid_value", 1);
    nulled.count("born", "a later reason", 7);
    let entry = LedgerEntry {
        counts: Counts {
            conflicts: 4,
            nulled,
            ..full_entry().counts
        },
        ..full_entry()
    };
    let new = NewCommit {
        ledger: vec![entry.clone()],
        taken_up: Vec::new(),
        ..append("c1")
    };
    commit(&log, &new).await;
    assert_golden("golden/log-optional-counts.txt", &state.take());

    let read = log.ledger(&[&entry.source]).await.unwrap();
    assert_eq!(read[&entry.source].counts, entry.counts);
    let read = log.commits(Version(0), Version(1)).await.unwrap();
    assert_eq!(read[0].counts, entry.counts);
}

/// The entry of a redrive that made rows of all that was rejected.
fn redrive_of(before: &LedgerEntry) -> LedgerEntry {
    LedgerEntry {
        source: format!("redrive/1/{}", before.source),
        counts: Counts {
            records: 36,
            rows: 36,
            redriven: 36,
            ..Counts::default()
        },
        range: None,
        quarantine: None,
        redrive: Some(Redrive {
            origin: before.source.clone(),
            plan: "00112233445566778899aabbccddeeff".to_owned(),
            token: Some("01234567-00112233445566778899aabbccddeeff".to_owned()),
        }),
        ..before.clone()
    }
}

#[tokio::test]
async fn a_redrive_inserts_an_entry_and_notes_in_the_one_before_what_took_it_up() {
    let state = Arc::new(Recorder::default());
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
    let lake = Arc::new(MemoryObjectStore::new(clock));
    let log = CommitLog::new(Arc::clone(&state) as _, lake, &dataset());
    log.initialize("c0", "{}", UnixMillis(NOW)).await.unwrap();
    let before = full_entry();
    let new = NewCommit {
        ledger: vec![before.clone()],
        ..append("c1")
    };
    commit(&log, &new).await;
    state.take();

    let entry = redrive_of(&before);
    let taken_up = TakenUp {
        by: entry.source.clone(),
        records: 36,
    };
    let (_, stored) = log.ledger_stored(&[&before.source]).await.unwrap()[&before.source].clone();
    let new = NewCommit {
        ledger: vec![entry.clone()],
        taken_up: vec![Superseded {
            stored,
            taken_up: taken_up.clone(),
        }],
        ..append("c2")
    };
    commit(&log, &new).await;
    assert_golden("golden/log-redrive.txt", &state.take());

    let read = log.ledger_prefix("").await.unwrap();
    let expected = [
        LedgerEntry {
            version: Version(2),
            ..entry
        },
        LedgerEntry {
            version: Version(1),
            taken_up: Some(taken_up),
            ..before
        },
    ];
    assert_eq!(read, expected);
    let head = log.head().await.unwrap().unwrap();
    let counts = head.totals.unwrap().counts;
    assert_eq!((counts.records_once(), counts.quarantined_still()), (39, 0));
}

#[test]
fn reasons_have_the_names_of_earlier_builds() {
    let names: Vec<_> = RejectReason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    let expected = [
        "not_an_object",
        "missing_field",
        "invalid_value",
        "overflow",
        "out_of_range",
        "time_out_of_range",
        "future_time",
        "expression",
        "not_opened",
        "no_records",
        "too_large",
        "unknown_schema",
        "not_allowed",
        "pattern",
    ];
    assert_eq!(names, expected);
    let json = serde_json::to_string(&RejectReason::ALL).unwrap();
    assert_eq!(json, serde_json::to_string(&expected).unwrap());
}
