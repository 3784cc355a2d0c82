//! The fates of tried events for programs: JSON, an object a line, and CSV. Pure.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sluice::dataset::ColumnType;
use sluice::silver::trial::{Fate, Place, Record};

use super::super::fates::word;
use super::chosen::Chosen;
use crate::output::csv_line;

/// Returns a JSON object for each event, a line each, and the totals last.
pub(super) fn json_lines(chosen: &Chosen<'_>) -> String {
    let mut lines: Vec<String> = chosen_records(chosen)
        .map(|record| json_of(chosen, record).to_string())
        .collect();
    let totals = json!({ "totals": chosen.fates.totals().json() });
    lines.push(totals.to_string());
    lines.join("\n")
}

/// Returns a header, and a line for each event: where it is, what became of it, and its values if it was cast.
pub(super) fn csv(chosen: &Chosen<'_>) -> String {
    const OWN: [&str; 8] = [
        "file",
        "line_number",
        "record_number",
        "fate",
        "of",
        "reason",
        "column",
        "detail",
    ];
    let columns = chosen.fates.columns.iter();
    let header = OWN
        .into_iter()
        .chain(columns.map(|column| column.name.as_str()));
    let mut lines = vec![csv_line(header)];
    lines.extend(chosen_records(chosen).map(|record| csv_of(chosen, record)));
    lines.join("\n")
}

fn chosen_records<'a>(chosen: &'a Chosen<'_>) -> impl Iterator<Item = &'a Record> {
    let most = chosen.most;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let records = chosen.fates.trial.records.iter();
    records.filter(move |record| {
        let seen = seen.entry(word(&record.fate)).or_default();
        let is_chosen = chosen.only.is_none_or(|only| only.has(&record.fate)) && *seen < most;
        *seen += usize::from(is_chosen);
        is_chosen
    })
}

fn json_of(chosen: &Chosen<'_>, record: &Record) -> Value {
    let mut object = place_json(chosen, record.place);
    object["fate"] = json!(word(&record.fate));
    match &record.fate {
        Fate::Empty | Fate::Filtered => {}
        Fate::Row { row } => object["row"] = row_json(chosen, *row),
        Fate::Duplicate {
            row,
            of,
            is_conflict,
            ..
        } => {
            object["of"] = place_json(chosen, *of);
            object["conflict"] = json!(is_conflict);
            object["row"] = row_json(chosen, *row);
        }
        Fate::Quarantined(refusal) => {
            object["reason"] = json!(refusal.reason);
            object["column"] = json!(refusal.column);
            object["position"] = json!(refusal.position);
            object["detail"] = json!(refusal.detail);
            if refusal.event {
                object["event"] = json!(true);
            }
            match refusal
                .body
                .as_deref()
                .map(|body| (std::str::from_utf8(body), body))
            {
                Some((Ok(text), _)) => object["body"] = json!(text),
                Some((Err(_), body)) => object["body_base64"] = json!(STANDARD.encode(body)),
                None => object["withheld"] = json!(true),
            }
        }
    }
    object
}

/// A place: file, line from 1, and the record from 1 where an event has several.
fn place_json(chosen: &Chosen<'_>, place: Place) -> Value {
    let (file, line) = chosen.events.place(place.line);
    let mut object = json!({ "file": file, "line_number": line });
    if let Some(record) = place.record {
        object["record_number"] = json!(u64::from(record) + 1);
    }
    object
}

/// Values as JSON: whole numbers, doubles and booleans as such, everything else as text; nulls are left out.
fn row_json(chosen: &Chosen<'_>, row: usize) -> Value {
    let values = chosen.fates.columns.iter().zip(chosen.fates.row(row));
    let values = values.filter_map(|(column, value)| {
        let text = value.as_ref()?;
        let value = match column.kind {
            ColumnType::Int64 | ColumnType::Double | ColumnType::Bool => {
                serde_json::from_str(text).unwrap_or_else(|_| json!(text))
            }
            _ => json!(text),
        };
        Some((column.name.clone(), value))
    });
    Value::Object(values.collect::<Map<String, Value>>())
}

fn csv_of(chosen: &Chosen<'_>, record: &Record) -> String {
    let (file, line) = chosen.events.place(record.place.line);
    let line = line.to_string();
    let number = record.place.record.map(|record| u64::from(record) + 1);
    let number = number.map_or(String::new(), |number| number.to_string());
    let mut of = String::new();
    let (mut reason, mut column, mut detail) = ("", "", "");
    let mut values: &[Option<String>] = &[];
    match &record.fate {
        Fate::Empty | Fate::Filtered => {}
        Fate::Row { row } => values = chosen.fates.row(*row),
        Fate::Duplicate { row, of: kept, .. } => {
            values = chosen.fates.row(*row);
            of = chosen.events.short_name(*kept);
        }
        Fate::Quarantined(refusal) => {
            reason = refusal.reason.as_str();
            column = refusal.column.as_deref().unwrap_or("");
            detail = &refusal.detail;
        }
    }
    let own = [
        file,
        &line,
        &number,
        word(&record.fate),
        &of,
        reason,
        column,
        detail,
    ];
    let columns = 0..chosen.fates.columns.len();
    let values = columns.map(|at| values.get(at).and_then(Option::as_deref).unwrap_or(""));
    csv_line(own.into_iter().chain(values))
}
