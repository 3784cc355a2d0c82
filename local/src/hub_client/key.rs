//! Signing in to a namespace with a shared key: tokens that are signed here, on this machine.

use std::fmt;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::form_urlencoded;

/// Lifetime of a token; the SDK asks for the next one in time.
const LIFETIME: Duration = Duration::hours(1);

/// The key of a namespace or hub, or a token that was made from it elsewhere.
#[derive(Clone)]
pub(super) enum SharedAccess {
    /// Signs tokens for `resource`, a URI such as `sb://shop.servicebus.windows.net/orders`.
    Key {
        resource: String,
        name: String,
        key: String,
    },
    /// A given `SharedAccessSignature sr=…`.
    Signature(String),
}

impl fmt::Debug for SharedAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAccess")
    }
}

impl SharedAccess {
    /// Returns a token that ends at `until`, in seconds since 1970.
    fn token(&self, until: i64) -> String {
        let (resource, name, key) = match self {
            Self::Key {
                resource,
                name,
                key,
            } => (resource, name, key),
            Self::Signature(token) => return token.clone(),
        };
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let resource = encode(resource);
        let signature = sign(key.as_bytes(), &format!("{resource}\n{until}"));
        format!(
            "SharedAccessSignature sr={resource}&sig={}&se={until}&skn={}",
            encode(&signature),
            encode(name)
        )
    }
}

fn sign(key: &[u8], text: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[async_trait::async_trait]
impl TokenCredential for SharedAccess {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let until = OffsetDateTime::now_utc() + LIFETIME;
        Ok(AccessToken::new(self.token(until.unix_timestamp()), until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_form_that_event_hubs_documents() {
        let access = SharedAccess::Key {
            resource: "sb://shop.servicebus.windows.net/orders".into(),
            name: "send".into(),
            key: "a2V5".into(),
        };
        // Computed with Python's hmac, hashlib and urllib.parse.quote_plus.
        assert_eq!(
            access.token(1_763_120_674),
            "SharedAccessSignature sr=sb%3A%2F%2Fshop.servicebus.windows.net%2Forders&sig=hGwdCRMJQ3q7%2BaH6jsTWnkdPc%2Bb9I0X3Ws7iQUzWWzU%3D&se=1763120674&skn=send"
        );
        assert_eq!(format!("{access:?}"), "SharedAccess");
    }
}
