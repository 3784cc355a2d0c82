//! What holds for any expression and any row, at random.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use proptest::prelude::*;
use sluice::expr::{Expression, Type};

use super::dice::Dice;
use super::naive;
use super::promises::{agrees, is_taken_or_refused, target};
use super::random::Maker;
use super::rows::with_scope;
use super::write::{noisy, plain};

static ACCEPTED: AtomicU32 = AtomicU32::new(0);
static REFUSED: AtomicU32 = AtomicU32::new(0);

/// An expression and its text with everything in it that means nothing.
fn disguised(seed: u64) -> Option<(Expression, String, Type)> {
    let mut dice = Dice::of_seed(seed);
    let kind = Maker(&mut dice).any_kind();
    let part = Maker(&mut dice).part(kind, 3);
    let text = plain(&part);
    let kind = target(part.kind());
    let read = with_scope(|scope| Expression::read(&text, scope, kind)).ok()?;
    Some((read, noisy(&text, &mut dice), kind))
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

#[test]
fn a_whole_double_of_all_its_53_bits_is_taken_apart_exactly() {
    let (numerator, denominator) = naive::exact(-9_223_372_036_853_775_360.0);
    assert_eq!(numerator.to_string(), "-9223372036853775360");
    assert_eq!(denominator.to_string(), "1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn columns_are_computed_as_one_row_after_the_other(seed in any::<u64>()) {
        let counter = if agrees(&mut Dice::of_seed(seed)) { &ACCEPTED } else { &REFUSED };
        counter.fetch_add(1, Relaxed);
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
        is_taken_or_refused(&text);
    }

    #[test]
    fn any_words_are_taken_or_refused_at_a_place_among_them(text in soup()) {
        is_taken_or_refused(&text);
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
