//! The values of a part of an expression, row by row, and which of them are null or invalid. Pure.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::reason::Reason;
use crate::error::Invariant;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::expr) enum State {
    Value,
    Null,
    Invalid(Reason),
}

impl State {
    /// Returns what comes of two operands that both count: of two that are invalid the first says why.
    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid(reason), _) | (_, Self::Invalid(reason)) => Self::Invalid(reason),
            (Self::Value, Self::Value) => Self::Value,
            _ => Self::Null,
        }
    }
}

/// Values of one type. Where there is none, anything may stand.
#[derive(Clone, Debug)]
pub(in crate::expr) enum Values<'a> {
    Bool(Vec<bool>),
    /// Of int64, and microseconds since 1970.
    Whole(Vec<i64>),
    Double(Vec<f64>),
    /// The values times ten to the scale of the type.
    Decimal(Vec<i128>),
    /// Days since 1970.
    Date(Vec<i32>),
    Text(Vec<Cow<'a, str>>),
}

/// Values and the state of each: both are as many as there are rows.
#[derive(Clone, Debug)]
pub(in crate::expr) struct Vector<'a> {
    pub(in crate::expr) values: Values<'a>,
    pub(in crate::expr) states: Vec<State>,
}

const MIXED: Invariant = Invariant("an expression has been typed before it is evaluated");

impl<'a> Vector<'a> {
    pub(in crate::expr) fn bools(&self) -> Result<&[bool], Invariant> {
        match &self.values {
            Values::Bool(values) => Ok(values),
            _ => Err(MIXED),
        }
    }

    pub(super) fn wholes(&self) -> Result<&[i64], Invariant> {
        match &self.values {
            Values::Whole(values) => Ok(values),
            _ => Err(MIXED),
        }
    }

    pub(super) fn doubles(&self) -> Result<&[f64], Invariant> {
        match &self.values {
            Values::Double(values) => Ok(values),
            _ => Err(MIXED),
        }
    }

    pub(super) fn decimals(&self) -> Result<&[i128], Invariant> {
        match &self.values {
            Values::Decimal(values) => Ok(values),
            _ => Err(MIXED),
        }
    }

    pub(super) fn texts(&self) -> Result<&[Cow<'a, str>], Invariant> {
        match &self.values {
            Values::Text(values) => Ok(values),
            _ => Err(MIXED),
        }
    }

    /// Compares the values of two vectors, row by row; what has no value compares somehow.
    pub(super) fn order(&self, other: &Self) -> Result<Vec<Ordering>, Invariant> {
        fn all<T>(one: &[T], two: &[T], order: impl Fn(&T, &T) -> Ordering) -> Vec<Ordering> {
            one.iter()
                .zip(two)
                .map(|(one, two)| order(one, two))
                .collect()
        }
        Ok(match (&self.values, &other.values) {
            (Values::Bool(one), Values::Bool(two)) => all(one, two, Ord::cmp),
            (Values::Whole(one), Values::Whole(two)) => all(one, two, Ord::cmp),
            // There is no NaN and one zero.
            (Values::Double(one), Values::Double(two)) => all(one, two, f64::total_cmp),
            (Values::Decimal(one), Values::Decimal(two)) => all(one, two, Ord::cmp),
            (Values::Date(one), Values::Date(two)) => all(one, two, Ord::cmp),
            // Bytes of UTF-8 are in the order of code points.
            (Values::Text(one), Values::Text(two)) => all(one, two, Ord::cmp),
            _ => return Err(MIXED),
        })
    }

    /// Returns the states of two operands that both count.
    pub(super) fn both(&self, other: &Self) -> Vec<State> {
        let states = self.states.iter().zip(&other.states);
        states.map(|(one, two)| one.and(*two)).collect()
    }

    pub(super) fn of_bools(values: Vec<bool>, states: Vec<State>) -> Self {
        Self {
            values: Values::Bool(values),
            states,
        }
    }
}

/// Applies a function to the rows that have a value; those where it fails become invalid.
pub(super) fn map<T, R: Default>(
    values: &[T],
    states: &[State],
    apply: impl Fn(&T) -> Result<R, Reason>,
) -> (Vec<R>, Vec<State>) {
    let rows = values.iter().zip(states);
    rows.map(|(value, state)| match state {
        State::Value => result(apply(value)),
        other => (R::default(), *other),
    })
    .unzip()
}

/// Applies a function to the rows of which both operands have a value.
pub(super) fn zip<T, U, R: Default>(
    one: (&[T], &[State]),
    two: (&[U], &[State]),
    apply: impl Fn(&T, &U) -> Result<R, Reason>,
) -> (Vec<R>, Vec<State>) {
    let values = one.0.iter().zip(two.0);
    let states = one.1.iter().zip(two.1);
    values
        .zip(states)
        .map(|((one, two), (first, second))| match first.and(*second) {
            State::Value => result(apply(one, two)),
            other => (R::default(), other),
        })
        .unzip()
}

#[inline]
pub(super) fn result<R: Default>(found: Result<R, Reason>) -> (R, State) {
    match found {
        Ok(value) => (value, State::Value),
        Err(reason) => (R::default(), State::Invalid(reason)),
    }
}

/// Where a row of a result comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pick {
    /// From the vector of this number.
    From(usize),
    Null,
    Invalid(Reason),
}

/// Puts rows together from vectors of one type.
pub(super) fn gather<'a>(
    picks: &[Pick],
    mut from: Vec<Vector<'a>>,
) -> Result<Vector<'a>, Invariant> {
    let states = picks.iter().enumerate().map(|(row, pick)| match pick {
        Pick::From(number) => {
            let state = from.get(*number).and_then(|vector| vector.states.get(row));
            state.copied().ok_or(MIXED)
        }
        Pick::Null => Ok(State::Null),
        Pick::Invalid(reason) => Ok(State::Invalid(*reason)),
    });
    let states = states.collect::<Result<_, _>>()?;
    let mut result = from.pop().ok_or(MIXED)?;
    let last = from.len();
    for (number, vector) in from.into_iter().enumerate() {
        let is_from = |row: usize| matches!(picks.get(row), Some(Pick::From(of)) if *of == number);
        debug_assert!(number < last);
        copy(vector.values, &mut result.values, is_from)?;
    }
    result.states = states;
    Ok(result)
}

/// Copies the rows that come from `source`.
fn copy<'a>(
    source: Values<'a>,
    target: &mut Values<'a>,
    is_from: impl Fn(usize) -> bool,
) -> Result<(), Invariant> {
    fn rows<T>(source: Vec<T>, target: &mut [T], is_from: impl Fn(usize) -> bool) {
        for (row, (value, place)) in source.into_iter().zip(target).enumerate() {
            if is_from(row) {
                *place = value;
            }
        }
    }
    match (source, target) {
        (Values::Bool(source), Values::Bool(target)) => rows(source, target, is_from),
        (Values::Whole(source), Values::Whole(target)) => rows(source, target, is_from),
        (Values::Double(source), Values::Double(target)) => rows(source, target, is_from),
        (Values::Decimal(source), Values::Decimal(target)) => rows(source, target, is_from),
        (Values::Date(source), Values::Date(target)) => rows(source, target, is_from),
        (Values::Text(source), Values::Text(target)) => rows(source, target, is_from),
        _ => return Err(MIXED),
    }
    Ok(())
}
