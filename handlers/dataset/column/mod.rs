//! The `[[column]]` tables of a dataset file.

mod computed;
mod draft;
mod from;
mod kind;
mod literal;
mod masked;
mod outside;
mod rules;

use toml::de::DeTable;

use super::name::{PERIOD_COLUMNS, SQL_NAME, is_sql_name};
use super::problem::Sink;
use super::reader::{Keys, Located, keys};
use super::rules::Rules;
use super::{OnInvalid, Origin, Payload};
use crate::wording::quoted;
pub(super) use computed::{condition_of, read_condition};
pub(super) use draft::Draft;
use draft::is_enqueued_time;
pub(super) use from::SEQUENCE_NUMBER;
use from::{Spellings, read_places};

/// UTF-16 units that the descriptions of all columns may have together.
const MOST_DESCRIPTION: usize = 350_000;

/// Reports descriptions that are too long together, at the longest one: the columns are recorded in one entity of the
/// state table, which has room for this much beside 500 columns with the longest names.
fn check_descriptions(drafts: &[Draft], keys: &[Keys<'_>]) {
    let length = |draft: &Draft| draft.description.as_deref().map_or(0, units);
    let lengths = drafts.iter().map(length);
    let all: usize = lengths.clone().sum();
    let longest = keys.iter().zip(lengths).max_by_key(|(_, length)| *length);
    if let Some((keys, length)) = longest.filter(|_| all > MOST_DESCRIPTION) {
        let at = keys.at_value("description");
        let message = format!(
            "the descriptions of all columns have {all} characters, of which this one has most, {length}; the table has room for {MOST_DESCRIPTION}"
        );
        keys.report("description", at, message);
    }
}

/// Returns how many UTF-16 units a text takes as JSON.
fn units(text: &str) -> usize {
    let units = text.chars().map(|character| match character {
        '"' | '\\' => 2,
        // At most `\u0000`.
        '\0'..' ' => 6,
        other => other.len_utf16(),
    });
    units.sum()
}

/// Reads the columns.
pub(super) fn read_all<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    payload: &Payload,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut all_keys = Vec::new();
    let mut spellings = Spellings::default();
    let names: Vec<Option<&str>> = tables.iter().map(|table| name_of(table.value)).collect();
    for (i, table) in tables.into_iter().enumerate() {
        let name = name_of(table.value);
        let path = match name {
            Some(name) => format!("column {}", quoted(name)),
            None => format!("column {}", i + 1),
        };
        let keys = Keys::new(sink, table, path, &keys::COLUMN);
        let mut draft = read(&keys, payload);
        let later: Vec<&str> = names.iter().skip(i).copied().flatten().collect();
        if draft.is_computed {
            let before = drafts.iter().map(Draft::as_named).collect();
            draft.expr = computed::read(&keys, draft.kind, before, &later);
            masked::check_expression(&keys, draft.expr.as_ref(), &drafts);
        }
        let twin = |other: &&Draft| other.name.eq_ignore_ascii_case(&draft.name);
        if !draft.name.is_empty() && drafts.iter().any(|other| twin(&other)) {
            let message =
                "a column of this name exists already (upper and lower case are the same)";
            keys.report("name", keys.at(), message);
        }
        if payload.ignore_case {
            spellings.check(&keys, &draft.name, &draft.from);
        }
        drafts.push(draft);
        all_keys.push(keys);
    }
    check_descriptions(&drafts, &all_keys);
    masked::check_places(&drafts, &all_keys, payload.ignore_case);
    drafts
}

fn name_of<'a>(table: &'a DeTable<'_>) -> Option<&'a str> {
    table.get("name").and_then(|name| name.get_ref().as_str())
}

fn read(keys: &Keys<'_>, payload: &Payload) -> Draft {
    let name = keys.required_string("name", SQL_NAME);
    if let Some(name) = name {
        check_name(keys, name);
    }
    // Without a name a problem was reported, and the file makes no dataset.
    let name = name.map(|name| name.value.to_owned()).unwrap_or_default();
    let is_computed = keys.value("expr").is_some();
    let from = match is_computed {
        true => Vec::new(),
        false => read_places(keys, &name, payload),
    };
    if is_enqueued_time(&from) && from.len() > 1 {
        let key = Origin::System.key();
        let message = "every event has an enqueued time, in a notation of its own: a column is read from it alone, or from other places";
        keys.report(key, keys.at_value(key), message);
    }
    let kind = match is_enqueued_time(&from) {
        true => kind::read_enqueued_time(keys),
        false => kind::read(keys),
    };
    let (min, max) = kind.map_or((None, None), |kind| literal::read_bounds(keys, kind));
    let required = keys.boolean("required").unwrap_or(false);
    let rules = match kind {
        Some(kind) if !is_computed => rules::read(keys, kind, (min, max), required),
        // What is wrong is reported already.
        _ => Rules::default(),
    };
    Draft {
        is_computed,
        expr: None,
        kind: kind.map(|kind| masked::kind_in_silver(kind, &rules)),
        required,
        on_invalid: read_on_invalid(keys, required),
        from,
        name,
        min,
        max,
        rules,
        description: keys.string("description").map(|text| text.value.to_owned()),
    }
}

fn read_on_invalid(keys: &Keys<'_>, required: bool) -> OnInvalid {
    let chosen = keys.parsed(
        "on_invalid",
        "\"null\" or \"quarantine\"",
        |text| match text {
            "null" => Some(OnInvalid::Null),
            "quarantine" => Some(OnInvalid::Quarantine),
            _ => None,
        },
    );
    if let (true, Some(OnInvalid::Null), Some(value)) = (required, chosen, keys.value("on_invalid"))
    {
        let message =
            "a required column is never null: it takes \"quarantine\" only, which is its default";
        keys.report("on_invalid", value.at, message);
    }
    match required {
        true => OnInvalid::Quarantine,
        false => chosen.unwrap_or(OnInvalid::Null),
    }
}

fn check_name(keys: &Keys<'_>, name: Located<&str>) {
    if !is_sql_name(name.value) {
        keys.report(
            "name",
            name.at,
            format!("{} is not {SQL_NAME}", quoted(name.value)),
        );
    }
    if PERIOD_COLUMNS
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name.value))
    {
        let message = format!(
            "{} are the columns of silver's periods; choose another name",
            PERIOD_COLUMNS.join(", ")
        );
        keys.report("name", name.at, message);
    }
}
