//! What holds for any expression and any row.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use fastrand::Rng;
use num_bigint::BigInt;
use proptest::prelude::*;
use sluice::expr::{Condition, Expression, Type};

use super::naive::{self, Value};
use super::random::{E, Kind, Maker};
use super::rows::{Cell, Table, cell, scale_of, with_scope};
use super::write::{noisy, plain};

/// The type of the column that an expression of a kind becomes.
fn target(kind: Kind) -> Type {
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

static ACCEPTED: AtomicU32 = AtomicU32::new(0);
static REFUSED: AtomicU32 = AtomicU32::new(0);

fn agree(seed: u64) -> Result<(), TestCaseError> {
    let mut rng = Rng::with_seed(seed);
    let mut maker = Maker(&mut rng);
    let kind = maker.any_kind();
    let part = maker.part(kind, 4);
    let rows: Vec<Vec<Cell>> = (0..12).map(|_| maker.row()).collect();
    let text = plain(&part);
    let kind = target(part.kind());
    let Ok(expression) = with_scope(|scope| Expression::read(&text, scope, kind)) else {
        // It would be wider than a decimal is.
        REFUSED.fetch_add(1, Relaxed);
        return Ok(());
    };
    ACCEPTED.fetch_add(1, Relaxed);
    let table = Table::of(&rows);
    let outcome = expression.evaluate(&table.inputs(), table.rows).unwrap();
    for (number, row) in rows.iter().enumerate() {
        let is_invalid = outcome.invalid.iter().any(|(at, _)| *at == number);
        let found = cell(&outcome.values, number, kind);
        let found = match (is_invalid, naive::of_cell(&found, scale_of(kind))) {
            (true, None) => "invalid".to_owned(),
            (true, Some(value)) => format!("invalid and {value:?}"),
            (false, value) => format!("{value:?}"),
        };
        let wanted = match expected(&part, row, kind) {
            Ok(value) => format!("{value:?}"),
            Err(naive::Invalid) => "invalid".to_owned(),
        };
        prop_assert_eq!(found, wanted, "{} of {:?}", text, row);
    }
    Ok(())
}

/// An expression and its text with everything in it that means nothing.
fn disguised(seed: u64) -> Option<(Expression, String, Type)> {
    let mut rng = Rng::with_seed(seed);
    let kind = Maker(&mut rng).any_kind();
    let part = Maker(&mut rng).part(kind, 3);
    let text = plain(&part);
    let kind = target(part.kind());
    let read = with_scope(|scope| Expression::read(&text, scope, kind)).ok()?;
    Some((read, noisy(&text, &mut rng), kind))
}

/// Words that the language has, in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = "a d x s p t day j 1 1.5 1e3 'a' '%' NULL TRUE + - * / = <> < ( ) ( ) , || AND OR NOT IS \
        DISTINCT FROM IN BETWEEN LIKE ESCAPE CASE WHEN THEN ELSE END CAST AS decimal(18,2) int64 \
        timestamp date round abs coalesce to_zone substr \" ' . ; -- /* [ { : ? @ # $$ E'a' ARRAY INTERVAL SELECT";
    let words: Vec<&str> = words.split_whitespace().collect();
    let words = proptest::collection::vec(proptest::sample::select(words), 0..40);
    words.prop_map(|words| words.join(" "))
}

fn is_taken_or_refused(text: &str) -> Result<(), TestCaseError> {
    for kind in [Type::Bool, Type::Int64] {
        let read = with_scope(|scope| Expression::read(text, scope, kind));
        let Err(problem) = read else { continue };
        prop_assert!(!problem.message.is_empty());
        let line = usize::try_from(problem.at.line).unwrap();
        let column = usize::try_from(problem.at.column).unwrap();
        let lines: Vec<&str> = text.split('\n').collect();
        let width = lines.get(line - 1).map(|line| line.chars().count());
        prop_assert!(
            width.is_some_and(|width| column <= width + 1),
            "{problem} in {text:?}"
        );
    }
    let _ = with_scope(|scope| Condition::read(text, scope));
    Ok(())
}

#[test]
fn a_whole_double_of_all_its_53_bits_is_computed_exactly() {
    // round(floor(CAST((-9223372036854775808 + b) AS double)), 0), where b is 1000000.
    agree(6_967_568_164_731_168_321).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn columns_are_computed_as_one_row_after_the_other(seed in any::<u64>()) {
        agree(seed)?;
        let (accepted, refused) = (ACCEPTED.load(Relaxed), REFUSED.load(Relaxed));
        prop_assert!(refused < 100 || refused < accepted, "{accepted} and {refused} refused");
    }

    #[test]
    fn the_normal_text_is_one_for_all_ways_to_write_it(seed in any::<u64>()) {
        let Some((expression, text, kind)) = disguised(seed) else { return Ok(()) };
        let again = with_scope(|scope| Expression::read(&text, scope, kind)).unwrap();
        prop_assert_eq!(again.text(), expression.text());
        let normal = with_scope(|scope| Expression::read(expression.text(), scope, kind)).unwrap();
        prop_assert_eq!(normal.text(), expression.text());
        prop_assert!(normal == expression && again == expression);
    }

    #[test]
    fn any_text_is_taken_or_refused_at_a_place_in_it(text in "(?s).{0,300}") {
        is_taken_or_refused(&text)?;
    }

    #[test]
    fn any_words_are_taken_or_refused_at_a_place_among_them(text in soup()) {
        is_taken_or_refused(&text)?;
    }
}

#[test]
fn the_normal_text_drops_what_means_nothing() {
    for (text, normal) in [
        ("( A+b )*2", "(a + b) * 2"),
        ("p and (q AND NOT(p))", "p AND q AND (NOT p)"),
        (
            "case when P then 01.50 else .5 end",
            "CASE WHEN p THEN 1.50 ELSE 0.5 END",
        ),
        ("Coalesce( s,'It''s' )||\"U\"", "coalesce(s, 'It''s') || u"),
        ("a!=-(1)", "a <> -1"),
        ("cast(a as DECIMAL( 18 , 2 ))", "CAST(a AS decimal(18,2))"),
        ("x>1E+3", "x > 1e3"),
        (
            "timestamp '2025-11-14 12:44:34.50+01:00'<t",
            "timestamp '2025-11-14T11:44:34.500Z' < t",
        ),
    ] {
        let kind = [
            Type::Bool,
            Type::Int64,
            Type::String,
            Type::Decimal {
                precision: 38,
                scale: 6,
            },
        ];
        let read = kind
            .iter()
            .find_map(|kind| with_scope(|scope| Expression::read(text, scope, *kind)).ok());
        assert_eq!(read.expect(text).text(), normal);
    }
}
