//! The names of fields, found by text, and the order in which the objects before had them; pure.

use xxhash_rust::xxh3::xxh3_64;

use crate::value::json::Scanner;
use crate::value::json::name::Name;

/// No name: a number that is none.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// How many members of an object are remembered for the next one.
const LONGEST_ORDER: usize = 1_024;

/// The names of fields, and a hash table of them.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Name>,
    /// Numbers of names at their hash or after it; at most half full.
    table: Vec<u32>,
    /// The same names in lower case, if case is ignored.
    folded: Option<Box<Self>>,
}

impl Names {
    /// Makes a table of names, which must differ, in more than the case of ASCII letters if that is ignored.
    pub(super) fn new(names: &[&str], ignore_case: bool) -> Self {
        let size = (names.len() * 2 + 1).next_power_of_two();
        let folded = ignore_case.then(|| {
            let folded: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
            Box::new(Self::new(&folded, false))
        });
        let mut built = Self {
            names: names.iter().map(|name| Name::new(name)).collect(),
            table: vec![UNKNOWN; size],
            folded,
        };
        for (number, name) in (0_u32..).zip(names) {
            let start = built.start(name.as_bytes());
            let mut places = (0..size).map(|step| (start + step) & (size - 1));
            let free = places.find(|place| built.table.get(*place) == Some(&UNKNOWN));
            if let Some(place) = free.and_then(|place| built.table.get_mut(place)) {
                *place = number;
            }
        }
        built
    }

    fn start(&self, name: &[u8]) -> usize {
        // The table's size is a power of two.
        xxh3_64(name) as usize & (self.table.len() - 1)
    }

    /// Moves over the name of `field` and its closing quote if they come next.
    #[inline]
    pub(super) fn eat(&self, field: u32, scanner: &mut Scanner<'_>) -> bool {
        let name = self.names.get(field as usize);
        name.is_some_and(|name| scanner.eat_name(name))
    }

    /// Finds a name as it is written.
    pub(super) fn find(&self, name: &[u8]) -> u32 {
        let start = self.start(name);
        let (before, after) = self.table.split_at(start);
        for number in after.iter().chain(before) {
            match self.names.get(*number as usize) {
                None => return UNKNOWN,
                Some(other) if other.bytes() == name => return *number,
                Some(_) => {}
            }
        }
        UNKNOWN
    }

    /// Finds a name that differs in the case of ASCII letters alone, if case is ignored; overwrites `scratch`.
    pub(super) fn find_in_any_case(&self, name: &[u8], scratch: &mut Vec<u8>) -> u32 {
        let Some(folded) = &self.folded else {
            return UNKNOWN;
        };
        scratch.clear();
        scratch.extend(name.iter().map(u8::to_ascii_lowercase));
        folded.find(scratch)
    }
}

/// The numbers of an object's names in their order, expected of the next object.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(Vec<u32>);

impl Order {
    /// Returns what was last at a place, or [`UNKNOWN`].
    #[inline]
    pub(super) fn expected(&self, place: usize) -> u32 {
        self.0.get(place).copied().unwrap_or(UNKNOWN)
    }

    /// Remembers what is at a place.
    pub(super) fn remember(&mut self, place: usize, name: u32) {
        if let Some(known) = self.0.get_mut(place) {
            *known = name;
        } else if place == self.0.len() && place < LONGEST_ORDER {
            self.0.push(name);
        }
    }
}
