//! Texts of a sample that are no JSON object: what they are instead. Pure.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fields::Fields;

/// Lines that are not one JSON object, by what they are instead.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Refused {
    /// Arrays, and the objects in them with the names of their fields.
    pub(in super::super) arrays: u64,
    pub(in super::super) objects_in_arrays: u64,
    pub(in super::super) names_in_arrays: BTreeSet<String>,
    /// Several values in one line.
    pub(in super::super) several: u64,
    /// The beginning of a value that does not end in its line.
    pub(in super::super) unfinished: u64,
    /// Anything else.
    pub(in super::super) others: u64,
}

impl Refused {
    /// All of them.
    pub(in super::super) fn total(&self) -> u64 {
        self.arrays + self.several + self.unfinished + self.others
    }

    pub(super) fn add(&mut self, line: &[u8]) {
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
