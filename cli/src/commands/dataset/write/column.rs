//! Writes the columns, each with what it rests on; pure.

use std::fmt::Write;

use sluice::value::path::Segment;

use super::super::infer::{Guess, TypeGuess};
use super::super::sample::{Field, Sample, Source};
use super::comments::{comment, guessed, warn};
use super::names::quote;
use crate::output::{count, thousands};

/// Most values inside of a field that are named.
const MOST_INSIDE: usize = 30;

/// Writes a column.
pub(super) fn write_column(
    text: &mut String,
    name: &str,
    field: &Field,
    guess: &TypeGuess,
    (events, ignores_case): (u64, bool),
    is_required: bool,
) {
    describe(text, field, guess, events, is_required);
    let _ = writeln!(text, "[[column]]\nname = {}", quote(name));
    write_places(text, name, field, ignores_case);
    let _ = writeln!(text, "type = {}", quote(&guess.kind));
    if let Some(format) = guess.format {
        let _ = writeln!(text, "format = {}", quote(format));
    }
    if let Some(zone) = guess.zone {
        let _ = writeln!(text, "zone = {}", quote(zone));
    }
    if !guess.nulls.is_empty() {
        let nulls = guess.nulls.iter().map(|null| quote(null));
        let _ = writeln!(text, "nulls = [{}]", nulls.collect::<Vec<_>>().join(", "));
    }
    if is_required {
        text.push_str("required = true\n");
    } else if guess.kind == "string"
        && let Some(choices) = field.choices()
    {
        let choices = choices.into_iter().map(quote);
        let choices = choices.collect::<Vec<_>>().join(", ");
        comment(text, &format!("allowed = [{choices}]"));
    }
}

/// Writes where the column is read.
fn write_places(text: &mut String, name: &str, field: &Field, ignores_case: bool) {
    let mut places: Vec<String> = Vec::new();
    for place in field.places().map(ToString::to_string) {
        let is_known = places
            .iter()
            .any(|known| ignores_case && known.eq_ignore_ascii_case(&place));
        if !is_known {
            places.push(place);
        }
    }
    let key = match field.source {
        Source::Record => "from",
        Source::Event => "from_event",
        Source::Properties => "from_property",
        Source::System => "from_system",
    };
    // Names of properties are no paths.
    if matches!(field.source, Source::Properties | Source::System) {
        places = names(field);
    }
    match places.as_slice() {
        [one] if one == name && field.source == Source::Record => {}
        [one] => {
            let _ = writeln!(text, "{key} = {}", quote(one));
        }
        several => {
            let several: Vec<String> = several.iter().map(|place| quote(place)).collect();
            let _ = writeln!(text, "{key} = [{}]", several.join(", "));
        }
    }
}

fn names(field: &Field) -> Vec<String> {
    let places = field.places().filter_map(|place| place.segments().first());
    let names = places.map(|step| match step {
        Segment::Name(name) if name == PARTITION_KEY.0 => PARTITION_KEY.1.to_owned(),
        Segment::Name(name) => name.clone(),
        Segment::Index(index) => index.to_string(),
    });
    names.collect()
}

/// An annotation with a name of its own in dataset files.
const PARTITION_KEY: (&str, &str) = ("x-opt-partition-key", "partition_key");

/// Says what the guess at a field rests on, and what lies inside of it.
fn describe(text: &mut String, field: &Field, guess: &TypeGuess, events: u64, is_required: bool) {
    if field.present > 0 {
        let (present, all) = (thousands(field.present), count(events, "event"));
        let example = field.example.as_str();
        comment(
            text,
            &format!("In {present} of {all}, for example {example}"),
        );
    }
    let required = match (is_required, guess.required) {
        (true, _) => "; required, because events are known by it",
        (false, true) => {
            "; every event of the sample has it, but one without it is no less an event"
        }
        (false, false) => "",
    };
    guessed(text, &format!("{}: {}{required}", guess.kind, guess.why));
    if is_required && !guess.required {
        let (without, all) = (thousands(events - field.present), count(events, "event"));
        warn(
            text,
            &format!("{without} of {all} are without it, and would go to quarantine."),
        );
    }
    guess.warnings.iter().for_each(|line| warn(text, line));
    if guess.kind == "string" && !is_required && field.choices().is_some() {
        guessed(
            text,
            "it may be one of few; to hold it to them, take the # from allowed: any other is null then",
        );
    }
    let leaves = &field.inside.leaves;
    if leaves.is_empty() {
        return;
    }
    let shown = leaves.iter().take(MOST_INSIDE);
    let mut shown: Vec<String> = shown.map(|l| format!("{} ({})", l.path, l.kind)).collect();
    if leaves.len() > MOST_INSIDE || field.inside.is_cut {
        shown.push("more".to_owned());
    }
    comment(text, &format!("Inside of it: {}", shown.join(", ")));
    warn(
        text,
        "What lies inside stays in this column, as JSON text. A value at one place can be a column by its path, such as from = \"$.list[0].v\". If the elements of an array are what the rows should be: [payload] with records = \"$.list[*]\"; columns are then read in an element and no longer beside the array.",
    );
}

/// Names what no column was made of.
pub(super) fn write_unseen(text: &mut String, sample: &Sample, guess: &Guess) {
    let fields = sample.fields.iter().enumerate();
    let nulls = fields.filter(|(index, field)| field.present == 0 && *index != guess.event_time);
    let nulls: Vec<&str> = nulls.map(|(_, field)| field.name.as_str()).collect();
    if !nulls.is_empty() {
        text.push('\n');
        let names = nulls.join(", ");
        comment(
            text,
            &format!("No column was made of what is always null in the sample: {names}"),
        );
    }
    if !sample.other_annotations.is_empty() {
        text.push('\n');
        let names: Vec<&str> = sample
            .other_annotations
            .iter()
            .map(String::as_str)
            .collect();
        comment(
            text,
            &format!(
                "No column was made of what else the hub says of the events (from_system): {}",
                names.join(", ")
            ),
        );
    }
}
