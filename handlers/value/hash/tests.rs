use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, Int32Array, LargeStringArray, StringViewArray};
use proptest::prelude::*;

use super::*;

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn hashes(columns: &[ArrayRef]) -> Vec<u128> {
    RowHasher::new(columns, columns[0].len())
        .unwrap()
        .hash_all()
}

/// The hashes are persisted: these numbers never change. Computed by hand from the table in the module's documentation.
#[test]
fn encoding_is_the_documented_one() {
    let columns = [
        array(Int64Array::from(vec![-2])),
        array(Float64Array::from(vec![1.5])),
        array(
            Decimal128Array::from(vec![-1177])
                .with_precision_and_scale(18, 2)
                .unwrap(),
        ),
        array(StringArray::from(vec!["é"])),
        array(BooleanArray::from(vec![true])),
        array(TimestampMicrosecondArray::from(vec![1_763_120_674_343_000]).with_timezone("UTC")),
        array(Date32Array::from(vec![-1])),
        array(Int64Array::from(vec![None])),
    ];
    let mut bytes = vec![1];
    bytes.extend((-2_i64).to_le_bytes());
    bytes.push(2);
    bytes.extend(1.5_f64.to_bits().to_le_bytes());
    bytes.push(3);
    bytes.extend((-1177_i128).to_le_bytes());
    bytes.extend([4, 2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9, 5, 1, 6]);
    bytes.extend(1_763_120_674_343_000_i64.to_le_bytes());
    bytes.extend([7, 0xFF, 0xFF, 0xFF, 0xFF, 0]);
    assert_eq!(hashes(&columns), [xxh3_128(&bytes)]);
}

#[test]
fn no_columns_are_one_value() {
    let mut hasher = RowHasher::new(&[], 2).unwrap();
    assert_eq!(hasher.hash_all(), [xxh3_128(b""); 2]);
}

/// Rows are encoded some at a time.
#[test]
fn a_row_has_one_hash_by_itself_and_among_others() {
    let numbers: Int64Array = (0..500).map(|n| (n % 7 != 0).then_some(n)).collect();
    let texts = StringArray::from_iter_values((0..500).map(|n| "x".repeat(n % 90)));
    let mut hasher = RowHasher::new(&[array(numbers), array(texts)], 500).unwrap();
    let all = hasher.hash_all();
    let each: Vec<u128> = (0..500).map(|row| hasher.hash(row)).collect();
    assert_eq!(all, each);
}

#[test]
fn storage_makes_no_difference() {
    let texts = ["a", "", "a", "longer than twelve bytes"];
    let plain = hashes(&[array(StringArray::from(texts.to_vec()))]);
    let dictionary: DictionaryArray<Int32Type> = texts.iter().copied().collect();
    assert_eq!(
        hashes(&[array(StringViewArray::from(texts.to_vec()))]),
        plain
    );
    assert_eq!(
        hashes(&[array(LargeStringArray::from(texts.to_vec()))]),
        plain
    );
    assert_eq!(hashes(&[array(dictionary)]), plain);
    assert_eq!(
        hashes(&[array(
            StringArray::from(vec!["x", "a", "", "a", "longer than twelve bytes"]).slice(1, 4)
        )]),
        plain
    );
    assert_eq!(plain[0], plain[2]);
}

#[test]
fn neighbours_do_not_run_into_each_other() {
    let left = hashes(&[
        array(StringArray::from(vec!["ab"])),
        array(StringArray::from(vec!["c"])),
    ]);
    let right = hashes(&[
        array(StringArray::from(vec!["a"])),
        array(StringArray::from(vec!["bc"])),
    ]);
    assert_ne!(left, right);
    let nulls = hashes(&[array(StringArray::from(vec![None, Some("")]))]);
    assert_ne!(nulls[0], nulls[1]);
}

#[test]
fn equal_doubles_are_equal() {
    let values = hashes(&[array(Float64Array::from(vec![
        0.0,
        -0.0,
        f64::NAN,
        -f64::NAN,
    ]))]);
    assert_eq!(values[0], values[1]);
    assert_eq!(values[2], values[3]);
}

#[test]
fn key_columns_are_picked_in_order() {
    let columns = [
        array(Int64Array::from(vec![1, 2])),
        array(Int64Array::from(vec![3, 4])),
        array(Int64Array::from(vec![5, 6])),
    ];
    assert_eq!(
        hash_keys(&columns, &[2, 0]).unwrap(),
        hashes(&[Arc::clone(&columns[2]), Arc::clone(&columns[0])])
    );
    assert!(matches!(
        hash_keys(&columns, &[3]),
        Err(HashError::Column { index: 3 })
    ));
    let odd = [array(Int32Array::from(vec![1]))];
    assert!(matches!(hash_keys(&odd, &[0]), Err(HashError::Type { .. })));
    assert!(matches!(
        RowHasher::new(&columns, 3),
        Err(HashError::Length {
            expected: 3,
            found: 2
        })
    ));
}

proptest! {
    #[test]
    fn rows_have_one_hash_exactly_if_they_are_equal(rows in prop::collection::vec((prop::option::of(0_i64..3), prop::option::of("[ab]{0,2}"), prop::option::of("[ab]{0,2}")), 1..60)) {
        let columns = [
            array(rows.iter().map(|row| row.0).collect::<Int64Array>()),
            array(rows.iter().map(|row| row.1.as_deref()).collect::<StringArray>()),
            array(rows.iter().map(|row| row.2.as_deref()).collect::<StringArray>()),
        ];
        let hashes = hashes(&columns);
        for (i, left) in rows.iter().enumerate() {
            for (k, right) in rows.iter().enumerate() {
                prop_assert_eq!(left == right, hashes[i] == hashes[k]);
            }
        }
    }
}
