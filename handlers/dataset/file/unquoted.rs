//! Text that stands in a dataset file without its quotes, of which the errors of TOML speak as of a broken number. Pure.

use crate::wording::quoted;

/// Quotes that TOML does not know, as word processors and other languages write them.
const OTHER_QUOTES: [char; 8] = ['“', '”', '„', '‟', '‘', '’', '‚', '`'];

/// Says that the value at a byte offset of a file is text without quotes, if that is what it is.
pub(super) fn unquoted(text: &str, at: usize) -> Option<String> {
    let line = text.get(..at)?.rsplit('\n').next()?;
    let is_in_string = |quote| line.matches(quote).count() % 2 == 1;
    if is_in_string('"') || is_in_string('\'') {
        return None;
    }
    // What is wrong may be in the middle of a word, as in 5minutes.
    let begun = line.rsplit(|c: char| c.is_whitespace() || "=[{,".contains(c));
    let start = at.checked_sub(begun.map(str::len).next()?)?;
    let lead = text.get(..start)?.trim_end();
    let is_value = lead.ends_with(['=', ',']) || (lead.ends_with('[') && !is_header(lead));
    let is_alone = lead.ends_with('=') && !line.contains('{');
    let end = |c: char| c == '\n' || c == '#' || (!is_alone && ",]}".contains(c));
    let word = text.get(start..)?.split(end).next()?.trim();
    let is_word = word.contains(char::is_alphabetic) && !word.contains(['"', '\'', '\\']);
    (is_value && is_word).then(|| {
        let text = quoted(word.trim_matches(OTHER_QUOTES));
        format!("{word} is neither a number nor true or false; text needs quotes: {text}")
    })
}

/// Whether the last line begins as the name of a table does.
fn is_header(lead: &str) -> bool {
    let line = lead.rsplit('\n').next().unwrap_or(lead);
    line.trim_start().starts_with('[')
}
