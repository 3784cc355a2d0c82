//! Writes how bodies become records; pure.

use std::fmt::Write;

use sluice::dataset::{Compression, NonFinite, OpenStep, Payload, PayloadFormat};

use super::super::infer::Proposal;
use super::comments::guessed;
use super::names::quote;
use crate::output::count;

/// Writes the table, if the bodies are anything but one record each.
pub(super) fn write_payload(text: &mut String, proposal: &Proposal) {
    let opening = &proposal.opening;
    let payload = &opening.payload;
    if *payload == Payload::default() {
        return;
    }
    text.push_str("\n[payload]\n");
    if payload.compression != Compression::None {
        guessed(text, &format!("{} compressed.", are(opening.compressed)));
        let _ = writeln!(
            text,
            "compression = {}",
            quote(payload.compression.as_str())
        );
    }
    if payload.format != PayloadFormat::Json {
        guessed(
            text,
            &format!(
                "{} of several lines, each of them an event.",
                are(opening.several)
            ),
        );
        let _ = writeln!(text, "format = {}", quote(payload.format.as_str()));
    }
    write_records(text, proposal);
    if payload.ignore_case {
        guessed(
            text,
            "names are written in several cases, of which an event has one or the other.",
        );
        text.push_str("ignore_case = true\n");
    }
    if payload.non_finite == NonFinite::Null {
        let line = format!(
            "NaN or Infinity stands in {}, which is no JSON: null.",
            count(opening.non_finite as u64, "event")
        );
        guessed(text, &line);
        text.push_str("non_finite = \"null\"\n");
    }
    write_members(text, payload);
}

/// Writes where the records are.
fn write_records(text: &mut String, proposal: &Proposal) {
    if let Some(path) = &proposal.opening.payload.records {
        guessed(
            text,
            "a message holds several events, which the columns are read from.",
        );
        let elements = format!("{}[*]", path.rooted());
        let _ = writeln!(text, "records = {}", quote(&elements));
    }
}

/// Writes which members hold something.
fn write_members(text: &mut String, payload: &Payload) {
    for member in &payload.open {
        text.push('\n');
        guessed(
            text,
            "the member holds a value as text, which columns are read from.",
        );
        let steps = member
            .steps
            .iter()
            .map(|step: &OpenStep| quote(step.as_str()));
        let steps: Vec<String> = steps.collect();
        let at = quote(&member.at.to_string());
        let _ = writeln!(
            text,
            "[[payload.open]]\nat = {at}\nsteps = [{}]",
            steps.join(", ")
        );
    }
}

fn are(bodies: usize) -> String {
    match bodies {
        1 => "1 body is".to_owned(),
        bodies => format!("{bodies} bodies are"),
    }
}
