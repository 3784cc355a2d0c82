//! Sources whose rejected records are taken up in one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidates::Candidate;
use super::plan::{Fates, Plan, SourcePlan, fates};
use crate::context::Context;
use crate::error::Invariant;
use crate::silver::commit::work::Work;
use crate::silver::prepare::picked_texts;
use crate::silver::sources::SortedSources;
use crate::silver::{RefineError, Refined};
use crate::store::entity::Stored;
use crate::store::object::{ObjectPath, Source, paths};
use crate::table::log::{
    CommitLog, Counts, Head, LedgerEntry, MAX_TAKEN_UP, NewCommit, Redrive, Superseded, TakenUp,
};

/// Most bytes of bronze that a group holds, unless a single source is larger.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What the names of the sources begin with.
pub(super) const PREFIX: &str = "redrive/";

pub(super) const NO_LOG: Invariant = Invariant("what was rejected is in a log");
const OWN: Invariant = Invariant("a group takes up its own sources");

/// Sources, as bronze has them, and the entries that they come from.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) sources: SortedSources,
    /// By bronze object.
    candidates: BTreeMap<String, Candidate>,
    /// Bronze objects that cannot be taken up, with the reason.
    pub(super) refused: Vec<(String, String)>,
    /// What was announced of each, and under which token.
    announced: Option<(BTreeMap<String, SourcePlan>, String)>,
}

/// Ledger entries as they were read, by source.
type StoredEntries = BTreeMap<String, (LedgerEntry, Stored)>;

impl Group {
    /// Reads the first of the candidates, as many as one commit takes up; returns how many these are.
    ///
    /// # Errors
    /// Fails if the lake does.
    pub(super) async fn load(
        context: &Context,
        candidates: &[Candidate],
    ) -> Result<(Self, usize), RefineError> {
        let mut group = Self::default();
        let (mut sources, mut bytes) = (Vec::new(), 0);
        let mut taken = 0;
        for candidate in candidates {
            if sources.len() == MAX_TAKEN_UP || bytes >= MAX_BYTES {
                break;
            }
            taken += 1;
            match load(context, candidate).await? {
                Ok(source) => {
                    bytes += source.content.len();
                    sources.push(source);
                    let name = candidate.source().to_owned();
                    group.candidates.insert(name, candidate.clone());
                }
                Err(reason) => group.refused.push((candidate.source().to_owned(), reason)),
            }
        }
        group.sources = SortedSources::new(sources);
        Ok((group, taken))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Takes a source out that is done.
    pub(super) fn remove(&mut self, source: &str) {
        self.candidates.remove(source);
        self.sources = self.sources.filter(|other| other.name != source);
    }

    /// Binds it to what was announced.
    pub(super) fn announce(&mut self, plan: &Plan, token: &str) {
        let own = plan.sources.iter();
        let own = own.filter(|source| self.candidates.contains_key(&source.source));
        let own = own.map(|source| (source.source.clone(), source.clone()));
        self.announced = Some((own.collect(), token.to_owned()));
    }

    /// Returns the names of the ledger entries whose records it takes up.
    pub(super) fn entries(&self) -> Vec<&str> {
        let candidates = self.candidates.values();
        candidates
            .map(|candidate| candidate.entry.source.as_str())
            .collect()
    }

    pub(super) fn candidate(&self, source: &str) -> Result<&Candidate, Invariant> {
        self.candidates.get(source).ok_or(OWN)
    }

    /// Returns the sources whose records nobody has taken up.
    pub(super) fn open(&self, stored: &StoredEntries) -> SortedSources {
        self.sources.filter(|source| {
            let candidate = self.candidates.get(&source.name);
            let stored = candidate.and_then(|candidate| stored.get(&candidate.entry.source));
            stored.is_some_and(|(entry, _)| entry.is_open())
        })
    }

    /// Returns what has become of those of the sources that were taken up.
    ///
    /// # Errors
    /// Fails if the log does, or if another run took one up although something was announced.
    pub(super) async fn finished(
        &self,
        log: &CommitLog,
        stored: &StoredEntries,
        head: &Head,
    ) -> Result<Vec<Refined>, RefineError> {
        let entries = self.entries().into_iter().map(|name| stored.get(name));
        let entries = entries.collect::<Option<Vec<_>>>().ok_or(NO_LOG)?;
        let taken_up = entries
            .into_iter()
            .filter_map(|(entry, _)| entry.taken_up.as_ref());
        let names: Vec<&str> = taken_up.map(|taken_up| taken_up.by.as_str()).collect();
        let found = log.ledger_stored(&names).await?;
        for (entry, _) in found.values() {
            self.check_own(entry)?;
        }
        let found = found.into_values();
        let refined = found.map(|(entry, _)| Refined {
            entry,
            now: false,
            group: 0,
            head: head.version,
        });
        Ok(refined.collect())
    }

    /// Checks that what took records up is a run under the same token, if there is one.
    fn check_own(&self, entry: &LedgerEntry) -> Result<(), RefineError> {
        let Some((announced, token)) = &self.announced else {
            return Ok(());
        };
        let redrive = entry.redrive.as_ref();
        if redrive.is_some_and(|redrive| redrive.token.as_ref() == Some(token)) {
            return Ok(());
        }
        let source_name = entry.bronze().to_owned();
        let announced = announced.get(&source_name);
        Err(RefineError::Unannounced {
            announced: announced.map_or_else(|| "nothing".to_owned(), SourcePlan::text),
            found: "taken up by another run".to_owned(),
            source_name,
        })
    }

    /// Checks that what would become of each source is what was announced, if something was.
    ///
    /// # Errors
    /// Fails with [`RefineError::Unannounced`] of the first that differs.
    pub(super) fn check(&self, work: &Work) -> Result<(), RefineError> {
        let Some((announced, _)) = &self.announced else {
            return Ok(());
        };
        for (source_name, found) in fates(work)? {
            let planned = announced.get(&source_name);
            if planned.and_then(|planned| planned.fates.as_ref().ok()) != Some(&found) {
                return Err(RefineError::Unannounced {
                    announced: planned.map_or_else(|| "nothing".to_owned(), SourcePlan::text),
                    found: found.text(),
                    source_name,
                });
            }
        }
        Ok(())
    }

    /// Makes the commit of sources as silver would append them that of a redrive: under names of their own, beside entries that
    /// say what took their records up, and without a word about how far the hub is refined.
    ///
    /// # Errors
    /// Fails on a defect.
    pub(super) fn commit(
        &self,
        appended: NewCommit,
        work: &Work,
        head: &Head,
        mut stored: StoredEntries,
    ) -> Result<NewCommit, Invariant> {
        let fates: BTreeMap<String, Fates> = fates(work)?.into_iter().collect();
        let (mut ledger, mut taken_up) = (Vec::new(), Vec::new());
        for entry in appended.ledger {
            let candidate = self.candidate(&entry.source)?;
            let records = candidate.records();
            let plan = SourcePlan {
                source: entry.source.clone(),
                records,
                fates: Ok(fates.get(&entry.source).ok_or(OWN)?.clone()),
            };
            let (_, before) = stored.remove(&candidate.entry.source).ok_or(OWN)?;
            let by = next_name(&candidate.entry)?;
            taken_up.push(Superseded {
                stored: before,
                taken_up: TakenUp {
                    by: by.clone(),
                    records,
                },
            });
            let token = self.announced.as_ref().map(|(_, token)| token.clone());
            ledger.push(LedgerEntry {
                counts: Counts {
                    redriven: records,
                    ..entry.counts
                },
                range: None,
                redrive: Some(Redrive {
                    plan: plan.hash(),
                    origin: entry.source,
                    token,
                }),
                source: by,
                ..entry
            });
        }
        Ok(NewCommit {
            ledger,
            taken_up,
            watermark: head.watermark,
            clock: head.clock,
            partitions: head.partitions.clone(),
            ..appended
        })
    }
}

/// Returns the name of the source that takes up the rejected records of an entry.
fn next_name(entry: &LedgerEntry) -> Result<String, Invariant> {
    const NAMED: Invariant = Invariant("a redrive's source is named by its number");
    let Some(redrive) = &entry.redrive else {
        return Ok(format!("{PREFIX}1/{}", entry.source));
    };
    let number = entry.source.strip_prefix(PREFIX).ok_or(NAMED)?;
    let (number, _) = number.split_once('/').ok_or(NAMED)?;
    let number: u64 = number.parse().map_err(|_| NAMED)?;
    Ok(format!("{PREFIX}{}/{}", number + 1, redrive.origin))
}

/// Reads the bronze object of a candidate; the inner failure says why it cannot be taken up.
async fn load(
    context: &Context,
    candidate: &Candidate,
) -> Result<Result<Source, String>, RefineError> {
    let path = ObjectPath::new(paths::BRONZE, candidate.source());
    let object = context.lake.head(&path).await?;
    let content = context.lake.get(&path).await?;
    let Some((object, content)) = object.zip(content) else {
        return Ok(Err("bronze no longer has it".to_owned()));
    };
    let name = candidate.source().to_owned();
    let source = Source {
        only: Some(Arc::clone(&candidate.selection)),
        ..Source::of_object(name, content, &object.metadata, object.created)
    };
    Ok(match is_opened_alike(context, candidate, &source)? {
        true => Ok(source),
        false => Err(
            "its events are opened otherwise now than when its records were rejected, or their text was left out because of a mask: raise the generation, which refines all of bronze anew"
                .to_owned(),
        ),
    })
}

/// Returns whether the records at the places of those that were rejected are these records: what an event is opened to is a
/// matter of the dataset file, which may say something else by now.
fn is_opened_alike(
    context: &Context,
    candidate: &Candidate,
    source: &Source,
) -> Result<bool, RefineError> {
    let mut records = candidate.kept.iter().filter(|kept| !kept.event).peekable();
    if records.peek().is_none() {
        return Ok(true);
    }
    let texts = picked_texts(&context.dataset, source)?;
    Ok(records.all(|kept| {
        let text = texts.get(&(kept.line, kept.record));
        kept.body.is_some() && text == Some(&kept.body)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::log::Version;

    #[test]
    fn each_redrive_of_an_object_has_the_next_number() {
        let mut entry = LedgerEntry {
            source: "orders/0/a.jsonl".to_owned(),
            counts: Counts::default(),
            range: None,
            version: Version(1),
            quarantine: None,
            redrive: None,
            taken_up: None,
        };
        for number in [1, 2, 3] {
            let name = next_name(&entry).unwrap();
            assert_eq!(name, format!("redrive/{number}/orders/0/a.jsonl"));
            entry = LedgerEntry {
                redrive: Some(Redrive {
                    origin: "orders/0/a.jsonl".to_owned(),
                    plan: String::new(),
                    token: None,
                }),
                source: name,
                ..entry
            };
        }
    }
}
