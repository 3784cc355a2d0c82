//! What DuckDB answers: two files of CSV, one with the columns and their types, one with the rows; pure.
//!
//! All values are in quotes, so that a null, which is not, differs from an empty text.

use sluice::warehouse::Answer;
use sluice::warehouse::schema::ValueType;

/// Reads an answer; nothing if it is none. There are more rows if there is one more than `most`.
pub(super) fn read(columns: &str, rows: &str, most: usize) -> Option<Answer> {
    let columns = parse(columns)?.into_iter().map(|row| {
        let mut cells = row.into_iter();
        let (name, kind) = (cells.next()??, cells.next()??);
        Some((name, kind_of(&kind)))
    });
    let columns: Vec<(String, ValueType)> = columns.collect::<Option<_>>()?;
    let mut rows = parse(rows)?;
    for row in &mut rows {
        for (value, (_, kind)) in row.iter_mut().zip(&columns) {
            if *kind == ValueType::Timestamp {
                *value = value.take().map(|text| in_utc(&text));
            }
        }
    }
    let is_cut = rows.len() > most;
    rows.truncate(most);
    Some(Answer {
        columns,
        rows,
        is_cut,
    })
}

fn kind_of(kind: &str) -> ValueType {
    match kind {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "UHUGEINT" => ValueType::Int64,
        "FLOAT" | "DOUBLE" => ValueType::Double,
        "BOOLEAN" => ValueType::Bool,
        "DATE" => ValueType::Date,
        "TIMESTAMP WITH TIME ZONE" => ValueType::Timestamp,
        decimal if decimal.starts_with("DECIMAL(") && decimal.ends_with(')') => {
            ValueType::Decimal {
                precision: 38,
                scale: 0,
            }
        }
        _ => ValueType::Text,
    }
}

/// Writes a time as every other command does: DuckDB, told to use UTC, says `2025-11-14 11:44:34.5+00`.
fn in_utc(text: &str) -> String {
    match text.strip_suffix("+00").map(|text| text.split_once(' ')) {
        Some(Some((day, time))) => format!("{day}T{time}Z"),
        _ => text.to_owned(),
    }
}

/// Reads rows of cells; nothing if a quote is not closed.
fn parse(text: &str) -> Option<Vec<Vec<Option<String>>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut letters = text.chars().peekable();
    while letters.peek().is_some() {
        row.push(cell(&mut letters)?);
        match letters.next() {
            // A null may be the last one of a file without an end of line.
            Some(',') if letters.peek().is_none() => row.push(None),
            Some(',') | None => {}
            Some('\r') => {
                letters.next_if_eq(&'\n');
                rows.push(std::mem::take(&mut row));
            }
            Some('\n') => rows.push(std::mem::take(&mut row)),
            Some(_) => return None,
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    Some(rows)
}

/// Takes a cell off the front; nothing if its quote is not closed.
fn cell(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Option<String>> {
    let mut text = String::new();
    if letters.next_if_eq(&'"').is_none() {
        while let Some(letter) = letters.next_if(|letter| !matches!(*letter, ',' | '\n' | '\r')) {
            text.push(letter);
        }
        return Some((!text.is_empty()).then_some(text));
    }
    loop {
        match letters.next()? {
            '"' if letters.next_if_eq(&'"').is_none() => return Some(Some(text)),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_types_nulls_and_times_in_utc() {
        let columns = "\"n\",\"HUGEINT\"\n\"t\",\"TIMESTAMP WITH TIME ZONE\"\n\"x\",\"VARCHAR\"\n\"d\",\"DECIMAL(38,2)\"\n";
        let rows = "\"170141183460469231731687303715884105727\",\"2025-11-14 11:44:34.00001+00\",\"a \"\"b\"\",\nc\",\"0.10\"\n,\"infinity\",\"\",\n\"1\",,\"\",";
        let answer = read(columns, rows, 2).unwrap();
        assert_eq!(answer.columns[1], ("t".to_owned(), ValueType::Timestamp));
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(
            answer.rows,
            [
                vec![
                    cell("170141183460469231731687303715884105727"),
                    cell("2025-11-14T11:44:34.00001Z"),
                    cell("a \"b\",\nc"),
                    cell("0.10")
                ],
                vec![None, cell("infinity"), cell(""), None],
            ]
        );
        assert!(answer.is_cut);
        assert!(!read(columns, rows, 3).unwrap().is_cut);
        assert_eq!(read(columns, rows, 3).unwrap().rows[2].len(), 4);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        assert_eq!(read("\"a\",\"INTEGER\"\n", "\"open", 1), None);
        assert_eq!(read("\"a\"\n", "", 1), None);
        assert_eq!(read("\"a\",\"INTEGER\"\n", "\"a\"b", 1), None);
        assert!(read("\"a\",\"INTEGER\"\n", "", 1).unwrap().rows.is_empty());
    }
}
