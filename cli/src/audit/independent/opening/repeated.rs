//! How much of what stands beside the records of an event they may repeat, all of them together.

use sluice::dataset::{Column, Dataset, Origin, Payload};
use sluice::value::path::{FieldPath, Segment};

use super::room::Refused;
use crate::audit::independent::json::{at, value};
use crate::audit::independent::object::Event;

/// Counts the bytes that records repeat.
pub(super) struct Repeated<'d> {
    payload: &'d Payload,
    columns: &'d [Column],
    bytes: usize,
}

impl<'d> Repeated<'d> {
    pub(super) fn of(dataset: &'d Dataset) -> Self {
        Self {
            payload: &dataset.payload,
            columns: &dataset.columns,
            bytes: 0,
        }
    }

    /// Adds what stands in a value beside its records, whose members of these numbers could not be opened.
    pub(super) fn add_beside(&mut self, whole: &str, unopened: &[usize], records: usize) {
        // Only an object has something beside its records.
        if !whole.trim_start().starts_with('{') {
            return;
        }
        let lengths = self.paths(Origin::Event).map(|path| {
            // What reads a member that could not be opened, or into it, has all of that member instead.
            let members = unopened
                .iter()
                .rev()
                .filter_map(|n| self.payload.open.get(*n));
            let mut members = members.map(|member| &member.at);
            let read = members.find(|member| self.leads_through(path, member));
            self.length(whole, read.unwrap_or(path))
        });
        let bytes = lengths.sum();
        self.add(bytes, records);
    }

    /// Adds what came with an event, and refuses one whose records repeat too much; one record repeats nothing.
    pub(super) fn check(mut self, event: &Event<'_>, records: usize) -> Result<(), Refused> {
        for (origin, came) in [
            (Origin::Properties, event.properties),
            (Origin::System, event.system),
        ] {
            if let Some(came) = value(came) {
                let lengths = self.paths(origin).map(|path| self.length(came, path));
                let bytes = lengths.sum();
                self.add(bytes, records);
            }
        }
        match records > 1 && self.bytes > self.payload.max_bytes {
            true => Err(Refused),
            false => Ok(()),
        }
    }

    fn add(&mut self, bytes: usize, records: usize) {
        self.bytes = self.bytes.saturating_add(bytes.saturating_mul(records));
    }

    /// Returns the places in one origin, one for each time that a column names it.
    fn paths(&self, origin: Origin) -> impl Iterator<Item = &'d FieldPath> {
        let columns = self.columns.iter();
        columns.flat_map(move |column| column.paths(origin))
    }

    /// Returns how long the text of a value is; that of one which is absent has no length.
    fn length(&self, whole: &str, path: &FieldPath) -> usize {
        at(whole, path.segments(), self.payload.ignore_case).map_or(0, str::len)
    }

    fn leads_through(&self, path: &FieldPath, member: &FieldPath) -> bool {
        let (path, member) = (path.segments(), member.segments());
        let is_same = |(one, other): (&Segment, &Segment)| match (one, other) {
            (Segment::Name(one), Segment::Name(other)) if self.payload.ignore_case => {
                one.eq_ignore_ascii_case(other)
            }
            (one, other) => one == other,
        };
        path.len() >= member.len() && member.iter().zip(path).all(is_same)
    }
}
