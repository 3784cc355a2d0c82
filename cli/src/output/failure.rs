//! Errors as people read them: what was tried, in our own words; what a driver said of it in a line below.

use std::error::Error;

use sluice::store::Cause;
use sluice_local::hub_client::ClientError;

/// Returns an error with its causes. Where a service did not answer, what its driver says is long and helps few: it
/// stands below, after what to do.
pub(crate) fn failure(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut link = Some(error);
    while let Some(error) = link {
        if let Some(Cause::NoAnswer(_) | Cause::TimedOut(_)) = error.downcast_ref() {
            return silent(&said, "the storage", error);
        }
        let message = error.to_string();
        // A transparent wrapper shows its source's message as its own.
        if said.last() != Some(&message) {
            said.push(message);
        }
        let hub: Option<&ClientError> = error.downcast_ref();
        if let Some(answer) = hub.and_then(ClientError::answer) {
            said.push(format!("the event hub refuses: {answer}"));
            break;
        }
        if let (Some(ClientError::Sdk { .. }), Some(cause)) = (hub, error.source()) {
            return silent(&said, "the event hub", cause);
        }
        link = error.source();
    }
    said.join(": ")
}

fn silent(said: &[String], who: &str, cause: &dyn Error) -> String {
    let cause = sluice::error::chain(cause);
    let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "{}: {who} did not answer, or not as it should; look whether it runs and can be reached, and try again\n  caused by: {cause}",
        said.join(": ")
    )
}

#[cfg(test)]
mod tests {
    use sluice::store::{ErrorKind, StorageError};
    use sluice::table::log::LogError;

    use super::*;

    fn storage(cause: Cause) -> LogError {
        LogError::from(StorageError {
            operation: "read entity",
            object: "sluice/orders@1/head".to_owned(),
            kind: ErrorKind::Transient,
            source: cause.into(),
        })
    }

    #[test]
    fn a_chain_of_transport_errors_stands_below_what_was_tried() {
        let transport = "error sending request:\n client error (Connect): tcp connect error";
        let text = failure(&storage(Cause::NoAnswer(transport.to_owned())));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "read entity sluice/orders@1/head: the storage did not answer, or not as it should; look whether it runs and can be reached, and try again",
                "  caused by: error sending request: client error (Connect): tcp connect error",
            ]
        );
    }

    #[test]
    fn what_a_service_answers_stays_in_the_line() {
        let answer = Cause::Answer {
            status: 403,
            code: "AuthorizationFailure".to_owned(),
            message: "no".to_owned(),
        };
        let text = failure(&storage(answer));
        assert_eq!(
            text,
            "read entity sluice/orders@1/head: 403 AuthorizationFailure: no"
        );
    }
}
