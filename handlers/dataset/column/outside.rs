//! That `from_event` reads beside the records of an event, and not through them.

use std::cmp::Ordering;

use crate::dataset::Payload;
use crate::dataset::reader::Keys;
use crate::value::path::FieldPath;
use crate::wording::quoted;

const NO_RECORDS: &str = "reads what stands beside the records of an event, and [payload] names no records: where the event is the record, from reads it";

/// Returns the paths of a `from_event`, which is `key`, that lie beside the array of the records, and reports the others.
pub(super) fn checked(
    keys: &Keys<'_>,
    key: &str,
    payload: &Payload,
    paths: Vec<FieldPath>,
) -> Vec<FieldPath> {
    let at = keys.at_value(key);
    let Some(records) = &payload.records else {
        keys.report(key, at, NO_RECORDS);
        return Vec::new();
    };
    let mut paths = paths;
    paths.retain(|path| {
        let problem = through(path, records, payload.ignore_case);
        if let Some(problem) = problem {
            let all = format!("{}[*]", records.rooted());
            keys.report(
                key,
                at,
                format!("{} {}", quoted(&path.to_string()), problem(&all)),
            );
        }
        problem.is_none()
    });
    paths
}

/// Returns what is wrong with a path that leads through the array of the records, or to what it lies in.
fn through(path: &FieldPath, records: &FieldPath, ignore_case: bool) -> Option<fn(&str) -> String> {
    Some(match path.lies_to(records, ignore_case)? {
        Ordering::Less => above,
        Ordering::Equal => at,
        Ordering::Greater => below,
    })
}

fn above(records: &str) -> String {
    format!(
        "holds the array of the records, {records}, of which each record would get all: name what stands beside it"
    )
}

fn at(records: &str) -> String {
    format!(
        "is the array of the records, {records}, of which each record would get all: from reads in a record, from_event beside the array"
    )
}

fn below(records: &str) -> String {
    format!(
        "leads into the records, {records}, each of which is read by itself: from reads in a record, from_event beside the array"
    )
}
