//! What earlier builds wrote is what this one writes, byte by byte: hashes, entities, objects, names and SQL.
//!
//! The expected texts lie in `data/golden`. A test that fails leaves what it found in the target folder and says where.
//! A difference is a change of a format that others have kept already: it needs a way to read the old one too.

mod delta;
mod keys;
mod lake;
mod log;
mod notes;
mod parquet;
mod recorder;
mod sql;
mod wire;

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::{DataType, TimeUnit};
use sluice::dataset::Dataset;

/// A dataset with a column of every type and a gold table of every grain and measure.
const DATASET: &str = include_str!("../data/golden/things.toml");

fn dataset() -> Dataset {
    Dataset::parse(DATASET, "things.toml").unwrap()
}

/// Compares with the file of that name in `data/golden`, which must be there.
pub(crate) fn assert_golden(name: &str, found: &str) {
    let expected_at = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data")
        .join(name);
    let found_at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(found_at.parent().unwrap()).unwrap();
    std::fs::write(&found_at, found).unwrap();
    let expected = std::fs::read_to_string(&expected_at)
        .unwrap_or_else(|error| panic!("{}: {error}", expected_at.display()));
    if expected == found {
        return;
    }
    let lines = expected.lines().zip(found.lines());
    let same = lines
        .take_while(|(expected, found)| expected == found)
        .count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    panic!(
        "{name} differs in line {}:\nexpected {}\nfound    {}\nAll of what was found: {}",
        same + 1,
        line(&expected),
        line(found),
        found_at.display()
    );
}

/// Writes rows as JSON lines, nulls included.
pub(crate) fn rows(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, column)| {
        // A zone's name takes a database of time zones to write out, an offset does not.
        let column: ArrayRef = match column.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
                let times = column.as_primitive::<TimestampMicrosecondType>().clone();
                Arc::new(times.with_timezone("+00:00"))
            }
            _ => Arc::clone(column),
        };
        (field.name(), column, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut lines = Vec::new();
    let builder = WriterBuilder::new().with_explicit_nulls(true);
    let mut writer = builder.build::<_, LineDelimited>(&mut lines);
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    String::from_utf8(lines).unwrap()
}
