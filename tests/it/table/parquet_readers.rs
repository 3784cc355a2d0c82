//! Files of silver, as readers that are not ours see them.

use std::collections::BTreeMap;
use std::process::Command;

use bytes::Bytes;
use serde_json::{Value, json};
use sluice::event::{PartitionId, SequenceNumber, SequenceRange, UnixMillis};
use sluice::store::object::{ObjectFormat, Source};
use testkit::install::succeed;
use testkit::read::files;
use testkit::world::World;

use super::CLIENTS;

const DATASET: &str = r#"
name = "kinds"
key = ["id", "at"]
event_time = "at"
period = "day"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "at"
type = "timestamp"
format = "unix_seconds"
required = true

[[column]]
name = "small"
type = "decimal(9,2)"

[[column]]
name = "large"
type = "decimal(38,10)"

[[column]]
name = "ratio"
type = "double"

[[column]]
name = "text"
type = "string"

[[column]]
name = "flag"
type = "bool"

[[column]]
name = "day"
type = "date"

[[column]]
name = "tree"
type = "json"
"#;

const LINES: &str = concat!(
    r#"{"id":1,"at":1763120674.343001,"small":-0.5,"large":"1234567890123456789012345678.0123456789","ratio":0.1,"text":"Grüße 👋","flag":true,"day":"2024-02-29","tree":{"a":[1,2]},"more":"kept"}"#,
    "\n",
    r#"{"id":2,"at":1763120675}"#,
    "\n",
);

/// Refines the lines and returns the bytes of the file that comes of them.
async fn silver_file() -> Bytes {
    let world = World::builder().dataset(DATASET).build();
    let source = Source {
        name: "kinds/0/a.jsonl".to_owned(),
        content: Bytes::from_static(LINES.as_bytes()),
        format: ObjectFormat::Lines,
        partition: Some(PartitionId("0".to_owned())),
        range: Some(SequenceRange {
            first: SequenceNumber(7),
            last: SequenceNumber(8),
        }),
        enqueued_time: UnixMillis(1_763_120_690_123),
        only: None,
    };
    let refined = world.process().refine(&source).await;
    assert_eq!(refined.entry.counts.rows, 2);
    let files = files(&world.commits().await);
    assert_eq!(files.len(), 1);
    world.lake.get(&files[0]).await.unwrap().unwrap()
}

#[tokio::test]
async fn other_readers_see_the_same_rows_and_the_right_types() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silver.parquet");
    std::fs::write(&path, silver_file().await).unwrap();
    let script = CLIENTS.folder("readers").join("read.py");
    let mut read = Command::new(CLIENTS.python("readers"));
    read.arg(script).arg(&path);
    let text = succeed("read.py", "Python 3", read.output());
    let seen: BTreeMap<String, Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|value| (value["reader"].as_str().unwrap().to_owned(), value))
        .collect();
    let rows = json!([
        {
            "id": 1, "at": "time 2025-11-14T11:44:34.343001+00:00", "small": "decimal -0.50",
            "large": "decimal 1234567890123456789012345678.0123456789", "ratio": 0.1,
            "text": "Grüße 👋", "flag": true, "day": "date 2024-02-29", "tree": "{\"a\":[1,2]}",
            "_source": "kinds/0/a.jsonl", "_sequence_number": 7,
            "_enqueued_time": "time 2025-11-14T11:44:50.123000+00:00", "_rescued": "{\"more\":\"kept\"}",
        },
        {
            "id": 2, "at": "time 2025-11-14T11:44:35+00:00", "small": null, "large": null,
            "ratio": null, "text": null, "flag": null, "day": null, "tree": null,
            "_source": "kinds/0/a.jsonl", "_sequence_number": 8,
            "_enqueued_time": "time 2025-11-14T11:44:50.123000+00:00", "_rescued": null,
        },
    ]);
    for reader in ["pyarrow", "duckdb", "polars"] {
        assert_eq!(seen[reader]["rows"], rows, "{reader}");
    }
    check_types(&seen);
}

fn check_types(seen: &BTreeMap<String, Value>) {
    let expected = [
        ("id", "int64 not null", "BIGINT", "Int64"),
        (
            "at",
            "timestamp[us, tz=UTC] not null",
            "TIMESTAMP WITH TIME ZONE",
            "Datetime(time_unit='us', time_zone='UTC')",
        ),
        (
            "small",
            "decimal128(9, 2) null",
            "DECIMAL(9,2)",
            "Decimal(precision=9, scale=2)",
        ),
        (
            "large",
            "decimal128(38, 10) null",
            "DECIMAL(38,10)",
            "Decimal(precision=38, scale=10)",
        ),
        ("ratio", "double null", "DOUBLE", "Float64"),
        ("text", "string null", "VARCHAR", "String"),
        ("flag", "bool null", "BOOLEAN", "Boolean"),
        ("day", "date32[day] null", "DATE", "Date"),
        ("_sequence_number", "int64 null", "BIGINT", "Int64"),
    ];
    for (column, pyarrow, duckdb, polars) in expected {
        assert_eq!(seen["pyarrow"]["types"][column], pyarrow, "{column}");
        assert_eq!(seen["duckdb"]["types"][column], duckdb, "{column}");
        assert_eq!(seen["polars"]["types"][column], polars, "{column}");
    }
}
