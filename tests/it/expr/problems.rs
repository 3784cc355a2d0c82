//! What is said about mistakes: where they are, what was found, and what would be accepted.

use std::fmt::Write;

use sluice::expr::{Column, Condition, Expression, Scope, Type};

use super::rows::with_scope;
use crate::golden::assert_golden;

/// Mistakes, in expressions whose value becomes a column of the type.
const MISTAKES: &[(Type, &str)] = &[
    // Names.
    (Type::Int64, "aa"),
    (Type::Int64, "a + dai"),
    (Type::Bool, "s = \"open\""),
    (Type::Int64, "abs"),
    (Type::Int64, "event.a"),
    // Values.
    (Type::Int64, "5."),
    (Type::Double, "1e999"),
    (Type::Double, "9007199254740993"),
    (DECIMAL, "123456789012345678901234567890123456789"),
    (Type::Date, "date '2025-02-29'"),
    (Type::Timestamp, "timestamp '2025-11-14 11:44'"),
    (Type::String, "'abc"),
    (Type::Int64, "NULL"),
    // The shape.
    (Type::Int64, "  "),
    (Type::Int64, "a +"),
    (Type::Int64, "a + * b"),
    (Type::Int64, "(a + b"),
    (Type::Int64, "a b"),
    (Type::Int64, "CASE WHEN p THEN 1"),
    (Type::Bool, "a IS b"),
    (Type::Bool, "p IS TRUE"),
    (Type::Bool, "a IN b"),
    (Type::Int64, "a,\n b"),
    (Type::Int64, "(SELECT 1)"),
    (Type::Int64, "count(*)"),
    (Type::Int64, "sum(DISTINCT a)"),
    // Signs.
    (Type::Bool, "a == b"),
    (Type::Int64, "a % 2"),
    (Type::Int64, "a::int64"),
    (Type::Int64, "a -- b"),
    (Type::Bool, "p && q"),
    (Type::Bool, "!p"),
    (Type::Bool, "s ~ 'a'"),
    (Type::Int64, "`a`"),
    (Type::Int64, "a;"),
    // Types side by side.
    (Type::Bool, "d = x"),
    (Type::Bool, "x > 1.5"),
    (Type::Bool, "a = x"),
    (Type::Bool, "s = 1"),
    (Type::Bool, "a = '1'"),
    (Type::Bool, "t > '2025-11-14'"),
    (Type::Bool, "t = day"),
    (Type::Bool, "to_zone(t, 'UTC') = t"),
    (Type::Bool, "p = 1"),
    (Type::Bool, "p < q"),
    (Type::Bool, "j = 'a'"),
    (Type::Bool, "w = 0.00000000000000001"),
    (Type::Bool, "a = NULL"),
    (Type::Bool, "a IN (1, NULL)"),
    (Type::Bool, "a IN (1, b)"),
    (Type::Bool, "s LIKE u"),
    (Type::Bool, "s LIKE 'a!' ESCAPE '!'"),
    (Type::Bool, "s LIKE 'a' ESCAPE 'ab'"),
    (Type::Bool, "a AND p"),
    (Type::String, "CASE WHEN p THEN 'a' ELSE 1 END"),
    (Type::String, "CASE s WHEN NULL THEN 'a' END"),
    (Type::Int64, "coalesce(NULL, NULL)"),
    // Arithmetic.
    (Type::Int64, "a / b"),
    (DECIMAL, "a + s"),
    (Type::String, "s + u"),
    (Type::Int64, "x + a"),
    (Type::Date, "day + 1"),
    (Type::Timestamp, "t + 1.5"),
    (Type::Int64, "t - v"),
    (Type::Int64, "-s"),
    (Type::Bool, "d / e > 1"),
    (Type::Bool, "w * 2 > 1"),
    (DECIMAL, "f * f * f * f * f"),
    (DECIMAL, "round(f, 4)"),
    (DECIMAL, "CAST(round(f, 4) AS decimal(18,2))"),
    // The type of the column.
    (Type::Int64, "d"),
    (DECIMAL, "x"),
    (Type::Double, "a"),
    (Type::Double, "1.5"),
    (Type::Timestamp, "'2025-11-14T11:44:34Z'"),
    (Type::Timestamp, "to_zone(t, 'Europe/Berlin')"),
    (Type::String, "j"),
    (Type::String, "a"),
    // Casts.
    (Type::Int64, "CAST(a AS integer)"),
    (Type::Int64, "CAST(a AS thing)"),
    (DECIMAL, "CAST(a AS decimal)"),
    (DECIMAL, "CAST(a AS decimal(40,2))"),
    (Type::Int64, "CAST(a AS int64(3))"),
    (Type::Bool, "CAST(a AS bool)"),
    (Type::String, "CAST(x AS string)"),
    (Type::Timestamp, "CAST(day AS timestamp)"),
    // Functions.
    (Type::Int64, "leng(s)"),
    (Type::String, "substring(s, 1)"),
    (Type::Int64, "frobnicate(s)"),
    (Type::Int64, "length(a)"),
    (Type::Int64, "length(s, u)"),
    (Type::Int64, "coalesce(a)"),
    (Type::Int64, "abs(s)"),
    (Type::Int64, "abs(NULL)"),
    (Type::Int64, "floor(a)"),
    (DECIMAL, "round(d, a)"),
    (DECIMAL, "round(a, 2)"),
    (Type::Int64, "div(d, 2)"),
    (Type::String, "substr(s, 1.5)"),
    (Type::Int64, "hour(day)"),
    (Type::Int64, "year(s)"),
    (Type::Int64, "hour(to_zone(t, 'Europe/Brelin'))"),
    (Type::Int64, "hour(to_zone(t, s))"),
    (Type::Bool, "least(p, q)"),
];

const DECIMAL: Type = Type::Decimal {
    precision: 18,
    scale: 2,
};

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    let mut text = String::new();
    for (kind, expression) in MISTAKES {
        let problem = with_scope(|scope| Expression::read(expression, scope, *kind));
        let problem = problem.expect_err(expression);
        writeln!(
            text,
            "{kind} : {}\n  {problem}",
            expression.replace('\n', "⏎")
        )
        .unwrap();
    }
    assert_golden("golden/expression-problems.txt", &text);
}

#[test]
fn a_condition_must_be_true_or_false() {
    let problem = with_scope(|scope| Condition::read("a + 1", scope).unwrap_err());
    assert_eq!(
        problem.to_string(),
        "at line 1, column 1: a + 1 is int64, where a condition is expected, such as a + 1 IS NOT NULL"
    );
}

#[test]
fn a_later_column_is_known_and_refused() {
    let columns = [Column {
        name: "price",
        kind: Type::Int64,
        nullable: true,
    }];
    let scope = Scope {
        columns: &columns,
        later: &["total"],
    };
    let problem = Expression::read("price +\n  Total", scope, Type::Int64).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "at line 2, column 3: column \"total\" does not stand before this one: an expression names earlier columns only"
    );
}

#[test]
fn text_of_more_than_four_kibibytes_is_refused() {
    let of = |length: usize| format!("s = '{}'", "x".repeat(length - 6));
    let read = |text: String| with_scope(|scope| Condition::read(&text, scope));
    assert!(read(of(4_096)).is_ok());
    let problem = read(of(4_097)).unwrap_err();
    assert!(
        problem
            .message
            .starts_with("the expression has 4097 bytes; at most 4096")
    );
}

#[test]
fn an_expression_has_32_levels_however_it_nests() {
    let read = |text: &str| with_scope(|scope| Expression::read(text, scope, Type::Int64));
    type Nested = fn(usize) -> String;
    let levels: [(&str, Nested); 7] = [
        ("functions", |n| {
            format!("{}a{}", "abs(".repeat(n), ")".repeat(n))
        }),
        ("signs", |n| format!("{}a", "- ".repeat(n))),
        ("left", |n| format!("a{}", " + a".repeat(n))),
        ("right", |n| {
            format!("{}a{}", "a + (".repeat(n), ")".repeat(n))
        }),
        ("cases", |n| {
            format!("{}a{}", "CASE WHEN p THEN ".repeat(n), " END".repeat(n))
        }),
        ("casts", |n| {
            format!("{}a{}", "CAST(".repeat(n), " AS int64)".repeat(n))
        }),
        ("both", |n| {
            format!("{}a{}", "abs(a + -".repeat(n / 3), ")".repeat(n / 3))
        }),
    ];
    for (name, text) in levels {
        assert!(read(&text(30)).is_ok(), "{name}: {:?}", read(&text(30)));
        for n in [40, 200, 400] {
            let text = text(n);
            let problem = read(&text).expect_err(name);
            let is_told = problem.message.contains("32 levels") || text.len() > 4_096;
            assert!(is_told, "{name} {n}: {problem}");
        }
    }
    let conditions = |text: String| with_scope(|scope| Condition::read(&text, scope));
    // What is joined by AND, OR or || is one level, however many they are.
    assert!(conditions(format!("p{}", " AND p".repeat(500))).is_ok());
    assert!(conditions(format!("a{}", " IS NULL".repeat(400))).is_err());
    assert!(conditions(format!("{}p", "NOT ".repeat(900))).is_err());
    assert!(conditions(format!("{}p", "p = NOT ".repeat(500))).is_err());
    assert!(conditions(format!("p{}", " IN (p)".repeat(500))).is_err());
    assert!(conditions(format!("{}{}", "(".repeat(2_000), ")".repeat(2_000))).is_err());
}

#[test]
fn a_condition_tells_which_nulls_it_overlooks() {
    let columns = [
        ("status", true),
        ("city", true),
        ("id", false),
        ("price", true),
    ];
    let columns = columns.map(|(name, nullable)| Column {
        name,
        kind: if name == "price" {
            DECIMAL
        } else {
            Type::String
        },
        nullable,
    });
    let scope = Scope {
        columns: &columns,
        later: &[],
    };
    for (text, overlooked) in [
        ("status <> 'test'", &[0][..]),
        ("status NOT IN ('test') AND city = 'Ulm'", &[0]),
        ("NOT (CASE WHEN 'Ulm' <> city THEN TRUE END)", &[1]),
        ("price <> 1.005", &[3]),
        ("status <> 'test' OR status IS NULL", &[]),
        ("status IS DISTINCT FROM 'test'", &[]),
        ("id <> 'test' AND status = 'test'", &[]),
    ] {
        let condition = Condition::read(text, scope).unwrap();
        assert_eq!(condition.overlooked_nulls(scope), overlooked, "{text}");
    }
}
