//! Shared access signatures: how requests are authorised where there is an account key or a given signature.
//!
//! The SDK knows tokens and signatures but no account keys, so a key signs a short-lived signature here, on this
//! machine. It is added to a request just before it is sent and taken off again, so that no URL in hand, in a log or
//! in an error contains it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::form_urlencoded;

use super::pipeline::hand_on;
use crate::clock::{Clock, SystemClock};
use crate::event::UnixMillis;

/// How long a signature is good for.
const LIFETIME_MILLIS: i64 = 12 * 60 * 60 * 1000;
/// What must be left of it when it is used; a request and its retries are over long before.
const RESERVE_MILLIS: i64 = 60 * 60 * 1000;
/// The version of the signature's format, not of the requests.
const FORMAT: &str = "2019-12-12";
/// Read, write, delete, list, add, create, update, process.
const PERMISSIONS: &str = "rwdlacup";
/// Blob, queue, table.
const SERVICES: &str = "bqt";
/// The service itself, containers, objects.
const RESOURCES: &str = "sco";

/// An account's name and key.
#[derive(Clone)]
pub(super) struct AccountKey {
    account: String,
    key: Vec<u8>,
}

impl AccountKey {
    pub(super) fn new(account: String, key: Vec<u8>) -> Self {
        Self { account, key }
    }

    /// Returns the query of an account signature that ends at `until`.
    fn sign(&self, until: UnixMillis, protocol: &str) -> String {
        // A clock beyond the calendar gives an expiry of 1970, and the service refuses the signature.
        let expiry = DateTime::<Utc>::from_timestamp_millis(until.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Secs, true);
        let text = [
            &self.account,
            PERMISSIONS,
            SERVICES,
            RESOURCES,
            "", // valid from now on, however our clock stands
            &expiry,
            "", // from any address
            protocol,
            FORMAT,
            "",
        ]
        .join("\n");
        let signature = match Hmac::<Sha256>::new_from_slice(&self.key) {
            Ok(mac) => STANDARD.encode(mac.chain_update(text).finalize().into_bytes()),
            // No key is too long or too short for HMAC; the service would refuse the empty signature.
            Err(_) => String::new(),
        };
        form_urlencoded::Serializer::new(String::new())
            .append_pair("sv", FORMAT)
            .append_pair("ss", SERVICES)
            .append_pair("srt", RESOURCES)
            .append_pair("sp", PERMISSIONS)
            .append_pair("se", &expiry)
            .append_pair("spr", protocol)
            .append_pair("sig", &signature)
            .finish()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({}, redacted)", self.account)
    }
}

/// Adds a signature to every request that is sent.
pub(super) struct SignaturePolicy {
    source: Source,
    clock: Arc<dyn Clock>,
}

enum Source {
    Given(String),
    Signed {
        key: AccountKey,
        current: Mutex<Option<(UnixMillis, String)>>,
    },
}

impl SignaturePolicy {
    /// Uses a signature that was given, without a leading question mark.
    pub(super) fn given(query: String) -> Self {
        Self {
            source: Source::Given(query),
            clock: Arc::new(SystemClock),
        }
    }

    /// Signs with an account key.
    pub(super) fn signing(key: AccountKey) -> Self {
        Self {
            source: Source::Signed {
                key,
                current: Mutex::new(None),
            },
            clock: Arc::new(SystemClock),
        }
    }

    fn query(&self, scheme: &str) -> String {
        let (key, current) = match &self.source {
            Source::Given(query) => return query.clone(),
            Source::Signed { key, current } => (key, current),
        };
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().0;
        if let Some((until, query)) = &*current {
            let left = until.0 - now;
            // More than a lifetime left means that the clock was set back.
            if (RESERVE_MILLIS..=LIFETIME_MILLIS).contains(&left) {
                return query.clone();
            }
        }
        // The service refuses plain http for a signature that does not allow it; only the emulator speaks it.
        let protocol = if scheme == "http" {
            "https,http"
        } else {
            "https"
        };
        let until = UnixMillis(now + LIFETIME_MILLIS);
        let query = key.sign(until, protocol);
        *current = Some((until, query.clone()));
        query
    }
}

impl fmt::Debug for SignaturePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignaturePolicy(redacted)")
    }
}

#[async_trait]
impl Policy for SignaturePolicy {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let unsigned = request.url().clone();
        let signature = self.query(unsigned.scheme());
        let query = match unsigned.query() {
            Some(query) if !query.is_empty() => format!("{query}&{signature}"),
            _ => signature,
        };
        request.url_mut().set_query(Some(&query));
        let answer = hand_on(context, request, next).await;
        *request.url_mut() = unsigned;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn policy(clock: &Arc<ManualClock>) -> SignaturePolicy {
        SignaturePolicy {
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            ..SignaturePolicy::signing(AccountKey::new("account".to_owned(), b"key".to_vec()))
        }
    }

    #[test]
    fn a_signature_is_kept_until_little_is_left_of_it() {
        let clock = Arc::new(ManualClock::at(UnixMillis(1_700_000_000_000)));
        let policy = policy(&clock);
        let first = policy.query("https");

        clock.set(UnixMillis(1_700_000_000_000 + 10 * 3_600_000));
        assert_eq!(policy.query("https"), first);

        clock.set(UnixMillis(1_700_000_000_000 + 11 * 3_600_000 + 1));
        assert_ne!(policy.query("https"), first);
    }

    #[test]
    fn plain_http_is_allowed_only_where_the_endpoint_speaks_it() {
        let clock = Arc::new(ManualClock::at(UnixMillis(0)));
        assert!(policy(&clock).query("https").contains("spr=https&"));
        assert!(policy(&clock).query("http").contains("spr=https%2Chttp&"));
    }

    #[test]
    fn the_key_is_in_no_debug_text() {
        let key = AccountKey::new("account".to_owned(), b"secret".to_vec());
        assert_eq!(format!("{key:?}"), "AccountKey(account, redacted)");
    }
}
