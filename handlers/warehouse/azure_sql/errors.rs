//! What a failure of the server or of the connection means.

use tiberius::error::Error;

use crate::warehouse::error::{FailureKind, WarehouseError};

/// The number of the error that our own statements raise when a sum would not fit its column; its message is the group.
pub(super) const OVERFLOW: u32 = 50_038;
/// The server's own error for a number that does not fit.
const ARITHMETIC_OVERFLOW: u32 = 8115;
/// What Babelfish answers where it has no number of SQL Server.
const UNMAPPED: u32 = 33_557_097;
/// A lock was not granted in time.
const LOCK_TIMEOUT: u32 = 1222;
/// What a snapshot shows was changed by somebody else's DDL.
const CHANGED_MEANWHILE: u32 = 3961;
/// A serverless database that was paused is resuming.
const RESUMING: [u32; 3] = [40_613, 42_108, 42_109];

/// Errors that may pass, on Azure SQL Database and SQL Server. After each of them the transaction is rolled back.
const TRANSIENT: [u32; 45] = [
    64, 121, 233, 596, 615, 701, 921, 1203, 1204, 1205, 1221, 1222, 1807, 2714, 3935, 3960, 3961,
    3966, 4060, 4221, 6005, 8628, 8645, 8651, 9515, 10_053, 10_054, 10_060, 10_928, 10_929, 10_936,
    14_355, 17_197, 18_401, 40_143, 40_197, 40_501, 40_540, 40_613, 42_108, 42_109, 49_918, 49_919,
    49_920, 41_305,
];
/// Errors after which a commit has certainly not happened.
const NOT_COMMITTED: [u32; 5] = [1205, 3902, 3930, 3960, 41_305];

/// Tells what can be done about an error of a statement before the commit.
pub(super) fn kind_of(error: &Error) -> FailureKind {
    match error {
        Error::Io { .. } | Error::Routing { .. } => FailureKind::Transient,
        Error::Server(token) if TRANSIENT.contains(&token.code()) => FailureKind::Transient,
        Error::Server(token) if token.code() == UNMAPPED => unmapped_kind(token.message()),
        _ => FailureKind::Permanent,
    }
}

/// Tells what can be done about an error of a commit: only few of them tell that it has not happened.
pub(super) fn commit_kind(error: &Error) -> FailureKind {
    match error {
        Error::Server(token) if NOT_COMMITTED.contains(&token.code()) => FailureKind::Transient,
        _ => FailureKind::Ambiguous,
    }
}

/// Returns whether somebody else was in the way, with a lock or with a change: the transaction is undone then.
pub(super) fn is_locked(error: &Error) -> bool {
    let Error::Server(token) = error else {
        return false;
    };
    let is_timeout = [LOCK_TIMEOUT, CHANGED_MEANWHILE].contains(&token.code());
    is_timeout || (token.code() == UNMAPPED && token.message().contains("lock timeout"))
}

/// Returns whether the database is there in a minute.
pub(super) fn is_resuming(error: &Error) -> bool {
    matches!(error, Error::Server(token) if RESUMING.contains(&token.code()))
}

/// Tells what PostgreSQL's words mean.
fn unmapped_kind(message: &str) -> FailureKind {
    let passes = [
        "deadlock detected",
        "could not serialize",
        "lock timeout",
        "terminating connection",
        "too many clients",
        "tuple concurrently updated",
    ];
    match passes.iter().any(|words| message.contains(words)) {
        true => FailureKind::Transient,
        false => FailureKind::Permanent,
    }
}

/// Returns the group of a sum that is too large, if that is the error and as far as it tells.
fn overflow(error: &Error) -> Option<Option<String>> {
    let Error::Server(token) = error else {
        return None;
    };
    match token.code() {
        OVERFLOW => Some(Some(token.message().to_owned())),
        ARITHMETIC_OVERFLOW => Some(None),
        UNMAPPED if token.message().contains("numeric field overflow") => Some(None),
        _ => None,
    }
}

/// Names what failed and tells what can be done about it.
pub(super) fn failed(
    purpose: &'static str,
    object: &str,
) -> impl Fn(Error) -> WarehouseError + use<> {
    let object = object.to_owned();
    move |error| {
        if let Some(group) = overflow(&error) {
            let table = object.clone();
            return WarehouseError::Overflow { table, group };
        }
        WarehouseError::Statement {
            purpose,
            object: object.clone(),
            kind: kind_of(&error),
            source: Box::new(error),
        }
    }
}

/// Names a commit that failed.
pub(super) fn failed_commit(error: Error) -> WarehouseError {
    WarehouseError::Statement {
        purpose: "commit",
        object: "a gold transaction".to_owned(),
        kind: commit_kind(&error),
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_reached_the_server_may_pass_and_its_commit_is_unknown() {
        let lost = Error::Io {
            kind: std::io::ErrorKind::ConnectionReset,
            message: "reset".into(),
        };
        assert_eq!(kind_of(&lost), FailureKind::Transient);
        assert_eq!(commit_kind(&lost), FailureKind::Ambiguous);
        let certificate = Error::Tls("no".into());
        assert_eq!(kind_of(&certificate), FailureKind::Permanent);
    }

    #[test]
    fn words_of_postgresql_tell_what_passes() {
        for (message, kind) in [
            ("deadlock detected", FailureKind::Transient),
            (
                "canceling statement due to lock timeout",
                FailureKind::Transient,
            ),
            ("relation \"x\" does not exist", FailureKind::Permanent),
        ] {
            assert_eq!(unmapped_kind(message), kind, "{message}");
        }
    }

    #[test]
    fn a_list_names_each_number_once() {
        let mut numbers = TRANSIENT.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), TRANSIENT.len());
        assert!(RESUMING.iter().all(|number| TRANSIENT.contains(number)));
        // A login that was refused, a duplicate key, a null, a permission: repeating them changes nothing.
        for number in [18_456, 2627, 2601, 515, 229, 262, 208] {
            assert!(!TRANSIENT.contains(&number));
        }
    }
}
