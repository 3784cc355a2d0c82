//! What sample events look like, field by field.

mod digits;
mod event;
mod field;
mod fields;
mod inside;
mod notation;
mod odd;
mod opening;
mod records;
mod refused;
mod shape;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::value::RawValue;
use sluice::value::path::{FieldPath, Segment};
use xxhash_rust::xxh3::xxh3_64;

pub(super) use event::Event;
pub(super) use field::{Field, Source};
use fields::{Fields, MOST_LEVELS, members, unmarked};
pub(super) use inside::Leaf;
pub(super) use notation::{Notation, Unit};
pub(super) use odd::Odd;
pub(super) use opening::Opening;
pub(super) use records::candidates;
pub(super) use refused::Refused;
pub(super) use shape::Shape;

/// Most fields below a field: an object with more of them looks like a table of its own.
const MOST_BELOW: usize = 50;
/// Most columns of a dataset.
const MOST_COLUMNS: usize = 500;
/// When the hub took an event, as `from_system` has it.
const ENQUEUED_TIME: &str = "enqueued_time";
/// The annotations that say what an event is about; the others say how it came, and hardly anyone wants a column of them.
const TELLING: [&str; 3] = [
    "iothub-connection-device-id",
    "iothub-connection-module-id",
    "x-opt-partition-key",
];

/// The events of a sample.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Events read.
    pub(super) lines: u64,
    /// Those that are JSON objects, each of which counts once however often it occurs.
    pub(super) events: u64,
    /// Those that are the same as one before.
    pub(super) repeated: u64,
    /// Those that are not a JSON object.
    pub(super) refused: Refused,
    /// Events that were left out, because they are unlike the others.
    pub(super) odd: Odd,
    /// The fields in the order in which they turned up; until the sample is settled, objects and their members.
    pub(super) fields: Vec<Field>,
    /// What the events have in common.
    pub(super) shape: Shape,
    /// Of each of its events, the number among those that were read.
    inputs: Vec<usize>,
    /// The annotations that no field was made of.
    pub(super) other_annotations: BTreeSet<String>,
    by_place: HashMap<(Source, Vec<Segment>), usize>,
    seen: HashSet<u64>,
}

/// The values of one event: of each field the one that counts, with its rank, in the order in which the fields turned up.
#[derive(Default)]
struct Values<'a> {
    order: Vec<usize>,
    by_field: HashMap<usize, (u8, &'a str)>,
}

impl<'a> Values<'a> {
    /// Returns the same for the same values.
    fn hash(&self) -> u64 {
        let mut values: Vec<(usize, &str)> = self
            .by_field
            .iter()
            .filter(|(_, (_, value))| *value != "null")
            .map(|(field, (_, value))| (*field, *value))
            .collect();
        values.sort_unstable();
        let mut bytes = Vec::new();
        for (field, value) in values {
            bytes.extend_from_slice(&field.to_le_bytes());
            bytes.extend_from_slice(&value.len().to_le_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        xxh3_64(&bytes)
    }

    /// Takes a value of a field. Of several the one with the lowest rank counts that is not null, and of those the last.
    fn add(&mut self, field: usize, rank: u8, value: &'a str) {
        match self.by_field.get_mut(&field) {
            None => {
                self.order.push(field);
                self.by_field.insert(field, (rank, value));
            }
            Some(known) if known.1 == "null" || (rank <= known.0 && value != "null") => {
                *known = (rank, value);
            }
            Some(known) if rank == known.0 => *known = (rank, value),
            Some(_) => {}
        }
    }
}

impl Sample {
    /// Takes events in, but for those that are unlike the others.
    pub(super) fn of(events: &[Event], shape: Shape) -> Self {
        let odd = Odd::among(events.iter().map(|event| &event.text[..]));
        let mut sample = Self {
            shape,
            ..Self::default()
        };
        let mut left_out = odd.events.iter().copied().peekable();
        for (number, event) in events.iter().enumerate() {
            match left_out.next_if_eq(&number) {
                Some(_) => sample.lines += 1,
                None if sample.add(event) => sample.inputs.push(number),
                None => {}
            }
        }
        sample.settle();
        sample.odd = odd;
        sample
    }

    /// Returns the number that an event of the sample has among those that were read.
    pub(super) fn input(&self, event: usize) -> Option<usize> {
        self.inputs.get(event).copied()
    }

    /// Says of a part of a sample what was left out of the whole.
    pub(super) fn beside(self, whole: Self) -> Self {
        let mut odd = whole.odd;
        odd.events.extend(self.odd.events);
        odd.why.extend(self.odd.why);
        Self {
            lines: whole.lines,
            repeated: whole.repeated,
            refused: whole.refused,
            odd,
            ..self
        }
    }

    /// Takes an event in, and returns whether it is an object and new; none after [`Self::settle`].
    pub(super) fn add(&mut self, event: &Event) -> bool {
        self.lines += 1;
        let Some(fields) = members(&event.text) else {
            self.refused.add(unmarked(&event.text));
            return false;
        };
        let mut values = Values::default();
        self.add_members(Source::Record, &[], None, fields, &mut values);
        let properties = event.beside.properties();
        self.add_members(Source::Properties, &[], None, properties, &mut values);
        let (telling, others) = event
            .beside
            .system()
            .into_iter()
            .partition(|(name, _)| TELLING.contains(&name.as_str()));
        self.add_members(Source::System, &[], None, telling, &mut values);
        let others: Vec<(String, &RawValue)> = others;
        let others = others.into_iter().map(|(name, _)| name);
        self.other_annotations.extend(others);
        // What was sent again may come another way: it is the values that count.
        if !self.seen.insert(values.hash()) {
            self.repeated += 1;
            return false;
        }
        for index in values.order {
            if let (Some(field), Some((_, value))) =
                (self.fields.get_mut(index), values.by_field.get(&index))
            {
                field.add(value, self.events);
            }
        }
        self.events += 1;
        true
    }

    /// Takes the members of an object in: of several of one name the last counts. One of the event without a name
    /// cannot be a column.
    fn add_members<'a>(
        &mut self,
        source: Source,
        above: &[Segment],
        parent: Option<usize>,
        members: Vec<(String, &'a RawValue)>,
        values: &mut Values<'a>,
    ) {
        let places = members.iter().enumerate();
        let last: HashMap<String, usize> =
            places.map(|(at, (name, _))| (name.clone(), at)).collect();
        for (at, (name, value)) in members.into_iter().enumerate() {
            if last.get(&name) == Some(&at) && !(name.is_empty() && above.is_empty()) {
                let path = [above, &[Segment::Name(name)]].concat();
                self.add_value(source, path, parent, value, values);
            }
        }
    }

    fn add_value<'a>(
        &mut self,
        source: Source,
        path: Vec<Segment>,
        parent: Option<usize>,
        value: &'a RawValue,
        values: &mut Values<'a>,
    ) {
        let members = || match source == Source::Record && path.len() < MOST_LEVELS {
            true => serde_json::from_str::<Fields<'_>>(value.get()).ok(),
            false => None,
        };
        let place = match self.shape.place(source, &path) {
            shape::Means::Nothing => return,
            shape::Means::Around => {
                if let Some(Fields(members)) = members() {
                    self.add_members(source, &path, parent, members, values);
                }
                return;
            }
            shape::Means::Field(place) => place,
        };
        let index = match self.by_place.get(&(source, place.key.clone())) {
            Some(index) => *index,
            None if self.is_full(parent) => return,
            None => self.begin(source, &place, path.clone(), parent),
        };
        let Some(field) = self.fields.get_mut(index) else {
            return;
        };
        let exact = u8::from(field.path.segments().last() != path.last());
        let rank = place.rank * 2 + exact;
        field.found_at(rank, &path);
        values.add(index, rank, value.get());
        let (above, is_opened) = (Some(index), place.is_opened);
        if value.get().starts_with('{')
            && let Some(Fields(members)) = members()
        {
            let members = match is_opened {
                true => members,
                false => Shape::identities(members),
            };
            self.add_members(source, &path, above.filter(|_| is_opened), members, values);
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

    fn begin(
        &mut self,
        source: Source,
        place: &shape::Place,
        path: Vec<Segment>,
        parent: Option<usize>,
    ) -> usize {
        let above: Vec<usize> = self.and_above(parent).collect();
        for index in above {
            if let Some(field) = self.fields.get_mut(index) {
                field.below += 1;
            }
        }
        let index = self.fields.len();
        self.by_place.insert((source, place.key.clone()), index);
        let path = FieldPath::to(path);
        let field = Field::at(source, place.name.clone(), path, parent);
        self.fields.push(field);
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
        self.by_place.clear();
    }

    /// Returns the fields of messages that stand beside the array of their records.
    pub(super) fn outside(self, records: &FieldPath) -> Vec<Field> {
        let leads_through = |path: &FieldPath| {
            let pairs = path.segments().iter().zip(records.segments());
            pairs.into_iter().all(|pair| match pair {
                (Segment::Name(own), Segment::Name(other)) => own.eq_ignore_ascii_case(other),
                (own, other) => own == other,
            })
        };
        let fields = self.fields.into_iter();
        fields
            .filter(|field| field.source == Source::Record && !field.places().any(leads_through))
            .map(|mut field| {
                field.source = Source::Event;
                field
            })
            .collect()
    }

    /// Counts the different values that events have in these fields together.
    pub(super) fn distinct(&self, fields: &[usize]) -> u64 {
        let keys = (0..self.count()).map(|event| self.hash(fields, event));
        keys.collect::<HashSet<_>>().len() as u64
    }

    /// Hashes the values that an event has in these fields.
    pub(super) fn hash(&self, fields: &[usize], event: usize) -> u64 {
        let fields = fields.iter().filter_map(|index| self.fields.get(*index));
        let hashes = fields.map(|field| field.hash(event).to_le_bytes());
        xxh3_64(&hashes.collect::<Vec<_>>().concat())
    }

    /// Returns how many events it has, for their numbers.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.events).unwrap_or(usize::MAX)
    }

    /// Returns the number of the field at a place.
    pub(super) fn index_of(&self, source: Source, path: &FieldPath) -> Option<usize> {
        let is_it = |field: &Field| field.source == source && field.path == *path;
        self.fields.iter().position(is_it)
    }

    /// Adds a field for when the hub took an event, which no sample says, and returns its number.
    pub(super) fn add_enqueued_time(&mut self) -> usize {
        let path = FieldPath::to(vec![Segment::Name(ENQUEUED_TIME.to_owned())]);
        let mut field = Field::at(Source::System, "enqueued_at".to_owned(), path.clone(), None);
        field.found_at(0, path.segments());
        self.fields.push(field);
        self.fields.len() - 1
    }
}
