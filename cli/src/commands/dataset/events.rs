//! Sample events of files and standard input, and where each of them stands.

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sluice::silver::trial::Place;

use crate::feed::Input;
use crate::output::{Usage, bar, shell_word};

/// Events are read in pieces of so many.
const AT_ONCE: u64 = 1_000;

/// Events, one a line.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) lines: Vec<Bytes>,
    /// The file and the line, from 1, of each.
    places: Vec<(usize, u64)>,
    /// The files as they are called.
    pub(super) files: Vec<String>,
    /// Whether there are more events than were read.
    pub(super) is_cut: bool,
}

impl Events {
    /// Reads at most `most` events of files, in their order; `-` is standard input, and so is no file. Blank lines are
    /// passed over.
    ///
    /// # Errors
    /// Fails if a file cannot be read, or if there is no event in any of them.
    pub(super) fn read(paths: &[PathBuf], most: u64) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let paths = or_stdin(paths);
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(Usage("standard input (-) can be read once only".to_owned()).into());
        }
        let bar = bar("read events", None);
        let mut events = Self::default();
        for (file, path) in paths.iter().enumerate() {
            events.files.push(match is_stdin(path) {
                true => "standard input".to_owned(),
                false => path.display().to_string(),
            });
            events.add_file(file, path, most)?;
            bar.set_position(events.lines.len() as u64);
        }
        bar.finish_and_clear();
        match events.lines.is_empty() {
            true => Err(format!("there is no event in {}", events.files.join(", ")).into()),
            false => Ok(events),
        }
    }

    fn add_file(
        &mut self,
        file: usize,
        path: &Path,
        most: u64,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let input = Input::open(path);
        let mut input = input.map_err(|error| Usage(sluice::error::chain(&error)))?;
        let mut number = 0;
        loop {
            // One more than wanted tells whether there are more.
            let left = most - self.lines.len() as u64 + 1;
            let read = input.next_events(usize::try_from(left.min(AT_ONCE))?)?;
            if read.is_empty() {
                return Ok(());
            }
            for line in read {
                number += 1;
                if line.trim_ascii().is_empty() {
                    continue;
                }
                if self.lines.len() as u64 == most {
                    self.is_cut = true;
                    return Ok(());
                }
                self.lines.push(line);
                self.places.push((file, number));
            }
        }
    }

    /// Returns the file of an event, and its line from 1.
    pub(super) fn place(&self, event: usize) -> (&str, u64) {
        let (file, line) = self.places.get(event).copied().unwrap_or_default();
        (self.files.get(file).map_or("", String::as_str), line)
    }

    /// Names the place of a record: by its line, and by its file too where there are several.
    pub(super) fn name(&self, place: Place) -> String {
        match self.files.len() {
            0 | 1 => format!("line {}", self.short_name(place)),
            _ => self.short_name(place),
        }
    }

    /// As [`Self::name`], where it goes without saying that it is a line.
    pub(super) fn short_name(&self, place: Place) -> String {
        let (file, line) = self.place(place.line);
        let record = record_name(place);
        match self.files.len() {
            0 | 1 => format!("{line}{record}"),
            _ => format!("{file}:{line}{record}"),
        }
    }

    /// Names files in a command line, ready to copy; what a pipe brought is a file that somebody has.
    pub(super) fn arguments(paths: &[PathBuf]) -> String {
        let paths = or_stdin(paths);
        let words = paths.iter().map(|path| match is_stdin(path) {
            true => ANY.to_owned(),
            false => argument(path),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Stands for a file of events in a command line.
pub(super) const ANY: &str = "EVENTS.jsonl";

/// Writes a path as one word of a command line.
pub(super) fn argument(path: &Path) -> String {
    shell_word(&path.display().to_string())
}

/// Names a record in its event, from 1, where the event has several.
pub(super) fn record_name(place: Place) -> String {
    let record = place.record.map(|record| u64::from(record) + 1);
    record.map_or(String::new(), |record| format!(", record {record}"))
}

/// How a command line names standard input.
const STDIN: &str = "-";

fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Without a file events come from standard input.
fn or_stdin(paths: &[PathBuf]) -> Cow<'_, [PathBuf]> {
    match paths {
        [] => vec![PathBuf::from(STDIN)].into(),
        paths => paths.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_several_files_keep_their_places() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let paths = [
            file("a.jsonl", "{\"n\":1}\n\n  \r\n{\"n\":2}"),
            file("b.jsonl", "{\"n\":3}\n{\"n\":4}\n"),
        ];
        let events = Events::read(&paths, 3).unwrap();
        assert_eq!(events.lines.len(), 3);
        assert!(events.is_cut);
        assert_eq!(events.place(1).1, 4, "blank lines are counted as lines");
        let place = |line, record| Place { line, record };
        let name = events.name(place(2, None));
        assert!(name.ends_with("b.jsonl:1"), "{name}");
        let all = Events::read(&paths, 4).unwrap();
        assert!(!all.is_cut);
        let one = Events::read(&paths[..1], 10).unwrap();
        assert_eq!(one.name(place(0, None)), "line 1");
        assert_eq!(one.name(place(1, Some(2))), "line 4, record 3");
    }

    #[test]
    fn files_without_an_event_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.jsonl");
        std::fs::write(&path, "\n\n").unwrap();
        let error = Events::read(&[path], 10).unwrap_err().to_string();
        assert!(error.starts_with("there is no event in "), "{error}");
        let named = Events::arguments(&[PathBuf::from("-"), PathBuf::from("it's b.jsonl")]);
        assert_eq!(named, "EVENTS.jsonl 'it'\\''s b.jsonl'");
        assert_eq!(Events::arguments(&[]), ANY, "a pipe brings them");
        let twice = [PathBuf::from("-"), PathBuf::from("-")];
        assert!(Events::read(&twice, 10).unwrap_err().is::<Usage>());
    }
}
