//! Events whose bodies are opened: arrays, lines, compressed ones, members, Avro.

use std::io::Write;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice::dataset::Dataset;
use sluice::event::{RejectReason, SourceEvent};
use sluice::table::log::Counts;
use testkit::datasets::{THINGS, replace};
use testkit::events::{START, event, thing};
use testkit::read;
use testkit::world::World;

use super::steps::refine_all;

/// The dataset with these keys of `[payload]`.
fn with(payload: &str) -> String {
    let skew = "max_clock_skew = \"48h\"\n";
    replace(THINGS, skew, &format!("{skew}[payload]\n{payload}\n"))
}

fn text(body: &Bytes) -> &str {
    std::str::from_utf8(body).unwrap()
}

/// The things of these ids as an array.
fn array(ids: impl IntoIterator<Item = i64>) -> String {
    let things: Vec<Bytes> = ids.into_iter().map(|id| thing(id, 0, 100)).collect();
    let things: Vec<&str> = things.iter().map(text).collect();
    format!("[{}]", things.join(","))
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// What became of bodies.
struct Refined {
    world: World,
    counts: Counts,
    ids: Vec<i64>,
}

async fn refined<B: Into<Bytes>>(payload: &str, bodies: impl IntoIterator<Item = B>) -> Refined {
    let bodies = bodies.into_iter().map(Into::into);
    let events = (0..).zip(bodies);
    let events = events.map(|(sequence, body)| event(sequence, 0, body));
    refined_events(payload, &events.collect::<Vec<_>>()).await
}

async fn refined_events(payload: &str, events: &[SourceEvent]) -> Refined {
    let world = World::new().with_dataset(&with(payload));
    let source = world.put_events("0", events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert!(counts.is_conserved(), "{counts:?}");
    // A second delivery changes nothing.
    let before = world.silver().await;
    world.process().refine(&source).await;
    assert_eq!(world.silver().await, before);
    let ids = ids(&world).await;
    Refined { world, counts, ids }
}

/// The ids of all rows, in their order.
async fn ids(world: &World) -> Vec<i64> {
    let mut ids = Vec::new();
    for batch in read::silver(&world.lake, &world.log()).await {
        ids.extend_from_slice(batch["id"].as_primitive::<Int64Type>().values());
    }
    ids.sort_unstable();
    ids
}

fn quarantined(counts: &Counts, reason: RejectReason) -> u64 {
    counts.quarantined.get(&reason.into()).copied().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn each_form_of_many_records_gives_the_same_rows() {
    let records = format!("{{\"records\":{}}}", array(1..=3));
    let lines: Vec<Bytes> = (1..=3).map(|id| thing(id, 0, 100)).collect();
    let lines: Vec<&str> = lines.iter().map(text).collect();
    let member = json!({"data": STANDARD.encode(gzip(&records))}).to_string();
    let opens = "compression = \"auto\"\nrecords = \"$.data.records[*]\"\n[[payload.open]]\nat = \"$.data\"\nsteps = [\"base64\", \"gzip\", \"json\"]";
    for (payload, body) in [
        ("records = \"$.records[*]\"", records.clone().into_bytes()),
        ("records = \"$[*]\"", array(1..=3).into_bytes()),
        ("format = \"jsonl\"", lines.join("\r\n").into_bytes()),
        (
            "format = \"jsonl\"\ncompression = \"gzip\"",
            gzip(lines.join("\n")),
        ),
        (
            "records = \"$[*]\"\ncompression = \"auto\"",
            gzip(array(1..=3)),
        ),
        (opens, member.into_bytes()),
    ] {
        let Refined { counts, ids, .. } = refined(payload, [body]).await;
        assert_eq!(ids, [1, 2, 3], "{payload}");
        let facts = (counts.lines, counts.empty, counts.opened, counts.records);
        assert_eq!(facts, (1, 0, 1, 3), "{payload}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_record_leaves_its_neighbours_as_they_are() {
    let bad = r#"{"id":"x","at":1}"#;
    let good = |id| text(&thing(id, 0, 100)).to_owned();
    let of_array = format!("[{},{bad},7,{}]", good(1), good(2));
    let of_lines = format!(
        "{}\n{bad}\n{{\"id\":\n{}\n\u{feff}{}",
        good(1),
        good(2),
        good(9)
    );
    for (payload, body, broken) in [
        ("records = \"$[*]\"", of_array, 1),
        ("format = \"jsonl\"", of_lines, 2),
    ] {
        let Refined { world, counts, ids } = refined(payload, [body]).await;
        assert_eq!(ids, [1, 2], "{payload}");
        assert_eq!(quarantined(&counts, RejectReason::InvalidValue), 1);
        assert_eq!(quarantined(&counts, RejectReason::NotAnObject), broken);
        // The quarantine has the record's own text and place.
        let quarantine = world.end_state().await.quarantine.join("\n");
        let own = r#"{"body":"{\"id\":\"x\",\"at\":1}""#;
        assert!(quarantine.contains(own), "{quarantine}");
        assert!(quarantine.contains(r#""position":6,"reason":"invalid_value","record":1"#));
    }
}

#[tokio::test(start_paused = true)]
async fn events_without_records_are_empty_or_refused_but_never_lost() {
    let bodies = [
        format!("{{\"records\":{}}}", array([1])),
        "{\"records\":[]}".to_owned(),
        String::new(),
        " \r\n ".to_owned(),
        "{\"record\":[]}".to_owned(),
        "{\"records\":null}".to_owned(),
        "{\"records\":[1".to_owned(),
    ];
    let Refined { world, counts, ids } = refined("records = \"$.records[*]\"", bodies).await;
    assert_eq!(ids, [1]);
    let facts = (counts.lines, counts.empty, counts.opened, counts.records);
    assert_eq!(facts, (7, 3, 4, 4));
    assert_eq!(quarantined(&counts, RejectReason::NoRecords), 2);
    assert_eq!(quarantined(&counts, RejectReason::NotAnObject), 1);
    let quarantine = world.end_state().await.quarantine.join("\n");
    assert!(quarantine.contains(r#"{"body":"{\"record\":[]}","column":null,"detail":"the array of the records, $.records, is absent""#), "{quarantine}");
    assert!(quarantine.contains("\"event\":true"), "{quarantine}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_is_refused_whole_and_no_other() {
    let bomb = gzip(vec![b' '; 20_000_000]);
    for (payload, large) in [
        ("records = \"$[*]\"\ncompression = \"auto\"", bomb),
        (
            "records = \"$[*]\"\nmax_records = 2\ncompression = \"auto\"",
            array(1..=3).into_bytes(),
        ),
        (
            "records = \"$[*]\"\nmax_bytes = 200\ncompression = \"auto\"",
            gzip(array(1..=9)),
        ),
    ] {
        let bodies = [large, array([4, 5]).into_bytes()];
        let Refined { counts, ids, .. } = refined(payload, bodies).await;
        assert_eq!(ids, [4, 5], "{payload}");
        assert_eq!(quarantined(&counts, RejectReason::TooLarge), 1, "{payload}");
        assert_eq!((counts.opened, counts.records), (2, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn columns_below_a_member_that_cannot_be_opened_are_invalid() {
    let payload = "[[payload.open]]\nat = \"$.amount\"\nsteps = [\"base64\", \"json\"]";
    let thing = |id: i64, amount: &str| {
        json!({"id": id, "at": START, "amount": amount, "more": 1}).to_string()
    };
    let bodies = [thing(1, &STANDARD.encode("2.50")), thing(2, "?")];
    let Refined { world, counts, ids } = refined(payload, bodies.clone()).await;
    assert_eq!(ids, [1, 2]);
    let nulled: Vec<_> = counts.nulled.iter().collect();
    assert_eq!(nulled, [("amount", "not_opened", 1)]);
    let rows = world.silver().await;
    let rescued: Vec<_> = rows.iter().map(|row| row.rescued.as_deref()).collect();
    let raw = r#"{"more":1,"$invalid":{"amount":"?"}}"#;
    assert_eq!(rescued, [Some("{\"more\":1}"), Some(raw)]);
    for batch in read::silver(&world.lake, &world.log()).await {
        let amounts = batch["amount"].as_primitive::<Decimal128Type>();
        assert_eq!((amounts.value(0), amounts.is_null(1)), (250, true));
    }

    // A required column refuses the record; what lies below the member is not there, and invalid too.
    let required = replace(
        &with(payload),
        "name = \"amount\"\n",
        "name = \"amount\"\nfrom = \"$.amount.inner\"\nrequired = true\n",
    );
    let world = World::new().with_dataset(&required);
    let bodies = bodies.map(Bytes::from);
    let source = world.put("0", 0, &bodies).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!(quarantined(&counts, RejectReason::NotOpened), 1);
    assert_eq!(quarantined(&counts, RejectReason::MissingField), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_opened_is_not_shown_where_a_mask_hides_some_of_it() {
    let dataset = with("[[payload.open]]\nat = \"$.packed\"\nsteps = [\"base64\", \"json\"]");
    let amount = "name = \"amount\"\n";
    let dataset = replace(
        &dataset,
        amount,
        &format!("{amount}from = \"$.packed.amount\"\n"),
    );
    let who = "name = \"who\"\ntype = \"string\"\n";
    let masked = format!("{who}from = \"$.packed.who\"\nmask = \"drop\"\n");
    let world = World::new().with_dataset(&replace(&dataset, who, &masked));
    let body = json!({"id": 1, "at": START, "packed": "SECRET?"}).to_string();
    let source = world.put("0", 0, &[body.into()]).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.nulled.total()), (1, 2));
    let rescued = world.silver().await[0].rescued.clone().unwrap();
    let hidden = r#"{"$invalid":{"amount":"***","who":"***"}}"#;
    assert_eq!(rescued, hidden);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_finite_is_null_where_the_dataset_says_so() {
    let body = |id: i64, amount: &str| {
        format!(r#"{{"id":{id},"at":{START},"amount":{amount},"x":[-Infinity]}}"#)
    };
    let bodies = [body(1, "NaN"), body(2, "\"-inf\""), body(3, "1.5")];
    let Refined { world, counts, ids } = refined("non_finite = \"null\"", bodies.clone()).await;
    assert_eq!((ids, counts.nulled.total()), (vec![1, 2, 3], 0));
    let rows = world.silver().await;
    assert_eq!(rows[0].rescued.as_deref(), Some("{\"x\":[null]}"));
    let Refined { counts, .. } = refined("non_finite = \"refuse\"", bodies).await;
    assert_eq!(quarantined(&counts, RejectReason::NotAnObject), 3);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_no_objects_are_taken_where_all_is_the_record() {
    // Every column of the file reads the record.
    let text = r#"
name = "ticks"
key = ["at"]
event_time = "at"
[payload]
records = "$.ticks[*]"
[[column]]
name = "at"
from = "$"
type = "timestamp"
format = "unix_millis"
required = true
"#;
    let world = World::new().with_dataset(text);
    let body = format!("{{\"ticks\":[{START},\"{}\",null,{{}}]}}", START + 1);
    let source = world.put("0", 0, &[Bytes::from(body)]).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.records), (2, 4));
    assert_eq!(quarantined(&counts, RejectReason::MissingField), 1);
    assert_eq!(quarantined(&counts, RejectReason::InvalidValue), 1);
}

/// A folder with a dataset file beside the schema of things, and the values that another implementation wrote.
fn avro_dataset(payload: &str) -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    let cases: Value = serde_json::from_str(include_str!("../../data/avro/cases.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap().iter();
    let reading = cases.into_iter().find(|case| case["name"] == "a reading");
    let schema = reading.unwrap()["schema"].as_str().unwrap();
    std::fs::create_dir(folder.path().join("schemas")).unwrap();
    std::fs::write(folder.path().join("schemas/reading.avsc"), schema).unwrap();
    let text = format!(
        r#"
name = "readings"
key = ["device", "ts"]
event_time = "ts"
[payload]
format = "avro"
{payload}
[[column]]
name = "ts"
type = "timestamp"
required = true
[[column]]
name = "device"
type = "string"
required = true
[[column]]
name = "celsius"
type = "double"
[[column]]
name = "room"
from = "$.tags.room"
type = "string"
"#
    );
    let file = folder.path().join("readings.toml");
    std::fs::write(&file, text).unwrap();
    let dataset = Dataset::load(&file).unwrap_or_else(|error| panic!("{error}"));
    (folder, dataset)
}

#[tokio::test(start_paused = true)]
async fn avro_comes_in_containers_alone_with_its_fingerprint_or_by_its_content_type() {
    let cases: Value = serde_json::from_str(include_str!("../../data/avro/cases.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap().iter();
    let reading = cases
        .into_iter()
        .find(|case| case["name"] == "a reading")
        .unwrap();
    let decode = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let values = reading["values"].as_array().unwrap().iter();
    let values: Vec<Vec<u8>> = values.map(|value| decode(&value["bytes"])).collect();
    let print = reading["fingerprint"].as_str().unwrap();
    let print = (0..8).map(|i| u8::from_str_radix(&print[2 * i..2 * i + 2], 16).unwrap());
    let mark: Vec<u8> = [0xC3, 0x01].into_iter().chain(print).collect();

    let (_folder, dataset) = avro_dataset("schemas = { b2 = \"schemas/reading.avsc\" }");
    assert_eq!(
        dataset.payload.files().collect::<Vec<_>>(),
        ["schemas/reading.avsc"]
    );
    let mut events: Vec<SourceEvent> = Vec::new();
    events.push(event(
        0,
        0,
        decode(&reading["containers"]["deflate"]).into(),
    ));
    events.push(event(1, 0, [&mark[..], &values[0]].concat().into()));
    let with_type = |sequence, id: &str| SourceEvent {
        system: format!("{{\"content-type\":\"avro/binary+{id}\"}}").into(),
        ..event(sequence, 0, values[1].clone().into())
    };
    events.push(with_type(2, "b2"));
    events.push(with_type(3, "c3"));
    events.push(event(4, 0, [&mark[..], &[0xFF]].concat().into()));
    let world = World::builder().of(dataset).build();
    let source = world.put_events("0", &events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert!(counts.is_conserved());
    // Of the four readings two came twice.
    let facts = (counts.records, counts.rows, counts.duplicates);
    assert_eq!(facts, (8, 4, 2), "{counts:?}");
    assert_eq!(quarantined(&counts, RejectReason::UnknownSchema), 1);
    assert_eq!(quarantined(&counts, RejectReason::NotOpened), 1);
    for batch in read::silver(&world.lake, &world.log()).await {
        let rooms = batch["room"].as_string::<i32>();
        assert!(rooms.iter().all(|room| room == Some("é")));
        assert_eq!(batch["celsius"].null_count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_opens_to_too_much_is_committed_in_parts() {
    let payload = "records = \"$[*]\"\ncompression = \"auto\"";
    let world = World::new().with_dataset(&with(payload));
    let mut sources = Vec::new();
    for id in 0..6 {
        // Sixteen mebibytes, almost all of them blanks.
        let body = format!("{}{}", " ".repeat(16_700_000), array([id]));
        let body = Bytes::from(gzip(body));
        sources.push(world.put(&id.to_string(), 0, &[body]).await);
    }
    let answers = refine_all(&world.process(), &sources).await;
    let refined: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(refined.iter().all(|refined| refined.now));
    let facts = |refined: &sluice::silver::Refined| (refined.entry.version.0, refined.group);
    let facts: Vec<_> = refined.iter().map(facts).collect();
    assert_eq!(facts, [(1, 5), (1, 5), (1, 5), (1, 5), (1, 5), (2, 1)]);
    assert_eq!(ids(&world).await, [0, 1, 2, 3, 4, 5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn how_records_are_packed_into_events_decides_nothing(
        records in prop::collection::vec((0..6_i64, 0..3_usize), 0..12),
        cuts in prop::collection::vec(0..4_usize, 12),
        packed in prop::collection::vec(any::<bool>(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let record = |(id, kind): &(i64, usize)| match kind {
            0 | 1 => text(&thing(*id, 0, 100)).to_owned(),
            _ => format!("{{\"id\":\"x{id}\"}}"),
        };
        let mut rest: Vec<String> = records.iter().map(record).collect();
        let mut bodies = Vec::new();
        for (cut, packed) in cuts.iter().zip(&packed) {
            let taken: Vec<String> = rest.drain(..(*cut).min(rest.len())).collect();
            let body = format!("[{}]", taken.join(","));
            bodies.push(if *packed { gzip(body) } else { body.into_bytes() });
        }
        bodies.push(format!("[{}]", rest.join(",")).into_bytes());
        let events = bodies.len() as u64;
        let empty = bodies.iter().filter(|body| body.as_slice() == b"[]" || **body == gzip("[]")).count() as u64;
        let found = runtime.block_on(refined("records = \"$[*]\"\ncompression = \"auto\"", bodies));

        let good = records.iter().filter(|(_, kind)| *kind < 2);
        let mut ids: Vec<i64> = good.clone().map(|(id, _)| *id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(&found.ids, &ids);
        let counts = &found.counts;
        prop_assert_eq!((counts.lines, counts.empty), (events, empty));
        prop_assert_eq!(counts.records, records.len() as u64);
        prop_assert_eq!(counts.duplicates, (all - ids.len()) as u64);
        prop_assert_eq!(counts.quarantined_total(), (records.len() - all) as u64);
    }
}
