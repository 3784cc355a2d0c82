//! Writes a guess as a commented dataset file.

use std::collections::HashSet;
use std::fmt::Write;

use super::infer::{Guess, TypeGuess};
use super::sample::Sample;

/// Names that columns may not have: silver's directories, and gold's own columns.
const RESERVED: [&str; 10] = [
    "event_date",
    "event_hour",
    "event_month",
    "hour",
    "day",
    "month",
    "rank",
    "is_settled",
    "events",
    "rows",
];
/// Most sums of a gold table.
const MOST_SUMS: usize = 4;

/// Makes a dataset's name of a file's.
pub(super) fn dataset_name(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let kept = stem.chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    });
    let name: String = kept
        .skip_while(|c| !c.is_ascii_lowercase())
        .take(41)
        .collect();
    if name.is_empty() {
        "events".to_owned()
    } else {
        name
    }
}

/// Writes the file.
pub(super) fn dataset_file(name: &str, file: &str, sample: &Sample, guess: &Guess) -> String {
    let columns = column_names(sample);
    let mut text = format!(
        "# A first guess from {} events of {file}. A sample shows what occurs, not what may occur: look at every line with a ?\n",
        sample.events
    );
    if sample.broken > 0 {
        let _ = writeln!(
            text,
            "# {} lines were no JSON object; such lines go to quarantine.",
            sample.broken
        );
    }
    let _ = writeln!(text, "\nname = {}\n", quote(name));
    write_key(&mut text, guess, &columns);
    write_times(&mut text, guess);
    text.push_str("# Fields that no column names are kept as JSON text in _rescued; \"ignore\" drops them.\nunknown_fields = \"rescue\"\n");
    for ((field, guessed), name) in sample.fields.iter().zip(&guess.types).zip(&columns) {
        let example = match field.example.as_str() {
            "" => "null",
            example => example,
        };
        let _ = writeln!(
            text,
            "\n# In {} of {} events, for example {example}",
            field.present, sample.events
        );
        if let Some(note) = &guessed.note {
            let _ = writeln!(text, "# ? {note}");
        }
        write_column(&mut text, name, &field.name, guessed);
    }
    write_gold(&mut text, name, guess, &columns);
    text
}

fn write_key(text: &mut String, guess: &Guess, columns: &[String]) {
    // A name for every field of the sample, in its order.
    let column = |index: &usize| columns.get(*index).map_or("", String::as_str);
    text.push_str(
        "# ? Two events with the same values here are one row. It must contain the event time.\n",
    );
    match guess.shared_keys {
        0 => text.push_str("# In the sample every event has a key of its own.\n"),
        shared => {
            let _ = writeln!(
                text,
                "# In the sample {shared} events share their key with another that differs elsewhere: they would be duplicates. Is a column missing?"
            );
        }
    }
    let key: Vec<String> = guess.key.iter().map(|index| quote(column(index))).collect();
    let _ = writeln!(text, "key = [{}]\n", key.join(", "));
    text.push_str("# ? When an event happened, by its producer's clock.\n");
    if !guess.other_times.is_empty() {
        let others: Vec<&str> = guess.other_times.iter().map(column).collect();
        let _ = writeln!(
            text,
            "# Other points in time that every event has: {}",
            others.join(", ")
        );
    }
    let event_time = quote(column(&guess.event_time));
    let _ = writeln!(text, "event_time = {event_time}\n");
}

fn write_times(text: &mut String, guess: &Guess) {
    let (period, why) = match guess.days {
        days if days <= 2.0 => ("hour", "events as they happen"),
        days if days <= 62.0 => ("day", "some weeks of events at once"),
        _ => ("month", "months or years of events at once"),
    };
    let _ = writeln!(
        text,
        "# Silver's directories. The sample spans {:.1} days, which looks like {why}; a live stream wants \"hour\".\nperiod = \"{period}\"\n",
        guess.days
    );
    text.push_str("# How far below the watermark an event may be without counting as late. Late events are stored all the same.\nallowed_lateness = \"1h\"\n\n");
}

fn write_column(text: &mut String, name: &str, from: &str, guess: &TypeGuess) {
    let _ = writeln!(text, "[[column]]\nname = {}", quote(name));
    if name != from {
        let _ = writeln!(text, "from = {}", quote(from));
    }
    let _ = writeln!(text, "type = {}", quote(&guess.kind));
    if let Some(format) = guess.format {
        let _ = writeln!(text, "format = {}", quote(format));
    }
    if guess.required {
        text.push_str("required = true\n");
    }
}

fn write_gold(text: &mut String, dataset: &str, guess: &Guess, columns: &[String]) {
    let table = format!("gold_daily_{}", dataset.replace('-', "_"));
    let mut measures = vec!["events = \"count\"".to_owned()];
    let sums = guess
        .types
        .iter()
        .zip(columns)
        .enumerate()
        .filter(|(index, (guessed, _))| {
            guessed.kind.starts_with("decimal") && !guess.key.contains(index)
        });
    for (_, (_, column)) in sums.take(MOST_SUMS) {
        measures.push(format!(
            "{} = {}",
            short(&format!("total_{column}")),
            quote(&format!("sum({column})"))
        ));
    }
    let _ = writeln!(
        text,
        "\n# ? A first gold table: a row a day. Add dimensions with by = [\"column\"], measures with count, sum, min, max and avg.\n[[gold]]\ntable = {}\ngrain = \"day\"\nmeasures = {{ {} }}",
        quote(&table),
        measures.join(", ")
    );
}

/// Makes a column name of each field's name: letters, digits and `_`, each name once.
fn column_names(sample: &Sample) -> Vec<String> {
    let mut taken: HashSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    let names = sample.fields.iter().map(|field| {
        let kept = field
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        let kept: String = kept.skip_while(|c| !c.is_ascii_alphabetic()).collect();
        let base = short(if kept.is_empty() { "field" } else { &kept });
        let mut name = base.clone();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = match number {
                2 if RESERVED.contains(&base.to_lowercase().as_str()) => format!("{base}_value"),
                number => format!("{base}_{number}"),
            };
        }
        name
    });
    names.collect()
}

fn short(name: &str) -> String {
    name.chars().take(120).collect()
}

/// Writes text as a TOML string.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
