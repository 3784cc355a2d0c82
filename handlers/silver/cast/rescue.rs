//! What a row keeps of its line beside its columns: unknown fields, and values that became null. Pure.

use super::columns::{Builder, Values};
use crate::dataset::Origin;
use crate::event::RejectReason;
use crate::silver::line::Texts;
use crate::value::json::token::Token;
use crate::value::mask::HIDDEN;

/// Where the values that became null stand: an object of them by their column.
const INVALID: &str = "$invalid";

/// A value that became null.
#[derive(Clone, Copy, Debug)]
pub(in crate::silver) struct Nulled {
    /// The column that could not take it.
    pub(in crate::silver) column: usize,
    /// Why.
    pub(in crate::silver) reason: RejectReason,
    /// Whether a mask hides the value.
    pub(super) is_hidden: bool,
    /// In what the value was found.
    pub(super) origin: Origin,
    /// The value.
    pub(super) token: Token,
}

/// Appends the unknown fields of the record that was read last, and what became null of it; `name` names the columns.
pub(super) fn rescue<'n>(
    texts: &Texts<'_>,
    nulled: &[Nulled],
    name: impl Fn(usize) -> &'n str,
    rescued: &mut Builder,
) {
    let Values::Text(out) = &mut rescued.values else {
        return;
    };
    // A producer's field of that name gives way, so that the object has each name once.
    let own = (!nulled.is_empty()).then_some(INVALID.as_bytes());
    let has_unknown = texts.parser.write_unknown(texts.line, own, &mut out.bytes);
    if !has_unknown && nulled.is_empty() {
        rescued.push_null();
        return;
    }
    if !nulled.is_empty() {
        write_nulled(texts, nulled, name, has_unknown, &mut out.bytes);
    }
    out.end();
    rescued.mark_valid();
}

/// Appends the values that became null as a member of the object that `out` ends with, or of a new one. Names of columns
/// need no escapes.
#[cold]
fn write_nulled<'n>(
    texts: &Texts<'_>,
    nulled: &[Nulled],
    name: impl Fn(usize) -> &'n str,
    has_object: bool,
    out: &mut Vec<u8>,
) {
    match has_object {
        true => {
            out.pop();
            out.push(b',');
        }
        false => out.push(b'{'),
    }
    out.extend_from_slice(format!("\"{INVALID}\":").as_bytes());
    let mut separator = b'{';
    for null in nulled {
        out.push(separator);
        separator = b',';
        out.extend_from_slice(format!("\"{}\":", name(null.column)).as_bytes());
        out.extend_from_slice(match null.is_hidden {
            true => HIDDEN,
            false => null.token.raw(texts.text(null.origin)),
        });
    }
    out.extend_from_slice(b"}}");
}
