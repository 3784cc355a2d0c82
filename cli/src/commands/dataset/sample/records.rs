//! Arrays of objects in messages: what may be the events. Pure.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sluice::value::path::{FieldPath, Segment};

use super::fields::{Fields, unmarked};

/// Most levels above an array.
const MOST_LEVELS: usize = 4;

/// A place of arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Candidate {
    pub(in super::super) path: FieldPath,
    /// Messages that have an array there, those that are empty among them.
    pub(in super::super) messages: usize,
    /// Objects in all of them.
    pub(in super::super) objects: usize,
    /// The names on the way to it are written in several cases.
    pub(in super::super) ignores_case: bool,
}

/// Finds where at least half of the messages have arrays, mostly of objects, those in most messages first.
pub(in super::super) fn candidates<'a>(messages: impl Iterator<Item = &'a [u8]>) -> Vec<Candidate> {
    let mut found: BTreeMap<String, Candidate> = BTreeMap::new();
    let mut all = 0;
    for message in messages {
        all += 1;
        if let Ok(value) = serde_json::from_slice::<&RawValue>(unmarked(message)) {
            look(value, &[], &mut found);
        }
    }
    let mut found: Vec<Candidate> = found
        .into_values()
        .filter(|candidate| candidate.objects > 0 && candidate.messages * 2 >= all)
        .collect();
    // Those of equally many messages stay in order.
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.messages));
    found
}

fn look(value: &RawValue, path: &[Segment], found: &mut BTreeMap<String, Candidate>) {
    let text = value.get();
    if text.starts_with('[') {
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(text) else {
            return;
        };
        let objects = elements.iter().filter(|e| e.get().starts_with('{')).count();
        if objects * 2 >= elements.len() {
            note(path, objects, found);
        }
    } else if path.len() < MOST_LEVELS
        && let Ok(Fields(members)) = serde_json::from_str(text)
    {
        for (name, value) in members {
            look(value, &[path, &[Segment::Name(name)]].concat(), found);
        }
    }
}

fn note(path: &[Segment], objects: usize, found: &mut BTreeMap<String, Candidate>) {
    let text: String = path.iter().map(ToString::to_string).collect();
    let candidate = found
        .entry(text.to_ascii_lowercase())
        .or_insert_with(|| Candidate {
            // As a person writes it.
            path: FieldPath::parse(&format!("${text}"))
                .unwrap_or_else(|_| FieldPath::to(path.to_vec())),
            messages: 0,
            objects: 0,
            ignores_case: false,
        });
    candidate.ignores_case |= candidate.path.segments() != path;
    candidate.messages += 1;
    candidate.objects += objects;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(messages: &[&str]) -> Vec<(String, usize, bool)> {
        let found = candidates(messages.iter().map(|message| message.as_bytes()));
        let path = |candidate: &Candidate| -> String {
            let steps = candidate.path.segments().iter();
            steps.map(ToString::to_string).collect()
        };
        let found = found.iter();
        found
            .map(|candidate| (path(candidate), candidate.objects, candidate.ignores_case))
            .collect()
    }

    #[test]
    fn arrays_are_found_at_any_level_whatever_the_case() {
        for (messages, path, objects, ignores_case) in [
            (vec![r#"[{"a": 1}, {"a": 2}]"#], "", 2, false),
            (
                vec![r#"{"n": 2, "records": [{"a": 1}]}"#],
                ".records",
                1,
                false,
            ),
            (
                vec![r#"{"d": {"my list": [{"a": 1}]}}"#],
                ".d['my list']",
                1,
                false,
            ),
            (
                vec![
                    r#"{"records": [{"a": 1}]}"#,
                    r#"{"RECORDS": [{"a": 1}, 2]}"#,
                ],
                ".records",
                2,
                true,
            ),
            (
                vec![r#"{"records": [{"a": 1}]}"#, r#"{"records": []}"#, "broken"],
                ".records",
                1,
                false,
            ),
        ] {
            let expected = vec![(path.to_owned(), objects, ignores_case)];
            assert_eq!(of(&messages), expected, "{messages:?}");
        }
    }

    #[test]
    fn other_messages_hold_none() {
        for message in [r#"{"a": 1}"#, "[]", "[1, 2]", r#"{"a": [1]}"#, "x", "["] {
            assert_eq!(of(&[message]), [], "{message}");
        }
        let rare = [r#"{"r": [{"a": 1}]}"#, r#"{"a": 1}"#, r#"{"a": 1}"#];
        assert_eq!(of(&rare), [], "one in three");
    }
}
