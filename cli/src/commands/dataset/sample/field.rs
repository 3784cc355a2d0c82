//! What the values of one field of the events are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Number;
use sluice::value::path::{FieldPath, Segment};
use sluice::value::time::parse_rfc3339;
use xxhash_rust::xxh3::xxh3_64;

use super::digits::Digits;
use super::inside::Inside;
use super::notation::{Notation, Unit};

/// Most letters of an example.
const EXAMPLE: usize = 60;
/// Most different texts that may be all that a field ever has.
const FEW: usize = 20;
/// So many values there must be for each different one.
const TIMES_EACH: u64 = 10;
/// Most different texts that are kept.
const MOST_TEXTS: usize = 1_000;
/// What producers write where they have no number and no time.
const SPELLINGS: [&str; 20] = [
    "",
    "N/A",
    "n/a",
    "NA",
    "NULL",
    "Null",
    "null",
    "NONE",
    "None",
    "none",
    "NaN",
    "nan",
    "-nan",
    "Infinity",
    "+Infinity",
    "-Infinity",
    "inf",
    "-inf",
    "-",
    "--",
];

/// What a field is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum Source {
    /// The record.
    Record,
    /// Its event, beside the array of the records.
    Event,
    /// The application properties of its event.
    Properties,
    /// The annotations of its event.
    System,
}

/// What the values of a field are.
#[derive(Debug)]
pub(in super::super) struct Field {
    /// The names on the way to it, with dots between them, for people.
    pub(in super::super) name: String,
    /// What it is read from.
    pub(in super::super) source: Source,
    /// Where it is in that: the first of its places.
    pub(in super::super) path: FieldPath,
    /// All of its places, those that count first before the others.
    places: Vec<(u8, FieldPath)>,
    /// The field that it is a member of.
    pub(super) parent: Option<usize>,
    /// How many fields are below it.
    pub(super) below: usize,
    /// Events in which it is there and not null.
    pub(in super::super) present: u64,
    pub(in super::super) bools: u64,
    pub(in super::super) numbers: u64,
    pub(in super::super) texts: u64,
    /// Objects and arrays.
    pub(in super::super) nested: u64,
    /// Objects.
    objects: u64,
    /// Texts that are exactly a number of JSON, which silver takes for that number.
    pub(in super::super) numeric_texts: u64,
    /// Other texts that are digits, such as `007`.
    pub(in super::super) padded_texts: u64,
    /// Texts that are a number with something around it, such as `$ 1,234.56`.
    pub(in super::super) loose_texts: u64,
    /// Texts that stand for no value where the others are numbers or times, with how often each occurs.
    pub(in super::super) spelled: BTreeMap<String, u64>,
    /// Texts in a notation of time, with an example of each.
    pub(in super::super) times: BTreeMap<Notation, (u64, String)>,
    /// The range of those points in time that silver reads, in microseconds since 1970.
    pub(in super::super) range: Option<(i64, i64)>,
    /// What the numbers are, those in texts among them.
    pub(in super::super) digits: Digits,
    /// Some text has a blank in it or is long: no identity is written so.
    pub(in super::super) is_prose: bool,
    /// Its texts by the hash of how they are written, with how often each occurs, as long as they are not too many.
    by_hash: BTreeMap<u64, (String, u64)>,
    /// The first value.
    pub(in super::super) example: String,
    /// What lies inside of objects and arrays.
    pub(in super::super) inside: Inside,
    /// A hash of the value in each event, 0 where there is none.
    hashes: Vec<u64>,
    /// What the value in each event says of a point in time; nothing after the last one that says something.
    moments: Vec<Moment>,
}

/// What a value says of a point in time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Unknown,
    /// In microseconds since 1970.
    Micros(i64),
    /// In a unit that all numbers of the field together tell.
    Number(f64),
}

/// How often the values of a field come back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Repetition {
    /// Different values.
    pub(in super::super) distinct: u64,
    /// The share of the sample between the first and the last event of a value, on average.
    pub(in super::super) spread: f64,
}

impl Field {
    /// Begins a field without values.
    pub(super) fn at(source: Source, name: String, path: FieldPath, parent: Option<usize>) -> Self {
        Self {
            name,
            source,
            places: Vec::new(),
            path,
            parent,
            below: 0,
            present: 0,
            bools: 0,
            numbers: 0,
            texts: 0,
            nested: 0,
            objects: 0,
            numeric_texts: 0,
            padded_texts: 0,
            loose_texts: 0,
            spelled: BTreeMap::new(),
            times: BTreeMap::new(),
            range: None,
            digits: Digits::default(),
            is_prose: false,
            by_hash: BTreeMap::new(),
            example: String::new(),
            inside: Inside::default(),
            hashes: Vec::new(),
            moments: Vec::new(),
        }
    }

    /// Notes a place at which it was found; of those with a lower rank the value counts before that of others.
    pub(super) fn found_at(&mut self, rank: u8, path: &[Segment]) {
        if self
            .places
            .iter()
            .any(|(_, known)| known.segments() == path)
        {
            return;
        }
        let at = self.places.partition_point(|(other, _)| *other <= rank);
        self.places.insert(at, (rank, FieldPath::to(path.to_vec())));
        if let Some((_, first)) = self.places.first() {
            self.path = first.clone();
        }
    }

    /// Returns its places, that which counts first at the beginning.
    pub(in super::super) fn places(&self) -> impl Iterator<Item = &FieldPath> {
        self.places.iter().map(|(_, path)| path)
    }

    /// Returns whether each value is an object.
    pub(super) fn is_object(&self) -> bool {
        self.present > 0 && self.objects == self.present
    }

    /// Takes a value of event number `event` in.
    pub(super) fn add(&mut self, value: &str, event: u64) {
        if value == "null" {
            return;
        }
        let event = usize::try_from(event).unwrap_or(usize::MAX);
        let hash = xxh3_64(value.as_bytes()).max(1);
        self.hashes.resize(event, 0);
        self.hashes.push(hash);
        self.present += 1;
        if self.example.is_empty() {
            self.example = value.chars().take(EXAMPLE).collect();
        }
        match value.as_bytes().first() {
            Some(b't' | b'f') => self.bools += 1,
            Some(b'"') => self.add_text(value, hash),
            Some(b'{' | b'[') => {
                self.nested += 1;
                self.objects += u64::from(value.starts_with('{'));
                self.inside.add(self.path.segments(), value);
            }
            _ => {
                self.numbers += 1;
                self.digits.add(value);
                self.note_moment(Moment::Number(self.digits.last));
            }
        }
    }

    fn add_text(&mut self, value: &str, hash: u64) {
        self.texts += 1;
        // Half a pair of surrogates is not text; it is neither a time nor a number.
        let Ok(text) = serde_json::from_str::<String>(value) else {
            self.is_prose = true;
            return;
        };
        self.keep_text(&text, hash);
        self.is_prose |= text.len() > 64 || text.contains(char::is_whitespace) || text.is_empty();
        if let Some(notation) = Notation::of(&text) {
            let (count, _) = self
                .times
                .entry(notation)
                .or_insert_with(|| (0, text.clone()));
            *count += 1;
        }
        if let Ok(micros) = parse_rfc3339(text.as_bytes()) {
            let (low, high) = self.range.unwrap_or((micros, micros));
            self.range = Some((low.min(micros), high.max(micros)));
            self.note_moment(Moment::Micros(micros));
        }
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && text.ends_with(|c: char| c.is_ascii_digit())
            && serde_json::from_str::<Number>(&text).is_ok();
        if is_number {
            self.numeric_texts += 1;
            self.digits.add(&text);
        } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.padded_texts += 1;
        } else if SPELLINGS.contains(&text.as_str()) {
            *self.spelled.entry(text).or_default() += 1;
        } else if is_loose_number(&text) {
            self.loose_texts += 1;
        }
    }

    fn keep_text(&mut self, text: &str, hash: u64) {
        if let Some((_, count)) = self.by_hash.get_mut(&hash) {
            *count += 1;
        } else if self.by_hash.len() < MOST_TEXTS {
            self.by_hash.insert(hash, (text.to_owned(), 1));
        }
    }

    /// Notes what the last value says of a point in time.
    fn note_moment(&mut self, moment: Moment) {
        let last = self.hashes.len().saturating_sub(1);
        self.moments.resize(last, Moment::Unknown);
        self.moments.push(moment);
    }

    /// Returns how many values there are that do not stand for none.
    pub(in super::super) fn values(&self) -> u64 {
        self.present - self.spelled.values().sum::<u64>()
    }

    /// Returns its texts with how often each occurs: all of them, or some if they are many.
    pub(in super::super) fn texts_seen(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_hash
            .values()
            .map(|(text, count)| (text.as_str(), *count))
    }

    /// Returns the text that an event has, if it is among those that are kept.
    pub(in super::super) fn text(&self, event: usize) -> Option<&str> {
        let (text, _) = self.by_hash.get(&self.hash(event))?;
        Some(text)
    }

    /// Returns the point in time that an event has, in microseconds since 1970, if the values are such.
    pub(in super::super) fn point(&self, event: usize) -> Option<i64> {
        match self.moments.get(event)? {
            Moment::Unknown => None,
            Moment::Micros(micros) => Some(*micros),
            Moment::Number(number) => Some((number / self.unit()?.per_second() * 1e6) as i64),
        }
    }

    /// Returns whether an event has it.
    pub(in super::super) fn is_in(&self, event: usize) -> bool {
        self.hash(event) != 0
    }

    /// Returns the hash of the value in an event, 0 where there is none.
    pub(in super::super) fn hash(&self, event: usize) -> u64 {
        self.hashes.get(event).copied().unwrap_or(0)
    }

    /// Returns how many values are numbers, as such or as text.
    pub(in super::super) fn numerals(&self) -> u64 {
        self.numbers + self.numeric_texts
    }

    /// Returns the unit in which all numbers would be points in time, if there is one.
    pub(in super::super) fn unit(&self) -> Option<Unit> {
        let is_plain = self.values() > 0 && self.numerals() == self.values();
        let is_plain = is_plain && self.digits.exponents == 0;
        is_plain.then(|| Unit::of(self.digits.low, self.digits.high))?
    }

    /// Returns the texts that a field has, if they are so few, and each so often, that there may be no others.
    pub(in super::super) fn choices(&self) -> Option<BTreeSet<&str>> {
        let few: BTreeSet<&str> = self.texts_seen().map(|(text, _)| text).collect();
        let is_few = (2..=FEW).contains(&few.len()) && !self.is_prose;
        (is_few && few.len() as u64 * TIMES_EACH <= self.texts).then_some(few)
    }

    /// Returns how often values come back.
    pub(in super::super) fn repetition(&self) -> Repetition {
        let mut places: HashMap<u64, (usize, usize)> = HashMap::new();
        let values = self.hashes.iter().enumerate();
        for (event, hash) in values.filter(|(_, hash)| **hash != 0) {
            places.entry(*hash).or_insert((event, event)).1 = event;
        }
        let distinct = places.len() as u64;
        let events = self.hashes.len().saturating_sub(1).max(1);
        let spans = places.values().map(|(first, last)| last - first);
        let spans: usize = spans.sum();
        Repetition {
            distinct,
            spread: spans as f64 / events as f64 / (distinct.max(1) as f64),
        }
    }
}

/// Returns whether a text is a number with blanks, a sign, a currency or separators that no number of JSON has.
fn is_loose_number(text: &str) -> bool {
    let core = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_number = core.starts_with(|c: char| c.is_ascii_digit())
        && core
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' '));
    // Versions and addresses have dots, and are no numbers.
    is_number && core.len() <= 24 && (core.contains(',') || core.matches('.').count() <= 1)
}
