//! What an object of bronze holds, read without the code that wrote it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use super::json::is_blank;

/// An object of bronze, taken apart.
pub(crate) struct Contents<'c> {
    /// The lines of events.
    text: &'c [u8],
    /// Blank lines of an object that was put there by hand are no events.
    is_by_hand: bool,
    /// The times of the events, in milliseconds since 1970, if the last line holds them.
    pub(crate) times: Option<Vec<i64>>,
    /// How many events there are.
    count: u64,
}

/// An event, as its line holds it.
pub(crate) struct Event<'c> {
    /// The number of its line, from 0.
    pub(crate) line: usize,
    /// What its producer sent.
    pub(crate) body: Cow<'c, [u8]>,
    /// The JSON object of what the hub said of it; nothing on a plain line.
    pub(crate) system: &'c [u8],
    /// The JSON object of what its producer said of it; nothing on a plain line.
    pub(crate) properties: &'c [u8],
}

impl<'c> Contents<'c> {
    /// Reads an object.
    pub(crate) fn of(content: &'c [u8], is_by_hand: bool) -> Self {
        let end = content.strip_suffix(b"\n").unwrap_or(content);
        let start = end.iter().rposition(|byte| *byte == b'\n');
        let (before, last) = end.split_at(start.map_or(0, |feed| feed + 1));
        let times = times(last);
        let contents = Self {
            text: if times.is_some() { before } else { content },
            is_by_hand,
            times,
            count: 0,
        };
        let count = match is_by_hand {
            true => contents.lines().count() as u64,
            false => ends_of_lines(contents.text),
        };
        Self { count, ..contents }
    }

    /// Returns the number of events.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the events, in the order of their lines.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event<'c>> {
        self.lines().map(|(number, line)| Event::of(number, line))
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &'c [u8])> {
        let (text, is_by_hand) = (self.text, self.is_by_hand);
        let end = text.strip_suffix(b"\n").unwrap_or(text);
        let lines = (!text.is_empty()).then(|| end.split(|byte| *byte == b'\n'));
        let lines = lines.into_iter().flatten().enumerate();
        lines.filter(move |(_, line)| !is_by_hand || !is_blank(line))
    }
}

impl<'c> Event<'c> {
    fn of(number: usize, line: &'c [u8]) -> Self {
        let plain = Self {
            line: number,
            body: Cow::Borrowed(line),
            system: &[],
            properties: &[],
        };
        // A line that begins like a wrapper and is none is its own body.
        Self::wrapped(number, line).unwrap_or(plain)
    }

    fn wrapped(number: usize, line: &'c [u8]) -> Option<Self> {
        let decoded = |data: &[u8]| {
            let data = data.strip_suffix(b"\"}")?;
            STANDARD.decode(data).ok().map(Cow::Owned)
        };
        if let Some(data) = line.strip_prefix(br#"{"$sluice":"base64","data":""#) {
            return Some(Self {
                line: number,
                body: decoded(data)?,
                system: &[],
                properties: &[],
            });
        }
        let rest = line.strip_prefix(br#"{"$sluice":"event","system":"#)?;
        let (system, rest) = split_object(rest)?;
        let (properties, rest) = split_object(rest.strip_prefix(br#","properties":"#)?)?;
        let body = match rest.strip_prefix(br#","body":"#) {
            Some(body) => Cow::Borrowed(body.strip_suffix(b"}")?),
            None => decoded(rest.strip_prefix(br#","data":""#)?)?,
        };
        Some(Self {
            line: number,
            body,
            system,
            properties,
        })
    }
}

/// Splits text after the JSON object that it starts with.
fn split_object(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if !text.starts_with(b"{") {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

/// Reads the line of times: the first, and the step from each to the next.
fn times(line: &[u8]) -> Option<Vec<i64>> {
    #[derive(serde::Deserialize)]
    struct Times {
        #[serde(rename = "$sluice")]
        kind: String,
        enqueued_ms: Vec<i64>,
    }
    let read: Times = serde_json::from_slice(line).ok()?;
    let mut time = 0_i64;
    let times = read.enqueued_ms.into_iter().map(|step| {
        time = time.wrapping_add(step);
        time
    });
    (read.kind == "times").then(|| times.collect())
}

/// Counts lines; the last one need not end.
pub(crate) fn ends_of_lines(content: &[u8]) -> u64 {
    let ends = memchr::memchr_iter(b'\n', content).count() as u64;
    let open = content.last().is_some_and(|byte| *byte != b'\n');
    ends + u64::from(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(content: &str, is_by_hand: bool) -> Vec<(usize, String, String)> {
        let contents = Contents::of(content.as_bytes(), is_by_hand);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let events = contents.events();
        let events = events.map(|event| (event.line, text(&event.body), text(event.properties)));
        let events: Vec<_> = events.collect();
        assert_eq!(contents.count(), events.len() as u64, "{content:?}");
        events
    }

    #[test]
    fn a_line_is_its_body_unless_it_wraps_one() {
        let wrapped = r#"{"$sluice":"event","system":{"a":"}"},"properties":{"p":1},"#;
        for (line, body, properties) in [
            ("{}", "{}", ""),
            (r#"{"$sluice":"base64","data":"YQ=="}"#, "a", ""),
            (
                &format!(r#"{wrapped}"body": [1] }}"#),
                " [1] ",
                r#"{"p":1}"#,
            ),
            (&format!(r#"{wrapped}"data":"YQo="}}"#), "a\n", r#"{"p":1}"#),
        ] {
            let expected = (0, body.to_owned(), properties.to_owned());
            assert_eq!(events(line, false), [expected], "{line}");
        }
        for line in [
            r#"{"$sluice":"base64","data":"YQ="}"#,
            r#"{"$sluice":"event","system":{,"properties":{},"body":1}"#,
            &format!(r#"{wrapped}"text":1}}"#),
        ] {
            assert_eq!(events(line, false), [(0, line.to_owned(), String::new())]);
        }
    }

    #[test]
    fn blank_lines_are_events_of_the_hub_and_none_by_hand() {
        let bodies = |content: &str, is_by_hand| {
            let events = events(content, is_by_hand).into_iter();
            events
                .map(|(line, body, _)| (line, body))
                .collect::<Vec<_>>()
        };
        let line = |number: usize, text: &str| (number, text.to_owned());
        assert_eq!(bodies("", false), []);
        assert_eq!(bodies("\n", false), [line(0, "")]);
        assert_eq!(
            bodies("a\n \nb", false),
            [line(0, "a"), line(1, " "), line(2, "b")]
        );
        assert_eq!(bodies("\n", true), []);
        assert_eq!(bodies("a\n \u{feff}\r\nb", true).len(), 3, "no mark within");
        assert_eq!(
            bodies("a\n\u{feff} \r\nb\n", true),
            [line(0, "a"), line(2, "b")]
        );
    }

    #[test]
    fn the_times_are_no_event() {
        let content = b"a\nb\n{\"$sluice\":\"times\",\"enqueued_ms\":[7,-2]}\n";
        let contents = Contents::of(content, false);
        assert_eq!((contents.count(), contents.times), (2, Some(vec![7, 5])));
    }
}
