//! What functions take and give. Pure.

use super::exact::{self, Found};
use super::mismatch::{a, shown};
use super::typer::{Typer, check_comparable};
use crate::expr::function::Function;
use crate::expr::problem::{ExprProblem, Position};
use crate::expr::tree::{Literal as Written, Node as Part, Tree};
use crate::expr::typed::{Node, Typed};
use crate::expr::types::Type;
use crate::expr::zone::find_zone;
use crate::value::decimal::MAX_PRECISION;
use crate::wording::{nearest, quoted};

/// Types the call of a function.
pub(super) fn call(
    typer: &dyn Typer,
    name: &str,
    arguments: &[Tree],
    at: Position,
) -> Result<Typed, ExprProblem> {
    let function = Function::named(name).ok_or_else(|| unknown(name, at))?;
    let call = Call {
        typer,
        function,
        arguments,
        at,
    };
    call.typed()
}

fn unknown(name: &str, at: Position) -> ExprProblem {
    let meant = match name {
        "ifnull" | "isnull" | "nvl" => Some("coalesce"),
        "len" | "char_length" | "character_length" => Some("length"),
        "substring" | "mid" => Some("substr"),
        "ceiling" => Some("ceil"),
        "min" => Some("least"),
        "max" => Some("greatest"),
        "lcase" => Some("lower"),
        "ucase" => Some("upper"),
        _ => nearest(name, &Function::names()),
    };
    let word = quoted(name);
    let message = match meant {
        Some(meant) => format!("there is no function {word}; did you mean {meant}?"),
        None => format!(
            "there is no function {word}; there are {}",
            Function::names().join(", ")
        ),
    };
    ExprProblem::new(at, message)
}

/// A call to be typed.
#[derive(Clone, Copy)]
struct Call<'t> {
    typer: &'t dyn Typer,
    function: Function,
    arguments: &'t [Tree],
    at: Position,
}

impl<'t> Call<'t> {
    fn typed(self) -> Result<Typed, ExprProblem> {
        match self.function {
            Function::Coalesce => self.of_one_type(false),
            Function::NullIf => self.null_if(),
            Function::Least | Function::Greatest => self.of_one_type(true),
            Function::Abs => self.abs(),
            Function::Floor | Function::Ceil => self.whole(),
            Function::Round => self.round(),
            Function::Div | Function::Mod => self.whole_division(),
            Function::Lower | Function::Upper | Function::Trim => self.texts::<1>(Type::String),
            Function::Length => self.texts::<1>(Type::Int64),
            Function::Replace => self.texts::<3>(Type::String),
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                self.texts::<2>(Type::Bool)
            }
            Function::Substr => self.substr(),
            Function::Date => self.part_of_time(Type::Date),
            Function::Hour | Function::Year | Function::Month | Function::Day => {
                self.part_of_time(Type::Int64)
            }
            Function::ToZone => self.to_zone(),
        }
    }

    fn problem(self, at: Position, message: &str) -> ExprProblem {
        let (name, usage) = (self.function.name(), self.function.usage());
        ExprProblem::new(at, format!("{name}: {message}; it is called as {usage}"))
    }

    /// Returns the arguments if there are `N`.
    fn exactly<const N: usize>(self) -> Result<&'t [Tree; N], ExprProblem> {
        let arguments = <&[Tree; N]>::try_from(self.arguments);
        arguments.map_err(|_| self.wrong_number(&N.to_string()))
    }

    fn wrong_number(self, takes: &str) -> ExprProblem {
        let found = match self.arguments.len() {
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        self.problem(self.at, &format!("it has {found} and takes {takes}"))
    }

    fn result(self, kind: Type, arguments: Vec<Typed>) -> Typed {
        Typed::new(kind, Node::Call(self.function, arguments))
    }

    /// Types an argument that is no NULL without a type.
    fn value(self, tree: &Tree) -> Result<Typed, ExprProblem> {
        let found = self.typer.value(tree)?;
        match found.is_untyped() {
            true => Err(self.problem(tree.at, "NULL has no type here: write CAST(NULL AS …)")),
            false => Ok(found),
        }
    }

    fn of_one_type(self, is_ordered: bool) -> Result<Typed, ExprProblem> {
        if self.arguments.len() < 2 {
            return Err(self.wrong_number("at least 2"));
        }
        let trees: Vec<&Tree> = self.arguments.iter().collect();
        let (kind, parts) = self.typer.unified(&trees, self.function.name())?;
        if is_ordered {
            check_comparable(kind, false, self.function.name(), self.at)?;
        }
        Ok(self.result(kind, parts))
    }

    fn null_if(self) -> Result<Typed, ExprProblem> {
        let [one, two] = self.exactly::<2>()?;
        let (kind, parts) = self.typer.unified(&[one, two], self.function.name())?;
        check_comparable(kind, true, self.function.name(), self.at)?;
        Ok(self.result(kind, parts))
    }

    fn abs(self) -> Result<Typed, ExprProblem> {
        let [tree] = self.exactly::<1>()?;
        let value = self.value(tree)?;
        match value.kind.is_number() {
            true => Ok(self.result(value.kind, vec![value])),
            false => Err(self.no_number(tree, value.kind)),
        }
    }

    fn no_number(self, tree: &Tree, kind: Type) -> ExprProblem {
        let message = format!("{} is {}, and no number", shown(tree), a(kind));
        self.problem(tree.at, &message)
    }

    /// The whole number below or above.
    fn whole(self) -> Result<Typed, ExprProblem> {
        let [tree] = self.exactly::<1>()?;
        let value = self.value(tree)?;
        let kind = match value.kind {
            Type::Double => Type::Double,
            Type::Decimal { scale: 0, .. } => value.kind,
            // Going up may take a digit more, of which there was one after the point.
            Type::Decimal { precision, scale } => Type::Decimal {
                precision: precision - scale + 1,
                scale: 0,
            },
            Type::Int64 => {
                let message = format!("{} is int64, which is whole already", shown(tree));
                return Err(self.problem(tree.at, &message));
            }
            kind => return Err(self.no_number(tree, kind)),
        };
        Ok(self.result(kind, vec![value]))
    }

    fn round(self) -> Result<Typed, ExprProblem> {
        let [tree, digits] = self.exactly::<2>()?;
        let scale = match &digits.node {
            Part::Literal(Written::Exact {
                negative: false,
                digits,
            }) => digits.parse::<u8>().ok(),
            _ => None,
        };
        let Some(scale) = scale.filter(|scale| *scale <= MAX_PRECISION) else {
            let message = "the digits after the point are a literal of 0 to 38";
            return Err(self.problem(digits.at, message));
        };
        let found = self.typer.part(tree)?;
        let widest = Type::Decimal {
            precision: MAX_PRECISION,
            scale,
        };
        match found {
            Found::Value(value) if value.is_untyped() => self.value(tree),
            // Its exact value is rounded.
            Found::Value(value) if value.kind == Type::Double => {
                Ok(Typed::new(widest, Node::Cast(Box::new(value))))
            }
            Found::Value(value) if value.kind == Type::Int64 => {
                let message = format!("{} is int64, which is whole already", shown(tree));
                Err(self.problem(tree.at, &message))
            }
            found if found.is_exact() => {
                super::cast::refuse_second_rounding(tree, &found, scale)?;
                let whole = exact::whole_digits(&found) + 1;
                let precision = (whole + u32::from(scale)).min(u32::from(MAX_PRECISION));
                // It is at most 38.
                exact::rounded(found, precision as u8, scale, tree.at)
            }
            found => Err(self.no_number(tree, exact::settle(found, tree.at)?.kind)),
        }
    }

    fn whole_division(self) -> Result<Typed, ExprProblem> {
        let trees = self.exactly::<2>()?;
        let mut parts = Vec::with_capacity(2);
        for tree in trees {
            let value = self.value(tree)?;
            if value.kind != Type::Int64 {
                let message = format!("{} is {}, and not int64", shown(tree), a(value.kind));
                return Err(self.problem(tree.at, &message));
            }
            parts.push(value);
        }
        Ok(self.result(Type::Int64, parts))
    }

    fn texts<const N: usize>(self, kind: Type) -> Result<Typed, ExprProblem> {
        let trees = self.exactly::<N>()?;
        let name = self.function.name();
        let parts = trees.iter().map(|tree| self.typer.text(tree, name));
        Ok(self.result(kind, parts.collect::<Result<_, _>>()?))
    }

    fn substr(self) -> Result<Typed, ExprProblem> {
        let [text, numbers @ ..] = self.arguments else {
            return Err(self.wrong_number("2 or 3"));
        };
        if !(1..=2).contains(&numbers.len()) {
            return Err(self.wrong_number("2 or 3"));
        }
        let mut parts = vec![self.typer.text(text, self.function.name())?];
        for tree in numbers {
            let value = self.value(tree)?;
            if value.kind != Type::Int64 {
                let message = format!("{} is {}, and not int64", shown(tree), a(value.kind));
                return Err(self.problem(tree.at, &message));
            }
            parts.push(value);
        }
        Ok(self.result(Type::String, parts))
    }

    fn part_of_time(self, kind: Type) -> Result<Typed, ExprProblem> {
        let [tree] = self.exactly::<1>()?;
        let value = self.value(tree)?;
        let is_clock = matches!(self.function, Function::Hour);
        match value.kind {
            Type::Timestamp | Type::LocalTime => Ok(self.result(kind, vec![value])),
            Type::Date if !is_clock => Ok(self.result(kind, vec![value])),
            other => {
                let wanted = match is_clock {
                    true => "timestamp",
                    false => "timestamp or date",
                };
                let message = format!("{} is {}, and not a {wanted}", shown(tree), a(other));
                Err(self.problem(tree.at, &message))
            }
        }
    }

    fn to_zone(self) -> Result<Typed, ExprProblem> {
        let [tree, zone] = self.exactly::<2>()?;
        let value = self.value(tree)?;
        if value.kind != Type::Timestamp {
            let message = format!("{} is {}, and not a timestamp", shown(tree), a(value.kind));
            return Err(self.problem(tree.at, &message));
        }
        let Part::Literal(Written::Text(name)) = &zone.node else {
            let message = "the zone is a text, such as 'Europe/Berlin'";
            return Err(self.problem(zone.at, message));
        };
        let found = find_zone(name).map_err(|message| ExprProblem::new(zone.at, message))?;
        Ok(Typed::new(
            Type::LocalTime,
            Node::ToZone(Box::new(value), found),
        ))
    }
}
