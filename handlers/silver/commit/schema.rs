//! Keeps what the log records of the dataset file and the file of this process as one: an append is sent only under a head
//! whose record is that of its sender.

use crate::context::Context;
use crate::event::UnixMillis;
use crate::silver::RefineError;
use crate::table::TableId;
use crate::table::evolution::{Change, REPLACED_FOR, SchemaRecord};
use crate::table::log::{CommitKind, CommitLog, Head, NewCommit};

/// What the log records, and since when.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) record: SchemaRecord,
    committed: UnixMillis,
}

impl Recorded {
    /// Reads what a commit recorded.
    ///
    /// # Errors
    /// Fails if it cannot be read.
    pub(super) fn read(schema: &str, committed: UnixMillis) -> Result<Self, RefineError> {
        let record = serde_json::from_str(schema).map_err(RefineError::Schema)?;
        Ok(Self { record, committed })
    }

    /// Returns whether it is what the dataset file asks for, so that nothing need be recorded.
    ///
    /// # Errors
    /// Fails if what the file asks for cannot be written.
    pub(super) fn is_of(&self, context: &Context) -> Result<bool, RefineError> {
        Ok(self.record.change_to(&asked(context)?) == Change::None)
    }

    /// Compares with the dataset file; returns whether the log was changed or has moved.
    ///
    /// # Errors
    /// Fails if silver cannot go on with the file, or goes by a later one, or if a store does.
    pub(super) async fn adopt(
        &self,
        context: &Context,
        log: &CommitLog,
        head: &Head,
    ) -> Result<bool, RefineError> {
        let now = asked(context)?;
        let change = self.record.change_to(&now);
        if change == Change::None {
            return Ok(false);
        }
        let time = time(context, head).await?;
        // Before it is refused: a column of the later file that this one does not have is no mistake in either.
        let replaced = self.record.replaced(&now).map_err(RefineError::Schema)?;
        if let Some(at) = replaced.filter(|at| at.is_young(time, REPLACED_FOR)) {
            let until = UnixMillis(at.0.saturating_add(REPLACED_FOR));
            return Err(RefineError::Replaced { at, until });
        }
        if let Change::Refuse(problems) = change {
            return Err(RefineError::Incompatible(problems));
        }
        let next = self.record.next(&now, self.committed, time);
        let next = next.map_err(RefineError::Schema)?;
        let commit = NewCommit {
            id: (context.new_id)(),
            kind: CommitKind::Schema(text(&next)?),
            committed: context.clock.now(),
            files: Vec::new(),
            ledger: Vec::new(),
            taken_up: Vec::new(),
            watermark: head.watermark,
            clock: head.clock,
            partitions: head.partitions.clone(),
        };
        log.commit(head, &commit).await?;
        Ok(true)
    }
}

/// Begins the log with what the dataset file asks for.
///
/// # Errors
/// Fails if the store does.
pub(super) async fn begin(context: &Context, log: &CommitLog) -> Result<(), RefineError> {
    let record = text(&asked(context)?)?;
    log.initialize(&(context.new_id)(), &record, context.clock.now())
        .await?;
    Ok(())
}

/// Returns what this process asks for.
fn asked(context: &Context) -> Result<SchemaRecord, RefineError> {
    Ok(SchemaRecord::of(&context.dataset)?)
}

fn text(record: &SchemaRecord) -> Result<String, RefineError> {
    serde_json::to_string(record).map_err(RefineError::Schema)
}

/// Returns the time of day by the storage account's clock, or, where it does not say, by that of the hub. Two instances
/// must not disagree about which of their files is the later one, so that of the instance decides nothing.
async fn time(context: &Context, head: &Head) -> Result<UnixMillis, RefineError> {
    let folder = TableId::of(&context.dataset).own_folder();
    let page = context.lake.list_page(&folder, None).await?;
    let time = page.answered.or(head.clock);
    Ok(time.unwrap_or_else(|| context.clock.now()))
}
