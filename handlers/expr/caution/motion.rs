//! Which way a condition may turn as what it names moves. Pure.

use crate::expr::tree::{Arithmetic, Chain, Comparison, Literal, Node, Tree};

/// Which way a value may move; true is above false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It stays as it is.
    Still,
    /// It only rises.
    Up,
    /// It only falls.
    Down,
    /// It may do both.
    Any,
}

impl Motion {
    fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
            same => same,
        }
    }

    /// That of what rises with both.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Still, motion) | (motion, Self::Still) => motion,
            (one, two) if one == two => one,
            _ => Self::Any,
        }
    }

    /// That of what may turn either way when it moves at all.
    fn either_way(self) -> Self {
        match self {
            Self::Still => Self::Still,
            _ => Self::Any,
        }
    }
}

/// Returns which way an expression may move; `of` says it of a name.
pub(in crate::expr) fn motion(tree: &Tree, of: &dyn Fn(&str) -> Motion) -> Motion {
    let own = |tree: &Tree| motion(tree, of);
    match &tree.node {
        Node::Name(name) => of(name),
        Node::Literal(_) => Motion::Still,
        Node::Negate(part) | Node::Not(part) => own(part).opposite(),
        Node::Cast(part, _) => own(part),
        Node::Chain(Chain::And | Chain::Or, parts) => all(parts.iter().map(own)),
        Node::Chain(Chain::Concat, parts) => all(parts.iter().map(own)).either_way(),
        Node::Arithmetic(Arithmetic::Add, left, right) => own(left).with(own(right)),
        Node::Arithmetic(Arithmetic::Subtract, left, right) => {
            own(left).with(own(right).opposite())
        }
        Node::Arithmetic(Arithmetic::Multiply, left, right) => match (sign(left), sign(right)) {
            (Some(sign), _) => by(own(right), sign),
            (None, Some(sign)) => by(own(left), sign),
            (None, None) => own(left).with(own(right)).either_way(),
        },
        Node::Arithmetic(Arithmetic::Divide, left, right) => match sign(right) {
            Some(sign) => by(own(left), sign),
            None => own(left).with(own(right)).either_way(),
        },
        Node::Compare(Comparison::Greater | Comparison::GreaterOrEqual, left, right) => {
            own(left).with(own(right).opposite())
        }
        Node::Compare(Comparison::Less | Comparison::LessOrEqual, left, right) => {
            own(left).opposite().with(own(right))
        }
        Node::Compare(Comparison::Equal | Comparison::NotEqual, left, right)
        | Node::Distinct { left, right, .. } => own(left).with(own(right)).either_way(),
        Node::Between {
            operand,
            low,
            high,
            negated,
        } => between((own(operand), own(low), own(high)), *negated),
        // What has a value keeps one.
        Node::IsNull { operand, negated } => match (own(operand), negated) {
            (Motion::Still, _) => Motion::Still,
            (_, true) => Motion::Up,
            (_, false) => Motion::Down,
        },
        Node::In { operand, list, .. } => own(operand).with(all(list.iter().map(own))).either_way(),
        Node::Like { operand, .. } => own(operand).either_way(),
        Node::Call(_, parts) => all(parts.iter().map(own)).either_way(),
        Node::Case {
            operand,
            branches,
            otherwise,
        } => {
            let branches = branches.iter().flat_map(|(when, then)| [when, then]);
            let ends = operand.iter().chain(otherwise).map(|part| &**part);
            all(ends.chain(branches).map(own)).either_way()
        }
    }
}

/// That of what lies between two others, or does not.
fn between((operand, low, high): (Motion, Motion, Motion), is_negated: bool) -> Motion {
    let above = operand.with(low.opposite());
    let below = operand.opposite().with(high);
    match is_negated {
        true => above.with(below).opposite(),
        false => above.with(below),
    }
}

fn all(motions: impl Iterator<Item = Motion>) -> Motion {
    motions.fold(Motion::Still, Motion::with)
}

/// Of what is multiplied by a number of this sign.
fn by(motion: Motion, is_negative: bool) -> Motion {
    match is_negative {
        true => motion.opposite(),
        false => motion,
    }
}

/// Returns whether a number that is written out is negative; nothing of what is no such number.
fn sign(tree: &Tree) -> Option<bool> {
    match &tree.node {
        Node::Literal(Literal::Exact { negative, .. }) => Some(*negative),
        Node::Literal(Literal::Double(number)) => Some(*number < 0.0),
        Node::Negate(part) => sign(part).map(|is_negative| !is_negative),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::read::read;

    #[test]
    fn a_condition_turns_as_what_it_names_moves() {
        let of = |name: &str| match name {
            "up" => Motion::Up,
            "down" => Motion::Down,
            "any" => Motion::Any,
            _ => Motion::Still,
        };
        for (text, expected) in [
            ("up >= 5", Motion::Up),
            ("5 < up AND down <= 3", Motion::Up),
            ("up >= 5 AND up < 25", Motion::Any),
            ("up < 25", Motion::Down),
            ("NOT (up < 25) OR down < 1", Motion::Up),
            ("up - down > 60", Motion::Up),
            ("2 * up - down / 3 > -1", Motion::Up),
            ("-2 * up < 3", Motion::Up),
            ("up * down > 3", Motion::Any),
            ("any > 3", Motion::Any),
            ("up = 3", Motion::Any),
            ("up BETWEEN 1 AND 3", Motion::Any),
            ("up IS NOT NULL", Motion::Up),
            ("day = '2026-01-31' AND name LIKE 'a%'", Motion::Still),
            ("CASE WHEN up > 3 THEN 1 ELSE 0 END = 1", Motion::Any),
            ("CAST(up AS int64) > 3", Motion::Up),
        ] {
            let tree = read(text).unwrap();
            assert_eq!(motion(&tree, &of), expected, "{text}");
        }
    }
}
