//! What creates gold in a file, as a script; pure.

use super::ddl::{Sqlite, create_view, quote};
use crate::error::Invariant;
use crate::warehouse::dialect;
use crate::warehouse::schema::GoldSchema;

/// Returns the script that creates gold's tables and views in a file, as the handler does by itself. Running it again
/// changes nothing but views.
///
/// # Errors
/// Fails if the schema refers to what it does not have.
pub fn script(schema: &GoldSchema) -> Result<String, Invariant> {
    let about = |name: &str| Ok(format!("-- {}", dialect::description(schema, name)?));
    let mut parts = Vec::new();
    for table in dialect::tables(schema, &Sqlite) {
        let create = table.create(&Sqlite);
        let create = create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
        parts.push(format!("{}\n{create};\n", about(&table.name)?));
    }
    for view in dialect::views(schema, &Sqlite)? {
        let (about, name) = (about(&view.name)?, quote(&view.name));
        let create = create_view(&view);
        parts.push(format!("{about}\nDROP VIEW IF EXISTS {name};\n{create};\n"));
    }
    Ok(parts.join("\n"))
}
