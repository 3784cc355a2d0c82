//! What a run says of final periods, and raises where nothing else is to be done.

mod complete;
mod lookout;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate};

use super::error::Error;
use super::work::{Done, Work};
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Head;
use crate::warehouse::schema::{FRESHNESS, TableIndex};
use crate::warehouse::{Balance, Build, Pending, Progress, Rules, Run, Step, Warehouse};
pub(super) use complete::{Patience, Sighting};
pub(super) use lookout::{Look, Lookout, OBJECTS, counts_until};

/// What the transactions of a run say beside their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Finals {
    /// No event before it is expected any more; nothing where that is not known.
    pub(super) complete_to: Option<EventTime>,
    /// What silver has not refined; nothing where that is not known.
    pub(super) pending: Option<Pending>,
}

impl Finals {
    pub(super) fn of(sighting: Option<Sighting>, patience: Patience) -> Self {
        Self {
            complete_to: sighting.and_then(|sighting| sighting.complete_to(patience)),
            pending: sighting.and_then(|sighting| sighting.pending),
        }
    }
}

/// Up to when the periods of tables are final, as this process last saw or wrote it: a saving only.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<String, EventTime>>);

impl Known {
    fn is_before(&self, table: &str, settled: EventTime) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(table).is_none_or(|known| *known < settled)
    }

    /// Forgets what was known of a table: it was swapped.
    pub(super) fn forget(&self, table: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(table);
    }

    fn note(&self, table: &str, settled: EventTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(table.to_owned(), settled);
    }
}

impl Known {
    /// Says of tables that stand at `head`, and that this run has not moved, that more of their periods are final: a stream
    /// that falls quiet has no commit any more that would.
    ///
    /// # Errors
    /// Fails if the warehouse does; nothing has changed then, or the next run finds it done.
    pub(super) async fn raise(
        &self,
        work: &Work<'_>,
        standing: BTreeMap<TableIndex, Progress>,
        head: &Head,
        (finals, build, at): (Finals, &Build, UnixMillis),
    ) -> Result<Option<Done>, Error> {
        let schema = work.warehouse.schema();
        let mut higher = Vec::new();
        for (index, progress) in standing {
            let table = schema.table_at(index)?;
            let settled = schema.settled_until(&table.steps(), finals.complete_to);
            let settled = settled.filter(|settled| self.is_before(&table.name, *settled));
            higher.extend(settled.map(|settled| (index, &table.name, progress, settled)));
        }
        if higher.is_empty() {
            return Ok(None);
        }
        let written = settled(work.warehouse).await?;
        let is_written = |name: &str, settled: EventTime| {
            written.get(name).is_some_and(|written| *written >= settled)
        };
        let mut steps = Vec::new();
        for (index, name, progress, settled) in &higher {
            if !is_written(name, *settled) {
                steps.push(Step {
                    table: *index,
                    from: Some(progress.clone()),
                    to: progress.version,
                    replace: false,
                    layout: None,
                });
            }
        }
        let done = match steps.is_empty() {
            true => None,
            false => {
                let run = Run {
                    steps,
                    log: head.log.clone(),
                    build: build.clone(),
                    watermark: head.watermark,
                    as_of: head.watermark,
                    complete_to: finals.complete_to,
                    pending: finals.pending,
                    balance: Balance::at(head),
                    rules: Rules::default(),
                    at,
                };
                Some(work.carry_out(run, Vec::new(), 0).await?)
            }
        };
        if matches!(done, None | Some(Done::Committed(_))) {
            higher
                .iter()
                .for_each(|(_, name, _, settled)| self.note(name, *settled));
        }
        Ok(done)
    }
}

/// Reads up to when the periods of each table are final, as the warehouse has it.
async fn settled(warehouse: &dyn Warehouse) -> Result<BTreeMap<String, EventTime>, Error> {
    let read = warehouse.read_table(FRESHNESS, None, usize::MAX).await?;
    let column = |name: &str| read.columns.iter().position(|column| column == name);
    let (Some(table), Some(settled)) = (column("gold_table"), column("settled_until")) else {
        return Ok(BTreeMap::new());
    };
    let rows = read.rows.iter().filter_map(|row| {
        let table = row.get(table)?.clone()?;
        Some((table, start_of(row.get(settled)?.as_deref()?)?))
    });
    Ok(rows.collect())
}

/// Reads the start of a period as warehouses show it: a day, or a point in time.
fn start_of(text: &str) -> Option<EventTime> {
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => text
            .parse::<NaiveDate>()
            .ok()?
            .and_hms_opt(0, 0, 0)?
            .and_utc(),
    };
    Some(EventTime(time.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_of_periods_are_read_as_both_warehouses_show_them() {
        let at = |text| start_of(text).map(|time| time.0 / 1_000_000);
        assert_eq!(at("1970-01-02"), Some(86_400));
        assert_eq!(at("1970-01-01T01:00:00Z"), Some(3_600));
        assert_eq!(at("1970-01-01T01:00:00.000000Z"), Some(3_600));
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn what_is_known_is_not_raised_again() {
        let known = Known::default();
        assert!(known.is_before("a", EventTime(5)));
        known.note("a", EventTime(5));
        assert!(!known.is_before("a", EventTime(5)));
        assert!(known.is_before("a", EventTime(6)) && known.is_before("b", EventTime(5)));
    }
}
