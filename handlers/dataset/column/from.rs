//! The keys `from`, `from_event`, `from_property` and `from_system` of a column: where it is read.

use std::collections::HashMap;

use toml::de::DeValue;

use super::outside;
use crate::dataset::reader::{Keys, Located};
use crate::dataset::{ColumnPlace, Origin, Payload};
use crate::value::path::{FieldPath, Segment};
use crate::wording::quoted;

/// What the hub says of an event beside its annotations, under names of our own.
pub(super) const ENQUEUED_TIME: &str = "enqueued_time";
pub(in crate::dataset) const SEQUENCE_NUMBER: &str = "sequence_number";
const PARTITION_KEY: &str = "partition_key";

/// How a key names places.
struct Wording {
    /// What it takes.
    places: &'static str,
    empty: &'static str,
    empty_list: &'static str,
}

const FIELDS: Wording = Wording {
    places: "the name of a field, a path such as \"$.device.id\", or a list of them",
    empty: "must be the name of a field of the event, not empty",
    empty_list: "must name at least one field or path, such as [\"deviceId\", \"$.device.id\"]",
};
const PROPERTIES: Wording = Wording {
    places: "the name of a property, or a list of them",
    empty: "must be the name of a property of the event, not empty",
    empty_list: "must name at least one property, such as [\"deviceId\", \"device-id\"]",
};
const SYSTEM: &str = "enqueued_time, sequence_number, partition, partition_key, or the name of an annotation such as \"iothub-connection-device-id\"";

impl Origin {
    /// Every origin in the order in which a column's places are tried.
    pub(crate) const ALL: [Self; 4] = [Self::Record, Self::Event, Self::Properties, Self::System];

    /// Returns the key that names places of an origin.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Record => "from",
            Self::Event => "from_event",
            Self::Properties => "from_property",
            Self::System => "from_system",
        }
    }
}

/// Reads the places of a column that is called `name`, which is where it is read if nothing else is said.
pub(super) fn read_places(keys: &Keys<'_>, name: &str, payload: &Payload) -> Vec<ColumnPlace> {
    let mut from = Vec::new();
    let is_given = |origin: &Origin| keys.value(origin.key()).is_some();
    for origin in Origin::ALL.into_iter().filter(is_given) {
        let paths = match origin {
            Origin::Record => read_paths(keys, origin),
            Origin::Event => {
                outside::checked(keys, origin.key(), payload, read_paths(keys, origin))
            }
            Origin::Properties => read_properties(keys),
            Origin::System => read_system(keys).into_iter().collect(),
        };
        let places = paths.into_iter();
        from.extend(places.map(|path| ColumnPlace { origin, path }));
    }
    if !Origin::ALL.iter().any(is_given) {
        return vec![ColumnPlace {
            origin: Origin::Record,
            path: field(name),
        }];
    }
    from
}

/// Reads fields and paths in the record, or in the event.
fn read_paths(keys: &Keys<'_>, origin: Origin) -> Vec<FieldPath> {
    let key = origin.key();
    let texts = read_list(keys, key, &FIELDS);
    let paths = texts.into_iter().map(|text| {
        let path = FieldPath::parse(text.value);
        let report = |error| keys.report(key, text.at, format!("{} {error}", quoted(text.value)));
        (text, path.map_err(report).ok())
    });
    distinct(keys, key, paths)
}

fn read_properties(keys: &Keys<'_>) -> Vec<FieldPath> {
    let key = Origin::Properties.key();
    let texts = read_list(keys, key, &PROPERTIES);
    let paths = texts
        .into_iter()
        .map(|text| (text, Some(field(text.value))));
    distinct(keys, key, paths)
}

fn read_system(keys: &Keys<'_>) -> Option<FieldPath> {
    const KEY: &str = "from_system";
    let text = keys.string(KEY)?;
    let meant = match text.value {
        "" => {
            keys.report(KEY, text.at, format!("must be {SYSTEM}, not empty"));
            return None;
        }
        "offset" | "Offset" | "x-opt-offset" => {
            let message =
                "the offset is not kept; what tells where an event stands is sequence_number";
            keys.report(KEY, text.at, message);
            return None;
        }
        "SequenceNumber" | "x-opt-sequence-number" => Some(SEQUENCE_NUMBER),
        "EnqueuedTime" | "EnqueuedTimeUtc" | "x-opt-enqueued-time" => Some(ENQUEUED_TIME),
        "PartitionKey" => Some(PARTITION_KEY),
        _ => None,
    };
    if let Some(meant) = meant {
        let message = format!("{} is called {meant} here", quoted(text.value));
        keys.report(KEY, text.at, message);
    }
    Some(field(match text.value {
        PARTITION_KEY => "x-opt-partition-key",
        name => name,
    }))
}

fn field(name: &str) -> FieldPath {
    FieldPath::to(vec![Segment::Name(name.to_owned())])
}

/// Reads a string, or a list of them, none of which is empty.
fn read_list<'a>(keys: &Keys<'a>, key: &str, wording: &Wording) -> Vec<Located<&'a str>> {
    let Some(value) = keys.value(key) else {
        return Vec::new();
    };
    let mut texts = match value.value {
        DeValue::String(text) => vec![Located {
            value: text.as_ref(),
            at: value.at,
        }],
        DeValue::Array(list) if list.is_empty() => {
            keys.report(key, value.at, wording.empty_list);
            Vec::new()
        }
        // What is no string in it has been reported.
        DeValue::Array(_) => keys.strings(key).unwrap_or_default(),
        other => {
            let message = format!(
                "must be {}, not of type {}",
                wording.places,
                other.type_str()
            );
            keys.report(key, value.at, message);
            Vec::new()
        }
    };
    texts.retain(|text| {
        if text.value.is_empty() {
            keys.report(key, text.at, wording.empty);
        }
        !text.value.is_empty()
    });
    texts
}

/// Reports places that are named twice.
fn distinct<'a>(
    keys: &Keys<'_>,
    key: &str,
    places: impl Iterator<Item = (Located<&'a str>, Option<FieldPath>)>,
) -> Vec<FieldPath> {
    let mut paths: Vec<FieldPath> = Vec::new();
    for (text, path) in places {
        let Some(path) = path else {
            continue;
        };
        if paths
            .iter()
            .any(|other| other.segments() == path.segments())
        {
            let message = format!("{} is named twice", quoted(text.value));
            keys.report(key, text.at, message);
        }
        paths.push(path);
    }
    paths
}

/// How the names of all columns' places are written, where case is ignored.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    /// By where they lie and the steps in lower case: the path that was first to have them, and its column.
    first: HashMap<(Origin, Vec<Segment>), (FieldPath, String)>,
}

impl Spellings {
    /// Reports places of a column that are another one's in another spelling: neither would have a value of its own.
    pub(super) fn check(&mut self, keys: &Keys<'_>, column: &str, from: &[ColumnPlace]) {
        for ColumnPlace { origin, path } in from {
            let Some((place, other, owner)) = self.add(column, *origin, path) else {
                continue;
            };
            let key = origin.key();
            let at = keys.at_value(key);
            let message = format!(
                "{} differs from {} of column {} in the case of {} alone, which ignore_case = true takes for one: write it alike in both",
                quoted(&path.to_string()),
                quoted(&other.to_string()),
                quoted(&owner),
                quoted(&place),
            );
            keys.report(key, at, message);
        }
    }

    /// Takes a path in; returns the step that an earlier one writes otherwise, with that path and its column.
    fn add(
        &mut self,
        column: &str,
        origin: Origin,
        path: &FieldPath,
    ) -> Option<(String, FieldPath, String)> {
        let mut folded = Vec::new();
        for (step, length) in path.segments().iter().zip(1..) {
            folded.push(match step {
                Segment::Name(name) => Segment::Name(name.to_ascii_lowercase()),
                Segment::Index(index) => Segment::Index(*index),
            });
            let first = self.first.entry((origin, folded.clone()));
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
