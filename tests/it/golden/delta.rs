//! The Delta log: entries, checkpoints, the pointer to the latest one, and statistics.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sluice::event::UnixMillis;
use sluice::store::object::ObjectPath;
use sluice::table::TableId;
use sluice::table::delta::{Checkpoint, checkpoint_pointer, encode_checkpoint, log_entry, stats};
use sluice::table::log::{Commit, CommitKind, Counts, DataFile, LiveFile, Snapshot, Version};

use super::log::file;
use super::{assert_golden, dataset, rows};

/// Columns of every type as silver's first commit records them.
const RECORDED: &str = r#"{"period":"hour","key":["id","at"],"event_time":"at","rescued":true,"columns":[{"name":"id","type":"int64","required":true,"description":"The thing's number"},{"name":"at","type":"timestamp","required":true},{"name":"name","type":"string","required":false},{"name":"amount","type":"decimal(18,2)","required":false},{"name":"level","type":"double","required":false},{"name":"flag","type":"bool","required":false},{"name":"born","type":"date","required":false},{"name":"more","type":"json","required":false}]}"#;

fn commit(version: u64, kind: CommitKind, files: Vec<DataFile>) -> Commit {
    Commit {
        version: Version(version),
        id: format!("c{version}"),
        kind,
        committed: UnixMillis(1_763_120_674_343),
        files,
        counts: Counts::default(),
        sources: 0,
        watermark: None,
        totals: None,
    }
}

/// A file in the folder of a day or a month.
fn file_in(folder: &str) -> DataFile {
    DataFile {
        path: ObjectPath::new("silver", &format!("things/g3/{folder}/c.parquet")),
        ..file(9, None)
    }
}

fn table() -> TableId {
    TableId::of(&dataset())
}

#[test]
fn entries_are_those_of_earlier_builds() {
    let stats = Some("{\"numRecords\":3,\"nullCount\":{\"id\":0}}");
    let replaces = vec![file(1, None).path, file(2, None).path];
    let by_day = RECORDED
        .replace("hour", "day")
        .replace("true,\"columns", "false,\"columns");
    let commits = [
        commit(0, CommitKind::Schema(RECORDED.to_owned()), vec![]),
        commit(1, CommitKind::Append, vec![file(1, stats), file(2, None)]),
        commit(2, CommitKind::Append, vec![]),
        commit(3, CommitKind::Compact { replaces }, vec![file(3, stats)]),
        commit(4, CommitKind::Schema(by_day), vec![]),
        commit(
            5,
            CommitKind::Schema(RECORDED.replace("hour", "month")),
            vec![],
        ),
        commit(
            6,
            CommitKind::Append,
            vec![
                file_in("event_date=2025-01-02"),
                file_in("event_month=2025-01"),
            ],
        ),
    ];
    let mut text = String::new();
    for commit in &commits {
        let entry = log_entry(&table(), commit).unwrap();
        text.push_str(std::str::from_utf8(&entry).unwrap());
        text.push('\n');
    }
    assert_golden("golden/delta-entries.txt", &text);
}

#[test]
fn a_table_that_records_it_names_the_columns_with_bounds() {
    let recorded = RECORDED.replace("}]}", "}],\"bounded\":true}");
    let entry = log_entry(&table(), &commit(7, CommitKind::Schema(recorded), vec![])).unwrap();
    let text = std::str::from_utf8(&entry).unwrap();
    assert_golden("golden/delta-bounded-entry.txt", text);
}

#[test]
fn a_checkpoint_holds_the_rows_of_earlier_builds_in_their_columns() {
    let live = |file: DataFile, committed| LiveFile {
        file,
        committed: UnixMillis(committed),
    };
    let files = [
        live(
            file(1, Some("{\"numRecords\":3,\"nullCount\":{\"id\":0}}")),
            5,
        ),
        live(file(2, None), 6),
    ];
    let snapshot = Snapshot {
        version: Version(12),
        schema: RECORDED.to_owned(),
        schema_committed: UnixMillis(4),
        files: files
            .into_iter()
            .map(|live| (live.file.path.clone(), live))
            .collect::<BTreeMap<_, _>>(),
    };
    let checkpoint = encode_checkpoint(&table(), &snapshot).unwrap();
    assert_eq!(
        (checkpoint.version, checkpoint.actions, checkpoint.files),
        (Version(12), 4, 2)
    );

    let reader = ParquetRecordBatchReaderBuilder::try_new(checkpoint.content).unwrap();
    let file = reader.metadata().file_metadata();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, file.schema());
    let columns = reader.metadata().row_group(0).columns().to_vec();
    let mut text = String::from_utf8(schema).unwrap();
    for column in columns {
        text.push_str(&format!(
            "{} {:?}\n",
            column.column_path(),
            column.compression()
        ));
    }
    for batch in reader.build().unwrap() {
        text.push_str(&rows(&batch.unwrap()));
    }
    assert_golden("golden/delta-checkpoint.txt", &text);
}

#[test]
fn the_pointer_to_a_checkpoint_is_that_of_earlier_builds() {
    let checkpoint = Checkpoint {
        version: Version(1_200),
        content: Bytes::from_static(b"seven b"),
        actions: 44,
        files: 42,
    };
    assert_eq!(
        checkpoint_pointer(&checkpoint),
        r#"{"numOfAddFiles":42,"size":44,"sizeInBytes":7,"version":1200}"#
    );
}

#[test]
fn statistics_are_those_of_earlier_builds() {
    let long = format!("{}é", "x".repeat(40));
    let times = TimestampMicrosecondArray::from(vec![1_763_120_674_343_001, -1]);
    let amounts = Decimal128Array::from(vec![Some(-5), Some(123_456_789_012_345)]);
    let columns: [(&str, ArrayRef); 10] = [
        ("id", Arc::new(Int64Array::from(vec![3, -5]))),
        ("at", Arc::new(times.with_timezone("UTC"))),
        (
            "name",
            Arc::new(StringArray::from(vec![Some(long.as_str()), None])),
        ),
        ("kind", Arc::new(StringArray::from(vec!["b\"", "a"]))),
        (
            "amount",
            Arc::new(amounts.with_precision_and_scale(18, 2).unwrap()),
        ),
        ("level", Arc::new(Float64Array::from(vec![1e300, -0.5]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("born", Arc::new(Date32Array::from(vec![-1, 20_406]))),
        ("none", Arc::new(Int64Array::from(vec![None, None]))),
        (
            "_rescued",
            Arc::new(StringArray::from(vec![Some("{}"), None])),
        ),
    ];
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    assert_golden(
        "golden/delta-stats.txt",
        &format!("{}\n", stats::of(&batch)),
    );
}
