//! The key `from` of a column: where in the event it is read.

use std::collections::HashMap;

use toml::de::DeValue;

use crate::dataset::reader::{Keys, Located};
use crate::value::path::{FieldPath, Segment};
use crate::wording::quoted;

const EMPTY: &str = "must be the name of a field of the event, not empty";
const PLACES: &str = "the name of a field, a path such as \"$.device.id\", or a list of them";
const EMPTY_LIST: &str =
    "must name at least one field or path, such as [\"deviceId\", \"$.device.id\"]";

/// Reads the places of a column that is called `name`, which is where it is read if nothing else is said.
pub(super) fn read_from(keys: &Keys<'_>, name: &str) -> Vec<FieldPath> {
    let Some(from) = keys.value("from") else {
        return vec![FieldPath::to(vec![Segment::Name(name.to_owned())])];
    };
    let texts = match from.value {
        DeValue::String(text) => vec![Located {
            value: text.as_ref(),
            at: from.at,
        }],
        DeValue::Array(list) if list.is_empty() => {
            keys.report("from", from.at, EMPTY_LIST);
            Vec::new()
        }
        // What is no string in it has been reported.
        DeValue::Array(_) => keys.strings("from").unwrap_or_default(),
        other => {
            let message = format!("must be {PLACES}, not of type {}", other.type_str());
            keys.report("from", from.at, message);
            Vec::new()
        }
    };
    let mut paths: Vec<FieldPath> = Vec::new();
    for text in texts {
        let Some(path) = read_path(keys, text) else {
            continue;
        };
        if paths
            .iter()
            .any(|other| other.segments() == path.segments())
        {
            let message = format!("{} is named twice", quoted(text.value));
            keys.report("from", text.at, message);
        }
        paths.push(path);
    }
    paths
}

fn read_path(keys: &Keys<'_>, text: Located<&str>) -> Option<FieldPath> {
    if text.value.is_empty() {
        keys.report("from", text.at, EMPTY);
        return None;
    }
    let path = FieldPath::parse(text.value);
    let report = |error| keys.report("from", text.at, format!("{} {error}", quoted(text.value)));
    path.map_err(report).ok()
}

/// How the names of all columns' places are written, where case is ignored.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    /// By the steps in lower case: the path that was first to have them, and its column.
    first: HashMap<Vec<Segment>, (FieldPath, String)>,
}

impl Spellings {
    /// Reports places of a column that are another one's in another spelling: neither would have a value of its own.
    pub(super) fn check(&mut self, keys: &Keys<'_>, column: &str, from: &[FieldPath]) {
        for path in from {
            let Some((place, other, owner)) = self.add(column, path) else {
                continue;
            };
            let at = keys.value("from").map_or(keys.at(), |from| from.at);
            let message = format!(
                "{} differs from {} of column {} in the case of {} alone, which ignore_case = true takes for one: write it alike in both",
                quoted(&path.to_string()),
                quoted(&other.to_string()),
                quoted(&owner),
                quoted(&place),
            );
            keys.report("from", at, message);
        }
    }

    /// Takes a path in; returns the step that an earlier one writes otherwise, with that path and its column.
    fn add(&mut self, column: &str, path: &FieldPath) -> Option<(String, FieldPath, String)> {
        let mut folded = Vec::new();
        for (step, length) in path.segments().iter().zip(1..) {
            folded.push(match step {
                Segment::Name(name) => Segment::Name(name.to_ascii_lowercase()),
                Segment::Index(index) => Segment::Index(*index),
            });
            let first = self.first.entry(folded.clone());
            let (other, owner) = first.or_insert_with(|| (path.clone(), column.to_owned()));
            if other.segments().get(..length) != path.segments().get(..length)
                && let Segment::Name(name) = step
            {
                return Some((name.clone(), other.clone(), owner.clone()));
            }
        }
        None
    }
}
