use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression as Level;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::dataset::Dataset;

/// A dataset file with a `[payload]` table of these lines.
fn dataset(lines: &str) -> Dataset {
    let text = format!(
        "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[payload]\n{lines}\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nrequired = true\n"
    );
    Dataset::parse(&text, "x.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn payload(lines: &str) -> Payload {
    dataset(lines).payload
}

fn opener(payload: &Payload) -> Option<Opener> {
    Opener::of(&Dataset {
        payload: payload.clone(),
        ..dataset("")
    })
}

fn event(bytes: &[u8]) -> Body<'_> {
    Body {
        bytes,
        is_utf8: false,
        system: b"",
        properties: b"",
    }
}

/// Opens an event and returns the texts of its records, or the reason.
fn open(payload: &Payload, body: &[u8]) -> Result<Vec<String>, RejectReason> {
    let mut opener = opener(payload).expect("something to be opened");
    let opened = opener.open(event(body)).map_err(|reject| reject.reason)?;
    let text = |record: Record<'_>| String::from_utf8_lossy(record.text).into_owned();
    Ok(opened.records().map(text).collect())
}

fn opened(lines: &str, body: impl AsRef<[u8]>) -> Vec<String> {
    open(&payload(lines), body.as_ref()).unwrap()
}

fn refused(lines: &str, body: impl AsRef<[u8]>) -> RejectReason {
    open(&payload(lines), body.as_ref()).unwrap_err()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Level::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const RECORDS: &str = "records = \"$.records[*]\"";

#[test]
fn a_dataset_without_payload_opens_nothing() {
    assert!(opener(&Payload::default()).is_none());
    assert!(opener(&payload("ignore_case = true")).is_none());
    assert!(opener(&payload("max_records = 10")).is_some());
}

#[test]
fn the_elements_of_an_array_are_the_records() {
    let body = r#" {"time":1,"records":[{"a":1} , {"a":[2]},3, "x",null]} "#;
    let records = [r#"{"a":1}"#, r#"{"a":[2]}"#, "3", "\"x\"", "null"];
    assert_eq!(opened(RECORDS, body), records);
    assert_eq!(opened("records = \"$[*]\"", "[{},[1]]"), ["{}", "[1]"]);
    let deep = "records = \"$.a[1]['b c'][*]\"";
    assert_eq!(opened(deep, r#"{"a":[0,{"b c":[7,8]}]}"#), ["7", "8"]);
    // Of members of one name the last counts.
    let twice = r#"{"records":[1],"records":[2,3]}"#;
    assert_eq!(opened(RECORDS, twice), ["2", "3"]);
    let case = "ignore_case = true\nrecords = \"$.records[*]\"";
    assert_eq!(opened(case, r#"{"Records":[1]}"#), ["1"]);
    assert_eq!(opened(case, r#"{"records":[1],"Records":[2]}"#), ["1"]);
}

#[test]
fn an_array_that_is_missing_is_refused_and_an_empty_one_is_not() {
    for body in [
        "{}",
        r#"{"records":null}"#,
        r#"{"records":{}}"#,
        r#"{"records":"[]"}"#,
        r#"{"Records":[1]}"#,
        r#"{"records":[1],"records":null}"#,
        "[1]",
        "7",
    ] {
        assert_eq!(refused(RECORDS, body), RejectReason::NoRecords, "{body}");
    }
    assert_eq!(refused("records = \"$[*]\"", "{}"), RejectReason::NoRecords);
    for body in [
        "{\"records\":[]}",
        "{\"records\": [ ]}",
        "",
        " \t\r\n",
        "\u{feff} ",
    ] {
        assert_eq!(opened(RECORDS, body), [""; 0], "{body}");
    }
    for body in [
        "{",
        "{\"records\":[1,]}",
        "{\"records\":[1]} x",
        "{\"records\":[1]}]",
    ] {
        assert_eq!(refused(RECORDS, body), RejectReason::NotAnObject, "{body}");
    }
    assert_eq!(
        refused(RECORDS, b"{\"records\":[\"\xFF\"]}"),
        RejectReason::NotAnObject
    );
}

#[test]
fn lines_end_in_a_line_feed_with_or_without_a_carriage_return() {
    let lines = "format = \"jsonl\"";
    let body = "\u{feff}{\"a\":1}\r\n\r\n  \n{\"b\":\n [2]\r\n\nnull";
    assert_eq!(
        opened(lines, body),
        ["{\"a\":1}", "{\"b\":", " [2]", "null"]
    );
    for body in ["", "\n\n", " \r\n \n", "\u{feff}\n"] {
        assert_eq!(opened(lines, body), [""; 0]);
    }
    // Line feeds alone and carriage returns alone end nothing else.
    assert_eq!(opened(lines, "1\r2\r\n3"), ["1\r2", "3"]);
}

#[test]
fn a_line_that_is_broken_leaves_its_neighbours_as_they_are() {
    let lines = "format = \"jsonl\"\nnon_finite = \"null\"\n[[payload.open]]\nat = \"d\"\nsteps = [\"json\"]";
    let body = "{\"a\":NaN,\"d\":\"1\"}\n{\"a\":\"NaN\n{\"d\":NaN\n?\n{\"a\":inf}";
    let expected = [
        "{\"a\":null,\"d\":1}",
        "{\"a\":\"NaN",
        "{\"d\":null",
        "?",
        "{\"a\":null}",
    ];
    assert_eq!(opened(lines, body), expected);
    // One line that is not UTF-8 does not make the others so.
    let body = b"{\"a\":NaN}\n\xFF\n{\"a\":inf}";
    let expected = ["{\"a\":null}", "\u{fffd}", "{\"a\":null}"];
    assert_eq!(opened(lines, body), expected);
}

#[test]
fn bodies_are_unpacked_as_they_begin_or_as_the_dataset_says() {
    let text = br#"{"records":[1,2]}"#;
    let zstd = zstd::stream::encode_all(&text[..], 3).unwrap();
    let deflate = &zlib(text)[2..];
    let deflate = &deflate[..deflate.len() - 4];
    let packed = [
        ("gzip", gzip(text)),
        ("zstd", zstd),
        ("zlib", zlib(text)),
        ("deflate", deflate.to_vec()),
    ];
    for (name, body) in &packed {
        let own = format!("compression = \"{name}\"\n{RECORDS}");
        assert_eq!(opened(&own, body), ["1", "2"], "{name}");
        assert_eq!(refused(&own, text), RejectReason::NotOpened, "{name}");
        let auto = format!("compression = \"auto\"\n{RECORDS}");
        match *name {
            "deflate" => assert_eq!(refused(&auto, body), RejectReason::NotAnObject),
            _ => assert_eq!(opened(&auto, body), ["1", "2"], "{name}"),
        }
        assert_eq!(opened(&auto, text), ["1", "2"]);
        let cut = &body[..body.len() - 1];
        assert_eq!(refused(&own, cut), RejectReason::NotOpened, "{name}");
        let more = [body.as_slice(), b"\0"].concat();
        assert_eq!(refused(&own, more), RejectReason::NotOpened, "{name}");
    }
    let marked = gzip("\u{feff}[1]".as_bytes());
    let all = "compression = \"auto\"\nrecords = \"$[*]\"";
    assert_eq!(opened(all, marked), ["1"]);
    // An opened body of blanks is empty, and gzip in gzip is opened once.
    assert_eq!(opened(all, gzip(b" \n")), [""; 0]);
    assert_eq!(refused(all, gzip(&gzip(b"[1]"))), RejectReason::NotAnObject);
}

#[test]
fn members_are_replaced_by_what_they_hold() {
    let open = |steps: &str| format!("[[payload.open]]\nat = \"$.d\"\nsteps = {steps}");
    let inner = br#" {"x":[1,"a\"b"]} "#;
    let json = r#"{"a":1,"d":{"x":[1,"a\"b"]},"e":2}"#;
    let body = |held: &str| json!({"a":1,"d":held,"e":2}).to_string();
    for (steps, held) in [
        (r#"["json"]"#, String::from_utf8_lossy(inner).into_owned()),
        (r#"["base64","json"]"#, STANDARD.encode(inner)),
        (r#"["base64","json"]"#, URL_SAFE_NO_PAD.encode(inner)),
        (r#"["base64","gzip","json"]"#, STANDARD.encode(gzip(inner))),
        (
            r#"["base64","gzip","gzip","json"]"#,
            STANDARD.encode(gzip(&gzip(inner))),
        ),
        (
            r#"["json","json"]"#,
            json!(String::from_utf8_lossy(inner)).to_string(),
        ),
    ] {
        assert_eq!(opened(&open(steps), body(&held)), [json], "{steps}");
    }
    // Without JSON at the end it is text.
    let text = STANDARD.encode("a \"b\"\n");
    let steps = open(r#"["base64"]"#);
    assert_eq!(
        opened(&steps, body(&text)),
        [r#"{"a":1,"d":"a \"b\"\n","e":2}"#]
    );
    for body in [r#"{"a":1}"#, r#"{"a":1,"d":null}"#] {
        assert_eq!(opened(&steps, body), [body]);
    }
}

#[test]
fn records_may_be_in_what_a_member_holds() {
    let lines = "records = \"$.data.items[*]\"\n[[payload.open]]\nat = \"$.data\"\nsteps = [\"base64\",\"gzip\",\"json\"]\n[[payload.open]]\nat = \"$.data.items\"\nsteps = [\"json\"]";
    let held = gzip(br#"{"items":"[1,{\"a\":2}]"}"#);
    let body = json!({"data": STANDARD.encode(held)}).to_string();
    assert_eq!(opened(lines, body), ["1", "{\"a\":2}"]);
    // A member that is in the way is the reason, and not that there are no records.
    assert_eq!(refused(lines, r#"{"data":"?"}"#), RejectReason::NotOpened);
    assert_eq!(refused(lines, r#"{"data":null}"#), RejectReason::NoRecords);
}

#[test]
fn a_member_that_cannot_be_opened_stays_and_is_told() {
    let lines = "[[payload.open]]\nat = \"a\"\nsteps = [\"base64\",\"json\"]\n[[payload.open]]\nat = \"$.b.c\"\nsteps = [\"base64\",\"gzip\"]";
    let payload = payload(lines);
    let mut opener = opener(&payload).unwrap();
    let mut unopened = |body: &str| {
        let opened = opener.open(event(body.as_bytes())).unwrap();
        let records: Vec<Record<'_>> = opened.records().collect();
        let [record] = records.as_slice() else {
            panic!("one record");
        };
        let text = String::from_utf8(record.text.to_vec()).unwrap();
        (text, record.unopened.members().collect::<Vec<_>>())
    };
    for (body, members) in [
        (r#"{"a":"?","b":{"c":"H4sI"}}"#, vec![0, 1]),
        (r#"{"a":"e30","b":{"c":7}}"#, vec![1]),
        (r#"{"a":"e30gfQ","b":7}"#, vec![0]),
        (r#"{"a":[]}"#, vec![0]),
        (r#"{"a":null}"#, vec![]),
        (r#"{"a":"?"#, vec![]),
    ] {
        let (text, found) = unopened(body);
        assert_eq!(found, members, "{body}");
        let changed = text.replace("{}", "\"e30\"");
        assert_eq!(changed, body);
    }
}

#[test]
fn limits_count_all_layers_together() {
    let ten = "max_bytes = 10\n";
    let value = |size: usize| format!("\"{}\"", "x".repeat(size - 2)).into_bytes();
    let gz = format!("{ten}compression = \"gzip\"");
    for (lines, packed) in [(ten, false), (&gz, true)] {
        let body = |size| match packed {
            true => gzip(&value(size)),
            false => value(size),
        };
        assert_eq!(opened(lines, body(10)).len(), 1);
        assert_eq!(refused(lines, body(11)), RejectReason::TooLarge);
    }
    // 9 bytes of body, 3 that base64 holds, and 3 of JSON.
    let open = "[[payload.open]]\nat = \"$[0]\"\nsteps = [\"base64\",\"json\"]";
    let body = json!([STANDARD.encode("123")]).to_string();
    assert_eq!(body.len() + 6, 14);
    assert_eq!(opened(&format!("max_bytes = 14\n{open}"), &body), ["[123]"]);
    let less = format!("max_bytes = 13\n{open}");
    assert_eq!(refused(&less, &body), RejectReason::TooLarge);
    for (lines, body) in [
        ("max_records = 2\nrecords = \"$[*]\"", "[1,2,3]"),
        ("max_records = 2\nformat = \"jsonl\"", "1\n2\n3"),
    ] {
        assert_eq!(refused(lines, body), RejectReason::TooLarge);
        let two = body.replace(",3", "").replace("\n3", "");
        assert_eq!(opened(lines, two), ["1", "2"]);
    }
}

#[test]
fn a_bomb_in_any_layer_is_refused_before_it_takes_the_memory() {
    let zeros = vec![b'0'; 100_000_000];
    let once = gzip(&zeros);
    let twice = gzip(&once);
    assert_eq!(
        refused("compression = \"auto\"", &once),
        RejectReason::TooLarge
    );
    let lines = "[[payload.open]]\nat = \"d\"\nsteps = [\"base64\",\"gzip\",\"gzip\"]";
    let body = json!({"d": STANDARD.encode(twice)}).to_string();
    assert_eq!(refused(lines, body), RejectReason::TooLarge);
}

mod avro {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dataset::WriterSchema;
    use crate::value::avro::schema::Schema;
    use std::sync::Arc;

    struct Case {
        schema: String,
        values: Vec<(Vec<u8>, String)>,
        containers: BTreeMap<String, Vec<u8>>,
    }

    /// What another implementation wrote.
    fn case(name: &str) -> Case {
        let text = include_str!("../../../tests/it/data/avro/cases.json");
        let cases: Value = serde_json::from_str(text).unwrap();
        let cases = cases["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["name"] == name).unwrap();
        let bytes = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
        let values = case["values"].as_array().unwrap().iter();
        let containers = case["containers"].as_object().unwrap().iter();
        Case {
            schema: case["schema"].as_str().unwrap().to_owned(),
            values: values
                .map(|value| {
                    (
                        bytes(&value["bytes"]),
                        value["text"].as_str().unwrap().to_owned(),
                    )
                })
                .collect(),
            containers: containers
                .map(|(codec, container)| (codec.clone(), bytes(container)))
                .collect(),
        }
    }

    fn with(schemas: &[(Option<&str>, &str)]) -> Payload {
        let schemas = schemas.iter().map(|(id, text)| WriterSchema {
            id: id.map(str::to_owned),
            file: "x.avsc".to_owned(),
            schema: Arc::new(Schema::parse(text).unwrap()),
        });
        Payload {
            schemas: schemas.collect(),
            ..payload("format = \"avro\"")
        }
    }

    fn open_as(payload: &Payload, body: &[u8], system: &str) -> Result<Vec<String>, Reject> {
        let event = Body {
            bytes: body,
            is_utf8: false,
            system: system.as_bytes(),
            properties: b"",
        };
        let opened = opener(payload).unwrap().open(event)?;
        let text = |record: Record<'_>| String::from_utf8(record.text.to_vec()).unwrap();
        Ok(opened.records().map(text).collect())
    }

    fn single(schema: &str, value: &[u8]) -> Vec<u8> {
        let fingerprint = Schema::parse(schema).unwrap().fingerprint();
        [&[0xC3, 0x01], &fingerprint.to_le_bytes()[..], value].concat()
    }

    #[test]
    fn each_form_gives_the_text_of_its_values() {
        let reading = case("a reading");
        let (value, text) = &reading.values[0];
        let payload = with(&[(None, "\"int\""), (None, &reading.schema)]);
        let one = open_as(&payload, &single(&reading.schema, value), "");
        assert_eq!(one.unwrap(), [text.as_str()]);

        let all: Vec<String> = reading
            .values
            .iter()
            .map(|(_, text)| text.clone())
            .collect();
        for (codec, container) in &reading.containers {
            assert_eq!(open_as(&payload, container, "").unwrap(), all, "{codec}");
        }

        let payload = with(&[(Some("a1"), "\"int\""), (Some("b2"), &reading.schema)]);
        let system = r#"{"content-type":"avro/binary+b2","x":1}"#;
        assert_eq!(open_as(&payload, value, system).unwrap(), [text.as_str()]);
        let one = open_as(&payload, &single(&reading.schema, value), "");
        assert_eq!(one.unwrap(), [text.as_str()]);
    }

    /// A small number that is not negative, as Avro writes it.
    fn long(number: usize) -> Vec<u8> {
        let zigzag = number * 2;
        match zigzag < 0x80 {
            true => vec![zigzag as u8],
            false => vec![(zigzag & 0x7F) as u8 | 0x80, (zigzag >> 7) as u8],
        }
    }

    fn text(text: &str) -> Vec<u8> {
        [&long(text.len())[..], text.as_bytes()].concat()
    }

    #[test]
    fn records_of_each_value_have_what_stands_beside_them_in_that_value() {
        let schema = r#"{"type":"record","name":"E","fields":[{"name":"who","type":"string"},
            {"name":"records","type":{"type":"array","items":"long"}}]}"#;
        let value = |who: &str, record: usize| {
            let records = [long(2), long(record), long(record + 1), long(0)].concat();
            [text(who), records].concat()
        };
        let values = [value("ada", 1), value("bob", 3)].concat();
        let sync = [7; 16];
        let head = [long(1), text("avro.schema"), text(schema), long(0)].concat();
        let block = [long(2), long(values.len()), values].concat();
        let container = [&b"Obj\x01"[..], &head, &sync, &block, &sync].concat();
        let dataset = dataset(&format!(
            "format = \"avro\"\n{RECORDS}\n[[column]]\nname = \"who\"\ntype = \"string\"\nfrom_event = \"who\""
        ));
        let mut opener = Opener::of(&dataset).unwrap();
        let opened = opener.open(event(&container)).unwrap();
        let found = opened.records().map(|record| {
            let Outside { text, tokens } = record.outside;
            (record.text, tokens[0].raw(text))
        });
        let found: Vec<(&[u8], &[u8])> = found.collect();
        let expected = [("1", "ada"), ("2", "ada"), ("3", "bob"), ("4", "bob")];
        let expected = expected.map(|(record, who)| (record.to_owned(), format!("\"{who}\"")));
        let expected = expected
            .iter()
            .map(|(record, who)| (record.as_bytes(), who.as_bytes()));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_schema_that_is_not_known_is_told_by_its_name() {
        let reading = case("a reading");
        let (value, _) = &reading.values[0];
        let none = with(&[]);
        let ids = with(&[(Some("b2"), &reading.schema)]);
        let system = r#"{"content-type":"avro/binary+c3"}"#;
        for (payload, body, system, part) in [
            (&none, single("\"int\"", &[2]), "", "8f5c393f1ad57572"),
            (&ids, value.clone(), system, "the id \"c3\""),
            (&ids, value.clone(), "", "neither a container"),
            (
                &ids,
                value.clone(),
                r#"{"content-type":"text/plain"}"#,
                "neither",
            ),
            (
                &none,
                value.clone(),
                r#"{"content-type":"avro/binary+b2"}"#,
                "neither",
            ),
        ] {
            let reject = open_as(payload, &body, system).unwrap_err();
            let fingerprint = Schema::parse("\"int\"").unwrap().fingerprint();
            assert_eq!(format!("{fingerprint:016x}"), "7275d51a3f395c8f");
            let part = part.replace("8f5c393f1ad57572", "7275d51a3f395c8f");
            assert_eq!(reject.reason, RejectReason::UnknownSchema);
            assert!(reject.detail.contains(&part), "{}", reject.detail);
        }
    }

    #[test]
    fn broken_values_and_containers_are_refused_whole() {
        let reading = case("a reading");
        let (value, _) = &reading.values[0];
        let payload = with(&[(None, &reading.schema)]);
        let whole = single(&reading.schema, value);
        let cut = open_as(&payload, &whole[..whole.len() - 1], "").unwrap_err();
        assert_eq!(cut.reason, RejectReason::NotOpened);
        let more = open_as(&payload, &[&whole[..], b"\0"].concat(), "").unwrap_err();
        assert!(more.detail.contains("has bytes after its end"));
        for container in reading.containers.values() {
            for end in 4..container.len() {
                match open_as(&payload, &container[..end], "") {
                    // Where a block ends, the container may.
                    Ok(texts) => assert!(texts.len() < reading.values.len()),
                    Err(reject) => assert_eq!(reject.reason, RejectReason::NotOpened),
                }
            }
        }
        assert_eq!(open_as(&payload, b"", "").unwrap(), [""; 0]);
    }

    #[test]
    fn values_have_records_and_limits_as_others_have() {
        let schema = r#"{"type":"record","name":"r","fields":[{"name":"l","type":{"type":"array","items":"double"}}]}"#;
        let mut value = vec![4];
        value.extend_from_slice(&1.5_f64.to_le_bytes());
        value.extend_from_slice(&f64::NAN.to_le_bytes());
        value.push(0);
        let body = single(schema, &value);
        let mut payload = with(&[(None, schema)]);
        payload.records = Some(crate::value::path::FieldPath::parse("$.l").unwrap());
        assert_eq!(open_as(&payload, &body, "").unwrap(), ["1.5", "\"NaN\""]);
        payload.non_finite = crate::dataset::NonFinite::Null;
        assert_eq!(open_as(&payload, &body, "").unwrap(), ["1.5", "null"]);
        payload.max_records = 1;
        let reject = open_as(&payload, &body, "").unwrap_err();
        assert_eq!(reject.reason, RejectReason::TooLarge);
        payload.max_bytes = 10;
        let reject = open_as(&payload, &body, "").unwrap_err();
        assert!(reject.detail.contains("10 bytes"), "{}", reject.detail);
    }
}

/// Payload tables of which each opens otherwise.
const TABLES: [&str; 6] = [
    "records = \"$.a[*]\"\ncompression = \"auto\"\nnon_finite = \"null\"",
    "format = \"jsonl\"\ncompression = \"auto\"",
    "format = \"jsonl\"\n[[payload.open]]\nat = \"a\"\nsteps = [\"base64\",\"gzip\",\"json\"]",
    "records = \"$[*]\"\nignore_case = true",
    "format = \"avro\"\ncompression = \"auto\"\nnon_finite = \"null\"",
    "compression = \"deflate\"\nmax_records = 1\nmax_bytes = 100",
];

proptest! {
    #[test]
    fn records_are_what_a_plain_parser_finds(
        records in prop::collection::vec(any::<(i64, String, Option<bool>)>(), 0..20),
        is_packed: bool,
        is_pretty: bool,
    ) {
        let records: Vec<Value> = records.iter().map(|(a, b, c)| json!({"a": a, b: [b, c]})).collect();
        let event = json!({"before": 1, "records": records, "a": {}});
        let text = match is_pretty {
            true => serde_json::to_vec_pretty(&event).unwrap(),
            false => serde_json::to_vec(&event).unwrap(),
        };
        let body = if is_packed { gzip(&text) } else { text };
        let found = opened("compression = \"auto\"\nrecords = \"$.records[*]\"", body);
        let found: Vec<Value> = found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        prop_assert_eq!(&found, &records);
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        prop_assert_eq!(opened("format = \"jsonl\"", lines.join("\r\n")), lines);
    }

    #[test]
    fn arbitrary_bodies_never_panic(
        bytes: Vec<u8>,
        text in "(\u{feff})?[\\[\\]{}\",:aN1e+/=\\\\ \r\n]{0,60}",
        is_packed: bool,
    ) {
        for table in TABLES {
            let payload = payload(table);
            for body in [&bytes, text.as_bytes()] {
                let packed = gzip(body);
                let body = if is_packed { &packed } else { body };
                let mut opener = opener(&payload).unwrap();
                if let Ok(opened) = opener.open(event(body)) {
                    prop_assert!(opened.records().count() <= payload.max_records);
                }
            }
        }
    }
}
