//! How lines become objects of bronze; pure.
//!
//! An object is named by the hash of all that its file has up to its end. So the same file always makes the same objects, under
//! names that nothing else of another content has, and what was loaded once is found there.

use std::mem;

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

/// Most bytes of an object, unless a single line is longer: as many as the function bronze puts into one. Never another
/// number: a file that was loaded before would be cut elsewhere, and loaded again.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Lines of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The hash of the lines of its file up to its end, 32 hexadecimal digits.
    pub(super) hash: String,
    pub(super) lines: u64,
    pub(super) content: Bytes,
}

/// Cuts the lines of one file.
pub(super) struct Cutter {
    most: usize,
    hash: Xxh3,
    content: Vec<u8>,
    lines: u64,
}

impl Cutter {
    pub(super) fn new() -> Self {
        Self::at(MOST_BYTES)
    }

    fn at(most: usize) -> Self {
        Self {
            most,
            hash: Xxh3::new(),
            content: Vec::new(),
            lines: 0,
        }
    }

    /// Takes a line, without its line feed; returns what is full before it.
    pub(super) fn add(&mut self, line: &[u8]) -> Option<Part> {
        let is_full = self.content.len() + line.len() + 1 > self.most;
        let full = if is_full { self.end() } else { None };
        self.content.extend_from_slice(line);
        self.content.push(b'\n');
        self.lines += 1;
        full
    }

    /// Returns what is at hand, if anything is.
    pub(super) fn end(&mut self) -> Option<Part> {
        if self.lines == 0 {
            return None;
        }
        self.hash.update(&self.content);
        Some(Part {
            hash: format!("{:032x}", self.hash.digest128()),
            lines: mem::take(&mut self.lines),
            content: mem::take(&mut self.content).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(most: usize, lines: &[&str]) -> Vec<Part> {
        let mut cutter = Cutter::at(most);
        let mut parts: Vec<Part> = Vec::new();
        for line in lines {
            parts.extend(cutter.add(line.as_bytes()));
        }
        parts.extend(cutter.end());
        assert_eq!(cutter.end(), None);
        parts
    }

    fn contents(parts: &[Part]) -> Vec<&str> {
        let contents = parts.iter().map(|part| std::str::from_utf8(&part.content));
        contents.map(Result::unwrap).collect()
    }

    #[test]
    fn a_file_of_no_lines_makes_no_object() {
        assert_eq!(cut(8, &[]), []);
    }

    #[test]
    fn objects_are_bounded_but_for_a_longer_line_and_every_line_is_in_one() {
        let parts = cut(6, &["ab", "cd", "e", "", "longer than that", "f"]);
        let expected = ["ab\ncd\n", "e\n\n", "longer than that\n", "f\n"];
        assert_eq!(contents(&parts), expected);
        let lines: Vec<u64> = parts.iter().map(|part| part.lines).collect();
        assert_eq!(lines, [2, 2, 1, 1]);
    }

    #[test]
    fn equal_objects_at_two_places_of_a_file_have_two_names_and_an_equal_file_has_the_same() {
        let lines = ["ab", "ab", "ab"];
        let parts = cut(3, &lines);
        assert_eq!(contents(&parts), ["ab\n"; 3]);
        assert!(parts[0].hash != parts[1].hash && parts[1].hash != parts[2].hash);
        assert_eq!(cut(3, &lines), parts);
        // One that has grown begins with the same objects.
        assert_eq!(cut(3, &["ab", "ab", "ab", "cd"])[..3], parts);
    }

    #[test]
    fn names_and_bounds_stay_what_they_were() {
        let mut cutter = Cutter::new();
        assert_eq!(cutter.add(b"{\"id\":1}"), None);
        let hash = cutter.end().unwrap().hash;
        assert_eq!(hash, "b6c6d6dea7a99d358cf5a3f6d3f947f9");
        assert_eq!(MOST_BYTES, 8_388_608);
    }
}
