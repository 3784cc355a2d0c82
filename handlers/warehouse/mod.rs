//! The SQL edge: tables, and how far they have come, changed in one transaction.
//!
//! [`Warehouse`] is what gold needs of a database. Progress and data become visible together (G1), and the progress
//! that a transaction started from is a fence: of two runs that start from the same version one is first, and the
//! other changes nothing (G2).

pub mod azure_sql;
mod connect;
mod contract;
mod dialect;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod lookup;
mod model;
mod options;
pub mod schema;
pub mod sqlite;

pub use connect::{connect, connect_with};
pub use contract::{
    Begun, Filling, Opened, Outbox, Prepared, Reports, RowVisitor, Transaction, Warehouse,
};
pub use error::{FailureKind, WarehouseError};
pub(crate) use model::text;
pub use model::{
    Answer, Arrangement, Balance, Blocked, Build, Changed, Counted, Datum, Delivery, Fill, Filled,
    MOST_ALERTS, Message, NewAlert, Order, Outstanding, Pending, Picked, Progress, Remarks, Resend,
    Retired, Row, RuleAct, RuleBefore, RuleProgress, RuleStep, Rules, Run, Shadow, ShadowNote,
    Standing, Step, Swap, TableRows, Told, Unfit, alert_id, rows_of,
};
pub use options::Options;
