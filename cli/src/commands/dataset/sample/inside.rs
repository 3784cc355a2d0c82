//! What lies inside of objects and arrays: the paths of their values, for people.

use std::collections::HashSet;

use serde_json::Value;
use sluice::value::path::Segment;
use xxhash_rust::xxh3::xxh3_64;

/// Most paths that are remembered of a field.
const MOST_PATHS: usize = 200;
/// Most levels below a field.
const MOST_LEVELS: usize = 8;
/// Most elements of an array that are looked at.
const MOST_ELEMENTS: usize = 100;

/// The values inside of one field, in the order in which they turned up.
#[derive(Debug, Default)]
pub(in super::super) struct Inside {
    pub(in super::super) leaves: Vec<Leaf>,
    /// There are more paths than are remembered.
    pub(in super::super) is_cut: bool,
}

/// The values at one path.
#[derive(Debug)]
pub(in super::super) struct Leaf {
    /// In the notation of JSONPath, from the event on, such as `$.meter.id` and `$.readings[*].v`.
    pub(in super::super) path: String,
    /// The last name of the path.
    pub(in super::super) name: String,
    /// What kind of value it is.
    pub(in super::super) kind: &'static str,
    /// Whether it lies in an array.
    pub(in super::super) is_element: bool,
    values: HashSet<u64>,
}

impl Leaf {
    /// How many different values there are.
    pub(in super::super) fn distinct(&self) -> u64 {
        self.values.len() as u64
    }
}

impl Inside {
    /// Looks into a value of the field at `path`.
    pub(super) fn add(&mut self, path: &[Segment], value: &str) {
        // It is part of a line that is JSON.
        let Ok(value) = serde_json::from_str::<Value>(value) else {
            return;
        };
        let name = match path.last() {
            Some(Segment::Name(name)) => name.clone(),
            Some(Segment::Index(_)) | None => String::new(),
        };
        let steps = path.iter().map(ToString::to_string);
        let place = Place {
            path: format!("${}", steps.collect::<String>()),
            name,
            is_element: false,
        };
        self.walk(&value, &place, 0);
    }

    fn walk(&mut self, value: &Value, place: &Place, level: usize) {
        match value {
            Value::Object(members) if level < MOST_LEVELS => {
                for (name, value) in members {
                    let below = Place {
                        path: format!("{}{}", place.path, Segment::Name(name.clone())),
                        name: name.clone(),
                        is_element: place.is_element,
                    };
                    self.walk(value, &below, level + 1);
                }
            }
            Value::Array(elements) if level < MOST_LEVELS => {
                let below = Place {
                    path: format!("{}[*]", place.path),
                    name: place.name.clone(),
                    is_element: true,
                };
                for element in elements.iter().take(MOST_ELEMENTS) {
                    self.walk(element, &below, level + 1);
                }
            }
            value => self.note(value, place),
        }
    }

    fn note(&mut self, value: &Value, place: &Place) {
        let kind = match value {
            Value::Null => return,
            Value::Bool(_) => "true or false",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(_) | Value::Object(_) => "deeper levels",
        };
        let hash = xxh3_64(value.to_string().as_bytes());
        let is_full = self.leaves.len() == MOST_PATHS;
        match self.leaves.iter_mut().find(|leaf| leaf.path == place.path) {
            Some(leaf) => {
                leaf.values.insert(hash);
                if leaf.kind != kind {
                    leaf.kind = "values of several kinds";
                }
            }
            None if is_full => self.is_cut = true,
            None => self.leaves.push(Leaf {
                path: place.path.clone(),
                name: place.name.clone(),
                kind,
                is_element: place.is_element,
                values: [hash].into(),
            }),
        }
    }
}

struct Place {
    path: String,
    name: String,
    is_element: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> [Segment; 1] {
        [Segment::Name(name.to_owned())]
    }

    fn paths(inside: &Inside) -> Vec<(&str, &str)> {
        let leaves = inside.leaves.iter();
        leaves.map(|leaf| (leaf.path.as_str(), leaf.kind)).collect()
    }

    #[test]
    fn every_value_inside_has_a_path_and_a_kind() {
        let mut inside = Inside::default();
        inside.add(
            &path("a b"),
            r#"{"id": "x", "list": [{"n": 1}, {"n": true}], "none": null, "": {"d.e": 2}}"#,
        );
        let expected = [
            ("$['a b'].id", "text"),
            ("$['a b'].list[*].n", "values of several kinds"),
            ("$['a b']['']['d.e']", "number"),
        ];
        let mut found = paths(&inside);
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn records_in_an_array_share_their_paths_and_depth_is_bounded() {
        let mut inside = Inside::default();
        inside.add(&path("records"), r#"[{"id": 1}, {"id": 2}]"#);
        inside.add(&path("records"), r#"[{"id": 3}]"#);
        assert_eq!(paths(&inside), [("$.records[*].id", "number")]);
        assert_eq!(inside.leaves[0].distinct(), 3);

        let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        let mut inside = Inside::default();
        inside.add(&path("a"), &deep);
        assert_eq!(inside.leaves[0].kind, "deeper levels");
    }

    #[test]
    fn no_more_paths_than_people_read_are_remembered() {
        let mut inside = Inside::default();
        let members: Vec<String> = (0..300).map(|n| format!("\"m{n}\": 1")).collect();
        inside.add(&path("a"), &format!("{{{}}}", members.join(",")));
        assert_eq!(inside.leaves.len(), MOST_PATHS);
        assert!(inside.is_cut);
    }
}
