//! Where a receiver starts, from the selector filter of its link.
//!
//! Every SDK writes one comparison, such as `amqp.annotation.x-opt-offset > '123'`; only the
//! spacing differs. What is not such a comparison is refused rather than guessed at.

/// The first event a receiver wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartAt {
    /// The oldest event.
    Earliest,
    /// The next event to come.
    Latest,
    /// The first event whose offset is at least this.
    Offset(u64),
    /// The first event whose sequence number is at least this.
    Sequence(i64),
    /// The first event that was enqueued at this time (milliseconds since 1970) or later.
    EnqueuedMs(i64),
}

/// Reads a selector.
///
/// # Errors
/// Returns the part that is not understood.
pub(super) fn parse(selector: &str) -> Result<StartAt, String> {
    let refused = || selector.to_owned();
    let (left, right) = selector.split_once('>').ok_or_else(refused)?;
    let (inclusive, right) = match right.strip_prefix('=') {
        Some(right) => (true, right),
        None => (false, right),
    };
    let value = right.trim().trim_matches(['\'', '"']);
    let first = |number: i64| {
        if inclusive {
            number
        } else {
            number.saturating_add(1)
        }
    };
    match left
        .trim()
        .strip_prefix("amqp.annotation.")
        .ok_or_else(refused)?
    {
        "x-opt-offset" | "x-opt-sequence-number" | "x-opt-enqueued-time" if value == "@latest" => {
            Ok(StartAt::Latest)
        }
        "x-opt-offset" => {
            let first = first(value.parse().map_err(|_| refused())?);
            Ok(u64::try_from(first)
                .ok()
                .filter(|&it| it > 0)
                .map_or(StartAt::Earliest, StartAt::Offset))
        }
        "x-opt-sequence-number" => {
            let first = first(value.parse().map_err(|_| refused())?);
            Ok(if first <= 0 {
                StartAt::Earliest
            } else {
                StartAt::Sequence(first)
            })
        }
        "x-opt-enqueued-time" | "x-opt-enqueuedtimeutc" => Ok(StartAt::EnqueuedMs(first(
            value.parse().map_err(|_| refused())?,
        ))),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_of_the_sdks_are_understood() {
        for (selector, expected) in [
            ("amqp.annotation.x-opt-offset > '-1'", StartAt::Earliest),
            ("amqp.annotation.x-opt-offset >= '-1'", StartAt::Earliest),
            ("amqp.annotation.x-opt-offset > '@latest'", StartAt::Latest),
            ("amqp.annotation.x-opt-offset > '0'", StartAt::Offset(1)),
            ("amqp.annotation.x-opt-offset >= '0'", StartAt::Earliest),
            (
                "amqp.annotation.x-opt-offset > '4096'",
                StartAt::Offset(4097),
            ),
            (
                "amqp.annotation.x-opt-offset >='4096'",
                StartAt::Offset(4096),
            ),
            (
                "amqp.annotation.x-opt-sequence-number > '-1'",
                StartAt::Earliest,
            ),
            (
                "amqp.annotation.x-opt-sequence-number >'9'",
                StartAt::Sequence(10),
            ),
            (
                "amqp.annotation.x-opt-sequence-number >= '9'",
                StartAt::Sequence(9),
            ),
            (
                "amqp.annotation.x-opt-sequence-number > '@latest'",
                StartAt::Latest,
            ),
            (
                "amqp.annotation.x-opt-enqueued-time > '17000'",
                StartAt::EnqueuedMs(17001),
            ),
            (
                "amqp.annotation.x-opt-enqueued-time >= '17000'",
                StartAt::EnqueuedMs(17000),
            ),
            (
                "  amqp.annotation.x-opt-offset  >  '7' ",
                StartAt::Offset(8),
            ),
        ] {
            assert_eq!(parse(selector).as_ref(), Ok(&expected), "{selector}");
        }
    }

    #[test]
    fn other_selectors_are_refused() {
        for selector in [
            "",
            "amqp.annotation.x-opt-offset",
            "amqp.annotation.x-opt-offset < '5'",
            "amqp.annotation.x-opt-offset > 'five'",
            "amqp.annotation.x-opt-sequence-number > ''",
            "amqp.annotation.x-opt-partition-key > '5'",
            "x-opt-offset > '5'",
        ] {
            assert_eq!(parse(selector), Err(selector.to_owned()));
        }
    }
}
