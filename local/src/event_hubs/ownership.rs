//! Who may read a partition: owner levels, which AMQP links carry as `com.microsoft:epoch`.
//!
//! Up to five readers without a level share a partition of a consumer group. A reader with a level
//! is alone: it disconnects everybody whose level is the same or lower, and whoever comes with less
//! is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// The readers of all partitions.
#[derive(Debug, Default, Clone)]
pub(super) struct Ownership {
    readers: Arc<Mutex<HashMap<Place, Vec<Reader>>>>,
}

/// One partition as one consumer group sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) hub: String,
    pub(super) group: String,
    pub(super) partition: String,
}

#[derive(Debug)]
struct Reader {
    name: String,
    level: Option<i64>,
    stolen: oneshot::Sender<String>,
}

/// How many readers without a level there may be.
const MAX_SHARING: usize = 5;

/// Why a reader is not let in, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// A reader with a higher level is there.
    Level(String),
    /// As many readers without a level are there as may be.
    Crowded(String),
}

/// A reader's right to read; given back when dropped.
#[derive(Debug)]
pub(super) struct Claim {
    ownership: Ownership,
    place: Place,
    /// Resolves with the reason when another reader takes over.
    pub(super) stolen: oneshot::Receiver<String>,
}

impl Ownership {
    /// Lets a reader in, disconnecting those it displaces.
    ///
    /// # Errors
    /// Fails if a reader with a higher level is there, or too many without one.
    pub(super) fn claim(
        &self,
        place: Place,
        name: &str,
        level: Option<i64>,
    ) -> Result<Claim, Refused> {
        let mut all = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let readers = all.entry(place.clone()).or_default();
        readers.retain(|reader| !reader.stolen.is_closed());
        let highest = readers.iter().filter_map(|reader| reader.level).max();
        match (level, highest) {
            (None, Some(highest)) => return Err(Refused::Level(level_required(highest))),
            (Some(level), Some(highest)) if level < highest => {
                return Err(Refused::Level(level_too_low(name, level, highest)));
            }
            (None, None) if readers.len() >= MAX_SHARING => {
                return Err(Refused::Crowded(crowded(readers)));
            }
            (None, None) | (Some(_), _) => {}
        }
        if let Some(level) = level {
            for reader in readers.drain(..) {
                let reason = taken_over(name, level, &reader);
                // A reader that is just leaving need not be told.
                let _ = reader.stolen.send(reason);
            }
        }
        let (sender, stolen) = oneshot::channel();
        readers.push(Reader {
            name: name.to_owned(),
            level,
            stolen: sender,
        });
        drop(all);
        Ok(Claim {
            ownership: self.clone(),
            place,
            stolen,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.stolen.close();
        let mut all = self
            .ownership
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(readers) = all.get_mut(&self.place) {
            readers.retain(|reader| !reader.stolen.is_closed());
        }
    }
}

fn crowded(readers: &[Reader]) -> String {
    let names: Vec<_> = readers.iter().map(|reader| reader.name.as_str()).collect();
    format!(
        "Exceeded the maximum number of allowed receivers per partition in a consumer group which \
         is {MAX_SHARING}. List of connected receivers - {}.",
        names.join(", ")
    )
}

fn level_required(highest: i64) -> String {
    format!(
        "At least one receiver for the endpoint is created with epoch of '{highest}', and so \
         non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure \
         all epoch receivers are closed or disconnected."
    )
}

fn level_too_low(name: &str, level: i64, highest: i64) -> String {
    format!(
        "Receiver with a higher epoch '{highest}' already exists. Receiver '{name}' with epoch \
         {level} cannot be created. Make sure you are creating receiver with increasing epoch \
         value to ensure connectivity, or ensure all old epoch receivers are closed or \
         disconnected."
    )
}

fn taken_over(name: &str, level: i64, old: &Reader) -> String {
    let old_level = old
        .level
        .map_or_else(|| "none".to_owned(), |level| level.to_string());
    format!(
        "New receiver '{name}' with higher epoch of '{level}' is created hence current receiver \
         '{}' with epoch '{old_level}' is getting disconnected. If you are recreating the \
         receiver, make sure a higher epoch is used.",
        old.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(partition: &str) -> Place {
        Place {
            hub: "h".into(),
            group: "g".into(),
            partition: partition.into(),
        }
    }

    fn is_stolen(claim: &mut Claim) -> bool {
        claim.stolen.try_recv().is_ok()
    }

    #[test]
    fn readers_without_a_level_share() {
        let ownership = Ownership::default();
        let mut first = ownership.claim(place("0"), "a", None).unwrap();
        let mut second = ownership.claim(place("0"), "b", None).unwrap();
        assert!(!is_stolen(&mut first) && !is_stolen(&mut second));
    }

    #[test]
    fn same_or_higher_level_takes_over() {
        for (old, new) in [(None, 0), (Some(0), 0), (Some(3), 4)] {
            let ownership = Ownership::default();
            let mut first = ownership.claim(place("0"), "a", old).unwrap();
            let mut second = ownership.claim(place("0"), "b", Some(new)).unwrap();
            assert!(is_stolen(&mut first), "{old:?} {new}");
            assert!(!is_stolen(&mut second), "{old:?} {new}");
        }
    }

    #[test]
    fn lower_or_no_level_is_refused() {
        let ownership = Ownership::default();
        let mut owner = ownership.claim(place("0"), "a", Some(3)).unwrap();
        let lower = ownership.claim(place("0"), "b", Some(2)).unwrap_err();
        assert!(
            matches!(&lower, Refused::Level(why) if why.contains("higher epoch '3'")),
            "{lower:?}"
        );
        let none = ownership.claim(place("0"), "c", None).unwrap_err();
        assert!(
            matches!(&none, Refused::Level(why) if why.contains("epoch of '3'")),
            "{none:?}"
        );
        assert!(!is_stolen(&mut owner));
    }

    #[test]
    fn a_sixth_reader_without_a_level_is_refused_until_one_leaves() {
        let ownership = Ownership::default();
        let enter = |name: &str| ownership.claim(place("0"), name, None);
        let mut inside: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|name| enter(name).unwrap())
            .into();
        let refused = enter("f").unwrap_err();
        let names = "a, b, c, d, e";
        assert!(
            matches!(&refused, Refused::Crowded(why) if why.contains(names)),
            "{refused:?}"
        );
        ownership.claim(place("1"), "f", None).unwrap();
        inside.pop();
        inside.push(enter("f").unwrap());
        // One with a level has them all leave.
        ownership.claim(place("0"), "g", Some(0)).unwrap();
        assert!(inside.iter_mut().all(is_stolen));
    }

    #[test]
    fn place_is_free_after_its_owner_left() {
        let ownership = Ownership::default();
        drop(ownership.claim(place("0"), "a", Some(3)).unwrap());
        ownership.claim(place("0"), "b", None).unwrap();
    }

    #[test]
    fn partitions_are_independent() {
        let ownership = Ownership::default();
        let mut first = ownership.claim(place("0"), "a", Some(1)).unwrap();
        ownership.claim(place("1"), "b", Some(1)).unwrap();
        assert!(!is_stolen(&mut first));
    }
}
