//! What holds for any expression and any row.

use num_bigint::BigInt;
use sluice::expr::{Condition, Expression, Type, Verdict};

use super::dice::Dice;
use super::naive::{self, Value};
use super::random::{E, Kind, Maker};
use super::rows::{Cell, Table, cell, scale_of, with_scope};
use super::write::plain;

/// The type of the column that an expression of a kind becomes.
pub(super) fn target(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::Bool,
        Kind::Int => Type::Int64,
        Kind::Decimal(..) => Type::Decimal {
            precision: 38,
            scale: 6,
        },
        Kind::Double => Type::Double,
        Kind::Text => Type::String,
        Kind::Time => Type::Timestamp,
        Kind::Date => Type::Date,
    }
}

/// What the simple evaluator says about a row of a column of the type.
fn expected(part: &E, row: &[Cell], kind: Type) -> Result<Option<Value>, naive::Invalid> {
    match (naive::value(part, row)?, kind) {
        (Some(Value::Number(numerator, denominator)), Type::Decimal { scale, .. }) => {
            let value = naive::rounded(&numerator, &denominator, scale);
            let limit = BigInt::from(10).pow(38);
            match value < limit && value > -limit {
                true => Ok(Some(Value::Number(
                    value,
                    BigInt::from(10).pow(scale.into()),
                ))),
                false => Err(naive::Invalid),
            }
        }
        (found, _) => Ok(found),
    }
}

/// Makes an expression and rows, and compares the columns that are computed with one row after the other; tells whether
/// the expression was accepted: one that would be wider than a decimal is not.
pub(super) fn agrees(dice: &mut Dice<'_>) -> bool {
    let mut maker = Maker(dice);
    let kind = maker.any_kind();
    let part = maker.part(kind, 4);
    let rows: Vec<Vec<Cell>> = (0..12).map(|_| maker.row()).collect();
    let text = plain(&part);
    let kind = target(part.kind());
    let Ok(expression) = with_scope(|scope| Expression::read(&text, scope, kind)) else {
        return false;
    };
    for (found, row) in computed(&expression, &rows, kind).into_iter().zip(&rows) {
        let found = match found {
            Err(_) => "invalid".to_owned(),
            Ok(cell) => format!("{:?}", naive::of_cell(&cell, scale_of(kind))),
        };
        let wanted = match expected(&part, row, kind) {
            Ok(value) => format!("{value:?}"),
            Err(naive::Invalid) => "invalid".to_owned(),
        };
        assert_eq!(found, wanted, "{text} of {row:?}");
    }
    true
}

/// Computes rows: the value of each, or why it has no valid one; that is null then.
fn computed(expression: &Expression, rows: &[Vec<Cell>], kind: Type) -> Vec<Result<Cell, String>> {
    let table = Table::of(rows);
    let outcome = expression.evaluate(&table.inputs(), table.rows).unwrap();
    let found = (0..table.rows).map(|row| {
        let value = cell(&outcome.values, row, kind);
        match outcome.invalid.iter().find(|(at, _)| *at == row) {
            None => Ok(value),
            Some((_, reason)) => {
                assert_eq!(value, Cell::Null, "an invalid row has no value");
                Err(reason.to_string())
            }
        }
    });
    found.collect()
}

const TARGETS: [Type; 7] = [
    Type::Bool,
    Type::Int64,
    Type::Decimal {
        precision: 20,
        scale: 2,
    },
    Type::Double,
    Type::String,
    Type::Timestamp,
    Type::Date,
];

/// Checks that a text is an expression or refused at a place in it; returns it with its type, if one takes it.
pub(super) fn is_taken_or_refused(text: &str) -> Option<(Expression, Type)> {
    let mut taken = None;
    for kind in TARGETS {
        match with_scope(|scope| Expression::read(text, scope, kind)) {
            Ok(expression) => taken = Some((expression, kind)),
            Err(problem) => {
                assert!(!problem.message.is_empty());
                let line = usize::try_from(problem.at.line).unwrap();
                let column = usize::try_from(problem.at.column).unwrap();
                let width = text
                    .split('\n')
                    .nth(line - 1)
                    .map(|line| line.chars().count());
                let is_in_it = width.is_some_and(|width| (1..=width + 1).contains(&column));
                assert!(is_in_it, "{problem} in {text:?}");
            }
        }
    }
    taken
}

/// Checks bytes. The first chooses: the rest makes an expression and rows, or is a text up to a zero byte, and rows.
pub(crate) fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    if first % 2 == 1 {
        agrees(&mut Dice::Bytes(rest));
        return;
    }
    let end = rest
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(rest.len());
    let (text, rows) = rest.split_at(end);
    let text = String::from_utf8_lossy(text);
    let mut dice = Dice::Bytes(rows);
    let rows: Vec<Vec<Cell>> = (0..4).map(|_| Maker(&mut dice).row()).collect();
    let condition = with_scope(|scope| Condition::read(&text, scope));
    let Some((expression, kind)) = is_taken_or_refused(&text) else {
        // A condition that is NULL for every row is one, and no column is.
        if let Ok(condition) = condition {
            let table = Table::of(&rows);
            let verdicts = condition.judge(&table.inputs(), table.rows).unwrap();
            assert_eq!(verdicts, vec![Verdict::Fails; rows.len()], "{text:?}");
        }
        return;
    };
    let normal = with_scope(|scope| Expression::read(expression.text(), scope, kind)).unwrap();
    assert!(
        normal == expression && normal.text() == expression.text(),
        "{text:?}"
    );
    let among = computed(&expression, &rows, kind);
    for (among, row) in among.iter().zip(&rows) {
        let alone = computed(&expression, std::slice::from_ref(row), kind);
        assert_eq!(alone, std::slice::from_ref(among), "{text:?} of {row:?}");
    }
    if kind == Type::Bool
        && let Ok(condition) = condition
    {
        is_judged_so(&condition, &rows, &among);
    }
}

/// Checks that a condition is what the expression of the same text is.
fn is_judged_so(condition: &Condition, rows: &[Vec<Cell>], computed: &[Result<Cell, String>]) {
    let table = Table::of(rows);
    let verdicts = condition.judge(&table.inputs(), table.rows).unwrap();
    for (verdict, computed) in verdicts.into_iter().zip(computed) {
        let is_so = match (verdict, computed) {
            (Verdict::Holds, Ok(Cell::Bool(true))) => true,
            (Verdict::Fails, Ok(Cell::Bool(false) | Cell::Null)) => true,
            (Verdict::Invalid(reason), Err(why)) => reason.to_string() == *why,
            _ => false,
        };
        assert!(is_so, "{} {verdict:?} {computed:?}", condition.text());
    }
}
