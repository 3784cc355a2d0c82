//! Writes a guess as a commented dataset file: every guess has a comment `# guessed: …` with what it rests on, and what
//! may lose or refuse events a comment `# WARNING: …`.

mod names;

use std::fmt::Write;

use super::infer::{Guess, TypeGuess, guess_types};
use super::sample::{Field, Sample};
use crate::output::escaped;
pub(super) use names::dataset_name;
use names::{column_names, quote, short};

/// Most sums of a gold table.
const MOST_SUMS: usize = 4;
/// Most values inside of a field that are named.
const MOST_INSIDE: usize = 30;

/// What a file begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading<'a> {
    /// The dataset's name.
    pub(super) name: &'a str,
    /// The files of the sample, for people.
    pub(super) files: &'a str,
    /// Where in a message the events are, if they are not the messages themselves.
    pub(super) records: Option<&'a str>,
    /// What stands beside them in a message.
    pub(super) beside: &'a Sample,
}

/// What the reader of dataset files takes of what is proposed; the rest is written as comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proposals {
    /// `records`, where events are inside of messages.
    pub(super) records: bool,
    /// `keep = "all"`, where nothing tells the events apart.
    pub(super) keep_all: bool,
}

/// Writes the file.
pub(super) fn dataset_file(
    heading: &Heading<'_>,
    sample: &Sample,
    guess: &Guess,
    proposals: Proposals,
) -> String {
    let Heading { name, files, .. } = heading;
    let beside = match proposals.records {
        true => heading.beside.fields.as_slice(),
        false => &[],
    };
    let fields = sample.fields.iter().chain(beside);
    let columns = column_names(fields.map(|field| field.name.as_str()));
    let mut text = String::new();
    comment(
        &mut text,
        &format!(
            "A first guess from {} events of {files}. A sample shows what occurs, not what may occur: read every line that begins with \"guessed\" or \"WARNING\".",
            sample.events
        ),
    );
    if sample.refused.total() > 0 {
        warn(
            &mut text,
            &format!(
                "{} lines were no JSON object; such lines go to quarantine.",
                sample.refused.total()
            ),
        );
    }
    if !sample.odd.events.is_empty() {
        warn(
            &mut text,
            &format!(
                "Left out of the guess as unlike the others: {} of {} events ({}).",
                sample.odd.events.len(),
                sample.lines,
                sample.odd.why.join("; ")
            ),
        );
    }
    let _ = writeln!(text, "\nname = {}\n", quote(name));
    write_key(&mut text, sample, guess, &columns, proposals);
    write_times(&mut text, guess, &columns);
    comment(
        &mut text,
        "Fields that no column names are kept as JSON text in _rescued; \"ignore\" drops them.",
    );
    text.push_str("unknown_fields = \"rescue\"\n");
    write_proposals(&mut text, heading, guess, proposals);
    let fields = sample.fields.iter().zip(&guess.types).zip(&columns);
    for (index, ((field, guessed), name)) in fields.enumerate() {
        // What is always there today may be missing tomorrow, and then only an identity is worth a refusal.
        let is_required = match proposals.keep_all {
            true => index == guess.event_time,
            false => guess.key.fields.contains(&index),
        };
        text.push('\n');
        describe(&mut text, field, guessed, sample.events, is_required);
        let from = field.path.to_string();
        write_column(&mut text, name, ("from", &from), guessed, is_required);
    }
    let names = columns.iter().skip(sample.fields.len());
    write_beside(&mut text, heading.beside, names);
    write_gold(&mut text, name, guess, &columns);
    text
}

/// Writes a comment; what is not to be shown as it is, a line break for one, is escaped.
fn comment(text: &mut String, line: &str) {
    let _ = writeln!(text, "# {}", escaped(line));
}

fn guessed(text: &mut String, line: &str) {
    comment(text, &format!("guessed: {line}"));
}

fn warn(text: &mut String, line: &str) {
    comment(text, &format!("WARNING: {line}"));
}

fn write_key(
    text: &mut String,
    sample: &Sample,
    guess: &Guess,
    columns: &[String],
    proposals: Proposals,
) {
    if proposals.keep_all {
        guessed(
            text,
            "no field tells the events apart, so that each is a row (keep, below); where some do, name them with the event time: key = [\"id\", \"time\"]",
        );
        text.push('\n');
        return;
    }
    // A name for every field of the sample, in its order.
    let column = |index: &usize| columns.get(*index).map_or("", String::as_str);
    comment(
        text,
        "Two events with the same values in these columns are one row; the second one is dropped as a duplicate. The event time must be among them.",
    );
    let key = &guess.key;
    key.why.iter().for_each(|line| guessed(text, line));
    key.warning
        .iter()
        .flatten()
        .for_each(|line| warn(text, line));
    match key.shared {
        0 => comment(text, "In the sample every event has a key of its own."),
        shared => warn(
            text,
            &format!(
                "In the sample {shared} events share their key with another that differs elsewhere: they would be dropped as duplicates. Is a column missing?"
            ),
        ),
    }
    if sample.events < 3 {
        let events = sample.events;
        warn(
            text,
            &format!("A sample of {events} says little about what identifies an event."),
        );
    }
    let names: Vec<String> = key.fields.iter().map(|i| quote(column(i))).collect();
    let _ = writeln!(text, "key = [{}]\n", names.join(", "));
}

fn write_times(text: &mut String, guess: &Guess, columns: &[String]) {
    let column = |index: &usize| columns.get(*index).map_or("", String::as_str);
    guessed(
        text,
        "when an event happened, by its producer's clock: the likeliest point in time by its name.",
    );
    if !guess.other_times.is_empty() {
        let others: Vec<&str> = guess.other_times.iter().map(column).collect();
        comment(
            text,
            &format!(
                "Other points in time that every event has: {}",
                others.join(", ")
            ),
        );
    }
    let event_time = quote(column(&guess.event_time));
    let _ = writeln!(text, "event_time = {event_time}\n");
    let (period, why) = match guess.days {
        days if days <= 2.0 => ("hour", "events as they happen"),
        days if days <= 62.0 => ("day", "some weeks of events at once"),
        _ => ("month", "months or years of events at once"),
    };
    guessed(
        text,
        &format!(
            "silver's directories. The sample spans {:.1} days, which looks like {why}; a live stream wants \"hour\".",
            guess.days
        ),
    );
    let _ = writeln!(text, "period = \"{period}\"\n");
    comment(
        text,
        "How far below the watermark an event may be without counting as late. Late events are stored all the same.",
    );
    text.push_str("allowed_lateness = \"1h\"\n\n");
}

/// Writes tables before the columns; what the reader does not take yet stands in comments.
fn write_proposals(text: &mut String, heading: &Heading<'_>, guess: &Guess, proposals: Proposals) {
    let mut table = |is_taken: bool, why: &str, lines: [String; 2]| {
        text.push('\n');
        guessed(text, why);
        if !is_taken {
            warn(
                text,
                "this release does not read these two lines yet; they are for one that does.",
            );
        }
        for line in lines {
            match is_taken {
                true => text.push_str(&(line + "\n")),
                false => comment(text, &line),
            }
        }
    };
    if let Some(records) = heading.records {
        table(
            proposals.records,
            "a message holds several events, which the columns are read from.",
            [
                "[payload]".to_owned(),
                format!("records = {}", quote(records)),
            ],
        );
    }
    if guess.key.warning.is_some() {
        table(
            proposals.keep_all,
            "every event is a row, also one that is sent again: nothing tells it from another.",
            ["[dedup]".to_owned(), "keep = \"all\"".to_owned()],
        );
    }
}

/// Says what the guess at a field rests on, and what lies inside of it.
fn describe(text: &mut String, field: &Field, guess: &TypeGuess, events: u64, is_required: bool) {
    let example = match field.example.as_str() {
        "" => "null",
        example => example,
    };
    let present = field.present;
    comment(
        text,
        &format!("In {present} of {events} events, for example {example}"),
    );
    let required = match (is_required, guess.required) {
        (true, _) => "; required, because events are known by it",
        (false, true) => {
            "; every event of the sample has it, but one without it is no less an event"
        }
        (false, false) => "",
    };
    guessed(text, &format!("{}: {}{required}", guess.kind, guess.why));
    guess.warnings.iter().for_each(|line| warn(text, line));
    if let Some(choices) = field
        .choices()
        .filter(|_| guess.kind == "string" && !is_required)
    {
        let choices = choices.iter().map(|choice| quote(choice));
        let choices = choices.collect::<Vec<_>>().join(", ");
        guessed(
            text,
            &format!("it may be one of few; to hold it to them: allowed = [{choices}]"),
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
        "What lies inside stays in this column, as JSON text. A value at one place can be a column by its path, such as from = \"$.list[0].v\". If the elements of an array are what the rows should be: [payload] with records = \"$.list[*]\"; columns are then read in an element, and what stands beside the array by from_event.",
    );
}

/// Writes a column for each of the fields beside the records that has a name.
fn write_beside<'n>(
    text: &mut String,
    beside: &Sample,
    names: impl ExactSizeIterator<Item = &'n String>,
) {
    if names.len() == 0 {
        return;
    }
    text.push('\n');
    comment(
        text,
        "What a message says once, beside its events; each of them has it.",
    );
    let fields = beside.fields.iter().zip(guess_types(beside)).zip(names);
    for (index, ((field, guessed), name)) in fields.enumerate() {
        if index > 0 {
            text.push('\n');
        }
        describe(text, field, &guessed, beside.events, false);
        let from = field.path.to_string();
        write_column(text, name, ("from_event", &from), &guessed, false);
    }
}

fn write_column(
    text: &mut String,
    name: &str,
    (key, from): (&str, &str),
    guess: &TypeGuess,
    is_required: bool,
) {
    let _ = writeln!(text, "[[column]]\nname = {}", quote(name));
    if key != "from" || name != from {
        let _ = writeln!(text, "{key} = {}", quote(from));
    }
    let _ = writeln!(text, "type = {}", quote(&guess.kind));
    if let Some(format) = guess.format {
        let _ = writeln!(text, "format = {}", quote(format));
    }
    if is_required {
        text.push_str("required = true\n");
    }
}

fn write_gold(text: &mut String, dataset: &str, guess: &Guess, columns: &[String]) {
    let table = format!("gold_daily_{}", dataset.replace('-', "_"));
    let mut measures = vec!["events = \"count\"".to_owned()];
    let sums = guess.types.iter().zip(columns).enumerate();
    let sums = sums.filter(|(index, (guessed, _))| {
        guessed.kind.starts_with("decimal") && !guess.key.fields.contains(index)
    });
    for (_, (_, column)) in sums.take(MOST_SUMS) {
        measures.push(format!(
            "{} = {}",
            short(&format!("total_{column}")),
            quote(&format!("sum({column})"))
        ));
    }
    text.push('\n');
    guessed(
        text,
        "a first gold table: a row a day. Add dimensions with by = [\"column\"], measures with count, sum, min, max and avg.",
    );
    let _ = writeln!(
        text,
        "[[gold]]\ntable = {}\ngrain = \"day\"\nmeasures = {{ {} }}",
        quote(&table),
        measures.join(", ")
    );
}

#[cfg(test)]
mod tests;
