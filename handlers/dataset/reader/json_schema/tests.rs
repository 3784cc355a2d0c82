use std::path::PathBuf;

use super::super::keys::{ALERT, COLUMN, DEDUP, GOLD, OPEN, PAYLOAD, RANKING, SUMMARY};
use super::*;
use crate::dataset::Dataset;
use crate::value::Grain;

/// What a schema of the few words that ours uses says against a value: where it is, and nothing if it fits.
fn against(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut refuse = |what: &str| found.push(format!("{at}: {what}"));
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let fits = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("type {other}"),
                };
                if !fits {
                    refuse(&format!("is no {rule}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => refuse("is not one of them"),
            "pattern" => {
                let form = rule.as_str().unwrap();
                if value.as_str().is_some_and(|text| !has_form(form, text)) {
                    refuse(&format!("has not the form {form}"));
                }
            }
            "minimum" if value.as_i64() < rule.as_i64() => refuse("is too low"),
            "maximum" if value.as_i64() > rule.as_i64() => refuse("is too high"),
            "minItems" if value.as_array().is_some_and(Vec::is_empty) => refuse("is empty"),
            "minProperties" if value.as_object().is_some_and(Map::is_empty) => refuse("is empty"),
            "required" => {
                for key in rule.as_array().unwrap().iter().filter_map(Value::as_str) {
                    if value.get(key).is_none() {
                        refuse(&format!("lacks {key}"));
                    }
                }
            }
            "enum" | "minimum" | "maximum" | "minItems" | "minProperties" => {}
            "items" | "properties" | "additionalProperties" | "anyOf" => {}
            other => panic!("the schema has a word that this test does not know: {other}"),
        }
    }
    found.extend(against_parts(schema, value, at));
    found
}

/// What it says against the parts of a value.
fn against_parts(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (index, value) in values.iter().enumerate() {
            found.extend(against(items, value, &format!("{at}[{index}]")));
        }
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let all: Vec<_> = any.iter().map(|one| against(one, value, at)).collect();
        if all.iter().all(|problems| !problems.is_empty()) {
            found.extend(all.into_iter().flatten());
        }
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        let known = schema.get("properties").and_then(|known| known.get(name));
        match (known, schema.get("additionalProperties")) {
            (Some(known), _) => found.extend(against(known, value, &at)),
            (None, Some(Value::Bool(false))) => found.push(format!("{at}: unknown key")),
            (None, Some(other)) => found.extend(against(other, value, &at)),
            (None, None) => {}
        }
    }
    found
}

/// Matches the few regular expressions of the schema by hand.
fn has_form(form: &str, text: &str) -> bool {
    let is_name = |text: &str, more: &dyn Fn(char) -> bool, first: &dyn Fn(char) -> bool| {
        text.starts_with(first) && text.chars().all(more)
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let letter = |c: char| c.is_ascii_alphabetic();
    let digits = |text: &str| {
        (1..=2).contains(&text.trim_matches(' ').len())
            && text.trim_matches(' ').bytes().all(|b| b.is_ascii_digit())
    };
    match form {
        "^[A-Za-z][A-Za-z0-9_]{0,127}$" => is_name(text, &word, &letter) && text.len() <= 128,
        "^[a-z][a-z0-9_-]{0,40}$" => crate::dataset::is_dataset_name(text),
        "^[0-9]+m$" => {
            let number = text.strip_suffix('m');
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        }
        "^[0-9]+[smhd]$" => {
            let number = text.strip_suffix(['s', 'm', 'h', 'd']);
            number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        }
        r"^decimal\( *[0-9]{1,2} *, *[0-9]{1,2} *\)$" => {
            let inside = text.strip_prefix("decimal(");
            let inside = inside.and_then(|text| text.strip_suffix(')'));
            inside
                .and_then(|inside| inside.split_once(','))
                .is_some_and(|(precision, scale)| digits(precision) && digits(scale))
        }
        r"^(count|(sum|min|max|avg|first|last|count_distinct)\([A-Za-z][A-Za-z0-9_]*\))( +(where|WHERE) [\s\S]+)?$" =>
        {
            let parts = text.split_once(" where ").or(text.split_once(" WHERE "));
            let text = parts.map_or(text, |(aggregate, _)| aggregate.trim_end_matches(' '));
            let of = text.strip_suffix(')').and_then(|text| text.split_once('('));
            let functions = [
                "sum",
                "min",
                "max",
                "avg",
                "first",
                "last",
                "count_distinct",
            ];
            let of = of.filter(|(name, _)| functions.contains(name));
            text == "count" || of.is_some_and(|(_, column)| is_name(column, &word, &letter))
        }
        r"^(count|(sum|min|max|avg)\([A-Za-z][A-Za-z0-9_]*\))$" => {
            let of = text.strip_suffix(')').and_then(|text| text.split_once('('));
            let of = of.filter(|(name, _)| ["sum", "min", "max", "avg"].contains(name));
            text == "count" || of.is_some_and(|(_, measure)| is_name(measure, &word, &letter))
        }
        "%" => text.contains('%'),
        r"^\$.*\[\*\]$" => text.starts_with('$') && text.ends_with("[*]"),
        other => panic!("a form that this test does not know: {other}"),
    }
}

/// A dataset file as the JSON that editors compare with the schema; times are text there.
fn as_json(text: &str) -> Value {
    fn of_toml(toml: &toml::Value) -> Value {
        match toml {
            toml::Value::Table(table) => {
                let members = table.iter();
                Value::Object(members.map(|(k, v)| (k.clone(), of_toml(v))).collect())
            }
            toml::Value::Array(list) => Value::Array(list.iter().map(of_toml).collect()),
            toml::Value::Datetime(time) => json!(time.to_string()),
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(number) => json!(number),
            toml::Value::Float(number) => json!(number),
            toml::Value::Boolean(boolean) => json!(boolean),
        }
    }
    of_toml(&toml::Value::Table(toml::from_str(text).unwrap()))
}

fn problems(text: &str) -> Vec<String> {
    against(&json_schema(), &as_json(text), "$")
}

const FULL: &str = r#"name = "x"
generation = 2
key = ["id", "at"]
event_time = "at"
period = "day"
allowed_lateness = "1h"
max_clock_skew = "1m"
idle_timeout = "10s"
quiet_after = "1d"
latency = "low"
unknown_fields = "ignore"
where = "price > 1"

[dedup]
keep = "first"
conflicts = "all"

[payload]
compression = "auto"
format = "json"
records = "$.records[*]"
ignore_case = true
non_finite = "null"
max_bytes = 1000
max_records = 10

[[payload.open]]
at = "packed"
steps = ["base64", "gzip", "json"]

[[column]]
name = "id"
type = "int64"
from = ["id", "$.device.id"]
required = true
on_invalid = "quarantine"

[[column]]
name = "at"
type = "timestamp"
format = "rfc3339"
required = true
min = 2020-01-01T00:00:00Z
max = "2050-01-01T00:00:00Z"
description = "when"

[[column]]
name = "local"
type = "timestamp"
format = "rfc3339"
zone = "Europe/Berlin"

[[column]]
name = "state"
type = "string"
nulls = ["", "N/A"]
default = "new"
allowed = ["new", "paid"]
pattern = "[a-z]+"

[[column]]
name = "site"
type = "string"
from = "site"
from_event = ["site", "$.meta.site"]

[[column]]
name = "kind"
type = "string"
from_property = ["type", "cloudEvents:type"]

[[column]]
name = "device"
type = "string"
from_system = "iothub-connection-device-id"

[[column]]
name = "phone"
type = "string"
mask = "last4"

[[column]]
name = "price"
type = "decimal(9,2)"
min = 0.01
max = 10

[[column]]
name = "twice"
type = "decimal(10,2)"
expr = "price * 2"

[[gold]]
table = "t"
grain = "all"
by = ["id"]
where = "id > 0 AND price IS NOT NULL"
measures = { n = "count", p = "sum(price)", q = "count  where price > 1", s = "max(at)" }

[[gold]]
table = "days"
grain = "day"
zone = "Europe/Berlin"
keep = "30d"
measures = { n = "count" }

[[gold]]
table = "overlapping"
grain = "30m"
every = "10m"
measures = { n = "count" }

[[ranking]]
view = "v"
from = "t"
order_by = "n"
top = 3

[[summary]]
view = "w"
from = "t"
by = ["id"]
measures = { n = "sum(n)" }

[[alert]]
name = "many"
on = "t"
when = "n > 1"
fields = ["n"]
notify = ["queue:alerts"]
fresh = "2d"
rearm = "1h"
notify_cleared = true

[[alert]]
name = "quiet"
on = "t"
silent = "s"
for = "15m"
"#;

const TABLES: [&Table; 9] = [
    &FILE, &DEDUP, &PAYLOAD, &OPEN, &COLUMN, &GOLD, &RANKING, &SUMMARY, &ALERT,
];

/// Keys that do not go with the others: a line that stands for some of them, and a file that the reader looks for.
const AVRO: [(&str, &str, &str); 2] = [
    (
        "format = \"json\"",
        "format = \"avro\"\nschemas = [\"a.avsc\"]",
        "a.avsc",
    ),
    (
        "format = \"json\"",
        "format = \"avro\"\nschemas = { 1f = \"b.avsc\" }",
        "b.avsc",
    ),
];

#[test]
fn keys_that_do_not_go_with_others_are_taken_by_reader_and_schema() {
    for (line, others, file) in AVRO {
        let text = FULL
            .replacen(line, others, 1)
            .replace("compression = \"auto\"", "compression = \"gzip\"");
        assert_eq!(problems(&text), Vec::<String>::new());
        let refused = Dataset::parse(&text, "full.toml").unwrap_err().to_string();
        // There is no folder that the file could be in; nothing else is wrong.
        assert!(refused.contains(file), "{refused}");
        assert_eq!(refused.matches("full.toml:").count(), 1, "{refused}");
    }
}

#[test]
fn every_key_is_in_a_file_that_reader_and_schema_take() {
    Dataset::parse(FULL, "full.toml").unwrap();
    assert_eq!(problems(FULL), Vec::<String>::new());
    for key in TABLES.iter().flat_map(|table| table.keys) {
        let others = AVRO.iter().flat_map(|(_, others, _)| others.lines());
        let is_there = FULL.lines().chain(others).any(|line| {
            let line = line.trim_start_matches('[').trim_start_matches("payload.");
            line.strip_prefix(key.name)
                .is_some_and(|rest| rest.starts_with([' ', ']']))
        });
        assert!(is_there, "{}: add it to the file of this test", key.name);
    }
}

#[test]
fn every_value_that_the_schema_lists_is_one_that_the_reader_knows() {
    let headers = [
        "",
        "[dedup]",
        "[payload]",
        "[[payload.open]]",
        "[[column]]",
        "[[gold]]",
        "[[ranking]]",
        "[[summary]]",
        "[[alert]]",
    ];
    for (header, table) in headers.iter().zip(TABLES) {
        let (before, after) = FULL.split_at(FULL.find(header).unwrap());
        for key in table.keys {
            let (Shape::OneOf(values) | Shape::OneOfOr(values, _)) = key.shape else {
                continue;
            };
            // The first of several tables with such a key; another grain may suit its other keys less.
            let line = after
                .lines()
                .find(|line| line.starts_with(&format!("{} = ", key.name)));
            let line = line.unwrap();
            for value in values {
                let after = after.replacen(line, &format!("{} = \"{value}\"", key.name), 1);
                let text = format!("{before}{after}");
                let refused = Dataset::parse(&text, "x.toml").err();
                let unknown = refused.iter().flat_map(|problems| &problems.problems);
                let unknown: Vec<_> = unknown
                    .filter(|p| {
                        p.message.contains("is not \"") || p.message.contains("it is one of")
                    })
                    .collect();
                assert!(unknown.is_empty(), "{} = {value}: {unknown:?}", key.name);
            }
        }
    }
}

#[test]
fn every_dataset_file_of_the_repository_fits() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets");
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(problems(&text), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn what_the_schema_refuses_the_reader_refuses_too() {
    for (from, to, expected) in [
        ("name = \"x\"", "name = \"X\"", "$.name: has not the form"),
        ("name = \"x\"\n", "", "$: lacks name"),
        (
            "generation = 2",
            "generation = 0",
            "$.generation: is too low",
        ),
        (
            "generation = 2",
            "generation = \"2\"",
            "$.generation: is no",
        ),
        (
            "period = \"day\"",
            "period = \"week\"",
            "$.period: is not one",
        ),
        ("\"1h\"", "\"1 h\"", "$.allowed_lateness: has not the form"),
        ("\"1d\"", "\"never\"", "$.quiet_after: is not one"),
        ("\"low\"", "\"high\"", "$.latency: is not one"),
        ("key = [\"id\", \"at\"]", "key = \"id\"", "$.key: is no"),
        (
            "ignore_case = true",
            "ignore_case = 1",
            "$.payload.ignore_case",
        ),
        (
            "required = true",
            "requird = true",
            "$.column[0].requird: unknown",
        ),
        ("\"decimal(9,2)\"", "\"decimal(9)\"", "$.column[8].type"),
        (
            "grain = \"all\"",
            "grain = \"year\"",
            "$.gold[0].grain: is not",
        ),
        (
            "\"sum(price)\"",
            "\"latest(price)\"",
            "$.gold[0].measures.p",
        ),
        ("top = 3", "top = 0", "$.ranking[0].top: is too low"),
        ("min = 0.01", "min = true", "$.column[8].min: is no"),
    ] {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL, "{from}");
        let found = problems(&text).join("\n");
        assert!(found.contains(expected), "{to}: {found}");
        assert!(Dataset::parse(&text, "x.toml").is_err(), "{to}");
    }
}

#[test]
fn every_grain_of_the_reader_is_one_of_the_schema() {
    for grain in Grain::EACH {
        let named = format!("grain = \"{}\"", grain.as_str());
        let text = FULL.replacen("grain = \"all\"", &named, 1);
        assert!(text.contains(&named));
        assert_eq!(problems(&text), [""; 0], "{named}");
    }
}
