//! Reads a dataset file as a whole.

mod identity;
mod unquoted;

use std::fs;
use std::path::Path;
use std::time::Duration;

use toml::de::DeTable;

use super::column::{Draft, read_condition};
use super::gold::{
    Parts, Taken, find_column, read_alerts, read_rankings, read_summaries, read_tables,
};
use super::name::{DATASET_NAME, is_dataset_name};
use super::payload::read as payload;
use super::payload::schemas::ReadFile;
use super::problem::Sink;
use super::reader::{Keys, Located, keys};
use super::{
    Alert, ColumnType, Dataset, DatasetProblems, GoldTable, Key, Latency, LoadDatasetError,
    Problem, Ranking, Summary, UnknownFields, column,
};
use crate::dataset::ColumnIndex;
use crate::value::Period;
use crate::value::time::parse_duration;
use crate::wording::quoted;

const DURATION: &str =
    "a duration of at most ten years, such as \"10s\", \"90m\", \"1h\" or \"1d\"";
const QUIET: &str = "\"off\", or a duration of 15 minutes to ten years, such as \"15m\" or \"1h\"";
/// The shortest time after which a stream is quiet: events are on their way for that long while a function starts again.
const QUIET_AT_LEAST: Duration = Duration::from_secs(15 * 60);
const MOST_COLUMNS: usize = 500;

impl Dataset {
    /// Reads and checks the text of a dataset file that names no other files.
    ///
    /// # Errors
    /// Fails with everything that is wrong with it; a file that is not TOML is only checked for its syntax.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, DatasetProblems> {
        let alone = |_: &str| Err("there is no folder that it could be in".to_owned());
        Self::parse_beside(text, file_name, &alone)
    }

    /// As [`Self::parse`]; `read_file` reads files that are named relative to the folder of the dataset file.
    fn parse_beside(
        text: &str,
        file_name: &str,
        read_file: ReadFile<'_>,
    ) -> Result<Self, DatasetProblems> {
        let sink = Sink::new(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        report_syntax(&sink, text, &errors);
        let dataset = if errors.is_empty() {
            let root = Located {
                value: root.get_ref(),
                at: 0,
            };
            read(&sink, root, read_file)
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
                    place: None,
                }],
            }),
        }
    }

    /// Reads and checks a dataset file, and the files that it names.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or with everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, LoadDatasetError> {
        let text = fs::read_to_string(path).map_err(|source| LoadDatasetError::Read {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let read_file = |name: &str| {
            let text = fs::read_to_string(folder.join(name));
            text.map_err(|error| error.to_string())
        };
        let name = path.display().to_string();
        Ok(Self::parse_beside(&text, &name, &read_file)?)
    }
}

/// Notes what makes a file no TOML.
fn report_syntax(sink: &Sink<'_>, text: &str, errors: &[toml::de::Error]) {
    let place = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let mut errors: Vec<_> = errors.iter().map(|error| (place(error), error)).collect();
    errors.sort_by_key(|(at, _)| *at);
    let mut last = 0;
    for (at, error) in errors {
        // Behind text without quotes nothing is as its writer meant it, up to the end of the line.
        if at < last {
            continue;
        }
        let unquoted = unquoted::unquoted(text, at);
        if unquoted.is_some() {
            let rest = text.get(at..).and_then(|rest| rest.find('\n'));
            last = rest.map_or(text.len(), |rest| at + rest);
        }
        let message = unquoted.unwrap_or_else(|| error.message().to_owned());
        sink.report(at, String::new(), message);
    }
}

fn read<'a>(
    sink: &'a Sink<'a>,
    root: Located<&'a DeTable<'a>>,
    read_file: ReadFile<'_>,
) -> Option<Dataset> {
    let keys = Keys::new(sink, root, String::new(), &keys::FILE);
    let name = read_name(&keys);
    let payload = payload::read(sink, keys.table("payload"), read_file);
    let columns = column::read_all(sink, keys.tables("column"), &payload);
    check_columns(&keys, &columns);
    let event_time = read_event_time(&keys, &columns);
    let period = keys
        .parsed("period", "\"hour\", \"day\" or \"month\"", Period::named)
        .unwrap_or(Period::Hour);
    let dedup = identity::read_dedup(sink, &keys);
    let times = identity::Times { event_time, period };
    let key = identity::read_key(&keys, &columns, times, dedup.keep);
    identity::check_enqueued_time(&keys, &columns, event_time, key.as_ref());
    let watched = (columns.as_slice(), event_time, key.as_ref());
    let gold = read_gold(sink, &keys, watched);
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
        period,
        allowed_lateness,
        max_clock_skew: duration("max_clock_skew", Duration::from_secs(600)),
        idle_timeout: duration("idle_timeout", Duration::from_secs(300)),
        quiet_after: keys
            .parsed("quiet_after", QUIET, parse_quiet)
            .unwrap_or(Some(allowed_lateness.max(QUIET_AT_LEAST))),
        latency: keys
            .parsed("latency", "\"timer\" or \"low\"", Latency::named)
            .unwrap_or(match gold.alerts.is_empty() {
                true => Latency::Timer,
                false => Latency::Low,
            }),
        unknown_fields: keys
            .parsed(
                "unknown_fields",
                "\"rescue\" or \"ignore\"",
                parse_unknown_fields,
            )
            .unwrap_or(UnknownFields::Rescue),
        conflicts: dedup.conflicts,
        payload,
        condition: read_condition(&keys, columns.iter().map(Draft::as_named).collect()),
        event_time: event_time?,
        columns: columns
            .into_iter()
            .map(Draft::finish)
            .collect::<Option<_>>()?,
        gold: gold.tables,
        rankings: gold.rankings,
        summaries: gold.summaries,
        alerts: gold.alerts,
        salt: None,
    })
}

/// The tables and views of gold, and the rules.
struct Gold {
    tables: Vec<GoldTable>,
    rankings: Vec<Ranking>,
    summaries: Vec<Summary>,
    alerts: Vec<Alert>,
}

/// Reads the tables and views of gold, and the rules.
fn read_gold<'a>(
    sink: &'a Sink<'a>,
    keys: &Keys<'a>,
    (columns, event_time, key): (&[Draft], Option<ColumnIndex>, Option<&Key>),
) -> Gold {
    let mut taken = Taken::default();
    let gold = read_tables(sink, keys.tables("gold"), columns, &mut taken);
    let rankings = read_rankings(sink, keys.tables("ranking"), &gold, &mut taken);
    let described = (gold.as_slice(), columns);
    let summaries = read_summaries(sink, keys.tables("summary"), described, &mut taken);
    let parts = Parts {
        columns,
        gold: &gold,
        event_time,
        key,
    };
    let alerts = read_alerts(sink, keys.tables("alert"), &parts);
    Gold {
        tables: gold,
        rankings,
        summaries,
        alerts,
    }
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
    if let Some(message) = identity::made_up(name.value, column) {
        keys.report("event_time", name.at, message);
    } else if let Some(mask) = column.rules.mask {
        let message = format!(
            "column {} is masked by {:?}, and the event time is read by everybody",
            quoted(name.value),
            mask.how.as_str()
        );
        keys.report("event_time", name.at, message);
    } else if !matches!(column.kind, None | Some(ColumnType::Timestamp(_))) {
        let message = format!("column {} must be of type timestamp", quoted(name.value));
        keys.report("event_time", name.at, message);
    }
    if !column.required {
        let message = format!("column {} must have required = true", quoted(name.value));
        keys.report("event_time", name.at, message);
    }
    if column.is_computed {
        keys.report("event_time", name.at, identity::computed(name.value));
    }
    Some(found)
}

#[cfg(test)]
mod tests;
