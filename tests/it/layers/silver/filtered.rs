//! Records that the dataset's condition leaves out, and what of a record is looked at first.

use bytes::Bytes;
use futures::future::join_all;
use proptest::prelude::*;
use sluice::event::{EventTime, RejectReason, UnixMillis};
use sluice::table::log::{Counts, LedgerEntry};
use testkit::datasets::{COLUMNS, THINGS, replace};
use testkit::events::{MINUTE, START, thing};
use testkit::read::watermarks;
use testkit::world::World;

/// The dataset with a condition.
fn with(condition: &str) -> String {
    let key = format!("where = \"{condition}\"\nkey = ");
    replace(THINGS, "key = ", &key)
}

async fn refine(world: &World, records: &[&str]) -> LedgerEntry {
    let events: Vec<Bytes> = records.iter().map(|text| body(text)).collect();
    let source = world.put("0", 0, &events).await;
    let entry = world.process().refine(&source).await.entry;
    assert!(entry.counts.is_conserved(), "{entry:?}");
    entry
}

/// A record in which `@` is a good event time.
fn body(text: &str) -> Bytes {
    Bytes::from(text.replace('@', &format!("\"at\":{START}")))
}

fn fates(counts: &Counts) -> [u64; 4] {
    let Counts {
        rows,
        duplicates,
        filtered,
        ..
    } = *counts;
    [rows, duplicates, filtered, counts.quarantined_total()]
}

fn reason(counts: &Counts, reason: RejectReason) -> u64 {
    let count = counts.quarantined.get(&reason.into());
    count.copied().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn the_condition_keeps_what_is_true_and_neither_false_nor_null() {
    let world = World::new().with_dataset(&with("who = 'w1'"));
    let entry = refine(
        &world,
        &[
            r#"{"id":1,@,"who":"w1"}"#,
            r#"{"id":2,@,"who":"w2"}"#,
            r#"{"id":3,@,"who":null}"#,
            r#"{"id":4,@}"#,
        ],
    )
    .await;
    assert_eq!(fates(&entry.counts), [1, 0, 3, 0]);
    assert_eq!(entry.quarantine, None);
    // The ledger is read back, and the head and the log agree with it.
    assert_eq!(world.end_state().await.ledger, entry.counts);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_filtered_whatever_is_wrong_with_its_other_columns() {
    let strict = replace(
        &with("who = 'w1'"),
        "min = 0\n",
        "min = 0\non_invalid = \"quarantine\"\n",
    );
    let world = World::new().with_dataset(&strict);
    let bad = [
        r#"{"who":"WHO"}"#,
        r#"{"id":"x",@,"who":"WHO"}"#,
        r#"{"id":1,"at":"never","who":"WHO"}"#,
        r#"{"id":1,@,"amount":-1,"who":"WHO"}"#,
    ];
    let of = |who: &str| bad.map(|text| text.replace("WHO", who));
    let records = [of("w2"), of("w1")].concat();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let counts = refine(&world, &records).await.counts;
    assert_eq!(fates(&counts), [0, 0, 4, 4]);
    assert_eq!(reason(&counts, RejectReason::MissingField), 1);
    assert_eq!(reason(&counts, RejectReason::InvalidValue), 2);
    assert_eq!(reason(&counts, RejectReason::OutOfRange), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_unpacked_is_rejected_before_anything_is_asked() {
    let world = World::new().with_dataset(&with("false"));
    let counts = refine(&world, &["nonsense", "", r#"{"id":1,@}"#])
        .await
        .counts;
    assert_eq!(counts.empty, 1);
    assert_eq!(fates(&counts), [0, 0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_value_that_the_condition_needs_is_no_null() {
    let world = World::new().with_dataset(&with("amount > 1 OR who = 'w1'"));
    let entry = refine(
        &world,
        &[
            // Null, whether or not it may be.
            r#"{"id":1,@,"who":"w2"}"#,
            r#"{"id":2,@,"amount":"?","who":"w2"}"#,
            // Not looked at.
            r#"{"id":3,@,"amount":"?","who":"w1"}"#,
        ],
    )
    .await;
    assert_eq!(fates(&entry.counts), [1, 0, 1, 1]);
    assert_eq!(reason(&entry.counts, RejectReason::Expression), 1);
    assert_eq!(entry.counts.nulled.total(), 1, "only that of the row");
    let quarantine = world.end_state().await.quarantine.join("\n");
    for part in [
        r#""column":"amount""#,
        r#""detail":"the condition of `where` cannot be judged: \"?\" is not a value of type decimal(18,2): expected a number""#,
        r#""position":36"#,
    ] {
        assert!(quarantine.contains(part), "{part} in {quarantine}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_required_value_that_is_absent_is_null_for_the_condition() {
    let world = World::new().with_dataset(&with("id > 0"));
    let counts = refine(&world, &["{@}", r#"{"id":"x",@}"#, r#"{"id":1,@}"#])
        .await
        .counts;
    assert_eq!(fates(&counts), [1, 0, 1, 1]);
    let world = World::new().with_dataset(&with("id > 0 OR id IS NULL"));
    let counts = refine(&world, &["{@}"]).await.counts;
    assert_eq!(reason(&counts, RejectReason::MissingField), 1);
}

#[tokio::test(start_paused = true)]
async fn the_condition_reaches_through_computed_columns() {
    let column = "[[column]]\nname = \"twice\"\ntype = \"decimal(18,2)\"\nmax = 100\nexpr = \"amount * 2\"\n[[gold]]\ntable = \"hourly\"";
    let text = replace(&with("twice >= 10"), "[[gold]]\ntable = \"hourly\"", column);
    let world = World::new().with_dataset(&text);
    let counts = refine(
        &world,
        &[
            r#"{"id":1,@,"amount":5}"#,
            r#"{"id":2,@,"amount":4}"#,
            r#"{"id":3,@}"#,
            // Invalid where it comes from, and by its own bounds.
            r#"{"id":4,@,"amount":"?"}"#,
            r#"{"id":5,@,"amount":51}"#,
        ],
    )
    .await
    .counts;
    assert_eq!(fates(&counts), [1, 0, 2, 2]);
    assert_eq!(reason(&counts, RejectReason::Expression), 2);
    assert_eq!(counts.nulled.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_evaluation_that_fails_rejects_the_record() {
    let world = World::new().with_dataset(&with("mod(id, id - 2) = 0"));
    let counts = refine(&world, &[r#"{"id":2,@}"#, r#"{"id":3,@}"#, r#"{"id":5,@}"#])
        .await
        .counts;
    assert_eq!(fates(&counts), [1, 0, 1, 1]);
    let quarantine = world.end_state().await.quarantine.join("\n");
    let detail = "the condition of `where` cannot be judged: division by zero";
    assert!(quarantine.contains(detail), "{quarantine}");
}

#[tokio::test(start_paused = true)]
async fn a_filtered_record_hides_no_row_of_its_key() {
    let world = World::new().with_dataset(&with("amount > 1"));
    let counts = refine(
        &world,
        &[
            r#"{"id":1,@,"amount":1}"#,
            r#"{"id":1,@,"amount":2}"#,
            r#"{"id":1,@,"amount":3}"#,
        ],
    )
    .await
    .counts;
    assert_eq!(fates(&counts), [1, 1, 1, 0]);
    assert_eq!(world.silver().await[0].amount, Some(200));
    // Nor across files: what was filtered is in none of them.
    let again = world.put("0", 3, &[body(r#"{"id":1,@,"amount":1}"#)]).await;
    let counts = world.process().refine(&again).await.entry.counts;
    assert_eq!(fates(&counts), [0, 0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn filtered_records_move_the_watermark_and_quarantined_ones_do_not_t1() {
    let world = World::new().with_dataset(&with("who = 'w1'"));
    let process = world.process();
    let at = |minute: i64| EventTime((START + minute * MINUTE) * 1_000);
    // `thing` is of w0, w1 or w2, by its id.
    let first = world.put("0", 0, &[thing(1, 10, 100)]).await;
    process.refine(&first).await;
    let filtered = world.put("0", 1, &[thing(2, 20, 100)]).await;
    process.refine(&filtered).await;
    let rejected = Bytes::from(format!(
        r#"{{"id":"x","at":{},"who":"w1"}}"#,
        START + 30 * MINUTE
    ));
    let rejected = world.put("0", 2, &[rejected]).await;
    process.refine(&rejected).await;
    let untimed = Bytes::from_static(br#"{"id":1,"at":"?","who":"w2"}"#);
    let untimed = world.put("0", 3, &[untimed, Bytes::new()]).await;
    process.refine(&untimed).await;
    let found = watermarks(&world.commits().await);
    assert_eq!(found, [at(10), at(20), at(20), at(20)]);
}

#[tokio::test(start_paused = true)]
async fn a_partition_of_bad_records_is_silent_although_its_objects_move_the_clock_t1() {
    let world = World::new();
    let process = world.process();
    let event = |sequence, minute, body| testkit::events::event(sequence, minute, body);
    let good = [event(0, 0, thing(1, 0, 100))];
    process.refine(&world.put_events("0", &good).await).await;
    // The last event of the object is bad: the partition's own time is that of the good one.
    let mixed = [
        event(0, 1, thing(2, 1, 100)),
        event(1, 9, Bytes::from_static(b"?")),
    ];
    process.refine(&world.put_events("1", &mixed).await).await;
    let head = world.log().head().await.unwrap().unwrap();
    let enqueued = |minute: i64| Some(UnixMillis(START + minute * MINUTE));
    let partitions: Vec<_> = head.partitions.values().collect();
    assert_eq!(partitions[1].enqueued_time(), enqueued(1));
    assert_eq!(head.clock, enqueued(9));
}

/// Records of few keys: each of them kept, filtered, bad, both, or empty. What a key holds follows from the key.
fn record() -> impl Strategy<Value = Bytes> {
    (0..8_i64, 0..12_u8).prop_map(|(id, kind)| {
        let text = match kind {
            0 => "nonsense".to_owned(),
            1 => String::new(),
            2 => r#"{"id":"x",@,"amount":5}"#.to_owned(),
            3 => r#"{"id":"x",@,"amount":1}"#.to_owned(),
            4 => format!(r#"{{"id":{id},@,"amount":"?"}}"#),
            5 => format!(r#"{{"id":{id},@,"amount":1}}"#),
            _ => format!(r#"{{"id":{id},@,"amount":{}}}"#, id + 1),
        };
        body(&text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fates_depend_on_no_cut_and_no_group(
        records in proptest::collection::vec(record(), 1..40),
        cuts in proptest::collection::vec(1..9_usize, 1..8),
        together in any::<bool>(),
    ) {
        let dataset = replace(&with("amount > 1"), THINGS.strip_prefix(COLUMNS).unwrap(), "");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (whole, cut) = runtime.block_on(async {
            let whole = World::new().with_dataset(&dataset);
            whole.process().refine(&whole.put("0", 0, &records).await).await;
            let cut = World::new().with_dataset(&dataset);
            let mut sources = Vec::new();
            let (mut rest, mut first) = (&records[..], 0);
            for size in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (object, tail) = rest.split_at((*size).min(rest.len()));
                sources.push(cut.put("0", first, object).await);
                first += i64::try_from(object.len()).unwrap();
                rest = tail;
            }
            let process = cut.process();
            if together {
                join_all(sources.iter().map(|source| process.refine(source))).await;
            }
            for source in &sources {
                process.refine(source).await;
            }
            (whole.end_state().await, cut.end_state().await)
        });
        prop_assert_eq!(&whole.ledger, &cut.ledger);
        prop_assert_eq!(&whole.silver, &cut.silver);
        prop_assert_eq!(whole.quarantine.len(), cut.quarantine.len());
    }
}
