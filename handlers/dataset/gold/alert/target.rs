//! Who is told of an alert. Pure.

use std::fmt;

use crate::dataset::{Target, TargetKind};

/// What a target may be, in messages.
pub(super) const TARGET: &str = "\"webhook:SETTING\", where SETTING is the app setting that holds the URL, \"queue:NAME\", a queue of the lake's storage account, or \"eventhub:NAME\", an event hub of the app's namespace";
/// The most characters of a name.
const LONGEST: usize = 128;

impl TargetKind {
    const EACH: [Self; 3] = [Self::Webhook, Self::Queue, Self::EventHub];

    /// Returns the word that the dataset file has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Queue => "queue",
            Self::EventHub => "eventhub",
        }
    }
}

impl Target {
    /// Reads a target as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let kind = TargetKind::EACH
            .into_iter()
            .find(|known| known.as_str() == kind)?;
        let starts_well = name.starts_with(|first: char| match kind {
            TargetKind::Webhook => first.is_ascii_alphabetic(),
            TargetKind::Queue | TargetKind::EventHub => first.is_ascii_alphanumeric(),
        });
        let is_allowed = |letter: u8| match kind {
            TargetKind::Webhook => letter.is_ascii_alphanumeric() || letter == b'_',
            TargetKind::Queue => {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-'
            }
            TargetKind::EventHub => letter.is_ascii_alphanumeric() || b"-_.".contains(&letter),
        };
        let is_long_enough = kind != TargetKind::Queue || (3..=63).contains(&name.len());
        let is_well = starts_well
            && name.bytes().all(is_allowed)
            && name.len() < LONGEST - kind.as_str().len()
            && is_long_enough;
        is_well.then(|| Self {
            kind,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_as_it_is_read() {
        for text in ["webhook:ALERTS", "queue:alerts-1", "eventhub:Alerts_1.x"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "webhook:https://example.com/x",
            "webhook:1",
            "queue:Al",
            "queue:Alerts",
            "eventhub:-alerts",
            "eventhub:a/b",
            "mail:me",
            "alerts",
        ] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
