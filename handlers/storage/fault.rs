//! What a failure of the SDK means, said once for blobs, tables and queues.

use std::error::Error as _;
use std::time::Duration;

use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::StatusCode;
use thiserror::Error;

use super::{ErrorKind, StorageError};

/// A service's refusal or a transport's failure, in words and without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The service answered.
    #[error("{status} {code}: {message}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// The service's error code, where it gave one.
        code: String,
        /// The service's words, the first line of them.
        message: String,
    },
    /// There was no answer, or none that could be understood.
    #[error("{0}")]
    NoAnswer(String),
    /// There was no answer within the time that an operation may take.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

/// Returns what a caller can do about an HTTP status.
#[must_use]
pub fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        408 | 429 | 500..=599 => ErrorKind::Transient,
        401 | 403 => ErrorKind::Denied,
        404 => ErrorKind::NotFound,
        _ => ErrorKind::Permanent,
    }
}

/// Returns what a caller can do about a failure of the SDK.
#[must_use]
pub fn kind_of(error: &azure_core::Error) -> ErrorKind {
    // Conflicts that pass by themselves.
    let passing = [
        "ContainerBeingDeleted",
        "OperationTimedOut",
        "QueueBeingDeleted",
        "TableBeingDeleted",
    ];
    if code_of(error).is_some_and(|code| passing.contains(&code)) {
        return ErrorKind::Transient;
    }
    match error.kind() {
        AzureKind::HttpResponse { status, .. } => kind_of_status(u16::from(*status)),
        AzureKind::Connection | AzureKind::Io => ErrorKind::Transient,
        AzureKind::Credential => kind_of_credential(error),
        AzureKind::DataConversion | AzureKind::Other => ErrorKind::Permanent,
    }
}

/// Returns the service's error code, if it answered with one.
#[must_use]
pub fn code_of(error: &azure_core::Error) -> Option<&str> {
    match error.kind() {
        AzureKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

/// A token that cannot be had is a refusal, unless the reason is one that passes.
fn kind_of_credential(error: &azure_core::Error) -> ErrorKind {
    let mut source = error.source();
    while let Some(inner) = source {
        let kind = inner.downcast_ref().map(azure_core::Error::kind);
        match kind {
            Some(AzureKind::Connection | AzureKind::Io) => return ErrorKind::Transient,
            Some(AzureKind::HttpResponse { status, .. })
                if kind_of_status(u16::from(*status)) == ErrorKind::Transient =>
            {
                return ErrorKind::Transient;
            }
            _ => source = inner.source(),
        }
    }
    ErrorKind::Denied
}

impl StorageError {
    /// Makes the failure of `operation` on `object` from a failure of the SDK.
    #[must_use]
    pub fn from_azure(
        operation: &'static str,
        object: impl ToString,
        error: &azure_core::Error,
    ) -> Self {
        Self {
            operation,
            object: object.to_string(),
            kind: kind_of(error),
            source: Box::new(cause(error)),
        }
    }

    /// Makes the failure of an operation that had no answer in time; whether it took effect is unknown.
    #[must_use]
    pub fn timed_out(operation: &'static str, object: impl ToString, waited: Duration) -> Self {
        Self {
            operation,
            object: object.to_string(),
            kind: ErrorKind::Transient,
            source: Box::new(Cause::TimedOut(waited)),
        }
    }
}

fn cause(error: &azure_core::Error) -> Cause {
    let AzureKind::HttpResponse {
        status, error_code, ..
    } = error.kind()
    else {
        return Cause::NoAnswer(redact(&chain(error)));
    };
    Cause::Answer {
        status: u16::from(*status),
        code: error_code.clone().unwrap_or_default(),
        message: message(*status, &error.to_string()),
    }
}

/// Takes the words out of an XML answer.
fn message(status: StatusCode, text: &str) -> String {
    let words = text
        .split_once("<Message>")
        .and_then(|(_, rest)| rest.split_once("</Message>"))
        .map_or(text, |(words, _)| words);
    let first = words.lines().next().unwrap_or_default().trim();
    if first.is_empty() || first.contains("<?xml") {
        return status.canonical_reason().into_owned();
    }
    redact(first)
}

fn chain(error: &azure_core::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let next = inner.to_string();
        if !words.ends_with(&next) {
            words.push_str(": ");
            words.push_str(&next);
        }
        source = inner.source();
    }
    words
}

/// Cuts the query off every URL: it may hold a signature.
pub(crate) fn redact(text: &str) -> String {
    let ends_url = |c: char| c.is_whitespace() || matches!(c, ')' | '"' | '\'' | '>' | ']');
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, query)) = rest.split_once('?') {
        redacted.push_str(before);
        let in_url = before
            .rsplit(ends_url)
            .next()
            .is_some_and(|word| word.contains("://") || word.contains('/'));
        if !in_url && !query.contains("sig=") {
            redacted.push('?');
            rest = query;
            continue;
        }
        rest = query.find(ends_url).map_or("", |end| &query[end..]);
    }
    redacted.push_str(rest);
    if redacted.contains("sig=") {
        return "the words are left out, because they hold a signature".to_owned();
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_signature_is_in_the_words_of_a_failure() {
        let texts = [
            "error sending request for url (http://127.0.0.1:1/a/b?sv=1&sig=abc%3D)",
            "is it \"/a/b?comp=list&sig=abc\"?",
            "sv=1&sig=abc",
        ];
        for text in texts {
            assert!(!redact(text).contains("abc"), "{}", redact(text));
        }
    }

    #[test]
    fn words_without_a_url_stay() {
        assert_eq!(redact("what? nothing"), "what? nothing");
        assert_eq!(
            redact("for url (http://h/p?x=1): refused"),
            "for url (http://h/p): refused"
        );
    }

    #[test]
    fn statuses_that_pass_are_transient() {
        for (status, kind) in [
            (408, ErrorKind::Transient),
            (429, ErrorKind::Transient),
            (500, ErrorKind::Transient),
            (503, ErrorKind::Transient),
            (403, ErrorKind::Denied),
            (404, ErrorKind::NotFound),
            (400, ErrorKind::Permanent),
            (413, ErrorKind::Permanent),
        ] {
            assert_eq!(kind_of_status(status), kind, "{status}");
        }
    }
}
