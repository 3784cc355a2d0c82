//! Files of silver: their columns, how each is encoded, and what they hold.

use std::fmt::Write;

use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ColumnChunkMetaData;
use sluice::store::object::{ObjectPath, ObjectStore};

use super::lake::{silver, source};
use super::{assert_golden, rows};

/// Unique and repeated texts and numbers, nulls, and fields that no column names.
fn body(id: i64) -> Vec<u8> {
    let at = 1_763_103_600_000 + (id * 7_919) % 60_000;
    let (kind, born, flag) = (id % 3, 1 + id % 28, id % 2 == 0);
    let more = if id % 5 == 0 {
        "null".to_owned()
    } else {
        format!("{{\"n\": {id}}}")
    };
    let amount = if id % 7 == 0 {
        "null".to_owned()
    } else {
        format!("{id}.5")
    };
    format!(
        r#"{{"id":{id},"at":{at},"name":"thing {id}","kind":"k{kind}","amount":{amount},"level":{id}.25,"flag":{flag},"born":"2025-01-{born:02}","seen":"2025-11-14T07:00:00.{id:03}Z","more":{more},"extra":{id}}}"#
    )
    .into_bytes()
}

fn hex(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), |bytes| {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    })
}

fn describe(column: &ColumnChunkMetaData) -> String {
    let mut encodings: Vec<_> = column
        .encodings()
        .map(|encoding| format!("{encoding:?}"))
        .collect();
    encodings.sort();
    let dictionary = column.dictionary_page_offset().is_some();
    let statistics = column.statistics().unwrap();
    format!(
        "{} {} {:?} dictionary={dictionary} values={} nulls={:?} min={} max={}\n",
        column.column_path(),
        encodings.join("+"),
        column.compression(),
        column.num_values(),
        statistics.null_count_opt(),
        hex(statistics.min_bytes_opt()),
        hex(statistics.max_bytes_opt()),
    )
}

fn describe_file(content: Bytes) -> String {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content).unwrap();
    let mut text = String::new();
    for field in reader.schema().fields() {
        let (name, kind) = (field.name(), field.data_type());
        let nullable = field.is_nullable();
        writeln!(
            text,
            "{name} {kind} nullable={nullable} {:?}",
            field.metadata()
        )
        .unwrap();
    }
    writeln!(text, "{:?}", reader.schema().metadata()).unwrap();
    let metadata = reader.metadata();
    let file = metadata.file_metadata();
    let writer = file.created_by().unwrap();
    assert!(writer.starts_with("sluice "), "{writer}");
    writeln!(text, "version {}", file.version()).unwrap();
    let keys = file.key_value_metadata().into_iter().flatten();
    let keys: Vec<_> = keys.map(|pair| pair.key.as_str()).collect();
    writeln!(text, "keys {keys:?}").unwrap();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, file.schema());
    text.push_str(std::str::from_utf8(&schema).unwrap());
    for group in metadata.row_groups() {
        let sorted = group.sorting_columns();
        writeln!(text, "{} rows sorted by {sorted:?}", group.num_rows()).unwrap();
        group
            .columns()
            .iter()
            .for_each(|column| text.push_str(&describe(column)));
    }
    for batch in reader.build().unwrap() {
        text.push_str(&rows(&batch.unwrap()));
    }
    text
}

#[tokio::test]
async fn a_file_of_silver_is_that_of_earlier_builds() {
    let bodies: Vec<_> = (0..40).map(body).collect();
    let bodies: Vec<_> = bodies.iter().map(Vec::as_slice).collect();
    let (silver, lake) = silver();
    let refined = silver.refine(source(&bodies)).await.unwrap();
    assert_eq!(refined.entry.counts.rows, 40);
    let folder = ObjectPath::new("silver", "things/g3/event_");
    let files = lake.list(&folder).await.unwrap();
    assert_eq!(files.len(), 1);
    let name = "silver/things/g3/event_date=2025-11-14/event_hour=07/cccccccccccccccccccccccccccccccc.parquet";
    assert_eq!(files[0].path.as_str(), name);
    assert!(files[0].metadata.is_empty());
    let content = lake.get(&files[0].path).await.unwrap().unwrap();
    assert_golden("golden/silver-parquet.txt", &describe_file(content));
}
