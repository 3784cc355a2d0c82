//! How much flows: what silver's latest commits brought, and what the hub took between two looks; pure.

use std::collections::VecDeque;

use sluice::table::log::{Commit, Version};

/// The time that is shown, in milliseconds, and its parts.
const SHOWN: i64 = 10 * 60 * 1_000;
const PART: i64 = 10 * 1_000;
/// The time that a rate is of.
const RECENT: i64 = 60 * 1_000;
/// Most commits that are read at once, and kept.
pub(super) const MOST: u64 = 900;

/// A commit that brought rows, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Brought {
    at: i64,
    lines: u64,
    rows: u64,
}

/// What has flowed.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    commits: VecDeque<Brought>,
    read_to: Option<Version>,
    /// When the hub was looked at, and how many events it had ever taken.
    hub: VecDeque<(i64, u64)>,
}

impl Flow {
    /// Returns the version after which commits are to be read, up to `head`, if any are; those of long ago are left out.
    pub(super) fn unread(&self, head: Version) -> Option<Version> {
        let oldest = Version(head.0.saturating_sub(MOST));
        let after = self.read_to.map_or(oldest, |read| read.max(oldest));
        // A log that was begun anew is shorter.
        let after = if self.read_to > Some(head) {
            oldest
        } else {
            after
        };
        (self.read_to != Some(head)).then_some(after)
    }

    /// Takes in commits up to `head`.
    pub(super) fn add(&mut self, commits: &[Commit], head: Version) {
        if self.read_to > Some(head) {
            self.commits.clear();
        }
        let brought = commits.iter().map(|commit| Brought {
            at: commit.committed.0,
            lines: commit.counts.lines,
            rows: commit.counts.rows,
        });
        self.commits.extend(brought);
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        while self.commits.len() > most {
            self.commits.pop_front();
        }
        self.read_to = Some(head);
    }

    /// Takes in a look at the hub.
    pub(super) fn see_hub(&mut self, at: i64, events: u64) {
        if self.hub.back().is_some_and(|(_, before)| *before > events) {
            self.hub.clear();
        }
        self.hub.push_back((at, events));
        while self
            .hub
            .front()
            .is_some_and(|(first, _)| *first < at - RECENT)
        {
            self.hub.pop_front();
        }
    }

    /// When the latest commit was, in milliseconds since 1970.
    pub(super) fn latest(&self) -> Option<i64> {
        self.commits.back().map(|commit| commit.at)
    }

    /// Events a second that the hub took lately; nothing before it was seen twice.
    pub(super) fn hub_rate(&self) -> Option<f64> {
        let ((first, before), (last, after)) = self.hub.front().zip(self.hub.back())?;
        (last > first).then(|| (after - before) as f64 * 1_000.0 / (last - first) as f64)
    }

    /// Events, and rows, a second that silver took in the minute before `now`.
    pub(super) fn silver_rates(&self, now: i64) -> (f64, f64) {
        let recent = self
            .commits
            .iter()
            .filter(|commit| commit.at > now - RECENT);
        let (lines, rows) = recent.fold((0, 0), |(lines, rows), commit| {
            (lines + commit.lines, rows + commit.rows)
        });
        let a_second = |number: u64| number as f64 * 1_000.0 / RECENT as f64;
        (a_second(lines), a_second(rows))
    }

    /// Events a second in each part of the time that is shown, the oldest first. The part that `now` is in has not ended
    /// and is left out.
    pub(super) fn parts(&self, now: i64) -> Vec<f64> {
        let end = now.div_euclid(PART) * PART;
        let parts = usize::try_from(SHOWN / PART).unwrap_or(0);
        let mut lines = vec![0_u64; parts];
        for commit in &self.commits {
            let at = usize::try_from((commit.at - (end - SHOWN)).div_euclid(PART));
            if let Some(part) = at.ok().and_then(|at| lines.get_mut(at)) {
                *part += commit.lines;
            }
        }
        let a_second = |lines: u64| lines as f64 * 1_000.0 / PART as f64;
        lines.into_iter().map(a_second).collect()
    }
}

#[cfg(test)]
mod tests {
    use sluice::event::UnixMillis;
    use sluice::table::log::{CommitKind, Counts};

    use super::*;

    fn commit(version: u64, at: i64, lines: u64) -> Commit {
        Commit {
            version: Version(version),
            id: String::new(),
            kind: CommitKind::Append,
            committed: UnixMillis(at),
            files: Vec::new(),
            counts: Counts {
                rows: lines,
                ..Counts::of_lines(lines)
            },
            sources: 1,
            watermark: None,
            totals: None,
        }
    }

    #[test]
    fn the_tail_of_the_log_is_read_once() {
        let mut flow = Flow::default();
        assert_eq!(flow.unread(Version(5)), Some(Version(0)));
        assert_eq!(
            flow.unread(Version(2_000)),
            Some(Version(1_100)),
            "and not all of it"
        );
        flow.add(&[commit(4, 1, 1), commit(5, 2, 1)], Version(5));
        assert_eq!(flow.unread(Version(5)), None);
        assert_eq!(flow.unread(Version(7)), Some(Version(5)));
        assert_eq!(
            flow.unread(Version(3)),
            Some(Version(0)),
            "a log that was begun anew"
        );
        flow.add(&[], Version(3));
        assert_eq!(flow.latest(), None);
    }

    #[test]
    fn rates_are_of_the_last_minute() {
        let mut flow = Flow::default();
        flow.add(
            &[
                commit(1, 0, 600),
                commit(2, 50_000, 120),
                commit(3, 60_000, 180),
            ],
            Version(3),
        );
        assert_eq!(flow.silver_rates(61_000), (5.0, 5.0));
        assert_eq!(flow.silver_rates(200_000), (0.0, 0.0));
        assert_eq!(flow.latest(), Some(60_000));
        assert_eq!(flow.hub_rate(), None);
        flow.see_hub(0, 100);
        assert_eq!(flow.hub_rate(), None);
        flow.see_hub(10_000, 300);
        assert_eq!(flow.hub_rate(), Some(20.0));
        flow.see_hub(20_000, 5);
        assert_eq!(flow.hub_rate(), None, "a hub that was made anew");
    }

    #[test]
    fn each_part_of_the_time_has_what_came_in_it() {
        let mut flow = Flow::default();
        flow.add(
            &[
                commit(1, 5_000, 100),
                commit(2, 599_999, 30),
                commit(3, 600_001, 9),
            ],
            Version(3),
        );
        let parts = flow.parts(605_000);
        assert_eq!(parts.len(), 60);
        assert_eq!((parts[0], parts[1], parts[59]), (10.0, 0.0, 3.0));
        let later = flow.parts(610_000);
        assert_eq!((later[0], later[58], later[59]), (0.0, 3.0, 0.9));
    }
}
