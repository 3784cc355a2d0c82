//! Patterns of LIKE. Pure.

use crate::expr::problem::{ExprProblem, Position};
use crate::expr::typed::Wildcard;

/// Reads a pattern: `%` is any text, `_` one character, and what follows `escape` is itself.
pub(super) fn read(
    pattern: &str,
    escape: Option<char>,
    at: Position,
) -> Result<Vec<Wildcard>, ExprProblem> {
    let mut wildcards = Vec::new();
    let mut characters = pattern.chars();
    while let Some(next) = characters.next() {
        let wildcard = match next {
            next if Some(next) == escape => match characters.next() {
                Some(next) if matches!(next, '%' | '_') || Some(next) == escape => {
                    Wildcard::Just(next)
                }
                _ => {
                    let message = format!(
                        "in the pattern of LIKE, {next} is followed by %, _ or {next}: it makes them stand for themselves"
                    );
                    return Err(ExprProblem::new(at, message));
                }
            },
            '%' => Wildcard::Any,
            '_' => Wildcard::One,
            next => Wildcard::Just(next),
        };
        // Two of them match what one does.
        if wildcard != Wildcard::Any || wildcards.last() != Some(&Wildcard::Any) {
            wildcards.push(wildcard);
        }
    }
    Ok(wildcards)
}
