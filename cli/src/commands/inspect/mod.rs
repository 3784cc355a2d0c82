//! Looking at what the layers hold: `status`, `gold`, `head` and `history`. Nothing here changes anything.

mod gold;
mod head;
mod history;
mod sample;
mod status;

pub(super) use gold::{GoldArguments, run as gold};
pub(super) use head::{HeadArguments, run as head};
pub(super) use history::{HistoryArguments, run as history};
pub(super) use status::{StatusArguments, run as status};
