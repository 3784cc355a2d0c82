//! What sample events look like, field by field.

mod field;
mod inside;
mod notation;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

pub(super) use field::Field;
pub(super) use inside::Leaf;
pub(super) use notation::{Notation, Unit};

/// The byte order mark, which says nothing in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The fields of an event in the order in which it has them, their values as they are written.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// The events of a sample.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Lines read.
    pub(super) lines: u64,
    /// Lines that are JSON objects, each of which counts once however often it occurs.
    pub(super) events: u64,
    /// Lines that are not a JSON object.
    pub(super) refused: Refused,
    /// The fields in the order in which they turned up.
    pub(super) fields: Vec<Field>,
    by_name: HashMap<String, usize>,
    seen: HashSet<u64>,
}

/// Lines that are not one JSON object, by what they are instead.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Refused {
    /// Arrays, and the objects in them with the names of their fields.
    pub(super) arrays: u64,
    pub(super) objects_in_arrays: u64,
    pub(super) names_in_arrays: BTreeSet<String>,
    /// Several values in one line.
    pub(super) several: u64,
    /// The beginning of a value that does not end in its line.
    pub(super) unfinished: u64,
    /// Anything else.
    pub(super) others: u64,
}

impl Refused {
    /// All of them.
    pub(super) fn total(&self) -> u64 {
        self.arrays + self.several + self.unfinished + self.others
    }

    fn add(&mut self, line: &[u8]) {
        if let Ok(elements) = serde_json::from_slice::<Vec<&RawValue>>(line) {
            self.arrays += 1;
            let objects = elements
                .iter()
                .filter_map(|element| serde_json::from_str::<Fields<'_>>(element.get()).ok());
            for Fields(fields) in objects {
                self.objects_in_arrays += 1;
                let names = fields.into_iter().map(|(name, _)| name);
                self.names_in_arrays.extend(names);
            }
            return;
        }
        let mut values = 0;
        for value in serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>() {
            match value {
                Ok(_) => values += 1,
                Err(error) if error.is_eof() => {
                    self.unfinished += 1;
                    return;
                }
                Err(_) => {
                    self.others += 1;
                    return;
                }
            }
        }
        match values {
            2.. => self.several += 1,
            _ => self.others += 1,
        }
    }
}

impl Sample {
    /// Takes a line in.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        let line = line.strip_prefix(MARK).unwrap_or(line);
        let Ok(Fields(fields)) = serde_json::from_slice::<Fields<'_>>(line) else {
            self.refused.add(line);
            return;
        };
        if !self.seen.insert(xxh3_64(line)) {
            return;
        }
        // Of several fields of one name the last one counts, and one without a name cannot be a column.
        let places = fields.iter().enumerate();
        let last: HashMap<String, usize> =
            places.map(|(at, (name, _))| (name.clone(), at)).collect();
        let fields = fields.into_iter().enumerate();
        let counted =
            fields.filter(|(at, (name, _))| !name.is_empty() && last.get(name) == Some(at));
        for (_, (name, value)) in counted {
            let next = self.fields.len();
            let index = *self.by_name.entry(name.clone()).or_insert(next);
            if index == next {
                self.fields.push(Field::named(name));
            }
            if let Some(field) = self.fields.get_mut(index) {
                field.add(value.get(), self.events);
            }
        }
        self.events += 1;
    }

    /// Counts the different values that events have in these fields together.
    pub(super) fn distinct(&self, fields: &[usize]) -> u64 {
        let fields: Vec<&Field> = fields.iter().filter_map(|i| self.fields.get(*i)).collect();
        let mut keys = HashSet::new();
        for event in 0..usize::try_from(self.events).unwrap_or(0) {
            let hashes = fields.iter().map(|field| field.hash(event).to_le_bytes());
            keys.insert(xxh3_64(&hashes.collect::<Vec<_>>().concat()));
        }
        keys.len() as u64
    }
}
