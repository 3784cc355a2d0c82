//! What a look finds and what is done then.

use super::*;
use crate::warehouse::Prepared;
use crate::warehouse::azure_sql::statements::ddl::{MARK, show_view};
use crate::warehouse::azure_sql::statements::look::CatalogType;
use crate::warehouse::dialect::{self, Catalog, ColumnDefinition, Found, Known, Upkeep};
use crate::warehouse::schema::{BALANCE, FRESHNESS, TableSchema};

fn table(columns: Vec<ColumnDefinition>) -> Found {
    Found {
        columns,
        ..Found::default()
    }
}

fn progress(schema: &GoldSchema) -> Progress {
    Progress {
        generation: 1,
        definition: schema.tables[0].definition.clone(),
        version: Version(7),
        physical: Some("daily__1".to_owned()),
        made: 1,
        rankings: schema.views_of(TableIndex::new(0)),
        ..Progress::default()
    }
}

/// What the books say after the table was made.
fn known(schema: &GoldSchema) -> Known {
    Known {
        progress: BTreeMap::from([("daily".to_owned(), progress(schema))]),
        ..Known::default()
    }
}

/// The catalog after everything was created.
fn complete(schema: &GoldSchema) -> Catalog {
    let mut catalog = Catalog::new();
    for book in dialect::books(schema, &gold()) {
        catalog.insert(book.name, table(book.columns));
    }
    let daily = &schema.tables[0];
    let rows = dialect::columns(daily, &gold());
    catalog.insert("daily__1".to_owned(), table(rows));
    let index = TableIndex::new(0);
    let views = dialect::views(schema, index, "daily__1", &gold()).unwrap();
    for view in views.into_iter().chain([dialect::balance(&gold())]) {
        let columns = view.columns.iter().map(|name| ColumnDefinition {
            name: name.clone(),
            kind: String::new(),
            required: false,
            is_key: false,
            is_indexed: false,
        });
        let found = Found {
            is_view: true,
            columns: columns.collect(),
            text: Some(show_view(&gold(), &view)),
        };
        catalog.insert(view.name, found);
    }
    catalog
}

/// The catalog that the first build left: books of few columns, a table under the public name.
fn earlier(schema: &GoldSchema) -> Catalog {
    let mut catalog = complete(schema);
    for (book, columns) in [("sluice_progress", 4), ("sluice_freshness", 5)] {
        catalog.get_mut(book).unwrap().columns.truncate(columns);
    }
    for later in ["sluice_next", "sluice_builds", "sluice_old", BALANCE] {
        catalog.remove(later);
    }
    let rows = catalog.remove("daily__1").unwrap();
    catalog.insert("daily".to_owned(), rows);
    catalog
}

fn upkeep(schema: &GoldSchema, catalog: &Catalog, known: Known) -> Upkeep {
    dialect::upkeep(schema, &gold(), catalog, known).unwrap()
}

/// Returns how the batches begin that make everything complete where every table fits.
fn batches(schema: &GoldSchema, catalog: &Catalog, known: Known) -> Vec<String> {
    let Upkeep {
        standing,
        statements,
    } = upkeep(schema, catalog, known);
    assert!(standing.unfit.is_empty(), "{standing:?}");
    assert_eq!(standing.is_incomplete, !statements.is_empty());
    let first_lines = statements.iter().filter_map(|batch| batch.lines().next());
    first_lines.map(str::to_owned).collect()
}

/// Returns why the table does not fit.
fn problems(catalog: &Catalog, known: Known) -> String {
    let schema = schema_of(TABLES);
    let error = match dialect::upkeep(&schema, &gold(), catalog, known) {
        Ok(mut found) => found.standing.unfit.remove(&TableIndex::new(0)).unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), FailureKind::Permanent);
    error.to_string()
}

#[test]
fn an_empty_database_gets_its_books() {
    let found = batches(&schema_of(TABLES), &Catalog::new(), Known::default());
    assert_eq!(
        found,
        [
            "CREATE TABLE [gold].[sluice_progress] (",
            "CREATE TABLE [gold].[sluice_freshness] (",
            "CREATE TABLE [gold].[sluice_next] (",
            "CREATE TABLE [gold].[sluice_builds] (",
            "CREATE TABLE [gold].[sluice_old] (",
            "CREATE OR ALTER VIEW [gold].[sluice_balance] AS",
        ]
    );
    let daily: &TableSchema = &schema_of(TABLES).tables[0];
    let daily = dialect::table(daily, "daily__1", &gold()).create(&gold());
    let expected = "CREATE TABLE [gold].[daily__1] (\n    [day] date NOT NULL,\n    [_key] binary(16) NOT NULL,\n    \
                    [who] nvarchar(max) NULL,\n    [n] bigint NOT NULL,\n    [total] decimal(38,2) NULL,\n    [mean_sum] decimal(38,2) NULL,\n    [mean_count] bigint NOT NULL,\n    \
                    PRIMARY KEY ([day], [_key])\n)";
    assert_eq!(daily, expected);
}

#[test]
fn a_complete_database_needs_nothing_also_where_texts_are_hidden_or_names_lowered() {
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    assert!(batches(&schema, &catalog, known(&schema)).is_empty());
    for found in catalog.values_mut() {
        found.text = None;
        for column in &mut found.columns {
            column.name = column.name.to_ascii_uppercase();
        }
    }
    assert!(batches(&schema, &catalog, known(&schema)).is_empty());
}

/// [`TABLES`] with a rule that looks for groups by a range of a measure.
const SILENT: &str = r#"
[[gold]]
table = "daily"
grain = "all"
by = ["who"]
measures = { seen = "max(at)" }
[[alert]]
name = "quiet"
on = "daily"
silent = "seen"
for = "30m"
"#;

#[test]
fn a_measure_by_whose_range_a_rule_looks_for_groups_has_an_index() {
    let schema = schema_of(SILENT);
    let index = "CREATE INDEX [seen] ON [gold].[daily__1] ([seen])";
    let made = dialect::table(&schema.tables[0], "daily__1", &gold()).create(&gold());
    assert!(made.ends_with(&format!(")\n);\n{index}")), "{made}");
    // A table that was made before there was such a rule gets it; where it is, nothing is to be done.
    let mut catalog = complete(&schema);
    assert!(batches(&schema, &catalog, known(&schema)).is_empty());
    for column in &mut catalog.get_mut("daily__1").unwrap().columns {
        column.is_indexed = false;
    }
    assert_eq!(batches(&schema, &catalog, known(&schema)), [index]);
    // So it is by the script of those who deploy by hand.
    let script = script(&schema, None).unwrap();
    assert_eq!(script.matches("CREATE INDEX [seen]").count(), 3, "{script}");
    // Without a rule there is none, and one that somebody has made is no difference.
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    let columns = &mut catalog.get_mut("daily__1").unwrap().columns;
    assert!(columns.iter().all(|column| !column.is_indexed));
    columns[3].is_indexed = true;
    assert!(batches(&schema, &catalog, known(&schema)).is_empty());
}

#[test]
fn a_table_that_does_not_fit_is_refused_with_its_columns() {
    let schema = schema_of(TABLES);
    let change = |table: &str, change: fn(&mut Vec<ColumnDefinition>)| {
        let mut catalog = complete(&schema);
        change(&mut catalog.get_mut(table).unwrap().columns);
        problems(&catalog, known(&schema))
    };
    let text = change("daily__1", |columns| {
        columns[2].name = "whom".into();
        columns[4].kind = "decimal(18,2)".into();
        columns[1].is_key = false;
    });
    for part in [
        "gold table daily does not fit",
        "run `sluice rebuild gold --table daily`",
        "column who is missing",
        "column whom is unknown",
        "column total is decimal(18,2), not decimal(38,2)",
        "column _key is not in the primary key",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = change("daily__1", |columns| columns[4].required = true);
    assert!(text.contains("column total refuses nulls"), "{text}");
    let text = change(PROGRESS, |columns| columns[3].is_key = true);
    assert!(
        text.contains("column version is in the primary key"),
        "{text}"
    );
    let text = change(PROGRESS, |columns| drop(columns.remove(2)));
    assert!(text.contains("column definition is missing"), "{text}");
}

#[test]
fn a_table_of_another_definition_is_left_as_it_is() {
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    catalog.get_mut("daily__1").unwrap().columns.truncate(3);
    let mut known = known(&schema);
    known.progress.get_mut("daily").unwrap().definition = "another".to_owned();
    assert!(batches(&schema, &catalog, known).is_empty());
}

#[test]
fn a_table_and_a_view_do_not_stand_for_each_other() {
    let schema = schema_of(TABLES);
    for (name, expected) in [
        ("daily", "it is a table, not a view"),
        ("daily__1", "its table daily__1 is a view"),
        ("top", "its view top is a table, not a view"),
    ] {
        let mut catalog = complete(&schema);
        let found = catalog.get_mut(name).unwrap();
        found.is_view = !found.is_view;
        let text = problems(&catalog, known(&schema));
        assert!(text.contains(expected), "{text}");
    }
    let mut catalog = earlier(&schema);
    catalog.get_mut("daily").unwrap().is_view = true;
    let mut known = known(&schema);
    known.progress.get_mut("daily").unwrap().physical = None;
    let text = problems(&catalog, known);
    assert!(text.contains("it is a view"), "{text}");
}

#[test]
fn a_view_of_somebody_elses_under_a_public_name_is_refused() {
    let schema = schema_of(TABLES);
    for view in ["daily", "daily_report", "top"] {
        let mut catalog = complete(&schema);
        let own = "CREATE VIEW x AS SELECT 1 AS [one]".to_owned();
        catalog.get_mut(view).unwrap().text = Some(own);
        for known in [known(&schema), Known::default()] {
            let text = problems(&catalog, known);
            let expected = format!("cannot be shown as {view}, which is a view that gold has not");
            assert!(text.contains(&expected), "{text}");
        }
    }
    // Where texts are hidden the books tell.
    let mut catalog = complete(&schema);
    catalog.get_mut("top").unwrap().text = None;
    let mut without = known(&schema);
    without.progress.get_mut("daily").unwrap().rankings = None;
    let text = problems(&catalog, without);
    assert!(text.contains("drop or rename top"), "{text}");
    let mut of_another = known(&schema);
    let others = [("top".to_owned(), "things".to_owned())];
    of_another.others.extend(others);
    let text = problems(&complete(&schema), of_another);
    assert!(
        text.contains("top, which is a name of dataset things here"),
        "{text}"
    );
}

#[test]
fn what_has_the_name_of_the_balance_and_is_anothers_is_refused() {
    let schema = schema_of(TABLES);
    let mut catalog = complete(&schema);
    let found = catalog.get_mut(BALANCE).unwrap();
    found.text = Some("CREATE VIEW x AS SELECT 1 AS [one]".to_owned());
    let text = problems(&catalog, known(&schema));
    assert!(text.contains("gold has not made it"), "{text}");
    catalog.get_mut(BALANCE).unwrap().is_view = false;
    let text = problems(&catalog, known(&schema));
    assert!(text.contains("it is a table, not a view"), "{text}");
    assert!(text.contains(BALANCE), "{text}");
}

#[test]
fn a_view_follows_the_dataset_file_and_the_table_that_has_the_rows() {
    let schema = schema_of(TABLES);
    let catalog = complete(&schema);
    let changed = schema_of(&TABLES.replace("top = 2", "top = 3"));
    let made = upkeep(&changed, &catalog, known(&schema)).statements;
    assert_eq!(made.len(), 1);
    assert!(made[0].starts_with("CREATE OR ALTER VIEW [gold].[top]"));
    assert!(made[0].contains("SELECT TOP (3)") && made[0].contains(MARK));

    // Where the text is hidden, only other columns are noticed.
    let mut hidden = catalog.clone();
    hidden.get_mut("top").unwrap().text = None;
    assert!(batches(&changed, &hidden, known(&schema)).is_empty());
    hidden.get_mut("top").unwrap().columns.pop();
    assert_eq!(batches(&changed, &hidden, known(&schema)).len(), 1);

    let mut moved = catalog;
    let rows = moved.get("daily__1").unwrap().clone();
    moved.insert("daily__11".to_owned(), rows);
    let mut known = known(&schema);
    known.progress.get_mut("daily").unwrap().physical = Some("daily__11".to_owned());
    assert_eq!(batches(&schema, &moved, known.clone()).len(), 3);

    // A ranking that the file no longer has goes.
    let without = schema_of(TABLES.split_once("[[ranking]]").unwrap().0);
    let gone = batches(&without, &moved, known);
    assert_eq!(gone[2], "DROP VIEW IF EXISTS [gold].[top]");
    assert!(gone[3].contains("SET [rankings] = NULL"), "{gone:#?}");
}

#[test]
fn a_table_that_was_dropped_is_to_be_made() {
    let schema = schema_of(TABLES);
    for (catalog, physical) in [
        (complete(&schema), Some("daily__1".to_owned())),
        (earlier(&schema), None),
    ] {
        let mut catalog = catalog;
        catalog.remove(physical.as_deref().unwrap_or("daily"));
        let mut known = known(&schema);
        known.progress.get_mut("daily").unwrap().physical = physical;
        let standing = upkeep(&schema, &catalog, known).standing;
        assert_eq!(standing.gone.len(), 1);
        assert!(standing.missing.contains(&"daily".to_owned()));
    }
}

#[test]
fn a_database_of_an_earlier_build_is_made_one_of_this_by_one_rename_a_table() {
    let schema = schema_of(TABLES);
    let mut known = known(&schema);
    known.progress.get_mut("daily").unwrap().physical = None;
    let statements = upkeep(&schema, &earlier(&schema), known.clone()).statements;
    let added = statements
        .iter()
        .filter(|sql| sql.starts_with("ALTER TABLE"));
    assert_eq!(added.count(), 6 + 22);
    let rest: Vec<&str> = statements
        .iter()
        .filter(|sql| !sql.starts_with("ALTER TABLE"))
        .filter_map(|sql| sql.lines().next())
        .collect();
    assert_eq!(
        rest,
        [
            "CREATE TABLE [gold].[sluice_next] (",
            "CREATE TABLE [gold].[sluice_builds] (",
            "CREATE TABLE [gold].[sluice_old] (",
            "CREATE OR ALTER VIEW [gold].[sluice_balance] AS",
            "EXEC sp_rename @objname = N'[gold].[daily]', @newname = N'daily__1', @objtype = N'OBJECT'",
            "UPDATE [gold].[sluice_progress] SET [dataset] = N'orders', [physical] = N'daily__1', [n] = 1, [rankings] = N'top' WHERE [gold_table] = N'daily'",
            "CREATE OR ALTER VIEW [gold].[daily] AS",
        ],
        "its other views are those of daily__1 in this catalog"
    );

    // A name that is taken is passed over.
    let mut catalog = earlier(&schema);
    catalog.insert("daily__1".to_owned(), Found::default());
    let statements = upkeep(&schema, &catalog, known).statements;
    assert!(
        statements
            .iter()
            .any(|sql| sql.contains("@newname = N'daily__2',"))
    );
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

/// Answers a look with a catalog and one row of progress.
fn described(catalog: &Catalog, progress: Option<&Progress>, request: &Request) -> Answer {
    let text = |text: &str| Cell::Text(text.to_owned());
    let is_look = matches!(request, Request::Sql(sql) if *sql == look::look(&gold()));
    if !is_look {
        return healthy(request);
    }
    let (mut columns, mut views) = (Vec::new(), Vec::new());
    for (name, found) in catalog {
        for column in &found.columns {
            let (kind, sizes) = sizes(&column.kind);
            let mut row = vec![
                text("columns"),
                text(name),
                text(if found.is_view { "V " } else { "U " }),
                text(&column.name),
                text(kind),
            ];
            row.extend(sizes.map(Cell::Int));
            row.push(Cell::Int((!column.required).into()));
            row.push(Cell::Int(column.is_key.into()));
            row.push(Cell::Int(column.is_indexed.into()));
            columns.push(row);
        }
        if let Some(shown) = found.text.as_deref() {
            views.push(vec![text("views"), text(name), text(shown)]);
        }
    }
    let names = |columns: Vec<Column>| {
        let numbered = columns.into_iter().enumerate();
        numbered
            .map(|(i, column)| (format!("c{i}"), column))
            .collect()
    };
    let kinds = [vec![Column::Text; 5], vec![Column::Int; 6]].concat();
    let mut tables = vec![
        (names(kinds), columns),
        (names(vec![Column::Text; 3]), views),
    ];
    tables.extend(progress.map(|progress| {
        book(
            PROGRESS,
            &[
                ("gold_table", Some("daily")),
                ("generation", Some("1")),
                ("definition", Some(&progress.definition)),
                ("version", Some("7")),
                ("physical", progress.physical.as_deref()),
                ("n", Some("1")),
                ("rankings", progress.rankings.as_deref()),
            ],
        )
    }));
    Answer::Tables(tables)
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
async fn one_look_finds_everything_that_is_there() {
    let schema = schema_of(TABLES);
    let (catalog, progress) = (complete(&schema), progress(&schema));
    let server =
        Server::start(move |_, request| described(&catalog, Some(&progress), request)).await;
    let standing = warehouse(&server).look().await.unwrap();
    assert!(
        !standing.is_incomplete && standing.unfit.is_empty(),
        "{standing:?}"
    );
    assert_eq!(standing.progress.len(), 1);
    assert_eq!(
        server.statements(),
        [dml::SESSION.to_owned(), look::look(&gold())]
    );
}

#[tokio::test]
async fn what_is_missing_is_created_in_one_transaction_after_a_second_look() {
    let server = Server::start(|_, request| described(&Catalog::new(), None, request)).await;
    let prepared = warehouse(&server).prepare(&Build::default()).await.unwrap();
    assert!(matches!(prepared, Prepared::Ready(_)));
    let asked = server.statements();
    assert!(asked[1].starts_with("BEGIN TRANSACTION"), "{asked:#?}");
    assert_eq!(asked[2], look::look(&gold()));
    assert!(asked[3].starts_with("IF NOT EXISTS"));
    let created = asked.iter().filter(|sql| sql.starts_with("CREATE TABLE"));
    assert_eq!(created.count(), 5);
    assert!(asked[9].starts_with("CREATE OR ALTER VIEW [gold].[sluice_balance]"));
    assert!(asked[10].starts_with("UPDATE [gold].[sluice_builds]"));
    assert_eq!(asked[11..], [look::look(&gold()), dml::COMMIT.to_owned()]);

    let mut refused = failing_once(
        "CREATE TABLE",
        Answer::Error(262, "CREATE TABLE permission denied"),
    );
    let server = Server::start(
        move |connection, request| match refused(connection, request) {
            Answer::Error(number, text) => Answer::Error(number, text),
            _ => described(&Catalog::new(), None, request),
        },
    )
    .await;
    let error = warehouse(&server).prepare(&Build::default()).await;
    let error = error.unwrap_err();
    assert_eq!(error.to_string(), "create gold's tables and views");
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert!(!server.statements().contains(&dml::COMMIT.to_owned()));
}

#[tokio::test]
async fn a_book_is_read_with_the_columns_that_it_has() {
    let server = Server::start(|_, request| match request {
        Request::Sql(sql) if sql.starts_with("SELECT b.* FROM [gold].[sluice_freshness]") => {
            let row = [("VERSION", Some("7")), ("gold_table", Some("daily"))];
            Answer::Tables(vec![book("", &row)])
        }
        _ => healthy(request),
    })
    .await;
    let read = warehouse(&server).read_table(FRESHNESS, None, 9).await;
    let read = read.unwrap();
    let row = read.columns.iter().zip(&read.rows[0]);
    let known: Vec<_> = row
        .filter_map(|(name, cell)| Some((name.as_str(), cell.as_deref()?)))
        .collect();
    assert_eq!(known, [("gold_table", "daily"), ("version", "7")]);
}
