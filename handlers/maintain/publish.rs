//! What readers of the log begin with: the totals in its head, Delta versions, a Delta checkpoint, and a snapshot.

use super::{Checkpointed, Counted, Delta, Error, Maintenance, Options, Snapshotted};
use crate::retry::Deadline;
use crate::table::delta::encode_checkpoint;
use crate::table::log::Version;

impl Maintenance {
    /// Adds up what became of everything, for a log that a build without totals began or moved on, and writes it into the
    /// head. Commits go on meanwhile: what they did is added before the head is written, if it has not moved again.
    pub(super) async fn count(&self, options: Options) -> Result<Counted, Error> {
        let nothing = Counted::default();
        let Some(mut head) = self.log.head().await? else {
            return Ok(nothing);
        };
        if head.totals.is_some() {
            return Ok(nothing);
        }
        if options.dry_run {
            return Ok(Counted {
                is_due: true,
                ..nothing
            });
        }
        let mut totals = self.log.count(&head).await?;
        loop {
            let sources = totals.sources;
            let mut counted = head.clone();
            counted.totals = Some(totals.clone());
            if self.log.amend(&counted).await? {
                return Ok(Counted {
                    sources: Some(sources),
                    is_due: true,
                });
            }
            let Some(now) = self.log.head().await? else {
                return Ok(nothing);
            };
            if now.totals.is_some() {
                return Ok(nothing);
            }
            for commit in self.log.commits(head.version, now.version).await? {
                totals = totals.after(&commit);
            }
            head = now;
        }
    }

    /// Publishes the Delta versions that are missing.
    pub(super) async fn publish(
        &self,
        options: Options,
        deadline: Deadline,
    ) -> Result<Delta, Error> {
        let Some(head) = self.log.head().await? else {
            return Ok(Delta::default());
        };
        let (written, published) = match options.dry_run {
            true => (0, self.publisher.published(head.version).await?),
            false => {
                let caught_up = self.publisher.catch_up(head.version, deadline).await?;
                (caught_up.written, caught_up.published)
            }
        };
        Ok(Delta {
            written,
            published: published.map(|version| version.0),
            lag: lag(published, head.version),
        })
    }

    /// Writes a snapshot and names it in the head, if enough versions came since the last one.
    pub(super) async fn snapshot(&self, options: Options) -> Result<Snapshotted, Error> {
        let Some(head) = self.log.head().await? else {
            return Ok(Snapshotted::default());
        };
        let last = head.snapshot.as_ref().map_or(0, |named| named.version.0);
        let since = head.version.0.saturating_sub(last);
        let is_due = since >= self.limits.snapshot_every;
        if !is_due || options.dry_run {
            return Ok(Snapshotted {
                left: since,
                is_due,
                ..Snapshotted::default()
            });
        }
        let snapshot = self.log.load(&head).await?;
        let id = (self.context.new_id)();
        let named = self.log.write_snapshot(&snapshot, &id).await?;
        // Another run may have attached a later one meanwhile; ours is then garbage, which vacuum removes.
        let is_attached = self.log.attach_snapshot(&named).await?;
        Ok(Snapshotted {
            version: is_attached.then_some(named.version.0),
            files: snapshot.files.len() as u64,
            ..Snapshotted::default()
        })
    }

    /// Writes a checkpoint of the head, if it is published and enough versions came since the last one.
    pub(super) async fn checkpoint(&self, options: Options) -> Result<Checkpointed, Error> {
        let Some(head) = self.log.head().await? else {
            return Ok(Checkpointed::default());
        };
        let last = self.publisher.latest_checkpoint().await?;
        let since = lag(last, head.version);
        let is_due = since >= self.limits.checkpoint_every;
        let left = Checkpointed {
            left: since,
            is_due,
            ..Checkpointed::default()
        };
        if !is_due || options.dry_run {
            return Ok(left);
        }
        // The log may have grown since it was published: the checkpoint is of what is.
        let Some(published) = self.publisher.published(head.version).await? else {
            return Ok(left);
        };
        if lag(last, published) < self.limits.checkpoint_every {
            return Ok(left);
        }
        let Some(snapshot) = self.log.load_at(&head, published).await? else {
            return Ok(left);
        };
        let table = self.table();
        let made = tokio::task::spawn_blocking(move || encode_checkpoint(&table, &snapshot)).await;
        let made = made.map_err(Error::Interrupted)??;
        self.publisher.checkpoint(&made).await?;
        Ok(Checkpointed {
            version: Some(made.version.0),
            bytes: made.content.len() as u64,
            ..Checkpointed::default()
        })
    }
}

/// Returns how many versions follow `done`, up to `head`.
pub(super) fn lag(done: Option<Version>, head: Version) -> u64 {
    done.map_or(head.0 + 1, |done| head.0.saturating_sub(done.0))
}
