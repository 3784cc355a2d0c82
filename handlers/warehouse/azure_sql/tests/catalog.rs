//! What `ensure` finds and does.

use super::*;
use crate::warehouse::azure_sql::statements::ddl::{MARK, create_view};
use crate::warehouse::azure_sql::statements::ensure::{Catalog, CatalogType, Found, plan};
use crate::warehouse::dialect;
use crate::warehouse::dialect::ColumnDefinition;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::schema::{FRESHNESS, PROGRESS};

fn gold() -> SqlSchema {
    SqlSchema("gold".into())
}

/// The catalog after everything was created.
fn complete(schema: &GoldSchema) -> Catalog {
    let mut catalog = Catalog::new();
    for table in dialect::tables(schema, &gold()) {
        let found = Found {
            columns: table.columns,
            ..Found::default()
        };
        catalog.insert(table.name, found);
    }
    for view in dialect::views(schema, &gold()).unwrap() {
        let columns = view
            .columns
            .clone()
            .into_iter()
            .map(|name| ColumnDefinition {
                name,
                kind: String::new(),
                required: false,
                is_key: false,
            });
        let found = Found {
            is_view: true,
            columns: columns.collect(),
            text: Some(create_view(&gold(), &view)),
        };
        catalog.insert(view.name, found);
    }
    catalog
}

/// Returns the batches that create what is missing where every table fits.
fn batches(schema: &GoldSchema, catalog: &Catalog) -> Vec<String> {
    let (batches, unfit) = plan(schema, &gold(), catalog).unwrap();
    assert!(unfit.is_empty(), "{unfit:?}");
    batches
}

fn problems(catalog: &Catalog) -> String {
    let error = match plan(&schema_of(TABLES), &gold(), catalog) {
        Ok((_, mut unfit)) => unfit.remove(&TableIndex::new(0)).unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), FailureKind::Permanent);
    error.to_string()
}

#[test]
fn an_empty_database_gets_schema_books_tables_and_views_in_this_order() {
    let batches = batches(&schema_of(TABLES), &Catalog::new());
    let starts: Vec<String> = batches
        .iter()
        .map(|batch| batch.lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        starts,
        [
            "IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER(N'gold'))",
            "CREATE TABLE [gold].[sluice_progress] (",
            "CREATE TABLE [gold].[sluice_freshness] (",
            "CREATE TABLE [gold].[daily] (",
            "DELETE FROM [gold].[sluice_progress] WHERE [gold_table] = N'daily'",
            "DELETE FROM [gold].[sluice_freshness] WHERE [gold_table] = N'daily'",
            "CREATE VIEW [gold].[daily_report] AS",
            "CREATE VIEW [gold].[top] AS",
        ]
    );
    let daily = "CREATE TABLE [gold].[daily] (\n    [day] date NOT NULL,\n    [_key] binary(16) NOT NULL,\n    \
                 [who] nvarchar(max) NULL,\n    [n] bigint NOT NULL,\n    [total] decimal(38,2) NULL,\n    [mean_sum] decimal(38,2) NULL,\n    [mean_count] bigint NOT NULL,\n    \
                 PRIMARY KEY ([day], [_key])\n)";
    assert_eq!(batches[3], daily);
}

#[test]
fn a_complete_database_needs_nothing_also_where_texts_are_hidden_or_names_lowered() {
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    assert!(batches(&schema, &catalog).is_empty());
    for found in catalog.values_mut() {
        found.text = None;
        for column in &mut found.columns {
            column.name = column.name.to_ascii_uppercase();
        }
    }
    assert!(batches(&schema, &catalog).is_empty());
}

#[test]
fn a_table_that_does_not_fit_is_refused_with_its_columns() {
    let schema = schema_of(TABLES);
    let change = |table: &str, change: fn(&mut Vec<ColumnDefinition>)| {
        let mut catalog = complete(&schema);
        change(&mut catalog.get_mut(table).unwrap().columns);
        problems(&catalog)
    };
    let text = change("daily", |columns| {
        columns[2].name = "whom".into();
        columns[4].kind = "decimal(18,2)".into();
        columns[1].is_key = false;
    });
    for part in [
        "gold table daily does not fit",
        "column who is missing",
        "column whom is unknown",
        "column total is decimal(18,2), not decimal(38,2)",
        "column _key is not in the primary key",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = change("daily", |columns| columns[4].required = true);
    assert!(text.contains("column total refuses nulls"), "{text}");
    let text = change(PROGRESS, |columns| columns[3].is_key = true);
    assert!(
        text.contains("column version is in the primary key"),
        "{text}"
    );
    let text = change(FRESHNESS, |columns| columns.truncate(2));
    assert!(text.contains("column last_run is missing"), "{text}");
}

#[test]
fn a_table_and_a_view_do_not_stand_for_each_other() {
    let schema = schema_of(TABLES);
    for (name, expected) in [
        ("daily", "it is a view"),
        ("top", "its view top is a table, not a view"),
    ] {
        let mut catalog = complete(&schema);
        let found = catalog.get_mut(name).unwrap();
        found.is_view = !found.is_view;
        let text = problems(&catalog);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_view_follows_the_dataset_file() {
    let catalog = complete(&schema_of(TABLES));
    let changed = schema_of(&TABLES.replace("top = 2", "top = 3"));
    let made = batches(&changed, &catalog);
    assert_eq!(made.len(), 2);
    assert_eq!(made[0], "DROP VIEW IF EXISTS [gold].[top]");
    assert!(made[1].contains("SELECT TOP (3)") && made[1].contains(MARK));

    // Where the text is hidden, only other columns are noticed.
    let mut hidden = catalog.clone();
    hidden.get_mut("top").unwrap().text = None;
    assert!(batches(&changed, &hidden).is_empty());
    hidden.get_mut("top").unwrap().columns.pop();
    assert_eq!(batches(&changed, &hidden).len(), 2);
}

#[test]
fn a_table_that_was_dropped_starts_from_nothing() {
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    catalog.remove("daily");
    let batches = batches(&schema, &catalog);
    assert_eq!(batches.len(), 3);
    assert!(batches[1].starts_with("DELETE FROM [gold].[sluice_progress]"));
}

#[test]
fn types_are_read_as_they_are_declared() {
    let declared = |name, length, precision, scale| {
        let kind = CatalogType {
            name,
            length,
            precision,
            scale,
        };
        kind.declared()
    };
    for (found, expected) in [
        (declared("nvarchar", -1, 0, 0), "nvarchar(max)"),
        (declared("nvarchar", 256, 0, 0), "nvarchar(128)"),
        (declared("numeric", 17, 38, 2), "decimal(38,2)"),
        (declared("DECIMAL", 17, 38, 0), "decimal(38,0)"),
        (declared("datetime2", 8, 26, 6), "datetime2(6)"),
        (declared("datetime2", 6, 19, 0), "datetime2(0)"),
        (declared("binary", 16, 0, 0), "binary(16)"),
        (declared("bigint", 8, 19, 0), "bigint"),
        (declared("float", 8, 53, 0), "float"),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn only_a_plain_name_is_a_schema() {
    for name in ["gold", "Reports_2"] {
        assert!(SqlSchema::named(Some(name)).is_ok());
    }
    assert_eq!(SqlSchema::named(None).unwrap().0, DEFAULT_SCHEMA);
    for name in ["", "a b", "a]", "1a", "_a", "a;b", "dbo.x"] {
        assert!(SqlSchema::named(Some(name)).is_err(), "{name}");
    }
}

/// Answers the catalog's queries with a catalog.
fn described(catalog: &Catalog, request: &Request) -> Answer {
    let text = |text: &str| Cell::Text(text.to_owned());
    let Request::Sql(sql) = request else {
        return healthy(request);
    };
    if sql == ensure::READ_COLUMNS {
        let mut rows = Vec::new();
        for (name, found) in catalog {
            for column in &found.columns {
                let (kind, sizes) = sizes(&column.kind);
                let mut row = vec![
                    text(name),
                    text(if found.is_view { "V " } else { "U " }),
                    text(&column.name),
                    text(kind),
                ];
                row.extend(sizes.map(Cell::Int));
                row.push(Cell::Int((!column.required).into()));
                row.push(Cell::Int(column.is_key.into()));
                rows.push(row);
            }
        }
        let columns = [vec![Column::Text; 4], vec![Column::Int; 5]].concat();
        return Answer::Table(columns, rows);
    }
    if sql == ensure::READ_VIEWS {
        let views = catalog.iter().filter_map(|(name, found)| {
            let shown = found.text.as_deref()?;
            Some(vec![text(name), text(shown)])
        });
        return Answer::Table(vec![Column::Text; 2], views.collect());
    }
    healthy(request)
}

/// Returns name, length, precision and scale of the declared type, as far as the tests need them.
fn sizes(declared: &str) -> (&str, [i32; 3]) {
    match declared {
        "nvarchar(max)" => ("nvarchar", [-1, 0, 0]),
        "nvarchar(128)" => ("nvarchar", [256, 0, 0]),
        "nvarchar(64)" => ("nvarchar", [128, 0, 0]),
        "binary(16)" => ("binary", [16, 0, 0]),
        "decimal(38,2)" => ("decimal", [17, 38, 2]),
        "datetime2(0)" => ("datetime2", [6, 19, 0]),
        "datetime2(6)" => ("datetime2", [8, 26, 6]),
        other => (other, [8, 0, 0]),
    }
}

#[tokio::test]
async fn without_the_right_to_create_a_complete_database_is_only_read() {
    let catalog = complete(&schema_of(TABLES));
    let server = Server::start(move |_, request| described(&catalog, request)).await;
    warehouse(&server).ensure().await.unwrap();
    let asked = server.statements();
    assert_eq!(
        asked,
        [dml::SESSION, ensure::READ_COLUMNS, ensure::READ_VIEWS]
    );
}

#[tokio::test]
async fn what_is_missing_is_created_in_one_transaction_after_a_second_look() {
    let server = Server::start(|_, request| described(&Catalog::new(), request)).await;
    warehouse(&server).ensure().await.unwrap();
    let asked = server.statements();
    assert!(asked[3].starts_with("BEGIN TRANSACTION"), "{asked:#?}");
    assert_eq!(asked[4], ensure::READ_COLUMNS);
    assert!(asked[6].starts_with("IF NOT EXISTS"));
    assert_eq!(
        asked
            .iter()
            .filter(|sql| sql.starts_with("CREATE TABLE"))
            .count(),
        3
    );
    assert_eq!(asked.last().unwrap(), dml::COMMIT);

    let refused = failing_once(
        "CREATE TABLE",
        Answer::Error(262, "CREATE TABLE permission denied"),
    );
    let mut refused = refused;
    let server = Server::start(
        move |connection, request| match refused(connection, request) {
            Answer::Error(number, text) => Answer::Error(number, text),
            _ => described(&Catalog::new(), request),
        },
    )
    .await;
    let error = warehouse(&server).ensure().await.unwrap_err();
    assert_eq!(error.to_string(), "create gold's tables and views");
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert!(!server.statements().contains(&dml::COMMIT.to_owned()));
}
