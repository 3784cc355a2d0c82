//! How often what is read, so that a page that is left open costs next to nothing; pure.

use std::time::Duration;

/// Between two reads of the head, which is one request.
pub(super) const HEAD: Duration = Duration::from_secs(2);
/// Between two reads of the hub's partitions, and of what of the ledger tells of hours of which hardly anything was kept.
pub(super) const HUB: Duration = Duration::from_secs(10);
/// Between two looks for the newest rejected records.
pub(super) const QUARANTINE: Duration = Duration::from_secs(30);
/// Between two reads of gold where it is a file on this machine, and where it is a database.
const GOLD: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];
/// For how long after a commit gold's own runs keep a database awake: less than the shortest delay of auto-pause.
const AWAKE: Duration = Duration::from_secs(10 * 60);

/// Returns whether something is due that was done so long ago, or never.
pub(super) fn is_due(since: Option<Duration>, interval: Duration) -> bool {
    since.is_none_or(|since| since >= interval)
}

/// What decides whether gold is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GoldFacts {
    /// Whether the database pauses when it is not used.
    pub(super) may_be_paused: bool,
    /// How long ago it was read.
    pub(super) since: Option<Duration>,
    /// Whether a table was behind silver then, or silver has moved since.
    pub(super) may_have_moved: bool,
    /// How long ago silver's latest commit was.
    pub(super) since_commit: Option<Duration>,
    /// Whether somebody has asked for it.
    pub(super) is_asked: bool,
}

/// Whether gold is read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gold {
    Read,
    /// There is nothing new, or it was read a moment ago.
    Rest,
    /// It may be paused, and reading it would wake it.
    Asleep,
}

impl GoldFacts {
    /// Decides.
    pub(super) fn decide(self) -> Gold {
        let [file, database] = GOLD;
        let interval = if self.may_be_paused { database } else { file };
        // A file costs nothing, and what is final moves on without a version.
        let is_new = self.may_have_moved || (!self.may_be_paused && is_due(self.since, database));
        let is_awake = !self.may_be_paused || self.since_commit.is_some_and(|since| since < AWAKE);
        match (self.since, is_awake) {
            _ if self.is_asked => Gold::Read,
            (None, false) => Gold::Asleep,
            (None, true) => Gold::Read,
            _ if !is_due(self.since, interval) || !is_new => Gold::Rest,
            (Some(_), false) => Gold::Asleep,
            (Some(_), true) => Gold::Read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    /// What is decided so many seconds after gold was read.
    fn decision(facts: GoldFacts, since: u64, may_have_moved: bool) -> Gold {
        let facts = GoldFacts {
            since: seconds(since),
            may_have_moved,
            ..facts
        };
        facts.decide()
    }

    #[test]
    fn a_file_is_read_when_it_may_have_moved_and_now_and_then() {
        let facts = GoldFacts::default();
        assert_eq!(facts.decide(), Gold::Read, "at first");
        let read = |since, may_have_moved| decision(facts, since, may_have_moved);
        assert_eq!(read(1, true), Gold::Rest);
        assert_eq!(read(2, true), Gold::Read);
        assert_eq!(read(29, false), Gold::Rest);
        assert_eq!(read(30, false), Gold::Read);
    }

    #[test]
    fn a_database_is_read_every_half_minute_at_most_and_only_for_what_is_new() {
        let facts = GoldFacts {
            may_be_paused: true,
            since_commit: seconds(5),
            ..GoldFacts::default()
        };
        assert_eq!(facts.decide(), Gold::Read);
        let read = |since, may_have_moved| decision(facts, since, may_have_moved);
        assert_eq!(read(29, true), Gold::Rest);
        assert_eq!(read(30, true), Gold::Read);
        assert_eq!(read(3_000, false), Gold::Rest);
    }

    #[test]
    fn a_database_that_may_be_paused_is_not_woken_unless_somebody_asks() {
        let facts = GoldFacts {
            may_be_paused: true,
            ..GoldFacts::default()
        };
        assert_eq!(facts.decide(), Gold::Asleep, "there never was a commit");
        let old = GoldFacts {
            since_commit: seconds(600),
            ..facts
        };
        assert_eq!(old.decide(), Gold::Asleep);
        let read = GoldFacts {
            since: seconds(900),
            may_have_moved: true,
            ..old
        };
        assert_eq!(read.decide(), Gold::Asleep);
        assert_eq!(
            GoldFacts {
                is_asked: true,
                ..old
            }
            .decide(),
            Gold::Read
        );
    }
}
