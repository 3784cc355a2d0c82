//! Several pipelines that run, of which a command is about one: they are listed, and on a terminal asked for.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use thiserror::Error;

use crate::output::{errors_are_shown, say, shell_word};

/// A pipeline that `sluice up` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) dataset: String,
    /// Its dataset file.
    pub(super) file: PathBuf,
    /// The address of its storage, and of its event hub.
    pub(super) storage: String,
    pub(super) hub: String,
    pub(super) state_dir: PathBuf,
    pub(super) since: Option<SystemTime>,
}

impl Running {
    /// The option that names it.
    fn option(&self) -> String {
        format!("--dataset {}", shell_word(&self.file.display().to_string()))
    }

    pub(super) fn line(&self) -> String {
        let since = self.since.map_or_else(String::new, |since| {
            let since = DateTime::<Utc>::from(since);
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!(" since {since},")
        });
        format!(
            "{}:{since} storage {}, event hub {}, state in {}: {}",
            self.dataset,
            self.storage,
            self.hub,
            self.state_dir.display(),
            self.option()
        )
    }
}

/// Several run, and the command line names none of them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("several pipelines run with their state in {}; say which one is meant:\n{}", .state_dir.display(), lines(.running))]
pub(crate) struct Several {
    pub(super) state_dir: PathBuf,
    pub(super) running: Vec<Running>,
}

fn lines(running: &[Running]) -> String {
    let lines = running
        .iter()
        .map(|running| format!("  {}", running.line()));
    lines.collect::<Vec<_>>().join("\n")
}

impl Several {
    /// Asks on a terminal for the number or the name of the one that is meant, until it is one of them; returns its dataset
    /// file.
    ///
    /// # Errors
    /// Fails with the list where nobody can be asked, and if nothing is answered.
    pub(super) fn ask(self) -> Result<PathBuf, Self> {
        let input = std::io::stdin();
        if !input.is_terminal() || !errors_are_shown() {
            return Err(self);
        }
        for (number, running) in (1..).zip(&self.running) {
            say(&format!("{number}  {}", running.line()));
        }
        let last = self.running.len();
        say(&format!(
            "several pipelines run; which one? (1 to {last}, or its name)"
        ));
        loop {
            let mut answer = String::new();
            if input.read_line(&mut answer).is_err() || answer.trim().is_empty() {
                return Err(self);
            }
            match self.chosen(&answer) {
                Some(file) => return Ok(file),
                None => say(&format!(
                    "{} is none of them; which one? (1 to {last}, or its name)",
                    answer.trim()
                )),
            }
        }
    }

    /// Returns the dataset file of the one that an answer names; a name that two have names none.
    fn chosen(&self, answer: &str) -> Option<PathBuf> {
        let answer = answer.trim();
        let number = answer.parse::<usize>().ok();
        let index = number.and_then(|number| number.checked_sub(1));
        let by_number = index.and_then(|index| self.running.get(index));
        let mut named = self
            .running
            .iter()
            .filter(|running| running.dataset == answer);
        let by_name = named.next().filter(|_| named.next().is_none());
        let found = by_number.or(by_name);
        found.map(|running| running.file.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn several() -> Several {
        let running = ["orders", "sensors"].map(|name| Running {
            dataset: name.to_owned(),
            file: format!("datasets/{name}.toml").into(),
            storage: "127.0.0.1:10000".to_owned(),
            hub: "127.0.0.1:5672".to_owned(),
            state_dir: format!("/shop/.sluice/{name}").into(),
            since: Some(SystemTime::UNIX_EPOCH),
        });
        Several {
            state_dir: "/shop/.sluice".into(),
            running: running.into(),
        }
    }

    #[test]
    fn each_is_listed_with_the_option_that_names_it() {
        let text = several().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "several pipelines run with their state in /shop/.sluice; say which one is meant:",
                "  orders: since 1970-01-01T00:00:00Z, storage 127.0.0.1:10000, event hub 127.0.0.1:5672, state in /shop/.sluice/orders: --dataset datasets/orders.toml",
                "  sensors: since 1970-01-01T00:00:00Z, storage 127.0.0.1:10000, event hub 127.0.0.1:5672, state in /shop/.sluice/sensors: --dataset datasets/sensors.toml",
            ]
        );
    }

    #[test]
    fn an_answer_is_one_of_the_numbers_or_a_name_that_one_has_alone() {
        let chosen = |answer: &str| several().chosen(answer);
        assert_eq!(chosen("2\n"), Some("datasets/sensors.toml".into()));
        assert_eq!(chosen("orders\n"), Some("datasets/orders.toml".into()));
        for wrong in ["0", "3", "", "order", "Orders", "-1"] {
            assert_eq!(chosen(wrong), None, "{wrong}");
        }
        let mut twice = several();
        twice.running[1].dataset = "orders".to_owned();
        assert_eq!(twice.chosen("orders"), None);
    }
}
