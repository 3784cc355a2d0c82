//! Exact numbers while they are computed. Pure.
//!
//! Decimals are computed exactly, as fractions of whole numbers of at most 76 digits, which 256 bits hold; where such a
//! computation ends, its value is rounded once. So a computation may be wider than any decimal, and divide, as long as
//! round, CAST or the column says what it becomes.

use crate::expr::problem::{ExprProblem, Position};
use crate::expr::typed::{Exact, Literal, Node, Size, Step, Typed};
use crate::expr::types::Type;
use crate::value::decimal::MAX_PRECISION;

/// The digits of an int64.
pub(super) const INT64_DIGITS: u8 = 19;
/// The most digits of a whole number inside of a computation: all numbers of so many digits fit into 256 bits, and twice
/// that.
pub(super) const MOST_DIGITS: u32 = 76;

/// What a part of an expression is.
pub(super) enum Found {
    Value(Typed),
    /// A computation of decimals that nothing has rounded: it may be wider than any decimal, or a fraction.
    Computation(Exact),
}

impl Found {
    /// Returns whether it is an exact number.
    pub(super) fn is_exact(&self) -> bool {
        match self {
            Self::Value(value) => {
                value.node != Node::Untyped
                    && matches!(value.kind, Type::Int64 | Type::Decimal { .. })
            }
            Self::Computation(_) => true,
        }
    }

    /// Returns the type for a message.
    pub(super) fn kind(&self) -> Type {
        match self {
            Self::Value(value) => value.kind,
            Self::Computation(exact) => exact.kind(),
        }
    }

    pub(super) fn is(&self, kind: Type) -> bool {
        matches!(self, Self::Value(value) if value.kind == kind && value.node != Node::Untyped)
    }

    pub(super) fn is_untyped(&self) -> bool {
        matches!(self, Self::Value(value) if value.node == Node::Untyped)
    }

    /// Returns it as a computation; only exact numbers are one.
    pub(super) fn into_exact(self) -> Exact {
        let value = match self {
            Self::Computation(exact) => return exact,
            Self::Value(value) => value,
        };
        let (digits, scale) = match (value.kind, &value.node) {
            (_, Node::Literal(Literal::Int64(value))) => (count_digits((*value).into()), 0),
            (Type::Decimal { precision, scale }, _) => (precision, scale),
            _ => (INT64_DIGITS, 0),
        };
        let size = Size {
            digits: u32::from(digits),
            scale: u32::from(scale),
            denominator: None,
        };
        let step = Step::Value(value);
        Exact { step, size }
    }
}

impl Exact {
    /// Returns the type of the unrounded value, which may be wider than any decimal.
    pub(super) fn kind(&self) -> Type {
        // A size has at most 76 digits.
        let size = |digits: u32| u8::try_from(digits).unwrap_or(u8::MAX);
        Type::Decimal {
            precision: size(self.size.digits.max(self.size.scale).max(1)),
            scale: size(self.size.scale),
        }
    }
}

/// Ends a computation where nothing says what it becomes.
pub(super) fn settle(found: Found, at: Position) -> Result<Typed, ExprProblem> {
    let exact = match found {
        Found::Value(value) => return Ok(value),
        Found::Computation(exact) => exact,
    };
    let message = match (exact.size.denominator, exact.kind()) {
        (None, kind @ Type::Decimal { precision, .. }) if precision <= MAX_PRECISION => {
            return Ok(Typed::new(kind, Node::Exact(Box::new(exact))));
        }
        (None, kind) => format!(
            "this is a {kind}, and a decimal has at most {MAX_PRECISION} digits: say what it becomes by CAST(… AS decimal(precision,scale)) around it"
        ),
        (Some(_), _) => "a division of decimals may have no end of digits: say how many are kept by round(…, digits) or CAST(… AS decimal(precision,scale)) around it".to_owned(),
    };
    Err(ExprProblem::new(at, message))
}

/// Gives an exact number the type of a decimal, rounding it once.
pub(super) fn rounded(
    found: Found,
    precision: u8,
    scale: u8,
    at: Position,
) -> Result<Typed, ExprProblem> {
    let kind = Type::Decimal { precision, scale };
    if let Found::Value(value) = &found
        && value.kind == kind
    {
        return settle(found, at);
    }
    let exact = found.into_exact();
    let (size, scale) = (exact.size, u32::from(scale));
    let fits = match scale.checked_sub(size.scale) {
        Some(more) => size.digits + more <= MOST_DIGITS,
        None => size.denominator.unwrap_or(1) + size.scale - scale <= MOST_DIGITS,
    };
    if !fits {
        return Err(too_long(at));
    }
    Ok(Typed::new(kind, Node::Exact(Box::new(exact))))
}

/// Gives a value the type of a decimal.
pub(super) fn to_decimal(value: Typed, kind: Type, at: Position) -> Result<Typed, ExprProblem> {
    let Type::Decimal { precision, scale } = kind else {
        return Ok(value);
    };
    rounded(Found::Value(value), precision, scale, at)
}

/// Returns the digits before the point that the value of a computation may have.
pub(super) fn whole_digits(found: &Found) -> u32 {
    match found {
        Found::Computation(exact) => exact.size.digits.saturating_sub(exact.size.scale),
        Found::Value(value) => match value.kind {
            Type::Decimal { precision, scale } => u32::from(precision.saturating_sub(scale)),
            _ => u32::from(INT64_DIGITS),
        },
    }
}

pub(super) fn too_long(at: Position) -> ExprProblem {
    let message = format!(
        "the numbers of this computation may need more than the {MOST_DIGITS} digits that it is exact to: make one of them narrower by CAST(… AS decimal(precision,scale))"
    );
    ExprProblem::new(at, message)
}

/// Returns how many digits a number has; none if it is 0.
pub(super) fn count_digits(value: i128) -> u8 {
    let value = value.unsigned_abs();
    // At most 39.
    value.checked_ilog10().map_or(0, |log| (log + 1) as u8)
}
