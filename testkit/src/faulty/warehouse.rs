//! The warehouse's part: a transaction is made of calls, too.

use std::sync::Arc;

use async_trait::async_trait;
use sluice::event::UnixMillis;
use sluice::warehouse::schema::{GoldSchema, TableIndex, TableSchema, ValueType};
use sluice::warehouse::{
    Answer, Arrangement, Begun, Blocked, Build, Changed, Delivery, FailureKind, Fill, Filled,
    Filling, Message, Opened, Order, Outbox, Outstanding, Prepared, Progress, Remarks, Reports,
    Resend, Row, RowVisitor, Run, Standing, Swap, TableRows, Told, Transaction, Warehouse,
    WarehouseError,
};

use super::fault::How;
use super::script::{Held, Script};
use super::stores::Faulty;

/// The calls that commit.
const COMMITS: [&str; 5] = ["commit", "commit beside", "arrange", "remark", "swap"];

fn warehouse_error(call: &str, how: How) -> WarehouseError {
    WarehouseError::Statement {
        purpose: "make",
        object: call.to_owned(),
        kind: match how {
            How::Unknown => FailureKind::Ambiguous,
            // Of a commit that may have failed nobody knows more.
            How::Transient if COMMITS.contains(&call) => FailureKind::Ambiguous,
            How::Transient => FailureKind::Transient,
            How::Permanent | How::Outage | How::Panic | How::Crash => FailureKind::Permanent,
        },
        source: "injected".into(),
    }
}

#[async_trait]
impl Warehouse for Faulty<dyn Warehouse> {
    fn may_be_paused(&self) -> bool {
        // So that the idle marker is in play as well.
        true
    }

    async fn is_awake(&self) -> Result<bool, WarehouseError> {
        let act = self.inner.is_awake();
        self.script
            .around("is awake".into(), warehouse_error, act)
            .await
    }

    fn round_trips(&self) -> u64 {
        self.inner.round_trips()
    }

    fn schema(&self) -> &GoldSchema {
        self.inner.schema()
    }

    async fn look(&self) -> Result<Standing, WarehouseError> {
        let act = self.inner.look();
        self.script
            .around("look".into(), warehouse_error, act)
            .await
    }

    async fn prepare(&self, build: &Build) -> Result<Prepared, WarehouseError> {
        let act = self.inner.prepare(build);
        self.script
            .around("prepare".into(), warehouse_error, act)
            .await
    }

    async fn block(
        &self,
        table: TableIndex,
        from: Option<&Progress>,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError> {
        let act = self.inner.block(table, from, blocked);
        self.script
            .around("block".into(), warehouse_error, act)
            .await
    }

    async fn remark(&self, remarks: &Remarks) -> Result<Changed, WarehouseError> {
        let act = self.inner.remark(remarks);
        self.script
            .around("remark".into(), warehouse_error, act)
            .await
    }

    fn removal(&self, table: &str, progress: &Progress) -> Vec<String> {
        self.inner.removal(table, progress)
    }

    async fn drop_retired(&self, physical: &[String], build: &Build) -> Result<(), WarehouseError> {
        let act = self.inner.drop_retired(physical, build);
        self.script
            .around("drop".into(), warehouse_error, act)
            .await
    }

    async fn arrange(
        &self,
        changes: &[Arrangement],
        build: &Build,
        at: UnixMillis,
    ) -> Result<Changed, WarehouseError> {
        let act = self.inner.arrange(changes, build, at);
        self.script
            .around("arrange".into(), warehouse_error, act)
            .await
    }

    async fn fill(&self, fill: Fill) -> Result<Opened, WarehouseError> {
        let script = &self.script;
        let act = async {
            Ok(match self.inner.fill(fill).await? {
                Opened::Conflict => Opened::Conflict,
                Opened::Replaced => Opened::Replaced,
                Opened::Open(inner) => Opened::Open(Box::new(FaultyFilling {
                    inner,
                    script: Arc::clone(script),
                    _held: Held::of(script),
                })),
            })
        };
        script.around("fill".into(), warehouse_error, act).await
    }

    async fn swap(&self, swap: &Swap) -> Result<Changed, WarehouseError> {
        let act = self.inner.swap(swap);
        self.script
            .around("swap".into(), warehouse_error, act)
            .await
    }

    async fn close(&self) {
        self.script.note_close();
        self.inner.close().await;
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let script = &self.script;
        let act = async {
            Ok(match self.inner.begin(run).await? {
                Begun::Conflict => Begun::Conflict,
                Begun::Replaced => Begun::Replaced,
                Begun::Open(inner) => Begun::Open(Box::new(FaultyTransaction {
                    inner,
                    script: Arc::clone(script),
                    _held: Held::of(script),
                })),
            })
        };
        script.around("begin".into(), warehouse_error, act).await
    }
}

#[async_trait]
impl Outbox for Faulty<dyn Warehouse> {
    async fn claim(&self, most: usize) -> Result<Vec<Message>, WarehouseError> {
        let act = self.inner.claim(most);
        self.script
            .around("claim".into(), warehouse_error, act)
            .await
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), WarehouseError> {
        let act = self.inner.settle(deliveries);
        self.script
            .around("settle".into(), warehouse_error, act)
            .await
    }

    async fn next_message(&self) -> Result<Option<UnixMillis>, WarehouseError> {
        let act = self.inner.next_message();
        self.script
            .around("next message".into(), warehouse_error, act)
            .await
    }

    async fn outstanding(&self) -> Result<Outstanding, WarehouseError> {
        self.inner.outstanding().await
    }

    async fn resend(&self, resend: &Resend) -> Result<u64, WarehouseError> {
        self.inner.resend(resend).await
    }

    async fn forget(&self, before: UnixMillis) -> Result<(), WarehouseError> {
        let act = self.inner.forget(before);
        self.script
            .around("forget".into(), warehouse_error, act)
            .await
    }
}

#[async_trait]
impl Reports for Faulty<dyn Warehouse> {
    async fn columns(&self, name: &str) -> Result<Vec<(String, ValueType)>, WarehouseError> {
        self.inner.columns(name).await
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        self.inner.read_table(name, order, limit).await
    }

    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError> {
        self.inner.count_rows(name).await
    }

    async fn visit_rows(
        &self,
        table: &TableSchema,
        visit: RowVisitor,
    ) -> Result<(), WarehouseError> {
        self.inner.visit_rows(table, visit).await
    }

    async fn query(&self, sql: &str, most: usize) -> Result<Answer, WarehouseError> {
        self.inner.query(sql, most).await
    }
}

#[derive(Debug)]
struct FaultyTransaction {
    inner: Box<dyn Transaction>,
    script: Arc<Script>,
    _held: Held,
}

#[async_trait]
impl Transaction for FaultyTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let call = format!("merge {table}");
        let act = self.inner.merge(table, rows);
        self.script.around(call, warehouse_error, act).await
    }

    async fn raise(&mut self, rule: &str, told: Told) -> Result<(), WarehouseError> {
        let act = self.inner.raise(rule, told);
        let call = format!("raise {rule}");
        self.script.around(call, warehouse_error, act).await
    }

    async fn commit(self: Box<Self>) -> Result<(), WarehouseError> {
        let Self {
            inner,
            script,
            _held,
        } = *self;
        let act = inner.commit();
        script.around("commit".into(), warehouse_error, act).await
    }
}

#[derive(Debug)]
struct FaultyFilling {
    inner: Box<dyn Filling>,
    script: Arc<Script>,
    _held: Held,
}

#[async_trait]
impl Filling for FaultyFilling {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let call = format!("merge beside {table}");
        let act = self.inner.merge(table, rows);
        self.script.around(call, warehouse_error, act).await
    }

    async fn commit(self: Box<Self>, filled: &[Filled]) -> Result<(), WarehouseError> {
        let Self {
            inner,
            script,
            _held,
        } = *self;
        let act = inner.commit(filled);
        script
            .around("commit beside".into(), warehouse_error, act)
            .await
    }
}
