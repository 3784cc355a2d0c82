//! What is made beside the live tables, filled a part at a time.

use std::time::Duration;

use super::blocked::blamed;
use super::context::{Attempt, Place, Raised, Turn};
use crate::error::{Invariant, chain};
use crate::gold::error::Error;
use crate::gold::outcome::{Ended, Published};
use crate::gold::plan::{Limits, chunk};
use crate::gold::shadow::{self, Known, Plan, is_left_alone};
use crate::gold::work::{Counts, Done};
use crate::retry::Deadline;
use crate::table::log::{DataFile, Head, LogError, Version};
use crate::table::parquet::ReadFileError;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Fill, Filled, Filling, Shadow, Standing};

/// How long a transaction that fills shadows works; nobody waits for it.
const WORKS_FOR: Duration = Duration::from_secs(20);
/// How much more such a transaction takes than one of live tables.
const MORE: u64 = 10;
const FILLED: Invariant = Invariant("a shadow that is filled has a table and a base");

/// What a part of a filling reads, and where the shadows stand then.
struct Part {
    files: Vec<DataFile>,
    commits: u64,
    /// How many files the base has, while these are read.
    of: Option<u64>,
    until: Version,
}

impl Attempt<'_> {
    pub(super) fn known<'b>(&'b self, head: &'b Head) -> Known<'b> {
        Known {
            dataset: self.dataset,
            schema: self.schema(),
            head: (head.log.as_deref(), head.version),
            stamp: self.build.stamp,
            now: self.clock.now(),
            is_first_beside: false,
        }
    }

    /// Works out what is to be done with shadows. Tables that nobody sees are made beside as well where they come with a
    /// generation, or where silver does not fit one transaction.
    pub(super) async fn shadows(
        &self,
        standing: &Standing,
        (head, raised): (&Head, &Raised),
    ) -> Result<Plan, Error> {
        let known = self.known(head);
        let plan = shadow::plan(known, standing)?;
        if !plan.makes_first || (raised.from.is_empty() && self.fits_one_step(head).await?) {
            return Ok(plan);
        }
        let known = Known {
            is_first_beside: true,
            ..known
        };
        Ok(shadow::plan(known, standing)?)
    }

    /// Returns whether all of silver is what one transaction of live tables takes.
    async fn fits_one_step(&self, head: &Head) -> Result<bool, Error> {
        let live = match self.log.load(head).await {
            Ok(snapshot) => snapshot.files,
            // Another run has gone on: whatever is begun finds that out.
            Err(error) if error.is_outdated() => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let sum = |of: fn(&DataFile) -> u64| live.values().map(|live| of(&live.file)).sum::<u64>();
        let limits = self.limits;
        Ok(live.len() as u64 <= limits.files
            && sum(|file| file.rows) <= limits.rows
            && sum(|file| file.bytes) <= limits.bytes)
    }

    /// Fills shadows a part further, or shows those that have caught up; returns what comes next, if that is not the end
    /// of the run.
    pub(super) async fn go_on_beside(
        &self,
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Option<Turn>, Error> {
        let group = self.next_group(place);
        if group.is_empty() {
            return self.show(place, published).await;
        }
        published.waiting = Some(self.says_filling(place)?);
        self.say_older(place).await?;
        if !self.deadline.allows(Duration::ZERO) {
            return Ok(None);
        }
        let tables: Vec<TableIndex> = group.iter().map(|(index, _)| *index).collect();
        match self.fill(&group, place, published).await {
            Ok(turn) => Ok(Some(turn)),
            Err(error) => {
                let mut blamed = blamed(&error, self.schema());
                blamed.retain(|table| tables.contains(table));
                if blamed.is_empty() {
                    return Err(error);
                }
                for table in blamed {
                    self.note_shadow(place, table, (true, chain(&error)))
                        .await?;
                }
                Ok(Some(Turn::Again))
            }
        }
    }

    /// Returns the shadows that are furthest behind and stand at one place, so that one read serves all of them.
    fn next_group(&self, place: &Place) -> Vec<(TableIndex, Shadow)> {
        let left = place.shadows.iter().filter(|(_, shadow)| {
            let is_alone = is_left_alone(shadow, (self.build.stamp, self.clock.now()));
            !is_alone
                && shadow
                    .version
                    .is_none_or(|version| version < place.head.version)
        });
        let at = |shadow: &Shadow| (shadow.version, shadow.base, shadow.files_done);
        let Some(first) = left.clone().map(|(_, shadow)| at(shadow)).min() else {
            return Vec::new();
        };
        let group = left.filter(|(_, shadow)| at(shadow) == first);
        group
            .map(|(index, shadow)| (*index, shadow.clone()))
            .collect()
    }

    fn says_filling(&self, place: &Place) -> Result<String, Invariant> {
        let names = self.names(place.shadows.keys())?;
        Ok(format!(
            "{} are made anew beside the tables that are shown",
            names.join(", ")
        ))
    }

    /// Fills shadows, which stand at one place, a part further.
    async fn fill(
        &self,
        group: &[(TableIndex, Shadow)],
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Turn, Error> {
        let Some((_, first)) = group.first() else {
            return Ok(Turn::Again);
        };
        let part = match self.next_part(first, &place.head).await {
            // Nothing of a base is read from the log but with the head, which is then out of date.
            Err(Error::Log(error)) if error.is_outdated() && first.version.is_none() => {
                return Ok(Turn::Ended(Ended::Conflict));
            }
            Err(Error::Log(LogError::Gap { .. } | LogError::ManifestGone { .. })) => None,
            part => part?,
        };
        let Some(part) = part else {
            return self.start_over(group, place, published).await;
        };
        let fill = Fill {
            shadows: group.to_vec(),
            as_of: place.head.watermark,
            build: self.build.clone(),
        };
        // Commits are taken as a whole.
        let until = part.of.map(|_| Deadline::after(WORKS_FOR));
        let filled = self.worker().fill(&fill, part.files.clone(), until).await;
        match filled {
            Err(Error::File(ReadFileError::Gone { path })) => {
                let live = self.log.load(&place.head).await?;
                // One that is live and gone is lost for everybody.
                match live.files.contains_key(&path) {
                    true => Err(Error::File(ReadFileError::Gone { path })),
                    false => self.start_over(group, place, published).await,
                }
            }
            filled => match filled? {
                Ok(filled) => {
                    self.commit(group, (part, filled), place, published).await?;
                    Ok(Turn::Again)
                }
                Err(Done::Replaced) => Ok(Turn::Ended(Ended::Replaced)),
                Err(_) => Ok(Turn::Ended(Ended::Conflict)),
            },
        }
    }

    /// Commits a part, and moves what is known of its shadows with it.
    async fn commit(
        &self,
        group: &[(TableIndex, Shadow)],
        (part, (filling, counts)): (Part, (Box<dyn Filling>, Counts)),
        place: &mut Place,
        published: &mut Published,
    ) -> Result<(), Error> {
        let mut moved = Vec::new();
        for (table, shadow) in group {
            let to = self.moved(shadow, &part, &counts, &place.head);
            let percent = self.percent((shadow, &to), part.of, place).await?;
            moved.push(Filled {
                table: *table,
                to,
                percent,
            });
        }
        filling.commit(&moved).await?;
        let moved = moved.into_iter().map(|filled| (filled.table, filled.to));
        place.shadows.extend(moved);
        let commits = part.commits;
        published.add(&Done::Committed(Counts { commits, ..counts }));
        Ok(())
    }

    /// Returns where a shadow stands after a part.
    fn moved(&self, shadow: &Shadow, part: &Part, counts: &Counts, head: &Head) -> Shadow {
        let now = self.clock.now();
        let is_first = shadow.version.is_none() && shadow.files_done == 0;
        let before = is_first.then_some(0).or(shadow.taken);
        let taken = before.map(|before| before + counts.rows);
        match part.of {
            Some(of) => {
                let files_done = shadow.files_done + counts.files;
                Shadow {
                    taken,
                    files_done,
                    version: shadow.base.filter(|_| files_done == of),
                    note: None,
                    ..shadow.clone()
                }
            }
            None => Shadow {
                taken,
                version: Some(part.until),
                // Everything that comes after the head is live for seven days from now on.
                since: match part.until == head.version {
                    true => now,
                    false => shadow.since,
                },
                note: None,
                ..shadow.clone()
            },
        }
    }

    /// Returns what a shadow reads next; nothing if it is no longer there.
    async fn next_part(&self, shadow: &Shadow, head: &Head) -> Result<Option<Part>, Error> {
        let limits = Limits {
            files: self.limits.files.saturating_mul(MORE),
            rows: self.limits.rows.saturating_mul(MORE),
            bytes: self.limits.bytes.saturating_mul(MORE),
            ..*self.limits
        };
        if let Some(from) = shadow.version {
            let most = from.0.saturating_add(limits.versions.max(1));
            let until = head.version.min(Version(most));
            let commits = self.log.commits(from, until).await?;
            // As much as a run of live tables takes, so that no commit is begun in vain.
            let chunk = chunk(from, commits, self.limits);
            return Ok(Some(Part {
                files: chunk.files,
                commits: chunk.appends,
                of: None,
                until: chunk.until,
            }));
        }
        let base = shadow.base.ok_or(FILLED)?;
        let stores = (self.log, self.lake);
        let Some(files) = self.bases.at(stores, head, base).await? else {
            return Ok(None);
        };
        let done = usize::try_from(shadow.files_done).unwrap_or(usize::MAX);
        let Some(left) = files.get(done..) else {
            return Ok(None);
        };
        let (mut rows, mut bytes) = (0_u64, 0_u64);
        let part = left.iter().enumerate().take_while(|(number, file)| {
            rows += file.rows;
            bytes += file.bytes;
            let number = *number as u64;
            number == 0 || (number < limits.files && rows <= limits.rows && bytes <= limits.bytes)
        });
        Ok(Some(Part {
            files: part.map(|(_, file)| file.clone()).collect(),
            commits: 0,
            of: Some(files.len() as u64),
            until: base,
        }))
    }

    /// Returns how much of a shadow is done: of its files, or of the sources that the generation before has.
    async fn percent(
        &self,
        (from, to): (&Shadow, &Shadow),
        of: Option<u64>,
        place: &Place,
    ) -> Result<u8, Error> {
        let share = |done: u64, of: u64| {
            let percent = done.saturating_mul(100).checked_div(of).unwrap_or(100);
            u8::try_from(percent.min(100)).unwrap_or(100)
        };
        let shown = place.progress.values().map(|progress| progress.generation);
        let before = shown.filter(|generation| ![0, from.generation].contains(generation));
        let sources = match before.max() {
            Some(generation) => {
                let old = self.log_of(generation).head().await?;
                old.and_then(|old| old.totals).map(|totals| totals.sources)
            }
            None => None,
        };
        let own = place.head.totals.as_ref().map(|totals| totals.sources);
        let of_sources = sources.zip(own).map(|(old, own)| share(own, old));
        let of_files = of.map_or(100, |of| share(to.files_done, of));
        Ok(of_sources.unwrap_or(100).min(of_files))
    }
}
