//! The golden file: what expressions mean, line by line.

use sluice::expr::{Condition, Expression, SEMANTICS, Type, Verdict, ZONES};
use xxhash_rust::xxh3::xxh3_64;

use super::rows::{COLUMNS, Cell, Table, cell, parse, show, with_scope};

const FILE: &str = include_str!("../data/golden/expressions.txt");

/// For each number of the semantics: the release of the time zones, how many lines of the golden file hold, and their
/// hash. A line that changes needs a new number here and in `handlers/expr`, because silver holds rows that were
/// computed as it said before; lines may be added to the end.
const RECORDED: [(u32, &str, usize, u64); 1] = [(1, "2026f", 441, 0xab8f_9e0c_56c7_6fe3)];

/// A line of the file.
struct Line {
    /// Nothing for a condition.
    kind: Option<Type>,
    expression: &'static str,
    row: Vec<Cell>,
    outcome: &'static str,
}

fn kind_of(text: &str) -> Option<Type> {
    Some(match text {
        "where" => return None,
        "bool" => Type::Bool,
        "int64" => Type::Int64,
        "double" => Type::Double,
        "string" => Type::String,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        decimal => {
            let numbers = decimal.strip_prefix("decimal(").unwrap();
            let (precision, scale) = numbers.strip_suffix(')').unwrap().split_once(',').unwrap();
            Type::Decimal {
                precision: precision.parse().unwrap(),
                scale: scale.parse().unwrap(),
            }
        }
    })
}

/// Splits a row at its blanks, save those in quotes.
fn assignments(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let mut is_quoted = false;
        let end = rest.find(|character: char| {
            is_quoted ^= character == '\'';
            character == ' ' && !is_quoted
        });
        let (one, more) = rest.split_at(end.unwrap_or(rest.len()));
        found.push(one.split_once('=').unwrap());
        rest = more.trim_start();
    }
    found
}

fn lines() -> impl Iterator<Item = &'static str> {
    FILE.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read(line: &'static str) -> Line {
    let (kind, rest) = line.split_once(" : ").unwrap_or_else(|| panic!("{line}"));
    let (expression, rest) = rest.split_once(" @ ").unwrap_or_else(|| panic!("{line}"));
    let (row, outcome) = rest.rsplit_once("=> ").unwrap_or_else(|| panic!("{line}"));
    let assigned = assignments(row);
    let row = COLUMNS.map(|(name, kind)| {
        let value = assigned.iter().find(|(column, _)| *column == name);
        value.map_or(Cell::Null, |(_, value)| parse(value, kind))
    });
    assert!(
        assigned
            .iter()
            .all(|(name, _)| COLUMNS.iter().any(|(column, _)| column == name))
    );
    Line {
        kind: kind_of(kind),
        expression,
        row: row.to_vec(),
        outcome,
    }
}

/// Computes the row with this number of a table.
fn outcome(line: &Line, table: &Table, row: usize) -> String {
    let inputs = table.inputs();
    let Some(kind) = line.kind else {
        let condition = with_scope(|scope| Condition::read(line.expression, scope));
        return match condition {
            Err(_) => "refused".to_owned(),
            Ok(condition) => match condition.judge(&inputs, table.rows).unwrap()[row] {
                Verdict::Holds => "kept".to_owned(),
                Verdict::Fails => "filtered".to_owned(),
                Verdict::Invalid(reason) => format!("invalid: {reason}"),
            },
        };
    };
    match with_scope(|scope| Expression::read(line.expression, scope, kind)) {
        Err(_) => "refused".to_owned(),
        Ok(expression) => {
            let outcome = expression.evaluate(&inputs, table.rows).unwrap();
            let value = cell(&outcome.values, row, kind);
            match outcome.invalid.iter().find(|(at, _)| *at == row) {
                None => show(&value, kind),
                Some((_, reason)) if value == Cell::Null => format!("invalid: {reason}"),
                Some(_) => "an invalid row that has a value".to_owned(),
            }
        }
    }
}

#[test]
fn every_expression_gives_what_the_golden_file_says() {
    let all: Vec<Line> = lines().map(read).collect();
    // Whatever stands beside a row, and in whichever chunk, it is the same.
    let neighbours = all.iter().map(|line| line.row.clone()).cycle().take(1_030);
    let neighbours: Vec<Vec<Cell>> = neighbours.collect();
    let mut wrong = Vec::new();
    for line in &all {
        let alone = outcome(line, &Table::of(std::slice::from_ref(&line.row)), 0);
        let mut among = neighbours.clone();
        among.push(line.row.clone());
        let among = outcome(line, &Table::of(&among), neighbours.len());
        if alone != line.outcome || among != alone {
            wrong.push(format!(
                "{} @ … => {}\n  found {alone}, among others {among}",
                line.expression, line.outcome
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} lines:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_changed_line_needs_a_new_number_of_the_semantics() {
    let (semantics, zones, count, hash) = *RECORDED.last().unwrap();
    assert_eq!(semantics, SEMANTICS);
    assert_eq!(
        zones, ZONES,
        "another release of the time zones is another semantics"
    );
    let recorded: Vec<&str> = lines().take(count).collect();
    let found = xxh3_64(recorded.join("\n").as_bytes());
    assert_eq!(
        (recorded.len(), found),
        (count, hash),
        "lines changed: raise SEMANTICS and record the number of lines and this hash for it ({found:#x}, all {} lines {:#x})",
        lines().count(),
        xxh3_64(lines().collect::<Vec<_>>().join("\n").as_bytes()),
    );
}
