//! The lines of a file: its own, or the elements of the JSON array that it is.

use std::error::Error;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::value::RawValue;

use crate::feed::Input;

/// How many lines are read at once.
const AT_ONCE: usize = 1_000;

/// Whoever takes lines; it says whether to go on.
type Take<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// Hands each line of a file to `take`, until that has enough.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn lines(path: &Path, take: Take<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut input = Input::open(path)?;
    loop {
        let lines = input.next_events(AT_ONCE)?;
        if lines.is_empty() || !lines.iter().all(|line| take(line)) {
            return Ok(());
        }
    }
}

/// Hands each element of the array that a file is to `take`, as one line.
///
/// # Errors
/// Fails if the file cannot be read, or is no JSON array; what was before the place of the mistake was handed over.
pub(super) fn elements(path: &Path, take: Take<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut enough = false;
    let mut read = serde_json::Deserializer::from_reader(Input::open(path)?.into_reader());
    let elements = Elements {
        take,
        enough: &mut enough,
    };
    let ended = elements.deserialize(&mut read).and_then(|()| read.end());
    match ended {
        Err(error) if !enough => {
            Err(format!("{} is not one JSON array: {error}", path.display()).into())
        }
        _ => Ok(()),
    }
}

struct Elements<'a, 'b> {
    take: Take<'a>,
    /// Set where the rest is not read.
    enough: &'b mut bool,
}

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, read: D) -> Result<(), D::Error> {
        read.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an array, each element an event")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<Box<RawValue>>()? {
            if !(self.take)(&on_one_line(element.get())) {
                *self.enough = true;
                return Err(de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// Returns a value as one line: between its parts a line break is a blank, and within text it is escaped.
fn on_one_line(value: &str) -> Vec<u8> {
    let blank = |byte| match byte {
        b'\n' | b'\r' => b' ',
        other => other,
    };
    value.bytes().map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Failure = Box<dyn Error + Send + Sync>;

    fn read(
        of: fn(&Path, Take<'_>) -> Result<(), Failure>,
        text: &str,
        most: usize,
    ) -> (Vec<String>, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        std::fs::write(&path, text).unwrap();
        let mut found = Vec::new();
        let read = of(&path, &mut |line| {
            found.push(String::from_utf8_lossy(line).into_owned());
            found.len() < most
        });
        let read = read.map_err(|error| {
            let folder = folder.path().display().to_string();
            error.to_string().replace(&folder, "")
        });
        (found, read)
    }

    #[test]
    fn an_array_gives_its_elements_on_a_line_each_as_they_are_written() {
        let text =
            "[\n  {\n    \"id\": 1.0,\n    \"text\": \"a\\nb\"\n  },\r\n  7, \"é\", null, []\n]\n";
        let (found, read) = read(elements, text, usize::MAX);
        read.unwrap();
        let first = "{     \"id\": 1.0,     \"text\": \"a\\nb\"   }";
        assert_eq!(found, [first, "7", "\"é\"", "null", "[]"]);
    }

    #[test]
    fn what_is_no_array_is_named_with_its_place() {
        let cases = [
            (
                "{\"id\":1}",
                0,
                "an array, each element an event at line 1 column",
            ),
            ("[1, 2,\n nul]", 2, "line 2 column"),
            ("[1] [2]", 1, "trailing characters at line 1 column 5"),
            ("[1, 2", 2, "EOF while parsing a list at line 1"),
        ];
        for (text, elements_before, words) in cases {
            let (found, read) = read(elements, text, usize::MAX);
            assert_eq!(found.len(), elements_before, "{text}");
            let error = read.unwrap_err();
            assert!(error.contains(words), "{error}");
            assert!(
                error.starts_with("/events is not one JSON array: "),
                "{error}"
            );
        }
    }

    #[test]
    fn whoever_has_enough_is_given_no_more() {
        assert_eq!(read(lines, "a\nb\nc\n", 2).0, ["a", "b"]);
        let (found, read) = read(elements, "[1,2,3", 2);
        assert_eq!((found.len(), read), (2, Ok(())));
    }
}
