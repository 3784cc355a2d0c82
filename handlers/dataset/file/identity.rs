//! What tells events apart: `key`, and the table `[dedup]`.

use crate::dataset::column::Draft;
use crate::dataset::gold::find_column;
use crate::dataset::problem::Sink;
use crate::dataset::reader::{Keys, Located, keys};
use crate::dataset::{ColumnIndex, ColumnType, ConflictScope, Key, Masking};
use crate::value::Period;
use crate::wording::quoted;

const KEY: &str = "the list of the columns that tell events apart, such as [\"id\", \"ts\"] or [\"device\", \"day(ts)\"]; with keep = \"all\" below [dedup] there is none";
const BUCKETS: &str = "hour(…), day(…) or month(…) of the event-time column";

/// Which of the events with one key are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// One.
    First,
    /// All: there is no key.
    All,
}

/// The table `[dedup]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dedup {
    pub(super) keep: Keep,
    pub(super) conflicts: ConflictScope,
}

/// What the time in a key depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Nothing if it could not be read, which has been reported.
    pub(super) event_time: Option<ColumnIndex>,
    pub(super) period: Period,
}

/// Reads `[dedup]`.
pub(super) fn read_dedup<'a>(sink: &'a Sink<'a>, keys: &Keys<'a>) -> Dedup {
    let mut dedup = Dedup {
        keep: Keep::First,
        conflicts: ConflictScope::Group,
    };
    let Some(table) = keys.table("dedup") else {
        return dedup;
    };
    let keys = Keys::new(sink, table, "dedup".to_owned(), &keys::DEDUP);
    let keep = keys.parsed("keep", "\"first\" or \"all\"", |text| match text {
        "first" => Some(Keep::First),
        "all" => Some(Keep::All),
        _ => None,
    });
    let conflicts = keys.parsed("conflicts", "\"group\" or \"all\"", |text| match text {
        "group" => Some(ConflictScope::Group),
        "all" => Some(ConflictScope::All),
        _ => None,
    });
    dedup.keep = keep.unwrap_or(dedup.keep);
    dedup.conflicts = conflicts.unwrap_or(dedup.conflicts);
    if let (Keep::All, Some(value)) = (dedup.keep, keys.value("conflicts")) {
        let message =
            "with keep = \"all\" nothing is a duplicate, so nothing conflicts: leave conflicts out";
        keys.report("conflicts", value.at, message);
    }
    dedup
}

/// Reads `key`; nothing where there is none, or where it could not be read, which has been reported.
pub(super) fn read_key(
    keys: &Keys<'_>,
    columns: &[Draft],
    times: Times,
    keep: Keep,
) -> Option<Key> {
    if keep == Keep::All {
        if let Some(key) = keys.value("key") {
            let message = "with keep = \"all\" below [dedup] every record is a row, whatever it holds: leave key out, or keep";
            keys.report("key", key.at, message);
        }
        return None;
    }
    let mut key = Key {
        columns: Vec::new(),
        bucket: None,
    };
    for text in keys.required_strings("key", KEY)? {
        let Some((found, bucket)) = read_element(keys, text, columns, times) else {
            continue;
        };
        if key.columns.contains(&found) {
            let message = match key.bucket.or(bucket) {
                None => format!("{} is named twice", quoted(text.value)),
                Some(_) => format!(
                    "{}: the event time counts either as it is or by one bucket, and not twice",
                    quoted(text.value)
                ),
            };
            keys.report("key", text.at, message);
            continue;
        }
        key.columns.push(found);
        key.bucket = key.bucket.or(bucket);
    }
    check_event_time(keys, &key, columns, times);
    Some(key)
}

/// Reads an element: the name of a column, or a bucket of the event time.
fn read_element(
    keys: &Keys<'_>,
    text: Located<&str>,
    columns: &[Draft],
    times: Times,
) -> Option<(ColumnIndex, Option<Period>)> {
    let call = text.value.strip_suffix(')');
    let Some((step, name)) = call.and_then(|call| call.split_once('(')) else {
        let (found, column) = find_column(keys, "key", text, columns)?;
        check_key_column(keys, text, column);
        return Some((found, None));
    };
    let name = Located {
        value: name,
        at: text.at,
    };
    let (found, _) = find_column(keys, "key", name, columns)?;
    let event_time = times.event_time?;
    let bucket = Period::named(step);
    let message = match bucket {
        None => format!("a bucket is {BUCKETS}"),
        Some(_) if found != event_time => format!(
            "only the event time has buckets, which is {}",
            quoted(columns.get(event_time.position())?.name.as_str())
        ),
        Some(bucket) if bucket > times.period => format!(
            "a {bucket} is longer than period = \"{}\", and events with one key would lie in several directories: write period = \"{bucket}\", or a shorter bucket",
            times.period.as_str(),
            bucket = bucket.as_str(),
        ),
        Some(_) => return Some((found, bucket)),
    };
    keys.report("key", text.at, format!("{}: {message}", quoted(text.value)));
    // Refused as it is, and no reason to miss the event time.
    (found == event_time).then_some((found, bucket))
}

fn check_event_time(keys: &Keys<'_>, key: &Key, columns: &[Draft], times: Times) {
    let Some(event_time) = times.event_time else {
        return;
    };
    let Some(column) = columns.get(event_time.position()) else {
        return;
    };
    if key.columns.contains(&event_time) {
        return;
    }
    let at = keys.value("key").map_or(0, |key| key.at);
    let name = &column.name;
    let message = format!(
        "must contain the event-time column {}, or a bucket of it such as \"{}({name})\": a duplicate is looked for among rows of the same time",
        quoted(name),
        times.period.as_str(),
    );
    keys.report("key", at, message);
}

fn check_key_column(keys: &Keys<'_>, name: Located<&str>, column: &Draft) {
    if !column.required {
        let message = format!("column {} must have required = true", quoted(name.value));
        keys.report("key", name.at, message);
    }
    if column.is_computed {
        keys.report("key", name.at, computed(name.value));
    }
    if let Some(message) = made_up(name.value, column) {
        keys.report("key", name.at, message);
    }
    if column
        .rules
        .mask
        .is_some_and(|mask| mask.how == Masking::Last4)
    {
        let message = format!(
            "column {} has mask = \"last4\", which makes different values equal; of masks a key takes \"sha256\" only",
            quoted(name.value)
        );
        keys.report("key", name.at, message);
    }
    if matches!(column.kind, Some(ColumnType::Double | ColumnType::Json)) {
        let message = format!(
            "column {} is double or json, whose equality is not exact",
            quoted(name.value)
        );
        keys.report("key", name.at, message);
    }
}

/// Says that a column that tells what an event is known by may not be computed.
pub(super) fn computed(name: &str) -> String {
    format!(
        "column {} is computed by an expr; what an event is known by is read from the event",
        quoted(name)
    )
}

/// Says that a column would be filled where an event says nothing.
pub(super) fn made_up(name: &str, column: &Draft) -> Option<String> {
    column.rules.default.as_ref().map(|_| {
        format!(
            "column {} has a default; what an event is known by is in the event",
            quoted(name)
        )
    })
}

/// Reports the enqueued time as the event time of a key that has it as it is.
pub(super) fn check_enqueued_time(
    keys: &Keys<'_>,
    columns: &[Draft],
    event_time: Option<ColumnIndex>,
    key: Option<&Key>,
) {
    let column = event_time.and_then(|column| columns.get(column.position()));
    let column = column.filter(|column| column.is_enqueued_time());
    let is_exact = key.is_some_and(|key| key.bucket.is_none());
    if let (Some(column), true) = (column, is_exact) {
        let message = format!(
            "column {} is when the hub took the event: an event that a producer sends again gets another time and would never be a duplicate; take a bucket of it into the key, such as \"day({})\", or keep = \"all\" below [dedup], or read the event time from the event or a property",
            quoted(&column.name),
            column.name
        );
        keys.report("event_time", keys.at_value("event_time"), message);
    }
}
