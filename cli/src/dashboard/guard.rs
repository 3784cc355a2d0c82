//! Who may see the page; pure but for the token, which is random.
//!
//! - Only loopback is listened on, and only names of loopback are answered to: a page of somebody else whose name has been
//!   pointed here (DNS rebinding) asks for another host.
//! - The address has a token, which becomes a cookie: no other user of the machine knows it, and no script reads it.
//! - What changes something comes from the page itself.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// What a request must have.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    port: u16,
    token: String,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It asks for a host that is not loopback.
    Host,
    /// It lacks the token.
    Token,
    /// It comes from another page.
    Origin,
}

impl Guard {
    /// That of a server on this port, with a token of its own.
    pub(super) fn new(port: u16) -> Self {
        Self {
            port,
            token: Uuid::new_v4().simple().to_string(),
        }
    }

    /// The address that opens the page.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}", self.port, self.token)
    }

    /// Returns whether a path is the token's.
    pub(super) fn opens(&self, token: &str) -> bool {
        self.is_token(token.as_bytes())
    }

    /// The cookie that stands for the token from then on. Cookies are not kept apart by ports, so its name has the port.
    pub(super) fn cookie(&self) -> String {
        let (name, token) = (self.cookie_name(), &self.token);
        format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict")
    }

    /// Judges the host of a request.
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let is_ours = host.is_some_and(|host| self.hosts().iter().any(|own| own == host));
        is_ours.then_some(()).ok_or(Refusal::Host)
    }

    /// Judges a request that only reads.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let name = self.cookie_name();
        let cookies = headers.get_all(COOKIE).iter();
        let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let has_token = pairs.any(|pair| {
            let pair = pair.trim().split_once('=');
            pair.is_some_and(|(own, value)| own == name && self.is_token(value.as_bytes()))
        });
        has_token.then_some(()).ok_or(Refusal::Token)
    }

    /// Judges a request that changes something.
    pub(super) fn check_change(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check(headers)?;
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let host = origin.and_then(|origin| origin.strip_prefix("http://"));
        let is_ours = host.is_some_and(|host| self.hosts().iter().any(|own| own == host));
        is_ours.then_some(()).ok_or(Refusal::Origin)
    }

    fn is_token(&self, token: &[u8]) -> bool {
        token.ct_eq(self.token.as_bytes()).into()
    }

    fn cookie_name(&self) -> String {
        format!("sluice-{}", self.port)
    }

    fn hosts(&self) -> [String; 2] {
        ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn guard() -> Guard {
        Guard {
            port: 4_000,
            token: "0123456789abcdef".to_owned(),
        }
    }

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        let pairs =
            pairs.map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        pairs.collect()
    }

    const COOKIES: &str = "other=1; sluice-4000=0123456789abcdef; sluice-5000=x";

    #[test]
    fn only_names_of_loopback_with_its_port_are_answered_to() {
        let host = |host: &str| guard().check_host(&headers(&[(HOST, host)]));
        assert_eq!(host("127.0.0.1:4000"), Ok(()));
        assert_eq!(host("localhost:4000"), Ok(()));
        for other in [
            "evil.example:4000",
            "127.0.0.1:4001",
            "127.0.0.1",
            "localhost.evil:4000",
        ] {
            assert_eq!(host(other), Err(Refusal::Host), "{other}");
        }
        assert_eq!(guard().check_host(&HeaderMap::new()), Err(Refusal::Host));
    }

    #[test]
    fn the_address_opens_and_its_cookie_does_from_then_on() {
        let guard = guard();
        let address = guard.address();
        assert_eq!(address, "http://127.0.0.1:4000/0123456789abcdef");
        assert!(guard.opens("0123456789abcdef"));
        for wrong in [
            "",
            "0123456789abcdeF",
            "0123456789abcde",
            "0123456789abcdef0",
        ] {
            assert!(!guard.opens(wrong), "{wrong}");
        }
        let cookie = guard.cookie();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
        assert_eq!(guard.check(&headers(&[(COOKIE, COOKIES)])), Ok(()));
        for wrong in [
            "sluice-4000=x",
            "sluice-5000=0123456789abcdef",
            "sluice-4000=",
        ] {
            let refused = guard.check(&headers(&[(COOKIE, wrong)]));
            assert_eq!(refused, Err(Refusal::Token), "{wrong}");
        }
        assert_eq!(guard.check(&HeaderMap::new()), Err(Refusal::Token));
    }

    #[test]
    fn a_change_comes_from_the_page_itself() {
        let from =
            |origin: &str| guard().check_change(&headers(&[(COOKIE, COOKIES), (ORIGIN, origin)]));
        assert_eq!(from("http://127.0.0.1:4000"), Ok(()));
        for other in ["http://127.0.0.1:5000", "http://evil.example", "null"] {
            assert_eq!(from(other), Err(Refusal::Origin), "{other}");
        }
        let no_origin = guard().check_change(&headers(&[(COOKIE, COOKIES)]));
        assert_eq!(no_origin, Err(Refusal::Origin));
        let no_token = guard().check_change(&headers(&[(ORIGIN, "http://127.0.0.1:4000")]));
        assert_eq!(no_token, Err(Refusal::Token));
    }

    #[test]
    fn no_two_servers_have_one_token() {
        assert_ne!(Guard::new(1).token, Guard::new(1).token);
    }
}
