//! What a column is computed from: the `expr` of a `[[column]]` table.

use crate::dataset::reader::Keys;
use crate::dataset::types::ColumnType;
use crate::expr::{self, ExprProblem, Expression, Scope};

/// Keys that say how a value is read from the event.
const READ_ONLY: [&str; 8] = [
    "from", "format", "zone", "nulls", "default", "allowed", "pattern", "mask",
];

/// Reads the expression of a column of type `kind`, which may name the columns `before` it, if all of these could be
/// read; those of `later` exist too.
pub(super) fn read(
    keys: &Keys<'_>,
    kind: Option<ColumnType>,
    before: Option<Vec<expr::Column<'_>>>,
    later: &[&str],
) -> Option<Expression> {
    let text = keys.string("expr")?;
    for key in READ_ONLY {
        if let Some(value) = keys.value(key) {
            let message = "a column that has an expr is computed, and not read from the event";
            keys.report(key, value.at, message);
        }
    }
    let kind = kind?;
    if kind == ColumnType::Json {
        let message = "a column of type json is read from the event, and not computed";
        keys.report("expr", text.at, message);
        return None;
    }
    // What is wrong with an earlier column is reported already, and its type would be a guess.
    let columns = before?;
    let scope = Scope {
        columns: &columns,
        later,
    };
    match Expression::read(text.value, scope, kind.into()) {
        Ok(expression) => Some(expression),
        Err(problem) => {
            keys.report("expr", text.at, explain(&problem, text.value));
            None
        }
    }
}

/// Says where in the expression the mistake is; most expressions have one line.
fn explain(problem: &ExprProblem, text: &str) -> String {
    match text.contains('\n') {
        true => problem.to_string(),
        false => format!("at column {}: {}", problem.at.column, problem.message),
    }
}
