//! From a tree to typed parts: every name is a column, and every value has the type that its place asks for. Pure.

mod arithmetic;
mod call;
mod cast;
mod exact;
mod literal;
mod mismatch;
mod pattern;
mod typer;
mod unify;

use super::function::Function;
use super::problem::{ExprProblem, Position};
use super::tree::{Chain, Comparison, Literal as Written, Node as Part, Tree};
use super::typed::{Literal, Node, Typed, Wildcard};
use super::types::Type;
use crate::wording::{nearest, quoted};
use exact::Found;
use literal::{adopt, literal};
use typer::{Typer, check_comparable};

/// A column that an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Column<'n> {
    /// Its name; upper and lower case are the same.
    pub name: &'n str,
    /// Its type.
    pub kind: Type,
    /// Whether it may be null.
    pub nullable: bool,
}

/// What an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'n> {
    /// Its columns, by whose places the evaluator finds their values.
    pub columns: &'n [Column<'n>],
    /// Columns that exist and may not be named, for a better message.
    pub later: &'n [&'n str],
}

/// Types an expression whose value becomes a column of type `target`.
pub(super) fn as_column(tree: &Tree, scope: Scope<'_>, target: Type) -> Result<Typed, ExprProblem> {
    let found = scope.part(tree)?;
    if let Type::Decimal { precision, scale } = target
        && found.is_exact()
    {
        cast::refuse_second_rounding(tree, &found, scale)?;
        return exact::rounded(found, precision, scale, tree.at);
    }
    let found = exact::settle(found, tree.at)?;
    if found.is_untyped() {
        let message = "the expression is NULL for every row; leave the column out";
        return Err(ExprProblem::new(tree.at, message));
    }
    let kind = found.kind;
    adopt(found, target, tree.at)?.ok_or_else(|| mismatch::with_column(tree, kind, target))
}

/// Types an expression that is a condition.
pub(super) fn as_condition(tree: &Tree, scope: Scope<'_>) -> Result<Typed, ExprProblem> {
    scope.condition(tree)
}

impl Typer for Scope<'_> {
    fn part(&self, tree: &Tree) -> Result<Found, ExprProblem> {
        match &tree.node {
            Part::Negate(operand) => arithmetic::negate(self.part(operand)?, operand),
            Part::Arithmetic(operator, left, right) => {
                let found = (self.part(left)?, self.part(right)?);
                arithmetic::arithmetic(*operator, (left, right), found)
            }
            _ => self.closed(tree).map(Found::Value),
        }
    }
}

impl Scope<'_> {
    /// Types a part that is a condition.
    fn condition(self, tree: &Tree) -> Result<Typed, ExprProblem> {
        let found = self.value(tree)?;
        if found.is_untyped() {
            return Ok(Typed::new(Type::Bool, Node::Literal(Literal::Null)));
        }
        match found.kind {
            Type::Bool => Ok(found),
            kind => {
                let message = format!(
                    "{} is {kind}, where a condition is expected, such as {} IS NOT NULL",
                    mismatch::shown(tree),
                    mismatch::shown(tree)
                );
                Err(ExprProblem::new(tree.at, message))
            }
        }
    }

    /// Types a part that is no arithmetic.
    fn closed(self, tree: &Tree) -> Result<Typed, ExprProblem> {
        match &tree.node {
            Part::Negate(_) | Part::Arithmetic(..) => self.value(tree),
            Part::Name(name) => self.column(name, tree.at),
            Part::Literal(written) => literal(written, tree.at),
            Part::Not(operand) => {
                let node = Node::Not(Box::new(self.condition(operand)?));
                Ok(Typed::new(Type::Bool, node))
            }
            Part::Chain(Chain::Concat, parts) => self.concat(parts),
            Part::Chain(chain, parts) => {
                let parts = parts.iter().map(|part| self.condition(part));
                let parts = parts.collect::<Result<_, _>>()?;
                Ok(Typed::new(Type::Bool, Node::Chain(*chain, parts)))
            }
            Part::Compare(operator, left, right) => self.compare(*operator, left, right),
            Part::Distinct {
                left,
                right,
                negated,
            } => self.distinct(left, right, *negated),
            Part::IsNull { operand, negated } => {
                let operand = Box::new(self.value(operand)?);
                let negated = *negated;
                Ok(Typed::new(Type::Bool, Node::IsNull { operand, negated }))
            }
            Part::In {
                operand,
                list,
                negated,
            } => self.contained(operand, list, *negated),
            Part::Between {
                operand,
                low,
                high,
                negated,
            } => self.between([operand, low, high], *negated),
            Part::Like {
                operand,
                pattern,
                escape,
                negated,
            } => {
                let pattern = pattern::read(pattern, *escape, tree.at)?;
                self.like(operand, pattern, *negated)
            }
            Part::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref()),
            Part::Cast(operand, kind) => cast::cast(&self, operand, *kind),
            Part::Call(name, arguments) => call::call(&self, name, arguments, tree.at),
        }
    }

    fn column(self, name: &str, at: Position) -> Result<Typed, ExprProblem> {
        let is_it = |column: &Column<'_>| column.name.eq_ignore_ascii_case(name);
        if let Some(place) = self.columns.iter().position(is_it) {
            let kind = self
                .columns
                .get(place)
                .map_or(Type::Json, |column| column.kind);
            return Ok(Typed::new(kind, Node::Column(place)));
        }
        let word = quoted(name);
        if self
            .later
            .iter()
            .any(|later| later.eq_ignore_ascii_case(name))
        {
            let message = format!(
                "column {word} does not stand before this one: an expression names earlier columns only"
            );
            return Err(ExprProblem::new(at, message));
        }
        if let Some(function) = Function::named(name) {
            let message = format!(
                "there is no column {word}; the function is called as {}",
                function.usage()
            );
            return Err(ExprProblem::new(at, message));
        }
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let message = match (nearest(name, &names), names.is_empty()) {
            (Some(near), _) => {
                format!("there is no column {word}; did you mean {}?", quoted(near))
            }
            (None, true) => format!("there is no column {word}, nor any other before this one"),
            (None, false) => {
                let some: Vec<&str> = names.iter().take(20).copied().collect();
                let more = if names.len() > some.len() {
                    ", …"
                } else {
                    ""
                };
                format!(
                    "there is no column {word}; there are {}{more}; a text stands in single quotes",
                    some.join(", ")
                )
            }
        };
        Err(ExprProblem::new(at, message))
    }

    fn like(
        self,
        operand: &Tree,
        pattern: Vec<Wildcard>,
        negated: bool,
    ) -> Result<Typed, ExprProblem> {
        let node = Node::Like {
            operand: Box::new(self.text(operand, "LIKE")?),
            pattern,
            negated,
        };
        Ok(Typed::new(Type::Bool, node))
    }

    fn concat(self, parts: &[Tree]) -> Result<Typed, ExprProblem> {
        let parts = parts.iter().map(|part| self.text(part, "||"));
        let parts = parts.collect::<Result<_, _>>()?;
        Ok(Typed::new(Type::String, Node::Chain(Chain::Concat, parts)))
    }

    fn compare(
        self,
        operator: Comparison,
        left: &Tree,
        right: &Tree,
    ) -> Result<Typed, ExprProblem> {
        for side in [left, right] {
            if side.node == Part::Literal(Written::Null) {
                let message = format!(
                    "{} NULL is never true: write IS NULL or IS NOT NULL",
                    operator.as_str()
                );
                return Err(ExprProblem::new(side.at, message));
            }
        }
        let (kind, parts) = self.unified(&[left, right], operator.as_str())?;
        let is_equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        check_comparable(kind, is_equality, operator.as_str(), left.at)?;
        let [left, right] = two(parts, left.at)?;
        let node = Node::Compare(operator, Box::new(left), Box::new(right));
        Ok(Typed::new(Type::Bool, node))
    }

    fn distinct(self, left: &Tree, right: &Tree, negated: bool) -> Result<Typed, ExprProblem> {
        let (kind, parts) = self.unified(&[left, right], "IS DISTINCT FROM")?;
        check_comparable(kind, true, "IS DISTINCT FROM", left.at)?;
        let [left, right] = two(parts, left.at)?;
        let node = Node::Distinct {
            left: Box::new(left),
            right: Box::new(right),
            negated,
        };
        Ok(Typed::new(Type::Bool, node))
    }

    fn contained(self, operand: &Tree, list: &[Tree], negated: bool) -> Result<Typed, ExprProblem> {
        for item in list {
            let message = match &item.node {
                Part::Literal(Written::Null) => {
                    "NULL in the list makes NOT IN never true, and IN never false: test for it by IS NULL"
                }
                Part::Literal(_) => continue,
                _ => "the list of IN has literals only; compare with columns by = and OR",
            };
            return Err(ExprProblem::new(item.at, message));
        }
        let all: Vec<&Tree> = std::iter::once(operand).chain(list).collect();
        let (kind, mut parts) = self.unified(&all, "IN")?;
        check_comparable(kind, true, "IN", operand.at)?;
        let list = parts
            .split_off(1)
            .into_iter()
            .filter_map(|item| match item.node {
                Node::Literal(literal) => Some(literal),
                _ => None,
            });
        let list = list.collect();
        let operand = parts.pop().map(Box::new);
        let operand = operand.ok_or_else(|| ExprProblem::new(all[0].at, "IN has no operand"))?;
        let node = Node::In {
            operand,
            list,
            negated,
        };
        Ok(Typed::new(Type::Bool, node))
    }

    fn between(self, parts: [&Tree; 3], negated: bool) -> Result<Typed, ExprProblem> {
        let at = parts[0].at;
        let (kind, parts) = self.unified(&parts, "BETWEEN")?;
        check_comparable(kind, false, "BETWEEN", at)?;
        let parts: [Typed; 3] = parts
            .try_into()
            .map_err(|_| ExprProblem::new(at, "BETWEEN has three operands"))?;
        let [operand, low, high] = parts.map(Box::new);
        let node = Node::Between {
            operand,
            low,
            high,
            negated,
        };
        Ok(Typed::new(Type::Bool, node))
    }

    fn case(
        self,
        operand: Option<&Tree>,
        branches: &[(Tree, Tree)],
        otherwise: Option<&Tree>,
    ) -> Result<Typed, ExprProblem> {
        let results = branches.iter().map(|(_, then)| then).chain(otherwise);
        let results: Vec<&Tree> = results.collect();
        let (kind, mut results) = self.unified(&results, "CASE")?;
        let otherwise = match otherwise {
            Some(_) => results.pop().map(Box::new),
            None => None,
        };
        let (operand, conditions) = match operand {
            None => {
                let conditions = branches.iter().map(|(when, _)| self.condition(when));
                (None, conditions.collect::<Result<Vec<_>, _>>()?)
            }
            Some(operand) => {
                let null = branches
                    .iter()
                    .find(|(when, _)| when.node == Part::Literal(Written::Null));
                if let Some((when, _)) = null {
                    let message =
                        "WHEN NULL is never true: write CASE WHEN … IS NULL THEN … instead";
                    return Err(ExprProblem::new(when.at, message));
                }
                let all = branches.iter().map(|(when, _)| when);
                let all: Vec<&Tree> = std::iter::once(operand).chain(all).collect();
                let (kind, mut all) = self.unified(&all, "CASE")?;
                check_comparable(kind, true, "CASE", operand.at)?;
                let conditions = all.split_off(1);
                (all.pop().map(Box::new), conditions)
            }
        };
        let node = Node::Case {
            operand,
            branches: conditions.into_iter().zip(results).collect(),
            otherwise,
        };
        Ok(Typed::new(kind, node))
    }
}

fn two(parts: Vec<Typed>, at: Position) -> Result<[Typed; 2], ExprProblem> {
    let parts = parts.try_into();
    parts.map_err(|_| ExprProblem::new(at, "an operator has two operands"))
}
