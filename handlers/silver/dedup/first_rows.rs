//! Which rows of a group repeat the key of a row before them; pure.

use super::key_set::{AHEAD, SLOTS_DENOMINATOR, SLOTS_NUMERATOR, position};
use crate::silver::cast::keyed_rows::KeyedRow;

/// A row whose key a row before it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::silver) struct Repeat {
    pub(in crate::silver) row: KeyedRow,
    /// The number in the cast of the first row with its key.
    pub(in crate::silver) of: u32,
}

/// Up to so many rows, looking at each pair is faster than a table.
const FEW: usize = 8;

/// Splits rows into the first one of each key and the others; both stay in their order. Of two rows that follow each other
/// `are_apart` says whether no row up to the first has the key of one from the second on: a table of all rows' keys would
/// be looked up in memory, one of few rows in the cache.
pub(in crate::silver) fn first_rows(
    mut rows: Vec<KeyedRow>,
    are_apart: impl Fn(&KeyedRow, &KeyedRow) -> bool,
) -> (Vec<KeyedRow>, Vec<Repeat>) {
    let mut repeats = Vec::new();
    let mut places = Vec::new();
    let mut start = 0;
    for run in rows.chunk_by(|row, next| !are_apart(row, next)) {
        each_repeat(run, |place, repeat| {
            places.push(start + place);
            repeats.push(repeat);
        });
        start += run.len();
    }
    let mut places = places.into_iter().peekable();
    let mut place = 0..;
    rows.retain(|_| {
        let place = place.next();
        places.next_if(|repeat| Some(*repeat) == place).is_none()
    });
    (rows, repeats)
}

/// Finds the rows whose key one before them has, in their order, with their places among the rows.
fn each_repeat(rows: &[KeyedRow], mut each: impl FnMut(usize, Repeat)) {
    if rows.len() > FEW {
        return each_repeat_of_many(rows, each);
    }
    for (place, row) in rows.iter().enumerate().skip(1) {
        let before = rows.iter().take(place);
        if let Some(first) = before.into_iter().find(|first| first.key == row.key) {
            let (row, of) = (*row, first.row);
            each(place, Repeat { row, of });
        }
    }
}

fn each_repeat_of_many(rows: &[KeyedRow], mut each: impl FnMut(usize, Repeat)) {
    let mut table = Table::with_capacity(rows.len());
    // Numbers from 1, and rows are counted in 32 bits.
    let mut numbers = (1_u32..).zip(0..);
    for block in rows.chunks(AHEAD) {
        table.fetch(block);
        for (row, (number, place)) in block.iter().zip(&mut numbers) {
            if let Some(of) = table.first_or_put(rows, row.key, number) {
                each(place, Repeat { row: *row, of });
            }
        }
    }
}

/// The first row of each key, found by it: a third of the memory that the keys themselves would take, which is what
/// looking them up waits for.
struct Table {
    /// The highest 32 bits of a key, and the number of its row; 0 where there is none.
    slots: Vec<u64>,
}

const NUMBER: u64 = u32::MAX as u64;

impl Table {
    fn with_capacity(rows: usize) -> Self {
        let slots = rows * SLOTS_NUMERATOR / SLOTS_DENOMINATOR + 1;
        Self {
            slots: vec![0; slots],
        }
    }

    /// Brings the slots of some rows into the cache.
    fn fetch(&self, rows: &[KeyedRow]) {
        let slots = rows
            .iter()
            .filter_map(|row| self.slots.get(position(row.key, self.slots.len())));
        std::hint::black_box(slots.fold(0, |all, slot| all ^ slot));
    }

    /// Returns the number in the cast of the first of `rows` with a key, or makes the row of this `number` that.
    fn first_or_put(&mut self, rows: &[KeyedRow], key: u128, number: u32) -> Option<u32> {
        let tag = (key >> u64::BITS) as u64 & !NUMBER;
        let start = position(key, self.slots.len()).min(self.slots.len());
        let (before, from) = self.slots.split_at_mut(start);
        for slot in from.iter_mut().chain(before) {
            if *slot == 0 {
                *slot = tag | u64::from(number);
                return None;
            }
            if *slot & !NUMBER == tag
                && let Some(first) = rows.get((*slot & NUMBER) as usize - 1)
                && first.key == key
            {
                return Some(first.row);
            }
        }
        // There are more slots than rows.
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn rows(keys: &[u128]) -> Vec<KeyedRow> {
        let row = |(row, key): (u32, &u128)| KeyedRow {
            time: 0,
            row: row * 10,
            source: 0,
            key: *key,
        };
        (0..).zip(keys).map(row).collect()
    }

    /// What a map finds.
    fn expected(rows: &[KeyedRow]) -> (Vec<KeyedRow>, Vec<Repeat>) {
        let mut firsts = HashMap::new();
        let (mut distinct, mut repeats) = (Vec::new(), Vec::new());
        for row in rows {
            match firsts.get(&row.key) {
                Some(of) => repeats.push(Repeat { row: *row, of: *of }),
                None => {
                    firsts.insert(row.key, row.row);
                    distinct.push(*row);
                }
            }
        }
        (distinct, repeats)
    }

    /// Keys that share the bits by which they are placed, those by which they are told apart first, or neither.
    fn key() -> impl Strategy<Value = u128> {
        let bits = prop_oneof![Just(0_u128), Just(1 << 127), Just(u128::MAX << 96)];
        let low = prop_oneof![0..4_u128, any::<u128>()];
        (bits, low).prop_map(|(high, low)| high ^ low)
    }

    proptest! {
        #[test]
        fn the_first_row_of_each_key_stays_and_the_others_name_it(
            keys in proptest::collection::vec(key(), 0..200),
        ) {
            let rows = rows(&keys);
            prop_assert_eq!(first_rows(rows.clone(), |_, _| false), expected(&rows));
        }

        #[test]
        fn rows_of_runs_without_a_key_in_common_are_split_as_all_at_once(
            runs in proptest::collection::vec(proptest::collection::vec(0..12_u128, 1..30), 0..20),
        ) {
            let runs = (0_u128..).zip(&runs);
            let keys = runs.flat_map(|(run, keys)| keys.iter().map(move |key| (run << 100) | key));
            let mut rows = rows(&keys.collect::<Vec<u128>>());
            for row in &mut rows {
                row.time = i64::try_from(row.key >> 100).unwrap();
            }
            let split = first_rows(rows.clone(), |row, next| row.time != next.time);
            prop_assert_eq!(split, expected(&rows));
        }
    }
}
