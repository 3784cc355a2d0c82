//! Webhooks: a POST of the message to an address that an app setting holds, signed where there is a key.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::{Host, Url};

use super::{CloudEvent, Sender};
use crate::value::hash::hex;

/// The header with the signature of the body: `sha256=` and HMAC-SHA-256 with the key, in hexadecimal digits.
pub const SIGNATURE: &str = "x-sluice-signature";
/// What the setting with the key is called, after that of the address.
pub const KEY_SUFFIX: &str = "_KEY";
/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(3);

/// An address, and the key that messages to it are signed with. Both are secrets.
#[derive(Clone)]
pub struct Webhook {
    url: Url,
    key: Option<String>,
}

impl Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// Reads the address.
    ///
    /// # Errors
    /// Says what is wrong with it and what is accepted, without the address.
    pub fn new(url: &str, key: Option<String>) -> Result<Self, String> {
        const ACCEPTED: &str =
            "it takes an address that begins with https://, or with http:// on this machine";
        let url = Url::parse(url.trim()).map_err(|_| format!("it is no address; {ACCEPTED}"))?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => Ok(Self { url, key }),
            "http" if is_loopback => Ok(Self { url, key }),
            scheme => Err(format!("its address begins with {scheme}:; {ACCEPTED}")),
        }
    }
}

/// The webhooks that the app's settings name, and what sends to them. Redirects are not followed: what was signed for one
/// address goes to no other.
#[derive(Debug)]
pub struct Webhooks {
    client: reqwest::Client,
    /// By the name of the setting; the reason where it is unusable.
    known: BTreeMap<String, Result<Webhook, String>>,
}

impl Webhooks {
    /// Reads the webhooks of these settings.
    ///
    /// # Errors
    /// Fails if no client can be made.
    pub fn new<'a>(
        settings: impl Iterator<Item = &'a str>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, reqwest::Error> {
        let present = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let known = settings.map(|name| {
            let key = present(&format!("{name}{KEY_SUFFIX}"));
            let webhook = match present(name) {
                Some(url) => {
                    let webhook = Webhook::new(&url, key);
                    webhook.map_err(|problem| format!("app setting {name}: {problem}"))
                }
                None => Err(format!(
                    "app setting {name} is not set; it takes the webhook's address"
                )),
            };
            (name.to_owned(), webhook)
        });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECTING)
            .user_agent("sluice")
            .build()?;
        Ok(Self {
            client,
            known: known.collect(),
        })
    }
}

#[async_trait]
impl Sender for Webhooks {
    async fn send(&self, name: &str, event: &CloudEvent) -> Result<(), String> {
        let webhook = match self.known.get(name) {
            Some(Ok(webhook)) => webhook,
            Some(Err(problem)) => return Err(problem.clone()),
            None => return Err(format!("no rule of this package names {name}")),
        };
        let mut request = self
            .client
            .post(webhook.url.clone())
            .header("content-type", CloudEvent::CONTENT_TYPE);
        if let Some(key) = &webhook.key {
            request = request.header(SIGNATURE, signature(key, &event.body)?);
        }
        let answer = request.body(event.body.clone()).send().await;
        // The error of the client names the address.
        let answer = answer.map_err(|error| match error.is_connect() {
            true => "it cannot be reached".to_owned(),
            false => "the request failed".to_owned(),
        })?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(format!("it answered {}", answer.status().as_u16())),
        }
    }
}

/// Signs a body.
fn signature(key: &str, body: &str) -> Result<String, String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
    let mut mac = mac.map_err(|_| "its key cannot be used".to_owned())?;
    mac.update(body.as_bytes());
    Ok(format!("sha256={}", hex(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_on_this_machine() {
        for url in [
            "https://example.com/hook",
            "http://127.0.0.1:8080/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert!(Webhook::new(url, None).is_ok(), "{url}");
        }
        for url in [
            "http://example.com/hook?sig=secret",
            "ftp://example.com",
            "hook",
            "http://127.0.0.1.example.com/secret",
        ] {
            let problem = Webhook::new(url, None).unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }

    #[test]
    fn a_body_is_signed_as_every_tool_signs_it() {
        // RFC 4231, the second case.
        let body = "what do ya want for nothing?";
        let digits = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", body).unwrap(), format!("sha256={digits}"));
    }
}
