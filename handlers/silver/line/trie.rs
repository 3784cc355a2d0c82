//! Paths as a trie: what they have in common is looked at once; pure.

use std::collections::HashMap;

use super::names::{Names, UNKNOWN};
use crate::value::path::{FieldPath, Segment};

/// A place that paths lead to or through.
#[derive(Debug)]
pub(super) struct Node {
    /// The number of the node above; of a field, none.
    pub(super) parent: u32,
    /// The names of members that paths go on to, and their nodes by the number of the name.
    pub(super) names: Names,
    pub(super) members: Vec<u32>,
    /// The indices of elements that paths go on to, in their order, and their nodes.
    pub(super) elements: Vec<(u64, u32)>,
}

/// Paths, compiled.
#[derive(Debug)]
pub(super) struct Trie {
    /// The fields of the line itself.
    pub(super) fields: Names,
    /// By number: first those of the fields, then the others, each after its parent.
    pub(super) nodes: Vec<Node>,
    /// How many of the nodes are fields.
    pub(super) field_count: usize,
    /// Whether some path is the line itself; its number is that after the nodes'.
    pub(super) has_root: bool,
    /// The number of each path, in their order.
    pub(super) numbers: Vec<u32>,
}

/// A node while the trie is built.
struct Draft<'p> {
    parent: u32,
    names: Vec<&'p str>,
    members: Vec<u32>,
    elements: Vec<(u64, u32)>,
}

impl<'p> Draft<'p> {
    fn below(parent: u32) -> Self {
        Self {
            parent,
            names: Vec::new(),
            members: Vec::new(),
            elements: Vec::new(),
        }
    }
}

impl Trie {
    /// Compiles paths.
    pub(super) fn new(paths: &[&FieldPath], ignore_case: bool) -> Self {
        let mut fields: Vec<&str> = Vec::new();
        let mut drafts: Vec<Draft<'_>> = Vec::new();
        let mut by_step: HashMap<(u32, &Segment), u32> = HashMap::new();
        for first in paths.iter().filter_map(|path| path.segments().first()) {
            if let Segment::Name(name) = first
                && !by_step.contains_key(&(UNKNOWN, first))
            {
                by_step.insert((UNKNOWN, first), drafts.len() as u32);
                fields.push(name);
                drafts.push(Draft::below(UNKNOWN));
            }
        }
        let field_count = drafts.len();
        let mut ends = Vec::with_capacity(paths.len());
        for path in paths {
            let end = path.segments().iter().try_fold(UNKNOWN, |above, step| {
                if let Some(known) = by_step.get(&(above, step)) {
                    return Some(*known);
                }
                let number = drafts.len() as u32;
                // The line is an object: it has no elements, and all its fields are known.
                let parent = drafts.get_mut(above as usize)?;
                match step {
                    Segment::Name(name) => {
                        parent.names.push(name);
                        parent.members.push(number);
                    }
                    Segment::Index(index) => parent.elements.push((*index, number)),
                }
                drafts.push(Draft::below(above));
                by_step.insert((above, step), number);
                Some(number)
            });
            ends.push(end);
        }
        let root = drafts.len() as u32;
        let numbers = ends.iter().map(|end| match end {
            Some(UNKNOWN) => root,
            Some(number) => *number,
            None => UNKNOWN,
        });
        Self {
            fields: Names::new(&fields, ignore_case),
            field_count,
            has_root: paths.iter().any(|path| path.segments().is_empty()),
            numbers: numbers.collect(),
            nodes: drafts
                .into_iter()
                .map(|mut draft| {
                    draft.elements.sort_unstable();
                    Node {
                        parent: draft.parent,
                        names: Names::new(&draft.names, ignore_case),
                        members: draft.members,
                        elements: draft.elements,
                    }
                })
                .collect(),
        }
    }
}
