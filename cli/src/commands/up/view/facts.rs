//! What a screen is told: its size and moment, the latest look, how gold stands, how to take part, how to go on; pure.

use std::fmt;
use std::time::Duration;

use sluice::event::EventTime;
use sluice::table::log::Version;

use crate::feed::Sent;
use crate::output::thousands;
use crate::pipeline::Snapshot;

/// How far lines below others are indented.
pub(super) const INDENT: usize = 4;

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands::up) struct Size {
    pub(in crate::commands::up) width: usize,
    pub(in crate::commands::up) height: usize,
}

/// When something is shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::up) struct Moment {
    /// Since the start.
    pub(in crate::commands::up) elapsed: Duration,
    pub(in crate::commands::up) now: EventTime,
}

/// How others take part.
#[derive(Clone, Debug)]
pub(in crate::commands::up) struct Access {
    /// For producers, and the command that prints it.
    pub(in crate::commands::up) connection: ToCopy,
    /// Where host and handler are heard.
    pub(in crate::commands::up) log: String,
    /// The address of its page, if it has one, and the command that serves another.
    pub(in crate::commands::up) dashboard: Option<ToCopy>,
}

/// A text that is there to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::up) struct ToCopy {
    pub(in crate::commands::up) text: String,
    /// Prints such a text where it does not fit a row.
    pub(in crate::commands::up) command: String,
}

/// The command line that goes on with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::up) struct Again {
    /// The command, with what says which pipeline it is.
    pub(in crate::commands::up) pipeline: String,
    /// What says where its events come from.
    pub(in crate::commands::up) feed: String,
}

/// The latest look at how far everything is.
#[derive(Clone, Debug)]
pub(in crate::commands::up) struct Seen {
    pub(in crate::commands::up) snapshot: Snapshot,
    pub(in crate::commands::up) sent: Sent,
    /// When the hub took its newest event.
    pub(in crate::commands::up) last_event: Option<EventTime>,
}

/// How gold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gold<'s> {
    /// Nobody knows, and why.
    Unreadable(&'s str),
    NotYet,
    At(Version),
}

impl<'s> Gold<'s> {
    /// A gold that cannot be read is not taken for one that has not run, nor its last version for that of now.
    pub(super) fn of(snapshot: &'s Snapshot) -> Self {
        match (&snapshot.gold_problem, snapshot.published) {
            (Some(problem), _) => Self::Unreadable(problem),
            (None, None) => Self::NotYet,
            (None, Some(version)) => Self::At(version),
        }
    }
}

impl fmt::Display for Gold<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(problem) => write!(f, "cannot be read at the moment: {problem}"),
            Self::NotYet => f.write_str("has not run yet"),
            Self::At(version) => write!(f, "version {}", thousands(version.0)),
        }
    }
}

/// A length of time as a clock shows it.
pub(super) fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}
