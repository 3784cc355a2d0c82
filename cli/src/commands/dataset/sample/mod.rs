//! What sample events look like, field by field.

mod field;
mod fields;
mod inside;
mod notation;
mod odd;
mod records;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use sluice::value::path::{FieldPath, Segment};
use xxhash_rust::xxh3::xxh3_64;

pub(super) use field::Field;
use fields::{Fields, MARK, MOST_LEVELS};
pub(super) use inside::Leaf;
pub(super) use notation::{Notation, Unit};
pub(super) use odd::Odd;
pub(super) use records::Records;

/// Most fields below a field: an object with more of them looks like a table of its own.
const MOST_BELOW: usize = 50;
/// Most columns of a dataset.
const MOST_COLUMNS: usize = 500;

/// The events of a sample.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Lines read.
    pub(super) lines: u64,
    /// Lines that are JSON objects, each of which counts once however often it occurs.
    pub(super) events: u64,
    /// Lines that are not a JSON object.
    pub(super) refused: Refused,
    /// Events that were left out, because they are unlike the others.
    pub(super) odd: Odd,
    /// The fields in the order in which they turned up; until the sample is settled, objects and their members.
    pub(super) fields: Vec<Field>,
    by_path: HashMap<Vec<Segment>, usize>,
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
    /// Takes events in, one a line, but for those that are unlike the others.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let odd = Odd::among(lines.clone());
        let mut sample = Self::default();
        let mut left_out = odd.events.iter().copied().peekable();
        for (number, line) in lines.enumerate() {
            match left_out.next_if_eq(&number) {
                Some(_) => sample.lines += 1,
                None => sample.add(line),
            }
        }
        sample.settle();
        sample.odd = odd;
        sample
    }

    /// Takes a line in; none after [`Self::settle`].
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
        self.add_members(&[], None, fields);
        self.events += 1;
    }

    /// Takes the members of an object in: of several of one name the last counts. One of the event without a name
    /// cannot be a column.
    fn add_members(
        &mut self,
        above: &[Segment],
        parent: Option<usize>,
        members: Vec<(String, &RawValue)>,
    ) {
        let places = members.iter().enumerate();
        let last: HashMap<String, usize> =
            places.map(|(at, (name, _))| (name.clone(), at)).collect();
        for (at, (name, value)) in members.into_iter().enumerate() {
            if last.get(&name) == Some(&at) && !(name.is_empty() && above.is_empty()) {
                let path = [above, &[Segment::Name(name)]].concat();
                self.add_value(path, parent, value);
            }
        }
    }

    fn add_value(&mut self, path: Vec<Segment>, parent: Option<usize>, value: &RawValue) {
        let index = match self.by_path.get(&path) {
            Some(index) => *index,
            None if self.is_full(parent) => return,
            None => self.begin(path.clone(), parent),
        };
        let Some(field) = self.fields.get_mut(index) else {
            return;
        };
        field.add(value.get(), self.events);
        if value.get().starts_with('{')
            && path.len() < MOST_LEVELS
            && let Ok(Fields(members)) = serde_json::from_str(value.get())
        {
            self.add_members(&path, Some(index), members);
        }
    }

    /// Returns whether a field, or one above it, has all the fields below it that it may have, and one more.
    fn is_full(&self, field: Option<usize>) -> bool {
        let mut above = self.and_above(field);
        above.any(|index| {
            let field = self.fields.get(index);
            field.is_some_and(|field| field.below > MOST_BELOW)
        })
    }

    fn begin(&mut self, path: Vec<Segment>, parent: Option<usize>) -> usize {
        let above: Vec<usize> = self.and_above(parent).collect();
        for index in above {
            if let Some(field) = self.fields.get_mut(index) {
                field.below += 1;
            }
        }
        let index = self.fields.len();
        self.by_path.insert(path.clone(), index);
        self.fields.push(Field::at(FieldPath::to(path), parent));
        index
    }

    /// Returns a field and those that it is in.
    fn and_above(&self, field: Option<usize>) -> impl Iterator<Item = usize> {
        let parent = |index: &usize| self.fields.get(*index).and_then(|field| field.parent);
        std::iter::successors(field, parent)
    }

    /// Leaves of the fields those that are columns: of what is always an object its members, unless they are too many;
    /// of anything else the field itself.
    pub(super) fn settle(&mut self) {
        let mut is_opened: Vec<bool> = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let above = field.parent.and_then(|parent| is_opened.get(parent));
            let is_shown = above.copied().unwrap_or(true);
            let is_open = field.is_object() && (1..=MOST_BELOW).contains(&field.below);
            is_opened.push(is_shown && is_open);
        }
        let is_column = |(index, field): (usize, &Field)| {
            let above = field.parent.and_then(|parent| is_opened.get(parent));
            above.copied().unwrap_or(true) && is_opened.get(index) != Some(&true)
        };
        let columns = self.fields.iter().enumerate().map(is_column);
        let mut columns: Vec<bool> = columns.collect();
        if columns.iter().filter(|is_column| **is_column).count() > MOST_COLUMNS {
            let fields = self.fields.iter();
            columns = fields.map(|field| field.parent.is_none()).collect();
        }
        let mut columns = columns.into_iter();
        self.fields.retain(|_| columns.next() == Some(true));
        self.by_path.clear();
    }

    /// Leaves of the fields those that stand beside a field of the messages; none where the message is no object.
    pub(super) fn beside(mut self, field: Option<&str>) -> Self {
        let is_it = |first: Option<&Segment>| match (first, field) {
            (Some(Segment::Name(name)), Some(field)) => name == field,
            _ => true,
        };
        self.fields
            .retain(|other| !is_it(other.path.segments().first()));
        self
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
