//! The hashes of silver's keys and of gold's dimensions, which are kept in SQL tables.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
    Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use sluice::dataset::{Aggregate, GoldTable, Measure};
use sluice::gold::increments::Aggregator;
use sluice::value::Grain;
use sluice::value::hash::{RowHasher, hash_keys};
use sluice::warehouse::Row;
use sluice::warehouse::schema::{GoldSchema, TableIndex};

use super::{assert_golden, dataset};
use sluice::dataset::ColumnIndex;

const LONG: &str = "a text that is longer than the twelve bytes which a view holds inline";

/// Values of every type, by the column of the dataset that has it.
fn values() -> Vec<(&'static str, ArrayRef)> {
    let id = [Some(0), Some(1), Some(-2), Some(i64::MAX), Some(i64::MIN)];
    let id = id.into_iter().chain([None]);
    let name = [Some(""), Some("é"), Some("a "), Some(LONG), None];
    let amount = [Some(0), Some(-1177), Some(10_i128.pow(17)), None];
    let amount = Decimal128Array::from(amount.to_vec());
    let level = [0.0, 1.5, -1e300, f64::INFINITY, f64::NAN].map(Some);
    let level = level.into_iter().chain([None]);
    let flag = BooleanArray::from(vec![Some(false), Some(true), None]);
    let born = Date32Array::from(vec![Some(0), Some(-1), Some(20_406), None]);
    let seen = [Some(0), Some(-1), Some(1_763_120_674_343_001), None];
    let seen = TimestampMicrosecondArray::from(seen.to_vec());
    let more = [Some("{\"a\":[1]}"), Some("null"), None];
    vec![
        ("id", Arc::new(id.collect::<Int64Array>())),
        ("name", Arc::new(StringArray::from(name.to_vec()))),
        (
            "amount",
            Arc::new(amount.with_data_type(DataType::Decimal128(18, 2))),
        ),
        ("level", Arc::new(level.collect::<Float64Array>())),
        ("flag", Arc::new(flag)),
        ("born", Arc::new(born)),
        ("seen", Arc::new(seen.with_timezone("UTC"))),
        ("more", Arc::new(StringArray::from(more.to_vec()))),
    ]
}

/// The same rows in several columns.
fn several() -> Vec<(&'static str, ArrayRef)> {
    vec![
        (
            "name",
            Arc::new(StringArray::from(vec![
                Some("a"),
                Some(""),
                None,
                Some("b"),
            ])),
        ),
        (
            "kind",
            Arc::new(StringArray::from(vec![
                Some(""),
                Some("a"),
                Some("b"),
                None,
            ])),
        ),
        (
            "flag",
            Arc::new(BooleanArray::from(vec![Some(true), None, None, Some(true)])),
        ),
        ("id", Arc::new(Int64Array::from(vec![7, 7, 7, 7]))),
    ]
}

fn hashes(columns: &[ArrayRef]) -> Vec<u128> {
    RowHasher::new(columns, columns[0].len())
        .unwrap()
        .hash_all()
}

/// Returns what a table with these dimensions makes of one event for each row.
fn groups(columns: &[(&'static str, ArrayRef)], rows: usize) -> Vec<Row> {
    let mut dataset = dataset();
    let index = |name: &str| dataset.columns.iter().position(|c| c.name == name).unwrap();
    let by = columns
        .iter()
        .map(|(name, _)| ColumnIndex::new(index(name)));
    let count = Measure {
        name: "n".to_owned(),
        aggregate: Aggregate::Count,
        condition: None,
    };
    dataset.gold = vec![GoldTable {
        table: "t".to_owned(),
        grain: Grain::All,
        every: None,
        zone: None,
        keep: None,
        condition: None,
        by: by.collect(),
        measures: vec![count],
    }];
    dataset.rankings.clear();
    dataset.summaries.clear();
    let schema = GoldSchema::of(&dataset).unwrap();
    let tables = [(TableIndex::new(0), &schema.tables[0])];
    let mut aggregator = Aggregator::new(&dataset, &tables).unwrap();
    let times = TimestampMicrosecondArray::from(vec![0; rows]).with_timezone("UTC");
    let time: (&str, ArrayRef) = ("at", Arc::new(times));
    let all = [time].into_iter().chain(columns.iter().cloned());
    let batch = RecordBatch::try_from_iter_with_nullable(all.map(|(name, c)| (name, c, true)));
    aggregator.add(&batch.unwrap()).unwrap();
    aggregator.take().remove(0).1
}

#[test]
fn the_hashes_of_keys_and_of_dimensions_are_those_of_earlier_builds() {
    let mut text = String::new();
    for (name, column) in values() {
        for (row, hash) in hashes(std::slice::from_ref(&column)).iter().enumerate() {
            text.push_str(&format!("key {name} {row} {hash:032x}\n"));
        }
        let groups = groups(&[(name, Arc::clone(&column))], column.len());
        for (row, group) in groups.iter().enumerate() {
            let key = u128::from_be_bytes(group.key);
            text.push_str(&format!("dimension {name} {row} {key:032x}\n"));
        }
    }
    let columns = several();
    let arrays: Vec<ArrayRef> = columns
        .iter()
        .map(|(_, column)| Arc::clone(column))
        .collect();
    for (row, hash) in hash_keys(&arrays, &[3, 0, 1, 2])
        .unwrap()
        .iter()
        .enumerate()
    {
        text.push_str(&format!("key id,name,kind,flag {row} {hash:032x}\n"));
    }
    for (row, hash) in hash_keys(&arrays, &[0, 1, 2, 3])
        .unwrap()
        .iter()
        .enumerate()
    {
        text.push_str(&format!("key name,kind,flag,id {row} {hash:032x}\n"));
    }
    for (row, group) in groups(&columns, 4).iter().enumerate() {
        let key = u128::from_be_bytes(group.key);
        text.push_str(&format!("dimensions name,kind,flag,id {row} {key:032x}\n"));
    }
    let none = u128::from_be_bytes(groups(&[], 1)[0].key);
    text.push_str(&format!("dimensions none {none:032x}\n"));
    let none = RowHasher::new(&[], 1).unwrap().hash(0);
    text.push_str(&format!("key none {none:032x}\n"));
    assert_golden("golden/hashes.txt", &text);
}

#[test]
fn a_key_and_a_dimension_of_the_same_values_have_the_same_bytes() {
    for (name, column) in values() {
        let keys = hashes(std::slice::from_ref(&column));
        let dimensions = groups(&[(name, column)], keys.len());
        let dimensions: Vec<_> = dimensions.iter().map(|row| row.key).collect();
        let keys: Vec<_> = keys.iter().map(|key| key.to_be_bytes()).collect();
        assert_eq!(dimensions, keys, "{name}");
    }
}

#[test]
fn one_zero_one_nan_and_any_layout_of_text_have_one_hash() {
    let zeros: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0]));
    let nans = [f64::NAN, -f64::NAN, f64::from_bits(0x7ff0_0000_0000_0001)];
    let nans: ArrayRef = Arc::new(Float64Array::from(nans.to_vec()));
    let zero: u128 = 0x27bad48e_c40620ad_06a827d0_fbd869e8;
    assert_eq!(hashes(std::slice::from_ref(&zeros)), [zero; 2]);
    assert_eq!(
        hashes(&[nans]),
        [0x0c655e84_c03e6220_78751e11_2499f093_u128; 3]
    );
    let groups = groups(&[("level", zeros)], 2);
    let keys: Vec<_> = groups
        .iter()
        .map(|row| u128::from_be_bytes(row.key))
        .collect();
    assert_eq!(keys, [zero], "both zeros are one group");

    let text = || [Some("é"), None, Some(LONG)];
    let dictionary: DictionaryArray<Int32Type> = text().into_iter().collect();
    let layouts: [ArrayRef; 4] = [
        Arc::new(StringArray::from(text().to_vec())),
        Arc::new(LargeStringArray::from(text().to_vec())),
        Arc::new(StringViewArray::from(text().to_vec())),
        Arc::new(dictionary),
    ];
    for layout in layouts {
        let name = layout.data_type().to_string();
        let expected: [u128; 3] = [
            0x92e84d87_e27d2178_6eafb9be_64703564,
            0xa6cd5e93_92000f6a_c44bdff4_074eecdb,
            0xb51956c8_cf6d8f38_405e5a49_7dcfd1c5,
        ];
        assert_eq!(hashes(&[layout]), expected, "{name}");
    }
}
