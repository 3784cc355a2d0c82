//! An expression whose every part has a type: what the evaluator computes. Pure.

use std::collections::BTreeSet;

use super::function::Function;
use super::tree::{Arithmetic, Chain, Comparison};
use super::types::Type;
use crate::value::time::notation::Zone;

/// A part of an expression, with its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Typed {
    pub(super) kind: Type,
    pub(super) node: Node,
}

impl Typed {
    pub(super) fn new(kind: Type, node: Node) -> Self {
        Self { kind, node }
    }

    /// Returns whether this is NULL that takes the type of its place.
    pub(super) fn is_untyped(&self) -> bool {
        self.node == Node::Untyped
    }

    /// Returns the columns that are named in it, by their place.
    pub(super) fn columns(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.find_columns(&mut found);
        found
    }

    fn find_columns(&self, found: &mut BTreeSet<usize>) {
        if let Node::Column(place) = self.node {
            found.insert(place);
        }
        self.node.each_part(&mut |part| part.find_columns(found));
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// By its place among the columns that the expression may name.
    Column(usize),
    /// NULL that has not got a type yet; none of them is left when all is checked.
    Untyped,
    Literal(Literal),
    /// A condition that is not true where it is false.
    Not(Box<Typed>),
    Chain(Chain, Vec<Typed>),
    Compare(Comparison, Box<Typed>, Box<Typed>),
    Distinct {
        left: Box<Typed>,
        right: Box<Typed>,
        negated: bool,
    },
    IsNull {
        operand: Box<Typed>,
        negated: bool,
    },
    /// The operand and the literals are of one type.
    In {
        operand: Box<Typed>,
        list: Vec<Literal>,
        negated: bool,
    },
    Between {
        operand: Box<Typed>,
        low: Box<Typed>,
        high: Box<Typed>,
        negated: bool,
    },
    Like {
        operand: Box<Typed>,
        pattern: Vec<Wildcard>,
        negated: bool,
    },
    Case {
        operand: Option<Box<Typed>>,
        branches: Vec<(Typed, Typed)>,
        otherwise: Option<Box<Typed>>,
    },
    /// Of int64 or double; of a timestamp and microseconds.
    Arithmetic(Arithmetic, Box<Typed>, Box<Typed>),
    Negate(Box<Typed>),
    /// A computation of decimals, rounded once to the scale of the type.
    Exact(Box<Exact>),
    /// A cast to the type.
    Cast(Box<Typed>),
    Call(Function, Vec<Typed>),
    /// The clock of a time zone.
    ToZone(Box<Typed>, Zone),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Int64(i64),
    Double(f64),
    /// The value times ten to the scale of its type.
    Decimal(i128),
    Text(String),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}

/// A part of a LIKE pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wildcard {
    /// `%`: any characters, or none.
    Any,
    /// `_`: one character.
    One,
    /// This character.
    Just(char),
}

/// A computation of decimals: as a fraction whose numerator and denominator are whole, times a power of ten.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exact {
    pub(super) step: Step,
    pub(super) size: Size,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A decimal or int64.
    Value(Typed),
    Negate(Box<Exact>),
    Combine(Arithmetic, Box<Exact>, Box<Exact>),
}

/// How large the numbers of a computation can get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// The most digits of the numerator, which is the value times ten to the scale, times the denominator.
    pub(super) digits: u32,
    pub(super) scale: u32,
    /// The most digits of the denominator; nothing if it is 1.
    pub(super) denominator: Option<u32>,
}

impl Node {
    /// Calls `visit` with each part that this one is made of.
    pub(super) fn each_part(&self, visit: &mut dyn FnMut(&Typed)) {
        match self {
            Self::Column(_) | Self::Untyped | Self::Literal(_) => {}
            Self::Not(operand)
            | Self::IsNull { operand, .. }
            | Self::In { operand, .. }
            | Self::Like { operand, .. }
            | Self::Negate(operand)
            | Self::Cast(operand)
            | Self::ToZone(operand, _) => visit(operand),
            Self::Chain(_, parts) | Self::Call(_, parts) => parts.iter().for_each(visit),
            Self::Compare(_, left, right)
            | Self::Distinct { left, right, .. }
            | Self::Arithmetic(_, left, right) => {
                visit(left);
                visit(right);
            }
            Self::Between {
                operand, low, high, ..
            } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            Self::Case {
                operand,
                branches,
                otherwise,
            } => {
                operand.iter().for_each(|part| visit(part));
                for (when, then) in branches {
                    visit(when);
                    visit(then);
                }
                otherwise.iter().for_each(|part| visit(part));
            }
            Self::Exact(exact) => exact.each_value(visit),
        }
    }
}

impl Exact {
    fn each_value(&self, visit: &mut dyn FnMut(&Typed)) {
        match &self.step {
            Step::Value(value) => visit(value),
            Step::Negate(operand) => operand.each_value(visit),
            Step::Combine(_, left, right) => {
                left.each_value(visit);
                right.each_value(visit);
            }
        }
    }
}
