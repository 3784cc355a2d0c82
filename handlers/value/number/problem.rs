//! What is wrong with a number, and what happens to digits that have no place. Pure.

/// What happens to digits beyond the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// They round, half away from zero.
    Round,
    /// They are cut, towards negative infinity.
    Floor,
    /// They are refused unless all of them are zero.
    Refuse,
}

/// Why text is not a number of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberProblem {
    /// It is not written as JSON writes numbers.
    Syntax,
    /// It is larger than the type.
    Overflow,
    /// It has digits beyond the scale.
    Inexact,
}
