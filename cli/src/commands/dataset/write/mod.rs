//! Writes a proposal as a commented dataset file: every guess has a comment `# guessed: …` with what it rests on, and what
//! may lose or refuse events a comment `# WARNING: …`.

mod column;
mod comments;
mod gold;
mod names;
mod payload;

use std::fmt::Write;

use super::infer::{Guess, Kinds, Proposal};
use super::sample::Sample;
use crate::output::{count, span, thousands};
use column::{write_column, write_unseen};
use comments::{comment, guessed, warn};
use gold::write_gold;
pub(super) use names::dataset_name;
use names::{column_names, quote, sql_text};
use payload::write_payload;

/// What a file begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heading<'a> {
    /// The dataset's name.
    pub(super) name: &'a str,
    /// The files of the sample, for people.
    pub(super) files: &'a str,
}

/// Writes the file. In its condition the column stands in quotes where its name would be taken for a keyword.
pub(super) fn dataset_file(heading: Heading<'_>, proposal: &Proposal, is_quoted: bool) -> String {
    let (sample, guess) = (&proposal.sample, &proposal.guess);
    let beside = proposal.beside.iter().map(|(field, _)| field);
    let fields = sample.fields.iter().chain(beside);
    let columns = column_names(fields.map(|field| field.name.as_str()));
    let facts = (sample.events, sample.shape.ignore_case);
    let mut text = String::new();
    write_head(&mut text, heading, proposal);
    write_key(&mut text, sample, guess, &columns);
    write_times(&mut text, guess, &columns);
    if let Some(kinds) = &proposal.kinds {
        write_condition(&mut text, kinds, sample, &columns, is_quoted);
    }
    comment(
        &mut text,
        "Fields that no column names are kept as JSON text in _rescued; \"ignore\" drops them.",
    );
    text.push_str("unknown_fields = \"rescue\"\n");
    if guess.key.keep_all.is_some() {
        text.push('\n');
        guessed(
            &mut text,
            "every event is a row, also one that is sent again: nothing tells it from another.",
        );
        text.push_str("[dedup]\nkeep = \"all\"\n");
    }
    write_payload(&mut text, proposal);
    let fields = sample.fields.iter().zip(&guess.types).zip(&columns);
    for (index, ((field, guessed), name)) in fields.enumerate() {
        if field.present == 0 && index != guess.event_time {
            continue;
        }
        // What is always there today may be missing tomorrow, and then only an identity is worth a refusal.
        let is_required = index == guess.event_time
            || (guess.key.keep_all.is_none() && guess.key.fields.contains(&index));
        text.push('\n');
        write_column(&mut text, name, field, guessed, facts, is_required);
    }
    let names = columns.iter().skip(sample.fields.len());
    for ((field, guessed), name) in proposal.beside.iter().zip(names) {
        text.push('\n');
        comment(
            &mut text,
            "Beside the records of a message: each of them has it.",
        );
        write_column(&mut text, name, field, guessed, facts, false);
    }
    write_unseen(&mut text, sample, guess);
    write_gold(&mut text, heading.name, guess, &columns);
    text
}

fn write_head(text: &mut String, heading: Heading<'_>, proposal: &Proposal) {
    let Heading { name, files } = heading;
    let sample = &proposal.sample;
    let repeated = match sample.repeated {
        0 => String::new(),
        repeated => format!(" ({} of the same again)", thousands(repeated)),
    };
    comment(
        text,
        &format!(
            "A first guess from {}{repeated} of {files}. A sample shows what occurs, not what may occur: read every line that begins with \"guessed\" or \"WARNING\".",
            count(sample.events, "event")
        ),
    );
    let refused = sample.refused.total();
    if refused > 0 {
        let what = count(refused, "record");
        let line = format!("Not a JSON object: {what}, which would go to quarantine.");
        warn(text, &line);
    }
    if let (refused @ 1.., why) = &proposal.unopened {
        let why = why.as_deref().unwrap_or("broken");
        let line = format!(
            "To quarantine whole would go {}: {why}.",
            count(*refused as u64, "event")
        );
        warn(text, &line);
    }
    if !sample.odd.events.is_empty() {
        let line = format!(
            "Left out of the guess as unlike the others: {} of {} ({}).",
            thousands(sample.odd.events.len() as u64),
            count(sample.lines, "event"),
            sample.odd.why.join("; ")
        );
        warn(text, &line);
    }
    let _ = writeln!(text, "\nname = {}\n", quote(name));
}

fn write_key(text: &mut String, sample: &Sample, guess: &Guess, columns: &[String]) {
    let key = &guess.key;
    if let Some(why) = &key.keep_all {
        guessed(
            text,
            "no field tells the events apart, so that each is a row (keep, below); where some do, name them with the event time: key = [\"id\", \"time\"]",
        );
        why.iter().for_each(|line| comment(text, line));
        text.push('\n');
        return;
    }
    // A name for every field of the sample, in its order.
    let column = |index: &usize| columns.get(*index).map_or("", String::as_str);
    comment(
        text,
        "Two events with the same values in these columns are one row; the second one is dropped as a duplicate. The event time must be among them.",
    );
    key.why.iter().for_each(|line| guessed(text, line));
    match key.shared {
        0 if key.has_day => comment(text, "In the sample no two events of a key differ."),
        0 => comment(text, "In the sample every event has a key of its own."),
        shared => warn(
            text,
            &format!(
                "In the sample {} share their key with another that differs elsewhere: they would be dropped as duplicates. Is a column missing?",
                count(shared, "event")
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
    let names = key.fields.iter().map(|index| match key.has_day {
        true if *index == guess.event_time => quote(&format!("day({})", column(index))),
        _ => quote(column(index)),
    });
    let _ = writeln!(text, "key = [{}]\n", names.collect::<Vec<_>>().join(", "));
}

fn write_times(text: &mut String, guess: &Guess, columns: &[String]) {
    let column = |index: &usize| columns.get(*index).map_or("", String::as_str);
    match &guess.no_time {
        Some(why) => warn(text, why),
        None => guessed(
            text,
            "when an event happened, by its producer's clock: the likeliest point in time by its name and its values.",
        ),
    }
    if !guess.other_times.is_empty() {
        let others: Vec<&str> = guess.other_times.iter().map(column).collect();
        let line = format!(
            "Other points in time that the events have: {}",
            others.join(", ")
        );
        comment(text, &line);
    }
    let event_time = quote(column(&guess.event_time));
    let _ = writeln!(text, "event_time = {event_time}\n");
    let (period, why) = match guess.days {
        days if days <= 2.0 && guess.key.has_day => (
            "day",
            "events as they happen; not shorter than the day in the key",
        ),
        days if days <= 2.0 => ("hour", "events as they happen"),
        days if days <= 62.0 => ("day", "some weeks of events at once"),
        _ => ("month", "months or years of events at once"),
    };
    let live = match guess.key.has_day {
        true => "",
        false => "; a live stream wants \"hour\"",
    };
    let looks = match guess.no_time {
        // There is nothing that it could span.
        Some(_) => String::new(),
        None => {
            let spanned = span((guess.days * 86_400.0) as i64);
            format!(" The sample spans {spanned}, which looks like {why}{live}.")
        }
    };
    let line = format!("silver's directories.{looks}");
    guessed(text, &line);
    let _ = writeln!(text, "period = \"{period}\"\n");
    comment(
        text,
        "How far below the watermark an event may be without counting as late. Late events are stored all the same.",
    );
    text.push_str("allowed_lateness = \"1h\"\n\n");
}

/// Writes which types of events are meant.
fn write_condition(
    text: &mut String,
    kinds: &Kinds,
    sample: &Sample,
    columns: &[String],
    is_quoted: bool,
) {
    let index = sample.index_of(kinds.source, &kinds.path);
    let Some(column) = index.and_then(|index| columns.get(index)) else {
        return;
    };
    let column = match is_quoted {
        true => format!("\"{column}\""),
        false => column.clone(),
    };
    let others = kinds.others.iter();
    let others: Vec<String> = others
        .map(|(kind, events)| format!("{kind} ({})", thousands(*events)))
        .collect();
    let others = match others.is_empty() {
        true => "the sample has no others".to_owned(),
        false => format!("in the sample these are {}", others.join(", ")),
    };
    guessed(
        text,
        &format!(
            "events of these types are rows, for they have {}. All others are counted as filtered; {others}. An event that says no type is not filtered, so that it is noticed.",
            kinds.why
        ),
    );
    let kept = kinds.kept.iter().map(|kind| sql_text(kind));
    let condition = format!(
        "{column} IS NULL OR {column} IN ({})",
        kept.collect::<Vec<_>>().join(", ")
    );
    let _ = writeln!(text, "where = {}\n", quote(&condition));
}

#[cfg(test)]
mod tests;
