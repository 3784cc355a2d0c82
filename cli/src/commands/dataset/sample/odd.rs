//! Events that are unlike the others: a broken one in a hundred must not decide what the others are. Pure.
//!
//! Of each field the kind of value is looked for that nearly all events have. An event with another kind, or without the
//! field, is odd.

use std::collections::{BTreeMap, HashMap};

use serde_json::Number;
use serde_json::value::RawValue;
use sluice::value::path::Segment;

use super::fields::{Fields, MOST_LEVELS, members};
use super::notation::Notation;

/// An event is odd in a field if it is one of at most this share of the events.
const ODD: u64 = 50;
/// If more than this share of all events is odd, their variety is no accident, and none is.
const TOO_MANY: usize = 10;
/// Most fields that are looked at; an event with more is a table.
const MOST_FIELDS: usize = 1_000;
/// Most letters of an example.
const EXAMPLE: usize = 40;

/// The odd events of a sample.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Odd {
    /// Their numbers among the lines.
    pub(in super::super) events: Vec<usize>,
    /// What is odd, for people: a text for each field and kind.
    pub(in super::super) why: Vec<String>,
}

/// A kind of value, as far as it tells broken ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Absent,
    Null,
    Bool,
    Whole,
    Fraction,
    NumericText,
    Time(Notation),
    Text,
    Object,
    Array,
}

impl Kind {
    fn of(value: &str) -> Self {
        match value.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool,
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::of_text(value),
            _ if value.contains(['.', 'e', 'E']) => Self::Fraction,
            _ => Self::Whole,
        }
    }

    fn of_text(value: &str) -> Self {
        let Ok(text) = serde_json::from_str::<String>(value) else {
            return Self::Text;
        };
        match Notation::of(&text) {
            Some(notation) => Self::Time(notation),
            None if serde_json::from_str::<Number>(&text).is_ok() => Self::NumericText,
            None => Self::Text,
        }
    }

    /// Returns whether a field of this kind may have values of another.
    fn takes(self, other: Self) -> bool {
        match (self, other) {
            (one, other) if one == other => true,
            // A field that is mostly absent has what it has, and null says that nothing is wrong.
            (Self::Absent | Self::Null, _) | (_, Self::Null) => true,
            (Self::Fraction | Self::NumericText, Self::Whole | Self::NumericText) => true,
            (Self::NumericText, Self::Fraction) | (Self::Whole, Self::NumericText) => true,
            (Self::Text, Self::Time(_) | Self::NumericText) => true,
            _ => false,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Whole => "a whole number",
            Self::Fraction => "a number with a fraction",
            Self::NumericText => "a number as text",
            Self::Time(_) => "a time",
            Self::Text => "text",
            Self::Object => "an object",
            Self::Array => "an array",
        }
    }
}

/// The number of a field, and its kind and value in an event.
type Found<'a> = (usize, Kind, &'a str);

/// What the events have in their fields.
#[derive(Debug, Default)]
struct Census<'a> {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    /// Of each event: its line, and its fields with kind and value.
    events: Vec<(usize, Vec<Found<'a>>)>,
}

impl<'a> Census<'a> {
    fn add(&mut self, line: usize, event: &'a [u8]) {
        let Some(fields) = members(event) else {
            return;
        };
        let mut found = Vec::with_capacity(fields.len());
        self.add_members("", fields, 0, &mut found);
        self.events.push((line, found));
    }

    fn add_members(
        &mut self,
        above: &str,
        members: Vec<(String, &'a RawValue)>,
        level: usize,
        found: &mut Vec<Found<'a>>,
    ) {
        for (name, value) in members {
            let step = Segment::Name(name).to_string();
            let path = format!("{above}{step}");
            let kind = Kind::of(value.get());
            let Some(number) = self.number(&path) else {
                return;
            };
            found.push((number, kind, value.get()));
            if kind == Kind::Object
                && level + 1 < MOST_LEVELS
                && let Ok(Fields(members)) = serde_json::from_str(value.get())
            {
                self.add_members(&path, members, level + 1, found);
            }
        }
    }

    fn number(&mut self, path: &str) -> Option<usize> {
        if let Some(number) = self.numbers.get(path) {
            return Some(*number);
        }
        let number = self.names.len();
        (number < MOST_FIELDS).then(|| {
            self.numbers.insert(path.to_owned(), number);
            self.names.push(path.trim_start_matches('.').to_owned());
            number
        })
    }

    /// Returns of each field the kind that nearly all events have, if there is one.
    fn usual(&self) -> Vec<Option<Kind>> {
        let mut counts: Vec<BTreeMap<Kind, u64>> = vec![BTreeMap::new(); self.names.len()];
        for (_, fields) in &self.events {
            for (number, kind, _) in fields {
                if let Some(counts) = counts.get_mut(*number) {
                    *counts.entry(*kind).or_default() += 1;
                }
            }
        }
        let events = self.events.len() as u64;
        let counts = counts.into_iter();
        let usual = counts.map(|counts| {
            let (kind, _) = counts.iter().max_by_key(|(_, count)| **count)?;
            let taken = counts.iter().filter(|(other, _)| kind.takes(**other));
            let taken: u64 = taken.map(|(_, count)| count).sum();
            let odd = events.saturating_sub(taken);
            let says = !matches!(kind, Kind::Absent | Kind::Null);
            (says && odd > 0 && odd * ODD <= events).then_some(*kind)
        });
        usual.collect()
    }
}

impl Odd {
    /// Finds the odd ones among events, one a line. What is no JSON object is none of them.
    pub(in super::super) fn among<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut census = Census::default();
        for (line, event) in lines.enumerate() {
            census.add(line, event);
        }
        let usual = census.usual();
        let mut odd = Self::default();
        let mut why: BTreeMap<(usize, Kind), (u64, &str)> = BTreeMap::new();
        for (line, fields) in &census.events {
            let mut kinds: BTreeMap<usize, (Kind, &str)> = BTreeMap::new();
            for (number, kind, value) in fields {
                kinds.insert(*number, (*kind, value));
            }
            let mut is_odd = false;
            for (number, usual) in usual.iter().enumerate() {
                let Some(usual) = usual else { continue };
                let (kind, value) = kinds.get(&number).copied().unwrap_or((Kind::Absent, ""));
                if !usual.takes(kind) {
                    is_odd = true;
                    why.entry((number, kind)).or_insert((0, value)).0 += 1;
                }
            }
            if is_odd {
                odd.events.push(*line);
            }
        }
        if odd.events.len() * TOO_MANY > census.events.len() {
            return Self::default();
        }
        odd.why = why
            .into_iter()
            .map(|((number, kind), (count, example))| {
                let name = census.names.get(number).map_or("", String::as_str);
                let example: String = example.chars().take(EXAMPLE).collect();
                let example = match kind {
                    Kind::Absent => String::new(),
                    _ => format!(", such as {example}"),
                };
                format!("{name} is {} in {count}{example}", kind.describe())
            })
            .collect();
        odd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(lines: &[String]) -> Odd {
        Odd::among(lines.iter().map(String::as_bytes))
    }

    fn events(count: usize) -> Vec<String> {
        let event = |n| {
            format!(
                r#"{{"id": {n}, "v": {}.5, "m": {{"at": "2026-01-01T00:00:00Z"}}}}"#,
                n % 7
            )
        };
        (0..count).map(event).collect()
    }

    #[test]
    fn one_broken_event_in_fifty_is_odd() {
        let mut lines = events(100);
        lines[3] = lines[3].replace("\"id\": 3", "\"id\": 3.5");
        lines[70] = lines[70].replace("2026-01-01T00:00:00Z", "soon");
        let odd = among(&lines);
        assert_eq!(odd.events, [3, 70]);
        assert_eq!(
            odd.why,
            [
                "id is a number with a fraction in 1, such as 3.5",
                "m.at is text in 1, such as \"soon\"",
            ]
        );
        lines[71] = lines[71].replace("2026-01-01T00:00:00Z", "later");
        lines[72] = lines[72].replace("2026-01-01T00:00:00Z", "later");
        assert_eq!(
            among(&lines).events,
            [3],
            "three of a hundred are a variety"
        );
    }

    #[test]
    fn what_a_kind_takes_is_not_odd() {
        let mut lines = events(100);
        lines[3] = lines[3].replace("3.5", "3");
        lines[4] = lines[4].replace("4.5", "\"4.5\"");
        lines[5] = "no object".to_owned();
        lines[6] = lines[6].replace("6.5", "null");
        assert_eq!(among(&lines), Odd::default());
        let rare: Vec<String> = (0..100)
            .map(|n| match n {
                7 => r#"{"id": 7, "note": "x"}"#.to_owned(),
                n => format!(r#"{{"id": {n}}}"#),
            })
            .collect();
        assert_eq!(among(&rare), Odd::default(), "a field that few have");
    }

    #[test]
    fn few_events_are_never_odd_and_many_are_a_variety() {
        let mut lines = events(49);
        lines[3] = lines[3].replace("\"id\": 3", "\"id\": \"x\"");
        assert_eq!(among(&lines), Odd::default());

        // Each field is odd in two of a hundred, and six fields together in twelve.
        let lines: Vec<String> = (0..100)
            .map(|n| {
                let value = |field: usize| match n / 2 == field {
                    true => "\"x\"",
                    false => "1",
                };
                let fields = (0..6).map(|field| format!("\"f{field}\": {}", value(field)));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            })
            .collect();
        assert_eq!(among(&lines), Odd::default());
    }

    #[test]
    fn an_event_without_what_nearly_all_have_is_odd() {
        let mut lines = events(100);
        lines[9] = "{\"v\": 1.5}".to_owned();
        let odd = among(&lines);
        assert_eq!(odd.events, [9]);
        assert_eq!(odd.why[0], "id is absent in 1");
    }
}
