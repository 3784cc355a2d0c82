use std::collections::HashSet;

use serde_json::Value;

use super::*;

const NOW: i64 = 1_763_120_674_343;

fn events(shares: Shares, count: usize) -> Vec<Bytes> {
    let mut orders = Orders::new(7, shares, 1);
    (0..count).map(|_| orders.next_event(NOW)).collect()
}

fn order(event: &Bytes) -> Option<Value> {
    serde_json::from_slice(event).ok()
}

/// How long before now an order was placed, in seconds.
fn age(event: &Bytes) -> f64 {
    NOW as f64 / 1_000.0 - order(event).unwrap()["timestamp"].as_f64().unwrap()
}

#[test]
fn ordinary_events_are_orders_each_with_an_id_of_its_own() {
    let events = events(Shares::NONE, 500);
    let ids: HashSet<u64> = events
        .iter()
        .map(|event| order(event).unwrap())
        .map(|order| {
            assert_eq!(order["timestamp"].as_f64(), Some(1_763_120_674.343));
            assert!(order["amount"].as_f64().is_some());
            order["order_id"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(ids, (1..=500).collect());
}

#[test]
fn ids_go_on_from_the_first_that_is_asked_for() {
    let mut orders = Orders::new(7, Shares::NONE, 1_001);
    let ids: Vec<_> = (0..3)
        .map(|_| order(&orders.next_event(NOW)).unwrap()["order_id"].clone())
        .collect();
    assert_eq!(ids, [1_001, 1_002, 1_003]);
}

#[test]
fn some_orders_are_of_nobody_and_all_others_of_one_of_5000_customers() {
    let customers: Vec<_> = events(Shares::NONE, 2_000)
        .iter()
        .map(|event| order(event).unwrap()["customer_id"].clone())
        .collect();
    let nobody = customers.iter().filter(|id| id.is_null()).count();
    assert!((150..250).contains(&nobody), "{nobody}");
    for id in customers.iter().filter_map(Value::as_str) {
        assert_eq!(id.len(), 5);
        assert!((1..=5_000).contains(&id.parse::<u32>().unwrap()), "{id}");
    }
}

#[test]
fn the_same_seed_makes_the_same_events_and_another_seed_others() {
    let shares = Shares {
        duplicates: 0.1,
        late: 0.1,
        out_of_order: 0.1,
        broken: 0.1,
    };
    let first = events(shares.clone(), 300);
    assert_eq!(first, events(shares.clone(), 300));
    let mut other = Orders::new(8, shares, 1);
    let other: Vec<_> = (0..300).map(|_| other.next_event(NOW)).collect();
    assert_ne!(first, other);
}

#[test]
fn duplicates_come_about_as_often_as_asked() {
    let shares = Shares {
        duplicates: 0.2,
        ..Shares::NONE
    };
    let events = events(shares, 5_000);
    let distinct: HashSet<&Bytes> = events.iter().collect();
    let duplicates = events.len() - distinct.len();
    assert!((800..1_200).contains(&duplicates), "{duplicates}");
}

#[test]
fn a_duplicate_is_not_older_than_a_thousand_events() {
    let shares = Shares {
        duplicates: 0.5,
        ..Shares::NONE
    };
    let mut newest = 0;
    for event in events(shares, 6_000) {
        let id = order(&event).unwrap()["order_id"].as_u64().unwrap();
        newest = newest.max(id);
        assert!(newest - id < 1_000, "{id} after {newest}");
    }
}

#[test]
fn late_events_are_hours_late_and_as_many_as_asked() {
    let shares = Shares {
        late: 0.3,
        ..Shares::NONE
    };
    let ages: Vec<f64> = events(shares, 2_000).iter().map(age).collect();
    let late = ages.iter().filter(|age| **age > 0.0).count();
    assert!((500..700).contains(&late), "{late}");
    for age in ages.into_iter().filter(|age| *age > 0.0) {
        assert!((3.0 * 3_600.0..=12.0 * 3_600.0).contains(&age), "{age}");
    }
}

#[test]
fn events_out_of_order_are_seconds_late() {
    let shares = Shares {
        out_of_order: 1.0,
        ..Shares::NONE
    };
    for event in events(shares, 500) {
        let age = age(&event);
        assert!((0.999..=30.001).contains(&age), "{age}");
    }
}

#[test]
fn broken_events_are_broken_in_every_way_and_never_sent_again() {
    let shares = Shares {
        broken: 1.0,
        duplicates: 1.0,
        ..Shares::NONE
    };
    let events = events(shares, 700);
    let no_json = events.iter().filter(|event| order(event).is_none()).count();
    assert!((120..280).contains(&no_json), "two of seven: {no_json}");
    let orders: Vec<Value> = events.iter().filter_map(order).collect();
    let some = |what: &str, is_so: &dyn Fn(&Value) -> bool| {
        assert!(orders.iter().any(is_so), "none has {what}");
    };
    some("no amount", &|order| order["amount"].is_null());
    some("text as its amount", &|order| order["amount"].is_string());
    some("a negative amount", &|order| order["amount"] == -1);
    some("half an id", &|order| order["order_id"].is_f64());
    some("a time of tomorrow", &|order| {
        order["timestamp"].as_i64() == Some(NOW / 1_000 + 86_400)
    });
    let distinct: HashSet<&Bytes> = events.iter().collect();
    assert!(distinct.len() > 500, "each with an id of its own");
}

#[test]
fn a_share_is_a_number_from_0_to_1() {
    for (text, expected) in [("0", 0.0), ("1", 1.0), ("0.25", 0.25)] {
        assert_eq!(share(text), Ok(expected));
    }
    for text in ["-0.1", "1.1", "half", "", "NaN"] {
        let error = share(text).unwrap_err();
        assert_eq!(error, "a share is a number from 0 to 1", "{text}");
    }
}
