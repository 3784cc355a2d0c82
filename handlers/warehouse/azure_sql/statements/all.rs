//! Everything that is sent, for people and for a parser to read; pure text.

use super::ddl;
use super::dml;
use super::ensure;
use super::sql_schema::SqlSchema;
use crate::warehouse::dialect;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::columns_of;
use crate::warehouse::model::Order;
use crate::warehouse::schema::GoldSchema;

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

fn all_statements(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let mut all = vec![
        ("open a session".to_owned(), dml::SESSION.to_owned()),
        ("probe".to_owned(), dml::PROBE.to_owned()),
        ("read columns".to_owned(), ensure::READ_COLUMNS.to_owned()),
        ("read views".to_owned(), ensure::READ_VIEWS.to_owned()),
        ("begin".to_owned(), dml::begin(sql_schema)),
        ("read progress".to_owned(), dml::read_progress(sql_schema)),
        ("start".to_owned(), dml::start(sql_schema)),
        ("advance".to_owned(), dml::advance(sql_schema)),
        ("refresh".to_owned(), dml::refresh(sql_schema)),
        ("commit".to_owned(), dml::COMMIT.to_owned()),
        ("roll back".to_owned(), dml::ROLLBACK.to_owned()),
    ];
    // What creates everything, and what replaces views.
    let (created, _) = ensure::plan(schema, sql_schema, &ensure::Catalog::new())?;
    all.extend(
        created
            .into_iter()
            .map(|batch| ("create".to_owned(), batch)),
    );
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
        let sql = dml::read(sql_schema, name, &columns, order.as_ref(), 10);
        Ok::<_, WarehouseError>(sql)
    };
    for view in dialect::views(schema, sql_schema)? {
        add("drop", &view.name, ddl::drop_view(sql_schema, &view.name));
        add("read", &view.name, read(&view.name)?);
    }
    for (index, table) in schema.indexed_tables() {
        let merge = dml::MergeStatements::of(sql_schema, index, table);
        let name = &table.name;
        add("read", name, read(name)?);
        add("clear", name, dml::clear(sql_schema, table));
        add("make a temporary table for", name, merge.create);
        add("count rows for", name, merge.count);
        if let Some(check) = merge.check {
            add("check the sums of", name, check);
        }
        add("merge rows into", name, merge.update);
        add("insert rows into", name, merge.insert);
        add("drop the temporary table of", name, merge.drop);
    }
    Ok(all)
}
