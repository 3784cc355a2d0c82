//! Messages of alerts, as they are claimed, sent and noted.

use crate::event::UnixMillis;

/// What a message ends in that says that an alert is over.
pub(in crate::warehouse) const CLEARED: &str = "/cleared";

/// A message that is to be sent, with its alert. Times are text in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id: that of the alert, or with `/cleared` behind it.
    pub message: String,
    /// Whom it is for.
    pub target: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The alert.
    pub alert_id: String,
    /// Its rule.
    pub rule: String,
    /// What the rule watches.
    pub table: Option<String>,
    /// What it is: `raised`, `silent` or `overflow`.
    pub kind: String,
    /// When its period begins.
    pub period_start: Option<String>,
    /// When it was, in event time.
    pub event_time: Option<String>,
    /// When it was raised.
    pub raised_at: Option<String>,
    /// Since when it is over.
    pub cleared_at: Option<String>,
    /// Its fields, as JSON.
    pub fields: Option<String>,
    /// How many alerts it stands for.
    pub alerts: Option<i64>,
}

impl Message {
    /// Returns whether it says that an alert is over.
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        self.message.ends_with(CLEARED)
    }
}

/// What became of a message that was claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub message: String,
    /// Whom it was for.
    pub target: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Why it did not go; nothing if it did.
    pub error: Option<String>,
}

/// The first wait before another try, in seconds.
const FIRST: i64 = 10;
/// The longest.
const LONGEST: i64 = 3_600;
/// For how many seconds a message is claimed.
pub(in crate::warehouse) const CLAIMED_FOR: i64 = 60;
/// Most alerts that are forgotten at a time.
pub(in crate::warehouse) const FORGOTTEN: u32 = 10_000;
/// For how many seconds a message is tried.
pub(in crate::warehouse) const TRIED_FOR: i64 = 7 * 24 * 3_600;
/// The most characters of a reason that are kept.
const MOST_REASON: usize = 400;

impl Delivery {
    /// Returns how many seconds lie before the next try.
    pub(in crate::warehouse) fn wait(&self) -> i64 {
        let doublings = self.attempts.saturating_sub(1).min(16);
        (FIRST << doublings).min(LONGEST)
    }

    /// Returns why it did not go, as the books keep it.
    pub(in crate::warehouse) fn reason(&self) -> Option<String> {
        let error = self.error.as_ref();
        error.map(|error| error.chars().take(MOST_REASON).collect())
    }
}

/// What is true and whom it is still to be told, of all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// How many alerts are open: of a group, and still true.
    pub open: u64,
    /// How many messages are still to be sent.
    pub waiting: u64,
    /// Since when the oldest of them is.
    pub oldest: Option<UnixMillis>,
    /// How many have failed.
    pub failed: u64,
    /// Why one of these could not be sent.
    pub error: Option<String>,
}

/// Which messages are sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Those of one alert, delivered or not.
    Alert(String),
    /// All that have failed.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_an_hour() {
        let wait = |attempts| {
            let delivery = Delivery {
                message: String::new(),
                target: String::new(),
                attempts,
                error: None,
            };
            delivery.wait()
        };
        assert_eq!([1, 2, 3, 4].map(wait), [10, 20, 40, 80]);
        assert_eq!(
            [9, 10, 11, u32::MAX].map(wait),
            [2_560, 3_600, 3_600, 3_600]
        );
    }
}
