//! What becomes of lines: rows, late ones, bad ones, and columns that are new.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::DataType;
use bytes::Bytes;
use sluice::event::{EventTime, RejectReason, SourceEvent};
use sluice::silver::RefineError;
use sluice::store::object::ObjectFormat;
use sluice::table::log::CommitKind;
use testkit::datasets::{THINGS, replace};
use testkit::events::{MINUTE, START, event, thing};
use testkit::read::{self, watermarks};
use testkit::world::World;

use super::steps::{sent, written};

/// The numbers in a column of silver's own, in the order of the rows' ids.
async fn lineage(world: &World, column: &str) -> Vec<String> {
    let mut found = Vec::new();
    for batch in read::silver(&world.lake, &world.log()).await {
        let ids = batch["id"].as_primitive::<Int64Type>();
        let numbers = arrow_cast::cast(&batch[column], &DataType::Int64).unwrap();
        let numbers = numbers.as_primitive::<Int64Type>();
        found.extend((0..batch.num_rows()).map(|row| (ids.value(row), numbers.value(row))));
    }
    found.sort_unstable();
    found
        .into_iter()
        .map(|(_, number)| number.to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_late_event_is_recorded_not_dropped_s6() {
    let world = World::new();
    let process = world.process();
    process
        .refine(&world.put("0", 0, &[thing(1, 300, 100)]).await)
        .await;
    let late = [
        thing(2, 300 - 61, 100),
        thing(3, 300 - 60, 100),
        thing(4, 0, 100),
    ];
    let counts = process
        .refine(&world.put("0", 1, &late).await)
        .await
        .entry
        .counts;
    assert_eq!(
        (counts.rows, counts.late),
        (3, 2),
        "below the watermark minus an hour"
    );
    assert_eq!(world.silver().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_watermark_never_regresses_over_two_workers_t1() {
    let world = World::new();
    let workers = [world.process(), world.process()];
    let minutes = [300, 10, 350, 5, 200, 400, 1];
    for (number, minute) in (0..).zip(minutes) {
        // Ever new partitions, and old ones that return.
        let partition = (number % 3).to_string();
        let source = world
            .put(&partition, number, &[thing(number, minute, 100)])
            .await;
        workers[number as usize % 2].refine(&source).await;
    }
    let watermarks = watermarks(&world.commits().await);
    assert_eq!(watermarks.len(), minutes.len());
    assert!(watermarks.is_sorted(), "{watermarks:?}");
    assert_eq!(watermarks[0], EventTime((START + 300 * MINUTE) * 1_000));
}

#[tokio::test(start_paused = true)]
async fn no_line_fails_its_blob_and_every_line_is_accounted_for_s2() {
    let world = World::new();
    let lines: [&[u8]; 12] = [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{",
        b"{}}",
        b"\"",
        b"{\"id\":1e999}",
        b"{\"id\":1,\"at\":9e18,\"amount\":1}",
        b"{\"id\":1,\"at\":1763118000000,\"amount\":99999999999999999999999999}",
        b"\xff\xfe\x00",
        b"{\"$sluice\":\"base64\",\"data\":\"###\"}",
    ];
    let mut source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let deep = [&b"{\"x\":"[..], &b"[".repeat(200_000)].concat();
    let all: Vec<u8> = [&lines.join(&b'\n')[..], &deep, &thing(1, 0, 100)].join(&b'\n');
    source.content = Bytes::from(all);
    source.format = ObjectFormat::Lines;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!(
        (counts.lines, counts.rows, counts.duplicates),
        (14, 1, 1),
        "an amount that is too large is null"
    );
    assert_eq!((counts.empty, counts.opened, counts.records), (2, 12, 12));
    assert_eq!((counts.quarantined_total(), counts.nulled.total()), (10, 1));
    assert!(counts.is_conserved());
    assert_eq!(world.end_state().await.quarantine.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_line_is_read_as_the_bytes_that_were_sent() {
    let world = World::new();
    let broken = Bytes::from(format!("{{\"id\": 1,\r\n \"at\": {START}, \"amount\": 1}}"));
    let marked = Bytes::from(format!("{{\"$sluice\":1,\"id\": 2, \"at\": {START}}}"));
    let text = Bytes::from_static(b"no\nJSON");
    let source = world.put("0", 0, &[broken, marked, text]).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!(
        (
            counts.rows,
            counts.quarantined[&RejectReason::NotAnObject.into()]
        ),
        (2, 1)
    );
    assert_eq!(
        world.silver().await[1].rescued.as_deref(),
        Some("{\"$sluice\":1}")
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_without_text_is_empty_and_nothing_else_s2() {
    let world = World::new();
    let bodies = ["", " ", "\r\n", "\u{feff}", "\t"].map(Bytes::from);
    let events = [&bodies[..], &[thing(1, 0, 100)]].concat();
    let source = world.put("0", 0, &events).await;
    let entry = world.process().refine(&source).await.entry;
    let counts = &entry.counts;
    assert_eq!((counts.lines, counts.empty, counts.opened), (6, 5, 1));
    assert_eq!((counts.records, counts.rows), (1, 1));
    assert!(counts.is_conserved());
    assert_eq!(entry.quarantine, None);
    let numbers = lineage(&world, "_sequence_number").await;
    assert_eq!(numbers, ["5"], "its own event's");
    // What is not said of events of one record is said here, and read back.
    let again = world.process().refine(&source).await;
    assert_eq!((again.now, &again.entry.counts), (false, counts));
    assert_eq!(world.end_state().await.ledger, *counts);
}

#[tokio::test(start_paused = true)]
async fn a_blank_line_of_an_object_put_by_hand_is_no_event() {
    let world = World::new();
    let mut source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let wrapped = b"{\"$sluice\":\"base64\",\"data\":\"\"}";
    let lines: [&[u8]; 6] = [b"", b"\r", &thing(1, 0, 100), b" ", wrapped, b"nonsense"];
    source.content = Bytes::from(lines.join(&b'\n'));
    source.format = ObjectFormat::Lines;
    source.range = None;
    source.partition = None;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.lines, counts.empty, counts.records), (3, 1, 2));
    assert_eq!((counts.rows, counts.quarantined_total()), (1, 1));
    assert!(counts.is_conserved());
}

#[tokio::test(start_paused = true)]
async fn a_row_after_one_that_was_refused_late_keeps_its_own_time() {
    let share = "[[column]]\nname = \"share\"\ntype = \"decimal(18,4)\"\nrequired = true\nexpr = \"1 / amount\"\n[[gold]]\ntable = \"hourly\"";
    let world = World::new().with_dataset(&replace(THINGS, "[[gold]]\ntable = \"hourly\"", share));
    let events = [(1, 0), (2, 1), (3, 2)];
    let events = events.map(|(sequence, minute)| {
        let amount = if sequence == 2 { 0 } else { 100 };
        event(sequence, minute, thing(sequence, 0, amount))
    });
    let source = world.put_events("0", &events).await;
    world.process().refine(&source).await;
    assert_eq!(lineage(&world, "_sequence_number").await, ["1", "3"]);
    let sent = |event: &SourceEvent| event.enqueued_time.as_event_time().0.to_string();
    let times = lineage(&world, "_enqueued_time").await;
    assert_eq!(times, [sent(&events[0]), sent(&events[2])]);
}

#[tokio::test(start_paused = true)]
async fn schema_evolution_adds_optional_columns_and_nothing_else() {
    let world = World::new();
    world
        .process()
        .refine(&world.put("0", 0, &[thing(1, 0, 100)]).await)
        .await;
    let column = "[[column]]\nname = \"extra\"\ntype = \"int64\"\n[[gold]]\ntable = \"hourly\"";
    let wider = world.with_dataset(&THINGS.replace("[[gold]]\ntable = \"hourly\"", column));
    let again = wider
        .put("0", 1, &[thing(1, 0, 100), thing(2, 0, 100)])
        .await;
    let counts = wider.process().refine(&again).await.entry.counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
    let commits = wider.commits().await;
    assert!(matches!(&commits[2].kind, CommitKind::Schema(text) if text.contains("extra")));
    assert_eq!(commits.len(), 4);

    let changed = world.with_dataset(&THINGS.replace("period = \"hour\"", "period = \"day\""));
    let process = changed.process();
    let source = changed.put("0", 5, &[thing(3, 0, 100)]).await;
    let error = process.app.silver.refine(source).await.unwrap_err();
    assert!(matches!(&*error, RefineError::Incompatible(_)), "{error}");
    assert!(
        error.to_string().contains("period was hour and is day"),
        "{error}"
    );
    assert_eq!((sent(&process), written(&process).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_invalid_values_may_change_at_any_time() {
    let world = World::new();
    let bad = |id: i64| Bytes::from(format!(r#"{{"id":{id},"at":{START},"amount":"?"}}"#));
    let counts = world
        .process()
        .refine(&world.put("0", 0, &[bad(1), thing(2, 0, 100)]).await)
        .await
        .entry
        .counts;
    let nulled: Vec<_> = counts.nulled.iter().collect();
    assert_eq!(
        (counts.rows, nulled),
        (2, vec![("amount", "invalid_value", 1)])
    );
    let rescued = world.silver().await[0].rescued.clone();
    assert_eq!(rescued.as_deref(), Some(r#"{"$invalid":{"amount":"?"}}"#));

    let strict = replace(
        THINGS,
        "min = 0\n",
        "min = 0\non_invalid = \"quarantine\"\n",
    );
    let strict = world.with_dataset(&strict);
    let again = strict.put("0", 2, &[bad(3), thing(4, 0, 100)]).await;
    let counts = strict.process().refine(&again).await.entry.counts;
    assert_eq!((counts.rows, counts.quarantined_total()), (1, 1));
    assert_eq!(counts.nulled.total(), 0);
    let kinds: Vec<_> = strict
        .commits()
        .await
        .into_iter()
        .map(|commit| commit.kind)
        .collect();
    // What is decided is recorded before the first record that is decided by it.
    assert!(
        matches!(
            &kinds[1..],
            [CommitKind::Append, CommitKind::Schema(text), CommitKind::Append] if text.contains("quarantine")
        ),
        "{kinds:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_mask_hides_is_nowhere_after_bronze() {
    let text = "type = \"string\"\npattern = \"[a-z@.]+\"\nmask = \"sha256\"\n";
    let world = World::new().with_dataset(&replace(THINGS, "type = \"string\"\n", text));
    let line = |id: &str, who: &str| {
        let text = format!(r#"{{"id":{id},"at":{START},"who":{who},"amount":1}}"#);
        Bytes::from(text)
    };
    let lines = [
        line("1", "\"ada@example.com\""),
        line("2", "\"ada\\u0040example.com\""),
        line("3", "\"SECRET\""),
        line("\"x\"", "\"SECRET\""),
        Bytes::from(format!(r#"{{"id":"x","at":{START},"Who":"SECRET"}}"#)),
        Bytes::from_static(b"SECRET"),
    ];
    let source = world.put("0", 0, &lines).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.quarantined_total()), (3, 3));
    let nulled: Vec<_> = counts.nulled.iter().collect();
    assert_eq!(nulled, [("who", "pattern", 1)]);

    let rows = world.silver().await;
    let who: Vec<Option<&str>> = rows.iter().map(|row| row.who.as_deref()).collect();
    // As Python has it: hmac.new(b"a salt of the tests", b"ada@example.com", "sha256").hexdigest()
    let hash = "63e466334a07c88e51162d5d4f05fb770af2af8bd4fdf105089eefae16b4af66";
    assert_eq!(who, [Some(hash), Some(hash), None]);
    assert_eq!(
        rows[2].rescued.as_deref(),
        Some(r#"{"$invalid":{"who":"***"}}"#)
    );
    let records = world.end_state().await.quarantine;
    assert!(!records.concat().contains("SECRET"), "{records:?}");
    let withheld = |record: &&String| record.contains(r#""withheld":true"#);
    assert_eq!(records.iter().filter(withheld).count(), 2, "{records:?}");
    let body = format!(r#"{{\"id\":\"x\",\"at\":{START},\"who\":\"***\",\"amount\":1}}"#);
    let shown = |record: &&String| record.contains(&body);
    assert_eq!(records.iter().filter(shown).count(), 1, "{records:?}");
}
