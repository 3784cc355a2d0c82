//! Reads a dataset file as a whole.

use std::fs;
use std::path::Path;
use std::time::Duration;

use toml::de::DeTable;

use super::column::Draft;
use super::computed::read_condition;
use super::gold::{Taken, find_column, read_rankings, read_tables};
use super::name::{DATASET_NAME, is_dataset_name};
use super::problem::Sink;
use super::reader::{Keys, Located};
use super::{
    ColumnType, ConflictScope, Dataset, DatasetProblems, LoadDatasetError, Payload, Problem,
    UnknownFields, column,
};
use crate::dataset::ColumnIndex;
use crate::value::Period;
use crate::value::time::parse_duration;
use crate::wording::quoted;

const KEYS: [&str; 16] = [
    "name",
    "generation",
    "key",
    "event_time",
    "period",
    "allowed_lateness",
    "max_clock_skew",
    "idle_timeout",
    "quiet_after",
    "unknown_fields",
    "where",
    "dedup",
    "payload",
    "column",
    "gold",
    "ranking",
];
const DEDUP_KEYS: [&str; 1] = ["conflicts"];
const PAYLOAD_KEYS: [&str; 1] = ["ignore_case"];
const DURATION: &str =
    "a duration of at most ten years, such as \"10s\", \"90m\", \"1h\" or \"1d\"";
const QUIET: &str = "\"off\", or a duration of 15 minutes to ten years, such as \"15m\" or \"1h\"";
/// The shortest time after which a stream is quiet: events are on their way for that long while a function starts again.
const QUIET_AT_LEAST: Duration = Duration::from_secs(15 * 60);
const DEDUPLICATION_KEY: &str = "the list of the columns that tell events apart";
const MOST_COLUMNS: usize = 500;

impl Dataset {
    /// Reads and checks the text of a dataset file.
    ///
    /// # Errors
    /// Fails with everything that is wrong with it; a file that is not TOML is only checked for its syntax.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, DatasetProblems> {
        let sink = Sink::new(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            sink.report(at, String::new(), error.message().to_owned());
        }
        let dataset = if errors.is_empty() {
            let root = Located {
                value: root.get_ref(),
                at: 0,
            };
            read(&sink, root)
        } else {
            None
        };
        match (sink.into_problems(file_name), dataset) {
            (None, Some(dataset)) => Ok(dataset),
            (Some(problems), _) => Err(problems),
            (None, None) => Err(DatasetProblems {
                file: file_name.to_owned(),
                problems: vec![Problem {
                    line: 1,
                    key: String::new(),
                    message: "the file could not be read completely".to_owned(),
                }],
            }),
        }
    }

    /// Reads and checks a dataset file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or with everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, LoadDatasetError> {
        let text = fs::read_to_string(path).map_err(|source| LoadDatasetError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::parse(&text, &path.display().to_string())?)
    }
}

fn read<'a>(sink: &'a Sink<'a>, root: Located<&'a DeTable<'a>>) -> Option<Dataset> {
    let keys = Keys::new(sink, root, String::new(), &KEYS);
    let name = read_name(&keys);
    let payload = read_payload(sink, &keys);
    let columns = column::read_all(sink, keys.tables("column"), payload);
    check_columns(&keys, &columns);
    let event_time = read_event_time(&keys, &columns);
    let key = read_key(&keys, &columns, event_time);
    let mut taken = Taken::default();
    let gold = read_tables(sink, keys.tables("gold"), &columns, &mut taken);
    let rankings = read_rankings(sink, keys.tables("ranking"), &gold, &mut taken);
    let duration = |key: &str, default: Duration| {
        keys.parsed(key, DURATION, parse_duration)
            .unwrap_or(default)
    };
    let allowed_lateness = duration("allowed_lateness", Duration::from_secs(3_600));
    Some(Dataset {
        // Without a name a problem was reported, and the file makes no dataset.
        name: name.unwrap_or_default(),
        generation: keys.positive("generation").unwrap_or(1),
        key,
        period: keys
            .parsed("period", "\"hour\", \"day\" or \"month\"", parse_period)
            .unwrap_or(Period::Hour),
        allowed_lateness,
        max_clock_skew: duration("max_clock_skew", Duration::from_secs(600)),
        idle_timeout: duration("idle_timeout", Duration::from_secs(300)),
        quiet_after: keys
            .parsed("quiet_after", QUIET, parse_quiet)
            .unwrap_or(Some(allowed_lateness.max(QUIET_AT_LEAST))),
        unknown_fields: keys
            .parsed(
                "unknown_fields",
                "\"rescue\" or \"ignore\"",
                parse_unknown_fields,
            )
            .unwrap_or(UnknownFields::Rescue),
        conflicts: read_conflicts(sink, &keys),
        payload,
        condition: read_condition(&keys, columns.iter().map(Draft::as_named).collect()),
        event_time: event_time?,
        columns: columns
            .into_iter()
            .map(Draft::finish)
            .collect::<Option<_>>()?,
        gold,
        rankings,
    })
}

fn read_name(keys: &Keys<'_>) -> Option<String> {
    let name = keys.required_string("name", DATASET_NAME)?;
    if !is_dataset_name(name.value) {
        keys.report(
            "name",
            name.at,
            format!("{} is not {DATASET_NAME}", quoted(name.value)),
        );
    }
    Some(name.value.to_owned())
}

fn parse_period(text: &str) -> Option<Period> {
    match text {
        "hour" => Some(Period::Hour),
        "day" => Some(Period::Day),
        "month" => Some(Period::Month),
        _ => None,
    }
}

fn parse_quiet(text: &str) -> Option<Option<Duration>> {
    match text {
        "off" => Some(None),
        text => {
            let quiet_after = parse_duration(text)?;
            (quiet_after >= QUIET_AT_LEAST).then_some(Some(quiet_after))
        }
    }
}

fn parse_unknown_fields(text: &str) -> Option<UnknownFields> {
    match text {
        "rescue" => Some(UnknownFields::Rescue),
        "ignore" => Some(UnknownFields::Ignore),
        _ => None,
    }
}

fn read_conflicts<'a>(sink: &'a Sink<'a>, keys: &Keys<'a>) -> ConflictScope {
    let Some(table) = keys.table("dedup") else {
        return ConflictScope::Group;
    };
    let keys = Keys::new(sink, table, "dedup".to_owned(), &DEDUP_KEYS);
    let scope = keys.parsed("conflicts", "\"group\" or \"all\"", |text| match text {
        "group" => Some(ConflictScope::Group),
        "all" => Some(ConflictScope::All),
        _ => None,
    });
    scope.unwrap_or(ConflictScope::Group)
}

fn read_payload<'a>(sink: &'a Sink<'a>, keys: &Keys<'a>) -> Payload {
    let Some(table) = keys.table("payload") else {
        return Payload::default();
    };
    let keys = Keys::new(sink, table, "payload".to_owned(), &PAYLOAD_KEYS);
    Payload {
        ignore_case: keys.boolean("ignore_case").unwrap_or(false),
    }
}

fn check_columns(keys: &Keys<'_>, columns: &[Draft]) {
    if columns.is_empty() && keys.value("column").is_none() {
        keys.report(
            "column",
            keys.at(),
            "missing; each column is a table that starts with [[column]]",
        );
    }
    if columns.len() > MOST_COLUMNS {
        let message = format!(
            "there are {} columns; at most {MOST_COLUMNS} are allowed",
            columns.len()
        );
        keys.report("column", keys.at(), message);
    }
}

fn read_event_time(keys: &Keys<'_>, columns: &[Draft]) -> Option<ColumnIndex> {
    let name = keys.required_string(
        "event_time",
        "the name of the timestamp column that tells when an event happened",
    )?;
    let (found, column) = find_column(keys, "event_time", name, columns)?;
    if !matches!(column.kind, None | Some(ColumnType::Timestamp(_))) {
        let message = format!("column {} must be of type timestamp", quoted(name.value));
        keys.report("event_time", name.at, message);
    }
    if !column.required {
        let message = format!("column {} must have required = true", quoted(name.value));
        keys.report("event_time", name.at, message);
    }
    if column.is_computed {
        keys.report("event_time", name.at, computed(name.value));
    }
    if column.is_enqueued_time() {
        keys.report("event_time", name.at, enqueued(name.value));
    }
    Some(found)
}

fn read_key(
    keys: &Keys<'_>,
    columns: &[Draft],
    event_time: Option<ColumnIndex>,
) -> Vec<ColumnIndex> {
    let mut key = Vec::new();
    let Some(names) = keys.required_strings("key", DEDUPLICATION_KEY) else {
        return key;
    };
    for name in &names {
        let Some((found, column)) = find_column(keys, "key", *name, columns) else {
            continue;
        };
        check_key_column(keys, *name, column);
        if key.contains(&found) {
            keys.report(
                "key",
                name.at,
                format!("{} is named twice", quoted(name.value)),
            );
        }
        key.push(found);
    }
    if let Some(event_time) = event_time.filter(|event_time| !key.contains(event_time)) {
        let column = columns
            .get(event_time.position())
            .map_or("", |column| column.name.as_str());
        let at = keys.value("key").map_or(0, |key| key.at);
        let message = format!(
            "must contain the event-time column {}: a duplicate is looked for among rows of the same time",
            quoted(column),
        );
        keys.report("key", at, message);
    }
    key
}

fn computed(name: &str) -> String {
    format!(
        "column {} is computed by an expr; what an event is known by is read from the event",
        quoted(name)
    )
}

/// Says why the enqueued time is no event time: a key contains the event time as it is.
fn enqueued(name: &str) -> String {
    format!(
        "column {} is when the hub took the event: an event that a producer sends again gets another time and would never be a duplicate; read the event time from the event or a property",
        quoted(name)
    )
}

fn check_key_column(keys: &Keys<'_>, name: Located<&str>, column: &Draft) {
    if !column.required {
        let message = format!("column {} must have required = true", quoted(name.value));
        keys.report("key", name.at, message);
    }
    if column.is_computed {
        keys.report("key", name.at, computed(name.value));
    }
    if matches!(column.kind, Some(ColumnType::Double | ColumnType::Json)) {
        let message = format!(
            "column {} is double or json, whose equality is not exact",
            quoted(name.value)
        );
        keys.report("key", name.at, message);
    }
}

#[cfg(test)]
mod tests;
