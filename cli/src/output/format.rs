//! How results are printed: rows in a format that the command line names, other results as JSON with what they are about.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::text::{print, print_prose};

/// How rows are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people, as wide as the terminal
    #[default]
    Table,
    /// A JSON object a line
    Json,
    /// The names of the columns, then a line a row; a null is an empty field
    Csv,
}

/// The format, as a command line says it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct FormatArguments {
    /// How rows are printed
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// As --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl FormatArguments {
    /// Returns what was asked for.
    pub(crate) fn format(self) -> Format {
        match self.json {
            true => Format::Json,
            false => self.format,
        }
    }

    /// Returns how many rows are printed at most: as many as asked for, 0 for all of them, and otherwise `shown` for people
    /// and all for programs.
    pub(crate) fn most(self, asked: Option<usize>, shown: usize) -> usize {
        match (asked, self.is_for_people()) {
            (Some(0), _) | (None, false) => usize::MAX,
            (Some(asked), _) => asked,
            (None, true) => shown,
        }
    }

    /// Returns whether people are to read it.
    pub(crate) fn is_for_people(self) -> bool {
        self.format() == Format::Table
    }
}

/// A result, and the pipeline that it is about.
#[derive(Debug, Serialize)]
pub(crate) struct About<T> {
    /// Where its numbers come from.
    pub(crate) target: String,
    #[serde(flatten)]
    pub(crate) result: T,
}

impl<T: Serialize> About<T> {
    /// Prints it as JSON for a program, or the same in words for people.
    ///
    /// # Errors
    /// Fails if it cannot be written as JSON.
    pub(crate) fn tell(&self, json: bool, words: &str) -> serde_json::Result<()> {
        match json {
            true => print(&serde_json::to_string_pretty(self)?),
            false => print_prose(words),
        }
        Ok(())
    }
}
