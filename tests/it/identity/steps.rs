//! What these tests do and look at.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use bytes::Bytes;
use serde_json::Value;
use sluice::store::object::ObjectPath;
use sluice::table::log::{CommitKind, Counts};
use testkit::datasets::{THINGS, replace};
use testkit::read;
use testkit::world::World;

/// [`THINGS`] with a directory a day and this key.
pub(super) fn keyed(key: &str) -> String {
    let text = replace(THINGS, "key = [\"id\", \"at\"]", key);
    replace(&text, "period = \"hour\"", "period = \"day\"")
}

/// [`THINGS`] with a computed column.
pub(super) fn computing(expr: &str) -> String {
    let column = format!(
        "[[column]]\nname = \"double_amount\"\ntype = \"decimal(20,2)\"\nexpr = \"{expr}\"\n[[gold]]"
    );
    THINGS.replacen("[[gold]]", &column, 1)
}

/// Refines the bodies as one object.
pub(super) async fn refined(world: &World, first: i64, bodies: &[Bytes]) -> Counts {
    let source = world.put("0", first, bodies).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert!(counts.is_conserved(), "{counts:?}");
    counts
}

/// The live files, in the order of their commits.
pub(super) async fn batches(world: &World) -> Vec<RecordBatch> {
    read::silver(&world.lake, &world.log()).await
}

pub(super) fn names(batch: &RecordBatch) -> Vec<String> {
    let schema = batch.schema();
    let fields = schema.fields().iter();
    fields.map(|field| field.name().clone()).collect()
}

pub(super) fn int64s(batches: &[RecordBatch], name: &str) -> Vec<i64> {
    let columns = batches
        .iter()
        .map(|batch| batch.column_by_name(name).unwrap());
    let mut values: Vec<i64> = columns
        .flat_map(|column| column.as_primitive::<Int64Type>().values().to_vec())
        .collect();
    values.sort_unstable();
    values
}

pub(super) fn int32s(batch: &RecordBatch, name: &str) -> Vec<i32> {
    let column = batch.column_by_name(name).unwrap();
    column.as_primitive::<Int32Type>().values().to_vec()
}

/// One letter for each commit: a schema, an append, a compaction.
pub(super) async fn kinds(world: &World) -> String {
    let commits = world.commits().await;
    let letter = |kind: &CommitKind| match kind {
        CommitKind::Schema(_) => 's',
        CommitKind::Append => 'a',
        CommitKind::Compact { .. } => 'c',
    };
    commits.iter().map(|commit| letter(&commit.kind)).collect()
}

/// The actions of a version of the Delta table.
pub(super) async fn delta(world: &World, version: u64) -> Vec<Value> {
    world.delta_published().await;
    let name = format!("things/g1/_delta_log/{version:020}.json");
    let content = world.lake.get(&ObjectPath::new("silver", &name)).await;
    let content = content.unwrap().unwrap();
    let lines = content.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// The columns that a version of the Delta table describes.
pub(super) fn described(actions: &[Value]) -> Option<Vec<(String, String, bool)>> {
    let metadata = actions.iter().find_map(|action| action.get("metaData"))?;
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    let fields = schema["fields"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let field = |field: &Value| {
        let nullable = field["nullable"].as_bool().unwrap();
        (text(&field["name"]), text(&field["type"]), nullable)
    };
    Some(fields.map(field).collect())
}
