//! The handler's output.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;

use crate::functions_host::events::{EventSink, HostEvent, Level};

const KEPT_LINES: usize = 3;

/// Forwards a process's output line by line and keeps its last errors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Console {
    errors: Arc<Mutex<VecDeque<String>>>,
}

impl Console {
    /// Takes over both outputs of `child`.
    pub(crate) fn forward(child: &mut Child, events: &EventSink) -> Self {
        let console = Self::default();
        if let Some(stdout) = child.stdout.take() {
            let events = events.clone();
            tokio::spawn(each_line(stdout, move |line| {
                events.emit(HostEvent::Stdout { line })
            }));
        }
        if let Some(stderr) = child.stderr.take() {
            let (events, console) = (events.clone(), console.clone());
            tokio::spawn(each_line(stderr, move |line| {
                let level = stderr_level(&line);
                if level == Level::Error {
                    console.keep(line.clone());
                }
                events.emit(HostEvent::Stderr { level, line });
            }));
        }
        console
    }

    /// The last lines of standard error.
    pub(crate) fn last_errors(&self) -> String {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(",")
    }

    fn keep(&self, line: String) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.push_back(line);
        if errors.len() > KEPT_LINES {
            errors.pop_front();
        }
    }
}

/// Standard error is an error unless it says "warn".
fn stderr_level(line: &str) -> Level {
    if line.to_ascii_lowercase().contains("warn") {
        Level::Warning
    } else {
        Level::Error
    }
}

async fn each_line(output: impl AsyncRead + Unpin, mut take: impl FnMut(String)) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    // A read error is the end of the output, like its end.
    while reader
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        take(text.trim_end_matches(['\n', '\r']).to_owned());
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stderr_lines_are_errors_unless_they_warn() {
        assert_eq!(stderr_level("thread panicked"), Level::Error);
        assert_eq!(stderr_level("a WARNING"), Level::Warning);
    }
}
