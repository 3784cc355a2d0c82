//! Removes what nobody needs any more. Quarantine is never touched.

mod retention;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Error, Maintenance, Options, Vacuumed};
use crate::pending::MaintenanceState;
use crate::retry::Deadline;
use crate::store::object::{ObjectInfo, ObjectPath};
use crate::table::log::{Head, Version};
use crate::value::time::millis;
use retention::RetentionPlan;

/// Versions that are read from the log at a time.
const CHUNK: u64 = 1_000;
/// How many objects are deleted at once.
const PARALLEL: usize = 16;

impl Maintenance {
    /// Removes what may go, if the last vacuum is long enough ago.
    pub(super) async fn vacuum(
        &self,
        options: Options,
        deadline: Deadline,
    ) -> Result<Vacuumed, Error> {
        // The time first, then the listing, then the log.
        let now = self.context.clock.now();
        let mut state = MaintenanceState::read(&self.context.state, &self.context.dataset).await?;
        let every = millis(self.limits.vacuum_every);
        let is_due = state.vacuumed.is_none_or(|last| !last.is_young(now, every));
        if !is_due && !options.full {
            return Ok(Vacuumed::default());
        }
        let mut plan = RetentionPlan::new(now, self.list().await?, &self.list_delta().await?);
        let Some(head) = self.log.head().await? else {
            return Ok(Vacuumed::default());
        };
        let first = self.read_log(&head, &mut plan).await?;

        let mut done = Vacuumed {
            was_due: true,
            ..Vacuumed::default()
        };
        let (replaced, unnamed) = (plan.replaced(), plan.unnamed());
        let until = plan.clear_until().unwrap_or(first);
        if options.dry_run {
            done.replaced = replaced.len() as u64;
            done.unnamed = unnamed.len() as u64;
            done.log_entries = until.0.saturating_sub(first.0);
            return Ok(done);
        }
        // Files before the log that names them, so that they are not taken for garbage with a shorter life.
        done.replaced = self.delete(replaced, deadline, &mut done.left).await?;
        done.unnamed = self.delete(unnamed, deadline, &mut done.left).await?;
        let limit = Version(first.0 + self.limits.deletes as u64);
        done.log_entries = self.log.clear(first, until.min(limit)).await?;
        done.left += until.0.saturating_sub(limit.0);
        self.vacuum_delta(&plan, until.min(limit).max(first), deadline, &mut done)
            .await?;

        if done.left == 0 {
            state.vacuumed = Some(now);
            state
                .write(&self.context.state, &self.context.dataset)
                .await?;
        }
        Ok(done)
    }

    /// Lists the files, manifests and snapshots of the table.
    async fn list(&self) -> Result<Vec<ObjectInfo>, Error> {
        let table = self.table();
        let mut objects = self.context.lake.list(&table.rows_folders()).await?;
        objects.extend(self.context.lake.list(&table.own_folder()).await?);
        Ok(objects)
    }

    async fn list_delta(&self) -> Result<Vec<ObjectInfo>, Error> {
        Ok(self.context.lake.list(&self.table().delta_log()).await?)
    }

    /// Tells the plan what the log names; returns the first version that is left of it.
    async fn read_log(&self, head: &Head, plan: &mut RetentionPlan) -> Result<Version, Error> {
        let table = self.table();
        let snapshot = head.snapshot.as_ref();
        let first = self.log.first_version(head.version).await?;
        let mut from = first;
        while from <= head.version {
            let until = head.version.min(Version(from.0 + CHUNK - 1));
            let commits = self.log.remaining(from, until).await?;
            plan.take_in(&commits, snapshot.map(|named| named.version), |commit| {
                table.manifest(&commit.id)
            });
            from = until.next();
        }
        let live = self.log.load(head).await?;
        plan.take_in_live(&live, snapshot.map(|named| &named.path));
        Ok(first)
    }

    async fn vacuum_delta(
        &self,
        plan: &RetentionPlan,
        first: Version,
        deadline: Deadline,
        done: &mut Vacuumed,
    ) -> Result<(), Error> {
        let table = self.table();
        let latest = self.publisher.latest_checkpoint().await?;
        let (entries, checkpoints) = plan.delta(first, latest);
        let entry = |version: &u64| table.delta_entry(*version);
        let checkpoint = |version: &u64| table.delta_checkpoint(*version);
        let paths = entries.iter().map(entry);
        let paths = paths.chain(checkpoints.iter().map(checkpoint)).collect();
        done.delta_entries = self.delete(paths, deadline, &mut done.left).await?;
        Ok(())
    }

    /// Deletes some objects; returns how many, and adds those that are left.
    async fn delete(
        &self,
        paths: Vec<ObjectPath>,
        deadline: Deadline,
        left: &mut u64,
    ) -> Result<u64, Error> {
        let mut deleted = 0;
        let wanted = paths.len();
        let deletes = paths.iter().take(self.limits.deletes);
        let deletes: Vec<_> = deletes.map(|path| self.context.lake.delete(path)).collect();
        let mut deletes = stream::iter(deletes).buffer_unordered(PARALLEL);
        while deadline.allows(std::time::Duration::ZERO) {
            if deletes.try_next().await?.is_none() {
                break;
            }
            deleted += 1;
        }
        *left += (wanted as u64).saturating_sub(deleted);
        Ok(deleted)
    }
}
