use std::fs;

use super::{changed, problems};
use crate::dataset::{Compression, Dataset, NonFinite, OpenStep, Payload, PayloadFormat};
use crate::value::compression::Codec;

/// The file with these lines of `[payload]`, the first of which is line 6.
fn with(lines: &str) -> String {
    changed("\n[[column]]", &format!("\n[payload]\n{lines}\n[[column]]"))
}

fn payload(lines: &str) -> Payload {
    let dataset = Dataset::parse(&with(lines), "x.toml");
    dataset
        .unwrap_or_else(|problems| panic!("{problems}"))
        .payload
}

#[test]
fn a_payload_says_how_an_event_becomes_records() {
    let read = payload(
        r#"
compression = "zstd"
format = "json"
records = "$.records[*]"
ignore_case = true
non_finite = "null"
max_bytes = 268_435_456
max_records = 7
[[payload.open]]
at = "$.data"
steps = ["base64", "gzip", "deflate", "json"]
[[payload.open]]
at = "text"
steps = ["json"]
"#,
    );
    assert_eq!(read.compression, Compression::By(Codec::Zstd));
    assert_eq!(read.format, PayloadFormat::Json);
    assert_eq!(read.records.unwrap().to_string(), "$.records");
    assert_eq!((read.ignore_case, read.non_finite), (true, NonFinite::Null));
    assert_eq!((read.max_bytes, read.max_records), (268_435_456, 7));
    let at: Vec<_> = read
        .open
        .iter()
        .map(|member| member.at.to_string())
        .collect();
    assert_eq!(at, ["$.data", "text"]);
    let steps = &read.open[0].steps;
    let unpack = |codec| OpenStep::Unpack(codec);
    let expected = [
        OpenStep::Base64,
        unpack(Codec::Gzip),
        unpack(Codec::Deflate),
        OpenStep::Json,
    ];
    assert_eq!(steps.as_slice(), expected);
    for lines in [
        "",
        "compression = \"none\"\nformat = \"json\"",
        "non_finite = \"refuse\"",
    ] {
        assert_eq!(payload(lines), Payload::default());
    }
    assert_eq!(
        payload("records = \"$[*]\"").records.unwrap().to_string(),
        "$"
    );
}

#[test]
fn what_records_cannot_be_is_told_with_its_place() {
    for (records, expected) in [
        (
            "records",
            "\"records\" must be a path to an array and then [*]",
        ),
        ("$type[*]", "\"$type[*]\" must be a path to an array"),
        ("$", "\"$\" must be a path to an array"),
        (
            "$.records",
            "\"$.records\" ends in one value: the elements of that are \"$.records[*]\"",
        ),
        (
            "$.records.*",
            "at character 11: \"*\" stands only in the [*] at the end",
        ),
        (
            "$.a[*].b[*]",
            "at character 5: \"*\" stands only in the [*] at the end",
        ),
        (
            "$..a[*]",
            "at character 2: \"..\" finds values at every level, and a path leads to one place",
        ),
        (
            "$.a[0:2]",
            "a slice takes several elements, and a path leads to one",
        ),
        ("$.a[-1][*]", "at character 5: a negative index"),
        ("$.a[?@.b][*]", "a filter chooses"),
        ("$.a['b','c'][*]", "several selectors"),
    ] {
        let text = problems(&with(&format!("records = \"{records}\"")));
        assert!(text.starts_with("x.toml:6: payload.records: "), "{text}");
        assert!(text.contains(expected), "{records}: {text}");
    }
}

#[test]
fn what_a_payload_cannot_say_is_told_with_what_it_can() {
    for (lines, expected) in [
        (
            "compression = \"gz\"",
            "6: payload.compression: \"gz\" is not \"none\", \"auto\"",
        ),
        (
            "format = \"xml\"",
            "6: payload.format: \"xml\" is not \"json\", \"jsonl\"",
        ),
        (
            "non_finite = \"zero\"",
            "6: payload.non_finite: \"zero\" is not \"refuse\" or \"null\"",
        ),
        (
            "max_bytes = 268435457",
            "6: payload.max_bytes: 268435457 is more than 268435456, the most",
        ),
        (
            "max_bytes = 0",
            "6: payload.max_bytes: 0 is not a whole number from 1",
        ),
        (
            "max_records = 1000001",
            "6: payload.max_records: 1000001 is more than 1000000",
        ),
        (
            "record = \"$[*]\"",
            "6: payload.record: unknown key; did you mean records?",
        ),
        (
            "format = \"jsonl\"\nrecords = \"$[*]\"",
            "7: payload.records: each line is a record already",
        ),
        (
            "schemas = []",
            "6: payload.schemas: is for format = \"avro\" only",
        ),
        (
            "open = 1",
            "6: payload.open: must be an array of tables: each starts with [[payload.open]]",
        ),
    ] {
        let text = problems(&with(lines));
        assert!(
            text.starts_with(&format!("x.toml:{expected}")),
            "{lines}: {text}"
        );
    }
}

#[test]
fn what_cannot_be_opened_is_told_with_its_place() {
    for (lines, expected) in [
        (
            "at = \"a\"",
            "6: payload.open 1.steps: missing; it is the list",
        ),
        (
            "steps = [\"json\"]",
            "6: payload.open 1.at: missing; it is the field or the path",
        ),
        (
            "at = \"\"\nsteps = [\"json\"]",
            "7: payload.open 1.at: must be the field or the path",
        ),
        (
            "at = \"$\"\nsteps = [\"json\"]",
            "7: payload.open 1.at: \"$\" is the event itself",
        ),
        (
            "at = \"$.a[*]\"\nsteps = [\"json\"]",
            "7: payload.open 1.at: \"$.a[*]\" at character 5",
        ),
        (
            "at = \"a\"\nsteps = []",
            "8: payload.open 1.steps: must be the list",
        ),
        (
            "at = \"a\"\nsteps = [\"jsn\"]",
            "8: payload.open 1.steps: \"jsn\" is no step; did you mean json?",
        ),
        (
            "at = \"a\"\nsteps = [\"x\"]",
            "8: payload.open 1.steps: \"x\" is no step; steps are base64",
        ),
        (
            "at = \"a\"\nsteps = [\"gzip\"]",
            "8: payload.open 1.steps: \"gzip\" unpacks bytes",
        ),
        (
            "at = \"a\"\nsteps = [\"base64\", \"json\", \"zlib\"]",
            "8: payload.open 1.steps: \"zlib\" unpacks",
        ),
        (
            "at = \"a\"\nsteps = [\"json\", \"json\", \"json\", \"json\", \"json\"]",
            "8: payload.open 1.steps: has 5 steps",
        ),
        (
            "at = \"a\"\nsteps = [\"json\"]\n[[payload.open]]\nat = \"$.a\"\nsteps = [\"json\"]",
            "9: payload.open 2.at: \"$.a\" is opened already",
        ),
    ] {
        let text = problems(&with(&format!("[[payload.open]]\n{lines}")));
        assert!(
            text.starts_with(&format!("x.toml:{expected}")),
            "{lines}: {text}"
        );
    }
}

#[test]
fn what_is_opened_lies_outside_of_the_records() {
    for (records, at, is_refused) in [
        ("$.a[*]", "$.a[0]", true),
        ("$[*]", "$.a", true),
        ("$[*]", "a", true),
        ("$.a[*]", "$.a", false),
        ("$.a.b[*]", "a", false),
        ("$.a[*]", "$.b[0]", false),
        ("$.A[*]", "$.a[0].x", false),
    ] {
        let lines =
            format!("records = \"{records}\"\n[[payload.open]]\nat = \"{at}\"\nsteps = [\"json\"]");
        let result = Dataset::parse(&with(&lines), "x.toml");
        assert_eq!(result.is_err(), is_refused, "{records} {at}");
        if let Err(problems) = result {
            let text = problems.to_string();
            assert!(
                text.contains(&format!("lies in the array of the records, {records}")),
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_opened_is_told_apart_by_case_only_where_that_counts() {
    let at = |at: &str| format!("[[payload.open]]\nat = \"{at}\"\nsteps = [\"json\"]\n");
    for (lines, words) in [
        (
            format!("records = \"$.records[*]\"\n{}", at("$.Records[0].x")),
            "lies in the array of the records, $.records[*]",
        ),
        (
            format!("{}{}", at("$.Data"), at("data")),
            "\"data\" is opened already",
        ),
    ] {
        assert!(Dataset::parse(&with(&lines), "x.toml").is_ok(), "{lines}");
        let text = problems(&with(&format!("ignore_case = true\n{lines}")));
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn schemas_are_read_from_files_below_that_of_the_dataset() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("s")).unwrap();
    fs::write(folder.path().join("s/int.avsc"), "\"int\"").unwrap();
    fs::write(folder.path().join("bad.avsc"), "\"it\"").unwrap();
    let file = folder.path().join("x.toml");
    let load = |lines: &str| {
        fs::write(&file, with(&format!("format = \"avro\"\n{lines}"))).unwrap();
        Dataset::load(&file).map(|dataset| dataset.payload)
    };
    let listed = load("schemas = [\"s/int.avsc\"]").unwrap();
    assert_eq!(listed.files().collect::<Vec<_>>(), ["s/int.avsc"]);
    assert_eq!(listed.schemas[0].id, None);
    let named = load("schemas = { 7f = \"s/int.avsc\" }").unwrap();
    assert_eq!(named.schemas[0].id.as_deref(), Some("7f"));
    for (lines, expected) in [
        (
            "schemas = [\"../x.avsc\"]",
            "\"../x.avsc\" must be a file in the folder of the dataset file",
        ),
        ("schemas = [\"/etc/x\"]", "must be a file in the folder"),
        ("schemas = [\"a\\\\b\"]", "must be a file in the folder"),
        (
            "schemas = [\"none.avsc\"]",
            "\"none.avsc\" cannot be read: No such file",
        ),
        (
            "schemas = [\"bad.avsc\"]",
            "\"bad.avsc\" is no schema of Avro: the type \"it\" is neither",
        ),
        ("schemas = [7]", "must be a list of strings"),
        ("schemas = { a = 7 }", "must be a list of files, such as"),
        ("schemas = \"x\"", "must be a list of files, such as"),
        (
            "compression = \"auto\"\nschemas = { a = \"s/int.avsc\" }",
            "\"auto\" goes by the first bytes",
        ),
    ] {
        let text = load(lines).unwrap_err().to_string();
        assert!(text.contains(expected), "{lines}: {text}");
    }
    assert!(load("compression = \"auto\"\nschemas = [\"s/int.avsc\"]").is_ok());
    let alone = problems(&with("format = \"avro\"\nschemas = [\"x\"]"));
    assert!(alone.contains("there is no folder"), "{alone}");
}
