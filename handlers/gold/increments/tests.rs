mod sets;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
};
use arrow_schema::DataType;
use proptest::prelude::*;

use super::*;
use crate::dataset::ColumnIndex;
use crate::warehouse::Datum;
use crate::warehouse::schema::{GoldSchema, MeasureSource};

fn tables<const N: usize>(
    schema: &GoldSchema,
    positions: [usize; N],
) -> [(TableIndex, &TableSchema); N] {
    positions.map(|position| (TableIndex::new(position), &schema.tables[position]))
}

const FILE: &str = r#"
name = "things"
key = ["id", "at"]
event_time = "at"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "kind"
type = "string"
[[column]]
name = "flag"
type = "bool"
[[column]]
name = "amount"
type = "decimal(38,2)"
[[column]]
name = "level"
type = "double"
[[column]]
name = "day_of"
type = "date"
[[column]]
name = "count_of"
type = "int64"
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", low = "min(level)", high = "max(level)" }
[[gold]]
table = "daily"
grain = "day"
by = ["kind", "flag"]
measures = { n = "count", total = "sum(amount)", mean = "avg(count_of)", first = "min(day_of)", last = "max(at)" }
[[gold]]
table = "monthly"
grain = "month"
by = ["amount", "day_of", "count_of", "at"]
measures = { n = "count", small = "min(amount)", large = "max(amount)", least = "min(count_of)" }
[[gold]]
table = "ever"
grain = "all"
measures = { n = "count", total = "sum(count_of)" }
[[gold]]
table = "windows"
grain = "5m"
by = ["flag"]
measures = { n = "count", total = "sum(amount)", last = "max(at)" }
[[gold]]
table = "weekly"
grain = "week"
measures = { n = "count", first = "min(at)" }
[[gold]]
table = "filtered"
grain = "day"
by = ["kind"]
where = "count_of < 2 OR kind IS NULL"
measures = { n = "count", flagged = "count where flag", cheap = "sum(amount) where amount < 100 AND level > 0e0", of_a = "avg(count_of) where kind = 'a'", dozens = "max(at) WHERE div(12, count_of) = 12" }
[[gold]]
table = "sets"
grain = "day"
by = ["flag"]
measures = { opened = "first(kind)", closed = "last(kind)", cheap = "last(amount) where count_of < 2", kinds = "count_distinct(kind)", levels = "count_distinct(level)" }
"#;

#[derive(Clone, Debug)]
struct Event {
    id: i64,
    at: i64,
    kind: Option<String>,
    flag: Option<bool>,
    amount: Option<i128>,
    level: Option<f64>,
    day_of: Option<i32>,
    count_of: Option<i64>,
}

fn event() -> impl Strategy<Value = Event> {
    let text = prop_oneof![
        "[ab]{0,2}",
        Just("a ".to_owned()),
        Just("\u{e9}\u{0}".to_owned())
    ];
    let hours = 0i64..400;
    (
        any::<i64>(),
        hours.prop_map(|hour| -86_400_000_000 + hour * 1_234_567_891),
        proptest::option::of(text),
        proptest::option::of(any::<bool>()),
        proptest::option::of(prop_oneof![-300i128..300, Just(10i128.pow(35))]),
        proptest::option::of(prop_oneof![Just(-0.0), Just(0.0), -1e9..1e9]),
        proptest::option::of(-3i32..3),
        proptest::option::of(prop_oneof![-3i64..3, Just(i64::MAX), Just(i64::MIN)]),
    )
        .prop_map(
            |(id, at, kind, flag, amount, level, day_of, count_of)| Event {
                id,
                at,
                kind,
                flag,
                amount,
                level,
                day_of,
                count_of,
            },
        )
}

fn dataset() -> Dataset {
    Dataset::parse(FILE, "things.toml").unwrap()
}

fn batch(events: &[Event], dataset: &Dataset, columns: &[ColumnIndex]) -> RecordBatch {
    let arrays = columns.iter().map(|index| {
        let name = dataset.column(*index).unwrap().name.as_str();
        let array: ArrayRef = match name {
            "id" => Arc::new(events.iter().map(|e| Some(e.id)).collect::<Int64Array>()),
            "at" => Arc::new(
                TimestampMicrosecondArray::from_iter_values(events.iter().map(|e| e.at))
                    .with_timezone("UTC"),
            ),
            "kind" => Arc::new(
                events
                    .iter()
                    .map(|e| e.kind.clone())
                    .collect::<StringArray>(),
            ),
            "flag" => Arc::new(events.iter().map(|e| e.flag).collect::<BooleanArray>()),
            "amount" => Arc::new(
                events
                    .iter()
                    .map(|e| e.amount)
                    .collect::<Decimal128Array>()
                    .with_data_type(DataType::Decimal128(38, 2)),
            ),
            "level" => Arc::new(events.iter().map(|e| e.level).collect::<Float64Array>()),
            "day_of" => Arc::new(events.iter().map(|e| e.day_of).collect::<Date32Array>()),
            _ => Arc::new(events.iter().map(|e| e.count_of).collect::<Int64Array>()),
        };
        (name, array)
    });
    RecordBatch::try_from_iter_with_nullable(arrays.map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn datum_of(event: &Event, name: &str) -> Datum {
    let of = |datum: Option<Datum>| datum.unwrap_or(Datum::Null);
    match name {
        "id" => Datum::Int64(event.id),
        "at" => Datum::Timestamp(event.at),
        "kind" => of(event.kind.clone().map(Datum::Text)),
        "flag" => of(event.flag.map(Datum::Bool)),
        "amount" => of(event.amount.map(Datum::Decimal)),
        "level" => of(event.level.map(|level| Datum::Double(level + 0.0))),
        "day_of" => of(event.day_of.map(Datum::Date)),
        _ => of(event.count_of.map(Datum::Int64)),
    }
}

/// Adds up one measure of one group the slow way.
fn naive(values: &[Datum], source: MeasureSource, rows: usize) -> Datum {
    let present: Vec<&Datum> = values
        .iter()
        .filter(|datum| **datum != Datum::Null)
        .collect();
    let compare = |a: &&&Datum, b: &&&Datum| match (a, b) {
        (Datum::Int64(a), Datum::Int64(b)) | (Datum::Timestamp(a), Datum::Timestamp(b)) => a.cmp(b),
        (Datum::Date(a), Datum::Date(b)) => a.cmp(b),
        (Datum::Decimal(a), Datum::Decimal(b)) => a.cmp(b),
        (Datum::Double(a), Datum::Double(b)) => a.total_cmp(b),
        other => panic!("{other:?}"),
    };
    let number = |datum: &&Datum| match datum {
        Datum::Int64(number) => i128::from(*number),
        Datum::Decimal(number) => *number,
        other => panic!("{other:?}"),
    };
    let count = |count: usize| Datum::Int64(i64::try_from(count).unwrap());
    match source {
        MeasureSource::Rows => count(rows),
        MeasureSource::Values(_) => count(present.len()),
        MeasureSource::Sum(_) if present.is_empty() => Datum::Null,
        MeasureSource::Sum(_) => Datum::Decimal(present.iter().map(number).sum()),
        MeasureSource::Min(_) => present
            .iter()
            .min_by(compare)
            .map_or(Datum::Null, |d| (*d).clone()),
        MeasureSource::Max(_) => present
            .iter()
            .max_by(compare)
            .map_or(Datum::Null, |d| (*d).clone()),
        MeasureSource::First(_) | MeasureSource::Last(_) | MeasureSource::Distinct(_) => {
            panic!("these are tested in sets.rs")
        }
    }
}

/// Returns whether an event has a group, in words of this language.
fn has_group(table: &TableSchema, event: &Event) -> bool {
    let is_small = event.count_of.is_some_and(|count| count < 2);
    table.name != "filtered" || is_small || event.kind.is_none()
}

/// Returns whether an event counts for a measure, likewise.
fn counts(measure: &str, event: &Event) -> bool {
    match measure {
        "flagged" => event.flag == Some(true),
        "cheap" => {
            event.amount.is_some_and(|amount| amount < 10_000)
                && event.level.is_some_and(|level| level > 0.0)
        }
        "of_a_sum" | "of_a_count" => event.kind.as_deref() == Some("a"),
        // A division by zero is no dozen.
        "dozens" => event.count_of == Some(1),
        _ => true,
    }
}

type Shown = (i64, String, String);

fn naive_rows(events: &[Event], dataset: &Dataset, table: &TableSchema) -> Vec<Shown> {
    let mut groups: BTreeMap<(i64, String), Vec<&Event>> = BTreeMap::new();
    let name = |column| dataset.column(column).unwrap().name.as_str();
    for event in events.iter().filter(|event| has_group(table, event)) {
        let dimensions: Vec<Datum> = table
            .dimensions
            .iter()
            .map(|dimension| datum_of(event, name(dimension.column)))
            .collect();
        let start = table.grain.bounds(event.at).0;
        let group = groups.entry((start, format!("{dimensions:?}")));
        group.or_default().push(event);
    }
    let rows = groups.into_iter().map(|((start, dimensions), events)| {
        let measures: Vec<Datum> = table
            .measures
            .iter()
            .map(|measure| {
                let column = measure.source.column().map_or("id", name);
                let events = events.iter().filter(|e| counts(&measure.name, e));
                let values: Vec<Datum> = events.map(|e| datum_of(e, column)).collect();
                naive(&values, measure.source, values.len())
            })
            .collect();
        (start, dimensions, format!("{measures:?}"))
    });
    rows.collect()
}

fn shown(rows: Vec<Row>) -> Vec<Shown> {
    let mut shown: Vec<Shown> = rows
        .into_iter()
        .map(|row| {
            let (dimensions, measures) = (row.dimensions, row.measures);
            (
                row.start,
                format!("{dimensions:?}"),
                format!("{measures:?}"),
            )
        })
        .collect();
    shown.sort();
    shown
}

proptest! {
    #[test]
    fn increments_equal_the_slow_sum(
        mut events in proptest::collection::vec(event(), 0..60),
        sorted: bool,
        cut in 0usize..60,
    ) {
        if sorted {
            events.sort_by_key(|event| event.at);
        }
        let dataset = dataset();
        let schema = GoldSchema::of(&dataset).unwrap();
        let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [0, 1, 2, 3, 4, 5, 6])).unwrap();
        let columns = aggregator.columns().to_vec();
        let (first, second) = events.split_at(cut.min(events.len()));
        aggregator.add(&batch(first, &dataset, &columns)).unwrap();
        aggregator.add(&batch(second, &dataset, &columns)).unwrap();

        let taken = aggregator.take();
        prop_assert_eq!(aggregator.bytes(), 0);
        for (table, rows) in taken {
            let keys: std::collections::HashSet<_> = rows.iter().map(|row| (row.start, row.key)).collect();
            prop_assert_eq!(keys.len(), rows.len());
            let expected = naive_rows(&events, &dataset, schema.table_at(table).unwrap());
            prop_assert_eq!(shown(rows), expected);
        }
    }
}

fn amounts(values: &[i128]) -> Vec<Event> {
    let event = |amount: &i128| Event {
        id: 1,
        at: 0,
        kind: None,
        flag: None,
        amount: Some(*amount),
        level: None,
        day_of: None,
        count_of: None,
    };
    values.iter().map(event).collect()
}

#[test]
fn a_sum_of_38_digits_is_exact_and_one_of_39_is_refused() {
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let most = 10_i128.pow(38) - 1;
    for (values, expected) in [
        (vec![most - 1, 1], Some(most)),
        (vec![-most], Some(-most)),
        (vec![most, 1], None),
        (vec![most, most], None),
        (vec![-most, -most], None),
    ] {
        let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [0])).unwrap();
        let batch = batch(&amounts(&values), &dataset, aggregator.columns());
        let outcome = aggregator.add(&batch);
        match expected {
            Some(sum) => {
                outcome.unwrap();
                let (_, rows) = aggregator.take().remove(0);
                assert_eq!(rows[0].measures[1], Datum::Decimal(sum));
            }
            None => {
                let error = outcome.unwrap_err().to_string();
                assert_eq!(
                    error,
                    "sum total of gold table hourly has more than 38 digits for the group hour = 1970-01-01T00:00:00Z; nothing was written"
                );
            }
        }
    }
}

#[test]
fn a_table_without_a_condition_reads_no_more_columns_than_before() {
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let read = |position: usize| {
        let aggregator = Aggregator::new(&dataset, &tables(&schema, [position])).unwrap();
        let columns = aggregator.columns().iter();
        let names = columns.map(|index| dataset.column(*index).unwrap().name.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(read(3), "at count_of");
    assert_eq!(read(6), "at kind amount count_of flag level");
}

#[test]
fn a_key_never_changes() {
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [1, 3])).unwrap();
    let mut events = amounts(&[1]);
    events[0].kind = Some("a".into());
    aggregator
        .add(&batch(&events, &dataset, aggregator.columns()))
        .unwrap();
    let keys: Vec<String> = aggregator
        .take()
        .iter()
        .map(|(_, rows)| format!("{:032x}", u128::from_be_bytes(rows[0].key)))
        .collect();
    // Keys are kept in warehouses: other ones here would double every group there.
    assert_eq!(
        keys,
        [
            "9a84523aa02276630bc128c2744f7dcb",
            "99aa06d3014798d86001c324468d497f"
        ]
    );
}

#[test]
fn a_column_of_another_type_is_refused() {
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [1])).unwrap();
    let mut columns = aggregator.columns().to_vec();
    columns[1..].rotate_left(1);
    let rows = batch(&amounts(&[1]), &dataset, &columns);
    assert!(matches!(
        aggregator.add(&rows),
        Err(AggregateError::Column { .. })
    ));
}
