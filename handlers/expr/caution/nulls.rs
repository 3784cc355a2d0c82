//! Nulls that a condition overlooks. Pure.

use std::collections::BTreeSet;

use crate::expr::check::Scope;
use crate::expr::tree::Comparison;
use crate::expr::typed::{Exact, Node, Step, Typed};

/// Returns the nullable columns that are compared by `<>` or NOT IN, and nowhere by IS NULL or IS DISTINCT FROM.
pub(in crate::expr) fn overlooked_nulls(part: &Typed, scope: Scope<'_>) -> Vec<usize> {
    let mut found = Found::default();
    found.visit(part);
    let is_nullable = |place: &usize| {
        let column = scope.columns.get(*place);
        column.is_some_and(|column| column.nullable)
    };
    let overlooked = found.compared.difference(&found.told).copied();
    overlooked.filter(is_nullable).collect()
}

#[derive(Default)]
struct Found {
    compared: BTreeSet<usize>,
    told: BTreeSet<usize>,
}

impl Found {
    fn visit(&mut self, part: &Typed) {
        match &part.node {
            Node::Compare(Comparison::NotEqual, left, right) => {
                self.compared
                    .extend([left, right].iter().filter_map(|side| column(side)));
            }
            Node::In {
                operand,
                negated: true,
                ..
            } => self.compared.extend(column(operand)),
            Node::IsNull { operand, .. } => self.told.extend(column(operand)),
            Node::Distinct { left, right, .. } => {
                self.told
                    .extend([left, right].iter().filter_map(|side| column(side)));
            }
            _ => {}
        }
        part.node.each_part(&mut |part| self.visit(part));
    }
}

/// Returns the column that a part is, also of another scale.
fn column(part: &Typed) -> Option<usize> {
    match &part.node {
        Node::Column(place) => Some(*place),
        Node::Exact(exact) => match &**exact {
            Exact {
                step: Step::Value(value),
                ..
            } => column(value),
            _ => None,
        },
        _ => None,
    }
}
