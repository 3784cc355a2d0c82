//! What an operator asks for: tables made anew, and a loss accepted. The next runs of gold do it.

use std::time::Duration;

use super::error::Error;
use super::finals::Look;
use super::generation::{self, Loss, Remade, Stores};
use super::outcome::Published;
use super::plan::Rebuild;
use super::{Gold, shadow};
use crate::retry::Deadline;
use crate::table::log::LogError;
use crate::warehouse::schema::NEXT;
use crate::warehouse::{Arrangement, Changed, WarehouseError};

impl Gold {
    /// Makes one table, or all, from nothing. Readers see the old rows until the new ones are there.
    ///
    /// # Errors
    /// Fails as [`Gold::publish`] does, and if there is no such table.
    pub async fn rebuild(&self, rebuild: &Rebuild, deadline: Deadline) -> Result<Published, Error> {
        self.ask(rebuild).await?;
        // Only a timer's run calls periods final.
        self.run(&Look::None, deadline).await
    }

    /// Asks for one table, or all, to be made from this log: the next runs make them beside the live ones. Returns the
    /// names of those; a table that has no rows yet is made anyway.
    ///
    /// # Errors
    /// Fails if there is no such table, or if a store or the warehouse does.
    pub async fn ask(&self, rebuild: &Rebuild) -> Result<Vec<String>, Error> {
        if let Rebuild::Table(name) = rebuild {
            let found = self.schema().table(name);
            found.ok_or_else(|| Error::NoSuchTable(name.clone()))?;
        }
        let standing = self.warehouse.look().await?;
        let Some(head) = self.log.head().await? else {
            return Ok(Vec::new());
        };
        let (mut changes, mut names) = (Vec::new(), Vec::new());
        for (table, schema) in self.schema().indexed_tables() {
            let progress = standing.progress.get(&schema.name);
            let Some(progress) = progress.filter(|_| rebuild.has(&schema.name)) else {
                continue;
            };
            let from = standing.next.get(&schema.name);
            let to = match standing.is_unseen(table, schema) {
                // It is made anyway; but what another pipeline has begun is given up.
                true => from.filter(|from| from.log == head.log).cloned(),
                false => {
                    names.push(schema.name.clone());
                    let known = (&head, self.schema().generation, schema);
                    Some(shadow::asked(from, known))
                }
            };
            if from != to.as_ref() {
                changes.push(Arrangement {
                    table,
                    progress: Some(progress.clone()),
                    from: from.cloned(),
                    to,
                });
            }
        }
        let build = standing.build.unwrap_or_default();
        if !changes.is_empty() {
            if standing.missing.iter().any(|name| name == NEXT) {
                return Err(Error::Unprepared);
            }
            let changed = self.warehouse.arrange(&changes, &build, self.clock.now());
            match changed.await {
                Ok(Changed::Done) => {}
                Ok(_) => return Err(Error::Busy),
                // A book lacks a column that this build writes.
                Err(WarehouseError::Statement { .. }) if standing.is_incomplete => {
                    return Err(Error::Unprepared);
                }
                Err(error) => return Err(error.into()),
            }
        }
        // The next run is to look, whatever the last one found.
        self.idle_marker.forget().await.map_err(LogError::from)?;
        Ok(names)
    }

    /// Returns what this generation has lost of those that are shown; nothing where no other one is. It lists bronze.
    ///
    /// # Errors
    /// Fails if a store or the warehouse does.
    pub async fn loss(&self) -> Result<Option<Loss>, Error> {
        let standing = self.warehouse.look().await?;
        let attempt = self.attempt(&Look::None, Deadline::after(Duration::ZERO));
        let shown = attempt.raised_from(&standing).into_iter();
        let older: Vec<_> = shown
            .map(|generation| (generation, attempt.log_of(generation)))
            .collect();
        if older.is_empty() {
            return Ok(None);
        }
        let stores = Stores {
            dataset: &self.dataset,
            lake: &self.lake,
            log: &self.log,
        };
        Ok(Some(stores.loss(&older).await?))
    }

    /// Returns what the generation after this one would be made of, and what of this one it would lack. It lists bronze.
    ///
    /// # Errors
    /// Fails if a store does.
    pub async fn remade(&self) -> Result<Remade, Error> {
        let generation = self.dataset.generation;
        let attempt = self.attempt(&Look::None, Deadline::after(Duration::ZERO));
        let log = attempt.log_of(generation.saturating_add(1));
        let stores = Stores {
            dataset: &self.dataset,
            lake: &self.lake,
            log: &log,
        };
        Ok(stores.remade((generation, self.log.clone())).await?)
    }

    /// Accepts that just this is missing in this generation: nothing waits for it any more, but for what is lost later.
    /// Returns whether it is still just this; otherwise nothing has changed.
    ///
    /// # Errors
    /// As [`Gold::loss`].
    pub async fn accept_loss(&self, expected: &Loss) -> Result<bool, Error> {
        if self.loss().await?.as_ref() != Some(expected) {
            return Ok(false);
        }
        let accepted = generation::accept(&self.state, &self.dataset, expected, self.clock.now());
        accepted.await.map_err(LogError::from)?;
        // The next run is to look, whatever the last one found.
        self.idle_marker.forget().await.map_err(LogError::from)?;
        Ok(true)
    }
}
