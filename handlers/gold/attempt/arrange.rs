//! Which shadows there are: begun, begun again, given up, and why one does not go on.

use super::context::{Attempt, Place, Turn};
use crate::error::{Invariant, chain};
use crate::gold::error::Error;
use crate::gold::outcome::{Ended, Published};
use crate::gold::shadow::{self, Plan};
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{
    Arrangement, Changed, FailureKind, Shadow, ShadowNote, Standing, WarehouseError,
};

impl Attempt<'_> {
    /// Begins and gives up shadows; returns how the run ends if it was refused. A table that cannot be made, because this
    /// app has no right to, is said and left to people.
    pub(super) async fn arrange(
        &self,
        standing: &mut Standing,
        plan: &mut Plan,
        published: &mut Published,
    ) -> Result<Option<Ended>, Error> {
        let changes = std::mem::take(&mut plan.changes);
        if changes.is_empty() {
            return Ok(None);
        }
        let all = self.change(&changes).await;
        let parts: Vec<&[Arrangement]> = match all {
            Err(ref error) if error.kind() == FailureKind::Permanent => changes.chunks(1).collect(),
            all => {
                let ended = ended(all?);
                if ended.is_none() {
                    published.transactions += 1;
                    self.take_over(standing, &changes, published)?;
                }
                return Ok(ended);
            }
        };
        for part in parts {
            match self.change(part).await {
                Err(error) if error.kind() == FailureKind::Permanent => {
                    for change in part {
                        plan.ours.remove(&change.table);
                        let live = change.progress.as_ref();
                        // One that nobody sees is tried in one go: its table may be there already.
                        if live.is_none_or(|live| live.generation == 0)
                            || standing.gone.contains(&change.table)
                        {
                            continue;
                        }
                        let name = &self.schema().table_at(change.table)?.name;
                        published.waiting = Some(format!(
                            "{name} is to be made anew, and its table cannot be made: {}; where this app must not, run the script of `sluice schema`",
                            chain(&error)
                        ));
                    }
                }
                changed => {
                    if let Some(ended) = ended(changed?) {
                        return Ok(Some(ended));
                    }
                    published.transactions += 1;
                    self.take_over(standing, part, published)?;
                }
            }
        }
        Ok(None)
    }

    async fn change(&self, changes: &[Arrangement]) -> Result<Changed, WarehouseError> {
        let at = self.clock.now();
        self.warehouse.arrange(changes, self.build, at).await
    }

    /// Moves what is known along with changes that were made.
    fn take_over(
        &self,
        standing: &mut Standing,
        changes: &[Arrangement],
        published: &mut Published,
    ) -> Result<(), Invariant> {
        for change in changes {
            let name = &self.schema().table_at(change.table)?.name;
            standing.progress.insert(name.clone(), change.moved());
            published.is_retiring |= change.retired().is_some();
        }
        Ok(())
    }

    /// Begins shadows again from the head, because what they need is gone.
    pub(super) async fn start_over(
        &self,
        group: &[(TableIndex, Shadow)],
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Turn, Error> {
        let mut changes = Vec::new();
        for (index, shadow) in group {
            let table = self.schema().table_at(*index)?;
            let Some(progress) = place.progress.get(&table.name) else {
                continue;
            };
            let known = self.known(&place.head);
            let to = shadow::begun(known, table, (progress.made, None), shadow.is_asked);
            changes.push(Arrangement {
                table: *index,
                progress: Some(progress.clone()),
                from: Some(shadow.clone()),
                to: Some(to),
            });
        }
        let changed = self.change(&changes).await?;
        Ok(match ended(changed) {
            Some(ended) => Turn::Ended(ended),
            None => {
                published.transactions += 1;
                Turn::Again
            }
        })
    }

    /// Notes why a shadow does not go on, or is not shown, unless that is noted.
    pub(super) async fn note_shadow(
        &self,
        place: &mut Place,
        index: TableIndex,
        (is_blocked, reason): (bool, String),
    ) -> Result<(), Error> {
        let name = self.schema().table_at(index)?.name.clone();
        let (Some(shadow), Some(progress)) = (place.shadows.get(&index), place.progress.get(&name))
        else {
            return Ok(());
        };
        let noted = shadow.note.as_ref();
        // Since when it is ready stays.
        if !is_blocked && noted.is_some_and(|noted| !noted.is_blocked) {
            return Ok(());
        }
        if is_blocked {
            tracing::error!(
                table = name,
                error = reason,
                "a gold table is not made anew"
            );
        }
        let note = ShadowNote {
            is_blocked,
            reason,
            stamp: self.build.stamp,
            at: self.clock.now(),
        };
        let to = Shadow {
            note: Some(note),
            ..shadow.clone()
        };
        let change = Arrangement {
            table: index,
            progress: Some(progress.clone()),
            from: Some(shadow.clone()),
            to: Some(to.clone()),
        };
        if self.change(&[change]).await? == Changed::Done {
            place.shadows.insert(index, to);
        }
        Ok(())
    }
}

/// Returns how a run ends whose change was refused.
pub(super) fn ended(changed: Changed) -> Option<Ended> {
    match changed {
        Changed::Done => None,
        Changed::Conflict | Changed::Locked => Some(Ended::Conflict),
        Changed::Replaced => Some(Ended::Replaced),
    }
}
