//! The words and signs of an expression, of which only those of the language are let through. Pure.
//!
//! The parser behind this knows all of SQL. Words that are no keywords here are handed to it as quoted names, so that
//! none of its other constructs can begin.

use sqlparser::dialect::AnsiDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace, Word};

use crate::expr::keyword::is_keyword;
use crate::expr::problem::{ExprProblem, MOST_LEVELS, Position};
use crate::wording::quoted;

/// The longest text of an expression, in bytes.
const MOST_BYTES: usize = 4_096;

pub(super) fn position(at: Location) -> Position {
    // What stands nowhere is shown at the start.
    Position {
        line: at.line.max(1),
        column: at.column.max(1),
    }
}

/// Splits the text into the tokens of the language.
pub(super) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, ExprProblem> {
    if text.len() > MOST_BYTES {
        let message = format!(
            "the expression has {} bytes; at most {MOST_BYTES} are allowed: compute parts of it in columns of their own",
            text.len()
        );
        return Err(ExprProblem::new(Position::START, message));
    }
    let found = Tokenizer::new(&AnsiDialect {}, text).tokenize_with_location();
    let found = found.map_err(|error| {
        let message = match error.message.as_str() {
            "Unterminated string literal" => "the text that begins here has no closing quote",
            _ => "this cannot be read as part of an expression",
        };
        ExprProblem::new(position(error.location), message)
    })?;
    let mut tokens: Vec<TokenWithSpan> = Vec::with_capacity(found.len());
    let mut nesting = Nesting::default();
    let mut found = found.into_iter().peekable();
    while let Some(mut next) = found.next() {
        let at = position(next.span.start);
        match &mut next.token {
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab) => {
                continue;
            }
            Token::Word(word) => {
                let is_typed_text = || {
                    let is_blank =
                        |next: &TokenWithSpan| matches!(next.token, Token::Whitespace(_));
                    while found.next_if(is_blank).is_some() {}
                    let next = found.peek().map(|next| &next.token);
                    matches!(next, Some(Token::SingleQuotedString(_)))
                };
                tame(word, at, is_typed_text)?;
            }
            other => check(other, at)?,
        }
        nesting.pass(&next.token, at)?;
        tokens.push(next);
    }
    nesting.end()?;
    Ok(tokens)
}

/// What has been opened and not closed: whether by CASE, and where.
#[derive(Default)]
struct Nesting(Vec<(bool, Position)>);

impl Nesting {
    fn pass(&mut self, token: &Token, at: Position) -> Result<(), ExprProblem> {
        let (is_case, closes) = match token {
            Token::LParen => (false, false),
            Token::RParen => (false, true),
            Token::Word(word) if word.keyword == Keyword::CASE => (true, false),
            Token::Word(word) if word.keyword == Keyword::END => (true, true),
            _ => return Ok(()),
        };
        if !closes {
            self.0.push((is_case, at));
            return match self.0.len() > MOST_LEVELS {
                true => Err(ExprProblem::too_deep(at)),
                false => Ok(()),
            };
        }
        match self.0.pop() {
            Some((of_case, _)) if of_case == is_case => Ok(()),
            Some(open) => Err(unclosed(open)),
            None if is_case => Err(ExprProblem::new(at, "END has no CASE before it")),
            None => Err(ExprProblem::new(at, "this ) closes nothing")),
        }
    }

    fn end(self) -> Result<(), ExprProblem> {
        self.0.last().map_or(Ok(()), |open| Err(unclosed(*open)))
    }
}

fn unclosed((is_case, at): (bool, Position)) -> ExprProblem {
    let message = match is_case {
        true => "this CASE has no END: CASE WHEN … THEN … ELSE … END",
        false => "this ( has no )",
    };
    ExprProblem::new(at, message)
}

/// Makes a word a name unless it is a keyword of the language.
fn tame(
    word: &mut Word,
    at: Position,
    is_typed_text: impl FnOnce() -> bool,
) -> Result<(), ExprProblem> {
    match word.quote_style {
        None => {}
        Some('"') => return Ok(()),
        Some(quote) => {
            let message = format!("{quote} begins no name: quote a name as \"name\"");
            return Err(ExprProblem::new(at, message));
        }
    }
    let lower = word.value.to_ascii_lowercase();
    let is_literal = matches!(lower.as_str(), "date" | "timestamp") && is_typed_text();
    if !is_literal && !is_keyword(&lower) {
        word.keyword = Keyword::NoKeyword;
        word.quote_style = Some('"');
    }
    Ok(())
}

/// Refuses signs that the language has not.
fn check(token: &Token, at: Position) -> Result<(), ExprProblem> {
    let instead = match token {
        Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::StringConcat
        | Token::LParen
        | Token::RParen
        | Token::EOF => return Ok(()),
        Token::DoubleEq => "== is written =",
        Token::Spaceship => "<=> is written IS NOT DISTINCT FROM",
        Token::Mod => "the remainder is mod(a, b)",
        Token::DoubleColon => "a cast is written CAST(value AS type)",
        Token::Period => {
            "a name is that of a column: what is inside of an event is read by the column's from"
        }
        Token::SemiColon => "an expression has no semicolon",
        Token::Ampersand => "both conditions are joined by AND",
        Token::Pipe => "either condition is joined by OR, texts by ||",
        Token::ExclamationMark => "a condition is negated by NOT",
        Token::Whitespace(_) => "write it in the file; two minus signs have a blank between them",
        Token::Number(..) => "a number has digits, a point and an exponent",
        _ => {
            "an expression has + - * / || = <> < <= > >=, names, numbers and texts in single quotes"
        }
    };
    let token = match token {
        Token::Whitespace(_) => "a comment".to_owned(),
        other => quoted(&other.to_string()),
    };
    Err(ExprProblem::new(
        at,
        format!("{token} is not part of the language: {instead}"),
    ))
}
