//! The expressions of a dataset file: the `expr` of a column, which it is computed from, and the `where` of the file.

use crate::dataset::problem::Place;
use crate::dataset::reader::{Keys, Located};
use crate::dataset::types::ColumnType;
use crate::expr::{self, Condition, ExprProblem, Expression, Scope};

/// Keys that say how a value is read from the event.
const READ_ONLY: [&str; 11] = [
    "from",
    "from_event",
    "from_property",
    "from_system",
    "format",
    "zone",
    "nulls",
    "default",
    "allowed",
    "pattern",
    "mask",
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
            let message = explain(&problem, text.value);
            keys.report_in("expr", text.at, message, place(&problem, text.value));
            None
        }
    }
}

/// Reads the condition of the records that are kept, which may name every column, if all of these could be read.
pub(in crate::dataset) fn read_condition(
    keys: &Keys<'_>,
    columns: Option<Vec<expr::Column<'_>>>,
) -> Option<Condition> {
    let text = keys.string("where")?;
    condition_of(keys, "where", text, columns)
}

/// Reads the condition that `text`, the value of `key` or a part of it, is.
pub(in crate::dataset) fn condition_of(
    keys: &Keys<'_>,
    key: &str,
    text: Located<&str>,
    columns: Option<Vec<expr::Column<'_>>>,
) -> Option<Condition> {
    // What is wrong with a column is reported already, and its type would be a guess.
    let columns = columns?;
    let scope = Scope {
        columns: &columns,
        later: &[],
    };
    match Condition::read(text.value, scope) {
        Ok(condition) => Some(condition),
        Err(problem) => {
            let message = explain(&problem, text.value);
            keys.report_in(key, text.at, message, place(&problem, text.value));
            None
        }
    }
}

/// Returns the line of the expression with the mistake, and where in it the mistake is.
fn place(problem: &ExprProblem, text: &str) -> Option<Place> {
    let line = usize::try_from(problem.at.line).ok()?.checked_sub(1)?;
    Some(Place {
        text: text.lines().nth(line)?.to_owned(),
        column: usize::try_from(problem.at.column).ok()?,
    })
}

/// Says where in the expression the mistake is; most expressions have one line.
fn explain(problem: &ExprProblem, text: &str) -> String {
    match text.contains('\n') {
        true => problem.to_string(),
        false => format!("at column {}: {}", problem.at.column, problem.message),
    }
}
