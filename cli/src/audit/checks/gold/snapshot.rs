//! The rows of a table at one version: read again where gold moved it meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use sluice::table::log::Version;
use sluice::warehouse::schema::{TableIndex, TableSchema};
use sluice::warehouse::{Standing, WarehouseError};

use super::judge::{Generations, Judged, Live, judge};
use crate::audit::independent::{GoldRow, Pass, hash};
use crate::audit::subject::Subject;

/// How often a table is read again because gold moved it meanwhile.
const SNAPSHOTS: usize = 20;

/// A table's rows of one pass, as of one version.
pub(super) struct Snapshot {
    pub(super) layout: Arc<TableSchema>,
    pub(super) generation: u32,
    pub(super) version: Version,
    pub(super) pass: Pass,
    /// The start of the first period that it keeps, in microseconds since 1970; nothing where it keeps all.
    pub(super) kept_from: Option<i64>,
    pub(super) rows: Vec<GoldRow>,
}

/// Reads a table's rows at one version, by what the books say before and after; `standing` is the last look at them, and
/// the newer one afterwards. Returns what becomes of the table instead, if it is not compared.
pub(super) async fn snapshot<'a>(
    subject: &Subject,
    silver: &impl Generations<'a>,
    standing: &mut Standing,
    (index, table): (TableIndex, &TableSchema),
    pass: Pass,
) -> Result<Result<Snapshot, Judged>, WarehouseError> {
    let schema = subject.warehouse.schema();
    for _ in 0..SNAPSHOTS {
        let judged = judge((&subject.dataset, schema), standing, (index, table), silver);
        let Judged::Live(Live { layout, generation }) = judged else {
            return Ok(Err(judged));
        };
        let before = standing.progress.get(&table.name).cloned();
        let kept_from = before.as_ref().and_then(|before| before.kept_from);
        let kept_from = kept_from.map(|start| start.0);
        let rows = rows(subject, &layout, (pass, kept_from)).await;
        *standing = subject.warehouse.look().await?;
        // What failed because the table was swapped meanwhile is no failure.
        let after = standing.progress.get(&table.name);
        if let Some(progress) = after.filter(|after| before.as_ref() == Some(*after)) {
            return Ok(match rows? {
                Ok(rows) => Ok(Snapshot {
                    layout,
                    generation,
                    version: progress.version,
                    pass,
                    kept_from,
                    rows,
                }),
                Err(difference) => Err(Judged::Differs(difference)),
            });
        }
    }
    Ok(Err(Judged::Differs(
        "changed each time that it was read; audit again when less arrives".to_owned(),
    )))
}

/// Reads the rows that a pass takes; the inner failure is that of one that is not what its columns say.
async fn rows(
    subject: &Subject,
    layout: &TableSchema,
    (pass, kept_from): (Pass, Option<i64>),
) -> Result<Result<Vec<GoldRow>, String>, WarehouseError> {
    let columns = layout.columns();
    let leading = columns.len().saturating_sub(layout.measures.len());
    let rows: Arc<Mutex<Result<Vec<GoldRow>, String>>> = Arc::new(Mutex::new(Ok(Vec::new())));
    let sink = Arc::clone(&rows);
    let visit = Box::new(move |row: Vec<Option<String>>| {
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(kept) = sink.as_mut() {
            match GoldRow::read(&row, &columns, leading) {
                // What is too old goes with the next runs.
                Ok(row) if row.start < kept_from => {}
                Ok(row) if pass.takes(hash(&row.group)) => kept.push(row),
                Ok(_) => {}
                Err(difference) => *sink = Err(difference),
            }
        }
    });
    subject.warehouse.visit_rows(layout, visit).await?;
    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::replace(&mut *rows, Ok(Vec::new())))
}
