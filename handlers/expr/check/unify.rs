//! One type for values that stand side by side: literals and int64 give way, nothing else does. Pure.

use super::exact::{INT64_DIGITS, count_digits};
use super::literal::adopt;
use super::mismatch;
use crate::expr::problem::{ExprProblem, Position};
use crate::expr::tree::Tree;
use crate::expr::typed::{Literal, Node, Typed};
use crate::expr::types::Type;
use crate::value::decimal;

/// What a value brings to the type that it has together with others.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// A literal of so many digits, which is of any type of numbers.
    Whole(u8),
    Kind(Type),
}

impl Shape {
    fn of(part: &Typed) -> Self {
        match part.node {
            Node::Literal(Literal::Int64(value)) => Self::Whole(count_digits(value.into())),
            _ => Self::Kind(part.kind),
        }
    }

    fn kind(self) -> Type {
        match self {
            Self::Whole(_) => Type::Int64,
            Self::Kind(kind) => kind,
        }
    }

    /// Returns the digits and the scale of an exact number.
    fn size(self) -> Option<(u8, u8)> {
        match self {
            Self::Whole(digits) => Some((digits, 0)),
            Self::Kind(Type::Int64) => Some((INT64_DIGITS, 0)),
            Self::Kind(Type::Decimal { precision, scale }) => Some((precision, scale)),
            Self::Kind(_) => None,
        }
    }

    /// Returns what both are together; of a decimal the digits may be too many.
    fn join(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => return Some(Self::Whole(one.max(two))),
            (Self::Whole(_), Self::Kind(kind @ (Type::Int64 | Type::Double)))
            | (Self::Kind(kind @ (Type::Int64 | Type::Double)), Self::Whole(_)) => {
                return Some(Self::Kind(kind));
            }
            (Self::Kind(one), Self::Kind(two)) if one == two => return Some(self),
            _ => {}
        }
        let (one, two) = (self.size()?, other.size()?);
        let scale = one.1.max(two.1);
        let whole = (one.0.saturating_sub(one.1)).max(two.0.saturating_sub(two.1));
        Some(Self::Kind(Type::Decimal {
            precision: whole + scale,
            scale,
        }))
    }
}

/// Finds the one type that values have together, and gives it to them.
pub(super) fn unify(
    trees: &[&Tree],
    parts: Vec<Typed>,
    what: &str,
) -> Result<(Type, Vec<Typed>), ExprProblem> {
    let mut common: Option<(&Tree, Shape)> = None;
    for (tree, part) in trees.iter().copied().zip(&parts) {
        if part.node == Node::Untyped {
            continue;
        }
        let shape = Shape::of(part);
        let Some((first, before)) = common else {
            common = Some((tree, shape));
            continue;
        };
        let (one, two) = ((first, before.kind()), (tree, shape.kind()));
        let joined = before.join(shape);
        let joined = joined.ok_or_else(|| mismatch::between(what, one, two))?;
        if let Type::Decimal { precision, .. } = joined.kind()
            && precision > decimal::MAX_PRECISION
        {
            return Err(too_wide(what, one, two));
        }
        common = Some((if joined == before { first } else { tree }, joined));
    }
    let Some((_, shape)) = common else {
        let at = trees.first().map_or(Position::START, |tree| tree.at);
        let message = format!("{what} has only NULL; write CAST(NULL AS string) or another type");
        return Err(ExprProblem::new(at, message));
    };
    let kind = shape.kind();
    let mut adopted = Vec::with_capacity(parts.len());
    for (tree, part) in trees.iter().zip(parts) {
        let found = part.kind;
        let part = adopt(part, kind, tree.at)?;
        adopted.push(part.ok_or_else(|| mismatch::between(what, (tree, kind), (tree, found)))?);
    }
    Ok((kind, adopted))
}

fn too_wide(what: &str, one: (&Tree, Type), two: (&Tree, Type)) -> ExprProblem {
    let message = format!(
        "{what} would need more than 38 digits for {} ({}) and {} ({}): make one of them narrower by CAST(… AS decimal(precision,scale))",
        mismatch::shown(one.0),
        one.1,
        mismatch::shown(two.0),
        two.1
    );
    ExprProblem::new(two.0.at, message)
}
