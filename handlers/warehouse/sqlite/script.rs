//! What creates gold in a file, as a script; pure.

use super::ddl::{Sqlite, create_view};
use crate::error::Invariant;
use crate::warehouse::dialect::{self, TableDefinition, ViewDefinition};
use crate::warehouse::schema::GoldSchema;

/// Returns the script that creates gold's tables and views in a file, as the handler does by itself, each table as the
/// first one of its name and without rows. Running it again changes nothing.
///
/// # Errors
/// Fails if the schema refers to what it does not have.
pub fn script(schema: &GoldSchema) -> Result<String, Invariant> {
    let about =
        |name: &str| Ok::<_, Invariant>(format!("-- {}", dialect::description(schema, name)?));
    let create = |table: &TableDefinition| {
        let create = table.create(&Sqlite);
        create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)
    };
    let mut parts = Vec::new();
    for book in dialect::books(schema, &Sqlite) {
        parts.push(format!("{}\n{};\n", about(&book.name)?, create(&book)));
    }
    let view = |view: &ViewDefinition| {
        let create = create_view(view);
        create.replacen("CREATE VIEW", "CREATE VIEW IF NOT EXISTS", 1)
    };
    let balance = dialect::balance(&Sqlite);
    parts.push(format!("{}\n{};\n", about(&balance.name)?, view(&balance)));
    for (index, table) in schema.indexed_tables() {
        let physical = table.physical(1);
        let rows = dialect::table(table, &physical, &Sqlite);
        let noted = dialect::note_prepared(schema, &Sqlite, table, (&physical, 1));
        parts.push(format!(
            "{}\n{};\n{noted};\n",
            about(&table.name)?,
            create(&rows)
        ));
        for shown in dialect::views(schema, index, &physical, &Sqlite)? {
            parts.push(format!("{}\n{};\n", about(&shown.name)?, view(&shown)));
        }
    }
    Ok(parts.join("\n"))
}
