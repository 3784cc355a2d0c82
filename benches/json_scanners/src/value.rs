//! What the handler knows of JSON, numbers, paths and time, from its own files.

#[path = "../../../handlers/value/decimal.rs"]
pub(crate) mod decimal;
#[path = "../../../handlers/value/json/mod.rs"]
pub(crate) mod json;
#[path = "../../../handlers/value/number/mod.rs"]
pub(crate) mod number;
#[path = "../../../handlers/value/path/mod.rs"]
pub(crate) mod path;
#[path = "../../../handlers/value/time/mod.rs"]
pub(crate) mod time;
