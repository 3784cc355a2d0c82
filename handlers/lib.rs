//! Sluice's production crate: four functions that refine events layer by layer, and keep the layers in order.
//!
//! ```text
//! Event Hubs --bronze::ingest--> raw JSON lines --silver::refine--> typed Parquet --gold::publish--> SQL tables
//!                                (lake)                            (lake + commit log in state)     (warehouse)
//! ```
//!
//! Each layer reads facts, decides in pure functions and acts on [`store`] and [`warehouse`]. What it promises, by number:
//!
//! - **B1** every event delivered is in exactly one bronze line
//! - **B2** a bronze object is immutable, and its name and metadata give its range
//! - **B3** the line restores the event's bytes
//! - **S1** at most one silver row per key
//! - **S2** lines = empty + opened, and records = rows + duplicates + filtered + quarantined, per source, recorded in the
//!   transaction that makes the rows visible
//! - **S3** a commit is all or nothing, over all periods and sources it touches
//! - **S4** replaying any input changes nothing
//! - **S5** versions are gapless and totally ordered
//! - **S6** no event is dropped for being late
//! - **S7** a reader that follows the log sees each row exactly once
//! - **G1** a gold table equals the aggregate of silver at its recorded version
//! - **G2** applying a version twice changes nothing
//! - **G3** readers see the old table or the new, each whole at the version that its freshness names
//! - **A1** at most one alert per id, and one for each fresh state that gold committed
//! - **O1** what is announced of a redrive is what happens, or nothing of what is left
//! - **T1** the watermark never regresses

pub mod app;
pub mod bronze;
pub mod clock;
pub mod context;
pub mod dataset;
pub mod eager;
pub mod error;
pub mod event;
pub mod expr;
pub mod gold;
pub mod host;
pub mod maintain;
pub mod outbox;
pub mod pending;
pub mod retry;
pub mod serve;
pub mod settings;
pub mod silver;
pub mod store;
pub mod table;
pub mod telemetry;
pub mod value;
pub mod warehouse;
pub mod wording;
