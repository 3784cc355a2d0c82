//! Files of silver, as readers that are not ours see them.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sluice::clock::ManualClock;
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SequenceRange, UnixMillis};
use sluice::silver::Silver;
use sluice::store::entity::MemoryEntityStore;
use sluice::store::object::{MemoryObjectStore, ObjectPath, ObjectStore, Source, paths};

use super::support::install::{python, sources, succeed};

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
    let clock = Arc::new(ManualClock::at(UnixMillis(1_763_120_700_000)));
    let lake = Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _));
    let silver = Silver::new(Context {
        dataset: Arc::new(Dataset::parse(DATASET, "kinds.toml").unwrap()),
        lake: Arc::clone(&lake) as _,
        state: Arc::new(MemoryEntityStore::new()),
        clock,
        new_id: || "c1".to_owned(),
        key_cache_bytes: 1 << 20,
    });
    let refined = silver
        .refine(Source {
            name: "kinds/0/a.jsonl".to_owned(),
            content: Bytes::from_static(LINES.as_bytes()),
            partition: Some(PartitionId("0".to_owned())),
            range: Some(SequenceRange {
                first: SequenceNumber(7),
                last: SequenceNumber(8),
            }),
            enqueued_time: UnixMillis(1_763_120_690_123),
        })
        .await
        .unwrap();
    assert_eq!(refined.entry.counts.rows, 2);
    let found = lake
        .list(&ObjectPath::new(paths::SILVER, "kinds/"))
        .await
        .unwrap();
    let mut files = found
        .iter()
        .filter(|info| info.path.as_str().ends_with(".parquet"));
    let file = files.next().unwrap();
    assert_eq!(files.count(), 0);
    lake.get(&file.path).await.unwrap().unwrap()
}

#[tokio::test]
async fn pyarrow_duckdb_and_polars_see_the_same_rows_and_the_right_types() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("silver.parquet");
    std::fs::write(&path, silver_file().await).unwrap();
    let script = sources("readers").join("read.py");
    let output = Command::new(python("readers"))
        .arg(script)
        .arg(&path)
        .output();
    let stdout = output
        .as_ref()
        .map(|output| output.stdout.clone())
        .unwrap_or_default();
    succeed("read.py", "Python 3", output);

    let text = String::from_utf8(stdout).unwrap();
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
