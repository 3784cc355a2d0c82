//! Events that are opened again: the ledger says of each source how many were empty, how many records the others held, and
//! how many of those the dataset's condition left out.
//!
//! Compared are the sources that silver refined under today's definition; others would rightly differ. Nothing is said of
//! Avro, whose reader is not here a second time.

use sluice::dataset::{Dataset, PayloadFormat};
use sluice::event::UnixMillis;
use sluice::silver::cast::FinishError;
use sluice::silver::cast::rows::LineContext;
use sluice::table::log::{Counts, Version};

use super::condition::Filtered;
use super::object::BronzeObject;
use crate::audit::history::History;
use crate::audit::independent::{Contents, open};
use crate::audit::report::{Check, Opened};
use crate::output::{count, thousands};

const NAME: &str = "bronze: opened again = ledger";

/// The events of bronze, opened again one object after the other.
pub(crate) struct Reopened<'h> {
    history: &'h History,
    dataset: &'h Dataset,
    /// The first version of today's definition.
    since: Option<Version>,
    /// Nothing where the dataset has no condition; why not, where it cannot be judged.
    filtered: Result<Option<Filtered>, &'static str>,
    found: Opened,
    difference: Option<String>,
}

impl<'h> Reopened<'h> {
    pub(crate) fn of(dataset: &'h Dataset, history: &'h History) -> Self {
        Self {
            history,
            dataset,
            since: history.defined_since(),
            filtered: Filtered::of(dataset),
            found: Opened::default(),
            difference: None,
        }
    }

    /// Opens the events of an object, if there is something to compare with.
    pub(crate) fn look(
        &mut self,
        object: &BronzeObject,
        contents: &Contents<'_>,
    ) -> Result<(), FinishError> {
        // What has no entry yet is in work, or is another check's difference.
        let Some(entry) = self.history.entry(&object.name) else {
            return Ok(());
        };
        if self.since.is_none_or(|since| entry.version < since) {
            self.found.of_another_definition += 1;
            return Ok(());
        }
        if self.dataset.payload.format == PayloadFormat::Avro {
            self.found.of_avro += 1;
            self.found.avro_events += contents.count();
            return Ok(());
        }
        let counts = self.open(object, contents)?;
        self.found.objects += 1;
        self.found.events += counts.lines;
        self.found.empty += counts.empty;
        self.found.records += counts.records;
        self.found.filtered += counts.filtered;
        if self.difference.is_none() {
            let differences = differences(&counts, &entry.counts, self.filtered.is_ok());
            self.difference = (!differences.is_empty()).then(|| {
                format!(
                    "{}, opened again: {} (version {})",
                    &object.name,
                    differences.join(", "),
                    entry.version
                )
            });
        }
        Ok(())
    }

    fn open(
        &mut self,
        object: &BronzeObject,
        contents: &Contents<'_>,
    ) -> Result<Counts, FinishError> {
        let mut counts = Counts::default();
        for event in contents.events() {
            counts.lines += 1;
            let Ok(records) = open(self.dataset, &event) else {
                counts.opened += 1;
                counts.records += 1;
                continue;
            };
            match records.is_empty() {
                true => counts.empty += 1,
                false => counts.opened += 1,
            }
            counts.records += records.len() as u64;
            let Ok(Some(filtered)) = &mut self.filtered else {
                continue;
            };
            let time = contents
                .times
                .as_ref()
                .and_then(|times| times.get(event.line));
            let time = time.map_or(object.enqueued(), |time| UnixMillis(*time));
            for record in &records {
                let at = LineContext {
                    source: 0,
                    partition: object.place().map(|(partition, _)| partition),
                    line: u32::try_from(event.line).unwrap_or(u32::MAX),
                    record: u32::try_from(record.number).unwrap_or(u32::MAX),
                    sequence_number: object.sequence_number(event.line),
                    enqueued_time: time,
                    system: event.system,
                    properties: event.properties,
                };
                filtered.add(record, at)?;
            }
        }
        if let Ok(Some(filtered)) = &mut self.filtered {
            counts.filtered = filtered.take()?;
        }
        Ok(counts)
    }

    /// Returns the check, and what it found.
    pub(crate) fn finish(self) -> (Check, Opened) {
        let found = self.found;
        let skipped = found.of_another_definition + found.of_avro;
        let nothing_compared = found.objects == 0 && skipped > 0;
        let mut examined = Vec::new();
        if !nothing_compared {
            examined.push(format!(
                "{} of {} in {}",
                count(found.records, "record"),
                count(found.events, "event"),
                count(found.objects, "object")
            ));
        }
        if found.of_another_definition > 0 {
            let objects = count(found.of_another_definition, "object");
            examined.push(format!("skipped {objects} of another definition"));
        }
        if found.of_avro > 0 {
            let objects = count(found.of_avro, "object");
            let events = count(found.avro_events, "event");
            examined.push(format!("skipped {events} of Avro in {objects}"));
        }
        if let Err(why) = &self.filtered {
            examined.push(format!("filtered not compared: {why}"));
        }
        let examined = examined.join("; ");
        let check = match nothing_compared {
            true => Check::skipped(NAME, examined),
            false => Check::new(NAME, examined, self.difference),
        };
        (check, found)
    }
}

/// Says what differs between what was found and what the ledger says.
fn differences(found: &Counts, ledger: &Counts, judges: bool) -> Vec<String> {
    let filtered = judges.then_some(("filtered", found.filtered, ledger.filtered));
    let counts = [
        ("empty", found.empty, ledger.empty),
        ("opened", found.opened, ledger.opened),
        ("records", found.records, ledger.records),
    ];
    let counts = counts.into_iter().chain(filtered);
    let differing = counts.filter(|(_, found, said)| found != said);
    let texts = differing.map(|(what, found, said)| {
        let found = thousands(found);
        format!("{what} {found}, and the ledger says {}", thousands(said))
    });
    texts.collect()
}
