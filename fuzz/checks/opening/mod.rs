//! Opening: any body, by any `[payload]`, between two good events.
//!
//! The first bytes choose how events are opened and what is made of them, the others are the body. What comes out is
//! compared with what plain decoders and a plain parser find.

mod plain;
mod way;

use sluice::event::RejectReason;
use sluice::silver::trial::{Fate, Record, Trial};
use sluice::value::path::FieldPath;

use super::choice::Choice;
use super::fates::{event, fates, of_line, only, same_fates, text};
use super::json;
use plain::{Found, MARK, open};
use way::Way;

/// Checks a body.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let way = Way::of(&mut choice);
    let dataset = way.dataset();
    let given = choice.0;
    // A line ends nowhere else, and an element is a value.
    let is_inside =
        way.is_inside && (way.is_lines || way.records.is_some() && json::is_value(given));
    let body = match is_inside {
        true => way.body(&[way.record(3).as_bytes(), given, way.record(4).as_bytes()]),
        false => given.to_vec(),
    };
    let alone = fates(&dataset, &[event(&body, b"")]);
    let records: Vec<&Record> = of_line(&alone, 0).collect();
    if is_inside && way.can_be_good() && records.len() > 1 {
        let (first, last) = (records[0], records[records.len() - 1]);
        assert!(way.has_good(&alone, first, 3), "{way:?} {records:?}");
        let is_same = way.has_key && matches!(last.fate, Fate::Duplicate { .. });
        assert!(
            is_same || way.has_good(&alone, last, 4),
            "{way:?} {records:?}"
        );
    }
    if way.can_be_good() {
        let among = fates(&dataset, &[way.good(1), event(&body, b""), way.good(2)]);
        same_fates(&alone, &among, 1);
        for (line, id) in [(0, 1), (2, 2)] {
            let records: Vec<&Record> = of_line(&among, line).collect();
            let is_good = records.len() == 1 && way.has_good(&among, records[0], id);
            assert!(is_good, "{way:?} {line} {records:?}");
        }
    }
    compare(&way, &body, &alone);
}

/// Compares what became of a body with what plain means find in it.
fn compare(way: &Way, body: &[u8], tried: &Trial) {
    let records: Vec<&Record> = of_line(tried, 0).collect();
    let says = |reason| match only(tried, 0) {
        Some(Fate::Quarantined(refusal)) => refusal.event && refusal.reason == reason,
        _ => false,
    };
    let mut left = way.limits().0;
    let texts = match open(way, body, &mut left) {
        Ok(Found::Unknown) => return,
        Ok(Found::Records(texts)) => texts,
        Ok(Found::Refused(reason)) | Err(reason) => {
            assert!(says(reason), "{way:?} {reason:?} {records:?}");
            return;
        }
    };
    if texts.is_empty() {
        let fate = only(tried, 0);
        assert!(matches!(fate, Some(Fate::Empty)), "{way:?} {records:?}");
        return;
    }
    assert_eq!(records.len(), texts.len(), "{way:?} {records:?}");
    for (record, wanted) in records.into_iter().zip(&texts) {
        compare_record(way, record, wanted, tried);
    }
}

fn compare_record(way: &Way, record: &Record, wanted: &[u8], tried: &Trial) {
    // A byte order mark is passed over at the start of an event.
    let bare = match way.is_opened() {
        false => wanted.strip_prefix(MARK).unwrap_or(wanted),
        true => wanted,
    };
    let is_right = match way.is_whole && way.is_opened() {
        true => json::is_value(bare),
        false => json::is_object(bare),
    };
    let shown = String::from_utf8_lossy(wanted);
    match &record.fate {
        Fate::Quarantined(refusal) => {
            assert!(!refusal.event, "{way:?} {refusal:?}");
            assert_eq!(refusal.body.as_deref(), Some(wanted), "{way:?} {refusal:?}");
            assert!(refusal.position <= wanted.len());
            let is_object = refusal.reason != RejectReason::NotAnObject;
            assert_eq!(is_object, is_right, "{way:?} {refusal:?} {shown}");
        }
        Fate::Row { row } | Fate::Duplicate { row, .. } => {
            assert!(is_right, "{way:?} {shown}");
            let (column, path) = match way.is_whole {
                true => ("whole", "$"),
                false => ("first", "$.list[0]"),
            };
            let path = FieldPath::parse(path).unwrap();
            let bare = std::str::from_utf8(bare).unwrap();
            let value = json::at(bare, path.segments(), way.ignores_case);
            let value = value.filter(|value| *value != "null");
            assert_eq!(text(&tried.values, column, *row), value, "{way:?} {shown}");
        }
        Fate::Filtered => assert!(is_right && way.has_condition, "{way:?} {shown}"),
        Fate::Empty => panic!("{way:?} {shown}"),
    }
}
