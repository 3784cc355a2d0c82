//! What SQLite lacks for exact decimals: functions that only the statements of a merge use.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use thiserror::Error;

use crate::value::decimal;

/// Adds two decimals; a null counts nothing.
pub(super) const ADD: &str = "sluice_add";
/// Returns the lower of two decimals; a null counts nothing.
pub(super) const MIN: &str = "sluice_min";
/// Returns the higher of two decimals; a null counts nothing.
pub(super) const MAX: &str = "sluice_max";
/// Returns whether the sum of two decimals has at most 38 digits.
pub(super) const FITS: &str = "sluice_fits";
/// The text by which SQLite hands an overflow through.
pub(super) const OVERFLOW: &str = "sluice: a sum has more than 38 digits";

#[derive(Debug, Error)]
enum DecimalError {
    #[error("sluice: a sum has more than 38 digits")]
    Overflow,
    #[error("sluice: not a decimal: {0:?}")]
    Malformed(String),
    #[error("sluice: decimals of different scales")]
    Scales,
}

/// Makes the functions known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    define(connection, ADD, add)?;
    define(connection, MIN, |a, b| Ok(a.min(b)))?;
    define(connection, MAX, |a, b| Ok(a.max(b)))?;
    connection.create_scalar_function(FITS, 2, flags(), |context| {
        let (left, right) = (argument(context, 0)?, argument(context, 1)?);
        let (Some(left), Some(right)) = (&left, &right) else {
            return Ok(true);
        };
        match merge(left, right, add) {
            Ok(_) => Ok(true),
            Err(DecimalError::Overflow) => Ok(false),
            Err(error) => Err(rusqlite::Error::UserFunctionError(Box::new(error))),
        }
    })
}

fn add(a: i128, b: i128) -> Result<i128, DecimalError> {
    let sum = a.checked_add(b).filter(|sum| decimal::fits(*sum));
    sum.ok_or(DecimalError::Overflow)
}

fn flags() -> FunctionFlags {
    FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS
}

fn define(
    connection: &Connection,
    name: &str,
    combine: fn(i128, i128) -> Result<i128, DecimalError>,
) -> rusqlite::Result<()> {
    connection.create_scalar_function(name, 2, flags(), move |context| {
        let (left, right) = (argument(context, 0)?, argument(context, 1)?);
        let (Some(left), Some(right)) = (&left, &right) else {
            return Ok(left.or(right));
        };
        merge(left, right, combine)
            .map(Some)
            .map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))
    })
}

fn argument(context: &Context<'_>, index: usize) -> rusqlite::Result<Option<String>> {
    context.get(index)
}

fn merge(
    left: &str,
    right: &str,
    combine: fn(i128, i128) -> Result<i128, DecimalError>,
) -> Result<String, DecimalError> {
    let read =
        |text: &str| decimal::parse(text).ok_or_else(|| DecimalError::Malformed(text.to_owned()));
    let ((left, scale), (right, other)) = (read(left)?, read(right)?);
    if scale != other {
        return Err(DecimalError::Scales);
    }
    Ok(decimal::format(combine(left, right)?, scale))
}
