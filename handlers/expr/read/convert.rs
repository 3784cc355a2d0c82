//! From what the parser made of a text to a tree of the language. Pure.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, InTarget, ObjectName, TypeModifier, TypedString, UnaryOperator,
};
use sqlparser::tokenizer::{Location, Span};

use super::literal;
use super::tokens::position;
use crate::expr::problem::{ExprProblem, MOST_LEVELS, Position};
use crate::expr::tree::{Arithmetic, Chain, Comparison, Literal, Node, Tree};
use crate::expr::types::Type;

/// How deep the parser may call itself: a level takes it at most two calls, for an operand and for its parentheses.
pub(super) const MOST_CALLS: usize = 2 * MOST_LEVELS + 4;

/// Where a part is about, for what the parser gives no place, and in how many others it is.
#[derive(Clone, Copy)]
pub(super) struct Near {
    at: Position,
    depth: usize,
}

impl Near {
    pub(super) fn start() -> Self {
        Self {
            at: Position::START,
            depth: 0,
        }
    }

    fn moved(self, at: Position) -> Self {
        Self { at, ..self }
    }
}

/// Makes a part of the tree.
pub(super) fn convert(expr: Expr, near: Near) -> Result<Tree, ExprProblem> {
    let near = Near {
        depth: near.depth + 1,
        ..near
    };
    // The parser does not count what leans to the left, such as a IS NULL IS NULL.
    if near.depth > MOST_CALLS {
        return Err(ExprProblem::too_deep(near.at));
    }
    let tree = match expr {
        Expr::Nested(inner) => return convert(*inner, near),
        Expr::Identifier(name) => {
            let at = place(name.span, near);
            Tree::new(at, Node::Name(name.value.to_ascii_lowercase()))
        }
        Expr::Value(value) => {
            let at = place(value.span, near);
            Tree::new(at, Node::Literal(literal::value(value.value, at)?))
        }
        Expr::TypedString(TypedString {
            data_type, value, ..
        }) => {
            let at = place(value.span, near);
            Tree::new(
                at,
                Node::Literal(literal::typed(data_type, value.value, at)?),
            )
        }
        Expr::UnaryOp { op, expr } => convert_unary(op, *expr, near)?,
        Expr::BinaryOp { .. } => convert_binary(expr, near)?,
        Expr::Case {
            case_token,
            operand,
            conditions,
            else_result,
            ..
        } => {
            let at = place(case_token.0.span, near);
            convert_case(operand, conditions, else_result, near.moved(at))?
        }
        Expr::Cast {
            kind: CastKind::Cast,
            expr,
            data_type,
            format: None,
        } => convert_cast(*expr, &data_type, near)?,
        Expr::Function(function) => convert_call(function, near)?,
        other => convert_condition(other, near)?,
    };
    match tree.levels > MOST_LEVELS {
        true => Err(ExprProblem::too_deep(tree.at)),
        false => Ok(tree),
    }
}

fn convert_condition(expr: Expr, near: Near) -> Result<Tree, ExprProblem> {
    match expr {
        Expr::IsNull(operand) => is_null(*operand, false, near),
        Expr::IsNotNull(operand) => is_null(*operand, true, near),
        Expr::IsDistinctFrom(left, right) => distinct(*left, *right, false, near),
        Expr::IsNotDistinctFrom(left, right) => distinct(*left, *right, true, near),
        Expr::In {
            expr,
            target: InTarget::List(list),
            negated,
            global: false,
        } => convert_in(*expr, list, negated, near),
        Expr::Between {
            expr,
            negated,
            low,
            high,
        } => convert_between([*expr, *low, *high], negated, near),
        Expr::Like {
            negated,
            any: false,
            expr,
            pattern,
            escape_char,
        } => convert_like(*expr, *pattern, escape_char, negated, near),
        other => Err(refuse(&other, near)),
    }
}

fn place(span: Span, near: Near) -> Position {
    match span.start {
        Location { line: 0, .. } => near.at,
        start => position(start),
    }
}

/// Says that a construct of SQL is none of the language.
fn refuse(expr: &Expr, near: Near) -> ExprProblem {
    let message = match expr {
        Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
            "IS is followed by [NOT] NULL or [NOT] DISTINCT FROM; a condition is compared by = TRUE"
        }
        Expr::Subquery(_) | Expr::Exists { .. } => "an expression reads one event: no subqueries",
        Expr::Tuple(_) => "a list stands only after IN and in a function's parentheses",
        Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => {
            "a name is that of a column, without a point"
        }
        _ => "this is not part of the language",
    };
    ExprProblem::new(near.at, message)
}

fn convert_in(
    operand: Expr,
    list: Vec<Expr>,
    negated: bool,
    near: Near,
) -> Result<Tree, ExprProblem> {
    let operand = Box::new(convert(operand, near)?);
    let at = operand.at;
    let list = list.into_iter().map(|item| convert(item, near.moved(at)));
    let node = Node::In {
        operand,
        list: list.collect::<Result<_, _>>()?,
        negated,
    };
    Ok(Tree::new(at, node))
}

fn convert_between(
    [operand, low, high]: [Expr; 3],
    negated: bool,
    near: Near,
) -> Result<Tree, ExprProblem> {
    let operand = Box::new(convert(operand, near)?);
    let at = operand.at;
    let node = Node::Between {
        operand,
        low: Box::new(convert(low, near.moved(at))?),
        high: Box::new(convert(high, near.moved(at))?),
        negated,
    };
    Ok(Tree::new(at, node))
}

fn convert_cast(operand: Expr, kind: &DataType, near: Near) -> Result<Tree, ExprProblem> {
    let operand = Box::new(convert(operand, near)?);
    let at = operand.at;
    Ok(Tree::new(
        at,
        Node::Cast(operand, convert_type(kind, near.moved(at))?),
    ))
}

fn is_null(operand: Expr, negated: bool, near: Near) -> Result<Tree, ExprProblem> {
    let operand = Box::new(convert(operand, near)?);
    let at = operand.at;
    Ok(Tree::new(at, Node::IsNull { operand, negated }))
}

fn distinct(left: Expr, right: Expr, negated: bool, near: Near) -> Result<Tree, ExprProblem> {
    let left = Box::new(convert(left, near)?);
    let at = left.at;
    let right = Box::new(convert(right, near.moved(at))?);
    let node = Node::Distinct {
        left,
        right,
        negated,
    };
    Ok(Tree::new(at, node))
}

fn convert_unary(op: UnaryOperator, operand: Expr, near: Near) -> Result<Tree, ExprProblem> {
    let operand = convert(operand, near)?;
    let at = operand.at;
    let node = match op {
        UnaryOperator::Plus => return Ok(operand),
        UnaryOperator::Not => Node::Not(Box::new(operand)),
        UnaryOperator::Minus => match operand.node {
            Node::Literal(Literal::Exact { negative, digits }) => Node::Literal(Literal::Exact {
                // There is no -0.
                negative: !negative && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)),
                digits,
            }),
            Node::Literal(Literal::Double(value)) => Node::Literal(Literal::Double(0.0 - value)),
            _ => Node::Negate(Box::new(operand)),
        },
        other => {
            let message = format!("{other} is not part of the language");
            return Err(ExprProblem::new(at, message));
        }
    };
    Ok(Tree::new(at, node))
}

/// An operator between two operands.
enum Infix {
    Chain(Chain),
    Arithmetic(Arithmetic),
    Compare(Comparison),
}

fn infix(op: &BinaryOperator) -> Option<Infix> {
    Some(match op {
        BinaryOperator::And => Infix::Chain(Chain::And),
        BinaryOperator::Or => Infix::Chain(Chain::Or),
        BinaryOperator::StringConcat => Infix::Chain(Chain::Concat),
        BinaryOperator::Plus => Infix::Arithmetic(Arithmetic::Add),
        BinaryOperator::Minus => Infix::Arithmetic(Arithmetic::Subtract),
        BinaryOperator::Multiply => Infix::Arithmetic(Arithmetic::Multiply),
        BinaryOperator::Divide => Infix::Arithmetic(Arithmetic::Divide),
        BinaryOperator::Eq => Infix::Compare(Comparison::Equal),
        BinaryOperator::NotEq => Infix::Compare(Comparison::NotEqual),
        BinaryOperator::Lt => Infix::Compare(Comparison::Less),
        BinaryOperator::LtEq => Infix::Compare(Comparison::LessOrEqual),
        BinaryOperator::Gt => Infix::Compare(Comparison::Greater),
        BinaryOperator::GtEq => Infix::Compare(Comparison::GreaterOrEqual),
        _ => return None,
    })
}

/// Makes operands that lean to the left, of which a short text may have a thousand, without a call for each.
fn convert_binary(mut expr: Expr, near: Near) -> Result<Tree, ExprProblem> {
    let mut rest = Vec::new();
    while let Expr::BinaryOp { left, op, right } = expr {
        rest.push((op, *right));
        expr = *left;
    }
    let mut tree = convert(expr, near)?;
    while let Some((op, right)) = rest.pop() {
        let at = tree.at;
        let right = convert(right, near.moved(at))?;
        let Some(infix) = infix(&op) else {
            let message = format!("{op} is not part of the language");
            return Err(ExprProblem::new(at, message));
        };
        let node = match infix {
            Infix::Chain(kind) => Node::Chain(kind, joined(kind, tree, right)),
            Infix::Arithmetic(kind) => Node::Arithmetic(kind, Box::new(tree), Box::new(right)),
            Infix::Compare(kind) => Node::Compare(kind, Box::new(tree), Box::new(right)),
        };
        tree = Tree::new(at, node);
        if tree.levels > MOST_LEVELS {
            return Err(ExprProblem::too_deep(right_end(&tree)));
        }
    }
    Ok(tree)
}

/// The place of what was joined last.
fn right_end(tree: &Tree) -> Position {
    match &tree.node {
        Node::Arithmetic(_, _, right) | Node::Compare(_, _, right) => right.at,
        _ => tree.at,
    }
}

fn joined(kind: Chain, left: Tree, right: Tree) -> Vec<Tree> {
    let mut parts = Vec::new();
    for tree in [left, right] {
        match tree.node {
            Node::Chain(inner, inside) if inner == kind => parts.extend(inside),
            _ => parts.push(tree),
        }
    }
    parts
}

fn convert_like(
    operand: Expr,
    pattern: Expr,
    escape: Option<Box<Expr>>,
    negated: bool,
    near: Near,
) -> Result<Tree, ExprProblem> {
    let operand = Box::new(convert(operand, near)?);
    let at = operand.at;
    let text = |expr: Expr, what: &str| {
        let tree = convert(expr, near.moved(at))?;
        match tree.node {
            Node::Literal(Literal::Text(text)) => Ok((text, tree.at)),
            _ => Err(ExprProblem::new(tree.at, what)),
        }
    };
    let (pattern, _) = text(
        pattern,
        "the pattern of LIKE is a text in single quotes; for the text of a column there are starts_with, ends_with and contains",
    )?;
    const ESCAPE: &str = "ESCAPE is followed by one character in single quotes, such as '!'";
    let escape = match escape {
        None => None,
        Some(escape) => {
            let (escape, at) = text(*escape, ESCAPE)?;
            let mut characters = escape.chars();
            match (characters.next(), characters.next()) {
                (Some(escape), None) => Some(escape),
                _ => return Err(ExprProblem::new(at, ESCAPE)),
            }
        }
    };
    let node = Node::Like {
        operand,
        pattern,
        escape,
        negated,
    };
    Ok(Tree::new(at, node))
}

fn convert_case(
    operand: Option<Box<Expr>>,
    conditions: Vec<CaseWhen>,
    otherwise: Option<Box<Expr>>,
    near: Near,
) -> Result<Tree, ExprProblem> {
    let part = |expr: Option<Box<Expr>>| -> Result<Option<Box<Tree>>, ExprProblem> {
        expr.map(|expr| convert(*expr, near).map(Box::new))
            .transpose()
    };
    let branches = conditions
        .into_iter()
        .map(|when| Ok((convert(when.condition, near)?, convert(when.result, near)?)));
    let node = Node::Case {
        operand: part(operand)?,
        branches: branches.collect::<Result<_, ExprProblem>>()?,
        otherwise: part(otherwise)?,
    };
    Ok(Tree::new(near.at, node))
}

fn name_of(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    }
}

fn convert_type(data_type: &DataType, near: Near) -> Result<Type, ExprProblem> {
    let DataType::Custom(name, modifiers) = data_type else {
        let message = format!("{data_type} is no type that a CAST makes");
        return Err(ExprProblem::new(near.at, message));
    };
    let at = name_of(name).map_or(near.at, |name| place(name.span, near));
    let name = name_of(name).map_or("", |name| name.value.as_str());
    let modifiers = modifiers.iter().map(|modifier| match modifier {
        TypeModifier::Number(text, _) | TypeModifier::String(text) => text.as_str(),
        TypeModifier::Identifier(name) => name.value.as_str(),
    });
    let modifiers: Vec<&str> = modifiers.collect();
    Type::parse(name, &modifiers).map_err(|message| ExprProblem::new(at, message))
}

fn convert_call(function: Function, near: Near) -> Result<Tree, ExprProblem> {
    let name = name_of(&function.name);
    let at = name.map_or(near.at, |name| place(name.span, near));
    let name = name.map_or(String::new(), |name| name.value.to_ascii_lowercase());
    let refused = |message: &str| Err(ExprProblem::new(at, format!("{name}: {message}")));
    let is_plain = matches!(function.parameters, FunctionArguments::None)
        && function.filter.is_none()
        && function.over.is_none()
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    let arguments = match function.args {
        FunctionArguments::List(list)
            if is_plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            list.args
        }
        _ => return refused("a function has expressions in its parentheses, and nothing else"),
    };
    let mut parts = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else {
            return refused("a function has expressions in its parentheses, and nothing else");
        };
        parts.push(convert(expr, near.moved(at))?);
    }
    Ok(Tree::new(at, Node::Call(name, parts)))
}
