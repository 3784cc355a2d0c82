//! What the parts of a page have in common: numbers, tones and times as people read them; pure.

use std::fmt;

use askama::Template;
use sluice::event::UnixMillis;

use crate::output::{count, span, thousands};

/// A number of something: on the page as people read it, and beside that as programs do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl Number {
    pub(super) fn text(self) -> String {
        thousands(self.0)
    }

    pub(super) fn count(self, thing: &str) -> String {
        count(self.0, thing)
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    /// The name of its class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
        }
    }
}

/// Something that is said in a tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) tone: Tone,
    pub(super) text: String,
}

impl Remark {
    pub(super) fn new(tone: Tone, text: String) -> Self {
        Self { tone, text }
    }
}

/// Writes a template, whose text needs no more than memory.
pub(super) fn html(template: &impl Template) -> String {
    template
        .render()
        .unwrap_or_else(|error| format!("this part cannot be shown: {error}"))
}

/// A time without the parts of its second.
pub(super) fn seconds(time: UnixMillis) -> String {
    let text = time.to_string();
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text,
    }
}

/// How long ago something was.
pub(super) fn ago(at: UnixMillis, now: UnixMillis) -> String {
    format!("{} ago", span((now.0 - at.0).max(0) / 1_000))
}

/// The share of a number in a whole, in percent.
pub(super) fn percent(part: f64, whole: f64) -> f64 {
    let share = if whole > 0.0 {
        part / whole * 100.0
    } else {
        0.0
    };
    share.clamp(0.0, 100.0)
}
