//! What is wrong with a dataset file, all of it at once.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the file, from 1.
    pub line: usize,
    /// The key, such as `period`, `column "amount".min` or `gold "gold_daily_orders".measures.total`; empty for the file's syntax.
    pub key: String,
    /// What is wrong with it, and what is allowed.
    pub message: String,
    /// Where in the value it is, if that is known.
    pub place: Option<Place>,
}

/// A place in a value of several words, such as an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line of the value.
    pub text: String,
    /// The character in that line, from 1.
    pub column: usize,
}

/// Everything that is wrong with a dataset file, by line. `Display` prints a line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetProblems {
    /// The file's name, as it was given.
    pub file: String,
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for DatasetProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{}: ", self.file, problem.line)?;
            if !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            f.write_str(&problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for DatasetProblems {}

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum LoadDatasetError {
    /// The file cannot be read.
    #[error("read dataset file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file's content is wrong.
    #[error(transparent)]
    Invalid(#[from] DatasetProblems),
}

/// Gathers problems while a file is read.
#[derive(Debug)]
pub(super) struct Sink<'t> {
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Sink<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            problems: RefCell::default(),
        }
    }

    /// Notes a problem at a byte offset of the text.
    pub(super) fn report(&self, at: usize, key: String, message: String) {
        self.report_in(at, key, message, None);
    }

    /// As [`Self::report`], with the place in the value.
    pub(super) fn report_in(&self, at: usize, key: String, message: String, place: Option<Place>) {
        // An offset beyond the text, of which there is none, would be shown on the first line.
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        self.problems.borrow_mut().push(Problem {
            line,
            key,
            message,
            place,
        });
    }

    /// Returns what was noted, by line, or nothing if all is well.
    pub(super) fn into_problems(self, file: &str) -> Option<DatasetProblems> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems.dedup();
        (!problems.is_empty()).then(|| DatasetProblems {
            file: file.to_owned(),
            problems,
        })
    }
}
