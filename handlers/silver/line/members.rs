//! Places in members which could not be opened; pure.

use super::LineParser;
use super::unopened::{Unopened, is_at_or_above};
use crate::dataset::OpenMember;
use crate::value::path::FieldPath;

/// Which places are those of members that are opened, or in them.
#[derive(Debug, Default)]
pub(in crate::silver) struct Members {
    /// In the order of the dataset.
    members: Vec<Member>,
}

/// A member, by numbers of paths.
#[derive(Debug)]
struct Member {
    at: usize,
    /// The places that columns are read from.
    places: Vec<usize>,
}

impl Members {
    /// Finds the places among `from`, and returns the paths of the members that have some, which come after these.
    pub(in crate::silver) fn of(
        open: &[OpenMember],
        ignore_case: bool,
        from: &[&FieldPath],
    ) -> (Self, Vec<FieldPath>) {
        let mut members = Vec::new();
        let mut paths = Vec::new();
        for member in open {
            let is_in = |path: &FieldPath| is_at_or_above(member, path, ignore_case);
            let places = (0..).zip(from).filter(|(_, path)| is_in(path));
            let places: Vec<usize> = places.map(|(number, _)| number).collect();
            let first = places.first().and_then(|number| from.get(*number));
            // Written as it is in a column's path, so that the case of letters is the same.
            let length = member.at.segments().len();
            let at = first.and_then(|path| path.segments().get(..length));
            members.push(Member {
                at: from.len() + paths.len(),
                places,
            });
            paths.extend(at.map(|at| FieldPath::to(at.to_vec())));
        }
        (Self { members }, paths)
    }

    /// Names the paths by the numbers that a parser gave them.
    pub(in crate::silver) fn numbered(self, numbers: &[usize]) -> Self {
        // A number that is none is that of a place which no line has.
        let number = |path: usize| numbers.get(path).copied().unwrap_or(usize::MAX);
        let members = self.members.into_iter().map(|member| Member {
            at: number(member.at),
            places: member.places.into_iter().map(number).collect(),
        });
        Self {
            members: members.collect(),
        }
    }

    /// Tells the parser, which has read a record, what could not be opened.
    #[cold]
    pub(in crate::silver) fn mark(&self, unopened: Unopened, line: &[u8], parser: &mut LineParser) {
        let members = unopened
            .members()
            .filter_map(|number| self.members.get(number));
        for member in members {
            for place in &member.places {
                parser.set_unopened(*place, member.at, line);
            }
        }
    }
}
