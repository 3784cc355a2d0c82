//! From text to a tree: `sqlparser` reads, and what is not of the language is refused. Pure.

mod convert;
mod literal;
mod tokens;

use sqlparser::dialect::AnsiDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::problem::{ExprProblem, Position};
use super::tree::Tree;
use crate::wording::quoted;
use convert::{MOST_CALLS, Near, convert};
use tokens::position;

/// Reads the text of an expression.
pub(super) fn read(text: &str) -> Result<Tree, ExprProblem> {
    let tokens = tokens::tokens(text)?;
    if tokens.iter().all(|token| token.token == Token::EOF) {
        let message = "the expression is empty; it names columns, such as price * quantity";
        return Err(ExprProblem::new(Position::START, message));
    }
    let mut parser = Parser::new(&AnsiDialect {})
        .with_recursion_limit(MOST_CALLS)
        .with_tokens_with_locations(tokens);
    let expr = parser.parse_expr().map_err(|error| explain(error, text))?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let message = format!(
            "expected an operator or the end of the expression, found {}",
            quoted(&plain(&rest.token.to_string()))
        );
        return Err(ExprProblem::new(position(rest.span.start), message));
    }
    convert(expr, Near::start())
}

/// Words are handed to the parser in quotes, which the file has not.
fn plain(token: &str) -> String {
    token.trim_matches('"').to_owned()
}

/// Says in our words what the parser missed.
fn explain(error: ParserError, text: &str) -> ExprProblem {
    let message = match error {
        ParserError::RecursionLimitExceeded => return ExprProblem::too_deep(Position::START),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
    };
    let (message, at) = match message.rsplit_once(" at Line: ") {
        Some((message, at)) => (message, parse_place(at)),
        None => (message.as_str(), None),
    };
    let end = text.trim_end();
    let line = end.lines().count().max(1) as u64;
    let column = end.lines().last().map_or(0, |line| line.chars().count()) as u64 + 1;
    let at = at.unwrap_or(Position { line, column });
    let wanted = message
        .strip_prefix("Expected: ")
        .and_then(|rest| rest.split_once(", found: "));
    const IS: &str = "NULL, NOT NULL, DISTINCT FROM or NOT DISTINCT FROM after IS";
    let wanted = wanted.map(|(wanted, found)| match wanted.starts_with("[NOT] NULL") {
        true => (IS, found),
        false => (wanted, found),
    });
    let message = match wanted {
        Some((wanted, "EOF")) => format!("expected {wanted}, found the end of the expression"),
        Some((wanted, found)) => format!("expected {wanted}, found {}", quoted(&plain(found))),
        None => format!("the expression cannot be read: {message}"),
    };
    ExprProblem::new(at, message)
}

fn parse_place(text: &str) -> Option<Position> {
    let (line, column) = text.split_once(", Column: ")?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0).then_some(Position { line, column })
}
