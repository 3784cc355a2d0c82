//! A warehouse that fails, pauses and counts as it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{
    Begun, FailureKind, Order, Progress, Row, Run, TableRows, Transaction, Warehouse,
    WarehouseError,
};
use tokio::sync::Notify;

/// Whether a call that fails takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// The call that fails, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) call: usize,
    pub(crate) when: When,
    pub(crate) kind: FailureKind,
}

/// Stops a run where the test wants it.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    reached: Notify,
    open: Notify,
}

impl Gate {
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Arc<dyn Warehouse>,
    fault: Option<Fault>,
    pub(crate) calls: Arc<AtomicUsize>,
    may_be_paused: bool,
    gate: Arc<Gate>,
    is_gated: AtomicBool,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn Warehouse>) -> Self {
        Self {
            inner,
            fault: None,
            calls: Arc::default(),
            may_be_paused: false,
            gate: Arc::default(),
            is_gated: AtomicBool::new(false),
        }
    }

    pub(crate) fn with(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub(crate) fn pausing(mut self) -> Self {
        self.may_be_paused = true;
        self
    }

    pub(crate) fn pause_after_progress(&self) -> Arc<Gate> {
        self.is_gated.store(true, Ordering::SeqCst);
        Arc::clone(&self.gate)
    }

    fn next(&self) -> Call {
        next(&self.calls, self.fault)
    }
}

/// What a call is to do.
struct Call {
    before: Result<(), WarehouseError>,
    after: Result<(), WarehouseError>,
}

fn next(calls: &AtomicUsize, fault: Option<Fault>) -> Call {
    let call = calls.fetch_add(1, Ordering::SeqCst);
    let hit = fault.filter(|fault| fault.call == call);
    let fail = |when| match hit {
        Some(fault) if fault.when == when => Err(WarehouseError::Statement {
            purpose: "make",
            object: format!("call {call}"),
            kind: fault.kind,
            source: "injected".into(),
        }),
        _ => Ok(()),
    };
    Call {
        before: fail(When::Before),
        after: fail(When::After),
    }
}

#[async_trait]
impl Warehouse for Faulty {
    fn may_be_paused(&self) -> bool {
        self.may_be_paused
    }

    fn schema(&self) -> &GoldSchema {
        self.inner.schema()
    }

    async fn ensure(&self) -> Result<(), WarehouseError> {
        let call = self.next();
        call.before?;
        self.inner.ensure().await?;
        call.after
    }

    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError> {
        let call = self.next();
        call.before?;
        let progress = self.inner.progress().await?;
        if self.is_gated.swap(false, Ordering::SeqCst) {
            self.gate.reached.notify_one();
            self.gate.open.notified().await;
        }
        call.after?;
        Ok(progress)
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let call = self.next();
        call.before?;
        let begun = self.inner.begin(run).await?;
        call.after?;
        Ok(match begun {
            Begun::Overtaken => Begun::Overtaken,
            Begun::Open(inner) => Begun::Open(Box::new(FaultyTransaction {
                inner,
                fault: self.fault,
                calls: Arc::clone(&self.calls),
            })),
        })
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        self.inner.read_table(name, order, limit).await
    }
}

#[derive(Debug)]
struct FaultyTransaction {
    inner: Box<dyn Transaction>,
    fault: Option<Fault>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Transaction for FaultyTransaction {
    async fn merge(&mut self, table: usize, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let call = next(&self.calls, self.fault);
        call.before?;
        self.inner.merge(table, rows).await?;
        call.after
    }

    async fn commit(self: Box<Self>) -> Result<(), WarehouseError> {
        let call = next(&self.calls, self.fault);
        call.before?;
        self.inner.commit().await?;
        call.after
    }
}
