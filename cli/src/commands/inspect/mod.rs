//! Looking at what the layers hold: `status`, `gold`, `head`, `history`, `quarantine`, `query` and `connect`. Nothing here
//! changes anything.

mod connect;
mod gold;
mod head;
mod history;
pub(super) mod moment;
pub(super) mod quarantine;
mod query;
mod sample;
mod status;

pub(super) use connect::{ConnectArguments, run as connect};
pub(super) use gold::{GoldArguments, run as gold};
pub(super) use head::{HeadArguments, run as head};
pub(super) use history::{HistoryArguments, run as history};
pub(super) use moment::Moment;
pub(super) use quarantine::{QuarantineArguments, run as quarantine};
pub(super) use query::{QueryArguments, run as query};
pub(super) use status::{StatusArguments, run as status};
