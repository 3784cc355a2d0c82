//! Objects of every format: the times of their events, and what came with them.

use bytes::Bytes;
use serde_json::Value;
use sluice::event::{PartitionId, SourceEvent};
use sluice::silver::RefineError;
use sluice::store::object::{Metadata, ObjectFormat, Source};
use testkit::events::{START, event, thing};
use testkit::read;
use testkit::world::{World, deadline};

/// Stores events as bronze does, and returns their one object.
async fn ingested(world: &World, events: Vec<SourceEvent>) -> Source {
    let partition = PartitionId("0".to_owned());
    let app = world.process().app;
    let done = app.bronze.ingest(&partition, events, deadline());
    assert_eq!(done.await.unwrap().objects, 1);
    world.sources().await.remove(0)
}

/// The first column and `_enqueued_time` of silver, in milliseconds since the start.
async fn times(world: &World) -> Vec<(i64, i64)> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Int64Type, TimestampMicrosecondType};
    let mut found = Vec::new();
    for batch in read::silver(&world.lake, &world.log()).await {
        let ids = batch["id"].as_primitive::<Int64Type>();
        let times = batch["_enqueued_time"].as_primitive::<TimestampMicrosecondType>();
        let times = times.values().iter().map(|micros| micros / 1_000 - START);
        found.extend(ids.values().iter().copied().zip(times));
    }
    found.sort_unstable();
    found
}

fn three_events() -> Vec<SourceEvent> {
    let mut events = vec![
        event(0, 0, thing(1, 0, 100)),
        event(1, 0, Bytes::from_static(b"no JSON")),
        event(2, 0, thing(3, 0, 100)),
    ];
    for (event, millis) in events.iter_mut().zip([5, 3, 700]) {
        event.enqueued_time.0 += millis;
    }
    events
}

#[tokio::test(start_paused = true)]
async fn an_event_has_the_very_time_at_which_the_hub_took_it() {
    let world = World::new();
    let source = ingested(&world, three_events()).await;
    assert_eq!(source.format, ObjectFormat::LinesAndTimes);
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.lines, counts.rows), (3, 2));
    assert_eq!(times(&world).await, [(1, 5), (3, 700)]);
    let quarantine = world.end_state().await.quarantine;
    let path = world.ledger().await[0].quarantine.clone().unwrap();
    let content = world.lake.get(&path).await.unwrap().unwrap();
    let record: Value = serde_json::from_slice(&content).unwrap();
    assert_eq!(quarantine.len(), 1);
    let time = sluice::event::UnixMillis(START + 3).to_string();
    assert_eq!(record["enqueued_time"], time);
}

#[tokio::test(start_paused = true)]
async fn an_object_of_an_earlier_build_has_one_time_for_all_its_events() {
    let world = World::new();
    let mut source = ingested(&world, three_events()).await;
    let text = String::from_utf8(source.content.to_vec()).unwrap();
    let (lines, _) = text.split_once("{\"$sluice\"").unwrap();
    source.content = Bytes::from(lines.to_owned());
    source.format = ObjectFormat::Lines;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.lines, counts.rows), (3, 2));
    assert_eq!(times(&world).await, [(1, 700), (3, 700)]);
}

#[tokio::test(start_paused = true)]
async fn the_times_in_a_copy_without_metadata_are_no_event() {
    let world = World::new();
    let source = ingested(&world, three_events()).await;
    let created = sluice::event::UnixMillis(START + 9_000);
    let copy = Source::of_object(source.name, source.content, &Metadata::new(), created);
    let counts = world.process().refine(&copy).await.entry.counts;
    assert_eq!((counts.lines, counts.rows), (3, 2));
    assert_eq!(times(&world).await, [(1, 9_000), (3, 9_000)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_something_came_with_is_the_same_row() {
    let world = World::new();
    let mut events = vec![
        event(0, 0, thing(1, 0, 100)),
        event(
            1,
            0,
            Bytes::from(format!(" {{\"id\":2,\r\n\"at\":{START}}}")),
        ),
        event(2, 0, Bytes::from_static(b"1,\"system\":{}}")),
    ];
    let plain = World::new();
    plain
        .process()
        .refine(&ingested(&plain, events.clone()).await)
        .await;
    for event in &mut events {
        event.system = Bytes::from_static(b"{\"iothub-connection-device-id\":\"d1\"}");
        event.properties = Bytes::from_static(b"{\"id\":7}");
    }
    let source = ingested(&world, events.clone()).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.quarantined_total()), (2, 1));
    assert_eq!(world.silver().await, plain.silver().await);
    let quarantines = (world.end_state().await, plain.end_state().await);
    assert_eq!(quarantines.0.quarantine, quarantines.1.quarantine);
    let bodies = world.end_state().await.bronze.into_iter();
    let sent = events.iter().map(|event| event.body.to_vec());
    assert!(bodies.map(|(_, _, body)| body).eq(sent));
}

#[tokio::test(start_paused = true)]
async fn a_later_format_fails_its_object_and_no_other_and_quarantines_nothing() {
    let world = World::new();
    let process = world.process();
    let good = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let mut later = world.put("0", 1, &[thing(2, 0, 100)]).await;
    later.format = ObjectFormat::Unknown("3".to_owned());
    let silver = &process.app.silver;
    let (refined, failed) = futures::join!(silver.refine(good), silver.refine(later.clone()));
    assert_eq!(refined.unwrap().entry.counts.rows, 1);
    let error = failed.unwrap_err();
    assert!(matches!(&*error, RefineError::Format { .. }) && error.is_lasting());
    let said = error.to_string();
    assert!(
        said.contains(&later.name) && said.contains("format 3"),
        "{said}"
    );
    assert_eq!(world.ledger().await.len(), 1);
    // The release that knows it refines it.
    later.format = ObjectFormat::LinesAndTimes;
    assert_eq!(process.refine(&later).await.entry.counts.rows, 1);
}

#[tokio::test(start_paused = true)]
async fn an_object_without_the_time_of_each_event_fails() {
    let world = World::new();
    let source = ingested(&world, three_events()).await;
    let text = String::from_utf8(source.content.to_vec()).unwrap();
    for changed in [
        text.replace(",-2", ""),
        text.replace(",-2", ",-2,0"),
        text.replace(",-2", ",x"),
        text.replace("enqueued_ms", "times"),
        text.split_inclusive('\n').skip(1).collect(),
    ] {
        assert_ne!(changed, text);
        let mut source = source.clone();
        source.content = Bytes::from(changed);
        let error = world.process().app.silver.refine(source).await.unwrap_err();
        assert!(matches!(&*error, RefineError::Times { .. }), "{error}");
    }
    assert_eq!(world.ledger().await.len(), 0);
    assert_eq!(world.process().refine(&source).await.entry.counts.lines, 3);
}
