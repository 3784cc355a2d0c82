//! What decides what becomes of a record, beside the columns of silver; pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::column;
use crate::dataset::{Dataset, OnInvalid, OpenMember, Payload, WriterSchema};
use crate::expr::SEMANTICS;

/// The key of the one entry of a definition that is longer.
const HASHED: &str = "hash";
/// What a text takes as JSON beside its units, unless it has many quotes.
const BESIDE: usize = 8;

/// The canonical text of each part of a dataset file that decides what becomes of a record, by the part's name; what is not
/// here has its default. So two files that mean the same have one definition, and a later build that knows more parts
/// reads today's as it was meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Definition(BTreeMap<String, String>);

impl Definition {
    /// Returns the definition of a dataset file.
    pub(super) fn of(dataset: &Dataset) -> Self {
        let mut texts = BTreeMap::from([("semantics".to_owned(), SEMANTICS.to_string())]);
        texts.extend(parts_of(&dataset.payload));
        if let Some(condition) = &dataset.condition {
            texts.insert("where".to_owned(), condition.text().to_owned());
        }
        for column in &dataset.columns {
            let mut say = |part: &str, text: &str| {
                texts.insert(part_of(&column.name, part), text.to_owned());
            };
            for (key, text) in column::parts_of(column) {
                say(key, &text);
            }
            if let Some(expr) = &column.expr {
                say("expr", expr.text());
            }
            if column.on_invalid == OnInvalid::Quarantine && !column.required {
                say("on_invalid", "quarantine");
            }
            if let Some(mask) = column.rules.mask {
                say("mask", &format!("{} of {}", mask.how.as_str(), mask.of));
            }
        }
        Self(texts)
    }

    /// Replaces the texts by their hash where together they have more than so many UTF-16 units.
    pub(super) fn bounded(self, most_units: usize) -> Self {
        let units = |text: &String| text.encode_utf16().count() + BESIDE;
        let parts = self.0.iter();
        let all: usize = parts.map(|(part, text)| units(part) + units(text)).sum();
        if all <= most_units {
            return self;
        }
        let lines = self
            .0
            .iter()
            .map(|(part, text)| format!("{part}={text:?}\n"));
        let hash = xxh3_128(lines.collect::<String>().as_bytes());
        Self(BTreeMap::from([(
            HASHED.to_owned(),
            format!("{hash:032x}"),
        )]))
    }

    /// Returns whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what differs, but for columns that only `now` has.
    pub(super) fn changes_to(&self, now: &Self, is_new: impl Fn(&str) -> bool) -> Vec<String> {
        // A hash says nothing of the parts that the other side may name.
        let is_hashed = self.0.contains_key(HASHED) || now.0.contains_key(HASHED);
        if is_hashed && self != now {
            return vec!["what becomes of a record is defined otherwise".to_owned()];
        }
        let parts: BTreeSet<&String> = self.0.keys().chain(now.0.keys()).collect();
        let parts = parts.into_iter().filter_map(|part| {
            let (before, after) = (self.0.get(part), now.0.get(part));
            let is_of_new = column_of(part).is_some_and(&is_new);
            if before == after || is_of_new {
                return None;
            }
            Some(format!(
                "{part} was {} and is {}",
                shown(before),
                shown(after)
            ))
        });
        parts.collect()
    }
}

/// Returns how events are opened, as far as it is not the default.
fn parts_of(payload: &Payload) -> BTreeMap<String, String> {
    let plain = Payload::default();
    let records = |payload: &Payload| payload.records.as_ref().map(ToString::to_string);
    let text = |text: Option<String>| text.unwrap_or_default();
    let parts = |payload: &Payload| {
        [
            ("compression", payload.compression.as_str().to_owned()),
            ("format", payload.format.as_str().to_owned()),
            ("records", text(records(payload))),
            ("ignore_case", payload.ignore_case.to_string()),
            ("non_finite", payload.non_finite.as_str().to_owned()),
            ("max_bytes", payload.max_bytes.to_string()),
            ("max_records", payload.max_records.to_string()),
            ("schemas", lines(payload.schemas.iter().map(schema_text))),
            ("open", lines(payload.open.iter().map(member_text))),
        ]
    };
    let named = parts(payload).into_iter().zip(parts(&plain));
    let changed = named.filter(|(own, plain)| own != plain);
    let named = changed.map(|((name, text), _)| (format!("payload.{name}"), text));
    named.collect()
}

fn lines(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("; ")
}

/// Names a schema by what it says, wherever it is.
fn schema_text(schema: &WriterSchema) -> String {
    let fingerprint = schema.schema.fingerprint();
    match &schema.id {
        Some(id) => format!("{id} {fingerprint:016x}"),
        None => format!("{fingerprint:016x}"),
    }
}

fn member_text(member: &OpenMember) -> String {
    let steps = member.steps.iter().map(|step| step.as_str());
    format!("{}: {}", member.at, steps.collect::<Vec<_>>().join(", "))
}

fn shown(text: Option<&String>) -> String {
    text.map_or_else(|| "not set".to_owned(), |text| format!("\"{text}\""))
}

/// Names a part of a column's table. The name of a column has no dot.
fn part_of(column: &str, part: &str) -> String {
    format!("column.{column}.{part}")
}

fn column_of(part: &str) -> Option<&str> {
    let (column, _) = part.strip_prefix("column.")?.split_once('.')?;
    Some(column)
}
