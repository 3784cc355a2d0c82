//! The Delta log: the same bytes whoever writes it, in ascending order, whatever interrupts it.

use std::sync::Arc;

use serde_json::Value;
use sluice::event::{EventTime, UnixMillis};
use sluice::store::object::{ObjectPath, ObjectStore};
use sluice::table::TableId;
use sluice::table::delta::{Publisher, encode_checkpoint, log_entry};
use sluice::table::log::{
    Commit, CommitKind, CommitLog, CommitOutcome, Counts, DataFile, NewCommit, Version,
};
use testkit::events::HOUR;
use testkit::faulty::{Faulty, How, Script, When};
use testkit::world::{World, deadline};

fn table() -> TableId {
    TableId {
        dataset: "orders".into(),
        generation: 1,
    }
}

fn file(number: u64) -> DataFile {
    let folder = "orders/g1/event_date=2025-11-14/event_hour=07";
    DataFile {
        path: ObjectPath::new("silver", &format!("{folder}/c{number}.parquet")),
        period: EventTime(0),
        rows: 3,
        bytes: 99,
        min: EventTime(1),
        max: EventTime(2),
        stats: (number > 0)
            .then(|| format!("{{\"numRecords\":3,\"nullCount\":{{\"a\":{number}}}}}")),
    }
}

fn commit(version: u64, kind: CommitKind, files: Vec<DataFile>) -> Commit {
    Commit {
        version: Version(version),
        id: format!("c{version}"),
        kind,
        committed: UnixMillis(1_763_078_400_000),
        files,
        counts: Counts::default(),
        sources: 0,
        watermark: None,
        totals: None,
    }
}

fn lines(commit: &Commit) -> Vec<Value> {
    let entry = log_entry(&table(), commit).unwrap();
    assert_eq!(entry, log_entry(&table(), commit).unwrap());
    let text = std::str::from_utf8(&entry).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_append_adds_files_with_statistics_and_partition_values() {
    let lines = lines(&commit(4, CommitKind::Append, vec![file(0), file(1)]));
    assert_eq!(lines[0]["commitInfo"]["txnId"], "c4");
    assert_eq!(lines[0]["commitInfo"]["operation"], "WRITE");
    let add = &lines[1]["add"];
    assert_eq!(
        add["path"],
        "event_date=2025-11-14/event_hour=07/c0.parquet"
    );
    assert_eq!(add["partitionValues"]["event_date"], "2025-11-14");
    assert_eq!(add["partitionValues"]["event_hour"], "7");
    assert_eq!(add["dataChange"], true);
    assert_eq!(
        add["stats"], "{\"numRecords\":3}",
        "a file of an older version"
    );
    assert_eq!(
        lines[2]["add"]["stats"],
        "{\"numRecords\":3,\"nullCount\":{\"a\":1}}"
    );
}

#[test]
fn a_compaction_removes_and_adds_without_a_change_of_data() {
    let replaces = vec![file(1).path, file(2).path];
    let lines = lines(&commit(5, CommitKind::Compact { replaces }, vec![file(3)]));
    assert_eq!(lines[0]["commitInfo"]["operation"], "OPTIMIZE");
    for (line, action) in [(1, "remove"), (2, "remove"), (3, "add")] {
        assert_eq!(lines[line][action]["dataChange"], false);
    }
    assert_eq!(
        lines[1]["remove"]["path"],
        "event_date=2025-11-14/event_hour=07/c1.parquet"
    );
}

#[test]
fn a_file_of_another_table_is_refused() {
    let mut foreign = file(1);
    foreign.path = ObjectPath::new("silver", "orders/g2/x.parquet");
    assert!(log_entry(&table(), &commit(1, CommitKind::Append, vec![foreign])).is_err());
}

#[tokio::test]
async fn every_version_is_published_and_version_0_describes_the_table() {
    let world = World::of_orders();
    let process = world.process();
    for group in 0..3 {
        world.refine(&process, group * 10..group * 10 + 5).await;
        world.wait(HOUR);
        world.delta_published().await;
    }
    let entry = world
        .lake
        .get(&TableId::new("orders", 1).delta_entry(0))
        .await
        .unwrap()
        .unwrap();
    let text = std::str::from_utf8(&entry).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines[1]["protocol"]["minReaderVersion"], 1);
    let metadata = &lines[2]["metaData"];
    assert_eq!(
        metadata["partitionColumns"],
        serde_json::json!(["event_date", "event_hour"])
    );
    assert_eq!(metadata["configuration"]["delta.appendOnly"], "true");
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let amount = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["name"] == "amount");
    let amount = amount.unwrap();
    assert_eq!(amount["type"], "decimal(18,2)");
    assert_eq!(amount["nullable"], false);
    assert_eq!(amount["metadata"]["comment"], "What the customer paid");
}

/// A log of made-up commits that nothing has published yet.
async fn unpublished(versions: u64) -> (World, Vec<Commit>) {
    let world = World::of_orders();
    let log = world.log();
    log.initialize("c0", &recorded(), UnixMillis(5))
        .await
        .unwrap();
    for version in 1..=versions {
        let head = log.head().await.unwrap().unwrap();
        let new = NewCommit {
            id: format!("c{version}"),
            kind: match version % 4 {
                0 => CommitKind::Compact {
                    replaces: (version - 3..version).map(|old| file(old).path).collect(),
                },
                _ => CommitKind::Append,
            },
            committed: UnixMillis(5),
            files: vec![file(version)],
            ledger: vec![],
            taken_up: Vec::new(),
            watermark: None,
            clock: head.clock,
            partitions: head.partitions.clone(),
        };
        let outcome = log.commit(&head, &new).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Committed(Version(version)));
    }
    let commits = log.commits_from_start(Version(versions)).await.unwrap();
    (world, commits)
}

fn recorded() -> String {
    r#"{"period":"hour","key":["id"],"event_time":"at","rescued":true,
        "columns":[{"name":"id","type":"int64","required":true},
                   {"name":"at","type":"timestamp","required":true}]}"#
        .to_owned()
}

fn publisher(lake: Arc<dyn ObjectStore>, log: &CommitLog) -> Publisher {
    Publisher::new(lake, log.clone(), table())
}

/// Returns how many entries there are; they must be a prefix of the log, with its bytes.
async fn check_prefix(lake: &Arc<dyn ObjectStore>, commits: &[Commit]) -> usize {
    let listed = lake
        .list(&TableId::new("orders", 1).delta_log())
        .await
        .unwrap();
    let entries: Vec<_> = listed
        .iter()
        .filter(|object| object.path.name().ends_with(".json"))
        .collect();
    for (entry, commit) in entries.iter().zip(commits) {
        assert_eq!(TableId::delta_version(&entry.path), Some(commit.version.0));
        let content = lake.get(&entry.path).await.unwrap().unwrap();
        assert_eq!(content, log_entry(&table(), commit).unwrap());
    }
    entries.len()
}

#[tokio::test]
async fn publishing_interrupted_anywhere_leaves_a_prefix_of_the_log() {
    let (world, commits) = unpublished(9).await;
    let head = Version(9);
    for when in [When::Before, When::After] {
        for call in 0.. {
            let lake = &world.lake;
            for object in lake
                .list(&TableId::new("orders", 1).delta_log())
                .await
                .unwrap()
            {
                lake.delete(&object.path).await.unwrap();
            }
            let script = Script::failing_at(call, when, How::Outage);
            let mortal = Faulty::new(lake, &script);
            let outcome = publisher(mortal, &world.log())
                .catch_up(head, deadline())
                .await;
            let published = check_prefix(lake, &commits).await;

            let again = publisher(Arc::clone(lake), &world.log());
            let caught_up = again.catch_up(head, deadline()).await.unwrap();
            assert_eq!(caught_up.published, Some(head));
            assert_eq!(caught_up.written as usize, commits.len() - published);
            assert_eq!(check_prefix(lake, &commits).await, commits.len());
            if outcome.is_ok() {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_that_race_end_in_the_same_bytes() {
    let (world, commits) = unpublished(60).await;
    let lake = &world.lake;
    let racers: Vec<_> = (0..4)
        .map(|_| publisher(Arc::clone(lake), &world.log()))
        .collect();
    let tasks: Vec<_> = racers
        .into_iter()
        .enumerate()
        .map(|(number, racer)| {
            let commits = commits.clone();
            tokio::spawn(async move {
                for commit in commits.iter().skip(number) {
                    racer.publish(commit).await.unwrap();
                    tokio::task::yield_now().await;
                }
                racer.catch_up(Version(60), deadline()).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().published, Some(Version(60)));
    }
    assert_eq!(check_prefix(lake, &commits).await, commits.len());
}

#[tokio::test]
async fn a_committer_puts_once_and_leaves_long_gaps_to_maintenance() {
    let (world, commits) = unpublished(200).await;
    let script = Script::new();
    let committer = publisher(Faulty::new(&world.lake, &script), &world.log());
    committer.publish(&commits[200]).await.unwrap();
    assert_eq!(
        check_prefix(&world.lake, &commits).await,
        0,
        "too far behind"
    );

    committer.catch_up(Version(199), deadline()).await.unwrap();
    let before = script.count();
    committer.publish(&commits[200]).await.unwrap();
    assert_eq!(script.count() - before, 1);
    assert_eq!(check_prefix(&world.lake, &commits).await, commits.len());
}

#[tokio::test]
async fn the_end_is_found_by_few_calls_even_without_old_entries() {
    let (world, commits) = unpublished(1_000).await;
    let lake = &world.lake;
    publisher(Arc::clone(lake), &world.log())
        .catch_up(Version(700), deadline())
        .await
        .unwrap();
    let head = world.log().head().await.unwrap().unwrap();
    let snapshot = world
        .log()
        .load_at(&head, Version(650))
        .await
        .unwrap()
        .unwrap();
    let checkpoint = encode_checkpoint(&table(), &snapshot).unwrap();
    publisher(Arc::clone(lake), &world.log())
        .checkpoint(&checkpoint)
        .await
        .unwrap();
    for commit in &commits[..650] {
        lake.delete(&TableId::new("orders", 1).delta_entry(commit.version.0))
            .await
            .unwrap();
    }

    let script = Script::new();
    let found = publisher(Faulty::new(lake, &script), &world.log())
        .published(Version(1_000))
        .await
        .unwrap();
    assert_eq!(found, Some(Version(700)));
    assert!(script.count() < 14, "{} calls", script.count());
}
