//! What is said where a value has another type than its place asks for. Pure.

use crate::expr::problem::ExprProblem;
use crate::expr::tree::{Literal, Node, Tree};
use crate::expr::types::Type;

/// Returns the text of a part, shortened.
pub(super) fn shown(tree: &Tree) -> String {
    const LONGEST: usize = 40;
    let text = tree.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

/// Returns a type with its article.
pub(super) fn a(kind: Type) -> String {
    match kind {
        Type::Int64 => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// Says that two parts have no type together.
pub(super) fn between(what: &str, one: (&Tree, Type), two: (&Tree, Type)) -> ExprProblem {
    let message = format!(
        "{what} has values of one type, but {} is {} and {} is {}{}",
        shown(one.0),
        a(one.1),
        shown(two.0),
        a(two.1),
        advice(one, two)
    );
    ExprProblem::new(two.0.at, message)
}

fn advice(one: (&Tree, Type), two: (&Tree, Type)) -> String {
    for ((tree, kind), (_, other)) in [(two, one), (one, two)] {
        if let Some(advice) = literal_advice(tree, kind, other) {
            return advice;
        }
    }
    for ((tree, kind), (_, wanted)) in [(two, one), (one, two)] {
        if kind.casts_to(wanted) {
            return format!(
                "; there are no implicit casts: CAST({} AS {wanted})",
                shown(tree)
            );
        }
    }
    String::new()
}

/// What a literal would be written like.
fn literal_advice(tree: &Tree, kind: Type, wanted: Type) -> Option<String> {
    let Node::Literal(literal) = &tree.node else {
        return None;
    };
    match (literal, wanted) {
        (Literal::Exact { digits, negative }, Type::Double) => {
            let sign = if *negative { "-" } else { "" };
            Some(format!("; a double is written {sign}{digits}e0"))
        }
        (Literal::Text(_), Type::Timestamp) => {
            Some("; a point in time is written timestamp '2025-11-14T11:44:34Z'".to_owned())
        }
        (Literal::Text(_), Type::Date) => Some("; a day is written date '2025-11-14'".to_owned()),
        (Literal::Text(_), Type::Bool) => Some("; a bool is TRUE or FALSE".to_owned()),
        (Literal::Exact { .. }, Type::Bool) => Some("; a bool is TRUE or FALSE".to_owned()),
        (Literal::Text(text), wanted) if wanted.is_number() && kind == Type::String => {
            Some(format!("; a number is written without quotes: {text}"))
        }
        (Literal::Exact { .. } | Literal::Double(_), Type::String) => Some(format!(
            "; a text is written in single quotes: '{}'",
            shown(tree)
        )),
        _ => None,
    }
}

/// Says that the expression does not give what the column is.
pub(super) fn with_column(tree: &Tree, kind: Type, target: Type) -> ExprProblem {
    let advice = match (kind, target) {
        (Type::LocalTime, _) => {
            "; the clock of a zone is no point in time: take date(…) or hour(…) of it".to_owned()
        }
        (Type::Double, Type::Decimal { scale, .. }) => {
            format!(
                "; write round({}, {scale}) or CAST(… AS {target})",
                shown(tree)
            )
        }
        _ => literal_advice(tree, kind, target).unwrap_or_else(|| match kind.casts_to(target) {
            true => format!(
                "; there are no implicit casts: CAST({} AS {target})",
                shown(tree)
            ),
            false => String::new(),
        }),
    };
    let message = format!(
        "the expression is {}, and the column {}{advice}",
        a(kind),
        a(target)
    );
    ExprProblem::new(tree.at, message)
}

/// Says that a part is no text.
pub(super) fn not_text(tree: &Tree, kind: Type, what: &str) -> ExprProblem {
    let advice = match kind.casts_to(Type::String) {
        true => format!("; write CAST({} AS string)", shown(tree)),
        false => String::new(),
    };
    let message = format!(
        "{what} takes texts, but {} is {}{advice}",
        shown(tree),
        a(kind)
    );
    ExprProblem::new(tree.at, message)
}
