//! What all events of a sample have in common beside their fields: the case of names, what is around everything, and
//! envelopes that are known. It tells which places are one field. Pure.
//!
//! - Names that differ in case alone, and are not together in an event, are one.
//! - An object that some events have around what others have without it is looked through; Kafka Connect's `payload`
//!   always is.
//! - In the envelope of a changed row, what identifies the row is also found in `before`, which stays whole otherwise.
//! - The attributes of a CloudEvent are one, whoever wrote the property.

use std::collections::{BTreeSet, HashMap};

use serde_json::value::RawValue;
use sluice::value::path::Segment;

use super::event::Event;
use super::field::Source;
use super::fields::{Fields, MOST_LEVELS, members};

/// What the names of properties begin with that are attributes of a CloudEvent.
const CLOUD_EVENTS: [&str; 5] = ["cloudEvents:", "cloudEvents_", "cloudevents_", "ce_", "ce-"];
/// What an envelope of a changed row has.
const CHANGE: [&str; 3] = ["op", "before", "after"];
/// What an entry of a resource log has, in whichever case.
const RESOURCE_LOG: [&str; 3] = ["time", "resourceid", "category"];
const BEFORE: &str = "before";
const AFTER: &str = "after";
/// What Kafka Connect puts around an event, and beside it.
const CONNECT: (&str, &str) = ("payload", "schema");
/// Most paths of an event that are compared by their case.
const MOST_PATHS: usize = 1_000;

/// What the events have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Shape {
    /// Names are found whatever their case.
    pub(in super::super) ignore_case: bool,
    /// Events are, or are in part, in this member.
    pub(in super::super) wrapper: Option<String>,
    /// Events are changes of rows: `before`, `after` and `op`.
    pub(in super::super) is_change: bool,
    /// Events are entries of Azure's resource logs.
    pub(in super::super) is_resource_log: bool,
}

/// What a place is.
pub(super) enum Means {
    /// Nothing that columns are made of.
    Nothing,
    /// What is around the event.
    Around,
    /// A field.
    Field(Place),
}

/// A place of a field.
pub(super) struct Place {
    /// The same for all places of the field.
    pub(super) key: Vec<Segment>,
    /// The field's name.
    pub(super) name: String,
    /// Values of a lower rank count before others.
    pub(super) rank: u8,
    /// Whether its members are fields.
    pub(super) is_opened: bool,
}

impl Shape {
    /// Looks at events.
    pub(in super::super) fn of(events: &[Event], ignore_case: bool) -> Self {
        let objects = events.iter().filter_map(|event| members(&event.text));
        let objects: Vec<Vec<(String, &RawValue)>> = objects.collect();
        let wrapper = wrapper(&objects);
        let changes = objects.iter().filter(|members| {
            let inside = wrapper.as_ref().and_then(|name| inside(members, name));
            is_change(inside.as_ref().unwrap_or(members))
        });
        let is_change = changes.count() * 2 >= objects.len() && !objects.is_empty();
        let logs = objects.iter().filter(|members| {
            let names: BTreeSet<String> = names(members).iter().map(|n| n.to_lowercase()).collect();
            RESOURCE_LOG.iter().all(|name| names.contains(*name))
        });
        let is_resource_log = logs.count() * 2 >= objects.len() && !objects.is_empty();
        Self {
            ignore_case: ignore_case || differ_in_case(&objects),
            wrapper,
            is_change,
            is_resource_log,
        }
    }

    /// Returns what a place is.
    pub(super) fn place(&self, source: Source, path: &[Segment]) -> Means {
        if source != Source::Record {
            return Means::Field(beside(source, path));
        }
        let is =
            |segment: &Segment, name: &str| matches!(segment, Segment::Name(own) if own == name);
        let wrapper = self.wrapper.as_deref();
        if let (Some(wrapper), [first]) = (wrapper, path) {
            if is(first, wrapper) {
                return Means::Around;
            }
            if wrapper == CONNECT.0 && is(first, CONNECT.1) {
                return Means::Nothing;
            }
        }
        let path = match (wrapper, path) {
            (Some(wrapper), [first, rest @ ..]) if is(first, wrapper) => rest,
            _ => path,
        };
        let mut key: Vec<Segment> = path.to_vec();
        let mut rank = 0;
        let mut is_opened = true;
        if let (true, Some(first)) = (self.is_change, key.first_mut())
            && is(first, BEFORE)
        {
            if path.len() == 1 {
                is_opened = false;
            } else {
                *first = Segment::Name(AFTER.to_owned());
                rank = 1;
            }
        }
        let in_row = self.is_change && key.len() > 1 && key.first().is_some_and(|s| is(s, AFTER));
        let named = key.get(usize::from(in_row)..).unwrap_or_default();
        let name = named.iter().map(text).collect::<Vec<_>>().join(".");
        if self.ignore_case {
            key = key.into_iter().map(lower).collect();
        }
        Means::Field(Place {
            key,
            name,
            rank,
            is_opened,
        })
    }

    /// Returns those members of a row before its change that say which row it is.
    pub(super) fn identities(members: Vec<(String, &RawValue)>) -> Vec<(String, &RawValue)> {
        let is_identity = |name: &str| {
            let lower = name.to_lowercase();
            lower == "id" || lower.ends_with("_id") || name.ends_with("Id") || name.ends_with("ID")
        };
        let members = members.into_iter();
        members.filter(|(name, _)| is_identity(name)).collect()
    }
}

fn text(step: &Segment) -> String {
    match step {
        Segment::Name(name) => name.clone(),
        Segment::Index(index) => index.to_string(),
    }
}

fn lower(step: Segment) -> Segment {
    match step {
        Segment::Name(name) => Segment::Name(name.to_ascii_lowercase()),
        index @ Segment::Index(_) => index,
    }
}

/// A property or an annotation.
fn beside(source: Source, path: &[Segment]) -> Place {
    let full = path.iter().map(text).collect::<Vec<_>>().join(".");
    let prefixes: &[&str] = match source {
        Source::Properties => &CLOUD_EVENTS,
        Source::Record | Source::Event | Source::System => &["iothub-connection-", "x-opt-"],
    };
    let mut short = prefixes
        .iter()
        .filter_map(|prefix| full.strip_prefix(prefix));
    let name = short.next().map_or(full.clone(), str::to_owned);
    let key = match source {
        Source::Properties => vec![Segment::Name(name.clone())],
        Source::Record | Source::Event | Source::System => path.to_vec(),
    };
    Place {
        key,
        name,
        rank: 0,
        is_opened: true,
    }
}

/// Returns the members of a member that is an object.
fn inside<'a>(
    members: &[(String, &'a RawValue)],
    name: &str,
) -> Option<Vec<(String, &'a RawValue)>> {
    let (_, value) = members.iter().rev().find(|(own, _)| own == name)?;
    let Fields(inside) = serde_json::from_str(value.get()).ok()?;
    Some(inside)
}

fn names<'m>(members: &'m [(String, &RawValue)]) -> BTreeSet<&'m str> {
    members.iter().map(|(name, _)| name.as_str()).collect()
}

fn is_change(members: &[(String, &RawValue)]) -> bool {
    let names = names(members);
    CHANGE.iter().all(|name| names.contains(name))
}

/// Finds the member that some events have around what others have without it.
fn wrapper(objects: &[Vec<(String, &RawValue)>]) -> Option<String> {
    let (payload, schema) = CONNECT;
    let is_connect = |members: &[(String, &RawValue)]| {
        let names = names(members);
        names.len() == 2 && names.contains(payload) && names.contains(schema)
    };
    if objects.iter().any(|members| is_connect(members)) {
        return Some(payload.to_owned());
    }
    let mut plain: BTreeSet<&str> = BTreeSet::new();
    for members in objects {
        plain.extend(names(members));
    }
    let mut seen: HashMap<&str, (usize, bool)> = HashMap::new();
    for members in objects {
        let own = names(members);
        for (name, value) in members
            .iter()
            .filter(|(_, value)| value.get().starts_with('{'))
        {
            let Some(inside) = inside(members, name).filter(|_| value.get().len() > 2) else {
                continue;
            };
            let inside = names(&inside);
            let shared = inside.iter().filter(|name| plain.contains(**name)).count();
            let is_double = inside.iter().any(|name| own.contains(name));
            let (fewest, is_clear) = seen.entry(name).or_insert((usize::MAX, true));
            *fewest = (*fewest).min(shared * usize::from(shared * 2 > inside.len()));
            *is_clear &= !is_double;
        }
    }
    let has =
        |members: &Vec<(String, &RawValue)>, name: &str| members.iter().any(|(own, _)| own == name);
    let mut found: Vec<&str> = seen
        .into_iter()
        .filter(|(name, (fewest, is_clear))| {
            *is_clear && *fewest >= 2 && objects.iter().any(|members| !has(members, name))
        })
        .map(|(name, _)| name)
        .collect();
    found.sort_unstable();
    found.first().map(|name| (*name).to_owned())
}

/// Returns whether names differ in case alone: the events have one or the other of them, and hardly ever both.
fn differ_in_case(objects: &[Vec<(String, &RawValue)>]) -> bool {
    let mut spellings: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut together: HashMap<String, usize> = HashMap::new();
    for members in objects {
        let mut paths = Vec::new();
        add_paths("", members, 0, &mut paths);
        let mut own: HashMap<String, usize> = HashMap::new();
        for path in paths {
            let lower = path.to_ascii_lowercase();
            *own.entry(lower.clone()).or_default() += 1;
            spellings.entry(lower).or_default().insert(path);
        }
        for (lower, _) in own.into_iter().filter(|(_, count)| *count > 1) {
            *together.entry(lower).or_default() += 1;
        }
    }
    let several: Vec<String> = spellings
        .into_iter()
        .filter(|(_, spellings)| spellings.len() > 1)
        .map(|(lower, _)| lower)
        .collect();
    let is_apart = |lower: &String| !together.contains_key(lower);
    let is_rare = |lower: &String| together.get(lower).is_none_or(|n| n * 2 <= objects.len());
    several.iter().any(is_apart) && several.iter().all(is_rare)
}

fn add_paths(above: &str, members: &[(String, &RawValue)], level: usize, paths: &mut Vec<String>) {
    let distinct: BTreeSet<&String> = members.iter().map(|(name, _)| name).collect();
    for name in distinct {
        if paths.len() >= MOST_PATHS {
            return;
        }
        let path = format!("{above}{}", Segment::Name(name.clone()));
        if level + 1 < MOST_LEVELS
            && let Some(inside) = inside(members, name)
        {
            add_paths(&path, &inside, level + 1, paths);
        }
        paths.push(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(events: &[&str]) -> Shape {
        let events: Vec<Event> = events
            .iter()
            .map(|text| Event::plain((*text).to_owned()))
            .collect();
        Shape::of(&events, false)
    }

    #[test]
    fn names_in_several_cases_are_one_unless_they_are_together() {
        let is = |events: &[&str]| shape(events).ignore_case;
        assert!(is(&[r#"{"time": 1, "a": {"b": 1}}"#, r#"{"Time": 1}"#]));
        assert!(is(&[r#"{"a": {"b": 1}}"#, r#"{"a": {"B": 1}}"#]));
        assert!(!is(&[
            r#"{"hour": 1, "Hour": 2}"#,
            r#"{"hour": 1, "Hour": 2}"#
        ]));
        assert!(!is(&[r#"{"a": 1, "a": 2}"#, r#"{"b": 1}"#]));
    }

    #[test]
    fn what_some_events_have_around_them_is_looked_through() {
        let plain = r#"{"id": 1, "op": "c", "ts": 1}"#;
        let wrapped = r#"{"payload": {"id": 1, "op": "c", "ts": 1}}"#;
        let connect = r#"{"schema": {}, "payload": {"x": 1}}"#;
        assert_eq!(shape(&[plain, wrapped]).wrapper.as_deref(), Some("payload"));
        assert_eq!(shape(&[connect]).wrapper.as_deref(), Some("payload"));
        assert_eq!(shape(&[plain]).wrapper, None);
        let customer = r#"{"id": 1, "op": 2, "customer": {"id": 7, "op": "x"}}"#;
        assert_eq!(shape(&[customer, plain]).wrapper, None, "both have an id");
    }

    #[test]
    fn a_changed_row_is_known_by_its_envelope() {
        let change = r#"{"before": null, "after": {"id": 1}, "op": "c"}"#;
        assert!(shape(&[change]).is_change);
        let wrapped = format!(r#"{{"schema": null, "payload": {change}}}"#);
        assert!(shape(&[&wrapped]).is_change);
        assert!(!shape(&[r#"{"op": "c", "after": 1}"#, "1"]).is_change);
    }
}
