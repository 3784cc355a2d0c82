//! How the expressions of these tests are written, plainly and with everything in it that means nothing.

use super::dice::Dice;
use super::random::{E, Kind};
use super::rows::{COLUMNS, Cell};

/// Writes an expression with a parenthesis around every part.
pub(super) fn plain(part: &E) -> String {
    match part {
        E::Column(place) => COLUMNS[*place].0.to_owned(),
        E::Value(kind, cell) => literal(*kind, cell),
        E::Null(_) => "NULL".to_owned(),
        E::Negate(operand) => format!("(- {})", plain(operand)),
        E::Arithmetic(operator, left, right) => {
            format!("({} {operator} {})", plain(left), plain(right))
        }
        E::Compare(operator, left, right) => {
            format!("({} {operator} {})", plain(left), plain(right))
        }
        E::Distinct(negated, left, right) => {
            let not = not(*negated);
            format!("({} IS {not}DISTINCT FROM {})", plain(left), plain(right))
        }
        E::IsNull(negated, operand) => format!("({} IS {}NULL)", plain(operand), not(*negated)),
        E::In(negated, operand, list) => {
            format!(
                "({} {}IN ({}))",
                plain(operand),
                not(*negated),
                joined(list, ", ")
            )
        }
        E::Between(negated, [operand, low, high]) => {
            let (low, high) = (plain(low), plain(high));
            format!(
                "({} {}BETWEEN {low} AND {high})",
                plain(operand),
                not(*negated)
            )
        }
        E::Like(negated, operand, pattern) => {
            format!(
                "({} {}LIKE '{pattern}' ESCAPE '!')",
                plain(operand),
                not(*negated)
            )
        }
        E::Not(operand) => format!("(NOT {})", plain(operand)),
        E::Chain(operator, parts) => format!("({})", joined(parts, &format!(" {operator} "))),
        E::Case(branches, otherwise) => case(String::new(), branches, otherwise.as_deref()),
        E::Switch(operand, branches, otherwise) => case(
            format!(" {}", plain(operand)),
            branches,
            otherwise.as_deref(),
        ),
        E::Cast(operand, kind) => format!("CAST({} AS {})", plain(operand), name(*kind)),
        E::Round(operand, digits) => format!("round({}, {digits})", plain(operand)),
        E::Call(function, arguments) => format!("{function}({})", joined(arguments, ", ")),
    }
}

fn name(kind: Kind) -> String {
    match kind {
        Kind::Bool => "bool".to_owned(),
        Kind::Int => "int64".to_owned(),
        Kind::Decimal(precision, scale) => format!("decimal({precision}, {scale})"),
        Kind::Double => "double".to_owned(),
        Kind::Text => "string".to_owned(),
        Kind::Time => "timestamp".to_owned(),
        Kind::Date => "date".to_owned(),
    }
}

fn literal(kind: Kind, cell: &Cell) -> String {
    match (cell, kind) {
        (Cell::Bool(value), _) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        (Cell::Decimal(value), Kind::Decimal(_, scale)) => {
            let sign = if *value < 0 { "-" } else { "" };
            let unit = 10_u128.pow(u32::from(scale));
            let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
            format!("{sign}{whole}.{rest:0>width$}", width = usize::from(scale))
        }
        (Cell::Double(value), _) => format!("{value:e}"),
        (Cell::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (Cell::Timestamp(_), _) => {
            format!("timestamp '{}'", super::rows::show(cell, super::rows::TIME))
        }
        (Cell::Date(_), _) => format!("date '{}'", super::rows::show(cell, super::rows::TIME)),
        (Cell::Int64(value), _) => value.to_string(),
        (other, _) => unreachable!("{other:?} is no literal"),
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn joined(parts: &[E], separator: &str) -> String {
    let parts: Vec<String> = parts.iter().map(plain).collect();
    parts.join(separator)
}

fn case(operand: String, branches: &[(E, E)], otherwise: Option<&E>) -> String {
    let mut text = format!("CASE{operand}");
    for (when, then) in branches {
        text += &format!(" WHEN {} THEN {}", plain(when), plain(then));
    }
    if let Some(otherwise) = otherwise {
        text += &format!(" ELSE {}", plain(otherwise));
    }
    text + " END"
}

/// Changes blanks, the case of letters and parentheses of a text, none of which mean anything.
pub(super) fn noisy(text: &str, dice: &mut Dice<'_>) -> String {
    let mut is_quoted = false;
    let mut noisy = String::new();
    for character in text.chars() {
        is_quoted ^= character == '\'';
        match character {
            _ if is_quoted => noisy.push(character),
            ' ' => noisy.push_str([" ", "\n", "\t ", "  "][dice.below(4)]),
            ',' => noisy.push_str([",", " , "][dice.below(2)]),
            letter if letter.is_ascii_alphabetic() && dice.bool() => {
                noisy.push(letter.to_ascii_uppercase());
            }
            other => noisy.push(other),
        }
    }
    format!("{} {noisy}\n{}", "(".repeat(2), ")".repeat(2))
}
