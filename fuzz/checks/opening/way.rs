//! How events are opened, and events that are good then.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sluice::dataset::Dataset;
use sluice::event::SourceEvent;
use sluice::silver::trial::{Fate, Record, Trial};

use super::super::choice::Choice;
use super::super::fates::{NOW, dataset, event, text};
use super::super::json;
use super::super::packing::pack;

/// How events are opened, in the words of the dataset file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) compression: &'static str,
    /// Where the records are; nothing where the event is one.
    pub(super) records: Option<&'static str>,
    pub(super) is_lines: bool,
    /// What is done with the member `data`.
    pub(super) steps: &'static [&'static str],
    pub(super) nulls_non_finite: bool,
    pub(super) ignores_case: bool,
    /// Whether the limits are such that few events are within.
    pub(super) is_narrow: bool,
    /// Whether the record itself is the only column.
    pub(super) is_whole: bool,
    pub(super) has_key: bool,
    pub(super) has_condition: bool,
    pub(super) has_computed: bool,
    /// Whether the body is put between two good records of its event.
    pub(super) is_inside: bool,
}

const COMPRESSIONS: [&str; 6] = ["none", "auto", "gzip", "zstd", "zlib", "deflate"];
const RECORDS: [Option<&str>; 4] = [None, Some("$.records"), Some("$"), Some("$.data")];
const STEPS: [&[&str]; 7] = [
    &[],
    &["json"],
    &["base64", "json"],
    &["base64"],
    &["base64", "gzip", "json"],
    &["base64", "zstd"],
    &["base64", "zlib", "deflate", "json"],
];
/// The most bytes and records of an event.
const WIDE: (usize, usize) = (16 << 20, 100_000);
const NARROW: (usize, usize) = (600, 4);

impl Way {
    pub(super) fn of(choice: &mut Choice<'_>) -> Self {
        let compression = choice.one(&COMPRESSIONS);
        let mut records = choice.one(&RECORDS);
        let mut steps = choice.one(&STEPS);
        let mut flags = choice.flags();
        let mut flag = || flags.next() == Some(true);
        let (is_lines, nulls_non_finite, ignores_case, is_narrow) =
            (flag(), flag(), flag(), flag());
        let is_whole = flag();
        let (has_key, has_condition, has_computed) = (flag(), flag(), flag());
        if is_lines || (records == Some("$.data") && steps.is_empty()) {
            records = None;
        }
        if records == Some("$") {
            // Nothing stands beside the records.
            steps = &[];
        }
        Self {
            compression,
            records,
            is_lines,
            steps,
            nulls_non_finite,
            ignores_case,
            is_narrow,
            is_whole,
            has_key: has_key && !is_whole,
            has_condition: has_condition && !is_whole,
            has_computed: has_computed && !is_whole,
            is_inside: choice.one(&[false, true]),
        }
    }

    pub(super) fn limits(&self) -> (usize, usize) {
        if self.is_narrow { NARROW } else { WIDE }
    }

    /// Returns whether events are anything but records as they stand.
    pub(super) fn is_opened(&self) -> bool {
        self.compression != "none"
            || self.records.is_some()
            || self.is_lines
            || !self.steps.is_empty()
            || self.nulls_non_finite
            || self.is_narrow
    }

    pub(super) fn dataset(&self) -> Dataset {
        let mut file = "name = \"fuzzed\"\nevent_time = \"at\"\n".to_owned();
        file += if self.has_key {
            "key = [\"id\", \"at\"]\n"
        } else {
            ""
        };
        if self.has_condition {
            file += "where = \"coalesce(amount, 0) <> 3 AND coalesce(tag, '') <> 'no'\"\n";
        }
        file += if self.has_key {
            ""
        } else {
            "[dedup]\nkeep = \"all\"\n"
        };
        file += &format!(
            "[payload]\ncompression = {:?}\nignore_case = {}\n",
            self.compression, self.ignores_case
        );
        if self.is_narrow {
            let (bytes, records) = NARROW;
            file += &format!("max_bytes = {bytes}\nmax_records = {records}\n");
        }
        file += if self.is_lines {
            "format = \"jsonl\"\n"
        } else {
            ""
        };
        file += if self.nulls_non_finite {
            "non_finite = \"null\"\n"
        } else {
            ""
        };
        if let Some(records) = self.records {
            file += &format!("records = \"{records}[*]\"\n");
        }
        if !self.steps.is_empty() {
            file += &format!(
                "[[payload.open]]\nat = \"$.data\"\nsteps = {:?}\n",
                self.steps
            );
        }
        file += if self.is_whole { WHOLE } else { COLUMNS };
        file += if self.has_computed { COMPUTED } else { "" };
        dataset(&file)
    }

    /// Returns the text of a good record with this number.
    pub(super) fn record(&self, id: i64) -> String {
        let inside = inside(id);
        let data = match self.records {
            None => self.held(inside.as_bytes()),
            // What is opened stands beside the records.
            Some(_) => inside.into_bytes(),
        };
        record(id, &String::from_utf8(data).unwrap())
    }

    /// Returns the same once it was opened.
    fn opened_record(&self, id: i64) -> String {
        let is_text =
            self.records.is_none() && self.steps.last().is_some_and(|last| *last != "json");
        match is_text {
            true => record(id, &json::quoted(&inside(id))),
            false => record(id, &inside(id)),
        }
    }

    /// Returns the value that the steps open to this one.
    fn held(&self, value: &[u8]) -> Vec<u8> {
        let Some((last, before)) = self.steps.split_last() else {
            return value.to_vec();
        };
        let codecs = match *last {
            "json" if before.is_empty() => {
                let text = String::from_utf8_lossy(value);
                return serde_json::to_vec(&text).unwrap();
            }
            "json" => &before[1..],
            _ => &self.steps[1..],
        };
        let packed = codecs.iter().rev();
        let packed = packed.fold(value.to_vec(), |bytes, codec| pack(codec, &bytes));
        format!("\"{}\"", STANDARD.encode(packed)).into_bytes()
    }

    /// Returns the body of an event with these records.
    pub(super) fn body(&self, records: &[&[u8]]) -> Vec<u8> {
        let array = || [b"[".to_vec(), records.join(&b','), b"]".to_vec()].concat();
        let text = match self.records {
            None if self.is_lines => records.join(&b'\n'),
            None => records.concat(),
            Some("$") => array(),
            Some("$.records") => [&b"{\"records\":"[..], &array(), b"}"].concat(),
            Some(_) => [&b"{\"data\":"[..], &self.held(&array()), b"}"].concat(),
        };
        match self.compression {
            "none" | "auto" => text,
            codec => pack(codec, &text),
        }
    }

    /// Returns whether an event can be good: what is opened to text is no array.
    pub(super) fn can_be_good(&self) -> bool {
        self.records != Some("$.data") || self.steps.last() == Some(&"json")
    }

    pub(super) fn good(&self, id: i64) -> SourceEvent {
        event(&self.body(&[self.record(id).as_bytes()]), b"")
    }

    /// Returns whether the record of a good event, or one of its records, is a row.
    pub(super) fn has_good(&self, tried: &Trial, found: &Record, id: i64) -> bool {
        match found.fate {
            Fate::Row { row } if self.is_whole => {
                text(&tried.values, "whole", row) == Some(self.opened_record(id).as_str())
            }
            Fate::Row { row } => text(&tried.values, "first", row) == Some("\"first\""),
            // The body may hold the same record.
            Fate::Duplicate { of, .. } => self.has_key && of.line == 1 && found.place.line == 2,
            _ => false,
        }
    }
}

/// What the member `data` of a good record holds.
fn inside(id: i64) -> String {
    format!(r#"{{"amount":1.5,"tag":"good {id}"}}"#)
}

fn record(id: i64, data: &str) -> String {
    let at = NOW.0 - 1_000 * id;
    format!(r#"{{"id":{id},"at":{at},"list":["first"],"data":{data}}}"#)
}

const WHOLE: &str = r#"
[[column]]
name = "at"
type = "timestamp"
from_system = "enqueued_time"
required = true
[[column]]
name = "whole"
type = "json"
from = "$"
"#;

const COLUMNS: &str = r#"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "amount"
type = "decimal(18,2)"
from = ["$.data.amount", "amount"]
min = 0
[[column]]
name = "tag"
type = "string"
from = "$.data.tag"
nulls = ["-"]
[[column]]
name = "first"
type = "json"
from = "$.list[0]"
"#;

const COMPUTED: &str = r#"
[[column]]
name = "share"
type = "decimal(18,2)"
expr = "round(coalesce(amount, 0) / (coalesce(amount, 0) - 7), 2)"
required = true
"#;
