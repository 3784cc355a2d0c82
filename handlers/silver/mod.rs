//! Silver: one row per key.
pub mod keys;
pub mod live;
pub mod parquet;
pub mod schema;
pub mod watermark;
