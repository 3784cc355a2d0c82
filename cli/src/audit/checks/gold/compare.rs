//! Silver at a version, added up for several tables at once, against the rows that they show.

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;
use futures::{StreamExt, TryStreamExt, stream};
use sluice::table::log::Version;
use sluice::table::schema::SOURCE;

use super::snapshot::Snapshot;
use crate::audit::history::{History, Portion};
use crate::audit::independent::{FileError, OpenFile, Totals};
use crate::audit::subject::{AuditError, Progress, Subject};
use crate::output::count;

/// Files that are opened ahead, each of 8 MiB in memory at most.
const AHEAD: usize = 4;

/// Aggregates silver at a version for several tables at once and returns each table's first difference.
pub(super) async fn compare(
    subject: &Subject,
    history: &History,
    version: Version,
    snapshots: &[Snapshot],
    progress: &dyn Progress,
) -> Result<Vec<Option<String>>, AuditError> {
    let portions = history.at(version).await?;
    let mut totals: Vec<Totals<'_>> = snapshots
        .iter()
        .map(|snapshot| {
            Totals::new(
                &snapshot.layout,
                &subject.dataset,
                (snapshot.pass, snapshot.kept_from),
            )
        })
        .collect();
    let named: Result<Vec<_>, _> = totals.iter().map(Totals::columns).collect();
    let mut columns = named?.concat();
    columns.push(SOURCE.to_owned());
    columns.sort_unstable();
    columns.dedup();
    let rows = portions.iter().map(|portion| portion.file.rows);
    progress.start("add silver up again", rows.sum());
    let lake = &subject.lake;
    let opened = stream::iter(portions.iter().map(|portion| async move {
        let open = OpenFile::open(std::sync::Arc::clone(lake), &portion.file).await;
        (portion, open)
    }));
    let mut opened = opened.buffered(AHEAD);
    while let Some((portion, open)) = opened.next().await {
        let mut adding = Adding {
            history,
            version,
            columns: &columns,
            totals: &mut totals,
        };
        let added = match open {
            Ok(open) => adding.add(portion, open).await,
            Err(error) => Err(error),
        };
        match added {
            Ok(()) => progress.advance(portion.file.rows),
            Err(FileError::Storage(error)) => return Err(error.into()),
            Err(FileError::Broken(text)) => {
                let difference = format!("silver at its version cannot be added up: {text}");
                return Ok(vec![Some(difference); snapshots.len()]);
            }
        }
    }
    let compared = snapshots.iter().zip(&mut totals).map(|(snapshot, totals)| {
        let difference = snapshot.rows.iter().find_map(|row| totals.take(row));
        difference.or_else(|| missing(totals))
    });
    Ok(compared.collect())
}

/// Adding the rows of one version up.
struct Adding<'a, 'b> {
    history: &'a History,
    version: Version,
    columns: &'a [String],
    totals: &'a mut [Totals<'b>],
}

impl Adding<'_, '_> {
    async fn add(&mut self, portion: &Portion, open: OpenFile) -> Result<(), FileError> {
        let is_wanted = |name: &&String| portion.is_mixed || *name != SOURCE;
        let columns: Vec<String> = self.columns.iter().filter(is_wanted).cloned().collect();
        let mut batches = open.read(&columns)?;
        while let Some(mut batch) = batches.try_next().await? {
            if portion.is_mixed {
                batch = self.of_version(&batch).ok_or_else(|| {
                    FileError::Broken(format!("{} has no usable {SOURCE}", portion.file.path))
                })?;
            }
            for total in &mut *self.totals {
                total.add(&batch).map_err(FileError::Broken)?;
            }
        }
        Ok(())
    }

    /// Keeps the rows whose source was committed by the version; nothing if a row has no source.
    fn of_version(&self, batch: &RecordBatch) -> Option<RecordBatch> {
        let sources = cast(batch.column_by_name(SOURCE)?, &DataType::Utf8).ok()?;
        let sources: &StringArray = sources.as_string_opt()?;
        let kept = sources.iter();
        let kept = kept.map(|source| Some(self.history.had(source?, self.version)));
        let kept: Vec<bool> = kept.collect::<Option<_>>()?;
        filter_record_batch(batch, &BooleanArray::from(kept)).ok()
    }
}

fn missing(totals: &Totals<'_>) -> Option<String> {
    let group = totals.rows_of_a_group_left()?;
    Some(format!(
        "lacks {}, one of them with {group}",
        count(totals.left(), "row")
    ))
}
