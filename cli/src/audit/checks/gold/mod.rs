//! Gold: each table equals the aggregate of silver at the version that it stands at, by the definition that the books have
//! of it and in the generation that it shows. What is being made beside it is named, and judged once it is shown.

mod balance;
mod books;
mod compare;
mod judge;
mod snapshot;

use std::collections::BTreeMap;

use sluice::error::Invariant;
use sluice::table::log::Version;
use sluice::warehouse::schema::{PROGRESS, TableIndex, TableSchema};
use sluice::warehouse::{Blocked, Standing};

use crate::audit::history::History;
use crate::audit::independent::Pass;
use crate::audit::report::Check;
use crate::audit::subject::{AuditError, Options, Progress, Subject};
use crate::output::count;
pub(crate) use books::Books;
use books::Histories;
use compare::compare;
use judge::{Generations, Judged, beside, judge};
use snapshot::{Snapshot, snapshot};

const COMPARED: Invariant = Invariant("a table is compared with a generation that has a log");

/// Compares every gold table, a check for each.
pub(crate) async fn check(
    subject: &Subject,
    options: &Options,
    history: &History,
    books: Books,
    progress: &dyn Progress,
) -> Result<Vec<Check>, AuditError> {
    let Books { standing, earlier } = books;
    let schema = subject.warehouse.schema();
    let is_empty = history.version().is_none() && earlier.is_empty();
    if is_empty || schema.tables.is_empty() {
        return Ok(Vec::new());
    }
    let nothing = |difference: String| {
        let examined = "nothing".to_owned();
        Ok(vec![Check::new("gold", examined, Some(difference))])
    };
    let standing = match standing {
        Ok(standing) if standing.missing.iter().any(|name| name == PROGRESS) => {
            return nothing("gold has not run yet".to_owned());
        }
        Ok(standing) => standing,
        Err(reason) => return nothing(format!("what gold has cannot be read: {reason}")),
    };
    let mut audit = Audit {
        subject,
        silver: Histories {
            generation: schema.generation,
            own: history,
            earlier: &earlier,
        },
        standing,
    };
    let mut tables = Vec::new();
    for (index, table) in schema.indexed_tables() {
        tables.push(audit.table(options, (index, table)).await?);
    }
    let passes = tables.iter().map(|table| table.passes).max().unwrap_or(0);
    for index in 0..passes {
        audit.pass(&mut tables, index, progress).await?;
    }
    let mut checks: Vec<Check> = tables.into_iter().map(TableAudit::into_check).collect();
    checks.push(balance::check(subject, audit.silver).await?);
    Ok(checks)
}

/// What tables are compared by.
struct Audit<'a> {
    subject: &'a Subject,
    silver: Histories<'a>,
    /// The last look at the books.
    standing: Standing,
}

struct TableAudit<'a> {
    index: TableIndex,
    table: &'a TableSchema,
    difference: Option<String>,
    /// Why there is nothing to compare, if so.
    waits: Option<String>,
    rows: u64,
    passes: u64,
    /// The generation and the version that it was compared at.
    at: Option<(u32, Version)>,
    /// Why it stands still, if it does: what it shows is right all the same.
    blocked: Option<Blocked>,
    /// How far the one is that is made beside it, if one is.
    beside: Option<String>,
    /// The generation that the dataset file says.
    generation: u32,
}

impl TableAudit<'_> {
    fn take(&mut self, judged: Judged) {
        match judged {
            Judged::Differs(difference) => self.difference = Some(difference),
            Judged::Waits(reason) => self.waits = Some(reason),
            Judged::Live(_) => {}
        }
    }

    fn into_check(self) -> Check {
        let name = format!("gold: {} = silver", self.table.name);
        if let (None, Some(reason)) = (&self.difference, self.waits) {
            return Check::skipped(&name, reason);
        }
        let mut examined = count(self.rows, "row");
        if let Some((generation, version)) = self.at {
            examined.push_str(&format!(" at version {version}"));
            if generation != self.generation {
                examined.push_str(&format!(" of generation {generation}"));
            }
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
        if let Some(beside) = self.beside {
            examined.push_str(&format!("; the one beside it is {beside}"));
        }
        Check::new(&name, examined, self.difference)
    }
}

impl<'a> Audit<'a> {
    /// Returns what is to be done with a table.
    async fn table(
        &self,
        options: &Options,
        (index, table): (TableIndex, &'a TableSchema),
    ) -> Result<TableAudit<'a>, AuditError> {
        let (schema, silver) = (self.subject.warehouse.schema(), self.silver);
        let names = (self.subject.dataset.as_ref(), schema);
        let judged = judge(names, &self.standing, (index, table), &silver);
        let rows = match &judged {
            Judged::Live(_) => self.subject.warehouse.count_rows(&table.name).await?,
            _ => 0,
        };
        let passes = match &judged {
            Judged::Live(_) => Pass::count(rows, options.max_groups),
            _ => 0,
        };
        let next = self.standing.next.get(&table.name);
        let mut audit = TableAudit {
            index,
            table,
            difference: None,
            waits: None,
            rows,
            passes,
            at: None,
            blocked: self.standing.blocked.get(&table.name).cloned(),
            beside: next.map(|next| beside(next, silver.of(next.generation))),
            generation: schema.generation,
        };
        audit.take(judged);
        Ok(audit)
    }

    fn tells_apart(&self, snapshot: &Snapshot) -> bool {
        let history = self.silver.history(snapshot.generation);
        history.is_none_or(|history| history.tells_apart(snapshot.version))
    }

    /// Compares the groups of one residue class of every table that has so many.
    async fn pass(
        &mut self,
        tables: &mut [TableAudit<'_>],
        index: u64,
        progress: &dyn Progress,
    ) -> Result<(), AuditError> {
        let mut by_version: BTreeMap<(u32, Version), Vec<(usize, Snapshot)>> = BTreeMap::new();
        for (number, audit) in tables.iter_mut().enumerate() {
            let is_over = audit.difference.is_some() || audit.waits.is_some();
            if index >= audit.passes || is_over {
                continue;
            }
            let pass = Pass {
                index,
                of: audit.passes,
            };
            let (silver, table) = (self.silver, (audit.index, audit.table));
            match snapshot(self.subject, &silver, &mut self.standing, table, pass).await? {
                Ok(snapshot) if !self.tells_apart(&snapshot) => {
                    let reason = "rejected records were taken up since its version, and compaction has put their rows beside the others: run gold, then audit again";
                    audit.take(Judged::Waits(reason.to_owned()));
                }
                Ok(snapshot) => {
                    let at = (snapshot.generation, snapshot.version);
                    audit.at = Some(at);
                    by_version.entry(at).or_default().push((number, snapshot));
                }
                Err(judged) => audit.take(judged),
            }
        }
        for ((generation, version), snapshots) in by_version {
            let history = self.silver.history(generation).ok_or(COMPARED)?;
            let (numbers, snapshots): (Vec<usize>, Vec<Snapshot>) = snapshots.into_iter().unzip();
            let compared = compare(self.subject, history, version, &snapshots, progress);
            for (number, difference) in numbers.into_iter().zip(compared.await?) {
                if let Some(audit) = tables.get_mut(number) {
                    audit.difference = difference;
                }
            }
        }
        Ok(())
    }
}
