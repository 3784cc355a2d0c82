//! Periods: steps of the calendar, and those of a gold table. Pure.

mod calendar;
mod steps;

pub use calendar::{Grain, MILLIS_PER_HOUR, Period, hour_before, hour_of};
pub use steps::{Steps, Stretch};
