//! What a storage failure means, said once for blobs, tables and queues.

use crate::error::chain;
use serde::Deserialize;
use std::error::Error as _;
use std::time::Duration;

use super::account::{Foreign, foreign};
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::StatusCode;
use thiserror::Error;

/// What a caller can do about a storage failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Worth repeating: transport, timeout, throttling, 5xx. Whether a write happened is unknown.
    Transient,
    /// The credential was refused or lacks a role.
    Denied,
    /// The container or table is not there.
    NotFound,
    /// Repeating it changes nothing.
    Permanent,
}

/// A storage operation that failed.
#[derive(Debug, Error)]
#[error("{operation} {object}")]
pub struct StorageError {
    /// What was tried: a verb phrase such as "create blob".
    pub operation: &'static str,
    /// What it was tried on, without account keys or signatures.
    pub object: String,
    /// What a caller can do about it.
    pub kind: ErrorKind,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StorageError {
    /// Returns whether repeating the operation may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == ErrorKind::Transient
    }
}

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
    /// The storage is not the pipeline's own, and was not asked.
    #[error(transparent)]
    Foreign(Foreign),
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
    if let Some(foreign) = foreign(error) {
        return Cause::Foreign(foreign.clone());
    }
    let AzureKind::HttpResponse {
        status, error_code, ..
    } = error.kind()
    else {
        return Cause::NoAnswer(redact(&chain(error)));
    };
    Cause::Answer {
        status: u16::from(*status),
        // Not every refusal has a code; the status says what to do.
        code: error_code.clone().unwrap_or_default(),
        message: message(*status, &error.to_string()),
    }
}

/// Returns the words of a service's XML answer, or what its status means.
fn message(status: StatusCode, text: &str) -> String {
    let words = xml_refusal(text).map(|(_, message)| message);
    let words = words.unwrap_or_else(|| text.to_owned());
    let first = words.lines().next().unwrap_or_default().trim();
    if first.is_empty() || first.contains("<?xml") {
        return status.canonical_reason().into_owned();
    }
    redact(first)
}

/// Reads code and message of a refusal in XML, wherever it stands in an answer. Blobs and queues write `Error` with
/// `Code` and `Message`, tables `error` with `code` and `message` in a namespace.
pub(crate) fn xml_refusal(text: &str) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(alias = "Code")]
        code: String,
        #[serde(default, alias = "Message")]
        message: String,
    }
    let (start, end) = [("<Error", "</Error>"), ("<error", "</error>")]
        .into_iter()
        .find_map(|(open, close)| {
            let start = text.find(open)?;
            let end = text.get(start..)?.find(close)?;
            Some((start, start + end + close.len()))
        })?;
    let refusal: Refusal = azure_core::xml::from_xml(text.get(start..end)?.as_bytes()).ok()?;
    Some((refusal.code, refusal.message))
}

/// Cuts the query off every URL: it may hold a signature.
#[must_use]
pub fn redact(text: &str) -> String {
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
