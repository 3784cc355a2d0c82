//! What becomes of events, told one by one: the path of production as far as the commit, on an empty silver and without
//! a store. Pure.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;

use super::RefineError;
use super::prepare::{Prepared, Rejected};
use super::sources::SortedSources;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::{RejectReason, SequenceNumber, SequenceRange, UnixMillis};
use crate::store::object::{ObjectFormat, Source};
use crate::table::log::Nulled;
use crate::table::schema::{SEQUENCE_NUMBER, arrow_schema};

/// What the lines of a trial are called in silver's column of sources.
const SOURCE: &str = "trial";

/// What became of all lines.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many lines there were.
    pub lines: u64,
    /// The fate of each record, in the order of the lines.
    pub records: Vec<Record>,
    /// The rows of all records that were cast, duplicates among them, with all of silver's columns.
    pub values: RecordBatch,
    /// What became null in them.
    pub nulled: Nulled,
}

/// One record, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The number of its line, from 0.
    pub line: usize,
    /// What became of it.
    pub fate: Fate,
}

/// What becomes of a record: exactly one of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is refused, with a reason.
    Quarantined(Refusal),
    /// An earlier line has its key.
    Duplicate {
        /// Its row among [`Trial::values`].
        row: usize,
        /// The line whose row stays.
        of: usize,
        /// That row among [`Trial::values`].
        kept: usize,
        /// Whether it differs from that row.
        is_conflict: bool,
    },
    /// It is a row.
    Row {
        /// Its row among [`Trial::values`].
        row: usize,
    },
}

/// Why a record is refused, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: RejectReason,
    /// The column that cannot be filled.
    pub column: Option<String>,
    /// Where in `body`, in bytes.
    pub position: usize,
    /// What is wrong, for people.
    pub detail: String,
    /// The record, as it came.
    pub body: Vec<u8>,
}

/// Tells what becomes of lines of bronze; an event that nothing came with is its own line. All of them count as
/// `enqueued` at one time.
///
/// # Errors
/// Fails if the lines are too many for one group, or by a defect.
pub fn trial(
    dataset: &Dataset,
    lines: &[Bytes],
    enqueued: UnixMillis,
) -> Result<Trial, RefineError> {
    let sources = SortedSources::new(vec![source(lines, enqueued)]);
    let prepared = Prepared::of(dataset, &sources)?;
    let all: Vec<u32> = (0..).take(prepared.cast.len()).collect();
    let values = prepared
        .cast
        .batch(&arrow_schema(dataset), &[SOURCE], &all)?;
    let mut records = fates_of_rows(&prepared, &lines_of(&values)?)?;
    let facts = prepared.sources.into_iter().next();
    let facts = facts.ok_or(Invariant("a group has the facts of its sources"))?;
    for rejected in facts.rejected {
        records.push(refused(dataset, rejected)?);
    }
    // Stable: the records of one line stay in their order.
    records.sort_by_key(|record| record.line);
    Ok(Trial {
        lines: facts.lines,
        records,
        values,
        nulled: facts.nulled,
    })
}

/// An object with these lines, whose sequence numbers are the numbers of the lines.
fn source(lines: &[Bytes], enqueued_time: UnixMillis) -> Source {
    let mut content = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        content.extend_from_slice(line);
        content.push(b'\n');
    }
    // Lines are in memory, so they are fewer than 2^63.
    let last = lines
        .len()
        .checked_sub(1)
        .and_then(|last| i64::try_from(last).ok());
    Source {
        name: SOURCE.to_owned(),
        content: content.into(),
        format: ObjectFormat::Lines,
        partition: None,
        range: last.map(|last| SequenceRange {
            first: SequenceNumber(0),
            last: SequenceNumber(last),
        }),
        enqueued_time,
    }
}

/// Returns the number of the line of each row.
fn lines_of(values: &RecordBatch) -> Result<Vec<usize>, Invariant> {
    const NUMBERED: Invariant = Invariant("a row of a numbered object has the number of its line");
    let numbers = values.column_by_name(SEQUENCE_NUMBER).ok_or(NUMBERED)?;
    let numbers = numbers.as_primitive_opt::<Int64Type>().ok_or(NUMBERED)?;
    if numbers.null_count() > 0 {
        return Err(NUMBERED);
    }
    let lines = numbers.values().iter();
    lines
        .map(|number| usize::try_from(*number).map_err(|_| NUMBERED))
        .collect()
}

/// Tells the rows that stay from those that repeat one of them.
fn fates_of_rows(prepared: &Prepared, lines: &[usize]) -> Result<Vec<Record>, Invariant> {
    const KNOWN: Invariant = Invariant("a row has a line, and a duplicate a row that stays");
    let line = |row: u32| lines.get(row as usize).copied().ok_or(KNOWN);
    let mut kept: HashMap<u128, u32> = HashMap::with_capacity(prepared.distinct.len());
    let mut records = Vec::with_capacity(lines.len());
    for row in &prepared.distinct {
        kept.insert(row.key, row.row);
        records.push(Record {
            line: line(row.row)?,
            fate: Fate::Row {
                row: row.row as usize,
            },
        });
    }
    for row in &prepared.repeats {
        let of = *kept.get(&row.key).ok_or(KNOWN)?;
        records.push(Record {
            line: line(row.row)?,
            fate: Fate::Duplicate {
                row: row.row as usize,
                of: line(of)?,
                kept: of as usize,
                is_conflict: prepared.conflicts.contains(row.row),
            },
        });
    }
    Ok(records)
}

fn refused(dataset: &Dataset, rejected: Rejected) -> Result<Record, Invariant> {
    let column = rejected.reject.column;
    let column = column.map(|index| dataset.column(index)).transpose()?;
    Ok(Record {
        line: usize::try_from(rejected.line).unwrap_or(usize::MAX),
        fate: Fate::Quarantined(Refusal {
            reason: rejected.reject.reason,
            column: column.map(|column| column.name.clone()),
            position: rejected.reject.position,
            detail: rejected.reject.detail,
            body: rejected.body,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATASET: &str = r#"
name = "orders"
key = ["id", "at"]
event_time = "at"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "at"
type = "timestamp"
required = true

[[column]]
name = "amount"
type = "decimal(18,2)"
min = 0
"#;
    /// 2026-01-01.
    const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

    fn tried(lines: &[&str]) -> Trial {
        let dataset = Dataset::parse(DATASET, "orders.toml").unwrap();
        let lines: Vec<Bytes> = lines
            .iter()
            .map(|line| Bytes::from((*line).to_owned()))
            .collect();
        trial(&dataset, &lines, NOW).unwrap()
    }

    #[test]
    fn each_record_has_one_fate_in_the_order_of_the_lines() {
        let tried = tried(&[
            r#"{"id": 2, "at": "2025-11-14T11:00:05Z", "amount": 1}"#,
            r#"{"id": 1.5, "at": "2025-11-14T11:00:00Z"}"#,
            r#"{"id": 1, "at": "2025-11-14T11:00:00Z", "amount": -1}"#,
            r#"{"id": 2, "at": "2025-11-14T12:00:05+01:00", "amount": 1.00}"#,
            r#"{"id": 2, "at": "2025-11-14T11:00:05Z", "amount": 2}"#,
            r#"{"id": 3, "at": "2026-01-01T00:10:01Z"}"#,
        ]);
        let lines: Vec<usize> = tried.records.iter().map(|record| record.line).collect();
        assert_eq!((tried.lines, lines), (6, vec![0, 1, 2, 3, 4, 5]));
        let fates: Vec<&Fate> = tried.records.iter().map(|record| &record.fate).collect();
        assert_eq!(fates[0], &Fate::Row { row: 0 });
        assert_eq!(fates[2], &Fate::Row { row: 1 });
        let duplicate = |row, is_conflict| Fate::Duplicate {
            row,
            of: 0,
            kept: 0,
            is_conflict,
        };
        assert_eq!(
            (fates[3], fates[4]),
            (&duplicate(2, false), &duplicate(3, true))
        );
        let Fate::Quarantined(refusal) = fates[1] else {
            panic!("{:?}", fates[1]);
        };
        assert_eq!(refusal.reason, RejectReason::InvalidValue);
        assert_eq!(refusal.column.as_deref(), Some("id"));
        assert_eq!((refusal.position, refusal.body.get(7)), (7, Some(&b'1')));
        let future =
            matches!(fates[5], Fate::Quarantined(r) if r.reason == RejectReason::FutureTime);
        assert!(future, "{:?}", fates[5]);
        assert_eq!(tried.values.num_rows(), 4);
        assert_eq!(tried.nulled.total(), 1, "the amount below 0");
    }

    #[test]
    fn lines_of_bronze_are_read_as_silver_reads_them() {
        let tried = tried(&[
            r#"{"$sluice":"event","system":{},"properties":{"a":"b"},"body":{"id": 1, "at": "2025-11-14T11:00:00Z"}}"#,
            r#"{"$sluice":"base64","data":"/w=="}"#,
        ]);
        assert_eq!(tried.records[0].fate, Fate::Row { row: 0 });
        let Fate::Quarantined(refusal) = &tried.records[1].fate else {
            panic!("{:?}", tried.records[1]);
        };
        assert_eq!(refusal.reason, RejectReason::NotAnObject);
        assert_eq!(refusal.body, [0xff]);
    }

    #[test]
    fn of_no_lines_nothing_becomes() {
        let tried = tried(&[]);
        assert_eq!((tried.lines, tried.records.len()), (0, 0));
    }
}
