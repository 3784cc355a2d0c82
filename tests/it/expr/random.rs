//! Expressions at random: of every type, from every part of the language.

use super::dice::Dice;
use super::rows::{COLUMNS, Cell};

/// A part of an expression. What it means is in [`super::naive`], how it is written in [`super::write`].
#[derive(Clone, Debug)]
pub(super) enum E {
    /// A column, by its place.
    Column(usize),
    /// A literal of that type.
    Value(Kind, Cell),
    /// Of NULL.
    Null(Kind),
    Negate(Box<E>),
    /// `+`, `-`, `*` or `/`.
    Arithmetic(char, Box<E>, Box<E>),
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`.
    Compare(&'static str, Box<E>, Box<E>),
    Distinct(bool, Box<E>, Box<E>),
    IsNull(bool, Box<E>),
    In(bool, Box<E>, Vec<E>),
    Between(bool, [Box<E>; 3]),
    Like(bool, Box<E>, String),
    Not(Box<E>),
    /// `AND`, `OR` or `||`.
    Chain(&'static str, Vec<E>),
    Case(Vec<(E, E)>, Option<Box<E>>),
    /// `CASE operand WHEN value`.
    Switch(Box<E>, Vec<(E, E)>, Option<Box<E>>),
    Cast(Box<E>, Kind),
    /// To so many digits after the point.
    Round(Box<E>, u8),
    Call(&'static str, Vec<E>),
}

/// The type of a part, as the tests see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    /// Precision and scale count only where a CAST names them.
    Decimal(u8, u8),
    Double,
    Text,
    Time,
    Date,
}

const DECIMAL: Kind = Kind::Decimal(0, 0);

impl E {
    /// Returns the type, decimals without their size.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Column(place) => match COLUMNS[*place].0 {
                "a" | "b" | "c" => Kind::Int,
                "d" | "e" | "f" | "w" => DECIMAL,
                "x" | "y" => Kind::Double,
                "s" | "u" => Kind::Text,
                "p" | "q" => Kind::Bool,
                "t" | "v" => Kind::Time,
                _ => Kind::Date,
            },
            Self::Value(kind, _) | Self::Null(kind) | Self::Cast(_, kind) => match kind {
                Kind::Decimal(..) => DECIMAL,
                kind => *kind,
            },
            Self::Negate(operand) => operand.kind(),
            Self::Arithmetic(_, left, right) => common(left.kind(), right.kind()),
            Self::Chain("||", _) => Kind::Text,
            Self::Compare(..)
            | Self::Distinct(..)
            | Self::IsNull(..)
            | Self::In(..)
            | Self::Between(..)
            | Self::Like(..)
            | Self::Not(_)
            | Self::Chain(..) => Kind::Bool,
            Self::Case(branches, otherwise) | Self::Switch(_, branches, otherwise) => {
                let results = branches.iter().map(|(_, then)| then.kind());
                let otherwise = otherwise.iter().map(|other| other.kind());
                results.chain(otherwise).reduce(common).unwrap()
            }
            Self::Round(..) => DECIMAL,
            Self::Call(name, arguments) => match *name {
                "coalesce" | "nullif" | "least" | "greatest" => {
                    arguments.iter().map(Self::kind).reduce(common).unwrap()
                }
                "abs" | "floor" | "ceil" => arguments[0].kind(),
                "div" | "mod" | "length" | "hour" | "year" | "month" | "day" => Kind::Int,
                "starts_with" | "ends_with" | "contains" => Kind::Bool,
                "date" => Kind::Date,
                _ => Kind::Text,
            },
        }
    }
}

fn common(one: Kind, two: Kind) -> Kind {
    match (one, two) {
        (Kind::Int, Kind::Decimal(..)) => two,
        (Kind::Time, _) | (_, Kind::Time) => Kind::Time,
        _ => one,
    }
}

const KINDS: [Kind; 7] = [
    Kind::Bool,
    Kind::Int,
    DECIMAL,
    Kind::Double,
    Kind::Text,
    Kind::Time,
    Kind::Date,
];
const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

/// The first and the last point in time that is one of the language: of the years 1 to 9999.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;
const SPAN: u128 = (LAST - FIRST) as u128;

/// Makes parts.
pub(super) struct Maker<'r, 'b>(pub(super) &'r mut Dice<'b>);

impl Maker<'_, '_> {
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len())].clone()
    }

    pub(super) fn any_kind(&mut self) -> Kind {
        self.one(&KINDS)
    }

    fn boxed(&mut self, kind: Kind, depth: usize) -> Box<E> {
        Box::new(self.part(kind, depth))
    }

    fn column(&mut self, kind: Kind) -> E {
        // The last one is json.
        let all = (0..COLUMNS.len() - 1).map(E::Column);
        let all: Vec<E> = all.filter(|column| column.kind() == kind).collect();
        self.one(&all)
    }

    pub(super) fn literal(&mut self, kind: Kind) -> E {
        let cell = match kind {
            Kind::Bool => Cell::Bool(self.0.bool()),
            Kind::Int => {
                Cell::Int64(self.one(&[0, 1, -1, 2, 3, 10, -7, 1_000_000, i64::MAX, i64::MIN]))
            }
            Kind::Decimal(..) => return self.decimal_literal(),
            Kind::Double => Cell::Double(self.one(&[0.0, 1.0, -1.5, 0.1, 1e300, 3.0])),
            Kind::Text => Cell::Text(self.text()),
            Kind::Time => Cell::Timestamp(self.one(&[0, -1, 1_763_120_674_343_001])),
            Kind::Date => Cell::Date(self.one(&[0, -1, 20_406, 19_782])),
        };
        E::Value(kind, cell)
    }

    fn decimal_literal(&mut self) -> E {
        let (value, scale) = self.one(&[(15, 1), (5, 3), (-125, 2), (1, 6), (100, 2), (0, 1)]);
        E::Value(Kind::Decimal(0, scale), Cell::Decimal(value))
    }

    fn text(&mut self) -> String {
        let texts = [
            "", "a", "ab", "AbC", " a ", "é😀a", "it's", "%", "a_b", "aaa",
        ];
        self.one(&texts).to_owned()
    }

    /// Makes a part of a type, with at most so many levels of others in it.
    pub(super) fn part(&mut self, kind: Kind, depth: usize) -> E {
        if depth == 0 || self.0.below(10) == 0 {
            return match self.0.below(10) {
                0..6 => self.column(kind),
                _ => self.literal(kind),
            };
        }
        if self.0.below(5) == 0 {
            return self.choice(kind, depth - 1);
        }
        let depth = depth - 1;
        match kind {
            Kind::Bool => self.condition(depth),
            Kind::Int => self.int(depth),
            Kind::Decimal(..) => self.decimal(depth),
            Kind::Double => self.double(depth),
            Kind::Text => self.text_part(depth),
            Kind::Time => self.time(depth),
            Kind::Date => match self.0.bool() {
                true => E::Call("date", vec![self.part(Kind::Time, depth)]),
                false => E::Cast(self.boxed(Kind::Time, depth), Kind::Date),
            },
        }
    }

    /// CASE, coalesce and the like, of any type.
    fn choice(&mut self, kind: Kind, depth: usize) -> E {
        // An int64 goes with decimals.
        let result = |maker: &mut Self| match kind {
            Kind::Decimal(..) if maker.0.below(4) == 0 => maker.part(Kind::Int, depth),
            kind => maker.part(kind, depth),
        };
        let branches = |maker: &mut Self, of: Kind| {
            let count = 1 + maker.0.below(2);
            let branches = (0..count).map(|_| (maker.part(of, depth), result(maker)));
            branches.collect::<Vec<_>>()
        };
        // One that has the type, whatever the others are.
        let first = self.part(kind, depth);
        match self.0.below(6) {
            0 => {
                let branches = branches(self, Kind::Bool);
                E::Case(branches, Some(Box::new(first)))
            }
            1 => {
                let operand = self.boxed(Kind::Int, depth);
                let branches = branches(self, Kind::Int);
                E::Switch(operand, branches, Some(Box::new(first)))
            }
            2 => E::Case(vec![(self.part(Kind::Bool, depth), first)], None),
            3 => E::Call("coalesce", vec![first, result(self), result(self)]),
            4 => E::Call("nullif", vec![first, result(self)]),
            _ if kind == Kind::Bool => E::Call("coalesce", vec![first, E::Null(kind)]),
            _ => E::Call(self.one(&["least", "greatest"]), vec![first, result(self)]),
        }
    }

    fn condition(&mut self, depth: usize) -> E {
        let kind = self.any_kind();
        match self.0.below(10) {
            0 | 1 => {
                let parts = (0..2 + self.0.below(2)).map(|_| self.part(Kind::Bool, depth));
                let parts: Vec<E> = parts.collect();
                E::Chain(self.one(&["AND", "OR"]), parts)
            }
            2 => E::Not(self.boxed(Kind::Bool, depth)),
            3 => E::IsNull(self.0.bool(), self.boxed(kind, depth)),
            4 => E::Distinct(
                self.0.bool(),
                self.boxed(kind, depth),
                self.boxed(kind, depth),
            ),
            5 => {
                let list = (0..1 + self.0.below(3)).map(|_| self.literal(kind));
                let list: Vec<E> = list.collect();
                E::In(self.0.bool(), self.boxed(kind, depth), list)
            }
            6 if kind != Kind::Bool => {
                let parts = [(); 3].map(|()| self.boxed(kind, depth));
                E::Between(self.0.bool(), parts)
            }
            7 => {
                let patterns = ["%", "a%", "%a", "_", "%a_", "", "a", "%a%a%", "!%%", "_b%"];
                let pattern = self.one(&patterns).to_owned();
                E::Like(self.0.bool(), self.boxed(Kind::Text, depth), pattern)
            }
            8 => {
                let name = self.one(&["starts_with", "ends_with", "contains"]);
                let arguments = vec![self.part(Kind::Text, depth), self.part(Kind::Text, depth)];
                E::Call(name, arguments)
            }
            _ => {
                let operators = if kind == Kind::Bool { 2 } else { 6 };
                let operator = self.one(&COMPARISONS[..operators]);
                let left = self.boxed(kind, depth);
                let other = match kind {
                    Kind::Decimal(..) if self.0.bool() => Kind::Int,
                    kind => kind,
                };
                E::Compare(operator, left, self.boxed(other, depth))
            }
        }
    }

    fn int(&mut self, depth: usize) -> E {
        match self.0.below(9) {
            0..3 => {
                let operator = self.one(&['+', '-', '*']);
                let left = self.boxed(Kind::Int, depth);
                E::Arithmetic(operator, left, self.boxed(Kind::Int, depth))
            }
            // The sign of a literal belongs to it, and 9223372036854775808 is a decimal.
            3 => match self.part(Kind::Int, depth) {
                literal @ E::Value(..) => literal,
                operand => E::Negate(Box::new(operand)),
            },
            4 => {
                let name = self.one(&["div", "mod"]);
                E::Call(
                    name,
                    vec![self.part(Kind::Int, depth), self.part(Kind::Int, depth)],
                )
            }
            5 => E::Call("abs", vec![self.part(Kind::Int, depth)]),
            6 => E::Call("length", vec![self.part(Kind::Text, depth)]),
            7 => {
                let name = self.one(&["hour", "year", "month", "day"]);
                let of = match name {
                    "hour" => Kind::Time,
                    _ => self.one(&[Kind::Time, Kind::Date]),
                };
                E::Call(name, vec![self.part(of, depth)])
            }
            _ => {
                let from = self.one(&[DECIMAL, Kind::Double, Kind::Time]);
                E::Cast(self.boxed(from, depth), Kind::Int)
            }
        }
    }

    /// A computation of decimals, with divisions if there may be some.
    fn computation(&mut self, depth: usize, divides: bool) -> E {
        if depth == 0 {
            return self.column(DECIMAL);
        }
        let operators: &[char] = if divides {
            &['+', '-', '*', '/']
        } else {
            &['+', '-', '*']
        };
        let operator = self.one(operators);
        let left = match self.0.below(4) {
            0 => self.computation(depth - 1, divides),
            1 => E::Negate(Box::new(self.computation(depth - 1, divides))),
            _ => self.part(DECIMAL, depth - 1),
        };
        let right = match self.0.below(4) {
            0 => self.computation(depth - 1, divides),
            1 => self.part(Kind::Int, depth - 1),
            _ => self.part(DECIMAL, depth - 1),
        };
        E::Arithmetic(operator, Box::new(left), Box::new(right))
    }

    fn decimal(&mut self, depth: usize) -> E {
        match self.0.below(8) {
            0 | 1 => E::Round(
                Box::new(self.computation(depth, true)),
                self.one(&[0, 1, 2, 3, 4]),
            ),
            2 => {
                let (precision, scale) = self.one(&[(18, 2), (38, 10), (5, 0), (20, 6)]);
                let operand = match self.0.below(3) {
                    0 => self.part(Kind::Int, depth),
                    1 => self.part(Kind::Double, depth),
                    _ => self.computation(depth, true),
                };
                E::Cast(Box::new(operand), Kind::Decimal(precision, scale))
            }
            3 => E::Round(self.boxed(Kind::Double, depth), self.one(&[0, 1, 2, 3, 4])),
            4 => E::Call(
                self.one(&["floor", "ceil", "abs"]),
                vec![self.part(DECIMAL, depth)],
            ),
            5 => E::Negate(self.boxed(DECIMAL, depth)),
            _ => self.computation(depth.min(1), false),
        }
    }

    fn double(&mut self, depth: usize) -> E {
        match self.0.below(6) {
            0..3 => {
                let operator = self.one(&['+', '-', '*', '/']);
                let left = self.boxed(Kind::Double, depth);
                E::Arithmetic(operator, left, self.boxed(Kind::Double, depth))
            }
            3 => E::Negate(self.boxed(Kind::Double, depth)),
            4 => E::Call(
                self.one(&["floor", "ceil", "abs"]),
                vec![self.part(Kind::Double, depth)],
            ),
            _ => {
                let from = self.one(&[DECIMAL, Kind::Int]);
                E::Cast(self.boxed(from, depth), Kind::Double)
            }
        }
    }

    fn text_part(&mut self, depth: usize) -> E {
        let text = |maker: &mut Self| maker.part(Kind::Text, depth);
        match self.0.below(6) {
            0 => E::Chain("||", vec![text(self), text(self)]),
            1 => E::Call(self.one(&["lower", "upper", "trim"]), vec![text(self)]),
            2 => E::Call("replace", vec![text(self), text(self), text(self)]),
            3 => {
                let mut arguments = vec![text(self), self.part(Kind::Int, depth)];
                if self.0.bool() {
                    arguments.push(self.part(Kind::Int, depth));
                }
                E::Call("substr", arguments)
            }
            _ => {
                let from = self.one(&[Kind::Int, Kind::Bool, Kind::Date]);
                E::Cast(self.boxed(from, depth), Kind::Text)
            }
        }
    }

    fn time(&mut self, depth: usize) -> E {
        match self.0.below(3) {
            0 => E::Cast(self.boxed(Kind::Int, depth), Kind::Time),
            1 => {
                let (left, right) = (self.boxed(Kind::Int, depth), self.boxed(Kind::Time, depth));
                E::Arithmetic('+', left, right)
            }
            _ => {
                let operator = self.one(&['+', '-']);
                let left = self.boxed(Kind::Time, depth);
                E::Arithmetic(operator, left, self.boxed(Kind::Int, depth))
            }
        }
    }

    /// Makes a row: often null, often extreme.
    pub(super) fn row(&mut self) -> Vec<Cell> {
        let cells = (0..COLUMNS.len()).map(|place| {
            if self.0.below(5) == 0 {
                return Cell::Null;
            }
            if self.0.below(4) == 0 {
                return self.any_cell(place);
            }
            match COLUMNS[place].0 {
                "d" | "e" => {
                    Cell::Decimal(self.one(&[0, 1, -1, 50, 150, -225, 10_i128.pow(18) - 1]))
                }
                "f" => Cell::Decimal(self.one(&[0, 1_005_000, -1, 333_333, 10_i128.pow(18) - 1])),
                "w" => Cell::Decimal(self.one(&[0, 100, -1, 10_i128.pow(38) - 1])),
                "j" => Cell::Text("{}".to_owned()),
                "a" | "b" | "c" if self.0.bool() => {
                    Cell::Int64(self.one(&[-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]))
                }
                "x" | "y" if self.0.bool() => {
                    Cell::Double(self.one(&[0.5, 2.5, -0.25, f64::MAX, f64::MIN_POSITIVE, 5e-324]))
                }
                "t" | "v" if self.0.bool() => Cell::Timestamp(self.one(&[FIRST, LAST])),
                _ => {
                    let kind = E::Column(place).kind();
                    let E::Value(_, cell) = self.literal(kind) else {
                        unreachable!("a literal has a value")
                    };
                    cell
                }
            }
        });
        cells.collect()
    }

    /// Makes any value of a column, anywhere in its range.
    fn any_cell(&mut self, place: usize) -> Cell {
        let number = self.0.u64();
        let signed = i128::from(number.cast_signed());
        match COLUMNS[place].0 {
            "a" | "b" | "c" => Cell::Int64(number.cast_signed()),
            "d" | "e" | "f" => Cell::Decimal(signed % 10_i128.pow(18)),
            "w" => Cell::Decimal(signed * 10_i128.pow(19) + i128::from(self.0.u64() % 1_000)),
            "x" | "y" => match f64::from_bits(number) {
                // There is one zero in silver, and no number that is none.
                number if number.is_finite() => Cell::Double(number + 0.0),
                _ => Cell::Double(1e-7),
            },
            "s" | "u" => {
                let count = self.0.below(8);
                let characters = [
                    'a', 'A', 'b', 'z', ' ', '%', '_', '\'', '\\', 'é', 'É', '😀', '\t', '0',
                ];
                Cell::Text((0..count).map(|_| self.one(&characters)).collect())
            }
            "p" | "q" => Cell::Bool(number.is_multiple_of(2)),
            "t" | "v" => Cell::Timestamp(FIRST + (signed.unsigned_abs() % SPAN) as i64),
            "day" | "due" => Cell::Date((signed % 700_000) as i32),
            _ => Cell::Text("[1]".to_owned()),
        }
    }
}
