//! Typed access to the keys of a TOML table that reports what does not fit.

mod json_schema;
pub(super) mod keys;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Sink};
use crate::wording::{nearest, quoted};
pub use json_schema::json_schema;
use keys::Table;

/// A value and its place in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    /// The byte offset of the key or element.
    pub(super) at: usize,
}

/// The keys of one table.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    sink: &'a Sink<'a>,
    table: &'a DeTable<'a>,
    /// The table's place.
    at: usize,
    /// What the table is called in messages; empty for the file itself.
    path: String,
}

impl<'a> Keys<'a> {
    /// Opens a table and reports keys that it may not have.
    pub(super) fn new(
        sink: &'a Sink<'a>,
        table: Located<&'a DeTable<'a>>,
        path: String,
        allowed: &Table,
    ) -> Self {
        let allowed = allowed.names();
        let keys = Self {
            sink,
            table: table.value,
            at: table.at,
            path,
        };
        for key in keys.table.keys() {
            let name = key.get_ref().as_ref();
            if !allowed.contains(&name) {
                let message = match nearest(name, &allowed) {
                    Some(near) => format!("unknown key; did you mean {near}?"),
                    None => format!("unknown key; allowed are {}", allowed.join(", ")),
                };
                keys.report(name, key.span().start, message);
            }
        }
        keys
    }

    /// Reports a problem with `key`; an empty `key` stands for the table.
    pub(super) fn report(&self, key: &str, at: usize, message: impl Into<String>) {
        self.report_in(key, at, message, None);
    }

    /// As [`Self::report`], with the place in the value.
    pub(super) fn report_in(
        &self,
        key: &str,
        at: usize,
        message: impl Into<String>,
        place: Option<Place>,
    ) {
        let key = match (self.path.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{key}", self.path),
        };
        self.sink.report_in(at, key, message.into(), place);
    }

    /// Returns the table's place.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns a key's value, whatever its type.
    pub(super) fn value(&self, key: &str) -> Option<Located<&'a DeValue<'a>>> {
        let (name, value) = self.table.get_key_value(key)?;
        Some(Located {
            value: value.get_ref(),
            at: name.span().start,
        })
    }

    /// Returns the place of a key, or of the table that lacks it.
    pub(super) fn at_value(&self, key: &str) -> usize {
        self.value(key).map_or(self.at, |value| value.at)
    }

    /// Returns the elements of a list, of whatever types; what is no list has none.
    pub(super) fn elements(&self, key: &str) -> Vec<Located<&'a DeValue<'a>>> {
        let list = self.value(key).and_then(|value| value.value.as_array());
        list.into_iter().flatten().map(located).collect()
    }

    fn mismatch(&self, key: &str, value: Located<&DeValue<'_>>, wanted: &str) {
        let found = value.value.type_str();
        self.report(
            key,
            value.at,
            format!("must be {wanted}, not {} {found}", article(found)),
        );
    }

    /// Returns a string.
    pub(super) fn string(&self, key: &str) -> Option<Located<&'a str>> {
        let value = self.value(key)?;
        let text = value.value.as_str();
        if text.is_none() {
            self.mismatch(key, value, "a string");
        }
        text.map(|text| Located {
            value: text,
            at: value.at,
        })
    }

    /// Returns a string, and reports its absence.
    pub(super) fn required_string(&self, key: &str, allowed: &str) -> Option<Located<&'a str>> {
        self.check_present(key, allowed);
        self.string(key)
    }

    fn check_present(&self, key: &str, allowed: &str) {
        if !self.table.contains_key(key) {
            self.report(key, self.at, format!("missing; it is {allowed}"));
        }
    }

    /// Returns what `parse` makes of a string, and reports text that it refuses.
    pub(super) fn parsed<T>(
        &self,
        key: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.string(key)?;
        let parsed = parse(text.value);
        if parsed.is_none() {
            let message = format!("{} is not {allowed}", quoted(text.value));
            self.report(key, text.at, message);
        }
        parsed
    }

    /// Returns a Boolean.
    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        let boolean = value.value.as_bool();
        if boolean.is_none() {
            self.mismatch(key, value, "true or false");
        }
        boolean
    }

    /// Returns a whole number from 1.
    pub(super) fn positive(&self, key: &str) -> Option<u32> {
        let value = self.value(key)?;
        let Some(integer) = value.value.as_integer() else {
            self.mismatch(key, value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| *number >= 1);
        if number.is_none() {
            let message = format!("{integer} is not a whole number from 1 to {}", u32::MAX);
            self.report(key, value.at, message);
        }
        number
    }

    /// Returns a whole number from 1, and reports its absence.
    pub(super) fn required_positive(&self, key: &str, allowed: &str) -> Option<u32> {
        self.check_present(key, allowed);
        self.positive(key)
    }

    /// Returns a list of strings; elements of another type are reported and left out.
    pub(super) fn strings(&self, key: &str) -> Option<Vec<Located<&'a str>>> {
        let value = self.value(key)?;
        let Some(elements) = value.value.as_array() else {
            self.mismatch(key, value, "a list of strings, such as [\"a\", \"b\"]");
            return None;
        };
        let mut strings = Vec::new();
        for element in elements {
            let located = located(element);
            match located.value.as_str() {
                Some(text) => strings.push(Located {
                    value: text,
                    at: located.at,
                }),
                None => self.mismatch(key, located, "a list of strings"),
            }
        }
        Some(strings)
    }

    /// Returns a list of strings, and reports its absence.
    pub(super) fn required_strings(
        &self,
        key: &str,
        allowed: &str,
    ) -> Option<Vec<Located<&'a str>>> {
        self.check_present(key, allowed);
        self.strings(key)
    }

    /// Returns a table.
    pub(super) fn table(&self, key: &str) -> Option<Located<&'a DeTable<'a>>> {
        let value = self.value(key)?;
        let table = value.value.as_table();
        if table.is_none() {
            self.mismatch(key, value, &format!("a table: it starts with [{key}]"));
        }
        table.map(|table| Located {
            value: table,
            at: value.at,
        })
    }

    /// Returns an array of tables; an absent one is empty.
    pub(super) fn tables(&self, key: &str) -> Vec<Located<&'a DeTable<'a>>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let name = match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        let wanted = format!("an array of tables: each starts with [[{name}]]");
        let Some(elements) = value.value.as_array() else {
            self.mismatch(key, value, &wanted);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in elements {
            let located = located(element);
            match located.value.as_table() {
                Some(table) => tables.push(Located {
                    value: table,
                    at: located.at,
                }),
                None => self.mismatch(key, located, &wanted),
            }
        }
        tables
    }

    /// Returns the entries of a table in the file's order, and reports its absence.
    pub(super) fn required_entries(
        &self,
        key: &str,
        allowed: &str,
    ) -> Vec<(&'a str, Located<&'a DeValue<'a>>)> {
        self.check_present(key, allowed);
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(table) = value.value.as_table() else {
            self.mismatch(key, value, allowed);
            return Vec::new();
        };
        let mut entries: Vec<_> = table
            .iter()
            .map(|(name, value)| {
                let at = name.span().start;
                let value = value.get_ref();
                (name.get_ref().as_ref(), Located { value, at })
            })
            .collect();
        entries.sort_by_key(|(_, value)| value.at);
        entries
    }
}

fn located<'a>(value: &'a Spanned<DeValue<'a>>) -> Located<&'a DeValue<'a>> {
    Located {
        value: value.get_ref(),
        at: value.span().start,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        return "an";
    }
    "a"
}
