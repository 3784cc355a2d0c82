//! Reads the rules, and reports what is wrong with them.

use std::time::Duration;

use toml::de::DeTable;

use super::find::{find, read_fields, read_when};
use super::scope::{TableColumn, columns_of, of_rows};
use super::target::TARGET;
use crate::dataset::column::Draft;
use crate::dataset::name::{DATASET_NAME, is_dataset_name};
use crate::dataset::problem::Sink;
use crate::dataset::reader::{Keys, Located, keys};
use crate::dataset::{
    Alert, ColumnIndex, GoldTable, Key, ROWS, TableIndex, Target, Trigger, Watched,
};
use crate::value::Grain;
use crate::value::time::parse_duration;
use crate::wording::{meant, quoted};

const DURATION: &str =
    "a duration of at most ten years, such as \"10s\", \"90m\", \"1h\" or \"1d\"";
/// [`Alert::fresh`], unless the file says otherwise.
const FRESH: Duration = Duration::from_secs(24 * 3_600);
/// The most rules of a file.
const MOST_RULES: usize = 100;
/// The most targets of a rule.
const MOST_TARGETS: usize = 10;

/// What rules refer to.
pub(in crate::dataset) struct Parts<'a> {
    pub(in crate::dataset) columns: &'a [Draft],
    pub(in crate::dataset) gold: &'a [GoldTable],
    pub(in crate::dataset) event_time: Option<ColumnIndex>,
    pub(in crate::dataset) key: Option<&'a Key>,
}

/// Reads the rules.
pub(in crate::dataset) fn read_alerts<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    parts: &Parts<'_>,
) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let name = table
            .value
            .get("name")
            .and_then(|name| name.get_ref().as_str());
        let path = match name {
            Some(name) => format!("alert {}", quoted(name)),
            None => format!("alert {}", i + 1),
        };
        let keys = Keys::new(sink, table, path, &keys::ALERT);
        if i == MOST_RULES {
            let message = format!("there are more than {MOST_RULES} rules");
            keys.report("", keys.at(), message);
        }
        let name = read_name(&keys, &alerts);
        let rule = read(&keys, parts);
        if let (Some(name), Some(rule)) = (name, rule) {
            alerts.push(Alert { name, ..rule });
        }
    }
    alerts
}

fn read_name(keys: &Keys<'_>, alerts: &[Alert]) -> Option<String> {
    let name = keys.required_string("name", DATASET_NAME)?;
    if !is_dataset_name(name.value) {
        let message = format!("{} is not {DATASET_NAME}", quoted(name.value));
        keys.report("name", name.at, message);
    }
    if alerts.iter().any(|alert| alert.name == name.value) {
        keys.report("name", name.at, "an alert of this name exists already");
    }
    Some(name.value.to_owned())
}

/// What a rule watches, with its columns where all of them could be read.
struct Subject<'a> {
    on: Watched,
    table: Option<&'a GoldTable>,
    columns: Option<Vec<TableColumn>>,
}

fn read(keys: &Keys<'_>, parts: &Parts<'_>) -> Option<Alert> {
    let subject = read_subject(keys, parts);
    let notify = read_targets(keys);
    let fresh = keys
        .parsed("fresh", DURATION, parse_duration)
        .unwrap_or(FRESH);
    let rearm = keys.parsed("rearm", DURATION, parse_duration);
    let notify_cleared = keys.boolean("notify_cleared").unwrap_or(false);
    let subject = subject?;
    check_fit(keys, &subject);
    let trigger = read_trigger(keys, &subject)?;
    let condition = match &trigger {
        Trigger::When(condition) => Some(condition),
        Trigger::Silent { .. } => None,
    };
    let mut fields = match &subject.columns {
        Some(columns) => read_fields(keys, columns, condition),
        None => Vec::new(),
    };
    if let (Trigger::Silent { measure, .. }, None) = (&trigger, keys.value("fields")) {
        fields.push(measure.clone());
    }
    Some(Alert {
        name: String::new(),
        on: subject.on,
        trigger,
        fields,
        notify,
        fresh,
        rearm,
        notify_cleared,
    })
}

fn read_subject<'a>(keys: &Keys<'_>, parts: &Parts<'a>) -> Option<Subject<'a>> {
    let allowed = "\"rows\", or the name of a gold table";
    let on = keys.required_string("on", allowed)?;
    if on.value == ROWS {
        let key = parts.key.map(|key| key.columns.as_slice());
        return Some(Subject {
            on: Watched::Rows,
            table: None,
            columns: of_rows(parts.columns, key.unwrap_or_default()),
        });
    }
    let position = parts.gold.iter().position(|table| table.table == on.value);
    let Some(position) = position else {
        let names = parts.gold.iter().map(|table| table.table.as_str());
        let names: Vec<&str> = [ROWS].into_iter().chain(names).collect();
        let hint = meant(on.value, &names, "there are");
        let message = format!("{} is not {allowed}; {hint}", quoted(on.value));
        keys.report("on", on.at, message);
        return None;
    };
    let table = parts.gold.get(position)?;
    let kind_of = |index: ColumnIndex| {
        let column = parts.columns.get(index.position())?;
        Some((column.name.clone(), column.kind?))
    };
    Some(Subject {
        on: Watched::Table(TableIndex::new(position)),
        table: Some(table),
        columns: columns_of(table, parts.event_time, &kind_of),
    })
}

/// Reports what a rule on this cannot have.
fn check_fit(keys: &Keys<'_>, subject: &Subject<'_>) {
    let refuse = |key: &str, message: &str| {
        if let Some(value) = keys.value(key) {
            keys.report(key, value.at, message);
        }
    };
    let is_all = subject.table.is_some_and(|table| table.grain == Grain::All);
    if !is_all {
        refuse(
            "rearm",
            "it is for a table with grain = \"all\", whose groups come and go; a row, and a period of a group, raises one alert at most anyway",
        );
    }
    if keys.value("silent").is_some() {
        refuse(
            "rearm",
            "a group that falls silent raises one alert until it is heard of again",
        );
    }
    if subject.on == Watched::Rows {
        refuse("notify_cleared", "what is true of a row stays true");
        refuse(
            "silent",
            "a row says nothing of silence; name a gold table with grain = \"all\" and a measure such as last_seen = \"max(event_time)\"",
        );
    } else if !is_all {
        refuse(
            "silent",
            "it takes a table with grain = \"all\": what a group of a period has last is not what it has last of all",
        );
    }
}

fn read_trigger(keys: &Keys<'_>, subject: &Subject<'_>) -> Option<Trigger> {
    let columns = subject.columns.as_deref();
    match (keys.value("when"), keys.value("silent")) {
        (Some(_), Some(silent)) => {
            let message = "an alert has when or silent, and not both";
            keys.report("silent", silent.at, message);
            None
        }
        (None, None) => {
            let message = "missing; it is a condition such as \"amount > 1000\", or silent = \"…\" with for = \"…\" instead";
            keys.report("when", keys.at(), message);
            None
        }
        (Some(_), None) => {
            if let Some(value) = keys.value("for") {
                let message = "it belongs to silent, and there is none";
                keys.report("for", value.at, message);
            }
            read_when(keys, columns).map(Trigger::When)
        }
        (None, Some(_)) => read_silence(keys, columns),
    }
}

fn read_silence(keys: &Keys<'_>, columns: Option<&[TableColumn]>) -> Option<Trigger> {
    let measure = keys.string("silent");
    let _ = keys.required_string("for", DURATION);
    let after = keys.parsed("for", DURATION, parse_duration);
    let (measure, after, columns) = (measure?, after?, columns?);
    let column = find(keys, "silent", measure, columns)?;
    if !column.is_last_time {
        let message = format!(
            "{} is not the latest event time of a group; it takes a measure such as last_seen = \"max(event_time)\", of the event-time column and without a condition",
            quoted(measure.value)
        );
        keys.report("silent", measure.at, message);
        return None;
    }
    Some(Trigger::Silent {
        measure: column.name.clone(),
        after,
    })
}

fn read_targets(keys: &Keys<'_>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for text in keys.strings("notify").unwrap_or_default() {
        match Target::parse(text.value) {
            None => {
                let message = format!("{} is not {TARGET}", quoted(text.value));
                keys.report("notify", text.at, message);
            }
            Some(target) if targets.contains(&target) => {
                let message = format!("{} is named twice", quoted(text.value));
                keys.report("notify", text.at, message);
            }
            Some(target) => targets.push(target),
        }
    }
    if targets.len() > MOST_TARGETS {
        let message = format!("there are more than {MOST_TARGETS} targets");
        keys.report("notify", keys.at_value("notify"), message);
    }
    targets
}
