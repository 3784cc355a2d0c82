use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;
use crate::value::hash::{RowHasher, hex};

fn hashes(array: impl arrow_array::Array + 'static) -> Vec<u128> {
    let column: ArrayRef = Arc::new(array);
    let rows = column.len();
    RowHasher::new(&[column], rows).unwrap().hash_all()
}

fn numbers(values: impl Iterator<Item = i64>) -> Sketch {
    let mut sketch = Sketch::default();
    for hash in hashes(values.collect::<Int64Array>()) {
        sketch.add(hash);
    }
    sketch
}

/// The bytes are persisted: these never change.
#[test]
fn a_sketch_has_the_bytes_of_earlier_builds() {
    let mut texts = Sketch::default();
    for hash in hashes(StringArray::from(vec!["", "a", "é", "a"])) {
        texts.add(hash);
    }
    assert_eq!(hex(&texts.to_bytes()), "007c4100cd01024b81");
    assert_eq!(
        hex(&numbers(0..5).to_bytes()),
        "00e241012fc4019ec202180103e8c1"
    );
    let many = numbers(0..100_000).to_bytes();
    assert_eq!(many.len(), 3_072);
    let hash = xxhash_rust::xxh3::xxh3_128(&many);
    assert_eq!(format!("{hash:032x}"), "a4eccc8419c9f556b8ee947d1ba39509");
}

#[test]
fn a_hash_chooses_a_register_and_its_rank() {
    let one = |high: u64| {
        let mut sketch = Sketch::default();
        sketch.add(u128::from(high) << 64 | 1);
        hex(&sketch.to_bytes())
    };
    // Register 0 and all others 0; register 4,095 and a first bit of 1; register 1 and one zero before it.
    assert_eq!(one(0), "000035");
    assert_eq!(one(u64::MAX), "03ffc1");
    assert_eq!(one(0x0014_0000_0000_0000), "000042");
}

#[test]
fn nothing_is_no_bytes_and_none() {
    let nothing = Sketch::default();
    assert_eq!((nothing.to_bytes().len(), nothing.estimate()), (0, 0));
    assert_eq!(Sketch::from_bytes(&[]), Some(nothing));
}

#[test]
fn bytes_that_are_no_sketch_are_refused() {
    let pair = |index: u32, rank: u32| {
        let [_, a, b, c] = (index << 6 | rank).to_be_bytes();
        [a, b, c]
    };
    for (bytes, why) in [
        (vec![0; 2], "no whole pair"),
        (pair(1, 0).to_vec(), "a rank of 0"),
        (pair(1, 54).to_vec(), "a rank that no hash has"),
        (pair(4_096, 1).to_vec(), "no register"),
        ([pair(2, 1), pair(1, 1)].concat(), "not sorted"),
        ([pair(1, 1), pair(1, 2)].concat(), "twice"),
        (vec![0; ALL], "few registers as if they were many"),
        (vec![0xff; ALL], "ranks that no hash has"),
        (
            (0..701).flat_map(|index| pair(index, 1)).collect(),
            "many as if few",
        ),
    ] {
        assert_eq!(Sketch::from_bytes(&bytes), None, "{why}");
    }
}

/// 1.04 / √4,096 is one standard deviation; no set of these may be further off than four.
#[test]
fn the_estimate_is_within_its_stated_error() {
    let mut squares = 0.0;
    let mut sets = 0;
    for size in [
        10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000,
    ] {
        for seed in 0..4_i64 {
            let start = seed * 10_000_000 + size;
            let found = numbers(start..start + size).estimate();
            let error = (found - size) as f64 / size as f64;
            assert!(error.abs() <= 4.0 * 0.016_25, "{found} of {size}");
            squares += error * error;
            sets += 1;
        }
    }
    let mean = (squares / f64::from(sets)).sqrt();
    assert!(mean <= 0.016_25, "{mean}");
}

#[test]
fn few_values_are_counted_almost_exactly() {
    for size in 1..=20 {
        let found = numbers(0..size).estimate();
        assert!((found - size).abs() <= 1, "{found} of {size}");
    }
}

proptest! {
    #[test]
    fn the_bytes_are_those_of_the_set_however_it_came(
        values in proptest::collection::vec(0i64..3_000, 0..3_000),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        backwards: bool,
    ) {
        let whole = numbers(values.iter().copied());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(values.len() + 1)).collect();
        places.extend([0, values.len()]);
        places.sort_unstable();
        let mut parts: Vec<Sketch> = places
            .windows(2)
            .map(|ends| numbers(values[ends[0]..ends[1]].iter().rev().copied()))
            .collect();
        if backwards {
            parts.reverse();
        }
        let mut united = Sketch::default();
        for part in &parts {
            // What was kept in between is the same.
            united.unite(&Sketch::from_bytes(&part.to_bytes()).unwrap());
            united = Sketch::from_bytes(&united.to_bytes()).unwrap();
        }
        // A set that is there already adds nothing.
        united.unite(&whole);
        prop_assert_eq!(united.to_bytes(), whole.to_bytes());
        prop_assert_eq!(united, whole);
    }
}
