//! Inputs after reports of gold that stood still: one table's trouble is its own, and a change of the dataset file needs
//! no hands.

use bytes::Bytes;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::gold::{Ended, Published};
use testkit::read;
use testkit::world::{Process, World, deadline};

/// 2026-11-28T00:00:00Z, after all of the events.
const NOW: UnixMillis = UnixMillis(1_795_824_000_000);

/// Sends each line as an event and refines them.
async fn send(world: &World, process: &Process, first: i64, input: &str) {
    let event = |(number, line): (i64, &str)| {
        let body = Bytes::copy_from_slice(line.as_bytes());
        SourceEvent::plain(body, SequenceNumber(number), NOW)
    };
    let events = (first..).zip(input.lines()).map(event).collect();
    let partition = PartitionId("0".to_owned());
    let bronze = &process.app.bronze;
    bronze.ingest(&partition, events, deadline()).await.unwrap();
    for source in world.sources().await {
        process.refine(&source).await;
    }
}

async fn publish(process: &Process) -> Published {
    process.app.gold.publish(deadline()).await.unwrap()
}

/// Returns the rows of a gold table without its period, in order.
async fn rows(world: &World, table: &str) -> Vec<String> {
    let read = read::gold(&*world.warehouse(), table).await;
    let has_period = read
        .columns
        .first()
        .is_some_and(|name| name == "day" || name == "hour");
    let rows = read.rows.into_iter().map(|row| {
        let cells = row.into_iter().skip(usize::from(has_period));
        let cells: Vec<String> = cells
            .map(|cell| cell.unwrap_or_else(|| "-".into()))
            .collect();
        cells.join(" ")
    });
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}

#[tokio::test(start_paused = true)]
async fn one_event_that_no_sum_can_take_stops_one_table_and_no_other() {
    let dataset = include_str!("../data/reports/large-sum.toml");
    let world = World::builder().dataset(dataset).at(NOW).build();
    let process = world.process();
    let input = include_str!("../data/reports/large-sum.jsonl");
    send(&world, &process, 0, input).await;
    let published = publish(&process).await;
    assert_eq!(published.ended, Ended::Blocked);
    assert!(
        published.blocked[0].contains("p_sum"),
        "{:?}",
        published.blocked
    );
    assert_eq!(rows(&world, "p_count").await, ["2"]);
    let noted = world.warehouse().look().await.unwrap().blocked;
    let (reason, version) = (&noted["p_sum"].reason, noted["p_sum"].version);
    assert!(
        reason.contains("more than 38 digits for the group"),
        "{reason}"
    );
    assert_eq!(version, published.head);

    // Another process reads nothing again, and says why.
    let again = publish(&world.process()).await;
    assert_eq!((again.ended, again.files), (Ended::Blocked, 0));
    assert_eq!(again.blocked, published.blocked);

    let changed = world.with_dataset(&dataset.replace("sum(d)", "max(d)"));
    assert_eq!(publish(&changed.process()).await.ended, Ended::UpToDate);
    let largest = "9999999999999999999999999999.9999999999";
    assert_eq!(rows(&changed, "p_sum").await, [largest]);
}

#[tokio::test(start_paused = true)]
async fn a_measure_a_table_and_a_dimension_are_added_without_hands() {
    let dataset = include_str!("../data/reports/columns-change.toml");
    let world = World::builder().dataset(dataset).at(NOW).build();
    let process = world.process();
    let input = include_str!("../data/reports/columns-change.jsonl");
    send(&world, &process, 0, input).await;
    assert_eq!(publish(&process).await.ended, Ended::UpToDate);
    assert_eq!(rows(&world, "gold_amounts").await, ["3 6"]);

    let more = world.with_dataset(include_str!("../data/reports/columns-change-measure.toml"));
    let process = more.process();
    let later = include_str!("../data/reports/columns-change-later.jsonl");
    send(&more, &process, 10, later).await;
    let published = publish(&process).await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt, ["gold_other", "gold_amounts"]);
    assert_eq!(rows(&more, "gold_amounts").await, ["5 15 5"]);
    assert_eq!(rows(&more, "gold_other").await, ["5"]);

    let by_channel = world.with_dataset(include_str!(
        "../data/reports/columns-change-dimension.toml"
    ));
    assert_eq!(publish(&by_channel.process()).await.ended, Ended::UpToDate);
    assert_eq!(
        rows(&by_channel, "gold_amounts").await,
        ["- 3 6", "web 2 9"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_raised_generation_is_shown_when_it_is_whole_and_not_before() {
    let dataset = include_str!("../data/reports/columns-change.toml");
    let world = World::builder().dataset(dataset).at(NOW).build();
    let process = world.process();
    let input = include_str!("../data/reports/columns-change.jsonl");
    send(&world, &process, 0, input).await;
    let later = include_str!("../data/reports/columns-change-later.jsonl");
    send(&world, &process, 10, later).await;
    publish(&process).await;
    assert_eq!(rows(&world, "gold_amounts").await, ["5 15"]);

    // The newest events are refined first, as they come; the others when maintenance gets to them.
    let raised = world.with_dataset(&format!("generation = 2\n{dataset}"));
    let process = raised.process();
    let mut sources = raised.sources().await;
    process.refine(&sources.pop().unwrap()).await;
    let published = publish(&process).await;
    assert_eq!(published.ended, Ended::Rebuilding);
    assert!(published.waiting.unwrap().contains("lacks 1 objects"));
    assert_eq!(rows(&raised, "gold_amounts").await, ["5 15"]);
    for source in &sources {
        process.refine(source).await;
    }
    let published = publish(&process).await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt, ["gold_amounts"]);
    assert_eq!(rows(&raised, "gold_amounts").await, ["5 15"]);
    let progress = raised.warehouse().progress().await.unwrap();
    assert_eq!(progress["gold_amounts"].generation, 2);
}
