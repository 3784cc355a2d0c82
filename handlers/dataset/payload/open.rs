//! Reads the `[[payload.open]]` tables of a dataset file.

use std::cmp::Ordering;

use super::{OpenMember, OpenStep};
use crate::dataset::problem::Sink;
use crate::dataset::reader::{Keys, Located, keys};
use crate::value::path::FieldPath;
use crate::wording::{nearest, quoted};

/// How many members can be opened.
const MOST_MEMBERS: usize = 16;
const MOST_STEPS: usize = 4;
const STEPS: [&str; 6] = ["base64", "gzip", "zstd", "zlib", "deflate", "json"];
const PLACE: &str = "the field or the path of the member that is opened, such as \"$.data\"";
const HOW: &str = "the list of what is done with the member, such as [\"base64\", \"json\"]";

/// Reads the tables. What they open must not lie in one of the `records`, nor be opened twice, whatever case may be ignored.
pub(super) fn read_open<'a>(
    sink: &'a Sink<'a>,
    keys: &Keys<'a>,
    records: Option<&FieldPath>,
    ignore_case: bool,
) -> Vec<OpenMember> {
    let tables = keys.tables("open");
    if let Some(table) = tables.get(MOST_MEMBERS) {
        let message = format!("at most {MOST_MEMBERS} members can be opened");
        keys.report("open", table.at, message);
    }
    let mut members: Vec<OpenMember> = Vec::new();
    for (place, table) in tables.into_iter().enumerate() {
        let path = format!("payload.open {}", place + 1);
        let keys = Keys::new(sink, table, path, &keys::OPEN);
        let at = read_at(&keys, records, ignore_case);
        let steps = read_steps(&keys);
        let Some(at) = at else {
            continue;
        };
        let is_same =
            |other: &OpenMember| other.at.lies_to(&at, ignore_case) == Some(Ordering::Equal);
        if members.iter().any(is_same) {
            let message = format!(
                "{} is opened already: all of its steps are in one list",
                quoted(&at.to_string())
            );
            keys.report("at", keys.at(), message);
        }
        members.push(OpenMember { at, steps });
    }
    members
}

fn read_at(keys: &Keys<'_>, records: Option<&FieldPath>, ignore_case: bool) -> Option<FieldPath> {
    let text = keys.required_string("at", PLACE)?;
    let report = |message: String| {
        keys.report("at", text.at, format!("{} {message}", quoted(text.value)));
    };
    if text.value.is_empty() {
        keys.report("at", text.at, format!("must be {PLACE}, not empty"));
        return None;
    }
    let path = match FieldPath::parse(text.value) {
        Ok(path) => path,
        Err(error) => {
            report(error.to_string());
            return None;
        }
    };
    if path.segments().is_empty() {
        report("is the event itself, which compression and format open".to_owned());
    }
    if let Some(records) = records
        && path.lies_to(records, ignore_case) == Some(Ordering::Greater)
    {
        report(format!(
            "lies in the array of the records, {}[*]: only what is outside of records is opened",
            records.rooted()
        ));
    }
    Some(path)
}

fn read_steps(keys: &Keys<'_>) -> Vec<OpenStep> {
    let Some(names) = keys.required_strings("steps", HOW) else {
        return Vec::new();
    };
    let at = keys.at_value("steps");
    if names.is_empty() {
        keys.report("steps", at, format!("must be {HOW}, not empty"));
    }
    if names.len() > MOST_STEPS {
        let message = format!(
            "has {} steps; at most {MOST_STEPS} are allowed",
            names.len()
        );
        keys.report("steps", at, message);
    }
    let mut steps: Vec<OpenStep> = Vec::new();
    for name in names {
        let Some(step) = read_step(keys, name) else {
            continue;
        };
        let has_bytes = matches!(steps.last(), Some(OpenStep::Base64 | OpenStep::Unpack(_)));
        if matches!(step, OpenStep::Unpack(_)) && !has_bytes {
            let message = format!(
                "{} unpacks bytes, and a member holds text: \"base64\" comes before it",
                quoted(name.value)
            );
            keys.report("steps", name.at, message);
        }
        steps.push(step);
    }
    steps
}

fn read_step(keys: &Keys<'_>, name: Located<&str>) -> Option<OpenStep> {
    let step = OpenStep::named(name.value);
    if step.is_none() {
        let message = match nearest(name.value, &STEPS) {
            Some(near) => format!("{} is no step; did you mean {near}?", quoted(name.value)),
            None => format!(
                "{} is no step; steps are {}",
                quoted(name.value),
                STEPS.join(", ")
            ),
        };
        keys.report("steps", name.at, message);
    }
    step
}
