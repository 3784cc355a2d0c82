//! Values and how they are written where they are kept: each persisted encoding once. Pure.

pub mod avro;
pub mod compression;
pub mod decimal;
pub mod hash;
pub(crate) mod json;
pub mod line;
pub mod mask;
pub mod number;
pub mod path;
pub mod period;
pub mod time;

pub use period::{Grain, Period, Steps, Stretch};
