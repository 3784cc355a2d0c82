//! What a column says of its values beside their type: the keys `zone`, `nulls`, `default`, `allowed` and `pattern`.

use toml::de::DeValue;

use super::literal;
use super::masked;
use crate::dataset::reader::{Keys, Located};
use crate::dataset::rules::{Literal, Pattern, Rules, Value};
use crate::dataset::types::{Bound, ColumnType, TimestampFormat};
use crate::expr::find_zone;
use crate::value::time::notation::{Notation, TimeFormat, Zone};
use crate::wording::quoted;

/// The limits of a column's values.
type Bounds = (Option<Bound>, Option<Bound>);

/// Most values that are allowed.
const MOST_ALLOWED: usize = 1_000;
/// Most texts that count as null.
const MOST_NULLS: usize = 100;

/// Reads the rules of a column whose values are of type `kind` and between `bounds`.
pub(super) fn read(keys: &Keys<'_>, kind: ColumnType, bounds: Bounds, required: bool) -> Rules {
    let rules = Rules {
        nulls: read_nulls(keys),
        default: None,
        notation: read_notation(keys, kind),
        allowed: Vec::new(),
        pattern: read_pattern(keys, kind),
        mask: masked::read(keys, kind, required),
    };
    let rules = Rules {
        allowed: read_allowed(keys, kind, bounds, &rules),
        ..rules
    };
    Rules {
        default: read_default(keys, kind, bounds, &rules),
        ..rules
    }
}

fn read_nulls(keys: &Keys<'_>) -> Vec<String> {
    let nulls = keys.strings("nulls").unwrap_or_default();
    if let Some(value) = keys.value("nulls") {
        let is_empty = value.value.as_array().is_some_and(|list| list.is_empty());
        if is_empty || nulls.len() > MOST_NULLS {
            let message = format!(
                "must name 1 to {MOST_NULLS} texts that count as null, such as [\"\", \"N/A\"]"
            );
            keys.report("nulls", value.at, message);
        }
    }
    nulls
        .into_iter()
        .map(|text| text.value.to_owned())
        .collect()
}

fn read_notation(keys: &Keys<'_>, kind: ColumnType) -> Option<Notation> {
    let zone = read_zone(keys);
    let zone_at = keys.value("zone").map(|zone| zone.at);
    let refuse_zone = |message: &str| {
        if let Some(at) = zone_at {
            keys.report("zone", at, message);
        }
    };
    match kind {
        ColumnType::Timestamp(TimestampFormat::Rfc3339) => zone.map(|zone| Notation {
            format: None,
            zone: Some(zone),
        }),
        ColumnType::Timestamp(TimestampFormat::Strptime) => {
            let format = read_format(keys)?;
            check_offset(keys, &format, zone_at);
            Some(Notation {
                format: Some(format),
                zone,
            })
        }
        ColumnType::Timestamp(_) => {
            refuse_zone("what counts from 1970 is in UTC and has no zone");
            None
        }
        ColumnType::Date => {
            refuse_zone("only a timestamp has a zone");
            let format = read_format(keys)?;
            if format.has_time() {
                let message = "a date has no time of day and no offset: take a timestamp, or leave them out of the format if the text has none";
                keys.report("format", keys.at_value("format"), message);
            }
            Some(Notation {
                format: Some(format),
                zone: None,
            })
        }
        _ => {
            refuse_zone("only a timestamp has a zone");
            None
        }
    }
}

/// Reports a format whose texts name no zone if the column has none either, and a zone that would never count.
fn check_offset(keys: &Keys<'_>, format: &TimeFormat, zone_at: Option<usize>) {
    match (format.has_offset(), zone_at) {
        (true, Some(at)) => keys.report(
            "zone",
            at,
            "the format has %z: each text says its own offset, and the zone would never count",
        ),
        (false, None) => keys.report(
            "format",
            keys.at_value("format"),
            "a text of this format names no zone: add zone = \"Europe/Berlin\", or whichever its clocks are in, \"UTC\" among them; or %z where the text has an offset",
        ),
        _ => {}
    }
}

fn read_zone(keys: &Keys<'_>) -> Option<Zone> {
    let name = keys.string("zone")?;
    let report = |message| keys.report("zone", name.at, message);
    find_zone(name.value).map_err(report).ok()
}

/// Reads a format of strptime; nothing if it is none, which is reported.
fn read_format(keys: &Keys<'_>) -> Option<TimeFormat> {
    let text = keys.string("format")?;
    if !text.value.contains('%') {
        return None;
    }
    let report = |error| {
        let message = format!("{} {error}", quoted(text.value));
        keys.report("format", text.at, message);
    };
    TimeFormat::parse(text.value).map_err(report).ok()
}

fn read_pattern(keys: &Keys<'_>, kind: ColumnType) -> Option<Pattern> {
    let text = keys.string("pattern")?;
    if kind != ColumnType::String {
        keys.report("pattern", text.at, "only a string has a pattern");
    }
    let report = |error| {
        let message = format!("{} {error}", quoted(text.value));
        keys.report("pattern", text.at, message);
    };
    Pattern::parse(text.value).map_err(report).ok()
}

fn read_allowed(keys: &Keys<'_>, kind: ColumnType, bounds: Bounds, rules: &Rules) -> Vec<Literal> {
    let Some(list) = keys.value("allowed") else {
        return Vec::new();
    };
    if kind == ColumnType::Json {
        let message = "a column of type json takes any value: give it a type, or leave this out";
        keys.report("allowed", list.at, message);
        return Vec::new();
    }
    let elements = keys.elements("allowed");
    if elements.is_empty() || elements.len() > MOST_ALLOWED {
        let message =
            format!("must be a list of 1 to {MOST_ALLOWED} values, such as [\"new\", \"paid\"]");
        keys.report("allowed", list.at, message);
    }
    let mut allowed = Vec::new();
    for element in elements {
        let Some(literal) = literal::read(keys, "allowed", element, kind) else {
            continue;
        };
        check(keys, "allowed", element, &literal, bounds, rules);
        allowed.push(literal);
    }
    allowed.sort_by(|one, other| one.order(other.value()));
    allowed
}

fn read_default(
    keys: &Keys<'_>,
    kind: ColumnType,
    bounds: Bounds,
    rules: &Rules,
) -> Option<Literal> {
    let value = keys.value("default")?;
    let problem = match (kind, rules.mask) {
        (ColumnType::Json, _) => Some("a column of type json has no default"),
        (_, Some(mask)) if mask.how == crate::dataset::rules::Masking::Drop => {
            Some("the mask \"drop\" leaves nothing of it")
        }
        _ => None,
    };
    if let Some(problem) = problem {
        keys.report("default", value.at, problem);
        return None;
    }
    let literal = literal::read(keys, "default", value, kind)?;
    check(keys, "default", value, &literal, bounds, rules);
    Some(literal)
}

/// Reports a value of the file that the column would not take from an event.
fn check(
    keys: &Keys<'_>,
    key: &str,
    at: Located<&DeValue<'_>>,
    literal: &Literal,
    (min, max): Bounds,
    rules: &Rules,
) {
    let problem = match literal.value() {
        Value::Bound(bound) => {
            let is_outside =
                min.is_some_and(|min| bound < min) || max.is_some_and(|max| bound > max);
            is_outside.then_some("lies outside the column's min and max")
        }
        Value::Text(text) => {
            if !rules.fits_pattern(text) {
                Some("is not of the column's pattern")
            } else if rules.nulls.iter().any(|null| null.as_bytes() == text) {
                Some("counts as null, as nulls says")
            } else {
                None
            }
        }
        Value::Bool(_) => None,
    };
    let is_allowed = rules.allows(literal.value());
    let problem = problem.or((!is_allowed).then_some("is not among the values allowed"));
    if let Some(problem) = problem {
        let text = literal::text_of(at.value);
        let shown = text.map_or_else(|| "the value".to_owned(), |text| quoted(&text));
        keys.report(key, at.at, format!("{shown} {problem}"));
    }
}
