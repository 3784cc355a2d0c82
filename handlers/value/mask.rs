//! What stands for a value that nobody shall read; pure.
//!
//! What `sha256` makes is kept for ever, so that the encoding is fixed: lower-case hexadecimal digits of HMAC-SHA-256, whose
//! key is the salt's UTF-8 and whose message is the UTF-8 of the value's text.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Fewest characters of a salt.
pub const SHORTEST_SALT: usize = 16;
/// What is written where a masked value stood.
pub const HIDDEN: &[u8] = b"\"***\"";
/// How many characters `last4` leaves, and how many a text needs for that.
const LAST: usize = 4;
const LONG_ENOUGH: usize = 8;
/// How Azure names a secret of a key vault in a setting; what it cannot resolve is left so.
const UNRESOLVED: &str = "@Microsoft.KeyVault(";
/// What the fingerprint of a salt is of.
const FINGERPRINT_OF: &[u8] = b"fingerprint of a salt of sluice";

/// The secret that masks are made with.
#[derive(Clone)]
pub struct Salt {
    key: Hmac<Sha256>,
    fingerprint: String,
}

/// Why a text is no salt. It tells nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltProblem {
    /// It has so many characters.
    Short(usize),
    /// It is a reference that Azure left as it is.
    Unresolved,
}

impl fmt::Display for SaltProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(length) => write!(
                f,
                "has {length} characters; it takes {SHORTEST_SALT} or more that nobody can guess, such as what `openssl rand -base64 32` prints"
            ),
            Self::Unresolved => f.write_str(
                "is a reference to a key vault that could not be resolved; give the app's identity the role Key Vault Secrets User on that vault, and look whether the secret is there",
            ),
        }
    }
}

impl Salt {
    /// Takes a text for a salt, exactly as it is.
    ///
    /// # Errors
    /// Fails if it is short, or an unresolved reference to a secret.
    pub fn new(text: &str) -> Result<Self, SaltProblem> {
        if text.trim_start().starts_with(UNRESOLVED) {
            return Err(SaltProblem::Unresolved);
        }
        let length = text.chars().count();
        if length < SHORTEST_SALT {
            return Err(SaltProblem::Short(length));
        }
        // A key can have any length.
        let key = Hmac::<Sha256>::new_from_slice(text.as_bytes());
        let key = key.map_err(|_| SaltProblem::Short(length))?;
        let mut fingerprint = Vec::new();
        digest(&key, FINGERPRINT_OF, &mut fingerprint);
        fingerprint.truncate(16);
        let fingerprint = fingerprint.into_iter().map(char::from).collect();
        Ok(Self { key, fingerprint })
    }

    /// Returns what tells this salt from others and gives nothing of it away: 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Appends what stands for a text.
    pub fn mask(&self, text: &[u8], out: &mut Vec<u8>) {
        digest(&self.key, text, out);
    }
}

impl PartialEq for Salt {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Salt").field(&self.fingerprint).finish()
    }
}

fn digest(key: &Hmac<Sha256>, message: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut mac = key.clone();
    mac.update(message);
    for byte in mac.finalize().into_bytes() {
        out.extend(DIGITS.get(usize::from(byte >> 4)));
        out.extend(DIGITS.get(usize::from(byte & 0xF)));
    }
}

/// Returns the last four characters of a text; nothing of one with fewer than eight, of which they would be half.
#[must_use]
pub fn last_four(text: &str) -> &str {
    let mut starts = text.char_indices().rev().map(|(start, _)| start);
    let start = starts.nth(LAST - 1);
    let is_long = starts.nth(LONG_ENOUGH - LAST - 1).is_some();
    match (start, is_long) {
        (Some(start), true) => text.get(start..).unwrap_or_default(),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_is_what_other_programs_compute_of_the_same_salt() {
        // Longer than a block of the hash.
        let salt = Salt::new(&"*".repeat(131)).unwrap();
        let mut masked = Vec::new();
        salt.mask(b"ada@example.com", &mut masked);
        // Python: hmac.new(b"*" * 131, b"ada@example.com", "sha256").hexdigest()
        assert_eq!(
            String::from_utf8(masked).unwrap(),
            "54c4c75a9c7b2ff1f88b7055e732cf1d6052fa3fb567578b227ce657e268d2d7"
        );
        let salt = Salt::new("a salt for this machine alone").unwrap();
        let mut masked = Vec::new();
        salt.mask("é".as_bytes(), &mut masked);
        assert_eq!(
            String::from_utf8(masked).unwrap(),
            "ac7e04e0d5104ef8d3eb158ad2e54e95cb20b42e4f2b9bb10297a6b41b16c0a3"
        );
    }

    #[test]
    fn a_fingerprint_tells_salts_apart_and_nothing_else() {
        let (one, other) = ("0123456789abcdef", "0123456789abcdeg");
        let salt = Salt::new(one).unwrap();
        assert_eq!(salt.fingerprint(), "2d381162b62d97c1");
        assert_ne!(salt, Salt::new(other).unwrap());
        assert_eq!(salt, Salt::new(one).unwrap());
        assert_eq!(format!("{salt:?}"), "Salt(\"2d381162b62d97c1\")");
    }

    #[test]
    fn what_is_no_secret_is_no_salt_and_is_not_shown() {
        assert_eq!(Salt::new("short").unwrap_err(), SaltProblem::Short(5));
        let reference = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/salt)";
        let problem = Salt::new(reference).unwrap_err();
        assert_eq!(problem, SaltProblem::Unresolved);
        assert!(!problem.to_string().contains("vault.azure.net"));
    }

    #[test]
    fn last_four_shows_at_most_half_of_a_text() {
        for (text, shown) in [
            ("", ""),
            ("1234567", ""),
            ("12345678", "5678"),
            ("DE89 3704 0044", "0044"),
            ("éééé1234", "1234"),
            ("ééé1234", ""),
            ("1234567😀", "567😀"),
        ] {
            assert_eq!(last_four(text), shown, "{text}");
        }
    }
}
