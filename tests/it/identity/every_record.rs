//! `keep = "all"`: every record is a row, known by the place that it came from, and no file is read for it.

use testkit::events::{MINUTE, thing};
use testkit::faulty::{How, When};
use testkit::world::{World, eager};

use super::steps::{batches, delta, described, int32s, keyed, names, refined};

fn keeping_all() -> World {
    let text = keyed("dedup = { keep = \"all\" }");
    World::builder().dataset(&text).build()
}

#[tokio::test(start_paused = true)]
async fn equal_records_are_rows_that_their_places_tell_apart() {
    let world = keeping_all();
    let bad = bytes::Bytes::from_static(b"nonsense");
    let bodies = [thing(1, 5, 100), bad, thing(1, 5, 100), thing(1, 0, 100)];
    let counts = refined(&world, 0, &bodies).await;
    assert_eq!(
        (counts.rows, counts.duplicates, counts.conflicts),
        (3, 0, 0)
    );
    assert_eq!(counts.quarantined_total(), 1);
    let counts = refined(&world, 10, &[thing(1, 5, 100)]).await;
    assert_eq!((counts.rows, counts.duplicates), (1, 0));

    let batches = batches(&world).await;
    assert_eq!(batches.len(), 2);
    let first = &batches[usize::from(batches[0].num_rows() != 3)];
    assert_eq!(int32s(first, "_line"), [3, 0, 2], "by event time");
    assert_eq!(int32s(first, "_record"), [0, 0, 0]);
    let expected = [
        "id",
        "at",
        "amount",
        "who",
        "_source",
        "_line",
        "_record",
        "_sequence_number",
        "_enqueued_time",
        "_rescued",
    ];
    assert_eq!(names(first), expected);
    let columns = described(&delta(&world, 0).await).unwrap();
    assert_eq!(
        columns[5],
        ("_line".to_owned(), "integer".to_owned(), false)
    );
    assert_eq!(
        columns[6],
        ("_record".to_owned(), "integer".to_owned(), false)
    );
    let added = delta(&world, 1).await;
    let stats = added
        .iter()
        .find_map(|action| action["add"]["stats"].as_str());
    let stats: serde_json::Value = serde_json::from_str(stats.unwrap()).unwrap();
    assert_eq!(
        (&stats["minValues"]["_line"], &stats["maxValues"]["_line"]),
        (&0.into(), &3.into())
    );
}

#[tokio::test(start_paused = true)]
async fn no_file_is_read_and_no_key_is_kept() {
    let world = keeping_all();
    let process = world.process();
    for first in 0..3 {
        let source = world.put("0", first, &[thing(1, 5, 100)]).await;
        process.refine(&source).await;
    }
    let cold = world.process();
    let source = world.put("0", 9, &[thing(1, 5, 100)]).await;
    cold.refine(&source).await;
    for process in [process, cold] {
        assert_eq!(process.script.calls("get silver/things/g1/event_"), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_and_a_commit_whose_answer_was_lost_store_nothing_twice() {
    let world = keeping_all();
    let process = world.process();
    process
        .script
        .fail_at("transact log|000000000001", When::After, How::Transient);
    let source = world
        .put("0", 0, &[thing(1, 0, 100), thing(1, 0, 100)])
        .await;
    process.refine(&source).await;
    world.process().refine(&source).await;
    process.refine(&source).await;
    assert_eq!(world.end_state().await.ledger.rows, 2);
    assert_eq!(world.silver().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn compaction_and_gold_take_every_row_with_its_place() {
    let world = keeping_all();
    for first in 0..4 {
        refined(&world, first * 10, &[thing(1, 5, 100), thing(1, 5, 100)]).await;
        world.wait(MINUTE);
    }
    let process = world.process().limited(eager(1));
    let report = process.maintain(false).await;
    assert_eq!(report.compact.done().unwrap().rows, 8);
    let batches = batches(&world).await;
    assert_eq!(batches.len(), 1);
    let mut lines = int32s(&batches[0], "_line");
    lines.sort_unstable();
    assert_eq!(lines, [0, 0, 0, 0, 1, 1, 1, 1]);
    process
        .app
        .gold
        .publish(testkit::world::deadline())
        .await
        .unwrap();
    world.end_state().await.check_gold();
}
