//! A rejected record for people: where it is, why it was rejected, and its text with a pointer under the value; pure.

use super::pointer::pointed;
use crate::called::SLUICE;
use crate::output::{Line, escaped, prose};

/// What is shown of a record in which what a mask hides was not found.
const WITHHELD: &str = "(withheld: what a mask hides may stand anywhere in it)";

/// What stands before the lines after the first.
const INDENT: &str = "    ";

/// A rejected record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused<'a> {
    /// Where it is.
    pub(crate) place: &'a str,
    /// Why.
    pub(crate) reason: &'a str,
    /// The column that cannot be filled.
    pub(crate) column: Option<&'a str>,
    /// Where in `body`, in bytes.
    pub(crate) position: usize,
    /// What is wrong, in words.
    pub(crate) detail: &'a str,
    /// Whether the event was rejected whole.
    pub(crate) is_event: bool,
    /// Its text; nothing where it is withheld.
    pub(crate) body: Option<&'a [u8]>,
}

impl Refused<'_> {
    /// Writes it as lines for `width` columns of a terminal, the first of them with the place and the reason.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let column = self.column.map(escaped);
        let column = column.map_or(String::new(), |column| format!(", column {column}"));
        let whole = if self.is_event {
            ", the whole event"
        } else {
            ""
        };
        let shown = match self.body {
            Some(body) => {
                let room = width.map(|width| width.saturating_sub(INDENT.len()));
                pointed(body, self.position, room).join(&format!("\n{INDENT}"))
            }
            None => WITHHELD.to_owned(),
        };
        let place = format!(
            "  {}, position {}: {}{column}{whole}",
            escaped(self.place),
            self.position,
            escaped(self.reason),
        );
        let detail = format!("{INDENT}{}", escaped(self.detail));
        let rows = |text: &str| {
            let rows = prose([Line::plain(text)], SLUICE, width, Some(INDENT.len()));
            let rows: Vec<String> = rows.iter().map(Line::text).collect();
            rows.join("\n")
        };
        format!("{}\n{INDENT}{shown}\n{}", rows(&place), rows(&detail))
    }
}
