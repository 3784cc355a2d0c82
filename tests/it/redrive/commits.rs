//! What becomes of records that are taken up.

use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use sluice::event::{RejectReason, UnixMillis};
use sluice::table::log::{MAX_TAKEN_UP, Version};
use testkit::datasets::{THINGS, replace};
use testkit::faulty::Script;
use testkit::world::{World, deadline};

use super::steps::{
    bodies, body, check, deployed, ids, loosened, plan, redrive, strict, version, waiting,
};

#[tokio::test]
async fn what_is_good_by_now_becomes_rows_and_what_is_not_waits() {
    let world = loosened(&[&[2, 60, 61, 900]]).await;
    assert_eq!(ids(&world).await, [1, 2]);
    let outcome = redrive(&world).await;
    assert!(outcome.stopped.is_none() && outcome.refused.is_empty());
    let entry = &outcome.done[0];
    assert!(entry.source.starts_with("redrive/1/things/0/"), "{entry:?}");
    assert_eq!((entry.counts.lines, entry.counts.records), (0, 3));
    assert_eq!((entry.counts.rows, entry.counts.redriven), (2, 3));
    assert_eq!(entry.counts.quarantined_total(), 1);
    assert_eq!(ids(&world).await, [1, 2, 60, 61]);
    check(&world).await;

    // The one that is broken waits for the next redrive, which has another number.
    let left = waiting(&world).await;
    assert_eq!((left.len(), left[0].records()), (1, 1));
    let again = redrive(&world).await;
    assert!(again.done[0].source.starts_with("redrive/2/things/0/"));
    assert_eq!(ids(&world).await, [1, 2, 60, 61]);
    check(&world).await;

    let head = world.log().head().await.unwrap().unwrap();
    let counts = head.totals.unwrap().counts;
    assert_eq!((counts.records_once(), counts.quarantined_still()), (5, 1));
    assert_eq!(counts.redriven, 4);
    let published = world.process().app.gold.publish(deadline()).await.unwrap();
    assert!(published.transactions > 0);
    world.end_state().await.check_gold();
}

#[tokio::test]
async fn gold_that_had_gone_on_takes_in_what_was_taken_up_and_its_balance_says_how_many() {
    let world = loosened(&[&[2, 60, 900]]).await;
    let process = world.process();
    let gold = &process.app.gold;
    gold.publish(deadline()).await.unwrap();
    redrive(&world).await;
    gold.publish(deadline()).await.unwrap();
    world.end_state().await.check_gold();
    let said = world
        .balance(&["records", "rows", "quarantined", "redriven", "is_balanced"])
        .await;
    for (table, cells) in said {
        assert_eq!(cells, ["4", "3", "3", "2", "true"], "{table}");
    }
}

#[tokio::test]
async fn rows_keep_the_place_and_the_time_of_their_event() {
    let world = loosened(&[&[2, 60]]).await;
    redrive(&world).await;
    let batches = testkit::read::silver(&world.lake, &world.log()).await;
    let found = batches.iter().find_map(|batch| {
        let column =
            |name: &str| arrow_cast::cast(batch.column_by_name(name)?, &DataType::Utf8).ok();
        let (ids, sources) = (column("id")?, column("_source")?);
        let numbers = column("_sequence_number")?;
        let texts = [&ids, &sources, &numbers].map(|column| column.as_string::<i32>());
        let row = (0..batch.num_rows()).find(|row| texts[0].value(*row) == "60")?;
        Some(texts.map(|text| text.value(row).to_owned()))
    });
    let [_, source, number] = found.unwrap();
    assert!(source.starts_with("things/0/"), "{source}");
    assert_eq!(number, "1", "its sequence number");
}

#[tokio::test]
async fn a_record_whose_key_silver_has_by_now_is_a_duplicate() {
    let world = loosened(&[&[2, 60, 60, 61]]).await;
    let source = world.put("1", 0, &bodies(&[60])).await;
    world.process().refine(&source).await;
    let announced = plan(&world).await;
    let total = announced.total();
    assert_eq!((total.rows, total.duplicates), (1, 2));
    let outcome = redrive(&world).await;
    let counts = &outcome.done[0].counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 2));
    assert_eq!(ids(&world).await, [1, 2, 60, 61]);
    check(&world).await;
}

#[tokio::test]
async fn of_one_key_in_two_objects_the_first_is_a_row_also_where_it_is_only_announced() {
    let world = loosened(&[&[60], &[60, 61]]).await;
    let announced = plan(&world).await;
    let rows = announced
        .sources
        .iter()
        .map(|source| source.fates.as_ref().unwrap().rows);
    assert_eq!(rows.collect::<Vec<_>>(), [1, 1]);
    assert_eq!(ids(&world).await, [1], "nothing was changed");
    redrive(&world).await;
    assert_eq!(ids(&world).await, [1, 60, 61]);
    check(&world).await;
}

#[tokio::test]
async fn what_is_more_than_a_commit_takes_is_more_commits() {
    let objects: Vec<[i64; 1]> = (0..=MAX_TAKEN_UP as i64)
        .map(|number| [60 + number])
        .collect();
    let objects: Vec<&[i64]> = objects.iter().map(|numbers| &numbers[..]).collect();
    let world = loosened(&objects).await;
    let before = version(&world).await;
    let announced = plan(&world).await;
    assert_eq!(announced.total().rows, objects.len() as u64);
    let outcome = redrive(&world).await;
    assert_eq!(outcome.done.len(), objects.len());
    assert_eq!(version(&world).await, Version(before.0 + 2));
    check(&world).await;
}

#[tokio::test]
async fn the_watermark_stays_where_it_was() {
    let world = loosened(&[&[2, 89]]).await;
    let before = world.log().head().await.unwrap().unwrap();
    redrive(&world).await;
    let after = world.log().head().await.unwrap().unwrap();
    assert_eq!(after.watermark, before.watermark);
    assert_eq!(after.partitions, before.partitions);
    assert_eq!(after.clock, before.clock);
    assert_eq!(ids(&world).await, [1, 2, 89]);
}

#[tokio::test]
async fn compaction_and_vacuum_leave_what_was_taken_up_as_it_is() {
    let world = loosened(&[&[2, 60], &[3, 61, 900]]).await;
    redrive(&world).await;
    world.process().maintain(true).await;
    world.wait(3 * testkit::events::DAY);
    world.process().maintain(true).await;
    assert_eq!(ids(&world).await, [1, 2, 3, 60, 61]);
    redrive(&world).await;
    check(&world).await;
}

/// An event that was refused whole is one record, and may be several by now.
#[tokio::test]
async fn an_event_that_was_refused_whole_is_opened_anew() {
    let opened = |place: &str| {
        let payload = format!("[payload]\nrecords = \"$.{place}[*]\"\n");
        replace(
            THINGS,
            "[[column]]\nname = \"id\"",
            &format!("{payload}[[column]]\nname = \"id\""),
        )
    };
    let before = World::builder().dataset(&opened("records")).build();
    let three = [60, 61, 62].map(|number| String::from_utf8(body(number).to_vec()).unwrap());
    let event = format!("{{\"items\":[{}]}}", three.join(","));
    let source = before.put("0", 0, &[event.into()]).await;
    let refined = before.process().refine(&source).await;
    assert_eq!(refined.entry.counts.quarantined_total(), 1, "{refined:?}");

    let world = before.with_dataset(&opened("items"));
    let good = format!(
        "{{\"items\":[{}]}}",
        String::from_utf8(body(1).to_vec()).unwrap()
    );
    let source = world.put("9", 0, &[good.into()]).await;
    world.process().refine(&source).await;
    let outcome = redrive(&world).await;
    let counts = &outcome.done[0].counts;
    assert_eq!((counts.records, counts.rows, counts.redriven), (3, 3, 1));
    assert_eq!(ids(&world).await, [1, 60, 61, 62]);
    check(&world).await;
}

#[tokio::test]
async fn a_source_is_meant_if_one_of_its_records_is() {
    use sluice::silver::redrive::Filter;

    let world = loosened(&[&[2, 60, 900], &[900]]).await;
    let redrives = world.redrives(&Script::new());
    let found = async |filter: Filter| redrives.candidates(&filter).await.unwrap().len();
    let reason = |reason: RejectReason| Filter {
        reason: Some(reason.as_str().to_owned()),
        ..Filter::default()
    };
    assert_eq!(found(Filter::default()).await, 2);
    assert_eq!(found(reason(RejectReason::NotAnObject)).await, 2);
    assert_eq!(found(reason(RejectReason::OutOfRange)).await, 1);
    let column = |column: &str| Filter {
        column: Some(column.to_owned()),
        ..Filter::default()
    };
    assert_eq!(found(column("id")).await, 1);
    assert_eq!(found(column("amount")).await, 0);
    let late = Filter {
        from: Some(UnixMillis(i64::MAX / 1_000)),
        ..Filter::default()
    };
    assert_eq!(found(late).await, 0);
}

#[tokio::test]
async fn a_log_without_rejected_records_has_nothing_to_take_up() {
    let world = World::builder().dataset(&strict()).build();
    assert!(waiting(&world).await.is_empty(), "there is no log yet");
    deployed(&world).await;
    assert!(redrive(&world).await.done.is_empty());
}
