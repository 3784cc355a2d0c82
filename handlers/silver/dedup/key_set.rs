//! Sets of deduplication keys: small and fast. Pure.

use std::hash::BuildHasherDefault;
use std::hint::black_box;

use crate::value::hash::HashHasher;

/// Hashes keys, which are hashes already.
pub(super) type KeyBuilder = BuildHasherDefault<HashHasher>;

/// Slots for every 2 keys: 3, so a table is at most two thirds full and a key costs at most 24 bytes. A key that is not
/// there is then found missing after 5 slots in the mean, most of them in one cache line; at four fifths it would be 13.
pub(super) const SLOTS_NUMERATOR: usize = 3;
pub(super) const SLOTS_DENOMINATOR: usize = 2;

/// What a key takes in a set that was made for as many.
pub const KEY_BYTES: usize = size_of::<u128>() * SLOTS_NUMERATOR / SLOTS_DENOMINATOR;

/// Keys whose slots are fetched from memory at once: one after the other, each would wait for the one before.
pub(super) const AHEAD: usize = 32;

/// A set of 128-bit key hashes of known size.
///
/// - open addressing with linear probing; the hash is its own position
/// - zero marks a free slot, so the key zero is kept beside the table
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    slots: Vec<u128>,
    len: usize,
    has_zero: bool,
}

impl KeySet {
    /// Makes a set that can hold `keys` keys.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        let slots = (keys * SLOTS_NUMERATOR / SLOTS_DENOMINATOR).max(1);
        Self {
            slots: vec![0; slots],
            len: 0,
            has_zero: false,
        }
    }

    /// Makes a set of the keys.
    #[must_use]
    pub fn of(keys: impl ExactSizeIterator<Item = u128>) -> Self {
        let mut set = Self::with_capacity(keys.len());
        set.insert_all(keys, |_| {});
        set
    }

    /// Adds keys in their order; tells of each whether it was new.
    pub fn insert_all(&mut self, keys: impl IntoIterator<Item = u128>, mut each: impl FnMut(bool)) {
        let mut keys = keys.into_iter();
        let mut next = Vec::with_capacity(AHEAD);
        while take(&mut keys, &mut next) {
            self.fetch(&next);
            for key in &next {
                each(self.insert(*key));
            }
        }
    }

    /// Tells of each key, in their order, whether it is in the set.
    pub fn look_up(&self, keys: impl IntoIterator<Item = u128>, mut each: impl FnMut(bool)) {
        let mut keys = keys.into_iter();
        let mut next = Vec::with_capacity(AHEAD);
        while take(&mut keys, &mut next) {
            self.fetch(&next);
            for key in &next {
                each(self.contains(*key));
            }
        }
    }

    /// Brings the slots of some keys into the cache.
    fn fetch(&self, keys: &[u128]) {
        let slots = keys
            .iter()
            .filter_map(|key| self.slots.get(position(*key, self.slots.len())));
        black_box(slots.fold(0, |all, slot| all ^ slot));
    }

    /// Adds a key; returns whether it was new. A set that is full grows.
    pub fn insert(&mut self, key: u128) -> bool {
        if key == 0 {
            return !std::mem::replace(&mut self.has_zero, true);
        }
        if self.len * SLOTS_NUMERATOR >= self.slots.len() * SLOTS_DENOMINATOR {
            self.grow();
        }
        let is_new = insert(&mut self.slots, key);
        self.len += usize::from(is_new);
        is_new
    }

    /// Returns whether the key is in the set.
    #[must_use]
    pub fn contains(&self, key: u128) -> bool {
        if key == 0 {
            return self.has_zero;
        }
        let start = position(key, self.slots.len());
        let (before, from) = self.slots.split_at(start.min(self.slots.len()));
        for slot in from.iter().chain(before) {
            if *slot == key {
                return true;
            }
            if *slot == 0 {
                return false;
            }
        }
        false
    }

    /// Returns the keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = u128> {
        let slots = self.slots.iter().copied().filter(|key| *key != 0);
        slots.chain(self.has_zero.then_some(0))
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len + usize::from(self.has_zero)
    }

    /// Returns whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory that the set takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u128>()
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 2 + 1];
        for key in self.slots.iter().filter(|key| **key != 0) {
            insert(&mut slots, *key);
        }
        self.slots = slots;
    }
}

/// Takes the next keys; tells whether there were any.
fn take(keys: &mut impl Iterator<Item = u128>, next: &mut Vec<u128>) -> bool {
    next.clear();
    next.extend(keys.take(AHEAD));
    !next.is_empty()
}

/// Maps a hash onto `slots` positions without a division.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the high half of a product of 64-bit numbers"
)]
pub(super) fn position(key: u128, slots: usize) -> usize {
    let low = u128::from(key as u64);
    ((low * slots as u128) >> 64) as usize
}

/// Puts a key that is not zero into a table with a free slot.
fn insert(slots: &mut [u128], key: u128) -> bool {
    let start = position(key, slots.len()).min(slots.len());
    let (before, from) = slots.split_at_mut(start);
    for slot in from.iter_mut().chain(before) {
        if *slot == key {
            return false;
        }
        if *slot == 0 {
            *slot = key;
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_set_behaves_like_a_set(
            keys in proptest::collection::vec(prop_oneof![0u128..40, any::<u128>()], 0..300),
            probes in proptest::collection::vec(0u128..80, 0..50),
            capacity in 0usize..40,
        ) {
            let mut set = KeySet::with_capacity(capacity);
            let mut model = HashSet::new();
            for key in &keys {
                prop_assert_eq!(set.insert(*key), model.insert(*key));
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(set.iter().collect::<HashSet<u128>>(), model.clone());
            for probe in probes.iter().chain(&keys) {
                prop_assert_eq!(set.contains(*probe), model.contains(probe));
            }
        }
    }

    #[test]
    fn a_key_costs_at_most_24_bytes() {
        for keys in [1, 2, 3, 100_000] {
            let set = KeySet::of((1..=keys).collect::<Vec<u128>>().into_iter());
            assert!(set.bytes() as u128 <= 24 * keys, "{keys}");
        }
    }
}
