//! Text and tables on standard output, and what is said beside them on standard error.

use std::io::{IsTerminal, Write};

use thiserror::Error;

use super::escape::escaped_lines;
use super::line::{Line, Tone, prose};
use crate::called;

/// The width and height of a terminal that does not say how large it is.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// A command line that asks for what cannot be: what is wrong, and what would be accepted. The command ends with exit
/// code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Writes lines to standard output. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    let _ = try_print(text);
}

/// Writes lines to standard output, and tells whether anybody reads them.
///
/// # Errors
/// Fails if nobody does.
pub(crate) fn try_print(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}", escaped_lines(text))
}

/// Writes sentences for people to standard output, and commands as they are to be typed here: see [`prose`].
pub(crate) fn print_prose(text: &str) {
    print_prose_lines(lines_of(text), None);
}

/// As [`print_prose`], in colours where there are any; rows after the first of a line are indented by `hang`.
pub(crate) fn print_prose_lines(lines: impl IntoIterator<Item = Line>, hang: Option<usize>) {
    print_lines(&prose(lines, called::name(), prose_width(), hang));
}

/// Writes sentences for people to standard error, and commands as they are to be typed here: progress, warnings, errors.
pub(crate) fn say(text: &str) {
    let most = errors_are_shown().then(|| terminal_size().0);
    let rows = prose(lines_of(text), called::name(), most, None);
    let rows: String = rows.iter().map(|row| row.text() + "\n").collect();
    let _ = std::io::stderr().write_all(rows.as_bytes());
}

/// Returns how many columns sentences on standard output have: where it is no terminal, each is one line.
pub(crate) fn prose_width() -> Option<usize> {
    let is_terminal = std::io::stdout().is_terminal();
    is_terminal.then(|| terminal_size().0)
}

fn lines_of(text: &str) -> impl Iterator<Item = Line> {
    text.split('\n').map(Line::plain)
}

/// Returns whether what is said on standard error is read by somebody who may answer.
pub(crate) fn errors_are_shown() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes bytes to standard output: to a file or another program as they are, to a terminal escaped.
///
/// # Errors
/// Fails if nobody reads them.
pub(crate) fn print_bytes(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.is_terminal() {
        true => stdout.write_all(escaped_lines(&String::from_utf8_lossy(bytes)).as_bytes())?,
        false => stdout.write_all(bytes)?,
    }
    stdout.flush()
}

/// Writes lines for people to standard output, in colours where that is a terminal that shows them.
pub(crate) fn print_lines(lines: &[Line]) {
    let is_coloured = has_colours(std::io::stdout().is_terminal());
    let mut text = String::new();
    for line in lines {
        text.push_str(&painted(line, is_coloured));
        text.push('\n');
    }
    // The pieces of a line are escaped already. A reader that has gone is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Returns how many columns standard output has: a terminal says so, and for another program that shows it COLUMNS may.
pub(crate) fn terminal_width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    if !std::io::stdout().is_terminal() {
        return columns();
    }
    Some(terminal_size().0)
}

/// Returns how many columns and rows the terminal has that standard output is.
pub(crate) fn terminal_size() -> (usize, usize) {
    let (width, height) = crossterm::terminal::size().unwrap_or((0, 0));
    let or = |columns: u16, usual| match columns {
        0 => usual,
        columns => usize::from(columns),
    };
    (or(width, USUAL_SIZE.0), or(height, USUAL_SIZE.1))
}

/// Returns whether the environment has colours written, to a terminal or elsewhere.
pub(crate) fn has_colours(is_terminal: bool) -> bool {
    let is_terminal = is_terminal && obeys_sequences();
    is_coloured(is_terminal, &|name| std::env::var(name).ok())
}

/// Returns whether to write colours: on a terminal, unless `NO_COLOR` or CLICOLOR=0 forbid it, and wherever
/// `CLICOLOR_FORCE` asks for it.
fn is_coloured(is_terminal: bool, variable: &impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_zero = |name: &str| variable(name).is_some_and(|value| value == "0");
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") {
        return true;
    }
    is_terminal && !is_zero("CLICOLOR") && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Returns whether a terminal obeys escape sequences.
#[cfg(not(windows))]
fn obeys_sequences() -> bool {
    true
}

/// Returns whether a terminal obeys escape sequences: a console of Windows does where it is asked to, which this does.
#[cfg(windows)]
fn obeys_sequences() -> bool {
    crossterm::ansi_support::supports_ansi()
}

/// Returns a line with the escape sequences of its tones; without colours it is text, and no blanks end it.
pub(crate) fn painted(line: &Line, is_coloured: bool) -> String {
    if !is_coloured {
        return line.text().trim_end().to_owned();
    }
    let pieces = line.pieces().map(|(tone, text)| match sequence(tone) {
        "" => text.to_owned(),
        sequence => format!("\u{1b}[{sequence}m{text}\u{1b}[0m"),
    });
    pieces.collect()
}

fn sequence(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Strong => "1",
        Tone::Faint => "2",
        Tone::Good => "32",
        Tone::Doubtful => "33",
        Tone::Bad => "1;31",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_unless_the_environment_says_otherwise() {
        for (is_terminal, variables, expected) in [
            (true, "", true),
            (false, "", false),
            (true, "NO_COLOR=1", false),
            (true, "NO_COLOR=", true),
            (true, "CLICOLOR=0", false),
            (true, "TERM=dumb", false),
            (false, "CLICOLOR_FORCE=1", true),
            (false, "CLICOLOR_FORCE=0", false),
            (true, "CLICOLOR_FORCE=1 NO_COLOR=1", false),
        ] {
            let lookup = |name: &str| {
                let mut pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
                let found = pairs.find(|(variable, _)| *variable == name);
                found.map(|(_, value)| value.to_owned())
            };
            assert_eq!(is_coloured(is_terminal, &lookup), expected, "{variables}");
        }
    }

    #[test]
    fn a_line_without_colours_is_its_text_alone() {
        let line = Line::of(Tone::Bad, "FAIL").and(Tone::Plain, "  gold\u{1b}[2J  ");
        assert_eq!(painted(&line, false), "FAIL  gold\\u001b[2J");
        assert_eq!(
            painted(&line, true),
            "\u{1b}[1;31mFAIL\u{1b}[0m  gold\\u001b[2J  "
        );
    }
}
