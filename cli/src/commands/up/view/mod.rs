//! What `up` shows, and how it is laid out on a screen of any size: a state, and lines of it; pure.

mod arrange;
mod end;
mod facts;
mod flow;
mod layers;
mod rates;
mod start;

use std::time::Duration;

use sluice::event::{EventTime, UnixMillis};

use super::reasons;
use crate::output::{Line, Tone, ages, by_reason, span, wrapped};
use crate::pipeline::{Part, Told};
use arrange::{Block, Rank, arrange};
use facts::clock;
pub(super) use facts::{Access, Again, Moment, Seen, Size, ToCopy};
use rates::Rates;
use start::Step;

/// For how long there may be no news before that is news itself.
const SILENCE: Duration = Duration::from_secs(5);

/// All that is known of a run.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) dataset: String,
    /// Whether the run comes to an end by itself.
    pub(super) ends: bool,
    steps: Vec<Step>,
    /// What is not as usual, such as ports that others have.
    pub(super) notices: Vec<String>,
    pub(super) access: Option<Access>,
    pub(super) seen: Option<Seen>,
    rates: Rates,
    /// When there was news, since the start.
    news: Duration,
    /// Why the run comes to its end before its time.
    pub(super) failure: Option<String>,
    pub(super) is_stopping: bool,
}

impl View {
    /// A run of which nothing has been started.
    pub(super) fn new(dataset: &str, ends: bool, parts: &[Part]) -> Self {
        Self {
            dataset: dataset.to_owned(),
            ends,
            steps: parts.iter().map(|part| Step::of(*part)).collect(),
            notices: Vec::new(),
            access: None,
            seen: None,
            rates: Rates::default(),
            news: Duration::ZERO,
            failure: None,
            is_stopping: false,
        }
    }

    /// Takes in what a part says of its start.
    pub(super) fn hear(&mut self, at: Duration, part: Part, told: &Told) {
        self.news = at;
        if let Told::Differs(text) = told {
            self.notices.push(text.clone());
        }
        let step = self.steps.iter_mut().find(|step| step.part == part);
        if let Some(step) = step {
            step.hear(at, told);
        }
    }

    /// Takes in a look at how far everything is.
    pub(super) fn see(&mut self, at: Duration, seen: Seen) {
        self.news = at;
        self.rates.add(at, &seen.snapshot);
        self.seen = Some(seen);
    }

    /// Lays it out for a terminal: all of it where there is room, and otherwise what matters most.
    pub(super) fn lines(&self, moment: Moment, size: Size) -> Vec<Line> {
        let mut blocks = vec![Block::new(
            Rank::Heading,
            vec![self.heading(moment, size.width)],
        )];
        let failure = self.failure.iter();
        let failure = failure.flat_map(|text| marked(Tone::Bad, text, size.width));
        blocks.push(Block::new(Rank::Failure, failure.collect()).spaced());
        match &self.seen {
            Some(seen) => {
                blocks.extend(self.layers(seen, moment, size.width));
                blocks.extend(self.results(seen, moment, size.width));
            }
            None => blocks.push(start::checklist(&self.steps, moment, size.width)),
        }
        blocks.extend(self.surroundings(size.width));
        let lines = arrange(blocks, size.height).into_iter();
        lines.map(|line| line.fit(size.width)).collect()
    }

    /// For how long the storage has not answered, if that is too long: while everything stops nobody asks it.
    fn silence(&self, moment: Moment) -> Option<Duration> {
        let silence = moment.elapsed.saturating_sub(self.news);
        let is_asked = self.seen.is_some() && !self.is_stopping;
        (is_asked && silence >= SILENCE).then_some(silence)
    }

    fn heading(&self, moment: Moment, width: usize) -> Line {
        let run = format!("{}  {}", self.dataset, clock(moment.elapsed));
        let is_sent = self.seen.as_ref().is_some_and(|seen| seen.sent.is_done);
        let state = match (self.is_stopping, self.ends, is_sent) {
            (true, ..) => "stopping",
            (false, true, true) => "all sent, Ctrl-C stops",
            (false, true, false) if self.seen.is_some() => "sending, Ctrl-C stops",
            (false, ..) => "Ctrl-C stops",
        };
        let column = width.saturating_sub(state.len());
        let left = Line::of(Tone::Strong, "sluice up").and(Tone::Plain, &format!("  {run}"));
        let left = match left.width() + 2 <= column {
            true => left,
            false => Line::of(Tone::Strong, &run),
        };
        left.up_to(column, 2).and(Tone::Faint, state)
    }

    /// Where its events have come to, layer by layer, and what is wrong.
    fn layers(&self, seen: &Seen, moment: Moment, width: usize) -> Vec<Block> {
        let layers = layers::all(&self.rates, seen, moment);
        let mut blocks = layers::blocks(&layers, width);
        if let Some(first) = blocks.first_mut() {
            first.is_spaced = true;
        }
        let snapshot = &seen.snapshot;
        let mut lines = Vec::new();
        if let Some(silence) = self.silence(moment) {
            let seconds = span(i64::try_from(silence.as_secs()).unwrap_or(i64::MAX));
            let text = format!(
                "the storage has not answered for {seconds}: what is shown is as old as that"
            );
            lines.extend(marked(Tone::Bad, &text, width));
        }
        let lasting = reasons::lasting(snapshot);
        lines.extend(
            lasting
                .iter()
                .flat_map(|text| marked(Tone::Bad, text, width)),
        );
        blocks.push(Block::new(Rank::Failure, lines).spaced());
        let others = snapshot.messages.iter();
        let others = others.flat_map(|text| marked(Tone::Doubtful, text, width));
        blocks.push(Block::new(Rank::Message, others.collect()).spaced());
        blocks
    }

    /// What became of the events, and the tables.
    fn results(&self, seen: &Seen, moment: Moment, width: usize) -> Vec<Block> {
        let snapshot = &seen.snapshot;
        let indent = Line::plain("  ");
        let mut reasons = Vec::new();
        if !snapshot.counts.quarantined.is_empty() {
            let each = by_reason(&snapshot.counts.quarantined).into_iter();
            let start = indent.clone().and(Tone::Doubtful, "quarantined");
            reasons = flow::lines(start, &each.map(Line::from).collect::<Vec<_>>(), width);
        }
        let mut blocks = vec![Block::new(Rank::Reasons, reasons).spaced()];
        let watermark = match snapshot.watermark {
            Some(watermark) => {
                let behind = |time: EventTime| (time.0 - watermark.0).div_euclid(1_000_000);
                let arrival = snapshot.arrival.map(UnixMillis::as_event_time);
                // When the last one came is in the hub's line.
                let age = ages(behind(moment.now), arrival.map(behind)).into_iter();
                let phrases = std::iter::once(whole_seconds(watermark)).chain(age.take(1));
                let phrases: Vec<Line> = phrases.map(Line::from).collect();
                let start = indent.clone().and(Tone::Plain, "watermark");
                flow::lines(start, &phrases, width)
            }
            None => vec![indent.clone().and(Tone::Plain, "no watermark yet")],
        };
        blocks.push(Block::new(Rank::Watermark, watermark));
        for table in &snapshot.gold {
            let lines = table.table().lines(Some(width.saturating_sub(2)));
            let lines = lines.into_iter().map(|line| indent.clone().then(line));
            let lines = std::iter::once(Line::default()).chain(lines);
            // Space, a title, headings, a rule and a row.
            blocks.push(Block::new(Rank::Table, lines.collect()).at_least(5));
        }
        blocks
    }

    /// How to take part, where to look, and what is not as usual.
    fn surroundings(&self, width: usize) -> Vec<Block> {
        let notices = self.notices.iter();
        let notices = notices.flat_map(|text| marked(Tone::Doubtful, text, width));
        let mut blocks = vec![Block::new(Rank::Notice, notices.collect()).spaced()];
        if let Some(access) = &self.access {
            let told = |[what, how]: [&str; 2], told: &ToCopy| match flow::fits(&told.text, width) {
                true => flow::to_copy(what, &told.text, width),
                false => flow::to_copy(how, &told.command, width),
            };
            // `sluice connect` tells the rest, and nobody else tells this.
            if let Some(address) = &access.dashboard {
                let what = ["  dashboard                "; 2];
                let lines = told(what, address);
                let all = lines.len();
                blocks.push(Block::new(Rank::Dashboard, lines).at_least(all).spaced());
            }
            let what = ["  send your own events to  ", "  where to send events     "];
            // Where nobody sends any, that matters more than what became of them.
            let rank = match &self.seen {
                Some(seen) if seen.sent.events > 0 => Rank::Access,
                _ => Rank::Invitation,
            };
            let log = flow::to_copy("  logs of host and handler ", &access.log, width);
            let lines = told(what, &access.connection);
            // Half of one is of no use.
            let all = lines.len();
            blocks.push(Block {
                is_spaced: access.dashboard.is_none(),
                ..Block::new(rank, lines).at_least(all)
            });
            let all = log.len();
            blocks.push(Block::new(Rank::Access, log).at_least(all));
        }
        blocks
    }
}

/// A message after a mark, broken between its words.
fn marked(tone: Tone, text: &str, width: usize) -> Vec<Line> {
    let rows = wrapped(text, width.saturating_sub(2))
        .into_iter()
        .enumerate();
    let rows = rows.map(|(at, row)| {
        let start = match at {
            0 => "! ",
            _ => "  ",
        };
        Line::of(tone, start).and(tone, &row)
    });
    rows.collect()
}

/// A time without the fraction of its second.
fn whole_seconds(time: EventTime) -> String {
    EventTime(time.0 - time.0.rem_euclid(1_000_000)).to_string()
}

#[cfg(test)]
mod tests;
