//! What host and handler say, as a line of the log file and as far as the screen shows it.

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_local::functions_host::events::{HostEvent, Level};

use super::log_words::{INGESTED, LogLine, Number, PUBLISHED, Text};

/// How many messages are kept for the screen.
const KEPT_MESSAGES: usize = 3;

/// What the handler has said since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Events that bronze stored.
    pub(crate) stored: u64,
    /// Objects that bronze created.
    pub(crate) objects: u64,
    /// The last warnings and errors.
    pub(crate) messages: Vec<String>,
    /// Why functions cannot go on: failures that do not pass by themselves.
    pub(crate) lasting: BTreeMap<String, String>,
    /// Objects that the host has given up on since its start, until maintenance or its next start tries them again.
    pub(crate) given_up: u64,
}

impl Heard {
    /// Takes an event in; `said` is what a line of the handler's log says.
    pub(super) fn take_in(&mut self, event: &HostEvent, said: Option<&Value>) {
        match event {
            HostEvent::Stdout { line } => match said {
                Some(log) => self.take_in_log(LogLine(log)),
                None => self.remember(line.clone()),
            },
            HostEvent::Stderr { line, .. } => self.remember(line.clone()),
            HostEvent::Message {
                level: Level::Warning | Level::Error,
                text,
            } => {
                self.remember(text.clone());
            }
            HostEvent::Message { .. }
            | HostEvent::FunctionLog { .. }
            | HostEvent::Invoked { .. } => {}
        }
    }

    fn take_in_log(&mut self, log: LogLine<'_>) {
        // Runs of these follow one another: the last one tells how it stands. An object of silver is one of many.
        match log.message() {
            Some(INGESTED) => drop(self.lasting.remove("bronze")),
            // It is no failure, and yet nothing is published until somebody does something.
            Some(PUBLISHED) => match log.text(Text::Replaced) {
                Some(why) => drop(self.lasting.insert("gold".to_owned(), why.to_owned())),
                None => drop(self.lasting.remove("gold")),
            },
            _ => {}
        }
        if let Some((function, error)) = log.lasting_failure() {
            self.lasting.insert(function.to_owned(), error.to_owned());
            return;
        }
        if log.message() == Some(INGESTED) {
            match (log.required(Number::Stored), log.required(Number::Objects)) {
                (Ok(stored), Ok(objects)) => {
                    self.stored += stored;
                    self.objects += objects;
                }
                (Err(unknown), _) | (_, Err(unknown)) => self.remember(unknown.to_string()),
            }
        }
        if log.is_grave() {
            let words = [Text::Function, Text::Message, Text::Error];
            let words = words.into_iter().filter_map(|word| log.text(word));
            self.remember(words.collect::<Vec<_>>().join(" "));
        }
    }

    fn remember(&mut self, message: String) {
        // What is said again and again does not hide the rest.
        self.messages.retain(|kept| *kept != message);
        if self.messages.len() == KEPT_MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(message);
    }
}

/// Returns an event as a line of the log file, if it belongs there.
pub(crate) fn log_line(event: &HostEvent) -> Option<String> {
    Some(match event {
        HostEvent::Stdout { line } => format!("handler {line}"),
        HostEvent::Stderr { level, line } => format!("handler {level:?} {line}"),
        HostEvent::Message { level, text } => format!("host {level:?} {text}"),
        HostEvent::FunctionLog { .. } => return None,
        HostEvent::Invoked {
            function,
            invocation_id,
            elapsed,
            error,
        } => format!(
            "host {function} {invocation_id} {} ms {}",
            elapsed.as_millis(),
            error.as_deref().unwrap_or("succeeded")
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn said(heard: &mut Heard, line: &Value) {
        let event = HostEvent::Stdout {
            line: line.to_string(),
        };
        heard.take_in(&event, Some(line));
    }

    fn message(level: Level, text: &str) -> HostEvent {
        HostEvent::Message {
            level,
            text: text.to_owned(),
        }
    }

    #[test]
    fn what_bronze_stored_is_added_up() {
        let mut heard = Heard::default();
        for stored in [1_000, 500] {
            let line =
                json!({ "level": "INFO", "message": "ingested", "stored": stored, "objects": 1 });
            said(&mut heard, &line);
        }
        said(&mut heard, &json!({ "message": "refined", "lines": 1_500 }));
        assert_eq!((heard.stored, heard.objects), (1_500, 2));
        assert!(heard.messages.is_empty());
    }

    #[test]
    fn a_summary_without_its_numbers_is_told_of_and_not_counted_as_nothing() {
        let mut heard = Heard::default();
        said(&mut heard, &json!({ "message": "ingested", "events": 7 }));
        assert_eq!(heard.stored, 0);
        assert!(heard.messages[0].contains("no usable stored"), "{heard:?}");
    }

    #[test]
    fn warnings_and_errors_are_shown_and_quarantined_lines_are_not() {
        let mut heard = Heard::default();
        let error =
            json!({ "level": "ERROR", "function": "silver", "message": "failed", "error": "lost" });
        said(&mut heard, &error);
        said(&mut heard, &json!({ "level": "WARN", "message": "gap" }));
        said(
            &mut heard,
            &json!({ "level": "WARN", "message": "quarantined" }),
        );
        said(
            &mut heard,
            &json!({ "level": "INFO", "message": "started" }),
        );
        assert_eq!(heard.messages, ["silver failed lost", "gap"]);
    }

    #[test]
    fn only_the_last_three_messages_are_kept() {
        let mut heard = Heard::default();
        for number in 0..5 {
            heard.take_in(&message(Level::Error, &number.to_string()), None);
        }
        assert_eq!(heard.messages, ["2", "3", "4"]);
    }

    #[test]
    fn output_that_is_no_log_is_shown_as_it_is() {
        let mut heard = Heard::default();
        let stdout = HostEvent::Stdout {
            line: "thread panicked".to_owned(),
        };
        let stderr = HostEvent::Stderr {
            level: Level::Error,
            line: "out of memory".to_owned(),
        };
        heard.take_in(&stdout, None);
        heard.take_in(&stderr, None);
        heard.take_in(&message(Level::Information, "started"), None);
        assert_eq!(heard.messages, ["thread panicked", "out of memory"]);
    }

    #[test]
    fn the_log_file_has_what_host_and_handler_say_and_how_invocations_ended() {
        let line = |event: &HostEvent| log_line(event).unwrap();
        let stdout = HostEvent::Stdout {
            line: "{}".to_owned(),
        };
        assert_eq!(line(&stdout), "handler {}");
        assert_eq!(line(&message(Level::Warning, "slow")), "host Warning slow");
        let invoked = |error: Option<&str>| HostEvent::Invoked {
            function: "gold".to_owned(),
            invocation_id: Uuid::nil(),
            elapsed: Duration::from_millis(12),
            error: error.map(str::to_owned),
        };
        assert!(line(&invoked(None)).ends_with(" 12 ms succeeded"));
        assert!(line(&invoked(Some("500"))).ends_with(" 12 ms 500"));
        let twice = HostEvent::FunctionLog {
            function: "gold".to_owned(),
            invocation_id: Uuid::nil(),
            line: "said on standard output too".to_owned(),
        };
        assert_eq!(log_line(&twice), None);
    }

    #[test]
    fn what_is_said_again_is_kept_once() {
        let mut heard = Heard::default();
        for text in ["a", "b", "a", "c", "a"] {
            heard.take_in(&message(Level::Error, text), None);
        }
        assert_eq!(heard.messages, ["b", "c", "a"]);
    }

    #[test]
    fn gold_that_a_later_package_has_replaced_is_told_of_until_it_goes_on() {
        let mut heard = Heard::default();
        let why = "one stamped later has run";
        said(
            &mut heard,
            &json!({ "message": "published", "ended": "Replaced", "replaced": why }),
        );
        assert_eq!(heard.lasting.get("gold").map(String::as_str), Some(why));
        said(&mut heard, &json!({ "message": "published" }));
        assert!(heard.lasting.is_empty());
    }

    #[test]
    fn a_layer_that_cannot_go_on_is_told_of_until_it_can() {
        let mut heard = Heard::default();
        let failed = |function: &str| json!({ "level": "ERROR", "message": "invocation failed", "function": function, "error": "no", "lasting": true });
        for function in ["bronze", "silver", "gold"] {
            said(&mut heard, &failed(function));
        }
        assert_eq!(heard.lasting.len(), 3);
        assert!(heard.messages.is_empty(), "they are not said twice");
        said(&mut heard, &json!({ "message": "published" }));
        said(
            &mut heard,
            &json!({ "message": "ingested", "stored": 1, "objects": 1 }),
        );
        said(&mut heard, &json!({ "message": "refined" }));
        let left: Vec<_> = heard.lasting.into_keys().collect();
        assert_eq!(left, ["silver"], "another object says nothing of this one");
    }
}
