//! What gold and maintenance note in the state table, and what silver's first commit records.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sluice::app::App;
use sluice::clock::ManualClock;
use sluice::context::Context;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::gold::Ended;
use sluice::maintain::{Limits, Maintenance, Options};
use sluice::retry::Deadline;
use sluice::silver::Silver;
use sluice::store::object::MemoryObjectStore;
use sluice::table::log::CommitLog;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Warehouse, connect};

use super::recorder::Recorder;
use super::{assert_golden, dataset};
use testkit::faulty::{Faulty, Script};

const NOW: i64 = 1_763_120_674_343;

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

#[tokio::test]
async fn notes_and_the_recorded_columns_are_those_of_earlier_builds() {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(Recorder::default());
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
    let dataset = Arc::new(dataset());
    let edges = Context {
        dataset: Arc::clone(&dataset),
        lake: Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _)),
        state: Arc::clone(&state) as _,
        clock: Arc::clone(&clock) as _,
        new_id: || "c".repeat(32),
        key_cache_bytes: 1 << 20,
    };
    let setting = format!("sqlite:{}", folder.path().join("gold.db").display());
    let file = connect(&setting, GoldSchema::of(&dataset).unwrap()).unwrap();
    // It says that it may be paused, so that gold leaves a hint.
    let warehouse: Arc<dyn Warehouse> = Faulty::new(&file, &Script::new());
    let app = App::builder(edges.clone(), warehouse).build();

    // No line becomes a row: the size of a file is a matter of the Parquet library.
    let log = CommitLog::new(Arc::clone(&edges.state), Arc::clone(&edges.lake), &dataset);
    for partition in ["0", "7"] {
        let event = SourceEvent::plain(
            Bytes::from_static(b"no object"),
            SequenceNumber(3),
            UnixMillis(NOW),
        );
        let partition = PartitionId(partition.to_owned());
        app.bronze
            .ingest(&partition, vec![event], deadline())
            .await
            .unwrap();
    }
    clock.set(UnixMillis(NOW + 60 * 60_000));
    let limits = Limits {
        vacuum_every: Duration::ZERO,
        ..Limits::default()
    };
    let maintain =
        Maintenance::new(edges.clone(), Silver::new(edges.clone()), None).with_limits(limits);
    let report = maintain.run(Options::default(), deadline()).await;
    assert_eq!(report.failures(), []);
    assert_eq!(log.head().await.unwrap().unwrap().version.0, 1);
    let published = app.gold.publish(deadline()).await.unwrap();
    assert_eq!(published.ended, Ended::UpToDate);
    assert_golden("golden/notes.txt", &state.take());
}
