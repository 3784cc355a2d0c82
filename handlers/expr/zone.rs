//! Time zones by the names that people write. Pure.

use crate::value::time::notation::Zone;
use crate::wording::{nearest, quoted};

/// Returns the zone of this name; upper and lower case are the same.
///
/// # Errors
/// Fails if there is none, with a text for people that says which may be meant.
pub fn find_zone(name: &str) -> Result<Zone, String> {
    Zone::named(name).ok_or_else(|| {
        let names: Vec<&str> = Zone::names().collect();
        let word = quoted(name);
        match nearest(name, &names) {
            Some(near) => format!("there is no time zone {word}; did you mean {near}?"),
            None => format!("there is no time zone {word}, such as Europe/Berlin or UTC"),
        }
    })
}
