//! What a row is known by, and what becomes of rows that are there when the dataset file changes.

mod buckets;
mod changes;
mod cuts;
mod every_record;
mod rolling;
mod steps;
