//! Rules on silver's rows, which go on by transactions of their own, and groups that fall silent while nothing comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::TryStreamExt;

use super::context::{Attempt, Place};
use crate::dataset::ROWS;
use crate::event::{EventTime, UnixMillis};
use crate::gold::error::Error;
use crate::gold::finals::counts_until;
use crate::gold::increments::Watchers;
use crate::gold::outcome::{Ended, Published};
use crate::gold::plan::chunk;
use crate::gold::plan::rules::{Mover, beginning_again, continued, evaluating, of_step, starting};
use crate::gold::work::{Counts, Done};
use crate::table::log::{DataFile, LogError, Version};
use crate::table::parquet::{ReadFileError, read_columns};
use crate::value::time::micros;
use crate::warehouse::schema::{RuleSchema, RuleTrigger, TableIndex};
use crate::warehouse::{Begun, Progress, RuleProgress, RuleStep, Rules, Run, Step, Told};

/// Rules on rows that are behind, with how far they have come.
type Behind = Vec<(Arc<RuleSchema>, RuleProgress)>;

impl Attempt<'_> {
    pub(super) fn mover<'b>(&'b self, log: Option<&'b str>) -> Mover<'b> {
        Mover {
            schema: self.schema(),
            log,
            stamp: self.build.stamp,
        }
    }

    /// Returns what is done with the rules of tables that a transaction moves.
    pub(super) fn rules_of(&self, steps: &[Step], place: &Place) -> Result<Rules, Error> {
        let mover = self.mover(place.head.log.as_deref());
        let mut rules = Vec::new();
        let mut is_at_head = true;
        for step in steps {
            rules.extend(of_step(mover, step, &place.rules)?);
            is_at_head &= step.to == place.head.version;
        }
        Ok(Rules {
            steps: rules,
            as_of: place.head.watermark,
            heard_to: self.heard_to(place).filter(|_| is_at_head),
        })
    }

    /// Returns the time before which no event of a group that speaks is expected any more: the watermark, or where bronze was
    /// looked at and nothing was unrefined, the time of the storage account minus the idle time-out.
    fn heard_to(&self, place: &Place) -> Option<EventTime> {
        let idle = micros(self.dataset.idle_timeout);
        let now = place.sighting.and_then(|sighting| {
            let is_empty = sighting.pending.is_some_and(|pending| pending.objects == 0);
            sighting.now.filter(|_| is_empty)
        });
        let now = now.map(|now| EventTime(now.as_event_time().0.saturating_sub(idle)));
        place.head.watermark.max(now)
    }

    /// Returns when rules have something to do although nothing is added: a message is due, or a group may fall silent.
    pub(super) async fn next_of_rules(
        &self,
        place: &Place,
        has_outbox: bool,
    ) -> Result<Option<UnixMillis>, Error> {
        let message = match has_outbox && self.warehouse.may_be_paused() {
            true => self.warehouse.next_message().await?,
            false => None,
        };
        let silences = self.schema().rules.iter();
        let longest = silences.filter_map(|rule| match rule.trigger {
            RuleTrigger::Silent { after, .. } => Some(after),
            RuleTrigger::When(_) => None,
        });
        let silence = longest.max().and_then(|longest| {
            // After the last event that may have come, all that speak are silent and told.
            let skew = micros(self.dataset.max_clock_skew);
            let clock = place.head.clock.map(|clock| clock.as_event_time().0);
            let clock = clock.map(|clock| EventTime(clock.saturating_add(skew)));
            let newest = clock.max(place.head.watermark)?;
            let horizon = self.heard_to(place)?.0.saturating_sub(longest);
            (horizon <= newest.0).then(|| counts_until(self.clock.now()))
        });
        Ok(match (message, silence) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        })
    }

    /// Moves what is known of rules with a transaction that was committed.
    pub(super) fn rules_moved(place: &mut Place, rules: &Rules) {
        for step in &rules.steps {
            let before = step.from.as_ref().and_then(|from| from.as_of);
            let to = RuleProgress {
                as_of: before.max(rules.known_to(step)),
                ..step.to.clone()
            };
            place.rules.insert(step.name.clone(), to);
        }
    }

    /// Brings the rules on silver's rows to the head; returns how the run ends, if it was refused.
    pub(super) async fn watch_rows(
        &self,
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Option<Ended>, Error> {
        let head = place.head.version;
        let starts = starting(self.mover(place.head.log.as_deref()), head, &place.rules);
        if !starts.is_empty() {
            let ended = self.raise(place, starts, Vec::new(), published).await?;
            if ended.is_some() {
                return Ok(ended);
            }
        }
        while let Some((from, until, rules)) = self.next_rows(place) {
            if !self.deadline.allows(Duration::ZERO) {
                return Ok(Some(Ended::OutOfTime));
            }
            let most = Version(from.0.saturating_add(self.limits.versions.max(1)));
            let commits = match self.log.commits(from, until.min(most)).await {
                Err(LogError::Gap { .. } | LogError::ManifestGone { .. }) => None,
                commits => Some(commits?),
            };
            let chunk = commits.map(|commits| chunk(from, commits, self.limits));
            let told = match &chunk {
                Some(chunk) => self.judge(&rules, &chunk.files, place).await?,
                None => None,
            };
            let mover = self.mover(place.head.log.as_deref());
            let (steps, told) = match (chunk, told) {
                (Some(chunk), Some(told)) => (evaluating(mover, &rules, chunk.until), told),
                // What it lacks is no longer there: gold was away for long, and it begins again.
                _ => {
                    for (rule, _) in &rules {
                        tracing::warn!(
                            rule = rule.name,
                            "a rule begins again: silver no longer has what it has not seen"
                        );
                    }
                    (beginning_again(mover, &rules, head), Vec::new())
                }
            };
            let ended = self.raise(place, steps, told, published).await?;
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    /// Returns the rules on rows that are furthest behind, where they stand, and how far they go before they meet others.
    fn next_rows(&self, place: &Place) -> Option<(Version, Version, Behind)> {
        let head = place.head.version;
        let rules = self.schema().rules_on(None);
        let behind = rules.filter_map(|rule| {
            let found = place.rules.get(&rule.name)?;
            let is_behind = found.table == ROWS && found.version < head;
            is_behind.then(|| (Arc::clone(rule), found.clone()))
        });
        let mut behind: Behind = behind.collect();
        behind.sort_by_key(|(_, found)| found.version);
        let from = behind.first()?.1.version;
        let next = behind.iter().map(|(_, found)| found.version);
        let until = next.filter(|version| *version > from).min().unwrap_or(head);
        behind.retain(|(_, found)| found.version == from);
        Some((from, until, behind))
    }

    /// Judges the rows of files; nothing where a file is gone.
    async fn judge(
        &self,
        rules: &[(Arc<RuleSchema>, RuleProgress)],
        files: &[DataFile],
        place: &Place,
    ) -> Result<Option<Vec<(String, Told)>>, Error> {
        let watermark = place.head.watermark;
        let known = rules
            .iter()
            .map(|(rule, found)| (rule, found.as_of.max(watermark)));
        let mut watchers = Watchers::new(self.dataset, known)?;
        let columns = watchers.columns().to_vec();
        for file in files {
            let opened = read_columns(self.lake, file, self.dataset, &columns).await;
            let mut batches = match opened {
                Err(ReadFileError::Gone { .. }) => return Ok(None),
                opened => opened?,
            };
            while let Some(batch) = batches.try_next().await? {
                watchers.add(&batch)?;
            }
        }
        Ok(Some(watchers.finish().collect()))
    }

    /// Makes a transaction of rules alone.
    async fn raise(
        &self,
        place: &mut Place,
        steps: Vec<RuleStep>,
        told: Vec<(String, Told)>,
        published: &mut Published,
    ) -> Result<Option<Ended>, Error> {
        let rules = Rules {
            steps,
            as_of: place.head.watermark,
            heard_to: None,
        };
        let run = Run {
            rules: rules.clone(),
            ..self.run(
                Vec::new(),
                (place.head.watermark, place.finals),
                &place.head,
            )
        };
        let done = match self.warehouse.begin(run).await? {
            Begun::Conflict => Done::Conflict,
            Begun::Replaced => Done::Replaced,
            Begun::Open(mut transaction) => {
                for (rule, told) in told {
                    transaction.raise(&rule, told).await?;
                }
                transaction.commit().await?;
                Self::rules_moved(place, &rules);
                Done::Committed(Counts::default())
            }
        };
        Ok(published.add(&done))
    }

    /// Finds groups that fell silent while their tables stood still; returns how the run ends, if it was refused.
    pub(super) async fn hear(
        &self,
        place: &mut Place,
        at_head: &BTreeMap<TableIndex, Progress>,
        published: &mut Published,
    ) -> Result<Option<Ended>, Error> {
        let heard_to = self.heard_to(place);
        let (mut tables, mut rules) = (Vec::new(), Vec::new());
        for (index, progress) in at_head {
            let mover = self.mover(place.head.log.as_deref());
            let mut own = continued(mover, (*index, progress), &place.rules)?;
            own.retain(|step| step.from.as_ref().and_then(|from| from.as_of) < heard_to);
            if own.is_empty() {
                continue;
            }
            rules.extend(own);
            tables.push(Step {
                table: *index,
                from: Some(progress.clone()),
                to: progress.version,
                replace: false,
                layout: None,
            });
        }
        if rules.is_empty() {
            return Ok(None);
        }
        let rules = Rules {
            steps: rules,
            as_of: place.head.watermark,
            heard_to,
        };
        let run = Run {
            rules: rules.clone(),
            ..self.run(tables, (place.head.watermark, place.finals), &place.head)
        };
        let done = self.worker().carry_out(run, Vec::new(), 0).await?;
        if matches!(done, Done::Committed(_)) {
            Self::rules_moved(place, &rules);
        }
        Ok(published.add(&done))
    }
}
