//! A key with a bucket of the event time: one row a key and bucket, wherever in the bucket its events lie.

use testkit::datasets::replace;
use testkit::events::{DAY, thing};
use testkit::world::World;

use super::steps::{batches, int64s, keyed, refined};

const BY_HOUR: &str = "key = [\"id\", \"hour(at)\"]";

fn by_hour() -> World {
    World::builder().dataset(&keyed(BY_HOUR)).build()
}

#[tokio::test(start_paused = true)]
async fn a_key_is_one_row_a_bucket_in_a_group_and_across_commits() {
    let world = by_hour();
    // The hour begins with minute 0.
    let bodies = [
        thing(1, 0, 100),
        thing(1, 59, 100),
        thing(1, 60, 100),
        thing(2, 5, 100),
    ];
    let counts = refined(&world, 0, &bodies).await;
    assert_eq!((counts.rows, counts.duplicates), (3, 1));
    // Before, between and after what is there; the ranges of the files do not hold all of them.
    let bodies = [
        thing(2, 0, 100),
        thing(2, 30, 100),
        thing(1, 119, 100),
        thing(3, 30, 100),
    ];
    let counts = refined(&world, 10, &bodies).await;
    assert_eq!((counts.rows, counts.duplicates), (1, 3));
    assert_eq!(int64s(&batches(&world).await, "id"), [1, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_the_keys_in_memory_finds_them_too() {
    let world = by_hour();
    let process = world.process();
    for (first, minute, rows) in [(0, 10, 1), (1, 50, 0), (2, 0, 0), (3, 60, 1), (4, 59, 0)] {
        let source = world.put("0", first, &[thing(1, minute, 100)]).await;
        let counts = process.refine(&source).await.entry.counts;
        assert_eq!(counts.rows, rows, "minute {minute}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_bucket_of_a_compacted_file_is_found() {
    let world = by_hour();
    for (first, minute) in [(0, 0), (1, 20), (2, 70)] {
        refined(&world, first, &[thing(first, minute, 100)]).await;
    }
    let process = world.process().limited(testkit::world::eager(1));
    let report = process.maintain(false).await;
    assert_eq!(report.compact.done().unwrap().replaced, 3);
    let again: Vec<_> = [(0, 59), (1, 59), (2, 119), (2, 59)]
        .map(|(id, minute)| thing(id, minute, 100))
        .into();
    let counts = refined(&world, 10, &again).await;
    assert_eq!((counts.rows, counts.duplicates), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn the_event_time_is_no_conflict_where_the_key_has_a_bucket_of_it() {
    let comparing = format!("{BY_HOUR}\ndedup = {{ conflicts = \"all\" }}");
    let world = World::builder().dataset(&keyed(&comparing)).build();
    let counts = refined(
        &world,
        0,
        &[thing(1, 0, 100), thing(1, 7, 100), thing(1, 9, 777)],
    )
    .await;
    assert_eq!((counts.duplicates, counts.conflicts), (2, 1), "in a group");
    let counts = refined(&world, 10, &[thing(1, 11, 100), thing(1, 12, 777)]).await;
    assert_eq!(
        (counts.duplicates, counts.conflicts),
        (2, 1),
        "with committed rows"
    );
}

#[tokio::test(start_paused = true)]
async fn a_bucket_as_long_as_the_period_ends_with_it() {
    let world = World::builder()
        .dataset(&replace(&keyed(BY_HOUR), "hour(at)", "day(at)"))
        .build();
    let minutes = DAY / 60_000;
    // It starts at 11 o'clock.
    let last = minutes - 11 * 60 - 1;
    let counts = refined(&world, 0, &[thing(1, 0, 100), thing(1, last, 100)]).await;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
    let bodies = [thing(1, last - 5, 100), thing(1, last + 1, 100)];
    let counts = refined(&world, 10, &bodies).await;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
}
