//! Casts the records of one source, and says what its events were. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lines::{Event, Events, is_blank};
use super::picked::PickedEvents;
use super::records::{Record, open, records_of};
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::{KeptReason, PartitionId, SequenceRange, UnixMillis};
use crate::silver::RefineError;
use crate::silver::cast::hide::{Hider, hidden};
use crate::silver::cast::judge::Place;
use crate::silver::cast::reject::Reject;
use crate::silver::cast::{Caster, LineContext};
use crate::silver::open::Opener;
use crate::store::object::{Pick, Source};
use crate::table::log::{AMBIGUOUS_TIME, Nulled, Times};

/// How much of an event that is rejected whole is kept beside bronze, which has all of it.
const MOST_OF_EVENT: usize = 64 * 1024;

/// A record that was rejected, or a whole event, which counts as one.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::silver) struct Rejected {
    /// The line of its event in the source, from 0.
    pub(in crate::silver) line: u32,
    /// Its number in the event, from 0.
    pub(in crate::silver) record: u32,
    /// Whether its event was rejected whole.
    pub(in crate::silver) event: bool,
    /// When the hub took its event.
    pub(in crate::silver) enqueued_time: UnixMillis,
    /// Why.
    pub(in crate::silver) reject: Reject,
    /// Its text; of an event its body as the producer sent it.
    pub(in crate::silver) body: Vec<u8>,
    /// Whether the body goes on.
    pub(in crate::silver) truncated: bool,
}

impl Rejected {
    fn record(at: &LineContext<'_>, record: Record<'_>, reject: Reject) -> Self {
        Self {
            line: at.line,
            record: record.number,
            event: false,
            enqueued_time: at.enqueued_time,
            reject,
            body: record.text.to_vec(),
            truncated: false,
        }
    }

    fn event(event: &Event<'_>, reject: Reject) -> Self {
        let body = &event.body;
        let mut end = body.len().min(MOST_OF_EVENT);
        // Not in the middle of a character.
        while end > 0 && body.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
            end -= 1;
        }
        Self {
            line: event.at.line,
            record: 0,
            event: true,
            enqueued_time: event.at.enqueued_time,
            reject,
            body: body.get(..end).unwrap_or_default().to_vec(),
            truncated: end < body.len(),
        }
    }
}

/// What the events of one source were.
#[derive(Clone, Debug)]
pub(in crate::silver) struct SourceFacts {
    pub(in crate::silver) name: String,
    pub(in crate::silver) partition: Option<PartitionId>,
    pub(in crate::silver) range: Option<SequenceRange>,
    pub(in crate::silver) enqueued_time: UnixMillis,
    /// The highest times of its good records: rows, duplicates, and those that are left out and say when they happened.
    pub(in crate::silver) times: Option<Times>,
    /// Its events.
    pub(in crate::silver) lines: u64,
    /// Those without a record.
    pub(in crate::silver) empty: u64,
    /// The records of the others.
    pub(in crate::silver) records: u64,
    /// Those of the records that the dataset's condition leaves out.
    pub(in crate::silver) filtered: u64,
    /// By their place.
    pub(in crate::silver) rejected: Vec<Rejected>,
    /// What became null in its rows and duplicates, and which times could mean two.
    pub(in crate::silver) nulled: Nulled,
}

impl SourceFacts {
    pub(super) fn new(source: &Source) -> Self {
        Self {
            name: source.name.clone(),
            partition: source.partition.clone(),
            range: source.range,
            enqueued_time: source.enqueued_time,
            times: None,
            lines: 0,
            empty: 0,
            records: 0,
            filtered: 0,
            rejected: Vec::new(),
            nulled: Nulled::default(),
        }
    }

    pub(in crate::silver) fn quarantined(&self) -> BTreeMap<KeptReason, u64> {
        let mut reasons = BTreeMap::new();
        for rejected in &self.rejected {
            *reasons.entry(rejected.reject.reason.into()).or_default() += 1;
        }
        reasons
    }

    /// Counts values that became null, or times that could mean two.
    pub(super) fn count_nulled(
        &mut self,
        dataset: &Dataset,
        column: usize,
        reason: &str,
        count: u64,
    ) {
        if let Some(column) = dataset.columns.get(column) {
            self.nulled.count(&column.name, reason, count);
        }
    }

    /// Adds records that were rejected after they were cast, by their place; they are found in the source again.
    pub(super) fn add_rejected<'v>(
        &mut self,
        source: &Source,
        index: u32,
        opener: &mut Option<Opener>,
        late: impl Iterator<Item = (&'v Place, &'v Reject)>,
    ) -> Result<(), RefineError> {
        let mut late = late.peekable();
        let mut events = Events::of(source, index)?;
        while let Some((place, _)) = late.peek() {
            let line = place.line;
            events.skip_to(line)?;
            let Some(event) = events.next()? else {
                break;
            };
            let opened = open(event, opener, |record| {
                let is_this = |place: &Place| (place.line, place.record) == (line, record.number);
                if let Some((_, reject)) = late.next_if(|(place, _)| is_this(place)) {
                    let rejected = Rejected::record(&event.at, record, reject.clone());
                    self.rejected.push(rejected);
                }
            });
            opened.map_err(|_| Invariant("an event is opened again as it was before"))?;
        }
        if late.next().is_some() {
            return Err(Invariant("a record that was cast is found again").into());
        }
        let place = |rejected: &Rejected| (rejected.line, rejected.record);
        self.rejected.sort_by_key(place);
        Ok(())
    }
}

/// Returns the numbers of the records of each event of a source; an event that is refused whole counts as one.
pub(super) fn records_of_events(
    dataset: &Dataset,
    source: &Source,
) -> Result<Vec<Vec<u32>>, RefineError> {
    let mut opener = Opener::of(dataset);
    let mut all = Vec::new();
    let mut events = Events::of(source, 0)?;
    while let Some(event) = events.next()? {
        let records = records_of(event, &mut opener, |record| record.number);
        all.push(records.unwrap_or_else(|_| vec![0]));
    }
    Ok(all)
}

/// Texts of records by the numbers of their line and in their event, from 0; nothing of one that quarantine would leave out.
pub(in crate::silver) type PickedTexts = BTreeMap<(u32, u32), Option<Vec<u8>>>;

/// Returns the texts of the records that are picked in a source, as quarantine would have them. Of events that are picked whole, or refused, there are none.
pub(in crate::silver) fn picked_texts(
    dataset: &Dataset,
    source: &Source,
) -> Result<PickedTexts, RefineError> {
    let mut opener = Opener::of(dataset);
    let hider = Hider::of(dataset);
    let mut texts = BTreeMap::new();
    let mut events = PickedEvents::from(source, 0, 0)?;
    while let Some((event, pick)) = events.next()? {
        let Some(pick @ Pick::Records(_)) = pick else {
            continue;
        };
        let line = event.at.line;
        // What is refused whole has no records.
        let _ = open(event, &mut opener, |record| {
            if pick.has(record.number) {
                let (text, _) = hidden(hider.as_ref(), false, record.text, 0);
                texts.insert((line, record.number), text.map(Cow::into_owned));
            }
        });
    }
    Ok(texts)
}

/// Which events of a source are cast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The line of the first.
    pub(super) from: u32,
    /// How many bytes are opened, but for those of the last event.
    pub(super) most_opened: usize,
}

/// Casts the records of a source, which is the one of number `index` in its group; returns the line to go on at, if it is
/// not at its end.
pub(super) fn cast_source(
    dataset: &Dataset,
    opener: &mut Option<Opener>,
    caster: &mut Caster,
    (index, source): (u32, &Source),
    span: Span,
) -> Result<(SourceFacts, Option<u32>), RefineError> {
    let mut facts = SourceFacts::new(source);
    let mut nulled: BTreeMap<(usize, &str), u64> = BTreeMap::new();
    let mut events = PickedEvents::from(source, index, span.from)?;
    let counts_blank_lines = events.counts_blank_lines();
    let mut rest = None;
    while let Some((event, pick)) = events.next()? {
        let mut records = 0;
        caster.begin_event();
        let opened = open(event, opener, |record| {
            if pick.is_some_and(|pick| !pick.has(record.number)) {
                return;
            }
            // Most events are one record, and need no context of their own.
            let mut later = None;
            let at = match record.number {
                0 => &event.at,
                number => later.insert(LineContext {
                    record: number,
                    ..event.at
                }),
            };
            caster.set_unopened(record.unopened);
            match caster.push_checked(record.text, record.is_utf8, at, record.outside) {
                Ok(()) => {
                    for null in caster.nulled() {
                        let counted = (null.column, null.reason.as_str());
                        *nulled.entry(counted).or_default() += 1;
                    }
                    for column in caster.ambiguous() {
                        *nulled.entry((*column, AMBIGUOUS_TIME)).or_default() += 1;
                    }
                }
                Err(_) if is_blank(record.text) => return,
                Err(reject) => facts.rejected.push(Rejected::record(at, record, reject)),
            }
            records += 1;
        });
        if let Err(reject) = opened {
            facts.rejected.push(Rejected::event(event, reject));
            records = 1;
        }
        facts.records += records;
        // The lines are those of another source, where records of them are taken up again.
        if records == 0 && pick.is_none() {
            if event.is_blank_line() && !counts_blank_lines {
                continue;
            }
            facts.empty += 1;
        }
        facts.lines += u64::from(pick.is_none());
        if is_full(opener.as_ref(), span.most_opened) {
            rest = events.upcoming();
            if rest.is_some() {
                break;
            }
        }
    }
    for ((column, reason), count) in nulled {
        facts.count_nulled(dataset, column, reason, count);
    }
    Ok((facts, rest))
}

/// Returns whether so much was opened that it is worked off before more is.
#[inline]
pub(super) fn is_full(opener: Option<&Opener>, most_opened: usize) -> bool {
    opener.is_some_and(|opener| opener.taken() >= most_opened)
}
