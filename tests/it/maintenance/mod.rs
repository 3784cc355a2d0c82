//! Maintenance beside the pipeline: nothing is lost, nothing is there twice, and what is old goes.

mod at_scale;
mod races;
mod reconcile;
mod runs;
mod snapshot_race;
mod vacuum;
