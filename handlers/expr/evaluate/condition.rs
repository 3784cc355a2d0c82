//! Conditions, in the logic of three values and what is invalid beside them. Pure.

use std::cmp::Ordering;

use super::input::{Chunk, nothing};
use super::vector::{Pick, State, Vector, gather};
use crate::error::Invariant;
use crate::expr::tree::{Chain, Comparison};
use crate::expr::typed::{Literal, Typed, Wildcard};

/// Compares two operands.
pub(super) fn compare<'a>(
    operator: Comparison,
    left: &Vector<'a>,
    right: &Vector<'a>,
) -> Result<Vector<'a>, Invariant> {
    let holds = |order: Ordering| match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    };
    let values = left.order(right)?.into_iter().map(holds).collect();
    Ok(Vector::of_bools(values, left.both(right)))
}

/// Tells values apart, of which null is one.
pub(super) fn distinct<'a>(
    left: &Vector<'a>,
    right: &Vector<'a>,
    negated: bool,
) -> Result<Vector<'a>, Invariant> {
    let orders = left.order(right)?;
    let states = left.states.iter().zip(&right.states);
    let rows = orders.into_iter().zip(states).map(|(order, states)| {
        let (is_distinct, state) = match states {
            (State::Invalid(_), _) | (_, State::Invalid(_)) => (false, states.0.and(*states.1)),
            (State::Null, State::Null) => (false, State::Value),
            (State::Value, State::Value) => (order.is_ne(), State::Value),
            _ => (true, State::Value),
        };
        (is_distinct != negated, state)
    });
    let (values, states) = rows.unzip();
    Ok(Vector::of_bools(values, states))
}

pub(super) fn is_null<'a>(states: Vec<State>, negated: bool) -> Vector<'a> {
    let rows = states.into_iter().map(|state| match state {
        State::Invalid(_) => (false, state),
        State::Null => (!negated, State::Value),
        State::Value => (negated, State::Value),
    });
    let (values, states) = rows.unzip();
    Vector::of_bools(values, states)
}

/// Compares with two bounds: one that is missed decides whatever the other is.
pub(super) fn between<'a>(
    operand: &Vector<'a>,
    low: &Vector<'a>,
    high: &Vector<'a>,
    negated: bool,
) -> Result<Vector<'a>, Invariant> {
    let mut within = compare(Comparison::GreaterOrEqual, operand, low)?;
    let below = compare(Comparison::LessOrEqual, operand, high)?;
    join(Chain::And, &mut within, &below)?;
    let values = within.bools()?.iter().map(|value| *value != negated);
    Ok(Vector::of_bools(values.collect(), within.states.clone()))
}

/// Joins a condition to another one: `false AND x` and `true OR x` do not look at x, on whichever side it stands.
fn join<'a>(chain: Chain, all: &mut Vector<'a>, next: &Vector<'a>) -> Result<(), Invariant> {
    let decisive = chain == Chain::Or;
    let rows = all.bools()?.iter().zip(&all.states);
    let rows = rows.zip(next.bools()?.iter().zip(&next.states));
    let rows = rows.map(|((one, first), (two, second))| {
        let decides = |value: &bool, state: &State| *value == decisive && *state == State::Value;
        match decides(one, first) || decides(two, second) {
            true => (decisive, State::Value),
            false => (!decisive, first.and(*second)),
        }
    });
    let (values, states) = rows.unzip();
    *all = Vector::of_bools(values, states);
    Ok(())
}

/// Returns whether a text matches a pattern.
pub(super) fn is_like(text: &str, pattern: &[Wildcard]) -> bool {
    let mut rest = text;
    let mut place = 0;
    // Where to go on if what follows the last `%` does not match: it takes one character more.
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let mut characters = rest.chars();
        let next = characters.next();
        let matches = match (pattern.get(place), next) {
            (None, None) => return true,
            (Some(Wildcard::Any), _) => {
                place += 1;
                retry = Some((place, rest));
                continue;
            }
            (Some(Wildcard::One), Some(_)) => true,
            (Some(Wildcard::Just(wanted)), Some(found)) => *wanted == found,
            _ => false,
        };
        if matches {
            place += 1;
            rest = characters.as_str();
            continue;
        }
        let Some((after, from)) = retry else {
            return false;
        };
        let mut characters = from.chars();
        if characters.next().is_none() {
            return false;
        }
        rest = characters.as_str();
        place = after;
        retry = Some((after, rest));
    }
}

impl<'a> Chunk<'a, '_> {
    /// Joins conditions by AND or OR.
    pub(super) fn logic(&self, chain: Chain, parts: &'a [Typed]) -> Result<Vector<'a>, Invariant> {
        let decisive = chain == Chain::Or;
        let mut all = Vector::of_bools(vec![!decisive; self.rows], vec![State::Value; self.rows]);
        for part in parts {
            join(chain, &mut all, &self.evaluate(part)?)?;
        }
        Ok(all)
    }

    pub(super) fn contained(
        &self,
        operand: &'a Typed,
        list: &'a [Literal],
        negated: bool,
    ) -> Result<Vector<'a>, Invariant> {
        let found = self.evaluate(operand)?;
        let mut values = vec![negated; self.rows];
        for literal in list {
            let literal = self.constant(literal, operand.kind);
            for (value, order) in values.iter_mut().zip(found.order(&literal)?) {
                if order.is_eq() {
                    *value = !negated;
                }
            }
        }
        Ok(Vector::of_bools(values, found.states))
    }

    pub(super) fn case(
        &self,
        operand: Option<&'a Typed>,
        branches: &'a [(Typed, Typed)],
        otherwise: Option<&'a Typed>,
    ) -> Result<Vector<'a>, Invariant> {
        let operand = operand.map(|operand| self.evaluate(operand)).transpose()?;
        let mut picks: Vec<Option<Pick>> = vec![None; self.rows];
        let mut results = Vec::with_capacity(branches.len() + 1);
        for (number, (when, then)) in branches.iter().enumerate() {
            let when = self.evaluate(when)?;
            let condition = match &operand {
                Some(operand) => compare(Comparison::Equal, operand, &when)?,
                None => when,
            };
            let rows = condition.bools()?.iter().zip(&condition.states);
            for (pick, (holds, state)) in picks.iter_mut().zip(rows) {
                if pick.is_none() {
                    *pick = match state {
                        State::Value if *holds => Some(Pick::From(number)),
                        // What it cannot be told for is not passed over.
                        State::Invalid(reason) => Some(Pick::Invalid(*reason)),
                        _ => None,
                    };
                }
            }
            results.push(self.evaluate(then)?);
        }
        let other = match otherwise {
            Some(otherwise) => {
                results.push(self.evaluate(otherwise)?);
                Pick::From(results.len() - 1)
            }
            None => Pick::Null,
        };
        let picks: Vec<Pick> = picks
            .into_iter()
            .map(|pick| pick.unwrap_or(other))
            .collect();
        gather(&picks, results)
    }

    /// Joins texts.
    pub(super) fn concat(&self, parts: &'a [Typed]) -> Result<Vector<'a>, Invariant> {
        let mut all = Vector {
            values: nothing(crate::expr::types::Type::String, self.rows),
            states: vec![State::Value; self.rows],
        };
        for part in parts {
            let part = self.evaluate(part)?;
            all = super::call::joined(&all, &part)?;
        }
        Ok(all)
    }
}
