//! Random events are opened as silver opens them.

use std::io::Write;

use bytes::Bytes;
use fastrand::Rng;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use sluice::dataset::Dataset;
use sluice::event::{RejectReason, UnixMillis};
use sluice::silver::trial::{Fate, trial};

use super::*;
use crate::audit::independent::Contents;

const COLUMNS: &str = r#"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
required = true
"#;

/// Datasets of every way to open events.
const PAYLOADS: [&str; 9] = [
    "ignore_case = true",
    "max_bytes = 60",
    "compression = \"auto\"\nformat = \"jsonl\"\nmax_records = 3",
    "compression = \"deflate\"\nrecords = \"$[*]\"\nmax_bytes = 90",
    "compression = \"auto\"\nrecords = \"$.r[*]\"\nmax_records = 3\nignore_case = true",
    "compression = \"auto\"\nrecords = \"$.a[1].r[*]\"\nnon_finite = \"null\"",
    "records = \"$.d.r[*]\"\nmax_bytes = 150\n[[payload.open]]\nat = \"$.d\"\nsteps = [\"base64\", \"gzip\", \"json\"]",
    "records = \"$.r[*]\"\nignore_case = true\nnon_finite = \"null\"\n[[payload.open]]\nat = \"$.D\"\nsteps = [\"json\"]\n[[payload.open]]\nat = \"$.r\"\nsteps = [\"json\"]",
    "format = \"jsonl\"\nmax_bytes = 120\n[[payload.open]]\nat = \"d\"\nsteps = [\"base64\"]",
];

const SCALARS: [&str; 16] = [
    "1",
    "-0.5e7",
    "1e999",
    "01",
    "null",
    "NaN",
    "\"-inf\"",
    "-Infinity",
    "\"\"",
    "\"\\u0041\\n\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\ude00\"",
    "true",
    "nul",
    "\"x\u{1}\"",
    "{}",
];
const NAMES: [&str; 8] = ["r", "R", "a", "d", "D", "\\u0072", "id", ""];

fn value(rng: &mut Rng, depth: u32) -> String {
    let more = |rng: &mut Rng| rng.usize(0..4);
    match rng.u32(0..10) {
        0..=3 if depth > 0 => {
            let members = (0..more(rng)).map(|_| {
                let name = rng.choice(NAMES).unwrap();
                format!("\"{name}\" : {}", value(rng, depth - 1))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        4..=6 if depth > 0 => {
            let elements = (0..more(rng)).map(|_| value(rng, depth - 1));
            format!("[{}]", elements.collect::<Vec<_>>().join(" , "))
        }
        7 => packed_text(rng, depth),
        _ => (*rng.choice(&SCALARS).unwrap()).to_owned(),
    }
}

/// A string that holds a value, as one of the steps finds it.
fn packed_text(rng: &mut Rng, depth: u32) -> String {
    let inner = value(rng, depth.saturating_sub(1));
    let bytes = match rng.u32(0..4) {
        0 => return serde_json::to_string(&inner).unwrap(),
        1 => inner.into_bytes(),
        2 => compressed(rng, inner.as_bytes()),
        _ => [b"\xff".to_vec(), inner.into_bytes()].concat(),
    };
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    match rng.bool() {
        true => format!("\"{}\"", STANDARD.encode(bytes)),
        false => format!("\"{}\"", URL_SAFE_NO_PAD.encode(bytes)),
    }
}

fn compressed(rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let level = Compression::fast();
    let mut packed = match rng.u32(0..6) {
        0..=2 => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        3 => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        4 => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        _ => zstd::encode_all(bytes, 1).unwrap(),
    };
    match rng.u32(0..12) {
        0 => packed.truncate(rng.usize(0..packed.len())),
        1 => packed.push(0),
        2 => packed.extend(packed.clone()),
        3 => {
            let at = rng.usize(0..packed.len());
            packed[at] ^= 1 << rng.u32(0..8);
        }
        _ => {}
    }
    packed
}

fn body(rng: &mut Rng) -> Vec<u8> {
    let mut text = match rng.u32(0..8) {
        0 => (*rng
            .choice(&["", " ", "\n", "\u{feff}", "\u{feff} "])
            .unwrap())
        .to_owned(),
        1..=3 => {
            let lines = (0..rng.usize(0..5)).map(|_| match rng.u32(0..6) {
                0 => " ".to_owned(),
                1 => "\u{feff}".to_owned(),
                _ => value(rng, 2),
            });
            let lines: Vec<String> = lines.collect();
            lines.join(rng.choice(["\n", "\r\n"]).unwrap())
        }
        4 => format!("{}{}", "[".repeat(127), "]".repeat(rng.usize(126..129))),
        5 => {
            let depth = rng.usize(125..129);
            format!("{{\"r\":[{}{}, 1]}}", "[".repeat(depth), "]".repeat(depth))
        }
        _ => value(rng, 4),
    };
    if rng.u32(0..8) == 0 {
        text.insert(0, '\u{feff}');
    }
    match rng.bool() {
        true => text.into_bytes(),
        false => compressed(rng, text.as_bytes()),
    }
}

/// The line of a body, as bronze writes it where nothing came with it.
fn line(body: &[u8]) -> Bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    format!(
        "{{\"$sluice\":\"base64\",\"data\":\"{}\"}}",
        STANDARD.encode(body)
    )
    .into()
}

/// How many records silver finds in each event.
fn of_silver(dataset: &Dataset, bodies: &[Vec<u8>]) -> Vec<usize> {
    let lines: Vec<Bytes> = bodies.iter().map(|body| line(body)).collect();
    let trial = trial(dataset, &lines, UnixMillis(0)).unwrap();
    let mut counts = vec![0; bodies.len()];
    for record in &trial.records {
        counts[record.place.line] += usize::from(record.fate != Fate::Empty);
    }
    counts
}

#[test]
fn as_many_records_are_found_as_silver_finds() {
    let mut rng = Rng::with_seed(7);
    let (mut several, mut none) = (0, 0);
    for payload in PAYLOADS {
        let text = format!(
            "name = \"x\"\nkey = [\"id\", \"at\"]\nevent_time = \"at\"\n[payload]\n{payload}\n{COLUMNS}"
        );
        let dataset = Dataset::parse(&text, "x.toml").unwrap();
        let bodies: Vec<Vec<u8>> = (0..3_000).map(|_| body(&mut rng)).collect();
        let expected = of_silver(&dataset, &bodies);
        for (body, expected) in bodies.iter().zip(expected) {
            let event = Event {
                line: 0,
                body: body.into(),
                system: &[],
                properties: &[],
            };
            let records = open(&dataset, &event);
            let found = records.map_or(1, |records| records.len());
            assert_eq!(
                found,
                expected,
                "{payload}: {:?}",
                body.escape_ascii().to_string()
            );
            several += usize::from(found > 1);
            none += usize::from(found == 0);
        }
    }
    assert!(several > 300 && none > 300, "{several} {none}");
}

/// How many records the audit finds in the one event of a line, and how many silver finds; nothing where it is refused.
fn of_both(dataset: &Dataset, line: &str) -> (Option<usize>, Option<usize>) {
    let contents = Contents::of(line.as_bytes(), false);
    let event = contents.events().next().unwrap();
    let found = open(dataset, &event).ok().map(|records| records.len());
    let line = Bytes::from(line.to_owned());
    let trial = trial(dataset, &[line], UnixMillis(0)).unwrap();
    let is_refused = trial.records.iter().any(|record| {
        matches!(&record.fate, Fate::Quarantined(refusal) if refusal.reason == RejectReason::TooLarge)
    });
    (found, (!is_refused).then_some(trial.records.len()))
}

const OPENED: &str = "[[payload.open]]\nat = \"b\"\nsteps = [\"base64\", \"json\"]\n";
const BESIDE: &str = "from_event = [\"b\", \"$.c\"]";

/// What the dataset has, where the column is read, the properties of the event, its body, and how often a record repeats V.
const REPEATED: [(&str, &str, &str, &str, usize); 7] = [
    ("", BESIDE, "", "{\"b\": V, \"r\": [{}, {}]}", 1),
    (
        "",
        BESIDE,
        "",
        "{\"c\": V, \"b\": null, \"r\": [{}, 1, {}]}",
        1,
    ),
    (
        "",
        BESIDE,
        "",
        "{\"b\": 1, \"b\": V , \"c\": V, \"r\": [1, 2]}",
        2,
    ),
    (
        "ignore_case = true\n",
        BESIDE,
        "",
        "{\"B\": V, \"R\": [1, 2]}",
        1,
    ),
    (
        "",
        "from_property = \"p\"",
        "\"p\": V",
        "{\"r\": [1, 2]}",
        1,
    ),
    ("", "from_system = \"s\"", "", "{\"r\": [1, 2]}", 1),
    // The member that could not be opened stands for what would be in it.
    (
        OPENED,
        "from_event = \"$.b.x\"",
        "",
        "{\"b\": V, \"r\": [1, 2]}",
        1,
    ),
];

#[test]
fn what_records_repeat_has_the_limit_of_silver() {
    let (ten, eleven) = ("\"12345678\"", "\"123456789\"");
    for (keys, place, properties, body, each) in REPEATED {
        let (tables, keys) = if keys == OPENED {
            (keys, "")
        } else {
            ("", keys)
        };
        let records = body.rsplit('[').next().unwrap().matches(',').count() + 1;
        let null = if body.contains("null") { 4 } else { 0 };
        let most = (10 * each + null) * records;
        let dataset = |most: usize| {
            let text = format!(
                "name = \"x\"\nkey = [\"id\", \"at\"]\nevent_time = \"at\"\n[payload]\nrecords = \"$.r[*]\"\nmax_bytes = {most}\n{keys}{tables}{COLUMNS}[[column]]\nname = \"beside\"\ntype = \"string\"\n{place}\n"
            );
            Dataset::parse(&text, "x.toml").unwrap()
        };
        let line = |value: &str| {
            let text = format!(
                "{{\"$sluice\":\"event\",\"system\":{{\"s\": V}},\"properties\":{{{properties}}},\"body\":{body}}}"
            );
            text.replace('V', value)
        };
        // The event itself has more bytes than so few: it takes as many records as bring the limit above it.
        let more = vec!["7"; 40].join(", ");
        let many = |value: &str| line(value).replace("]}", &format!(", {more}]}}"));
        let most = most / records * (records + 40);
        let (below, above) = (many(ten), many(eleven));
        let limited = dataset(most);
        let all = Some(records + 40);
        assert_eq!(of_both(&limited, &below), (all, all), "{place} {body}");
        assert_eq!(of_both(&limited, &above), (None, None), "{place} {body}");
        // What one record has is repeated by nobody.
        let long = "x".repeat(most);
        let one = body.replace(&body[body.rfind('[').unwrap()..], "[1]}");
        if place.starts_with("from_property") {
            let one = line(&format!("\"{long}\"")).replace(body, &one);
            assert_eq!(of_both(&limited, &one), (Some(1), Some(1)), "{place}");
        }
    }
}
