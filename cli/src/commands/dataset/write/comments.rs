//! Comments of the file; pure.

use std::fmt::Write;

use crate::output::escaped;

/// Writes a comment; what is not to be shown as it is, a line break for one, is escaped.
pub(super) fn comment(text: &mut String, line: &str) {
    let _ = writeln!(text, "# {}", escaped(line));
}

/// Writes what a guess rests on.
pub(super) fn guessed(text: &mut String, line: &str) {
    comment(text, &format!("guessed: {line}"));
}

/// Writes what may lose or refuse events.
pub(super) fn warn(text: &mut String, line: &str) {
    comment(text, &format!("WARNING: {line}"));
}
