//! What sample events look like, field by field.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sluice::value::time::{parse_date, parse_rfc3339};
use xxhash_rust::xxh3::xxh3_64;

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
    pub(super) broken: u64,
    /// The fields in the order in which they turned up.
    pub(super) fields: Vec<Field>,
    by_name: HashMap<String, usize>,
    seen: HashSet<u64>,
}

/// What the values of a field are.
#[derive(Debug, Default)]
pub(super) struct Field {
    pub(super) name: String,
    /// Events in which it is there and not null.
    pub(super) present: u64,
    pub(super) bools: u64,
    /// Numbers.
    pub(super) numbers: u64,
    /// Numbers with an exponent.
    pub(super) exponents: u64,
    /// Most digits before and after the point.
    pub(super) integer_digits: usize,
    pub(super) fraction_digits: usize,
    /// The range of the numbers.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) texts: u64,
    /// Texts that are points in time, days and numbers.
    pub(super) rfc3339: u64,
    pub(super) dates: u64,
    pub(super) numeric_texts: u64,
    /// Objects and lists.
    pub(super) nested: u64,
    /// The first value.
    pub(super) example: String,
    /// The range of points in time, in microseconds since 1970.
    pub(super) times: Option<(i64, i64)>,
    /// A hash of the value in each event, 0 where there is none.
    pub(super) hashes: Vec<u64>,
}

impl Sample {
    /// Takes a line in.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        let Ok(Fields(fields)) = serde_json::from_slice::<Fields<'_>>(line) else {
            self.broken += 1;
            return;
        };
        if !self.seen.insert(xxh3_64(line)) {
            return;
        }
        // A field without a name cannot be a column.
        for (name, value) in fields.into_iter().filter(|(name, _)| !name.is_empty()) {
            let next = self.fields.len();
            let index = *self.by_name.entry(name.clone()).or_insert(next);
            if index == next {
                self.fields.push(Field {
                    name,
                    ..Field::default()
                });
            }
            if let Some(field) = self.fields.get_mut(index) {
                field.add(value.get(), self.events);
            }
        }
        self.events += 1;
    }

    /// Counts the events whose values of these fields no other event has.
    pub(super) fn distinct(&self, fields: &[usize]) -> u64 {
        let mut keys = HashSet::new();
        for event in 0..usize::try_from(self.events).unwrap_or(0) {
            let mut key = Vec::with_capacity(fields.len() * 8);
            for index in fields {
                let hash = self
                    .fields
                    .get(*index)
                    .and_then(|field| field.hashes.get(event));
                key.extend_from_slice(&hash.copied().unwrap_or(0).to_le_bytes());
            }
            keys.insert(xxh3_64(&key));
        }
        keys.len() as u64
    }
}

impl Field {
    /// Takes a value of event number `event` in.
    fn add(&mut self, value: &str, event: u64) {
        if value == "null" {
            return;
        }
        // Where an object has a field twice, the last one counts.
        let event = usize::try_from(event).unwrap_or(usize::MAX);
        self.hashes.resize(event, 0);
        self.hashes.push(xxh3_64(value.as_bytes()).max(1));
        self.present += 1;
        if self.example.is_empty() {
            self.example = value.chars().take(60).collect();
        }
        match value.as_bytes().first() {
            Some(b't' | b'f') => self.bools += 1,
            Some(b'"') => self.add_text(value),
            Some(b'{' | b'[') => self.nested += 1,
            _ => self.add_number(value),
        }
    }

    fn add_number(&mut self, value: &str) {
        self.numbers += 1;
        let digits = value.trim_start_matches('-');
        let (digits, has_exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, _)) => (digits, true),
            None => (digits, false),
        };
        self.exponents += u64::from(has_exponent);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        self.integer_digits = self.integer_digits.max(whole.len());
        self.fraction_digits = self
            .fraction_digits
            .max(fraction.trim_end_matches('0').len());
        // Every number of JSON is one of Rust's.
        let number: f64 = value.parse().unwrap_or(0.0);
        if self.numbers == 1 {
            (self.low, self.high) = (number, number);
        }
        self.low = self.low.min(number);
        self.high = self.high.max(number);
    }

    fn add_text(&mut self, value: &str) {
        self.texts += 1;
        // Half a pair of surrogates is not text; it is neither a time nor a day nor a number.
        let text: String = serde_json::from_str(value).unwrap_or_default();
        if let Ok(micros) = parse_rfc3339(text.as_bytes()) {
            self.rfc3339 += 1;
            let (low, high) = self.times.unwrap_or((micros, micros));
            self.times = Some((low.min(micros), high.max(micros)));
        }
        self.dates += u64::from(parse_date(text.as_bytes()).is_ok());
        self.numeric_texts += u64::from(text.parse::<f64>().is_ok());
    }
}
