//! A schema, with its names resolved.

use super::fingerprint::fingerprint;
use super::node::Node;
pub use super::node::SchemaProblem;
use super::parse;

/// What a value was written by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// All types; they name each other by their place here, for they may be recursive.
    nodes: Vec<Node>,
    root: usize,
    fingerprint: u64,
}

impl Schema {
    /// Reads the JSON text of a schema.
    ///
    /// # Errors
    /// Fails if it is none: broken JSON, a type that is not defined or lacks what it must have.
    pub fn parse(text: &str) -> Result<Self, SchemaProblem> {
        let parse::Parsed {
            nodes,
            root,
            canonical,
        } = parse::parse(text)?;
        Ok(Self {
            nodes,
            root,
            fingerprint: fingerprint(canonical.as_bytes()),
        })
    }

    /// Returns the fingerprint of the schema's canonical form by CRC-64-AVRO, which single-object encoding names it by.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(super) fn root(&self) -> usize {
        self.root
    }

    pub(super) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }
}
