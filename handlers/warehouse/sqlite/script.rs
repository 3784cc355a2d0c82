//! What creates gold in a file, as a script; pure text.

use super::ddl::{Sqlite, create_view, quote};
use crate::warehouse::dialect;
use crate::warehouse::schema::GoldSchema;

/// Returns the script that creates gold's tables and views in a file, as the handler does by itself. Running it again
/// changes nothing but views.
#[must_use]
pub fn script(schema: &GoldSchema) -> String {
    let about = |name: &str| format!("-- {}", dialect::description(schema, name));
    let tables = dialect::tables(schema, &Sqlite).into_iter().map(|table| {
        let create = table.create(&Sqlite);
        let create = create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
        format!("{}\n{create};\n", about(&table.name))
    });
    let views = dialect::views(schema, &Sqlite).into_iter().map(|view| {
        let (about, name) = (about(&view.name), quote(&view.name));
        let create = create_view(&view);
        format!("{about}\nDROP VIEW IF EXISTS {name};\n{create};\n")
    });
    tables.chain(views).collect::<Vec<String>>().join("\n")
}
