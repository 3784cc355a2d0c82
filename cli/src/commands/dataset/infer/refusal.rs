//! Why no dataset file can be made of a sample, and lists of names for people; pure.

use thiserror::Error;

use super::super::sample::Refused;

/// Most fields that an error names.
const MOST_NAMED: usize = 20;

/// Why no dataset file can be made of a sample.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum InferError {
    /// There is nothing to look at.
    #[error("no line of the sample is a JSON object ({lines} lines read){hint}")]
    Empty { lines: u64, hint: String },
}

/// Says what the lines are that are no objects, and how they become events.
pub(super) fn refused_hint(refused: &Refused) -> String {
    let mut hints = Vec::new();
    if refused.arrays > 0 {
        let names: Vec<&str> = refused.names_in_arrays.iter().map(String::as_str).collect();
        hints.push(format!(
            "{} are arrays with {} objects in them (fields {}): with records = \"$[*]\" under [payload] each object of such a message is a row, without it the message goes to quarantine whole; to look at the objects: jq -c '.[]' FILE",
            refused.arrays,
            refused.objects_in_arrays,
            listed(&names)
        ));
    }
    if refused.several > 0 {
        hints.push(format!(
            "{} hold several values: silver takes a line for one event; to look at them: jq -c . FILE",
            refused.several
        ));
    }
    if refused.unfinished > 0 {
        hints.push("values go on over several lines, as in a file of one JSON document: one event a line is read; jq -c . FILE writes each value in one line, and jq -c '.[]' FILE each element of an array".to_owned());
    }
    match hints.is_empty() {
        true => ": a line must be one JSON object".to_owned(),
        false => format!(": {}", hints.join("; ")),
    }
}

/// Lists names, as many as people read.
pub(super) fn listed(names: &[&str]) -> String {
    let mut text = names.get(..MOST_NAMED).unwrap_or(names).join(", ");
    if let Some(more) = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
