//! The checklist of a start: what runs, what is being started and for how long, what is to come; pure.

use std::time::Duration;

use super::arrange::{Block, Rank};
use super::facts::{INDENT, Moment};
use crate::output::{Line, Tone, wrapped};
use crate::pipeline::{Part, Told};

/// What turns while something is being started.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// How long each of them is shown.
const TURN: u128 = 100;

/// A part of the pipeline, and how far its start is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) part: Part,
    state: StepState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum StepState {
    ToCome,
    Since(Duration, Option<String>),
    Runs { after: Duration, as_what: String },
}

impl Step {
    pub(super) fn of(part: Part) -> Self {
        Self {
            part,
            state: StepState::ToCome,
        }
    }

    pub(super) fn hear(&mut self, at: Duration, told: &Told) {
        let since = match &self.state {
            StepState::Since(since, _) => *since,
            StepState::ToCome | StepState::Runs { .. } => at,
        };
        match told {
            Told::Begins => self.state = StepState::Since(at, None),
            Told::Says(text) => self.state = StepState::Since(since, Some(text.clone())),
            Told::Stands(text) => {
                self.state = StepState::Runs {
                    after: at.saturating_sub(since),
                    as_what: text.clone(),
                }
            }
            Told::Differs(_) => {}
        }
    }

    fn lines(&self, elapsed: Duration, width: usize) -> Vec<Line> {
        let name = format!(" {:<9}", self.part.name());
        match &self.state {
            StepState::ToCome => vec![Line::of(Tone::Faint, " ").and(Tone::Faint, &name)],
            StepState::Since(since, text) => {
                let taken = elapsed.saturating_sub(*since);
                let line = Line::of(Tone::Doubtful, turning(elapsed))
                    .and(Tone::Strong, &name)
                    .and(Tone::Plain, &format!("  {} s", taken.as_secs()));
                let rows = text.iter();
                let rows = rows.flat_map(|text| wrapped(text, width.saturating_sub(INDENT)));
                let rows = rows.map(|row| Line::plain(&" ".repeat(INDENT)).and(Tone::Plain, &row));
                std::iter::once(line).chain(rows).collect()
            }
            StepState::Runs { after, as_what } => {
                let line = Line::of(Tone::Good, "✓")
                    .and(Tone::Strong, &name)
                    .and(Tone::Plain, &format!("  {as_what}"))
                    .and(Tone::Faint, &format!("  {:.1} s", after.as_secs_f64()));
                vec![line]
            }
        }
    }
}

fn turning(elapsed: Duration) -> &'static str {
    let turns = elapsed.as_millis() / TURN;
    let at = usize::try_from(turns % SPINNER.len() as u128).unwrap_or(0);
    SPINNER.get(at).copied().unwrap_or_default()
}

/// What is being started.
pub(super) fn checklist(steps: &[Step], moment: Moment, width: usize) -> Block {
    let lines = steps.iter();
    let lines = lines.flat_map(|step| step.lines(moment.elapsed, width));
    Block::new(Rank::Layer, lines.collect()).spaced()
}
