//! What becomes of events: told by the path of production, and held to what every trial promises.

use std::collections::BTreeSet;

use arrow_array::{Array, RecordBatch, StringArray};
use bytes::Bytes;
use sluice::dataset::Dataset;
use sluice::event::{SequenceNumber, SourceEvent, UnixMillis};
use sluice::silver::trial::{Fate, Record, Trial, trial};
use sluice::value::line::append_line;

/// When all events are enqueued: 2026-01-01T00:00:00Z.
pub(super) const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

/// Reads a dataset file of these checks.
pub(super) fn dataset(text: &str) -> Dataset {
    Dataset::parse(text, "fuzzed.toml").unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// An event with the text of an object, or nothing, of what the hub says of it.
pub(super) fn event(body: &[u8], system: &[u8]) -> SourceEvent {
    SourceEvent {
        body: Bytes::copy_from_slice(body),
        system: Bytes::copy_from_slice(system),
        properties: Bytes::new(),
        sequence_number: SequenceNumber(0),
        enqueued_time: NOW,
    }
}

/// Returns the line of an event, as bronze writes it.
pub(super) fn line(event: &SourceEvent) -> Bytes {
    let mut line = Vec::new();
    append_line(event, &mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    assert!(!line.contains(&b'\n'), "an event is one line");
    line.into()
}

/// Tells what becomes of events, and checks what holds of any: each has a fate, each record exactly one, and rows are what
/// the fates say.
pub(super) fn fates(dataset: &Dataset, events: &[SourceEvent]) -> Trial {
    let lines: Vec<Bytes> = events.iter().map(line).collect();
    // That the fates are those that the ledger counts, it checks itself.
    let tried = trial(dataset, &lines, NOW).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(tried.lines, events.len() as u64);
    let mut rows = BTreeSet::new();
    let mut places = BTreeSet::new();
    for record in &tried.records {
        assert!(
            places.insert(record.place),
            "{:?} has one fate",
            record.place
        );
        match record.fate {
            Fate::Row { row } | Fate::Duplicate { row, .. } => {
                assert!(rows.insert(row), "row {row} is of one record");
            }
            Fate::Filtered => assert!(dataset.condition.is_some(), "{:?}", record.place),
            Fate::Empty | Fate::Quarantined(_) => {}
        }
    }
    let all: BTreeSet<usize> = (0..tried.values.num_rows()).collect();
    assert_eq!(rows, all, "each row is of a record");
    for line in 0..events.len() {
        let has_fate = of_line(&tried, line).next().is_some();
        assert!(has_fate, "line {line} has a fate");
    }
    tried
}

/// The records of a line.
pub(super) fn of_line(tried: &Trial, line: usize) -> impl Iterator<Item = &Record> {
    let records = tried.records.iter();
    records.filter(move |record| record.place.line == line)
}

/// The fate of the only record of a line; nothing if it has several.
pub(super) fn only(tried: &Trial, line: usize) -> Option<&Fate> {
    let mut records = of_line(tried, line);
    let first = records.next()?;
    records.next().is_none().then_some(&first.fate)
}

/// The column `whole` of a line's records, all of which are rows.
pub(super) fn wholes(tried: &Trial, line: usize) -> Vec<&str> {
    let records = of_line(tried, line);
    let wholes = records.map(|record| match record.fate {
        Fate::Row { row } => text(&tried.values, "whole", row).unwrap_or("null"),
        ref other => panic!("{other:?}"),
    });
    wholes.collect()
}

/// Returns the text of a row's column.
pub(super) fn text<'v>(values: &'v RecordBatch, column: &str, row: usize) -> Option<&'v str> {
    let column = values.column_by_name(column).unwrap();
    let column: &StringArray = column.as_any().downcast_ref().unwrap();
    column.is_valid(row).then(|| column.value(row))
}

/// Checks that an event has the same fate whatever is around it: a row of one may be a duplicate of a row before it.
pub(super) fn same_fates(alone: &Trial, among: &Trial, line: usize) {
    let (alone, among): (Vec<_>, Vec<_>) =
        (of_line(alone, 0).collect(), of_line(among, line).collect());
    assert_eq!(alone.len(), among.len(), "{alone:?}\n{among:?}");
    for (alone, among) in alone.into_iter().zip(among) {
        assert_eq!(alone.place.record, among.place.record);
        let is_same = match (&alone.fate, &among.fate) {
            (
                Fate::Row { .. } | Fate::Duplicate { .. },
                Fate::Row { .. } | Fate::Duplicate { .. },
            ) => true,
            (alone, among) => alone == among,
        };
        assert!(is_same, "{alone:?}\n{among:?}");
    }
}
