//! Sluice's scanner, from its own files, as silver uses it.

#[path = "../../../handlers/silver/line/mod.rs"]
mod line;

use crate::columns::{Columns, Found};
use crate::value::path::{FieldPath, Segment};
use crate::value::json::escape;
use crate::value::json::token::{Kind, Token};
use line::LineParser;

pub(crate) struct Sluice(LineParser);

impl Sluice {
    pub(crate) fn new(names: &[&str]) -> Self {
        let name = |name: &&str| FieldPath::to(vec![Segment::Name((*name).to_owned())]);
        let paths: Vec<FieldPath> = names.iter().map(name).collect();
        Self(LineParser::of(&paths.iter().collect::<Vec<_>>(), false, true).0)
    }

    pub(crate) fn push(&mut self, line: &str, columns: &mut Columns) -> Option<()> {
        let line = line.as_bytes();
        self.0.read(line, true).ok()?;
        let found = [0, 1, 2, 3].map(|field| found(self.0.token(field), line));
        columns.push(found, |text| self.0.write_unknown(line, None, text))
    }
}

#[inline]
fn found(token: Token, line: &[u8]) -> Found<'_> {
    match token.kind {
        Kind::Absent | Kind::Null => Found::Nothing,
        Kind::Number => Found::Number(token.number(line)),
        Kind::String => Found::Text(token.quoted(line)),
        Kind::EscapedString => Found::Escaped(token.quoted(line)),
        Kind::True | Kind::False | Kind::Container => Found::Other(token.raw(line)),
    }
}

/// Appends what a string with escapes stands for.
pub(crate) fn decode(content: &[u8], out: &mut Vec<u8>) {
    escape::decode(content, out);
}
