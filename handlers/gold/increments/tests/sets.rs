//! The first and the last value, and counts of different values.

use std::collections::BTreeSet;

use super::*;
use crate::warehouse::Picked;

const SETS: usize = 7;

fn rows_of<'a>(parts: impl Iterator<Item = &'a [Event]>) -> BTreeMap<(i64, [u8; 16]), Vec<Datum>> {
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [SETS])).unwrap();
    let columns = aggregator.columns().to_vec();
    for part in parts {
        aggregator.add(&batch(part, &dataset, &columns)).unwrap();
    }
    let (_, rows) = aggregator.take().remove(0);
    assert_eq!(aggregator.bytes(), 0);
    let rows = rows.into_iter();
    rows.map(|row| ((row.start, row.key), row.measures))
        .collect()
}

fn value(datum: &Datum) -> Datum {
    match datum {
        Datum::Picked(picked) => picked.value.clone(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn neither_order_nor_batches_change_what_they_are(
        events in proptest::collection::vec(event(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut events = events;
        // The key tells events apart.
        events.sort_by_key(|event| (event.id, event.at));
        events.dedup_by_key(|event| (event.id, event.at));
        let mut turned = events.clone();
        turned.rotate_left(cut.index(events.len()));
        turned.reverse();
        let (head, tail) = turned.split_at(cut.index(turned.len()));
        prop_assert_eq!(rows_of([events.as_slice()].into_iter()), rows_of([head, tail].into_iter()));
    }

    #[test]
    fn the_first_and_the_last_are_those_of_the_slow_way(
        mut events in proptest::collection::vec(event(), 1..60),
    ) {
        // Of one time there is one event, so that no hash decides.
        events.sort_by_key(|event| event.at);
        events.dedup_by_key(|event| event.at);
        for event in &mut events {
            event.flag = None;
        }
        let rows = rows_of([events.as_slice()].into_iter());
        let day = |event: &&Event| event.at.div_euclid(86_400_000_000) * 86_400_000_000;
        for ((start, _), measures) in rows {
            let own: Vec<&Event> = events.iter().filter(|event| day(event) == start).collect();
            let kinds: Vec<&String> = own.iter().filter_map(|e| e.kind.as_ref()).collect();
            let text = |kind: Option<&&String>| kind.map_or(Datum::Null, |k| Datum::Text((*k).clone()));
            prop_assert_eq!(value(&measures[0]), text(kinds.first()));
            prop_assert_eq!(value(&measures[1]), text(kinds.last()));
            let cheap = own.iter().filter(|e| e.count_of.is_some_and(|count| count < 2));
            let cheap = cheap.filter_map(|e| e.amount).next_back();
            prop_assert_eq!(value(&measures[2]), cheap.map_or(Datum::Null, Datum::Decimal));
            let kinds: BTreeSet<&String> = kinds.into_iter().collect();
            let Datum::Sketch(sketch) = &measures[3] else { panic!("{:?}", measures[3]) };
            prop_assert_eq!(sketch.estimate(), i64::try_from(kinds.len()).unwrap());
        }
    }
}

#[test]
fn of_two_values_of_one_time_the_hash_of_the_key_decides() {
    let mut events = amounts(&[1, 2]);
    for (event, (id, kind)) in events.iter_mut().zip([(1, "a"), (2, "b")]) {
        (event.id, event.kind) = (id, Some(kind.to_owned()));
    }
    let rows = rows_of([events.as_slice()].into_iter());
    let measures = rows.values().next().unwrap();
    let picked = |at: usize| match &measures[at] {
        Datum::Picked(picked) => picked.as_ref().clone(),
        other => panic!("{other:?}"),
    };
    let (first, last) = (picked(0), picked(1));
    assert!(first.key < last.key && first.value != last.value);
    let hash = |id: i64| {
        let key: [ArrayRef; 2] = [
            Arc::new(Int64Array::from(vec![id])),
            Arc::new(TimestampMicrosecondArray::from(vec![0])),
        ];
        hash_keys(&key, &[0, 1]).unwrap()[0].to_be_bytes()
    };
    let of = |text: &str| Datum::Text(text.to_owned());
    for Picked { value, at, key } in [first, last] {
        let id = if value == of("a") { 1 } else { 2 };
        assert_eq!((at, key), (0, hash(id)));
    }
}

#[test]
fn what_sets_hold_is_counted_among_the_bytes() {
    let mut events = amounts(&[1; 2_000]);
    for (number, event) in events.iter_mut().enumerate() {
        event.kind = Some(format!("{number}"));
    }
    let dataset = dataset();
    let schema = GoldSchema::of(&dataset).unwrap();
    let mut aggregator = Aggregator::new(&dataset, &tables(&schema, [SETS])).unwrap();
    let columns = aggregator.columns().to_vec();
    aggregator.add(&batch(&events, &dataset, &columns)).unwrap();
    assert!(aggregator.bytes() > 4_096, "{}", aggregator.bytes());
}
