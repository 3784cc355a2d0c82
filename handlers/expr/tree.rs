//! An expression as it was written, and its one normal text. Pure.
//!
//! Blanks, the case of keywords and names, and parentheses that change nothing leave no trace. The normal text reads back
//! as the same tree.

use std::fmt;

use super::keyword::is_keyword;
use super::problem::Position;
use super::types::Type;
use crate::event::EventTime;
use crate::value::time::Date;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// Where its text begins.
    pub(super) at: Position,
    pub(super) node: Node,
    /// How many parts are inside of each other here.
    pub(super) levels: usize,
}

impl PartialEq for Tree {
    /// Trees are equal wherever they were written.
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A column, in lower case.
    Name(String),
    Literal(Literal),
    Negate(Box<Tree>),
    Not(Box<Tree>),
    /// At least two, none of which is a chain of the same kind.
    Chain(Chain, Vec<Tree>),
    Arithmetic(Arithmetic, Box<Tree>, Box<Tree>),
    Compare(Comparison, Box<Tree>, Box<Tree>),
    Distinct {
        left: Box<Tree>,
        right: Box<Tree>,
        negated: bool,
    },
    IsNull {
        operand: Box<Tree>,
        negated: bool,
    },
    In {
        operand: Box<Tree>,
        list: Vec<Tree>,
        negated: bool,
    },
    Between {
        operand: Box<Tree>,
        low: Box<Tree>,
        high: Box<Tree>,
        negated: bool,
    },
    Like {
        operand: Box<Tree>,
        pattern: String,
        escape: Option<char>,
        negated: bool,
    },
    Case {
        operand: Option<Box<Tree>>,
        branches: Vec<(Tree, Tree)>,
        otherwise: Option<Box<Tree>>,
    },
    Cast(Box<Tree>, Type),
    /// A function, in lower case.
    Call(String, Vec<Tree>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    /// The digits with at most one point, without needless zeros in front, and whether there is a minus.
    Exact {
        negative: bool,
        digits: String,
    },
    /// Written with an exponent.
    Double(f64),
    Text(String),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}

/// What joins any number of parts, in whatever order they are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    And,
    Or,
    Concat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Chain {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Concat => "||",
        }
    }
}

impl Arithmetic {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }
}

impl Comparison {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Tree {
    pub(super) fn new(at: Position, node: Node) -> Self {
        let mut levels = 0;
        node.each_part(&mut |part| levels = levels.max(part.levels));
        Self {
            at,
            node,
            levels: levels + 1,
        }
    }

    /// Returns whether the text needs parentheses inside of another one.
    fn is_compound(&self) -> bool {
        !matches!(
            self.node,
            Node::Name(_) | Node::Literal(_) | Node::Case { .. } | Node::Cast(..) | Node::Call(..)
        )
    }
}

impl Node {
    /// Calls `visit` with each part that this one is made of.
    fn each_part(&self, visit: &mut dyn FnMut(&Tree)) {
        match self {
            Self::Name(_) | Self::Literal(_) => {}
            Self::Negate(operand)
            | Self::Not(operand)
            | Self::IsNull { operand, .. }
            | Self::Like { operand, .. }
            | Self::Cast(operand, _) => visit(operand),
            Self::Chain(_, parts) | Self::Call(_, parts) => parts.iter().for_each(visit),
            Self::Arithmetic(_, left, right)
            | Self::Compare(_, left, right)
            | Self::Distinct { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Self::In { operand, list, .. } => {
                visit(operand);
                list.iter().for_each(visit);
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
        }
    }
}

/// A part inside of another one.
struct Inner<'t>(&'t Tree);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_compound() {
            true => write!(f, "({})", self.0),
            false => self.0.fmt(f),
        }
    }
}

fn join(f: &mut fmt::Formatter<'_>, parts: &[Tree], separator: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        match separator {
            ", " => write!(f, "{part}")?,
            _ => write!(f, "{}", Inner(part))?,
        }
    }
    Ok(())
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

/// Text as a literal.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

impl fmt::Display for Tree {
    /// Writes the normal text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Name(name) if is_keyword(name) => write!(f, "\"{name}\""),
            Node::Name(name) => f.write_str(name),
            Node::Literal(literal) => literal.fmt(f),
            Node::Negate(operand) => write!(f, "-{}", Inner(operand)),
            Node::Not(operand) => write!(f, "NOT {}", Inner(operand)),
            Node::Chain(chain, parts) => join(f, parts, &format!(" {} ", chain.as_str())),
            Node::Arithmetic(operator, left, right) => {
                write!(f, "{} {} {}", Inner(left), operator.as_str(), Inner(right))
            }
            Node::Compare(operator, left, right) => {
                write!(f, "{} {} {}", Inner(left), operator.as_str(), Inner(right))
            }
            Node::Case {
                operand,
                branches,
                otherwise,
            } => write_case(f, operand.as_deref(), branches, otherwise.as_deref()),
            Node::Cast(operand, kind) => write!(f, "CAST({operand} AS {kind})"),
            Node::Call(name, arguments) => {
                write!(f, "{name}(")?;
                join(f, arguments, ", ")?;
                f.write_str(")")
            }
            condition => write_condition(f, condition),
        }
    }
}

fn write_condition(f: &mut fmt::Formatter<'_>, condition: &Node) -> fmt::Result {
    match condition {
        Node::Distinct {
            left,
            right,
            negated,
        } => {
            let not = not(*negated);
            write!(f, "{} IS {not}DISTINCT FROM {}", Inner(left), Inner(right))
        }
        Node::IsNull { operand, negated } => {
            write!(f, "{} IS {}NULL", Inner(operand), not(*negated))
        }
        Node::In {
            operand,
            list,
            negated,
        } => {
            write!(f, "{} {}IN (", Inner(operand), not(*negated))?;
            join(f, list, ", ")?;
            f.write_str(")")
        }
        Node::Between {
            operand,
            low,
            high,
            negated,
        } => {
            let (operand, low, high) = (Inner(operand), Inner(low), Inner(high));
            write!(f, "{operand} {}BETWEEN {low} AND {high}", not(*negated))
        }
        Node::Like {
            operand,
            pattern,
            escape,
            negated,
        } => {
            let (operand, not) = (Inner(operand), not(*negated));
            write!(f, "{operand} {not}LIKE {}", Quoted(pattern))?;
            match escape {
                Some(escape) => write!(f, " ESCAPE {}", Quoted(&escape.to_string())),
                None => Ok(()),
            }
        }
        // All others are written by `Tree`.
        _ => Ok(()),
    }
}

fn write_case(
    f: &mut fmt::Formatter<'_>,
    operand: Option<&Tree>,
    branches: &[(Tree, Tree)],
    otherwise: Option<&Tree>,
) -> fmt::Result {
    f.write_str("CASE")?;
    if let Some(operand) = operand {
        write!(f, " {}", Inner(operand))?;
    }
    for (when, then) in branches {
        write!(f, " WHEN {} THEN {}", Inner(when), Inner(then))?;
    }
    if let Some(otherwise) = otherwise {
        write!(f, " ELSE {}", Inner(otherwise))?;
    }
    f.write_str(" END")
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(true) => f.write_str("TRUE"),
            Self::Bool(false) => f.write_str("FALSE"),
            Self::Exact {
                negative: true,
                digits,
            } => write!(f, "-{digits}"),
            Self::Exact { digits, .. } => f.write_str(digits),
            Self::Double(value) => write!(f, "{value:e}"),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Timestamp(micros) => write!(f, "timestamp '{}'", EventTime(*micros)),
            Self::Date(day) => write!(f, "date '{}'", Date::from_days(i64::from(*day))),
        }
    }
}
