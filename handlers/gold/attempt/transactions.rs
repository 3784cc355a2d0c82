//! The transactions of an attempt: tables made anew from silver's live files, and commits added to those that are there.

use std::collections::BTreeMap;

use super::context::{Attempt, Place};
use crate::event::EventTime;
use crate::gold::error::Error;
use crate::gold::finals::Finals;
use crate::gold::plan::{CatchUp, chunk};
use crate::gold::work::{Done, Work};
use crate::table::live::LiveFiles;
use crate::table::log::{DataFile, Head, LogError, Version};
use crate::table::parquet::ReadFileError;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Balance, Counted, Progress, Rules, Run, Step, rows_of};

impl Attempt<'_> {
    /// Makes tables that nobody sees yet from the live files at the head.
    pub(super) async fn create(
        &self,
        tables: &BTreeMap<TableIndex, Option<Progress>>,
        place: &mut Place,
    ) -> Result<Done, Error> {
        let head = place.head.clone();
        let live = match self.log.load(&head).await {
            Ok(snapshot) => LiveFiles::of(&snapshot),
            // Maintenance has made a later snapshot and removed this one.
            Err(error) if error.is_outdated() && self.log.head().await?.as_ref() != Some(&head) => {
                return Ok(Done::Conflict);
            }
            Err(error) => return Err(error.into()),
        };
        let steps = tables.iter().map(|(table, from)| Step {
            table: *table,
            from: from.clone(),
            to: head.version,
            replace: true,
            layout: None,
        });
        let steps: Vec<Step> = steps.collect();
        let rules = self.rules_of(&steps, place)?;
        let files: Vec<DataFile> = live.iter().cloned().collect();
        let run = Run {
            rules,
            balance: Balance::of_all(&head, &files),
            ..self.run(steps, (head.watermark, place.finals), &head)
        };
        match self.work(run, files, 0, place).await {
            Err(Error::File(ReadFileError::Gone { path })) => {
                let commits = match self.log.head().await? {
                    Some(now) => self.log.commits(head.version, now.version).await?,
                    None => Vec::new(),
                };
                let mut live = live;
                live.advance(&commits);
                match live.iter().any(|file| file.path == path) {
                    true => Err(Error::File(ReadFileError::Gone { path })),
                    false => Ok(Done::Conflict),
                }
            }
            outcome => outcome,
        }
    }

    /// Publishes the next commits to tables that are behind; returns where they stand then, if no other run was first.
    pub(super) async fn catch_up(
        &self,
        next: &CatchUp,
        place: &mut Place,
    ) -> Result<(Version, Done), Error> {
        let from = next.from;
        match self.publish_chunk(next, place).await {
            Err(
                source @ (Error::Log(LogError::Gap { .. } | LogError::ManifestGone { .. })
                | Error::File(ReadFileError::Gone { .. })),
            ) => {
                // What is gone was published by another run long ago, or gold was away for too long.
                let progress = self.warehouse.progress().await?;
                let names = self.names(&next.tables)?;
                let has_moved = |name: &String| {
                    progress
                        .get(name)
                        .is_none_or(|progress| progress.version != from)
                };
                if names.iter().any(has_moved) {
                    return Ok((from, Done::Conflict));
                }
                Err(Error::Rebuild {
                    tables: names,
                    from,
                    source: Box::new(source),
                })
            }
            outcome => outcome,
        }
    }

    pub(super) async fn publish_chunk(
        &self,
        next: &CatchUp,
        place: &mut Place,
    ) -> Result<(Version, Done), Error> {
        let from = next.from;
        let most = from.0.saturating_add(self.limits.versions.max(1));
        let until = next.until.min(Version(most));
        let commits = self.log.commits(from, until).await?;
        let before = commits.first().and_then(Balance::rows_before);
        let said = commits.iter().map(|commit| {
            let silver = commit.totals.as_ref().map(Counted::of);
            (commit.version, (commit.watermark, silver))
        });
        let said: BTreeMap<Version, _> = said.collect();
        let chunk = chunk(from, commits, self.limits);
        let names = self.names(&next.tables)?;
        let steps = next.tables.iter().zip(names).map(|(table, name)| Step {
            table: *table,
            from: place.progress.get(&name).cloned(),
            to: chunk.until,
            replace: false,
            layout: place.layouts.get(table).cloned(),
        });
        let (watermark, silver) = said.get(&chunk.until).copied().unwrap_or_default();
        // What is final at the head may change on the way there; what it counts may have been counted later.
        let (finals, at_head) = match chunk.until == place.head.version {
            true => (place.finals, Balance::at(&place.head)),
            false => Default::default(),
        };
        let balance = Balance {
            silver: silver.or(at_head.silver),
            before,
            taken: rows_of(&chunk.files),
        };
        let steps: Vec<Step> = steps.collect();
        let rules = self.rules_of(&steps, place)?;
        let run = Run {
            rules,
            balance,
            ..self.run(steps, (watermark, finals), &place.head)
        };
        let done = self.work(run, chunk.files, chunk.appends, place).await?;
        Ok((chunk.until, done))
    }

    pub(super) fn run(
        &self,
        steps: Vec<Step>,
        (watermark, finals): (Option<EventTime>, Finals),
        head: &Head,
    ) -> Run {
        Run {
            steps,
            log: head.log.clone(),
            build: self.build.clone(),
            watermark,
            as_of: head.watermark,
            complete_to: finals.complete_to,
            pending: finals.pending,
            balance: Balance::at(head),
            rules: Rules::default(),
            at: self.clock.now(),
        }
    }

    /// What transactions work with.
    pub(super) fn worker(&self) -> Work<'_> {
        Work {
            dataset: self.dataset,
            lake: self.lake,
            warehouse: self.warehouse,
            max_held: self.limits.held,
        }
    }

    /// Carries a transaction out, and moves the progress at hand with it.
    pub(super) async fn work(
        &self,
        run: Run,
        files: Vec<DataFile>,
        commits: u64,
        place: &mut Place,
    ) -> Result<Done, Error> {
        let (schema, pending) = (self.schema(), run.pending);
        let mut moved = Vec::new();
        for step in &run.steps {
            let name = schema.table_at(step.table)?.name.clone();
            moved.push((name, step.moved(&run, schema)?));
        }
        let rules = run.rules.clone();
        let done = self.worker().carry_out(run, files, commits).await?;
        if matches!(done, Done::Committed(_)) {
            Self::rules_moved(place, &rules);
            for (name, progress) in moved {
                // What is not known stays as it was said.
                let said = place.said.entry(name.clone()).or_default();
                *said = pending.or(*said);
                place.said_removed.remove(&name);
                place.progress.insert(name, progress);
            }
        }
        Ok(done)
    }
}
