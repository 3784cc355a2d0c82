//! Compares gold, as any client of SQLite reads it, with what was sent.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::differences::Differences;
use super::expected::{Expected, Groups, NULL, Table};

/// How far the estimate of a number of customers may be off: five times its standard error of 1.6 %.
const ESTIMATE: f64 = 0.08;

/// Compares every table of gold in the file at `path`.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn compare(
    path: &Path,
    expected: &Expected,
    found: &mut Differences,
) -> rusqlite::Result<()> {
    let gold = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    for table in expected.tables() {
        compare_groups(&table, read(&gold, &table)?, found);
    }
    compare_customers(&gold, expected, found)
}

fn read(gold: &Connection, table: &Table) -> rusqlite::Result<Vec<Vec<String>>> {
    // The names are those of the dataset file, not of data.
    let columns = table.columns.join(", ");
    let mut statement = gold.prepare(&format!("SELECT {columns} FROM {}", table.name))?;
    let cells = |row: &Row<'_>| (0..table.columns.len()).map(|at| cell(row, at)).collect();
    statement.query_map([], cells)?.collect()
}

fn cell(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => NULL.to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    })
}

/// Compares the rows of one table, each of which is a group of its own.
fn compare_groups(table: &Table, rows: Vec<Vec<String>>, found: &mut Differences) {
    let name = table.name;
    let mut groups = Groups::new();
    for mut row in rows {
        let measures = row.split_off(table.keys.min(row.len()));
        if groups.insert(row.clone(), measures).is_some() {
            found.add(|| format!("{name}: {} is there twice", shown(&row)));
        }
    }
    for (group, measures) in &table.groups {
        match groups.remove(group) {
            None => found.add(|| format!("{name}: {} is missing", shown(group))),
            Some(is) if is != *measures => found.add(|| {
                format!(
                    "{name}: {} has {}, and what was sent makes {}",
                    shown(group),
                    shown(&is),
                    shown(measures)
                )
            }),
            Some(_) => found.agrees(),
        }
    }
    for group in groups.keys() {
        found.add(|| {
            format!(
                "{name}: {} is there, and nothing was sent for it",
                shown(group)
            )
        });
    }
}

fn compare_customers(
    gold: &Connection,
    expected: &Expected,
    found: &mut Differences,
) -> rusqlite::Result<()> {
    const NAME: &str = "gold_daily_customers";
    let mut statement = gold.prepare(&format!("SELECT day, customers FROM {NAME}"))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let estimates: BTreeMap<String, i64> = rows.collect::<rusqlite::Result<_>>()?;
    let customers = expected.customers();
    let days = |of: Vec<&String>| of.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let (are, ought) = (
        days(estimates.keys().collect()),
        days(customers.keys().collect()),
    );
    if are != ought {
        found.add(|| format!("{NAME}: the days {are}, and what was sent makes {ought}"));
        return Ok(());
    }
    for (day, count) in customers {
        let estimate = estimates.get(&day).copied().unwrap_or_default();
        let (estimate, exact) = (estimate as f64, count as f64);
        // Few are counted exactly, and a rounded one is not more than one off.
        match (estimate - exact).abs() <= exact * ESTIMATE + 1.0 {
            true => found.agrees(),
            false => found.add(|| format!("{NAME}: {day} has {estimate}, and {exact} were sent")),
        }
    }
    Ok(())
}

/// Cells for people.
fn shown(cells: &[String]) -> String {
    match cells {
        [] => "the only row".to_owned(),
        cells => cells.join(" ").replace(NULL, "null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What three orders make.
    fn expected() -> Expected {
        let mut expected = Expected::default();
        for (order, cents, customer) in [(1, 100, "a"), (2, 250, "a"), (3, 5, "b")] {
            let body = format!(
                r#"{{"order_id": {order}, "amount": {}.{:02}, "timestamp": 1763120674.343, "customer_id": "{customer}"}}"#,
                cents / 100,
                cents % 100
            );
            expected.take(Some(body.as_bytes()), 1_763_120_674_343);
        }
        expected
    }

    /// The rows that agree with a table.
    fn rows(table: &Table) -> Vec<Vec<String>> {
        let rows = table.groups.iter();
        rows.map(|(group, cells)| [group.as_slice(), cells].concat())
            .collect()
    }

    fn differences(table: &Table, rows: Vec<Vec<String>>) -> Vec<String> {
        let mut found = Differences::default();
        compare_groups(table, rows, &mut found);
        found.list()
    }

    #[test]
    fn sums_and_periods_are_those_of_the_dataset_file() {
        let tables = expected().tables();
        let row = |name: &str, at: usize| {
            let table = tables.iter().find(|table| table.name == name).unwrap();
            rows(table)[at].join(" ")
        };
        assert_eq!(row("gold_daily_orders", 0), "2025-11-14 3 3.55");
        assert_eq!(
            row("gold_hourly_revenue", 0),
            "2025-11-14T11:00:00Z 3 3.55 2.50"
        );
        assert_eq!(
            row("gold_total_revenue", 0),
            "3 3.55 3 3.55 2025-11-14T11:44:34.343000Z 2025-11-14T11:44:34.343000Z"
        );
        assert_eq!(
            row("gold_customer_totals", 1),
            "b 1 0.05 2025-11-14T11:44:34.343000Z"
        );
        assert_eq!(row("gold_live_revenue", 0), "2025-11-14T11:40:00Z 3 3.55");
        assert_eq!(
            row("gold_customer_windows", 0),
            "2025-11-14T11:40:00Z a 2 2"
        );
        assert_eq!(
            expected().customers(),
            [("2025-11-14".to_owned(), 2)].into()
        );
    }

    #[test]
    fn a_table_that_agrees_has_no_difference_and_every_other_has_one() {
        for table in expected().tables() {
            let good = rows(&table);
            assert_eq!(differences(&table, good.clone()), Vec::<String>::new());

            let missing = good.iter().skip(1).cloned().collect();
            assert!(
                differences(&table, missing)[0].contains("is missing"),
                "{table:?}"
            );

            let twice = good.iter().chain(&good[..1]).cloned().collect();
            assert!(
                differences(&table, twice)[0].contains("is there twice"),
                "{table:?}"
            );

            if table.keys > 0 {
                let mut more = good.clone();
                let mut row = good[0].clone();
                row[0].push('x');
                more.push(row);
                assert!(differences(&table, more)[0].contains("nothing was sent for it"));
            }
        }
    }

    #[test]
    fn a_sum_that_is_off_by_a_cent_is_a_difference() {
        let tables = expected().tables();
        let mut off = rows(&tables[0]);
        off[0][2] = "3.54".to_owned();
        assert_eq!(
            differences(&tables[0], off),
            ["gold_daily_orders: 2025-11-14 has 3 3.54, and what was sent makes 3 3.55"]
        );
    }
}
