//! Whether a key occurs twice, in bounded memory.
//!
//! The hash is not silver's, on purpose: keys that silver wrongly takes for one another must not be one here too.
//!
//! The key contains the event time or a bucket of it, so equal keys lie in one period. The hashes of a period are collected and sorted;
//! a period with too many rows is read several times, and each time only the hashes of one residue class are kept.

use xxhash_rust::xxh3::xxh3_128;

/// Which hashes a pass keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) index: u64,
    pub(crate) of: u64,
}

impl Pass {
    /// How many passes `rows` rows take, if `limit` fit into one.
    pub(crate) fn count(rows: u64, limit: u64) -> u64 {
        rows.div_ceil(limit.max(1)).max(1)
    }

    pub(crate) fn takes(self, hash: u128) -> bool {
        hash % u128::from(self.of.max(1)) == u128::from(self.index)
    }
}

/// The hashes of a pass.
#[derive(Debug, Default)]
pub(crate) struct Hashes(Vec<u128>);

impl Hashes {
    pub(crate) fn add(&mut self, key: &[u8], pass: Pass) {
        let hash = hash(key);
        if pass.takes(hash) {
            self.0.push(hash);
        }
    }

    /// Returns a hash that occurs twice, and forgets all.
    pub(crate) fn take_duplicate(&mut self) -> Option<u128> {
        self.0.sort_unstable();
        let mut pairs = self.0.windows(2);
        let found = pairs.find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        });
        self.0.clear();
        found
    }
}

/// Hashes an encoded key or group.
pub(crate) fn hash(key: &[u8]) -> u128 {
    xxh3_128(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_occurs_twice_is_found_in_exactly_one_pass() {
        for of in [1, 3, 7] {
            let mut found = 0;
            for index in 0..of {
                let mut hashes = Hashes::default();
                for key in (0..100u8).chain([42]) {
                    hashes.add(&[key], Pass { index, of });
                }
                found += usize::from(hashes.take_duplicate() == Some(hash(&[42])));
            }
            assert_eq!(found, 1, "{of} passes");
        }
        assert_eq!(Pass::count(0, 10), 1);
        assert_eq!(Pass::count(21, 10), 3);
    }
}
