//! Gold: each table equals the aggregate of silver at the version that it stands at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;
use futures::{StreamExt, TryStreamExt, stream};
use sluice::error::Invariant;
use sluice::table::log::Version;
use sluice::table::schema::SOURCE;
use sluice::warehouse::schema::{GoldSchema, PROGRESS, TableSchema, ValueType};
use sluice::warehouse::{Blocked, Progress as GoldProgress, WarehouseError};

use crate::audit::history::{History, Portion};
use crate::audit::independent::{FileError, GoldRow, OpenFile, Pass, Totals, hash};
use crate::audit::report::Check;
use crate::audit::subject::{AuditError, Options, Progress, Subject};
use crate::output::count;

/// How often a table is read again because gold moved it meanwhile.
const SNAPSHOTS: usize = 20;
/// Files that are opened ahead, each of 8 MiB in memory at most.
const AHEAD: usize = 4;

/// A table's rows of one pass, as of one version.
struct Snapshot<'a> {
    table: &'a TableSchema,
    version: Version,
    pass: Pass,
    rows: Vec<GoldRow>,
}

/// Compares every gold table, a check for each.
pub(crate) async fn check(
    subject: &Subject,
    options: &Options,
    history: &History,
    progress: &dyn Progress,
) -> Result<Vec<Check>, AuditError> {
    let schema = subject.warehouse.schema();
    if history.version().is_none() || schema.tables.is_empty() {
        return Ok(Vec::new());
    }
    let nothing = |difference: String| {
        let examined = "nothing".to_owned();
        Ok(vec![Check::new("gold", examined, Some(difference))])
    };
    let misfit = match subject.warehouse.missing().await {
        Ok(missing) if missing.iter().any(|name| name == PROGRESS) => {
            return nothing("gold has not run yet".to_owned());
        }
        Ok(_) => None,
        Err(error) if table_of(&error).is_some() => Some(error),
        Err(error) => {
            let reason = sluice::error::chain(&error);
            return nothing(format!("what gold has cannot be read: {reason}"));
        }
    };
    let mut blocked = match misfit {
        Some(_) => BTreeMap::new(),
        None => subject.warehouse.look().await?.blocked,
    };
    let mut audits: Vec<TableAudit<'_>> = Vec::new();
    for table in &schema.tables {
        let is_it = |error: &&WarehouseError| table_of(error) == Some(&table.name);
        let difference = match misfit.as_ref().filter(is_it) {
            Some(error) => Some(error.to_string()),
            None => standing(subject, schema, table, history.log_id()).await?,
        };
        let rows = match difference {
            None => subject.warehouse.count_rows(&table.name).await?,
            Some(_) => 0,
        };
        let passes = match difference {
            None => Pass::count(rows, options.max_groups),
            Some(_) => 0,
        };
        audits.push(TableAudit {
            table,
            difference,
            rows,
            passes,
            version: None,
            blocked: blocked.remove(&table.name),
        });
    }
    let passes = audits.iter().map(|audit| audit.passes).max().unwrap_or(0);
    for index in 0..passes {
        pass(subject, history, &mut audits, index, progress).await?;
    }
    Ok(audits.into_iter().map(TableAudit::into_check).collect())
}

/// Returns the table that does not fit, if that is the error.
fn table_of(error: &WarehouseError) -> Option<&str> {
    match error {
        WarehouseError::Mismatch { table, .. }
        | WarehouseError::Taken { table, .. }
        | WarehouseError::ViewTaken { table, .. } => Some(table),
        _ => None,
    }
}

struct TableAudit<'a> {
    table: &'a TableSchema,
    difference: Option<String>,
    rows: u64,
    passes: u64,
    version: Option<Version>,
    /// Why it stands still, if it does: what it shows is right all the same.
    blocked: Option<Blocked>,
}

impl TableAudit<'_> {
    fn into_check(self) -> Check {
        let mut examined = count(self.rows, "row");
        if let Some(version) = self.version {
            examined.push_str(&format!(" at version {version}"));
        }
        if let Some(Blocked {
            reason, version, ..
        }) = self.blocked
        {
            examined.push_str(&match version {
                Some(version) => format!("; blocked at version {version}: {reason}"),
                None => format!("; {reason}"),
            });
        }
        let name = format!("gold: {} = silver", self.table.name);
        Check::new(&name, examined, self.difference)
    }
}

/// Returns why a table cannot be compared, if so.
async fn standing(
    subject: &Subject,
    schema: &GoldSchema,
    table: &TableSchema,
    log: Option<&str>,
) -> Result<Option<String>, WarehouseError> {
    let progress = subject.warehouse.progress().await?;
    Ok(match progress.get(&table.name) {
        None => Some("has not been made yet".to_owned()),
        Some(GoldProgress { generation, .. }) if *generation != schema.generation => Some(format!(
            "was built from generation {generation}, the dataset file says {}",
            schema.generation
        )),
        Some(found) if !found.follows(log) => Some(
            "follows another pipeline, so nothing of this one is added to it; if it is to follow this one, run `sluice rebuild gold`".to_owned(),
        ),
        Some(GoldProgress { definition, .. }) if *definition != table.definition => Some(
            "was built with other measures or dimensions than the dataset file has now: the next run of gold makes it anew".to_owned(),
        ),
        Some(_) => None,
    })
}

/// Compares the groups of one residue class of every table that has so many.
async fn pass(
    subject: &Subject,
    history: &History,
    audits: &mut [TableAudit<'_>],
    index: u64,
    progress: &dyn Progress,
) -> Result<(), AuditError> {
    let mut by_version: BTreeMap<Version, Vec<(usize, Snapshot<'_>)>> = BTreeMap::new();
    for (number, audit) in audits.iter_mut().enumerate() {
        if index >= audit.passes || audit.difference.is_some() {
            continue;
        }
        let pass = Pass {
            index,
            of: audit.passes,
        };
        match snapshot(subject, audit.table, pass).await? {
            Ok(snapshot) => {
                audit.version = Some(snapshot.version);
                by_version
                    .entry(snapshot.version)
                    .or_default()
                    .push((number, snapshot));
            }
            Err(difference) => audit.difference = Some(difference),
        }
    }
    for (version, snapshots) in by_version {
        let (numbers, snapshots): (Vec<usize>, Vec<Snapshot<'_>>) = snapshots.into_iter().unzip();
        let differences = compare(subject, history, version, &snapshots, progress).await?;
        for (number, difference) in numbers.into_iter().zip(differences) {
            if let Some(audit) = audits.get_mut(number) {
                audit.difference = difference;
            }
        }
    }
    Ok(())
}

/// Reads a table's rows at one version: again, if gold moved it while it was read.
async fn snapshot<'a>(
    subject: &Subject,
    table: &'a TableSchema,
    pass: Pass,
) -> Result<Result<Snapshot<'a>, String>, WarehouseError> {
    let schema = subject.warehouse.schema();
    let columns = schema.columns_of(&table.name);
    let columns = columns.ok_or(Invariant("a gold table has its columns in gold's schema"))?;
    let columns: Arc<Vec<(String, ValueType)>> = Arc::new(columns);
    let leading = columns.len().saturating_sub(table.measures.len());
    for _ in 0..SNAPSHOTS {
        let before = subject.warehouse.progress().await?;
        let rows: Arc<Mutex<Result<Vec<GoldRow>, String>>> = Arc::new(Mutex::new(Ok(Vec::new())));
        let (sink, columns) = (Arc::clone(&rows), Arc::clone(&columns));
        let visit = Box::new(move |row: Vec<Option<String>>| {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(kept) = sink.as_mut() {
                match GoldRow::read(&row, &columns, leading) {
                    Ok(row) if pass.takes(hash(&row.group)) => kept.push(row),
                    Ok(_) => {}
                    Err(difference) => *sink = Err(difference),
                }
            }
        });
        subject.warehouse.visit_rows(&table.name, visit).await?;
        let after = subject.warehouse.progress().await?;
        let (before, after) = (before.get(&table.name), after.get(&table.name));
        if let Some(progress) = after.filter(|after| before == Some(*after)) {
            let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
            let rows = std::mem::replace(&mut *rows, Ok(Vec::new()));
            return Ok(rows.map(|rows| Snapshot {
                table,
                version: progress.version,
                pass,
                rows,
            }));
        }
    }
    Ok(Err(
        "changed each time that it was read; audit again when less arrives".to_owned(),
    ))
}

/// Aggregates silver at a version for several tables at once and returns each table's first difference.
async fn compare(
    subject: &Subject,
    history: &History,
    version: Version,
    snapshots: &[Snapshot<'_>],
    progress: &dyn Progress,
) -> Result<Vec<Option<String>>, AuditError> {
    let portions = history.at(version).await?;
    let mut totals: Vec<Totals<'_>> = snapshots
        .iter()
        .map(|snapshot| Totals::new(snapshot.table, &subject.dataset, snapshot.pass))
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
        let open = OpenFile::open(Arc::clone(lake), &portion.file).await;
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
