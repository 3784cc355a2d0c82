//! The `[[column]]` tables of a dataset file.

use toml::de::{DeTable, DeValue};

use super::computed;
use super::from::{ENQUEUED_TIME, Spellings, read_places};
use super::name::{PERIOD_COLUMNS, SQL_NAME, is_sql_name};
use super::problem::Sink;
use super::reader::{Keys, Located};
use super::{Bound, Column, ColumnType, EventTime, OnInvalid, Origin, Payload, TimestampFormat};
use crate::expr::{self, Expression};
use crate::value::number::{Excess, Number, NumberProblem};
use crate::value::path::FieldPath;
use crate::value::time::{TimeProblem, parse_date, parse_rfc3339};
use crate::wording::quoted;

const KEYS: [&str; 12] = [
    "name",
    "from",
    "from_property",
    "from_system",
    "expr",
    "type",
    "format",
    "required",
    "on_invalid",
    "min",
    "max",
    "description",
];
/// UTF-16 units that the descriptions of all columns may have together.
const MOST_DESCRIPTION: usize = 350_000;
const TYPES: &str =
    "one of int64, double, decimal(precision,scale), string, bool, timestamp, date, json";
const FORMATS: &str = "\"unix_seconds\", \"unix_millis\" or \"rfc3339\"";

/// A column as far as it could be read: other parts of the file may refer to it even if something in it is wrong.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    /// Nothing if it could not be read, which has been reported.
    pub(super) kind: Option<ColumnType>,
    pub(super) required: bool,
    on_invalid: OnInvalid,
    from: Vec<FieldPath>,
    origin: Origin,
    /// Whether the column is computed, even if it could not be read from what.
    pub(super) is_computed: bool,
    expr: Option<Expression>,
    min: Option<Bound>,
    max: Option<Bound>,
    description: Option<String>,
}

impl Draft {
    /// Returns the column as an expression names it, unless a problem with its type was reported.
    pub(super) fn as_named(&self) -> Option<expr::Column<'_>> {
        Some(expr::Column {
            name: &self.name,
            kind: self.kind?.into(),
            nullable: !self.required,
        })
    }

    /// Returns whether it says when the hub took the event.
    pub(super) fn is_enqueued_time(&self) -> bool {
        let is_it = |path: &FieldPath| path.is_field(ENQUEUED_TIME);
        self.origin == Origin::System && self.from.iter().any(is_it)
    }

    /// Returns the column, unless a problem with it was reported.
    pub(super) fn finish(self) -> Option<Column> {
        if self.is_computed && self.expr.is_none() {
            return None;
        }
        Some(Column {
            name: self.name,
            from: self.from,
            origin: self.origin,
            expr: self.expr,
            kind: self.kind?,
            required: self.required,
            on_invalid: self.on_invalid,
            min: self.min,
            max: self.max,
            description: self.description,
        })
    }
}

/// Reports descriptions that are too long together, at the longest one: the columns are recorded in one entity of the
/// state table, which has room for this much beside 500 columns with the longest names.
fn check_descriptions(descriptions: &[(Keys<'_>, usize)]) {
    let all: usize = descriptions.iter().map(|(_, length)| length).sum();
    let longest = descriptions.iter().max_by_key(|(_, length)| *length);
    if let Some((keys, length)) = longest.filter(|_| all > MOST_DESCRIPTION) {
        let at = keys.value("description").map_or(keys.at(), |text| text.at);
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
    payload: Payload,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut descriptions = Vec::new();
    let mut spellings = Spellings::default();
    let names: Vec<Option<&str>> = tables.iter().map(|table| name_of(table.value)).collect();
    for (i, table) in tables.into_iter().enumerate() {
        let name = name_of(table.value);
        let path = match name {
            Some(name) => format!("column {}", quoted(name)),
            None => format!("column {}", i + 1),
        };
        let keys = Keys::new(sink, table, path, &KEYS);
        let mut draft = read(&keys);
        let later: Vec<&str> = names.iter().skip(i).copied().flatten().collect();
        if draft.is_computed {
            let before = drafts.iter().map(Draft::as_named).collect();
            draft.expr = computed::read(&keys, draft.kind, before, &later);
        }
        let twin = |other: &&Draft| other.name.eq_ignore_ascii_case(&draft.name);
        if !draft.name.is_empty() && drafts.iter().any(|other| twin(&other)) {
            let message =
                "a column of this name exists already (upper and lower case are the same)";
            keys.report("name", keys.at(), message);
        }
        if payload.ignore_case {
            spellings.check(&keys, &draft.name, draft.origin, &draft.from);
        }
        let length = draft.description.as_deref().map_or(0, units);
        drafts.push(draft);
        descriptions.push((keys, length));
    }
    check_descriptions(&descriptions);
    drafts
}

fn name_of<'a>(table: &'a DeTable<'_>) -> Option<&'a str> {
    table.get("name").and_then(|name| name.get_ref().as_str())
}

fn read(keys: &Keys<'_>) -> Draft {
    let name = keys.required_string("name", SQL_NAME);
    if let Some(name) = name {
        check_name(keys, name);
    }
    // Without a name a problem was reported, and the file makes no dataset.
    let name = name.map(|name| name.value.to_owned()).unwrap_or_default();
    let kind = read_type(keys);
    let (min, max) = kind.map_or((None, None), |kind| read_bounds(keys, kind));
    let required = keys.boolean("required").unwrap_or(false);
    let is_computed = keys.value("expr").is_some();
    let (origin, from) = match is_computed {
        true => (Origin::Record, Vec::new()),
        false => read_places(keys, &name),
    };
    let mut draft = Draft {
        is_computed,
        expr: None,
        kind,
        required,
        on_invalid: read_on_invalid(keys, required),
        from,
        origin,
        name,
        min,
        max,
        description: keys.string("description").map(|text| text.value.to_owned()),
    };
    if draft.is_enqueued_time() {
        draft.kind = kind.and_then(|kind| enqueued_time(keys, kind));
    }
    draft
}

/// Returns the type of a column that says when the hub took the event: bronze has it in milliseconds.
fn enqueued_time(keys: &Keys<'_>, kind: ColumnType) -> Option<ColumnType> {
    if let Some(format) = keys.value("format") {
        let message = "the enqueued time has a format of its own; leave the key out";
        keys.report("format", format.at, message);
    }
    if let ColumnType::Timestamp(_) = kind {
        return Some(ColumnType::Timestamp(TimestampFormat::UnixMillis));
    }
    let at = keys.value("type").map_or(keys.at(), |kind| kind.at);
    let message = format!("{kind} does not hold the enqueued time: it is a timestamp");
    keys.report("type", at, message);
    None
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

fn read_type(keys: &Keys<'_>) -> Option<ColumnType> {
    let format = keys.parsed("format", FORMATS, |text| match text {
        "unix_seconds" => Some(TimestampFormat::UnixSeconds),
        "unix_millis" => Some(TimestampFormat::UnixMillis),
        "rfc3339" => Some(TimestampFormat::Rfc3339),
        _ => None,
    });
    let text = keys.required_string("type", TYPES)?;
    let kind = match text.value {
        "int64" => Some(ColumnType::Int64),
        "double" => Some(ColumnType::Double),
        "string" => Some(ColumnType::String),
        "bool" => Some(ColumnType::Bool),
        "date" => Some(ColumnType::Date),
        "json" => Some(ColumnType::Json),
        "timestamp" => Some(ColumnType::Timestamp(
            format.unwrap_or(TimestampFormat::Rfc3339),
        )),
        other => read_decimal(
            keys,
            Located {
                value: other,
                at: text.at,
            },
        ),
    };
    if let Some(format) = keys.value("format")
        && kind.is_some_and(|kind| !matches!(kind, ColumnType::Timestamp(_)))
    {
        keys.report("format", format.at, "only a timestamp has a format");
    }
    kind
}

fn read_decimal(keys: &Keys<'_>, text: Located<&str>) -> Option<ColumnType> {
    let report = |message: String| {
        keys.report(
            "type",
            text.at,
            format!("{}: {message}", quoted(text.value)),
        );
        None
    };
    let arguments = text.value.strip_prefix("decimal");
    let Some(arguments) = arguments else {
        return report(format!("it is {TYPES}"));
    };
    let arguments = arguments
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let numbers = arguments
        .and_then(|rest| rest.split_once(','))
        .and_then(|(precision, scale)| {
            Some((
                precision.trim().parse::<u8>().ok()?,
                scale.trim().parse::<u8>().ok()?,
            ))
        });
    let Some((precision, scale)) = numbers else {
        return report(
            "a decimal names its digits and those after the point, such as decimal(18,2)"
                .to_owned(),
        );
    };
    if !(1..=38).contains(&precision) {
        return report(format!("precision must be 1 to 38, not {precision}"));
    }
    if scale > precision {
        return report(format!(
            "scale must be 0 to the precision {precision}, not {scale}"
        ));
    }
    Some(ColumnType::Decimal { precision, scale })
}

fn read_bounds(keys: &Keys<'_>, kind: ColumnType) -> (Option<Bound>, Option<Bound>) {
    let min = read_bound(keys, "min", kind);
    let max = read_bound(keys, "max", kind);
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        keys.report(
            "max",
            keys.value("max").map_or(0, |max| max.at),
            "must not be below min",
        );
    }
    (min, max)
}

fn read_bound(keys: &Keys<'_>, key: &str, kind: ColumnType) -> Option<Bound> {
    let value = keys.value(key)?;
    let text = match value.value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => {
            number.as_str().trim_start_matches('+').to_owned()
        }
        DeValue::Float(number) => number.as_str().trim_start_matches('+').to_owned(),
        DeValue::Datetime(time) => time.to_string(),
        other => {
            let message = format!(
                "must be a value of the column's type, not {}",
                other.type_str()
            );
            keys.report(key, value.at, message);
            return None;
        }
    };
    match parse_bound(text.as_bytes(), kind) {
        Ok(bound) => Some(bound),
        Err(message) => {
            keys.report(key, value.at, format!("{} {message}", quoted(&text)));
            None
        }
    }
}

fn parse_bound(text: &[u8], kind: ColumnType) -> Result<Bound, String> {
    let of_number = |problem: NumberProblem, kind: &str| match problem {
        NumberProblem::Syntax => format!("is not a number, which the bound of a {kind} is"),
        NumberProblem::Overflow => format!("is too large for the column's type {kind}"),
        NumberProblem::Inexact => {
            format!("has more digits after the point than the column's type {kind}")
        }
    };
    let of_time = |problem: TimeProblem, wanted: &str| match problem {
        TimeProblem::Syntax => format!("is not {wanted}"),
        TimeProblem::Overflow => "lies outside the years 1 to 9999".to_owned(),
    };
    match kind {
        ColumnType::Int64 => Number::new(text)
            .int64()
            .map(Bound::Int64)
            .map_err(|problem| of_number(problem, "int64")),
        ColumnType::Double => Number::new(text)
            .double()
            .map(Bound::Double)
            .map_err(|problem| of_number(problem, "double")),
        ColumnType::Decimal { precision, scale } => Number::new(text)
            .decimal(precision, scale, Excess::Refuse)
            .map(Bound::Decimal)
            .map_err(|problem| of_number(problem, &format!("decimal({precision},{scale})"))),
        ColumnType::Timestamp(_) => parse_rfc3339(text)
            .map(|micros| Bound::Timestamp(EventTime(micros)))
            .map_err(|problem| of_time(problem, "a point in time, such as 2025-11-14T11:44:34Z")),
        ColumnType::Date => parse_date(text)
            .map(Bound::Date)
            .map_err(|problem| of_time(problem, "a day, such as 2025-11-14")),
        ColumnType::String | ColumnType::Bool | ColumnType::Json => Err(
            "is not allowed: only int64, double, decimal, timestamp and date have bounds"
                .to_owned(),
        ),
    }
}
