//! What has to be done to bodies before they are JSON, by trying what a dataset file can say; pure.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use sluice::dataset::{Compression, NonFinite, OpenMember, OpenStep, Payload, PayloadFormat};
use sluice::silver::trial::opened;
use sluice::value::compression::Codec;
use sluice::value::line::Line;
use sluice::value::path::{FieldPath, Segment};

use super::event::{Beside, Event};
use super::fields::{self, Fields};

/// Most times that members inside of opened ones are looked for.
const MOST_ROUNDS: usize = 3;
/// Most members that are opened.
const MOST_MEMBERS: usize = 16;
/// Most levels above a member.
const MOST_LEVELS: usize = 6;
/// One in so many texts at a place may be something else.
const OTHERS: usize = 10;
/// Most events in which members are looked for.
const MOST_EVENTS: usize = 1_000;
/// What base64 begins with of an object, an array, and of what gzip, zlib and zstd write.
const BASE64: [char; 4] = ['e', 'W', 'H', 'K'];
/// Ways to open a text.
const WAYS: [&[OpenStep]; 5] = [
    &[OpenStep::Json],
    &[OpenStep::Base64, OpenStep::Json],
    &[
        OpenStep::Base64,
        OpenStep::Unpack(Codec::Gzip),
        OpenStep::Json,
    ],
    &[
        OpenStep::Base64,
        OpenStep::Unpack(Codec::Zlib),
        OpenStep::Json,
    ],
    &[
        OpenStep::Base64,
        OpenStep::Unpack(Codec::Zstd),
        OpenStep::Json,
    ],
];

/// How bodies become records, and what that rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Opening {
    pub(in super::super) payload: Payload,
    /// Bodies that are JSON but for a NaN or an infinity.
    pub(in super::super) non_finite: usize,
    /// Bodies that are compressed.
    pub(in super::super) compressed: usize,
    /// Bodies that have several lines, each of them a value.
    pub(in super::super) several: usize,
}

/// The records of events, and how many events are refused whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Records {
    pub(in super::super) events: Vec<Event>,
    pub(in super::super) refused: usize,
    /// Why the first of them is.
    pub(in super::super) why: Option<String>,
}

impl Opening {
    /// Finds out what the bodies of lines of bronze need.
    pub(in super::super) fn of(lines: &[Bytes]) -> Self {
        let compressed = lines
            .iter()
            .filter(|line| Codec::of(&Line::read(line).body).is_some())
            .count();
        let mut opening = Self {
            compressed,
            ..Self::default()
        };
        if compressed > 0 {
            opening.payload.compression = Compression::Auto;
        }
        opening.find_format(lines);
        for _ in 0..MOST_ROUNDS {
            let non_finite = opening.payload.non_finite;
            let found = members(&opening.records(lines).events, non_finite);
            let known = &mut opening.payload.open;
            let left = MOST_MEMBERS - known.len();
            if found.is_empty() || left == 0 {
                break;
            }
            known.extend(found.into_iter().take(left));
        }
        opening
    }

    fn find_format(&mut self, lines: &[Bytes]) {
        let values = |payload: &Payload| -> Vec<usize> {
            let events = opened(payload, lines).into_iter();
            let values = |records: Vec<Vec<u8>>| match records.iter().all(|text| is_json(text)) {
                true => records.len(),
                false => 0,
            };
            events.map(|event| event.map_or(0, values)).collect()
        };
        let plain = values(&self.payload);
        let finite = Payload {
            non_finite: NonFinite::Null,
            ..self.payload.clone()
        };
        let nulled = values(&finite);
        self.non_finite = plain.iter().zip(&nulled).filter(|(a, b)| a < b).count();
        if self.non_finite > 0 {
            self.payload = finite;
        }
        let by_line = Payload {
            format: PayloadFormat::JsonLines,
            ..self.payload.clone()
        };
        let by_line = values(&by_line);
        let both = || nulled.iter().zip(&by_line);
        let several = both()
            .filter(|(whole, lines)| **whole == 0 && **lines > 1)
            .count();
        let lost = both()
            .filter(|(whole, lines)| **whole > 0 && **lines == 0)
            .count();
        if several > lost {
            self.several = several;
            self.payload.format = PayloadFormat::JsonLines;
        }
    }

    /// Opens lines.
    pub(in super::super) fn records(&self, lines: &[Bytes]) -> Records {
        let mut all = Records::default();
        for (line, records) in lines.iter().zip(opened(&self.payload, lines)) {
            match records {
                Ok(records) if records.is_empty() => {}
                Ok(records) => {
                    let beside = Beside::of(line);
                    let records = records.into_iter().map(|text| Event {
                        text: text.into(),
                        beside: beside.clone(),
                    });
                    all.events.extend(records);
                }
                Err(why) => {
                    all.refused += 1;
                    all.why.get_or_insert(why);
                }
            }
        }
        all
    }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(fields::unmarked(text)).is_ok()
}

/// What the values at a place are.
#[derive(Default)]
struct Seen {
    path: Vec<Segment>,
    texts: usize,
    others: usize,
    /// By the number of the way.
    opened: [usize; WAYS.len()],
}

/// Finds members that nearly always hold an object or an array as text.
fn members(events: &[Event], non_finite: NonFinite) -> Vec<OpenMember> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for event in events.iter().take(MOST_EVENTS) {
        if let Some(members) = fields::members(&event.text) {
            look(&members, &[], non_finite, &mut seen);
        }
    }
    let found = seen.into_values().filter_map(|seen| {
        let (way, count) = seen.opened.iter().enumerate().max_by_key(|(_, n)| **n)?;
        let others = seen.texts + seen.others - count;
        let is_usual = *count > 0 && others * OTHERS <= *count;
        is_usual.then_some(OpenMember {
            at: FieldPath::to(seen.path),
            steps: WAYS.get(way)?.to_vec(),
        })
    });
    found.collect()
}

fn look(
    members: &[(String, &RawValue)],
    above: &[Segment],
    non_finite: NonFinite,
    seen: &mut BTreeMap<String, Seen>,
) {
    for (name, value) in members {
        let path = [above, &[Segment::Name(name.clone())]].concat();
        let text = value.get();
        if text.starts_with('{')
            && above.len() < MOST_LEVELS
            && let Ok(Fields(members)) = serde_json::from_str(text)
        {
            look(&members, &path, non_finite, seen);
        }
        if text == "null" {
            continue;
        }
        let place: String = path.iter().map(ToString::to_string).collect();
        let place = seen.entry(place).or_default();
        place.path = path;
        match text.starts_with('"') {
            true => {
                place.texts += 1;
                if let Some(way) = way(text, non_finite)
                    && let Some(count) = place.opened.get_mut(way)
                {
                    *count += 1;
                }
            }
            false => place.others += 1,
        }
    }
}

/// Returns the number of the way in which a text holds an object or an array.
fn way(text: &str, non_finite: NonFinite) -> Option<usize> {
    // Most texts hold nothing, and it is seen at once.
    let content = serde_json::from_str::<String>(text).ok()?;
    let is_base64 = content.len() >= 4 && content.starts_with(BASE64) && !content.contains(' ');
    if !is_base64 && !content.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let wrapped = Bytes::from(format!("{{\"m\":{text}}}"));
    WAYS.iter().position(|steps| {
        let payload = Payload {
            open: vec![OpenMember {
                at: FieldPath::to(vec![Segment::Name("m".to_owned())]),
                steps: steps.to_vec(),
            }],
            non_finite,
            ..Payload::default()
        };
        let opened = opened(&payload, std::slice::from_ref(&wrapped)).pop();
        let value = opened.and_then(Result::ok).and_then(|records| {
            let Value::Object(mut members) = serde_json::from_slice(records.first()?).ok()? else {
                return None;
            };
            members.remove("m")
        });
        value.is_some_and(|value| value.is_object() || value.is_array())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Opening {
        let lines: Vec<Bytes> = lines.iter().map(|l| Bytes::from((*l).to_owned())).collect();
        Opening::of(&lines)
    }

    fn opens(opening: &Opening) -> Vec<(String, Vec<&'static str>)> {
        let open = opening.payload.open.iter();
        open.map(|member| {
            let steps = member.steps.iter().map(|step| step.as_str());
            (member.at.to_string(), steps.collect())
        })
        .collect()
    }

    #[test]
    fn plain_bodies_need_nothing() {
        let opening = of(&[r#"{"a": "x", "n": "12", "t": "{no"}"#, "broken"]);
        assert_eq!(opening.payload, Payload::default());
        assert_eq!(of(&["{\n\"a\": 1\n}"]).payload, Payload::default());
    }

    #[test]
    fn numbers_that_are_none_and_lines_are_found() {
        let nan = of(&[r#"{"a": NaN}"#, r#"{"a": 1}"#, "broken"]);
        assert_eq!(
            (nan.non_finite, nan.payload.non_finite),
            (1, NonFinite::Null)
        );
        // {"a":1}\n{"a":2}
        let lines = of(&[
            r#"{"$sluice":"base64","data":"eyJhIjoxfQp7ImEiOjJ9"}"#,
            r#"{"a": 1}"#,
        ]);
        assert_eq!(lines.payload.format, PayloadFormat::JsonLines);
        assert_eq!(lines.several, 1);
        // {\n"a":1}
        let pretty = of(&[r#"{"$sluice":"base64","data":"ewoiYSI6MX0="}"#]);
        assert_eq!(pretty.payload, Payload::default());
    }

    #[test]
    fn members_that_hold_json_are_opened_also_inside_of_others() {
        // {"y":"[1]"}
        let opening = of(&[
            r#"{"d": "{\"x\": 1}", "e": {"f": "eyJ5IjoiWzFdIn0="}, "g": "abcd"}"#,
            r#"{"d": null, "e": {"f": "eyJ5IjoiWzFdIn0"}, "g": "{}"}"#,
        ]);
        let expected = [
            ("d".to_owned(), vec!["json"]),
            ("$.e.f".to_owned(), vec!["base64", "json"]),
            ("$.e.f.y".to_owned(), vec!["json"]),
        ];
        assert_eq!(opens(&opening), expected);
    }

    #[test]
    fn compressed_bodies_and_members_are_unpacked() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(br#"{"a": 1}"#).unwrap();
        let data = STANDARD.encode(gzip.finish().unwrap());
        let body = of(&[&format!(r#"{{"$sluice":"base64","data":"{data}"}}"#)]);
        assert_eq!(body.payload.compression, Compression::Auto);
        assert_eq!(body.compressed, 1);
        let member = of(&[&format!(r#"{{"m": "{data}"}}"#)]);
        let expected = [("m".to_owned(), vec!["base64", "gzip", "json"])];
        assert_eq!(opens(&member), expected);
    }
}
