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

/// Splits rows into the first one of each key and the others; both stay in their order.
pub(in crate::silver) fn first_rows(mut rows: Vec<KeyedRow>) -> (Vec<KeyedRow>, Vec<Repeat>) {
    let mut table = Table::with_capacity(rows.len());
    let mut is_first = Vec::with_capacity(rows.len());
    let mut repeats = Vec::new();
    // Numbers from 1, and rows are counted in 32 bits.
    let mut numbers = 1_u32..;
    for block in rows.chunks(AHEAD) {
        table.fetch(block);
        for (row, number) in block.iter().zip(&mut numbers) {
            let first = table.first_or_put(&rows, row.key, number);
            is_first.push(first.is_none());
            repeats.extend(first.map(|of| Repeat { row: *row, of }));
        }
    }
    let mut is_first = is_first.into_iter();
    // There is an answer for every row.
    rows.retain(|_| is_first.next().unwrap_or(true));
    (rows, repeats)
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
            let mut firsts = HashMap::new();
            let (mut expected, mut expected_repeats) = (Vec::new(), Vec::new());
            for row in &rows {
                match firsts.get(&row.key) {
                    Some(of) => expected_repeats.push(Repeat { row: *row, of: *of }),
                    None => {
                        firsts.insert(row.key, row.row);
                        expected.push(*row);
                    }
                }
            }
            prop_assert_eq!(first_rows(rows), (expected, expected_repeats));
        }
    }
}
