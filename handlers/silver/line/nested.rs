//! Values below the fields of a line, found in the scan that finds the fields; pure.
//!
//! Where columns look is a trie. A container is entered only where the trie goes on below it, so the recursion is as deep
//! as the longest path. Each value that is scanned is a visit with a number of its own, and what is found below it bears
//! that number: of members of one name the last counts, and what an earlier one held counts no more, without anything to
//! clear.

use super::names::{Names, Order, UNKNOWN};
use super::trie::Node;
use crate::value::json::token::{Kind, Token};
use crate::value::json::{Scanner, SyntaxError};

/// The trie below the fields, and what was found.
#[derive(Debug)]
pub(super) struct Nested {
    /// By number: fields first, each node after its parent.
    nodes: Vec<Node>,
    /// By number, likewise.
    places: Vec<Place>,
    /// Likewise: whether nothing is looked for below it, and its name has one spelling.
    is_plain: Vec<bool>,
    fields: usize,
    visits: u64,
    decoded: Vec<u8>,
    pub(super) folded: Vec<u8>,
}

/// What was found at a node of the trie.
#[derive(Clone, Debug, Default)]
struct Place {
    found: Token,
    /// The visit to the container that it was found in.
    within: u64,
    /// Whether the name was written exactly so.
    is_exact: bool,
    /// The last visit to a value here.
    visit: u64,
    /// The names of the last object here.
    order: Order,
}

impl Nested {
    /// Begins with nothing found; the first nodes are those of `fields` fields.
    pub(super) fn new(nodes: Vec<Node>, fields: usize, ignore_case: bool) -> Self {
        let is_leaf = |node: &Node| node.members.is_empty() && node.elements.is_empty();
        Self {
            is_plain: nodes
                .iter()
                .map(|node| !ignore_case && is_leaf(node))
                .collect(),
            places: vec![Place::default(); nodes.len()],
            nodes,
            fields,
            visits: 0,
            decoded: Vec::new(),
            folded: Vec::new(),
        }
    }

    /// Returns whether a value is read as it is written, whatever came before.
    #[inline]
    pub(super) fn is_plain(&self, number: u32) -> bool {
        self.is_plain.get(number as usize) == Some(&true)
    }

    /// Moves over the value of a field whose name was written exactly, or in another case. `token` is its value so far,
    /// which stays if only its name was exact.
    pub(super) fn field(
        &mut self,
        field: u32,
        is_exact: bool,
        token: &mut Token,
        line: &[u8],
        scanner: &mut Scanner<'_>,
    ) -> Result<(), SyntaxError> {
        let place = self.places.get_mut(field as usize);
        let stays = place.is_some_and(|place| {
            let stays = token.kind != Kind::Absent && place.is_exact && !is_exact;
            place.is_exact = is_exact || stays;
            stays
        });
        if stays {
            return scanner.value().map(drop);
        }
        let mut walk = Walk {
            nodes: &self.nodes,
            places: &mut self.places,
            is_plain: &self.is_plain,
            visits: &mut self.visits,
            decoded: &mut self.decoded,
            folded: &mut self.folded,
            line,
        };
        *token = walk.value(field, scanner)?;
        Ok(())
    }

    /// Completes the tokens of a line's fields by those below them.
    pub(super) fn settle(&self, tokens: &mut [Token]) {
        let places = self.nodes.iter().zip(&self.places).enumerate();
        for (number, (node, place)) in places.skip(self.fields) {
            let parent = node.parent as usize;
            let is_entered = tokens.get(parent).map(|token| token.kind) == Some(Kind::Container);
            let last_visit = self.places.get(parent).map(|parent| parent.visit);
            if is_entered
                && last_visit == Some(place.within)
                && let Some(token) = tokens.get_mut(number)
            {
                *token = place.found;
            }
        }
    }
}

/// One field's value.
struct Walk<'a> {
    nodes: &'a [Node],
    places: &'a mut [Place],
    is_plain: &'a [bool],
    visits: &'a mut u64,
    decoded: &'a mut Vec<u8>,
    folded: &'a mut Vec<u8>,
    line: &'a [u8],
}

impl<'a> Walk<'a> {
    /// Moves over a value, and notes what the trie looks for below it.
    fn value(&mut self, number: u32, scanner: &mut Scanner<'_>) -> Result<Token, SyntaxError> {
        let nodes = self.nodes;
        let Some(node) = nodes.get(number as usize) else {
            return scanner.value();
        };
        *self.visits += 1;
        let visit = *self.visits;
        if let Some(place) = self.places.get_mut(number as usize) {
            place.visit = visit;
        }
        match scanner.peek() {
            Some(b'{') if !node.members.is_empty() => self.object(node, number, visit, scanner),
            Some(b'[') if !node.elements.is_empty() => self.array(node, visit, scanner),
            _ => scanner.value(),
        }
    }

    fn object(
        &mut self,
        node: &'a Node,
        number: u32,
        visit: u64,
        scanner: &mut Scanner<'_>,
    ) -> Result<Token, SyntaxError> {
        let start = scanner.enter_bracket();
        if scanner.eat(b'}') {
            return Ok(scanner.leave_bracket(start));
        }
        for place in 0.. {
            if !scanner.eat(b'"') {
                return scanner.fail("expected a field name in quotes");
            }
            let (name, is_exact) = self.name(&node.names, number, place, scanner)?;
            scanner.colon()?;
            match node.members.get(name as usize) {
                Some(child) => self.child(*child, is_exact, visit, scanner)?,
                None => scanner.value().map(drop)?,
            }
            if !scanner.goes_on(b'}')? {
                break;
            }
        }
        Ok(scanner.leave_bracket(start))
    }

    fn array(
        &mut self,
        node: &'a Node,
        visit: u64,
        scanner: &mut Scanner<'_>,
    ) -> Result<Token, SyntaxError> {
        let start = scanner.enter_bracket();
        if scanner.eat(b']') {
            return Ok(scanner.leave_bracket(start));
        }
        let mut wanted = node.elements.iter().peekable();
        for index in 0_u64.. {
            match wanted.next_if(|(at, _)| *at == index) {
                Some((_, child)) => self.child(*child, true, visit, scanner)?,
                None => scanner.value().map(drop)?,
            }
            if !scanner.goes_on(b']')? {
                break;
            }
        }
        Ok(scanner.leave_bracket(start))
    }

    /// Moves over a name whose first quote is behind; returns its number, and whether it is written exactly so.
    fn name(
        &mut self,
        names: &Names,
        number: u32,
        place: usize,
        scanner: &mut Scanner<'_>,
    ) -> Result<(u32, bool), SyntaxError> {
        let known = self.places.get_mut(number as usize);
        let expected = known.map_or(UNKNOWN, |known| known.order.expected(place));
        if names.eat(expected, scanner) {
            return Ok((expected, true));
        }
        let token = scanner.string()?;
        let text = token.decoded(self.line, self.decoded);
        let exact = names.find(text);
        let found = match exact {
            UNKNOWN => names.find_in_any_case(text, self.folded),
            exact => exact,
        };
        if let Some(known) = self.places.get_mut(number as usize) {
            known.order.remember(place, found);
        }
        Ok((found, exact != UNKNOWN))
    }

    /// Moves over a value inside of the container of this visit; a name that is written exactly so stays before others.
    fn child(
        &mut self,
        number: u32,
        is_exact: bool,
        visit: u64,
        scanner: &mut Scanner<'_>,
    ) -> Result<(), SyntaxError> {
        let is_plain = self.is_plain.get(number as usize) == Some(&true);
        if is_plain && let Some(place) = self.places.get_mut(number as usize) {
            place.within = visit;
            place.is_exact = is_exact;
            return scanner.value_into(&mut place.found);
        }
        let place = self.places.get(number as usize);
        if !is_exact && place.is_some_and(|place| place.is_exact && place.within == visit) {
            return scanner.value().map(drop);
        }
        let found = self.value(number, scanner)?;
        if let Some(place) = self.places.get_mut(number as usize) {
            place.found = found;
            place.within = visit;
            place.is_exact = is_exact;
        }
        Ok(())
    }
}
