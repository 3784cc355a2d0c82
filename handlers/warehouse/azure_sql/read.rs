//! What the server answers, as values and as text.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use tiberius::error::Error;
use tiberius::time::DateTime2;
use tiberius::{Column, ColumnData, ColumnType, Row};

use super::errors::failed;
use super::statements::look::{COLUMNS, CatalogType, VIEWS};
use crate::value::decimal::{self, MAX_PRECISION};
use crate::value::hash::hex;
use crate::warehouse::dialect::{BookRow, Catalog, ColumnDefinition, Known};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Datum, StoredRow};
use crate::warehouse::schema::{BOOKS, GoldSchema, Holds, MeasureColumn, TableSchema, ValueType};

/// Days from the year 1 to 1970.
const DAYS_TO_1970: i32 = 719_162;

/// Reads the answer to [`look`](super::statements::look::look): what is there, and what the books say.
pub(super) fn look(
    schema: &GoldSchema,
    rows: Vec<Row>,
) -> Result<(Catalog, Known), WarehouseError> {
    let check = failed("check", "gold's tables and views");
    let (mut catalog, mut known) = (Catalog::new(), Known::default());
    for row in rows {
        match text(&row, 0).map_err(&check)?.as_str() {
            COLUMNS => column(&mut catalog, &row).map_err(&check)?,
            VIEWS => view(&mut catalog, &row).map_err(&check)?,
            part => {
                if let Some(book) = BOOKS.iter().find(|book| book.name == part) {
                    known.add(schema, book.name, &book_row(row))?;
                }
            }
        }
    }
    Ok((catalog, known))
}

fn column(catalog: &mut Catalog, row: &Row) -> Result<(), Error> {
    let kind = text(row, 4)?;
    // Some servers have nulls here for types without a length, a precision or a scale.
    let number = |index| Ok::<i32, Error>(row.try_get::<i32, _>(index)?.unwrap_or(0));
    let declared = CatalogType {
        name: &kind,
        length: number(5)?,
        precision: number(6)?,
        scale: number(7)?,
    };
    let found = catalog.entry(text(row, 1)?.to_ascii_lowercase());
    let found = found.or_default();
    found.is_view = text(row, 2)?.trim() == "V";
    found.columns.push(ColumnDefinition {
        name: text(row, 3)?,
        kind: declared.declared(),
        required: number(8)? == 0,
        is_key: number(9)? != 0,
        is_indexed: number(10)? != 0,
    });
    Ok(())
}

fn view(catalog: &mut Catalog, row: &Row) -> Result<(), Error> {
    let name = text(row, 1)?.to_ascii_lowercase();
    if let Some(found) = catalog.get_mut(&name) {
        found.text = row.try_get::<&str, _>(2)?.map(str::to_owned);
    }
    Ok(())
}

/// Returns a row of a book by the names of its columns, without its nulls.
pub(super) fn book_row(row: Row) -> BookRow {
    let names: Vec<String> = row
        .columns()
        .iter()
        .map(|column| column.name().to_ascii_lowercase())
        .collect();
    let named = names.into_iter().zip(cells(row));
    named
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// Reads an answer of one number, if there is one.
pub(super) fn number(rows: &[Row]) -> Option<i32> {
    rows.first().and_then(|row| row.get::<i32, _>(0))
}

/// Reads the answer to [`count`](super::statements::dml::count).
pub(super) fn count(rows: &[Row]) -> Result<u64, Error> {
    let count = integer(rows.first().ok_or_else(|| unexpected("count"))?, 0)?;
    u64::try_from(count).map_err(|_| unexpected("count"))
}

/// Returns the cells of a row as text.
pub(super) fn cells(row: Row) -> Vec<Option<String>> {
    // Gold has no columns of types without a text.
    row.into_iter()
        .map(|value| text_of(value).flatten())
        .collect()
}

/// Reads an answer to [`rows`](super::statements::dml::Reading::rows): how many rows were asked for, and those that are stored.
pub(super) fn stored(rows: Vec<Row>, table: &TableSchema) -> Result<(u64, Vec<StoredRow>), Error> {
    let mut rows = rows.into_iter();
    let asked = count(rows.next().as_slice())?;
    let holds = table.measures.iter().flat_map(MeasureColumn::holds);
    let holds: Vec<Holds> = holds.collect();
    let stored = rows.map(|row| {
        let number = usize::try_from(integer(&row, 0)?).map_err(|_| unexpected("number"))?;
        let values = row.into_iter().skip(1).zip(&holds);
        let parts = values.map(|(value, holds)| datum(value, *holds)).collect();
        Ok(StoredRow { number, parts })
    });
    Ok((asked, stored.collect::<Result<_, Error>>()?))
}

/// Returns a stored value; nothing if it is not what its column holds.
pub(super) fn datum(value: ColumnData<'static>, holds: Holds) -> Option<Datum> {
    Some(match (value, holds) {
        (ColumnData::I64(number), _) => number.map_or(Datum::Null, Datum::Int64),
        (ColumnData::F64(number), _) => number.map_or(Datum::Null, Datum::Double),
        (ColumnData::Bit(is_true), _) => is_true.map_or(Datum::Null, Datum::Bool),
        (ColumnData::String(text), _) => {
            text.map_or(Datum::Null, |text| Datum::Text(text.into_owned()))
        }
        (ColumnData::Binary(bytes), _) => {
            bytes.map_or(Datum::Null, |bytes| Datum::Bytes(bytes.into_owned()))
        }
        (ColumnData::Numeric(None) | ColumnData::Date(None) | ColumnData::DateTime2(None), _) => {
            Datum::Null
        }
        (ColumnData::Numeric(Some(number)), Holds::Value(ValueType::Decimal { scale, .. })) => {
            let missing = u32::from(scale.checked_sub(number.scale())?);
            let unscaled = number.value().checked_mul(10_i128.checked_pow(missing)?)?;
            Datum::Decimal(unscaled)
        }
        (ColumnData::Date(Some(date)), _) => {
            Datum::Date(i32::try_from(date.days()).ok()? - DAYS_TO_1970)
        }
        (ColumnData::DateTime2(Some(time)), _) => Datum::Timestamp(micros(time)?),
        _ => return None,
    })
}

/// Returns the name of a column of any query, and the type of what it shows.
pub(super) fn column_kind(column: &Column) -> (String, ValueType) {
    let kind = match column.column_type() {
        ColumnType::Int1
        | ColumnType::Int2
        | ColumnType::Int4
        | ColumnType::Int8
        | ColumnType::Intn => ValueType::Int64,
        ColumnType::Float4 | ColumnType::Float8 | ColumnType::Floatn => ValueType::Double,
        ColumnType::Decimaln | ColumnType::Numericn => ValueType::Decimal {
            precision: MAX_PRECISION,
            scale: 0,
        },
        ColumnType::Bit | ColumnType::Bitn => ValueType::Bool,
        ColumnType::Daten => ValueType::Date,
        ColumnType::Datetime2 => ValueType::Timestamp,
        _ => ValueType::Text,
    };
    (column.name().to_owned(), kind)
}

/// Returns the cells of a row of any query as text.
pub(super) fn any_cells(row: Row) -> Result<Vec<Option<String>>, Error> {
    let names: Vec<String> = row.columns().iter().map(|c| c.name().to_owned()).collect();
    let cells = names.into_iter().zip(row);
    // What is left out must not look like a null.
    let unknown = |name: String| {
        Error::Conversion(
            format!(
                "column {name} has a type that is not shown; cast it, as in CAST(… AS nvarchar(40))"
            )
            .into(),
        )
    };
    cells
        .map(|(name, value)| text_of(value).ok_or_else(|| unknown(name)))
        .collect()
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

/// Returns a value as text, a null as nothing; nothing at all where its type is none that gold has.
fn text_of(value: ColumnData<'static>) -> Option<Option<String>> {
    Some(match value {
        ColumnData::U8(number) => number.map(|number| number.to_string()),
        ColumnData::I16(number) => number.map(|number| number.to_string()),
        ColumnData::I32(number) => number.map(|number| number.to_string()),
        ColumnData::I64(number) => number.map(|number| number.to_string()),
        ColumnData::F32(number) => number.map(|number| number.to_string()),
        ColumnData::F64(number) => number.map(|number| number.to_string()),
        ColumnData::Bit(is_true) => is_true.map(|is_true| is_true.to_string()),
        ColumnData::String(text) => text.map(|text| text.into_owned()),
        ColumnData::Numeric(number) => number.map(|n| decimal::format(n.value(), n.scale())),
        ColumnData::Binary(bytes) => bytes.map(|bytes| hex(&bytes)),
        ColumnData::Date(None) | ColumnData::DateTime2(None) => None,
        ColumnData::Date(Some(date)) => {
            let day = i32::try_from(date.days()).ok()? - DAYS_TO_1970;
            let day = NaiveDate::from_epoch_days(day)?;
            Some(day.format("%Y-%m-%d").to_string())
        }
        ColumnData::DateTime2(Some(time)) => {
            let instant = DateTime::from_timestamp_micros(micros(time)?)?;
            let format = match time.time().scale() {
                0 => SecondsFormat::Secs,
                _ => SecondsFormat::Micros,
            };
            Some(instant.to_rfc3339_opts(format, true))
        }
        _ => return None,
    })
}

/// Returns the microseconds from 1970 to a time of at most 6 digits of a second.
fn micros(time: DateTime2) -> Option<i64> {
    let days = i64::from(time.date().days()) - i64::from(DAYS_TO_1970);
    let scale = time.time().scale();
    let unit = 10_i64.checked_pow(6_u32.checked_sub(u32::from(scale))?)?;
    let of_day = i64::try_from(time.time().increments()).ok()? * unit;
    Some(days * 86_400_000_000 + of_day)
}

#[cfg(test)]
mod tests {
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, Time};

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
            let text = text_of(value).unwrap();
            assert_eq!(text.as_deref(), expected);
        }
        // What cannot be shown is no null.
        for value in [time(3_600, 7), ColumnData::Guid(None)] {
            assert_eq!(text_of(value), None);
        }
    }
}
