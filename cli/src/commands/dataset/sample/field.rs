//! What the values of one field of the events are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Number;
use sluice::value::path::{FieldPath, Segment};
use sluice::value::time::parse_rfc3339;
use xxhash_rust::xxh3::xxh3_64;

use super::inside::Inside;
use super::notation::{Notation, Unit};

/// Most letters of an example.
const EXAMPLE: usize = 60;
/// Most different texts that may be all that a field ever has.
const FEW: usize = 20;
/// So many values there must be for each different one.
const TIMES_EACH: u64 = 10;

/// What the values of a field are.
#[derive(Debug)]
pub(in super::super) struct Field {
    /// The names on the way to it, with dots between them, for people.
    pub(in super::super) name: String,
    /// Where it is in an event.
    pub(in super::super) path: FieldPath,
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
    /// Texts in a notation of time, with an example of each.
    pub(in super::super) times: BTreeMap<Notation, (u64, String)>,
    /// The range of those points in time that silver reads, in microseconds since 1970.
    pub(in super::super) range: Option<(i64, i64)>,
    /// What the numbers are, those in texts among them.
    pub(in super::super) digits: Digits,
    /// Some text has a blank in it or is long: no identity is written so.
    pub(in super::super) is_prose: bool,
    /// Its texts, as long as they are few.
    few: BTreeSet<String>,
    /// The first value.
    pub(in super::super) example: String,
    /// What lies inside of objects and arrays.
    pub(in super::super) inside: Inside,
    /// A hash of the value in each event, 0 where there is none.
    hashes: Vec<u64>,
}

/// What numbers look like as they are written.
#[derive(Debug, Default)]
pub(in super::super) struct Digits {
    count: u64,
    /// Numbers with an exponent.
    pub(in super::super) exponents: u64,
    /// Most digits before the point.
    pub(in super::super) whole: usize,
    /// Fewest and most digits after the point.
    pub(in super::super) fraction: (usize, usize),
    /// The lowest and the highest number.
    pub(in super::super) low: f64,
    pub(in super::super) high: f64,
    /// Each number is larger than the one before, and whether always by one.
    pub(in super::super) grows: bool,
    pub(in super::super) counts_up: bool,
    last: f64,
}

impl Digits {
    fn add(&mut self, text: &str) {
        let digits = text.trim_start_matches('-');
        let (digits, has_exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, _)) => (digits, true),
            None => (digits, false),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        // Every number of JSON is one of Rust's.
        let number: f64 = text.parse().unwrap_or(0.0);
        if self.count == 0 {
            *self = Self {
                fraction: (usize::MAX, 0),
                low: number,
                high: number,
                grows: true,
                counts_up: true,
                ..Self::default()
            };
        } else {
            self.grows &= number > self.last;
            self.counts_up &= (number - self.last - 1.0).abs() < 1e-9;
        }
        self.count += 1;
        self.exponents += u64::from(has_exponent);
        self.whole = self.whole.max(whole.len());
        let (fewest, most) = self.fraction;
        self.fraction = (fewest.min(fraction.len()), most.max(fraction.len()));
        (self.low, self.high) = (self.low.min(number), self.high.max(number));
        self.last = number;
    }
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
    pub(super) fn at(path: FieldPath, parent: Option<usize>) -> Self {
        let names = path.segments().iter().map(|step| match step {
            Segment::Name(name) => name.clone(),
            Segment::Index(index) => index.to_string(),
        });
        Self {
            name: names.collect::<Vec<_>>().join("."),
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
            times: BTreeMap::new(),
            range: None,
            digits: Digits::default(),
            is_prose: false,
            few: BTreeSet::new(),
            example: String::new(),
            inside: Inside::default(),
            hashes: Vec::new(),
        }
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
        self.hashes.resize(event, 0);
        self.hashes.push(xxh3_64(value.as_bytes()).max(1));
        self.present += 1;
        if self.example.is_empty() {
            self.example = value.chars().take(EXAMPLE).collect();
        }
        match value.as_bytes().first() {
            Some(b't' | b'f') => self.bools += 1,
            Some(b'"') => self.add_text(value),
            Some(b'{' | b'[') => {
                self.nested += 1;
                self.objects += u64::from(value.starts_with('{'));
                self.inside.add(self.path.segments(), value);
            }
            _ => {
                self.numbers += 1;
                self.digits.add(value);
            }
        }
    }

    fn add_text(&mut self, value: &str) {
        self.texts += 1;
        // Half a pair of surrogates is not text; it is neither a time nor a number.
        let Ok(text) = serde_json::from_str::<String>(value) else {
            self.is_prose = true;
            return;
        };
        if self.few.len() <= FEW {
            self.few.insert(text.clone());
        }
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
        }
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && text.ends_with(|c: char| c.is_ascii_digit())
            && serde_json::from_str::<Number>(&text).is_ok();
        if is_number {
            self.numeric_texts += 1;
            self.digits.add(&text);
        } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.padded_texts += 1;
        }
    }

    /// Returns the hash of the value in an event, 0 where there is none.
    pub(super) fn hash(&self, event: usize) -> u64 {
        self.hashes.get(event).copied().unwrap_or(0)
    }

    /// Returns how many values are numbers, as such or as text.
    pub(in super::super) fn numerals(&self) -> u64 {
        self.numbers + self.numeric_texts
    }

    /// Returns the unit in which all values would be points in time, if there is one.
    pub(in super::super) fn unit(&self) -> Option<Unit> {
        let is_plain = self.present > 0 && self.numerals() == self.present;
        let is_plain = is_plain && self.digits.exponents == 0;
        is_plain.then(|| Unit::of(self.digits.low, self.digits.high))?
    }

    /// Returns how many values are written in a notation of time.
    pub(in super::super) fn times_of(&self, notation: Notation) -> u64 {
        self.times.get(&notation).map_or(0, |(count, _)| *count)
    }

    /// Returns the texts that a field has, if they are so few, and each so often, that there may be no others.
    pub(in super::super) fn choices(&self) -> Option<&BTreeSet<String>> {
        let few = self.few.len();
        let is_few = (2..=FEW).contains(&few) && !self.is_prose;
        (is_few && few as u64 * TIMES_EACH <= self.texts).then_some(&self.few)
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
