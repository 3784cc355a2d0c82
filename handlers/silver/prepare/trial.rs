//! What becomes of events, told one by one: the path of production as far as the commit, on an empty silver and without
//! a store. Pure.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use arrow_array::RecordBatch;
use bytes::Bytes;

use super::lines::Event;
use super::records::records_of;
use super::source::{Rejected, SourceFacts, records_of_events};
use super::{Prepared, SortedSources, Start};
use crate::dataset::{Dataset, Payload};
use crate::error::Invariant;
use crate::event::{PartitionId, RejectReason, SequenceNumber, SequenceRange, UnixMillis};
use crate::silver::RefineError;
use crate::silver::cast::hide::{Hider, hidden};
use crate::silver::open::Opener;
use crate::store::object::{ObjectFormat, Source};
use crate::table::log::Nulled;
use crate::table::schema::arrow_schema;
use crate::value::mask::Salt;

/// What the lines of a trial are called in silver's column of sources.
const SOURCE: &str = "trial";
/// What masks are made with where no salt is set; it keeps nothing secret.
const SALT: &str = "the salt of all trials";
/// The hub partition that they count as of.
const PARTITION: &str = "0";

/// What became of all lines.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many events there were.
    pub lines: u64,
    /// The fate of each record and of each event without one, in the order of the lines.
    pub records: Vec<Record>,
    /// The rows of all records that were cast, duplicates among them, with all of silver's columns.
    pub values: RecordBatch,
    /// What became null in them.
    pub nulled: Nulled,
}

/// One record, or an event without one, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it is.
    pub place: Place,
    /// What became of it.
    pub fate: Fate,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of its line, from 0.
    pub line: usize,
    /// Its number in its event, from 0; nothing where the event is that record.
    pub record: Option<u32>,
}

/// What becomes of a record: exactly one of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// The event holds no record.
    Empty,
    /// The dataset does not want it.
    Filtered,
    /// It is refused, with a reason.
    Quarantined(Refusal),
    /// An earlier record has its key.
    Duplicate {
        /// Its row among [`Trial::values`].
        row: usize,
        /// The record whose row stays.
        of: Place,
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
    /// Whether the event is refused whole.
    pub event: bool,
    /// The record, as it came, with `"***"` for what masks hide; of an event the beginning of its body. Nothing where a mask
    /// reads in the body, and either what it hides was not found or the event was refused whole.
    pub body: Option<Vec<u8>>,
}

/// The line of a record, and its number in its event.
type Key = (u32, u32);

/// Tells what becomes of lines of bronze; an event that nothing came with is its own line. All of them count as
/// `enqueued` at one time, in one partition. Masks are made with a salt of trials if the dataset has none.
///
/// # Errors
/// Fails if the lines are too many for one group, or by a defect.
pub fn trial(
    dataset: &Dataset,
    lines: &[Bytes],
    enqueued: UnixMillis,
) -> Result<Trial, RefineError> {
    let salted;
    let dataset = match dataset.check_salt() {
        Ok(()) => dataset,
        Err(_) => {
            salted = Dataset {
                salt: Salt::new(SALT).ok(),
                ..dataset.clone()
            };
            &salted
        }
    };
    let source = source(lines, enqueued);
    let events = records_of_events(dataset, &source)?;
    let sources = SortedSources::new(vec![source]);
    let prepared = Prepared::of(dataset, &sources, Start::default(), usize::MAX)?;
    let all: Vec<u32> = (0..).take(prepared.cast.len()).collect();
    let values = prepared
        .cast
        .batch(&arrow_schema(dataset), &[SOURCE], &all)?;
    let mut fates = fates_of_rows(&prepared, &events)?;
    let facts = prepared.sources.into_iter().next();
    let facts = facts.ok_or(Invariant("a group has the facts of its sources"))?;
    let hider = Hider::of(dataset);
    for rejected in &facts.rejected {
        let key = (rejected.line, rejected.record);
        let refusal = refused(dataset, hider.as_ref(), rejected)?;
        fates.insert(key, Fate::Quarantined(refusal));
    }
    let records = in_order(&events, fates);
    check_balance(&facts, &records)?;
    Ok(Trial {
        lines: facts.lines,
        records,
        values,
        nulled: facts.nulled,
    })
}

/// Opens lines of bronze by a payload: the texts of the records of each event, or why the event is refused whole.
#[must_use]
pub fn opened(payload: &Payload, lines: &[Bytes]) -> Vec<Result<Vec<Vec<u8>>, String>> {
    let mut opener = Opener::of_records(payload);
    let events = lines.iter().map(|line| {
        let texts = records_of(&Event::alone(line), &mut opener, |record| {
            record.text.to_vec()
        });
        texts.map_err(|reject| reject.detail)
    });
    events.collect()
}

/// Fails if the fates that are told are not those that the ledger would count.
fn check_balance(facts: &SourceFacts, told: &[Record]) -> Result<(), Invariant> {
    let count =
        |is: fn(&Fate) -> bool| told.iter().filter(|record| is(&record.fate)).count() as u64;
    let empty = count(|fate| matches!(fate, Fate::Empty));
    let counts = [
        (facts.empty, empty),
        (facts.records, told.len() as u64 - empty),
        (facts.filtered, count(|fate| matches!(fate, Fate::Filtered))),
        (
            facts.rejected.len() as u64,
            count(|fate| matches!(fate, Fate::Quarantined(_))),
        ),
    ];
    match counts.iter().all(|(counted, told)| counted == told) {
        true => Ok(()),
        false => Err(Invariant(
            "the fates of a trial are those that the ledger counts",
        )),
    }
}

/// An object with these lines, as if the hub had delivered them.
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
        partition: Some(PartitionId(PARTITION.to_owned())),
        range: last.map(|last| SequenceRange {
            first: SequenceNumber(0),
            last: SequenceNumber(last),
        }),
        enqueued_time,
        only: None,
    }
}

/// Names the place of a record by its number only where its event has several.
fn place((line, record): Key, events: &[Vec<u32>]) -> Place {
    let line = line as usize;
    let is_only = events.get(line).is_none_or(|records| records.len() <= 1);
    Place {
        line,
        record: (!is_only).then_some(record),
    }
}

/// Tells the rows that stay from those that repeat one of them.
fn fates_of_rows(
    prepared: &Prepared,
    events: &[Vec<u32>],
) -> Result<BTreeMap<Key, Fate>, Invariant> {
    const KNOWN: Invariant = Invariant("a row has a place, and a duplicate a row that stays");
    let keys = prepared.cast.places();
    let keys: Vec<Option<Key>> = keys
        .map(|place| place.map(|place| (place.line, place.record)))
        .collect();
    let key = |row: u32| keys.get(row as usize).copied().flatten().ok_or(KNOWN);
    let mut kept: HashMap<u128, u32> = HashMap::with_capacity(prepared.distinct.len());
    let mut fates = BTreeMap::new();
    for row in &prepared.distinct {
        kept.insert(row.key, row.row);
        let fate = Fate::Row {
            row: row.row as usize,
        };
        fates.insert(key(row.row)?, fate);
    }
    for row in &prepared.repeats {
        let of = *kept.get(&row.key).ok_or(KNOWN)?;
        let fate = Fate::Duplicate {
            row: row.row as usize,
            of: place(key(of)?, events),
            kept: of as usize,
            is_conflict: prepared.conflicts.contains(row.row),
        };
        fates.insert(key(row.row)?, fate);
    }
    Ok(fates)
}

/// Gives each record its fate, in the order of the lines. What is neither a row nor refused was filtered.
fn in_order(events: &[Vec<u32>], mut fates: BTreeMap<Key, Fate>) -> Vec<Record> {
    let mut all = Vec::with_capacity(fates.len());
    for (line, records) in (0u32..).zip(events) {
        if records.is_empty() {
            all.push(Record {
                place: place((line, 0), events),
                fate: Fate::Empty,
            });
        }
        for record in records {
            let key = (line, *record);
            all.push(Record {
                place: place(key, events),
                fate: fates.remove(&key).unwrap_or(Fate::Filtered),
            });
        }
    }
    all
}

fn refused(
    dataset: &Dataset,
    hider: Option<&Hider<'_>>,
    rejected: &Rejected,
) -> Result<Refusal, Invariant> {
    let (whole, position) = (rejected.event, rejected.reject.position);
    let (body, position) = hidden(hider, whole, &rejected.body, position);
    let column = rejected.reject.column;
    let column = column.map(|index| dataset.column(index)).transpose()?;
    Ok(Refusal {
        reason: rejected.reject.reason,
        column: column.map(|column| column.name.clone()),
        position,
        detail: rejected.reject.detail.clone(),
        event: rejected.event,
        body: body.map(Cow::into_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::NonFinite;
    use crate::value::path::FieldPath;

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
    fn opened_lines_are_the_records_that_would_be_cast() {
        let lines: Vec<Bytes> = [
            &br#"{"records": [{"a": NaN}, 1]}"#[..],
            br#"{"$sluice":"event","system":{},"properties":{"p":1},"body":{"records":[]}}"#,
            br#"{"a": 1}"#,
            br#"{"$sluice":"base64","data":""}"#,
            b"\xEF\xBB\xBF",
        ]
        .map(Bytes::from_static)
        .into();
        let texts = |payload: &Payload| -> Vec<Option<Vec<String>>> {
            let opened = opened(payload, &lines).into_iter();
            let text = |record| String::from_utf8(record).unwrap();
            opened
                .map(|event| Some(event.ok()?.into_iter().map(text).collect()))
                .collect()
        };
        let plain = texts(&Payload::default());
        assert_eq!(plain[0].as_ref().unwrap()[0].as_bytes(), &lines[0][..]);
        assert_eq!(plain[1], Some(vec![r#"{"records":[]}"#.to_owned()]));
        assert_eq!(plain[3..], [Some(Vec::new()), Some(Vec::new())]);
        let payload = Payload {
            records: FieldPath::parse("$.records").ok(),
            non_finite: NonFinite::Null,
            ..Payload::default()
        };
        let records = vec![r#"{"a": null}"#.to_owned(), "1".to_owned()];
        let empty = Some(Vec::new());
        assert_eq!(
            texts(&payload),
            [Some(records), empty.clone(), None, empty.clone(), empty]
        );
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
        let places = tried.records.iter().map(|record| record.place);
        assert!(places.clone().all(|place| place.record.is_none()));
        let lines: Vec<usize> = places.map(|place| place.line).collect();
        assert_eq!((tried.lines, lines), (6, vec![0, 1, 2, 3, 4, 5]));
        let fates: Vec<&Fate> = tried.records.iter().map(|record| &record.fate).collect();
        assert_eq!(fates[0], &Fate::Row { row: 0 });
        assert_eq!(fates[2], &Fate::Row { row: 1 });
        let duplicate = |row, is_conflict| Fate::Duplicate {
            row,
            of: Place {
                line: 0,
                record: None,
            },
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
        let at = refusal.body.as_ref().and_then(|body| body.get(7));
        assert_eq!((refusal.position, at), (7, Some(&b'1')));
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
        assert_eq!(refusal.body.as_deref(), Some(&[0xff][..]));
    }

    #[test]
    fn an_event_without_a_record_is_empty() {
        let tried = tried(&[r#"{"$sluice":"base64","data":""}"#, "{}"]);
        assert_eq!((tried.lines, tried.records.len()), (2, 2));
        assert_eq!(tried.records[0].fate, Fate::Empty);
        assert!(matches!(tried.records[1].fate, Fate::Quarantined(_)));
    }

    #[test]
    fn what_is_neither_a_row_nor_refused_was_filtered() {
        let row = Fate::Row { row: 0 };
        let fates = BTreeMap::from([((0, 2), row.clone())]);
        let events = [vec![0, 2], vec![], vec![0]];
        let records: Vec<_> = in_order(&events, fates)
            .into_iter()
            .map(|record| (record.place.line, record.place.record, record.fate))
            .collect();
        assert_eq!(
            records,
            [
                (0, Some(0), Fate::Filtered),
                (0, Some(2), row),
                (1, None, Fate::Empty),
                (2, None, Fate::Filtered),
            ]
        );
    }

    #[test]
    fn fates_that_the_ledger_counts_otherwise_are_a_defect() {
        let source = source(&[Bytes::from_static(b"{}")], NOW);
        let dataset = Dataset::parse(DATASET, "orders.toml").unwrap();
        let prepared = Prepared::of(
            &dataset,
            &SortedSources::new(vec![source]),
            Start::default(),
            usize::MAX,
        )
        .unwrap();
        let told = tried(&["{}"]).records;
        let mut facts = prepared.sources[0].clone();
        assert_eq!(check_balance(&facts, &told), Ok(()));
        facts.records += 1;
        assert!(check_balance(&facts, &told).is_err());
    }

    #[test]
    fn of_no_lines_nothing_becomes() {
        let tried = tried(&[]);
        assert_eq!((tried.lines, tried.records.len()), (0, 0));
    }
}
