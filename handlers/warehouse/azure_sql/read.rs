//! What the server answers, as values and as text.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat};
use tiberius::error::Error;
use tiberius::{ColumnData, Row};

use super::statements::ensure::{Catalog, CatalogType};
use crate::table::log::Version;
use crate::value::decimal;
use crate::warehouse::dialect::ColumnDefinition;
use crate::warehouse::model::Progress;

/// Days from the year 1 to 1970.
const DAYS_TO_1970: i32 = 719_162;

/// Reads the answer to [`read_progress`](super::statements::dml::read_progress).
pub(super) fn progress(rows: &[Row]) -> Result<BTreeMap<String, Progress>, Error> {
    let mut found = BTreeMap::new();
    for row in rows {
        let (generation, version) = (integer(row, 1)?, integer(row, 3)?);
        let progress = Progress {
            generation: u32::try_from(generation).map_err(|_| unexpected("generation"))?,
            definition: text(row, 2)?,
            version: Version(u64::try_from(version).map_err(|_| unexpected("version"))?),
        };
        found.insert(text(row, 0)?, progress);
    }
    Ok(found)
}

/// Reads the answers to [`READ_COLUMNS`](super::statements::ensure::READ_COLUMNS) and [`READ_VIEWS`](super::statements::ensure::READ_VIEWS).
pub(super) fn catalog(columns: &[Row], views: &[Row]) -> Result<Catalog, Error> {
    let mut catalog = Catalog::new();
    for row in columns {
        let kind = text(row, 3)?;
        // Some servers have nulls here for types without a length, a precision or a scale.
        let number = |index| Ok::<i32, Error>(row.try_get::<i32, _>(index)?.unwrap_or(0));
        let declared = CatalogType {
            name: &kind,
            length: number(4)?,
            precision: number(5)?,
            scale: number(6)?,
        };
        let found = catalog.entry(text(row, 0)?.to_ascii_lowercase());
        let found = found.or_default();
        found.is_view = text(row, 1)?.trim() == "V";
        found.columns.push(ColumnDefinition {
            name: text(row, 2)?,
            kind: declared.declared(),
            required: number(7)? == 0,
            is_key: number(8)? != 0,
        });
    }
    for row in views {
        let name = text(row, 0)?.to_ascii_lowercase();
        if let Some(found) = catalog.get_mut(&name) {
            found.text = row.try_get::<&str, _>(1)?.map(str::to_owned);
        }
    }
    Ok(catalog)
}

/// Reads the answer to [`count`](super::statements::dml::count).
pub(super) fn count(rows: &[Row]) -> Result<u64, Error> {
    let count = integer(rows.first().ok_or_else(|| unexpected("count"))?, 0)?;
    u64::try_from(count).map_err(|_| unexpected("count"))
}

/// Returns the cells of a row as text.
pub(super) fn cells(row: Row) -> Vec<Option<String>> {
    row.into_iter().map(text_of).collect()
}

fn text(row: &Row, index: usize) -> Result<String, Error> {
    let text = row.try_get::<&str, _>(index)?;
    text.map(str::to_owned).ok_or_else(|| unexpected("name"))
}

fn integer(row: &Row, index: usize) -> Result<i64, Error> {
    let number = row.try_get::<i64, _>(index)?;
    number.ok_or_else(|| unexpected("number"))
}

fn unexpected(what: &'static str) -> Error {
    Error::Conversion(format!("the server returned no valid {what}").into())
}

fn text_of(value: ColumnData<'static>) -> Option<String> {
    match value {
        ColumnData::U8(number) => number.map(|number| number.to_string()),
        ColumnData::I16(number) => number.map(|number| number.to_string()),
        ColumnData::I32(number) => number.map(|number| number.to_string()),
        ColumnData::I64(number) => number.map(|number| number.to_string()),
        ColumnData::F32(number) => number.map(|number| number.to_string()),
        ColumnData::F64(number) => number.map(|number| number.to_string()),
        ColumnData::Bit(is_true) => is_true.map(|is_true| is_true.to_string()),
        ColumnData::String(text) => text.map(|text| text.into_owned()),
        ColumnData::Numeric(number) => number.map(|n| decimal::format(n.value(), n.scale())),
        ColumnData::Binary(bytes) => {
            bytes.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        ColumnData::Date(date) => {
            let day = NaiveDate::from_epoch_days(i32::try_from(date?.days()).ok()? - DAYS_TO_1970)?;
            Some(day.format("%Y-%m-%d").to_string())
        }
        ColumnData::DateTime2(time) => {
            let time = time?;
            let days = i64::from(time.date().days()) - i64::from(DAYS_TO_1970);
            let scale = time.time().scale();
            let unit = 10_i64.checked_pow(6_u32.checked_sub(u32::from(scale))?)?;
            let of_day = i64::try_from(time.time().increments()).ok()? * unit;
            let instant = DateTime::from_timestamp_micros(days * 86_400_000_000 + of_day)?;
            let format = match scale {
                0 => SecondsFormat::Secs,
                _ => SecondsFormat::Micros,
            };
            Some(instant.to_rfc3339_opts(format, true))
        }
        // Gold has no columns of other types.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime2, Time};

    use super::*;

    #[test]
    fn values_are_shown_as_sqlite_shows_them() {
        let time = |increments, scale| {
            let time = Time::new(increments, scale);
            ColumnData::DateTime2(Some(DateTime2::new(Date::new(719_162), time)))
        };
        for (value, expected) in [
            (ColumnData::I64(Some(-1)), Some("-1")),
            (ColumnData::F64(Some(0.1)), Some("0.1")),
            (ColumnData::F64(Some(3.0)), Some("3")),
            (ColumnData::Bit(Some(true)), Some("true")),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 2))),
                Some("-0.05"),
            ),
            (
                ColumnData::Date(Some(Date::new(719_163))),
                Some("1970-01-02"),
            ),
            (time(3_600, 0), Some("1970-01-01T01:00:00Z")),
            (time(3_600_000_001, 6), Some("1970-01-01T01:00:00.000001Z")),
            (ColumnData::String(None), None),
            (ColumnData::DateTime2(None), None),
        ] {
            assert_eq!(text_of(value).as_deref(), expected);
        }
    }
}
