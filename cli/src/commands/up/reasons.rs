//! Why a pipeline cannot go on, or waits, in words; pure.

use crate::output::count;
use crate::pipeline::Snapshot;

/// Returns why a run that is to end never will: a failure that does not pass keeps events of it from their end.
///
/// An object that silver cannot refine is tried five times before it counts; gold has until silver has everything.
pub(super) fn hopeless(is_all_sent: bool, snapshot: &Snapshot) -> Option<String> {
    let has_arrived = snapshot.has_arrived();
    let counts = |function: &str| match function {
        "bronze" => true,
        "silver" => snapshot.given_up > 0 && !has_arrived,
        "gold" => is_all_sent && has_arrived && !snapshot.is_published(),
        _ => false,
    };
    let (function, error) = snapshot
        .lasting
        .iter()
        .find(|(function, _)| counts(function))?;
    Some(format!("{function} cannot go on: {error}"))
}

/// Returns what there is to say about the run, the gravest first.
pub(super) fn messages(snapshot: &Snapshot) -> Vec<String> {
    let mut messages = lasting(snapshot);
    messages.extend(snapshot.messages.iter().cloned());
    messages
}

/// Returns why layers cannot go on, or wait.
pub(super) fn lasting(snapshot: &Snapshot) -> Vec<String> {
    let lasting = snapshot.lasting.iter();
    let mut reasons: Vec<String> = lasting
        .map(|(function, error)| format!("{function} cannot go on: {error}"))
        .collect();
    if snapshot.given_up > 0 && !snapshot.has_arrived() {
        reasons.push(format!(
            "{} failed five times: maintenance tries again what is older than 5 minutes, and the next start of `up` tries all at once",
            count(snapshot.given_up, "object")
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use sluice::table::log::{Counts, Version};

    use super::*;

    fn failing(function: &str, lines: u64) -> Snapshot {
        Snapshot {
            hub_events: 10,
            counts: Counts {
                rows: lines,
                ..Counts::of_lines(lines)
            },
            version: Version(3),
            published: Some(Version(2)),
            lasting: [(function.to_owned(), "no; drop it".to_owned())].into(),
            ..Snapshot::default()
        }
    }

    fn function(snapshot: &Snapshot) -> &str {
        snapshot.lasting.keys().next().unwrap()
    }

    #[test]
    fn a_failure_that_does_not_pass_ends_a_run_once_it_keeps_events_back() {
        let given_up = Snapshot {
            given_up: 1,
            ..failing("silver", 9)
        };
        let late = Snapshot {
            given_up: 1,
            ..failing("silver", 10)
        };
        for (is_all_sent, snapshot, is_hopeless, why) in [
            (
                false,
                failing("bronze", 0),
                true,
                "bronze is delivered it again and again",
            ),
            (
                true,
                failing("silver", 9),
                false,
                "the object is still being tried",
            ),
            (false, given_up, true, "no other try is to come"),
            (true, late, false, "all is there after all"),
            (true, failing("gold", 9), false, "silver is not done"),
            (false, failing("gold", 10), false, "more events may come"),
            (
                true,
                failing("gold", 10),
                true,
                "gold is all that is missing",
            ),
            (true, failing("maintain", 9), false, "nobody waits for it"),
        ] {
            let found = hopeless(is_all_sent, &snapshot);
            let said = format!("{} cannot go on: no; drop it", function(&snapshot));
            assert_eq!(found, is_hopeless.then_some(said), "{why}");
        }
    }

    #[test]
    fn objects_that_wait_for_another_try_are_told_of() {
        let snapshot = Snapshot {
            given_up: 2,
            messages: vec!["gap".to_owned()],
            ..failing("silver", 9)
        };
        let messages = messages(&snapshot);
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[0], "silver cannot go on: no; drop it");
        assert!(
            messages[1].starts_with("2 objects failed five times"),
            "{messages:?}"
        );
        assert_eq!(messages[2], "gap");
    }
}
