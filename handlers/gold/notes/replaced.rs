//! Why a package changes nothing any more: a later one has run against its tables. It is noted in the state table, for
//! people who ask how gold stands; runs never read it. What this process has heard, it does not ask again for a day.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::partition::partition;
use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::store::StorageError;
use crate::store::entity::{Entity, EntityStore, Operation, Properties, Value};

const ROW: &str = "replaced";
/// For how long a process that was replaced leaves the warehouse alone: to ask would keep a database awake.
const HEARD_FOR_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The stamps of a package and of the later one that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The stamp of the package that changes nothing.
    pub own: i64,
    /// The stamp of the later one; of two with one stamp their dataset files decide.
    pub later: i64,
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.own {
            0 => f.write_str("this package has no stamp")?,
            own => write!(f, "this package was stamped {}", UnixMillis(own))?,
        }
        let later = UnixMillis(self.later);
        match self.own == self.later {
            true => write!(
                f,
                ", and so was another one that has run against these tables"
            )?,
            false => write!(f, ", and one stamped {later} has run against these tables")?,
        }
        write!(
            f,
            ", so gold changes nothing: that is right while a deployment goes on; if it is this one that is to run, package it again, with a `--stamp` after {later} where that is still to come, and deploy that"
        )
    }
}

/// What this process was last told, and when.
#[derive(Debug, Default)]
pub(in crate::gold) struct Heard(Mutex<Option<(Replaced, UnixMillis)>>);

impl Heard {
    /// Takes in what the warehouse said.
    pub(in crate::gold) fn hear(&self, replaced: Replaced, now: UnixMillis) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((replaced, now));
    }

    /// Returns what still holds: a later package does not become an earlier one. Of two with one stamp that is not said.
    pub(in crate::gold) fn still(&self, now: UnixMillis) -> Option<Replaced> {
        let heard = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (replaced, at) = heard?;
        let holds = at.is_young(now, HEARD_FOR_MILLIS) && replaced.own < replaced.later;
        holds.then_some(replaced)
    }
}

/// Notes that a run ended so. Where that fails, the next run does it.
pub(in crate::gold) async fn note(
    state: &Arc<dyn EntityStore>,
    dataset: &Dataset,
    (replaced, now): (Replaced, UnixMillis),
) {
    let Replaced { own, later } = replaced;
    let properties = [("own", own), ("later", later), ("at", now.0)];
    let properties = properties.map(|(name, number)| (name.into(), Value::Int64(number)));
    let entity = Entity {
        row: ROW.to_owned(),
        properties: Properties::from(properties),
    };
    let partition = partition(dataset);
    let operations = [Operation::Upsert(entity)];
    if let Err(error) = state.transact(&partition, &operations).await {
        tracing::warn!(%error, "that a later package has run could not be noted");
    }
}

/// Returns how the last run ended that a later package had replaced, and when, if there was one.
///
/// # Errors
/// Fails if the store does.
pub async fn last_replaced(
    state: &Arc<dyn EntityStore>,
    dataset: &Dataset,
) -> Result<Option<(Replaced, UnixMillis)>, StorageError> {
    let partition = partition(dataset);
    let Some(stored) = state.get(&partition, ROW).await? else {
        return Ok(None);
    };
    let number = |name: &str| stored.entity.properties.get(name).and_then(Value::as_i64);
    let stamps = number("own").zip(number("later"));
    let found = stamps.zip(number("at"));
    Ok(found.map(|((own, later), at)| (Replaced { own, later }, UnixMillis(at))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_stamps_are_named_and_what_to_do() {
        let said = |own, later| Replaced { own, later }.to_string();
        let text = said(1_763_121_600_000, 1_763_125_200_000);
        assert!(
            text.starts_with("this package was stamped 2025-11-14T12:00:00.000Z, and one stamped 2025-11-14T13:00:00.000Z has run"),
            "{text}"
        );
        assert!(
            text.contains("package it again, with a `--stamp` after 2025-11-14T13:00:00.000Z"),
            "{text}"
        );
        let text = said(0, 1_763_125_200_000);
        assert!(
            text.starts_with("this package has no stamp, and one"),
            "{text}"
        );
        let text = said(1_763_125_200_000, 1_763_125_200_000);
        assert!(
            text.contains("and so was another one that has run"),
            "{text}"
        );
    }
}
