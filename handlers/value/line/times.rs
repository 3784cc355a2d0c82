//! The last line of an object: when the hub took each of its events; pure.
//!
//! `{"$sluice":"times","enqueued_ms":[first, step, step, …]}`: the first time, then how much later each event came than
//! the one before it, in milliseconds. It is no event: no body's line starts like this.

use crate::event::UnixMillis;

const START: &[u8] = b"{\"$sluice\":\"times\",\"enqueued_ms\":[";
const END: &[u8] = b"]}";

/// Most bytes that a number takes, and the comma before it.
const LONGEST_NUMBER: usize = 21;

/// Most bytes of the line of a single event.
pub const LONGEST_SINGLE: usize = START.len() + LONGEST_NUMBER + END.len() + 1;

/// Returns the most bytes that the line of so many events takes, its line feed included.
#[must_use]
pub fn longest(events: u64) -> u64 {
    let more = events
        .saturating_sub(1)
        .saturating_mul(LONGEST_NUMBER as u64);
    more.saturating_add(LONGEST_SINGLE as u64)
}

/// Appends the line, its line feed included.
pub fn append_times(times: impl IntoIterator<Item = UnixMillis>, lines: &mut Vec<u8>) {
    lines.extend_from_slice(START);
    let mut previous = None;
    for UnixMillis(time) in times {
        match previous {
            None => append_number(time, lines),
            Some(previous) => {
                lines.push(b',');
                // The reader wraps likewise.
                append_number(time.wrapping_sub(previous), lines);
            }
        }
        previous = Some(time);
    }
    lines.extend_from_slice(END);
    lines.push(b'\n');
}

/// Returns how many bytes an event adds to the line of those before it.
#[must_use]
pub fn step_bytes(previous: UnixMillis, time: UnixMillis) -> usize {
    let step = time.0.wrapping_sub(previous.0);
    let digits = step.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    1 + usize::from(step < 0) + digits
}

fn append_number(number: i64, lines: &mut Vec<u8>) {
    match u8::try_from(number) {
        // Most steps.
        Ok(digit @ 0..=9) => lines.push(b'0' + digit),
        _ => lines.extend_from_slice(number.to_string().as_bytes()),
    }
}

/// The times of an object's events, one after the other.
#[derive(Clone, Debug)]
pub struct Times<'a> {
    /// Numbers and the commas between them; nothing at the end.
    rest: Option<&'a [u8]>,
    previous: i64,
}

impl<'a> Times<'a> {
    /// Splits the content of an object into the lines of its events and their times, if its last line holds them.
    #[must_use]
    pub fn split(content: &'a [u8]) -> (&'a [u8], Option<Self>) {
        let end = content.strip_suffix(b"\n").unwrap_or(content);
        let start = memchr::memrchr(b'\n', end).map_or(0, |feed| feed + 1);
        let (lines, last) = end.split_at_checked(start).unwrap_or((end, &[]));
        let numbers = last.strip_prefix(START);
        match numbers.and_then(|numbers| numbers.strip_suffix(END)) {
            Some(numbers) => {
                let rest = (!numbers.is_empty()).then_some(numbers);
                (lines, Some(Self { rest, previous: 0 }))
            }
            None => (content, None),
        }
    }

    /// Returns whether there are no more times.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_none()
    }
}

impl Iterator for Times<'_> {
    type Item = UnixMillis;

    /// Returns the time of the next event; nothing at the end, and where there is no number.
    fn next(&mut self) -> Option<UnixMillis> {
        let rest = self.rest?;
        let (number, rest) = match rest {
            // Most steps: a digit.
            [digit @ b'0'..=b'9', b',', rest @ ..] => (i64::from(digit - b'0'), Some(rest)),
            _ => {
                let end = memchr::memchr(b',', rest);
                let number = rest.get(..end.unwrap_or(rest.len()))?;
                let number = std::str::from_utf8(number).ok()?.parse().ok()?;
                (number, end.and_then(|end| rest.get(end + 1..)))
            }
        };
        self.rest = rest;
        self.previous = self.previous.wrapping_add(number);
        Some(UnixMillis(self.previous))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(times: &[i64]) -> String {
        let mut lines = Vec::new();
        append_times(times.iter().copied().map(UnixMillis), &mut lines);
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn times_are_the_first_and_then_steps() {
        let times = line(&[1_763_120_674_343, 1_763_120_674_343, 1_763_120_674_360]);
        let expected = "{\"$sluice\":\"times\",\"enqueued_ms\":[1763120674343,0,17]}\n";
        assert_eq!(times, expected);
    }

    #[test]
    fn what_is_no_line_of_times_is_a_line_of_the_object() {
        for content in [
            "",
            "{}\n",
            "{}\n{\"$sluice\":\"times\"}\n",
            "{\"$sluice\":\"times\",\"enqueued_ms\":[1]}\n{}\n",
            "{\"$sluice\":\"times\",\"enqueued_ms\":[1]",
        ] {
            let (lines, times) = Times::split(content.as_bytes());
            assert_eq!(lines, content.as_bytes());
            assert!(times.is_none(), "{content}");
        }
    }

    #[test]
    fn a_line_of_times_that_is_damaged_ends_early_and_says_so() {
        for (numbers, good) in [("", 0), ("1,x,2", 1), ("1,", 1), ("1,2.5", 1), ("x", 0)] {
            let content = format!("a\nb\n{{\"$sluice\":\"times\",\"enqueued_ms\":[{numbers}]}}");
            let (lines, times) = Times::split(content.as_bytes());
            assert_eq!(lines, b"a\nb\n");
            let mut times = times.unwrap();
            assert_eq!(times.by_ref().count(), good, "{numbers}");
            assert_eq!(times.is_at_end(), numbers.is_empty(), "{numbers}");
        }
    }

    proptest! {
        #[test]
        fn times_are_read_back_and_take_the_bytes_foretold(
            times in prop::collection::vec(prop_oneof![any::<i64>(), 1_763_120_674_000..1_763_120_674_100_i64], 1..50),
            before in "(a\n)?",
        ) {
            let content = before.clone() + &line(&times);
            let (lines, read) = Times::split(content.as_bytes());
            prop_assert_eq!(lines, before.as_bytes());
            let mut read = read.unwrap();
            let found: Vec<i64> = read.by_ref().map(|time| time.0).collect();
            prop_assert!(read.is_at_end());
            prop_assert_eq!(&found, &times);
            let steps = times.windows(2).map(|pair| step_bytes(UnixMillis(pair[0]), UnixMillis(pair[1])));
            let single = line(&times[..1]).len();
            prop_assert!(single <= LONGEST_SINGLE);
            prop_assert_eq!(single + steps.sum::<usize>(), line(&times).len());
        }
    }
}
