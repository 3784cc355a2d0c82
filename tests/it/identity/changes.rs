//! What is recorded when the dataset file changes, and what becomes of the rows and the Delta table.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use bytes::Bytes;
use sluice::silver::RefineError;
use testkit::datasets::{THINGS, replace};
use testkit::events::{MINUTE, START, thing};
use testkit::faulty::{How, When};
use testkit::world::{World, eager};

use super::steps::{batches, computing, delta, described, keyed, kinds, names, refined};

/// [`THINGS`] with a new column before all others.
fn with_note_first() -> String {
    let note = "[[column]]\nname = \"note\"\ntype = \"string\"\n[[column]]\nname = \"id\"";
    replace(THINGS, "[[column]]\nname = \"id\"", note)
}

#[tokio::test(start_paused = true)]
async fn a_changed_expression_is_recorded_and_delta_is_not_described_anew() {
    let world = World::builder().dataset(&computing("amount * 2")).build();
    refined(&world, 0, &[thing(1, 0, 100)]).await;
    let changed = world.with_dataset(&computing("amount * 3"));
    refined(&changed, 1, &[thing(2, 0, 100)]).await;
    assert_eq!(kinds(&changed).await, "sasa");
    let actions = delta(&changed, 2).await;
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert!(actions[0]["commitInfo"]["operation"].is_string());
    // The checkpoint describes the table as the log does.
    let described = |actions: &[serde_json::Value]| {
        let found = actions.iter().find_map(|action| action.get("metaData"));
        found.map(|metadata| metadata["createdTime"].clone())
    };
    let first = described(&delta(&changed, 0).await).unwrap();
    let snapshot = changed.snapshot().await;
    let recorded: serde_json::Value = serde_json::from_str(&snapshot.schema).unwrap();
    assert_eq!(recorded["described"], first);
    assert_eq!(
        recorded["definition"]["column.double_amount.expr"],
        "amount * 3"
    );

    let doubled = |batch: &arrow_array::RecordBatch| {
        let column = batch.column_by_name("double_amount").unwrap();
        column.as_primitive::<Decimal128Type>().value(0)
    };
    let mut values: Vec<i128> = batches(&changed).await.iter().map(doubled).collect();
    values.sort_unstable();
    assert_eq!(values, [200, 300], "rows keep what was computed for them");
}

#[tokio::test(start_paused = true)]
async fn a_new_column_stands_last_in_files_and_in_delta() {
    let world = World::new();
    for first in 0..3 {
        refined(&world, first, &[thing(first, 0, 100)]).await;
    }
    let noted = world.with_dataset(&with_note_first());
    let body = format!(r#"{{"id":9,"at":{START},"note":"n","who":"w"}}"#);
    refined(&noted, 9, &[Bytes::from(body)]).await;
    assert_eq!(kinds(&noted).await, "saaasa");

    let own = ["_source", "_sequence_number", "_enqueued_time", "_rescued"];
    let before = [&["id", "at", "amount", "who"][..], &own].concat();
    let after = [&before[..], &["note"]].concat();
    let found = batches(&noted).await;
    let with_note = found.iter().find(|batch| names(batch).len() == after.len());
    assert_eq!(names(with_note.unwrap()), after);
    let columns = described(&delta(&noted, 4).await).unwrap();
    let columns: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        columns,
        [&before[..], &["event_date", "event_hour", "note"]].concat()
    );

    // What is compacted has the same order, and the rows of before are null there.
    let process = noted.process().limited(eager(1));
    let report = process.maintain(false).await;
    assert_eq!(report.compact.done().unwrap().replaced, 4);
    let compacted = batches(&noted).await;
    assert_eq!(names(&compacted[0]), after);
    let notes = compacted[0].column_by_name("note").unwrap();
    assert_eq!((notes.len(), notes.null_count()), (4, 3));
    assert_eq!(kinds(&noted).await, "saaasac");
}

#[tokio::test(start_paused = true)]
async fn columns_in_another_order_are_no_change() {
    const WHO: &str = "[[column]]\nname = \"who\"\ntype = \"string\"\n";
    let world = World::new();
    refined(&world, 0, &[thing(1, 0, 100)]).await;
    let reordered = replace(THINGS, WHO, "");
    let first = "[[column]]\nname = \"id\"";
    let reordered = world.with_dataset(&replace(&reordered, first, &format!("{WHO}{first}")));
    refined(&reordered, 1, &[thing(1, 0, 100), thing(2, 0, 100)]).await;
    assert_eq!(kinds(&reordered).await, "saa");
    let found = batches(&reordered).await;
    assert_eq!(names(&found[0]), names(&found[1]));
    let process = reordered.process().limited(eager(1));
    process.maintain(false).await;
    assert_eq!(batches(&reordered).await[0].num_rows(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_column_that_is_no_longer_required_takes_nulls_from_then_on() {
    let required = replace(
        THINGS,
        "name = \"who\"\n",
        "name = \"who\"\nrequired = true\n",
    );
    let world = World::builder().dataset(&required).build();
    let without = Bytes::from(format!(r#"{{"id":1,"at":{START},"amount":1}}"#));
    let counts = refined(&world, 0, &[without.clone(), thing(2, 0, 100)]).await;
    assert_eq!((counts.rows, counts.quarantined_total()), (1, 1));
    let optional = world.with_dataset(THINGS);
    let counts = refined(&optional, 9, &[without]).await;
    assert_eq!(counts.rows, 1);
    assert_eq!(kinds(&optional).await, "sasa");
    let columns = described(&delta(&optional, 2).await).unwrap();
    assert!(columns.contains(&("who".to_owned(), "string".to_owned(), true)));
    let process = optional.process().limited(eager(1));
    process.maintain(false).await;
    assert_eq!(optional.silver().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_go_on_is_refused_and_changes_nothing() {
    let world = World::new();
    refined(&world, 0, &[thing(1, 0, 100)]).await;
    for (text, reason) in [
        (
            replace(THINGS, "decimal(18,2)", "decimal(20,2)"),
            "which not every reader knows",
        ),
        (
            keyed("key = [\"id\", \"hour(at)\"]"),
            "key was id, at and is id, hour(at)",
        ),
        (
            keyed("dedup = { keep = \"all\" }"),
            "is none (keep = \"all\")",
        ),
    ] {
        let changed = world.with_dataset(&text);
        let source = changed.put("0", 5, &[thing(2, 0, 100)]).await;
        let process = changed.process();
        let error = process.app.silver.refine(source).await.unwrap_err();
        assert!(matches!(&*error, RefineError::Incompatible(_)), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(kinds(&changed).await, "sa");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_between_schema_and_append_leaves_nothing_to_mend() {
    for when in [When::Before, When::After] {
        let world = World::new();
        refined(&world, 0, &[thing(1, 0, 100)]).await;
        let noted = world.with_dataset(&with_note_first());
        let process = noted.process();
        process
            .script
            .fail_at("transact log|000000000003", when, How::Outage);
        let source = noted.put("0", 5, &[thing(2, 0, 100)]).await;
        let first = process.app.silver.refine(source.clone()).await;
        assert!(first.is_err(), "{first:?}");
        world.wait(MINUTE);
        noted.process().refine(&source).await;
        assert_eq!(kinds(&noted).await, "sasa");
        assert_eq!(noted.silver().await.len(), 2);
    }
}
