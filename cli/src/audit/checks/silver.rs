//! Silver: the live files hold the rows that the log and the ledger say, and no key twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use futures::{StreamExt, TryStreamExt, stream};
use sluice::dataset::Dataset;
use sluice::event::EventTime;
use sluice::table::log::DataFile;
use sluice::table::schema::SOURCE;
use sluice::warehouse::schema::ValueType;

use crate::audit::history::History;
use crate::audit::independent::{Cell, Column, FileError, Hashes, Identity, OpenFile, Pass, hash};
use crate::audit::report::Check;
use crate::audit::subject::{AuditError, Options, Progress, Subject};
use crate::output::{count, thousands};
use sluice::error::Invariant;

/// Files that are opened ahead, each of 8 MiB in memory at most.
const AHEAD: usize = 4;

/// The name of the check of the keys.
const NO_KEY_TWICE: &str = "silver: no key twice";

/// The differences found so far, the first of each kind.
#[derive(Default)]
struct Found {
    files: Option<String>,
    sources: Option<String>,
    keys: Option<String>,
}

/// Reads every live file once, and those of huge periods several times.
pub(crate) async fn scan(
    subject: &Subject,
    options: &Options,
    history: &History,
    progress: &dyn Progress,
) -> Result<Vec<Check>, AuditError> {
    let live = history.live();
    let mut periods: Vec<Vec<DataFile>> = Vec::new();
    for file in live.iter() {
        match periods.last_mut() {
            Some(files) if files.first().is_some_and(|f| f.period == file.period) => {
                files.push(file.clone());
            }
            _ => periods.push(vec![file.clone()]),
        }
    }
    let keys = Keys::of(&subject.dataset)?;
    let mut scan = Scan {
        subject,
        keys,
        found: Found::default(),
        by_source: HashMap::new(),
        rows: 0,
    };
    let total: u64 = live.iter().map(|file| file.rows).sum();
    progress.start("read silver", total);
    for files in &periods {
        scan.period(files, options, progress).await?;
    }
    scan.compare_sources(history);
    let files = live.iter().count() as u64;
    let examined = format!("{} in {}", count(scan.rows, "row"), count(files, "file"));
    let sources = count(scan.by_source.len() as u64, "source");
    let Found {
        files,
        sources: source,
        keys,
    } = scan.found;
    let periods = count(periods.len() as u64, "period");
    Ok(vec![
        Check::new("silver: files hold what the log says", examined, files),
        Check::new("silver: each source's rows are there", sources, source),
        Check::new(
            NO_KEY_TWICE,
            format!("{} in {periods}", count(scan.rows, "key")),
            keys,
        ),
    ])
}

struct Scan<'a> {
    subject: &'a Subject,
    keys: Keys,
    found: Found,
    by_source: HashMap<String, u64>,
    rows: u64,
}

impl Scan<'_> {
    async fn period(
        &mut self,
        files: &[DataFile],
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<(), AuditError> {
        let rows = files.iter().map(|file| file.rows).sum();
        let passes = Pass::count(rows, options.max_keys);
        for index in 0..passes {
            let pass = Pass { index, of: passes };
            let mut hashes = Hashes::default();
            let lake = &self.subject.lake;
            let opened =
                stream::iter(files.iter().map(|file| async move {
                    (file, OpenFile::open(Arc::clone(lake), file).await)
                }));
            let mut opened = opened.buffered(AHEAD);
            while let Some((file, open)) = opened.next().await {
                let read = match open {
                    Ok(open) => self.file(file, open, pass, &mut hashes).await,
                    Err(error) => Err(error),
                };
                match read {
                    Ok(()) => {}
                    Err(FileError::Storage(error)) => return Err(error.into()),
                    Err(FileError::Broken(text)) => note(&mut self.found.files, || text),
                }
                if index == 0 {
                    progress.advance(file.rows);
                }
            }
            drop(opened);
            if let Some(hash) = hashes.take_duplicate()
                && self.found.keys.is_none()
            {
                self.found.keys = Some(self.name_duplicate(files, hash).await?);
            }
        }
        Ok(())
    }

    /// Reads a file: what is counted is counted in the first pass only.
    async fn file(
        &mut self,
        file: &DataFile,
        open: OpenFile,
        pass: Pass,
        hashes: &mut Hashes,
    ) -> Result<(), FileError> {
        if open.rows() != file.rows {
            return Err(FileError::Broken(format!(
                "{} has {} in its footer and the log says {}",
                file.path,
                count(open.rows(), "row"),
                thousands(file.rows)
            )));
        }
        let mut batches = open.read(&self.keys.names)?;
        let mut key = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            let identities = self.keys.identity.read(&batch, file)?;
            for row in 0..batch.num_rows() {
                key.clear();
                identities.encode(row, &mut key);
                hashes.add(&key, pass);
            }
            if pass.index == 0 {
                self.rows += batch.num_rows() as u64;
                self.count_sources(&batch, file)?;
                self.check_times(&batch, file)?;
            }
        }
        Ok(())
    }

    fn count_sources(&mut self, batch: &RecordBatch, file: &DataFile) -> Result<(), FileError> {
        let broken = || FileError::Broken(format!("{} has no usable column {SOURCE}", file.path));
        let column = batch.column_by_name(SOURCE).ok_or_else(broken)?;
        let texts = cast(column, &DataType::Utf8).map_err(|_| broken())?;
        let texts: &StringArray = texts.as_string_opt().ok_or_else(broken)?;
        // Rows of one source lie together more often than not.
        let mut run: Option<(&str, u64)> = None;
        // A row without a source counts for the source "", which the ledger does not have: that is a difference.
        for text in texts.iter().map(Option::unwrap_or_default) {
            match &mut run {
                Some((source, rows)) if *source == text => *rows += 1,
                _ => {
                    if let Some((source, rows)) = run.replace((text, 1)) {
                        self.add_source(source, rows);
                    }
                }
            }
        }
        if let Some((source, rows)) = run {
            self.add_source(source, rows);
        }
        Ok(())
    }

    fn add_source(&mut self, source: &str, rows: u64) {
        match self.by_source.get_mut(source) {
            Some(total) => *total += rows,
            None => {
                self.by_source.insert(source.to_owned(), rows);
            }
        }
    }

    fn check_times(&self, batch: &RecordBatch, file: &DataFile) -> Result<(), FileError> {
        let dataset = &self.subject.dataset;
        let name = &self.keys.event_time;
        let column = Column::of(batch.column_by_name(name), ValueType::Timestamp);
        let column =
            column.ok_or_else(|| FileError::Broken(format!("{} has no {name}", file.path)))?;
        for row in 0..batch.num_rows() {
            let Cell::Timestamp(micros) = column.cell(row) else {
                return Err(FileError::Broken(format!(
                    "{} has a row without {name}",
                    file.path
                )));
            };
            let time = EventTime(micros);
            let is_inside = file.min <= time && time <= file.max;
            if !is_inside || dataset.period.start(time) != file.period {
                return Err(FileError::Broken(format!(
                    "{} has a row at {time}, outside of what the log says: {} to {}",
                    file.path, file.min, file.max
                )));
            }
        }
        Ok(())
    }

    /// Checks that silver has as many rows of each source as the ledger says.
    fn compare_sources(&mut self, history: &History) {
        // What was taken up again keeps the bronze object that it came from.
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in history.ledger() {
            *expected.entry(entry.bronze()).or_default() += entry.counts.rows;
        }
        for (source, expected) in expected {
            let rows = self.by_source.get(source).copied().unwrap_or(0);
            if rows != expected {
                let difference = format!(
                    "{source}: the ledger says {}, silver holds {}",
                    count(expected, "row"),
                    thousands(rows)
                );
                return note(&mut self.found.sources, || difference);
            }
        }
        let unknown = self
            .by_source
            .keys()
            .find(|source| history.entry(source).is_none());
        if let Some(source) = unknown {
            let difference = format!("silver holds rows of {source:?}, which is not in the ledger");
            note(&mut self.found.sources, || difference);
        }
    }

    /// Finds the two rows behind a hash.
    async fn name_duplicate(&self, files: &[DataFile], wanted: u128) -> Result<String, AuditError> {
        let keys = &self.keys;
        let mut places = Vec::new();
        let mut values = String::new();
        for file in files {
            let Ok(open) = OpenFile::open(Arc::clone(&self.subject.lake), file).await else {
                continue;
            };
            let Ok(mut batches) = open.read(&keys.names) else {
                continue;
            };
            while let Some(Ok(batch)) = batches.next().await {
                let Ok(identities) = keys.identity.read(&batch, file) else {
                    continue;
                };
                for row in 0..batch.num_rows() {
                    let mut key = Vec::new();
                    identities.encode(row, &mut key);
                    if hash(&key) == wanted {
                        places.push(file.path.to_string());
                        values = identities.show(row);
                    }
                }
            }
        }
        Ok(format!("{values}: in {}", places.join(" and in ")))
    }
}

/// The columns that a scan reads.
struct Keys {
    identity: Identity,
    /// What tells rows apart, then the source and the event time.
    names: Vec<String>,
    event_time: String,
}

impl Keys {
    /// Finds the columns.
    fn of(dataset: &Dataset) -> Result<Self, Invariant> {
        let identity = Identity::of(dataset)?;
        let event_time = dataset.column(dataset.event_time)?.name.clone();
        let others = [SOURCE.to_owned(), event_time.clone()];
        Ok(Self {
            names: identity.names().map(str::to_owned).chain(others).collect(),
            identity,
            event_time,
        })
    }
}

fn note(slot: &mut Option<String>, text: impl FnOnce() -> String) {
    if slot.is_none() {
        *slot = Some(text());
    }
}
