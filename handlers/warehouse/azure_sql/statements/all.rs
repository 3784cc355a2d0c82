//! Everything that is sent, for people and for a parser to read; pure text.

use super::beside;
use super::ddl;
use super::dml;
use super::look;
use super::sql_schema::SqlSchema;
use super::steps;
use super::swap;
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::dialect::{self, Dialect, TableDefinition};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{columns_of, without_ties};
use crate::warehouse::model::{
    Arrangement, Build, Counted, Fill, Filled, Order, Pending, Progress, Remarks, Rules, Shadow,
    Swap,
};
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema};

/// Returns the script that creates gold in an Azure SQL database, for people who deploy it by hand and run the
/// function without the right to create anything. Batches are separated by `GO`.
///
/// # Errors
/// Fails if `name` is not a valid schema name.
pub fn script(schema: &GoldSchema, name: Option<&str>) -> Result<String, WarehouseError> {
    let sql_schema =
        SqlSchema::named(name).map_err(|problem| WarehouseError::Setting { problem })?;
    Ok(ddl::script(schema, &sql_schema)?)
}

/// Returns the batch that puts shadows in the place of live tables, for an administrator of an app that must not: what was
/// read is compared again, and where it is no longer so, nothing changes and the answer is a number that is not 0.
///
/// # Errors
/// Fails if `name` is not a valid schema name.
pub fn swap_script(
    schema: &GoldSchema,
    name: Option<&str>,
    swapped: &Swap,
) -> Result<String, WarehouseError> {
    let sql_schema =
        SqlSchema::named(name).map_err(|problem| WarehouseError::Setting { problem })?;
    let batch = swap::swap(schema, &sql_schema, swapped)?;
    Ok(format!(
        "SET XACT_ABORT ON;\n{batch};\n{};\nGO\n",
        beside::COMMIT
    ))
}

/// Returns every statement that the handler sends, each a batch of its own, with what it is for.
///
/// # Errors
/// Fails if `name` is not a valid schema name.
pub fn statements(
    schema: &GoldSchema,
    name: Option<&str>,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let sql_schema =
        SqlSchema::named(name).map_err(|problem| WarehouseError::Setting { problem })?;
    all_statements(schema, &sql_schema)
}

/// Returns the statements that every run sends, whatever its tables.
fn of_every_run(schema: &GoldSchema, sql_schema: &SqlSchema) -> Vec<(String, String)> {
    let moves = [(true, true), (false, false), (false, true)];
    let moves = moves.map(|(starts, replaces)| steps::Move { starts, replaces });
    [
        ("open a session".to_owned(), dml::SESSION.to_owned()),
        ("probe".to_owned(), dml::PROBE.to_owned()),
        ("look".to_owned(), look::look(sql_schema)),
        ("lock the schema".to_owned(), steps::begin(sql_schema, None)),
        (
            "begin".to_owned(),
            steps::begin(sql_schema, Some(&schema.dataset)),
        ),
        ("move".to_owned(), steps::fence(sql_schema, &moves)),
        ("raise the build".to_owned(), steps::raise(sql_schema)),
        ("block".to_owned(), steps::block(sql_schema)),
        ("retire".to_owned(), steps::retire(sql_schema)),
        ("commit".to_owned(), dml::COMMIT.to_owned()),
        ("roll back".to_owned(), dml::ROLLBACK.to_owned()),
        ("create".to_owned(), ddl::create_schema(sql_schema)),
    ]
    .into()
}

fn all_statements(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let mut all = of_every_run(schema, sql_schema);
    let book = |book: &TableDefinition| ("create".to_owned(), book.create(sql_schema));
    all.extend(dialect::books(schema, sql_schema).iter().map(book));
    let mut add = |purpose: &str, object: &str, sql: String| {
        all.push((format!("{purpose} {object}"), sql));
    };
    let read = |name: &str| {
        let columns = columns_of(schema, name)?;
        let column = columns.last().map(|(name, _)| name.clone());
        let order = column.map(|column| Order {
            column,
            descending: true,
        });
        let order = order.map(|order| without_ties(schema, (name, &columns), order));
        let order = order.unwrap_or_default();
        let sql = dml::read(sql_schema, name, &columns, &order, 10);
        Ok::<_, WarehouseError>(sql)
    };
    for book in dialect::books(schema, sql_schema) {
        add("read", &book.name, dml::read_book(sql_schema, &book.name));
        for column in book.columns.iter().filter(|column| !column.required) {
            let added = sql_schema.add_column(&book.name, column);
            add("add a column to", &book.name, added);
        }
    }
    let balance = dialect::balance(sql_schema);
    for shown in sql_schema.show(&balance) {
        add("show", &balance.name, shown);
    }
    add("read", &balance.name, read(&balance.name)?);
    for sql in dialect::removal(sql_schema, "gone", &gone()) {
        add("remove", "gone", sql);
    }
    for (purpose, sql) in of_shadows(schema, sql_schema)? {
        add(purpose, "all tables", sql);
    }
    for (index, table) in schema.indexed_tables() {
        let (name, physical) = (&table.name, table.physical(2));
        let rows = dialect::table(table, &physical, sql_schema);
        add("rename", name, sql_schema.rename(name, &physical));
        add("create", name, rows.create(sql_schema));
        for view in dialect::views(schema, index, &physical, sql_schema)? {
            for shown in sql_schema.show(&view) {
                add("show", &view.name, shown);
            }
            add(
                "list the columns of",
                &view.name,
                dml::names(sql_schema, &view.name),
            );
            add("read", &view.name, read(&view.name)?);
        }
        for (purpose, sql) in of_rows(schema, sql_schema, (index, table)) {
            add(purpose, name, sql);
        }
    }
    all.extend(steps::of_rules(schema, sql_schema)?);
    Ok(all)
}

/// Returns what is sent for the rows of a table.
fn of_rows(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (index, table): (TableIndex, &TableSchema),
) -> Vec<(&'static str, String)> {
    let physical = table.physical(2);
    let merge = dml::MergeStatements::of(sql_schema, table, &physical, false);
    let drop = (schema.dataset.as_str(), &Build::default());
    let expire = dml::expire(sql_schema, (table, &physical), EventTime(0));
    let mut all = vec![
        ("clear", dml::clear(sql_schema, &physical)),
        (
            "drop a table of",
            steps::drop_retired(sql_schema, drop, &physical),
        ),
        ("make a temporary table for", merge.create.clone()),
    ];
    let expire = expire.filter(|_| table.keep.is_some());
    all.extend(expire.map(|sql| ("remove what is too old of", sql)));
    let reading = merge.reading.as_ref();
    all.extend(reading.map(|reading| ("read rows of", reading.rows.clone())));
    all.push(("merge rows into", merge.merge(10)));
    if schema.rules_on(Some(index)).next().is_some() {
        let watched = dml::MergeStatements::of(sql_schema, table, &physical, true);
        let reading = watched.reading.as_ref();
        all.extend(reading.map(|reading| ("read watched rows of", reading.rows.clone())));
        all.push(("write watched rows into", watched.merge(10)));
    }
    all
}

/// Returns what is sent to make the first table of the dataset beside the live one, and to show all of them.
fn of_shadows(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
) -> Result<Vec<(&'static str, String)>, WarehouseError> {
    let (build, at) = (Build::default(), UnixMillis(0));
    let (mut changes, mut filled, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    for change in sample_changes(schema) {
        let Some(to) = change.to.clone() else {
            continue;
        };
        filled.push(Filled {
            table: change.table,
            to: to.clone(),
            percent: 100,
        });
        tables.push((
            change.table,
            change.progress.clone().unwrap_or_default(),
            to,
        ));
        changes.push(change);
    }
    let shadows = tables.iter().map(|(index, _, to)| (*index, to.clone()));
    let fill = Fill {
        shadows: shadows.collect(),
        as_of: None,
        build: build.clone(),
    };
    let swapped = Swap {
        tables,
        retired: vec![(
            "gone".to_owned(),
            Progress {
                physical: None,
                ..gone()
            },
        )],
        build: build.clone(),
        watermark: Some(EventTime(0)),
        complete_to: Some(EventTime(0)),
        pending: None,
        silver: Some(Counted::default()),
        rules: Rules::default(),
        before: Vec::new(),
        at,
    };
    let arranged = |change: fn(&Arrangement) -> Arrangement| {
        let changes: Vec<Arrangement> = changes.iter().map(change).collect();
        beside::arrange(schema, sql_schema, (&changes, &build, at))
    };
    Ok(vec![
        ("make beside", arranged(Arrangement::clone)?),
        ("make the first beside", arranged(first)?),
        ("give up beside", arranged(given_up)?),
        ("fill beside", beside::open(schema, sql_schema, &fill)?),
        ("note beside", beside::note(schema, sql_schema, &filled)?),
        ("swap", swap::swap(schema, sql_schema, &swapped)?),
        (
            "remark of",
            beside::remark(sql_schema, &schema.dataset, &remarks(build.clone(), at)),
        ),
        ("commit the swap of", beside::COMMIT.to_owned()),
    ])
}

/// Returns the progress of a table that the dataset file no longer has.
fn gone() -> Progress {
    Progress {
        physical: Some("gone__1".to_owned()),
        rankings: Some("a,b".to_owned()),
        ..Progress::default()
    }
}

/// Returns the change that begins the same shadow of a table that nobody sees.
fn first(change: &Arrangement) -> Arrangement {
    Arrangement {
        progress: None,
        from: None,
        ..change.clone()
    }
}

/// Returns the change that gives up what another has begun.
fn given_up(change: &Arrangement) -> Arrangement {
    Arrangement {
        from: change.to.clone(),
        to: None,
        ..change.clone()
    }
}

/// Returns all that a run may remark.
fn remarks(build: Build, at: UnixMillis) -> Remarks {
    Remarks {
        pending: Some(Pending {
            objects: 1,
            oldest: Some(at),
        }),
        removed: [("gone".to_owned(), "why".to_owned())].into(),
        build,
    }
}

/// Returns changes that begin a shadow of every table in place of one that was asked for.
fn sample_changes(schema: &GoldSchema) -> Vec<Arrangement> {
    let change = |(index, table): (TableIndex, &TableSchema)| {
        let progress = Progress {
            generation: schema.generation,
            physical: Some(table.physical(1)),
            made: 1,
            ..Progress::default()
        };
        let from = Shadow {
            generation: schema.generation,
            ..Shadow::default()
        };
        let to = Shadow {
            physical: Some(table.physical(2)),
            log: Some("log".to_owned()),
            definition: table.definition.clone(),
            base: Some(Version(1)),
            version: Some(Version(1)),
            taken: Some(1),
            ..from.clone()
        };
        Arrangement {
            table: index,
            progress: Some(progress),
            from: Some(from),
            to: Some(to),
        }
    };
    schema.indexed_tables().map(change).collect()
}
