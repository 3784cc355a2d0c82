//! A sketch of a set, from which the number of its values is estimated: HyperLogLog with 4,096 registers. Pure.
//!
//! Each value is known by the upper 64 bits of the XXH3-128 of its [encoding](super): the first 12 of them choose a
//! register, and the number of zeros that the other 52 begin with, plus one, is the rank that it is raised to. So a sketch
//! is a function of the set alone: neither the order of its values, nor how often each comes, nor how parts of it were
//! united makes a difference. The standard error of the estimate is 1.04 / √4,096, which is 1.6 %.
//!
//! Sketches are kept in SQL tables, so that their bytes are fixed for ever:
//!
//! | registers that are not 0 | bytes |
//! |---|---|
//! | none | none |
//! | up to 700 | 3 for each, by its number: number times 64 plus rank, big-endian |
//! | more | 3,072: the ranks of all registers, 6 bits each, the first in the highest bits |
//!
//! The estimate is Ertl's improved raw estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017,
//! algorithm 6), which needs no tables of corrections. It is made of the operations that IEEE 754 defines to the bit, so
//! that every machine finds the same number.

#[cfg(test)]
mod tests;

/// Bits of a hash that choose a register.
const INDEX_BITS: u32 = 12;
const REGISTERS: usize = 1 << INDEX_BITS;
/// The highest rank: that of a hash whose other bits are all 0.
const HIGHEST: u8 = 53;
/// The most registers that are kept one by one.
const FEW: usize = 700;
/// Bytes of a register that is kept by itself.
const PAIR: usize = 3;
/// Bytes of all registers.
const ALL: usize = REGISTERS * RANK_BITS / 8;
const RANK_BITS: usize = 6;
/// 1 / (2 ln 2), the constant of the estimator for any number of registers.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// What is known of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch(Registers);

/// The ranks of the registers. No rank falls, so that few become many and never few again.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Registers {
    /// Those that are not 0, by their numbers.
    Few(Vec<(u16, u8)>),
    /// All.
    Many(Vec<u8>),
}

impl Default for Sketch {
    fn default() -> Self {
        Self(Registers::Few(Vec::new()))
    }
}

impl Sketch {
    /// Adds a value by its hash.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper bits are all that counts, and a rank is at most 53"
    )]
    pub fn add(&mut self, hash: u128) {
        let hash = (hash >> 64) as u64;
        let index = (hash >> (u64::BITS - INDEX_BITS)) as u16;
        let zeros = (hash << INDEX_BITS).leading_zeros();
        let rank = (zeros as u8).saturating_add(1).min(HIGHEST);
        self.raise(index, rank);
    }

    /// Adds all values of another set.
    pub fn unite(&mut self, other: &Self) {
        match &other.0 {
            Registers::Few(pairs) => {
                for (index, rank) in pairs {
                    self.raise(*index, *rank);
                }
            }
            Registers::Many(ranks) => {
                let mut own = self.take();
                for (own, rank) in own.iter_mut().zip(ranks) {
                    *own = (*own).max(*rank);
                }
                self.0 = Registers::Many(own);
            }
        }
    }

    /// Returns about how many values the set has.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "there are 4,096 registers, and a cast of a float keeps within the bounds of its type"
    )]
    pub fn estimate(&self) -> i64 {
        let mut counts = [0_u16; HIGHEST as usize + 1];
        let mut count = |rank: u8, registers: u16| {
            if let Some(count) = counts.get_mut(usize::from(rank)) {
                *count += registers;
            }
        };
        match &self.0 {
            Registers::Few(pairs) => {
                pairs.iter().for_each(|(_, rank)| count(*rank, 1));
                count(0, (REGISTERS - pairs.len()) as u16);
            }
            Registers::Many(ranks) => ranks.iter().for_each(|rank| count(*rank, 1)),
        }
        let registers = REGISTERS as f64;
        let [empty, ranked @ .., full] = counts;
        let mut sum = registers * tau(1.0 - f64::from(full) / registers);
        for count in ranked.iter().rev() {
            sum = 0.5 * (sum + f64::from(*count));
        }
        sum += registers * sigma(f64::from(empty) / registers);
        (ALPHA * registers * registers / sum).round() as i64
    }

    /// Returns the bytes that are kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Registers::Few(pairs) => {
                let bytes = pairs.iter().flat_map(|(index, rank)| {
                    let [_, a, b, c] =
                        ((u32::from(*index) << RANK_BITS) | u32::from(*rank)).to_be_bytes();
                    [a, b, c]
                });
                bytes.collect()
            }
            Registers::Many(ranks) => {
                let fours = ranks.chunks_exact(4).flat_map(|four| {
                    let bits = four
                        .iter()
                        .fold(0_u32, |bits, rank| (bits << RANK_BITS) | u32::from(*rank));
                    let [_, a, b, c] = bits.to_be_bytes();
                    [a, b, c]
                });
                fours.collect()
            }
        }
    }

    /// Reads bytes that were kept; nothing if they are not those of a sketch.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only the lowest bits are kept"
    )]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (threes, rest) = bytes.as_chunks::<PAIR>();
        let numbers = threes
            .iter()
            .map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]));
        if bytes.len() == ALL {
            let ranks = numbers.flat_map(|bits| [18, 12, 6, 0].map(|by| (bits >> by) as u8 & 63));
            let ranks: Vec<u8> = ranks.collect();
            let is_many = ranks.iter().filter(|rank| **rank > 0).count() > FEW;
            let is_valid = is_many && ranks.iter().all(|rank| *rank <= HIGHEST);
            return is_valid.then_some(Self(Registers::Many(ranks)));
        }
        let pairs = numbers.map(|pair| ((pair >> RANK_BITS) as u16, pair as u8 & 63));
        let pairs: Vec<(u16, u8)> = pairs.collect();
        let is_sorted = pairs.is_sorted_by(|a, b| a.0 < b.0);
        let is_known = |(index, rank): &(u16, u8)| {
            usize::from(*index) < REGISTERS && (1..=HIGHEST).contains(rank)
        };
        let is_valid =
            rest.is_empty() && pairs.len() <= FEW && is_sorted && pairs.iter().all(is_known);
        is_valid.then_some(Self(Registers::Few(pairs)))
    }

    /// Returns about how many bytes of memory it takes beside itself.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.0 {
            Registers::Few(pairs) => pairs.capacity() * size_of::<(u16, u8)>(),
            Registers::Many(ranks) => ranks.capacity(),
        }
    }

    fn raise(&mut self, index: u16, rank: u8) {
        match &mut self.0 {
            Registers::Many(ranks) => {
                if let Some(own) = ranks.get_mut(usize::from(index)) {
                    *own = (*own).max(rank);
                }
            }
            Registers::Few(pairs) => {
                match pairs.binary_search_by_key(&index, |(index, _)| *index) {
                    Ok(at) => {
                        if let Some((_, own)) = pairs.get_mut(at) {
                            *own = (*own).max(rank);
                        }
                    }
                    Err(at) => {
                        pairs.insert(at, (index, rank));
                        if pairs.len() > FEW {
                            self.0 = Registers::Many(self.take());
                        }
                    }
                }
            }
        }
    }

    /// Takes the ranks of all registers.
    fn take(&mut self) -> Vec<u8> {
        match std::mem::take(self).0 {
            Registers::Many(ranks) => ranks,
            Registers::Few(pairs) => {
                let mut ranks = vec![0; REGISTERS];
                for (index, rank) in pairs {
                    if let Some(own) = ranks.get_mut(usize::from(index)) {
                        *own = rank;
                    }
                }
                ranks
            }
        }
    }
}

/// σ of the paper, of the share of registers that are 0.
fn sigma(share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut x, mut y, mut z) = (share, 1.0, share);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z <= before {
            return z;
        }
    }
}

/// τ of the paper, of the share of registers that are not full.
fn tau(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut x, mut y, mut z) = (share, 1.0, 1.0 - share);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z >= before {
            return z / 3.0;
        }
    }
}
