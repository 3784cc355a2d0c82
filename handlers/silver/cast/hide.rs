//! Hides what masked columns are read from in the text of a record that goes to quarantine. Pure.

use std::borrow::Cow;

use crate::dataset::{Column, Dataset, Origin};
use crate::value::json::{Scanner, SyntaxError};
use crate::value::mask::HIDDEN;
use crate::value::path::Segment;

/// Hides the values of a dataset's masked columns.
#[derive(Debug)]
pub(in crate::silver) struct Hider<'d> {
    /// The places of each masked column that is read in the record.
    columns: Vec<Vec<&'d [Segment]>>,
    ignore_case: bool,
}

impl<'d> Hider<'d> {
    /// Makes the hider of a dataset; nothing if no column is masked that is read from the body of an event.
    pub(in crate::silver) fn of(dataset: &'d Dataset) -> Option<Self> {
        let masked = dataset.columns.iter();
        let masked: Vec<&Column> = masked.filter(|c| c.rules.mask.is_some()).collect();
        let places = masked.iter().map(|column| {
            let paths = column.paths(Origin::Record);
            paths.map(|path| path.segments()).collect()
        });
        let mut columns: Vec<Vec<&[Segment]>> = places.collect();
        columns.retain(|places| !places.is_empty());
        let mut outside = masked.iter().flat_map(|column| column.paths(Origin::Event));
        let is_needed = !columns.is_empty() || outside.next().is_some();
        is_needed.then_some(Self {
            columns,
            ignore_case: dataset.payload.ignore_case,
        })
    }

    /// Returns a record's text with `"***"` at every masked place, and where `position` is in it. Nothing if the text is not
    /// JSON, or has no place of some masked column: what the mask hides may then stand anywhere.
    pub(in crate::silver) fn hide(&self, text: &[u8], position: usize) -> Option<(Vec<u8>, usize)> {
        let mut walk = Walk {
            text,
            ignore_case: self.ignore_case,
            hidden: Vec::new(),
            is_found: vec![false; self.columns.len()],
        };
        walk.all(&self.columns).ok()?;
        if !walk.is_found.iter().all(|is_found| *is_found) {
            return None;
        }
        let mut out = Vec::with_capacity(text.len());
        let (mut copied, mut moved) = (0, position);
        for (start, end) in walk.hidden {
            out.extend_from_slice(text.get(copied..start)?);
            if position >= end {
                moved = moved + HIDDEN.len() - (end - start);
            } else if position > start {
                moved -= position - start;
            }
            out.extend_from_slice(HIDDEN);
            copied = end;
        }
        out.extend_from_slice(text.get(copied..)?);
        Some((out, moved))
    }
}

/// Returns a body as it may be shown, and a position in it; nothing of one in which what is masked cannot be found, which
/// is so of every event that was refused whole: nobody has opened it.
pub(in crate::silver) fn hidden<'b>(
    hider: Option<&Hider<'_>>,
    is_event: bool,
    body: &'b [u8],
    position: usize,
) -> (Option<Cow<'b, [u8]>>, usize) {
    let Some(hider) = hider else {
        return (Some(Cow::Borrowed(body)), position);
    };
    if is_event {
        return (None, position);
    }
    if hider.columns.is_empty() {
        return (Some(Cow::Borrowed(body)), position);
    }
    match hider.hide(body, position) {
        Some((shown, position)) => (Some(Cow::Owned(shown)), position),
        None => (None, position),
    }
}

/// What is left of a path, and the number of its column.
type Rest<'p> = (usize, &'p [Segment]);

struct Walk<'t> {
    text: &'t [u8],
    ignore_case: bool,
    /// Where values to hide begin and end, in their order.
    hidden: Vec<(usize, usize)>,
    is_found: Vec<bool>,
}

impl Walk<'_> {
    fn all(&mut self, columns: &[Vec<&[Segment]>]) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(self.text, false)?;
        let places = columns.iter().enumerate();
        let rests = places.flat_map(|(column, places)| places.iter().map(move |p| (column, *p)));
        scanner.skip_blanks();
        self.value(&rests.collect::<Vec<Rest<'_>>>(), &mut scanner)?;
        scanner.skip_blanks();
        match scanner.at_end() {
            true => Ok(()),
            false => scanner.fail("text after the end of the value"),
        }
    }

    /// Moves over a value, and notes what is to be hidden of it. It goes no deeper than the longest path.
    fn value(&mut self, rests: &[Rest<'_>], scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let ends = || rests.iter().filter(|(_, rest)| rest.is_empty());
        if ends().next().is_some() {
            let start = scanner.at();
            scanner.value()?;
            self.hidden.push((start, scanner.at()));
            for (column, _) in ends() {
                if let Some(is_found) = self.is_found.get_mut(*column) {
                    *is_found = true;
                }
            }
            return Ok(());
        }
        match scanner.peek() {
            Some(b'{') if !rests.is_empty() => self.object(rests, scanner),
            Some(b'[') if !rests.is_empty() => self.array(rests, scanner),
            _ => scanner.value().map(drop),
        }
    }

    fn object(&mut self, rests: &[Rest<'_>], scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let start = scanner.enter_bracket();
        if scanner.eat(b'}') {
            scanner.leave_bracket(start);
            return Ok(());
        }
        let mut decoded = Vec::new();
        loop {
            if !scanner.eat(b'"') {
                return scanner.fail("expected a field name in quotes");
            }
            let token = scanner.string()?;
            let name = token.decoded(self.text, &mut decoded);
            let ignore_case = self.ignore_case;
            let below = below(rests, |step| match step {
                Segment::Name(own) if ignore_case => own.as_bytes().eq_ignore_ascii_case(name),
                Segment::Name(own) => own.as_bytes() == name,
                Segment::Index(_) => false,
            });
            scanner.colon()?;
            self.value(&below, scanner)?;
            if !scanner.goes_on(b'}')? {
                scanner.leave_bracket(start);
                return Ok(());
            }
        }
    }

    fn array(&mut self, rests: &[Rest<'_>], scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let start = scanner.enter_bracket();
        if scanner.eat(b']') {
            scanner.leave_bracket(start);
            return Ok(());
        }
        for index in 0_u64.. {
            let below = below(rests, |step| *step == Segment::Index(index));
            self.value(&below, scanner)?;
            if !scanner.goes_on(b']')? {
                break;
            }
        }
        scanner.leave_bracket(start);
        Ok(())
    }
}

/// Returns the paths that go on by a step, from there.
fn below<'p>(rests: &[Rest<'p>], is_step: impl Fn(&Segment) -> bool) -> Vec<Rest<'p>> {
    let going_on = rests.iter().filter_map(|(column, rest)| {
        let (step, rest) = rest.split_first()?;
        is_step(step).then_some((*column, rest))
    });
    going_on.collect()
}
