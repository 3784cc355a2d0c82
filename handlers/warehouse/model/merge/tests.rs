use proptest::prelude::*;

use super::*;
use crate::value::hash::RowHasher;
use crate::warehouse::fixture::schema_of;

const TABLES: &str = r#"
[[gold]]
table = "people"
grain = "all"
measures = { n = "count", total = "sum(amount)", low = "min(amount)", high = "max(amount)", mean = "avg(id)", opened = "first(who)", closed = "last(who)", people = "count_distinct(who)" }
"#;

fn table() -> TableSchema {
    schema_of(TABLES).tables.remove(0)
}

/// An event: its time, what tells it from others of that time, an amount and a person.
type Event = (i64, u8, Option<i128>, Option<&'static str>);

fn sketch(people: &[&str]) -> Sketch {
    let mut sketch = Sketch::default();
    for person in people {
        let column = arrow_array::StringArray::from(vec![*person]);
        let mut hasher = RowHasher::new(&[std::sync::Arc::new(column)], 1).unwrap();
        sketch.add(hasher.hash(0));
    }
    sketch
}

/// What one event adds.
fn added((at, key, amount, who): Event) -> Row {
    let amount = amount.map_or(Datum::Null, Datum::Decimal);
    let picked = || {
        who.map_or(Datum::Null, |who| {
            let (value, key) = (Datum::Text(who.to_owned()), [key; 16]);
            Datum::Picked(Box::new(Picked { value, at, key }))
        })
    };
    Row {
        newest: 0,
        start: 0,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![
            Datum::Int64(1),
            amount.clone(),
            amount.clone(),
            amount,
            Datum::Decimal(i128::from(key)),
            Datum::Int64(1),
            picked(),
            picked(),
            Datum::Sketch(Box::new(sketch(who.as_slice()))),
        ],
    }
}

/// The columns of a row's measures, as a warehouse has them.
fn stored(table: &TableSchema, row: Row) -> StoredRow {
    let measures = table.measures.iter().zip(row.measures);
    let parts = measures.flat_map(|(measure, datum)| parts(measure, datum));
    StoredRow {
        number: 0,
        parts: parts.map(Some).collect(),
    }
}

/// Merges events one after the other by way of what is stored of them.
fn merge_all(table: &TableSchema, events: impl Iterator<Item = Event>) -> Vec<Option<Datum>> {
    let mut all: Option<Row> = None;
    for event in events {
        let before = all.take().map(|row| stored(table, row));
        let rows = merged(
            table,
            vec![added(event)],
            before.into_iter().collect(),
            false,
        );
        all = rows.unwrap().0.pop();
    }
    stored(table, all.unwrap()).parts
}

#[test]
fn the_first_and_the_last_value_are_those_of_their_rows() {
    let table = table();
    let found = merge_all(
        &table,
        [
            (5, 1, Some(10), Some("b")),
            (5, 2, Some(-10), Some("c")),
            (3, 9, None, None),
            (4, 0, None, Some("a")),
            (9, 0, Some(1), None),
        ]
        .into_iter(),
    );
    let text = |text: &str| Datum::Text(text.to_owned());
    let expected = [
        Datum::Int64(5),
        Datum::Decimal(1),
        Datum::Decimal(-10),
        Datum::Decimal(10),
        Datum::Decimal(12),
        Datum::Int64(5),
        text("a"),
        Datum::Timestamp(4),
        Datum::Bytes(vec![0; 16]),
        text("c"),
        Datum::Timestamp(5),
        Datum::Bytes(vec![2; 16]),
        Datum::Int64(3),
        Datum::Bytes(sketch(&["a", "b", "c"]).to_bytes()),
    ];
    assert_eq!(found, expected.map(Some));
}

#[test]
fn a_group_without_a_value_has_nulls_and_counts_none() {
    let table = table();
    let found = merge_all(&table, [(1, 1, None, None), (2, 2, None, None)].into_iter());
    let nulls = |count| vec![Some(Datum::Null); count];
    assert_eq!(found[1..4], nulls(3));
    assert_eq!(found[6..12], nulls(6));
    assert_eq!(found[12..], [Some(Datum::Int64(0)), Some(Datum::Null)]);
}

#[test]
fn a_sum_of_39_digits_names_its_group() {
    let table = table();
    let most = 10_i128.pow(38) - 1;
    let before = stored(&table, added((1, 1, Some(most), None)));
    let error = merged(
        &table,
        vec![added((2, 2, Some(1), None))],
        vec![before],
        false,
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("people") && text.contains("all rows"),
        "{text}"
    );
}

#[test]
fn what_somebody_changed_is_named_and_not_guessed() {
    let table = table();
    for (at, put, column) in [
        (7, Some(Datum::Bytes(vec![1])), "_opened_at"),
        (8, Some(Datum::Bytes(vec![1])), "_opened_key"),
        (13, Some(Datum::Bytes(vec![1])), "_people"),
        (1, None, "total"),
    ] {
        let mut before = stored(&table, added((1, 1, Some(1), Some("a"))));
        before.parts[at] = put;
        let error =
            merged(&table, vec![added((2, 2, None, None))], vec![before], false).unwrap_err();
        let text = crate::error::chain(&error);
        assert!(text.contains(&format!("column {column} holds")), "{text}");
    }
}

fn event() -> impl Strategy<Value = Event> {
    (
        0i64..4,
        any::<u8>(),
        proptest::option::of(-3i128..3),
        proptest::option::of(prop::sample::select(vec!["a", "b", "c", ""])),
    )
}

proptest! {
    #[test]
    fn what_comes_out_does_not_depend_on_the_order(
        // No two rows of one time have one hash.
        events in proptest::collection::btree_map((0i64..4, any::<u8>()), event(), 1..12),
        seed in any::<prop::sample::Index>(),
    ) {
        let table = table();
        let events: Vec<Event> = events
            .into_iter()
            .map(|((at, key), (_, _, amount, who))| (at, key, amount, who))
            .collect();
        let turned = seed.index(events.len());
        let (head, tail) = events.split_at(turned);
        let forward = merge_all(&table, events.iter().copied());
        let other = merge_all(&table, tail.iter().chain(head).rev().copied());
        prop_assert_eq!(forward, other);
    }
}
