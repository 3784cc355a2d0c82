//! Where a value stands in a JSON text: singular queries of RFC 9535 (JSONPath), and plain names of top-level fields.
//!
//! A path leads to one value at most. So names and indices from 0 are all that it has; what stands for several values,
//! or counts from the end, is refused with a message of its own.

mod parse;
mod segment;

use std::cmp::Ordering;
use std::fmt::{self, Write};

pub use parse::PathError;
use segment::MOST_SEGMENTS;
pub use segment::Segment;

/// A place in an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    text: String,
    segments: Vec<Segment>,
}

impl FieldPath {
    /// Reads `$` and what begins with `$.` or `$[` as a path, and anything else as the name of a top-level field.
    ///
    /// # Errors
    /// Fails if a path does not lead to one value, or has more than 16 segments.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let segments = match is_path(text) {
            true => parse::segments(text)?,
            false => vec![Segment::Name(text.to_owned())],
        };
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// Makes the path of these segments, written as a name where that is one of a top-level field without any doubt.
    #[must_use]
    pub fn to(segments: Vec<Segment>) -> Self {
        let text = match segments.as_slice() {
            [Segment::Name(name)] if is_plain(name) => name.clone(),
            segments => rooted(segments),
        };
        Self { text, segments }
    }

    /// Returns the steps from the whole event to the value; none lead to the event itself.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns whether this is the top-level field of that name.
    #[must_use]
    pub fn is_field(&self, name: &str) -> bool {
        matches!(self.segments.as_slice(), [Segment::Name(own)] if own == name)
    }

    /// Writes it as a path, even if it was written as a name.
    #[must_use]
    pub fn rooted(&self) -> String {
        rooted(&self.segments)
    }

    /// Tells how this lies to another path, where one leads through the other: `Less` is above it, `Greater` below. The case
    /// of ASCII letters may be ignored.
    #[must_use]
    pub fn lies_to(&self, other: &Self, ignore_case: bool) -> Option<Ordering> {
        let mut steps = self.segments.iter().zip(&other.segments);
        let leads_through = steps.all(|(own, other)| own.is_same(other, ignore_case));
        leads_through.then(|| self.segments.len().cmp(&other.segments.len()))
    }

    /// Returns the path that may be meant by a plain name with dots in it.
    #[must_use]
    pub fn meant_by_dots(&self) -> Option<Self> {
        let names = self.text.split('.').filter(|name| !name.is_empty());
        let names: Vec<Segment> = names.map(|name| Segment::Name(name.to_owned())).collect();
        let has_dots = self.is_field(&self.text) && (2..=MOST_SEGMENTS).contains(&names.len());
        has_dots.then(|| Self::to(names))
    }
}

impl fmt::Display for FieldPath {
    /// Writes the path as the dataset file does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Writes the steps from the whole event.
fn rooted(segments: &[Segment]) -> String {
    segments.iter().fold("$".to_owned(), |mut text, segment| {
        // Writing to a string does not fail.
        let _ = write!(text, "{segment}");
        text
    })
}

/// Returns whether text is a path and no name.
fn is_path(text: &str) -> bool {
    text == "$" || text.starts_with("$.") || text.starts_with("$[")
}

/// Returns whether a name is read as one, and looks like one.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !is_path(name) && !name.contains('.')
}

#[cfg(test)]
mod tests;
