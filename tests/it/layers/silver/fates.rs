//! One fate for each record, whatever the events are cut into, whatever comes together or is opened at once, and wherever
//! a process ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::join_all;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice::table::log::Counts;
use testkit::datasets::{COLUMNS, THINGS, replace};
use testkit::events::{MINUTE, START};
use testkit::faulty::{How, Script, When};
use testkit::world::World;

/// What tells records apart.
#[derive(Clone, Copy, Debug)]
enum Identity {
    Exact,
    Bucket,
    All,
}

/// A record: its id, its minute, and what it is like.
type Record = (i64, i64, u8);

/// An event.
#[derive(Clone, Debug)]
enum Event {
    /// A body with records, compressed or not.
    Records(Vec<Record>, bool),
    /// A blank body.
    Blank,
    /// A body without the array that it should have.
    NoRecords,
    /// Bytes that begin like gzip and are none.
    Broken,
}

/// A crash of the first process: before or after the effect of one of its calls.
type Crash = Option<(usize, bool)>;

fn event() -> impl Strategy<Value = Event> {
    let record = (0..4_i64, 0..2_i64, 0..9_u8);
    let records = prop::collection::vec(record, 0..6);
    prop_oneof![
        8 => (records, any::<bool>()).prop_map(|(records, packed)| Event::Records(records, packed)),
        1 => Just(Event::Blank),
        1 => Just(Event::NoRecords),
        1 => Just(Event::Broken),
    ]
}

fn record((id, minute, kind): &Record) -> Value {
    let at = START + minute * MINUTE;
    match kind {
        0 => json!({"id": id, "at": at, "amount": 1}),
        1 => json!({"id": "x", "at": at, "amount": 5}),
        2 => json!({"id": "x", "at": at, "amount": 1}),
        3 => json!({"id": id, "at": at, "amount": "?"}),
        4 => json!({"id": id, "at": at}),
        5 => json!(7),
        // What a key holds follows from the key.
        _ => json!({"id": id, "at": at, "amount": id + 2}),
    }
}

fn body(event: &Event) -> Bytes {
    let (records, is_packed) = match event {
        Event::Blank => return Bytes::from_static(b" \r\n"),
        Event::NoRecords => return Bytes::from_static(b"{\"record\": []}"),
        Event::Broken => return Bytes::from_static(b"\x1f\x8b\x08broken"),
        Event::Records(records, is_packed) => (records, is_packed),
    };
    let records: Vec<Value> = records.iter().map(record).collect();
    let text = json!({ "records": records }).to_string();
    if !is_packed {
        return text.into();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

/// What must become of the events: lines, empty ones, rows, duplicates, filtered records, and those of each reason.
fn expected(
    events: &[Event],
    identity: Identity,
) -> (u64, u64, u64, u64, u64, BTreeMap<String, u64>) {
    let (mut empty, mut filtered, mut good) = (0, 0, 0);
    let mut keys = BTreeSet::new();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let mut reject = |reason: &str| *reasons.entry(reason.to_owned()).or_default() += 1;
    for event in events {
        let records = match event {
            Event::Records(records, _) => records,
            Event::Blank => {
                empty += 1;
                continue;
            }
            Event::NoRecords => {
                reject("no_records");
                continue;
            }
            Event::Broken => {
                reject("not_opened");
                continue;
            }
        };
        empty += u64::from(records.is_empty());
        for (id, minute, kind) in records {
            match kind {
                0 | 2 | 4 => filtered += 1,
                1 => reject("invalid_value"),
                3 => reject("expression"),
                5 => reject("not_an_object"),
                _ => {
                    keys.insert(match identity {
                        Identity::Exact => (*id, *minute),
                        Identity::Bucket => (*id, 0),
                        Identity::All => (good, 0),
                    });
                    good += 1;
                }
            }
        }
    }
    let rows = keys.len() as u64;
    let good = u64::try_from(good).unwrap();
    (
        events.len() as u64,
        empty,
        rows,
        good - rows,
        filtered,
        reasons,
    )
}

fn found(counts: &Counts) -> (u64, u64, u64, u64, u64, BTreeMap<String, u64>) {
    let reasons = counts.quarantined.iter();
    let reasons = reasons.map(|(reason, count)| (reason.to_string(), *count));
    (
        counts.lines,
        counts.empty,
        counts.rows,
        counts.duplicates,
        counts.filtered,
        reasons.collect(),
    )
}

fn dataset(identity: Identity) -> String {
    let text = replace(THINGS, THINGS.strip_prefix(COLUMNS).unwrap(), "");
    let key = "key = [\"id\", \"at\"]\n";
    let wanted = match identity {
        Identity::Exact => key,
        Identity::Bucket => "key = [\"id\", \"hour(at)\"]\n",
        Identity::All => "",
    };
    let text = replace(&text, key, &format!("{wanted}where = \"amount > 1\"\n"));
    let dedup = match identity {
        Identity::All => "[dedup]\nkeep = \"all\"\n",
        Identity::Exact | Identity::Bucket => "",
    };
    let skew = "max_clock_skew = \"48h\"\n";
    let payload = "[payload]\nrecords = \"$.records[*]\"\ncompression = \"auto\"\n";
    replace(&text, skew, &format!("{skew}{dedup}{payload}"))
}

async fn refined(
    identity: Identity,
    events: &[Event],
    cuts: &[usize],
    together: bool,
    crash: Crash,
    most_opened: usize,
) -> Counts {
    let world = World::new().with_dataset(&dataset(identity));
    let mut sources = Vec::new();
    let (mut rest, mut first) = (events, 0);
    for size in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (object, tail) = rest.split_at((*size).min(rest.len()));
        let bodies: Vec<Bytes> = object.iter().map(body).collect();
        sources.push(world.put("0", first, &bodies).await);
        first += i64::try_from(object.len()).unwrap();
        rest = tail;
    }
    if let Some((call, is_after)) = crash {
        let when = if is_after { When::After } else { When::Before };
        let script = Script::failing_at(call, when, How::Crash);
        let process = world.process_with(std::sync::Arc::clone(&script));
        let process = process.in_chunks(most_opened);
        let work = join_all(
            sources
                .iter()
                .map(|source| process.app.silver.refine(source.clone())),
        );
        script.run(work).await;
    }
    let process = world.process().in_chunks(most_opened);
    if together {
        join_all(sources.iter().map(|source| process.refine(source))).await;
    }
    for source in &sources {
        let counts = process.refine(source).await.entry.counts;
        assert!(counts.is_conserved(), "{counts:?}");
    }
    let head = world.log().head().await.unwrap().unwrap();
    let ledger = world.end_state().await.ledger;
    assert_eq!(
        found(&head.totals.unwrap().counts),
        found(&ledger),
        "the head carries the sum"
    );
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 90, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fates_depend_on_no_cut_no_group_no_chunk_and_no_crash(
        identity in prop_oneof![Just(Identity::Exact), Just(Identity::Bucket), Just(Identity::All)],
        events in prop::collection::vec(event(), 1..16),
        cuts in prop::collection::vec(1..6_usize, 1..6),
        together in any::<bool>(),
        crash in prop::option::of((0..24_usize, any::<bool>())),
        most_opened in prop_oneof![Just(usize::MAX), 1..600_usize],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let counts = runtime.block_on(refined(identity, &events, &cuts, together, crash, most_opened));
        prop_assert_eq!(found(&counts), expected(&events, identity));
    }
}
