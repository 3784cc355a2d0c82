//! Readers of Delta in other languages, beside a pipeline that commits, compacts and vacuums: at every version each
//! of them finds exactly the rows that the log says (S7).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sluice::maintain::{Limits, Report};
use testkit::datasets::replace;
use testkit::events::{DAY, HOUR, START};
use testkit::world::{Process, World, eager};

use super::delta_client::Reader;
use super::directory_lake::DirectoryLake;

const ROUNDS: i64 = 24;

fn digest(ids: &BTreeSet<i64>) -> Value {
    let text: Vec<String> = ids.iter().map(i64::to_string).collect();
    let hash = Sha256::digest(text.join(",").as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "rows": ids.len(), "digest": hash })
}

fn limits() -> Limits {
    Limits {
        snapshot_every: 20,
        checkpoint_every: 10,
        ..eager(6)
    }
}

/// Refines some groups, a part of them duplicates, and keeps house; returns what the log says at each new version.
async fn round(
    world: &World,
    process: &Process,
    number: i64,
    rows: &mut BTreeSet<i64>,
) -> (BTreeMap<u64, BTreeSet<i64>>, Report) {
    let mut expected = BTreeMap::new();
    let before = world
        .log()
        .head()
        .await
        .unwrap()
        .map_or(0, |head| head.version.0);
    for group in 0..8 {
        let first = number * 1_000 + group * 20;
        let done = world.refine(process, first..first + 20).await;
        rows.extend(first..first + 20);
        expected.insert(done.entry.version.0, rows.clone());
        world.wait(HOUR / 4);
    }
    let report = process.maintain(false).await;
    let head = world.version().await.0;
    for version in before + 1..=head {
        // Compactions and schemas change no row.
        let rows = expected
            .range(..version)
            .next_back()
            .map(|(_, rows)| rows.clone());
        expected
            .entry(version)
            .or_insert_with(|| rows.unwrap_or_default());
    }
    (expected, report)
}

fn check(answers: &[Value], expected: &BTreeMap<u64, BTreeSet<i64>>) {
    for answer in answers {
        let version = answer["version"].as_u64().unwrap();
        let wanted = digest(&expected[&version]);
        for engine in ["deltalake", "duckdb", "polars", "pyarrow"] {
            assert_eq!(
                answer["found"][engine], wanted,
                "{engine} at {version}: {answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_version_every_reader_finds_the_rows_of_the_log_s7() {
    let folder = tempfile::tempdir().unwrap();
    let builder = World::builder().orders();
    let builder = builder.lake(|clock| Arc::new(DirectoryLake::new(folder.path(), clock)));
    let world = builder.build();
    let process = world.process().limited(limits());
    let table = folder.path().join("silver/orders/g1").display().to_string();
    let mut reader = tokio::task::spawn_blocking(Reader::start).await.unwrap();
    let (mut rows, mut expected) = (BTreeSet::new(), BTreeMap::new());
    let mut read = 1;
    let (mut removed, mut compacted) = (0, 0);

    for number in 0..ROUNDS {
        // What the last rounds published is read while this one commits, compacts and vacuums.
        let last = expected.keys().next_back().copied();
        let request = json!({ "table": table, "from": read, "to": last, "key": "order_id" });
        let ask = tokio::task::spawn_blocking(move || {
            let answers = last.map(|_| reader.ask(&request)).unwrap_or_default();
            (reader, answers)
        });
        let (new, report) = round(&world, &process, number, &mut rows).await;
        let answers;
        (reader, answers) = ask.await.unwrap();
        check(&answers, &expected);
        if let Some(last) = last {
            assert_eq!(
                answers.len() as u64,
                last + 1 - read,
                "every version was read"
            );
            read = last + 1;
        }
        expected.extend(new);
        compacted += report.compact.done().unwrap().replaced;
        world.wait(DAY);
        let report = process.maintain(false).await;
        let vacuumed = report.vacuum.done().unwrap();
        removed += vacuumed.replaced;
        let head = world.version().await.0;
        let latest = rows.clone();
        for version in expected.keys().next_back().unwrap() + 1..=head {
            expected.insert(version, latest.clone());
        }
    }

    assert!(
        removed > 50 && compacted > 50,
        "{removed} files removed, {compacted} compacted"
    );
    let head = world.version().await.0;
    let last = reader.ask(&json!({ "table": table, "from": head, "to": null, "key": "order_id" }));
    assert_eq!(last[0]["version"], head);
    check(&last, &expected);
    describe(&mut reader, &table, &rows);
}

/// What a catalog shows of the table.
fn describe(reader: &mut Reader, table: &str, rows: &BTreeSet<i64>) {
    let request = json!({ "table": table, "describe": true, "key": "order_id" });
    let answers = reader.ask(&request);
    let table = &answers[0];
    assert_eq!(table["name"], "orders");
    assert_eq!(table["protocol"], json!([1, 2]));
    assert_eq!(
        table["partition_columns"],
        json!(["event_date", "event_hour"])
    );
    assert_eq!(table["records"], rows.len());
    assert_eq!(table["lowest"], *rows.first().unwrap());
    assert_eq!(table["highest"], *rows.last().unwrap());
    assert_eq!(table["nulls"], rows.len(), "no order has a customer");
    assert_eq!(table["types"]["amount"], "decimal128(18, 2)");
    assert_eq!(table["types"]["event_time"], "timestamp[us, tz=UTC]");
    assert_eq!(table["types"]["event_date"], "date32[day]");
    assert_eq!(table["types"]["event_hour"], "int32");
    let history = table["history"].as_array().unwrap();
    assert!(history.contains(&json!("OPTIMIZE")) && history.contains(&json!("WRITE")));
}

/// A column of every type, and some that readers have been wrong about.
const EVERY_TYPE: &str = r#"
name = "types"
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
format = "unix_millis"
required = true
[[column]]
name = "ok"
type = "bool"
[[column]]
name = "level"
type = "double"
[[column]]
name = "amount"
type = "decimal(38,10)"
[[column]]
name = "small"
type = "decimal(9,2)"
[[column]]
name = "who"
type = "string"
[[column]]
name = "until"
type = "timestamp"
[[column]]
name = "born"
type = "date"
[[column]]
name = "more"
type = "json"
[[column]]
name = "never"
type = "bool"
"#;

/// A row with extremes, a null now and then, and values that lie within one file or over several.
fn row_of_every_type(id: i64) -> Bytes {
    let at = START - id % 3 * DAY;
    let ok = ["true", "false", "null"][usize::try_from(id % 3).unwrap()];
    let level = ["-0.0", "0.0", "-1.7976931348623157e308", "5e-324", "null"]
        [usize::try_from(id % 5).unwrap()];
    let until = [
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999001Z",
        "1969-12-31T23:59:59.999999Z",
    ];
    let until = until[usize::try_from(id / 40).unwrap()];
    let born = ["0001-01-01", "9999-12-31", "1970-01-01"][usize::try_from(id % 3).unwrap()];
    let text = "x".repeat(usize::try_from(30 + id % 5).unwrap());
    Bytes::from(format!(
        r#"{{"id":{id},"at":{at},"ok":{ok},"level":{level},"amount":"1{id:03}999999999999999999999999.0000000001","small":-{id}.25,"who":"{text}\uDBFF\uDFFF","until":"{until}","born":"{born}","more":[{id}],"extra":{}}}"#,
        id % 2
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_finds_the_rows_that_a_filter_of_any_column_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let builder = World::builder().dataset(EVERY_TYPE);
    let builder = builder.lake(|clock| Arc::new(DirectoryLake::new(folder.path(), clock)));
    let world = builder.build();
    let process = world.process();
    for first in [0, 40, 80] {
        let bodies: Vec<Bytes> = (first..first + 40).map(row_of_every_type).collect();
        let source = world.put("0", first, &bodies).await;
        let counts = process.refine(&source).await.entry.counts;
        assert_eq!((counts.rows, counts.nulled.total()), (40, 0));
        world.delta_published().await;
    }
    let table = folder.path().join("silver/types/g1").display().to_string();
    let answers = tokio::task::spawn_blocking(move || {
        Reader::start().ask(&json!({ "table": table, "filters": true }))
    });
    let answers = answers.await.unwrap();
    let (last, wrong) = answers.split_last().unwrap();
    assert_eq!(wrong, [Value::Null; 0]);
    assert_eq!(last["columns"].as_array().unwrap().len(), 11 + 4 + 1);
    assert!(last["checked"].as_u64().unwrap() > 200, "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_finds_columns_that_came_later_and_places_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let text = replace(
        EVERY_TYPE,
        "key = [\"id\", \"at\"]",
        "dedup = { keep = \"all\" }",
    );
    let builder = World::builder().dataset(&text);
    let builder = builder.lake(|clock| Arc::new(DirectoryLake::new(folder.path(), clock)));
    let world = builder.build();
    let later = "[[column]]\nname = \"later\"\nfrom = \"extra\"\ntype = \"int64\"\n[[column]]\nname = \"id\"";
    let with_column = replace(&text, "[[column]]\nname = \"id\"", later);
    // Delta is told nothing of this one, in a version of its own.
    let payload = "dedup = { keep = \"all\" }\npayload = { ignore_case = true }";
    let defined = replace(&with_column, "dedup = { keep = \"all\" }", payload);
    for (first, text) in [(0, &text), (40, &with_column), (80, &defined)] {
        let world = world.with_dataset(text);
        let bodies: Vec<Bytes> = (first..first + 40).map(row_of_every_type).collect();
        let source = world.put("0", first, &bodies).await;
        assert_eq!(world.process().refine(&source).await.entry.counts.rows, 40);
        world.delta_published().await;
    }
    let world = world.with_dataset(&defined);
    assert_eq!(
        world.version().await.0,
        5,
        "two of them are the files' changes"
    );
    let table = folder.path().join("silver/types/g1").display().to_string();
    let mut reader = tokio::task::spawn_blocking(Reader::start).await.unwrap();
    for is_compacted in [false, true] {
        if is_compacted {
            let report = world.process().limited(eager(1)).maintain(true).await;
            assert!(report.compact.done().unwrap().replaced > 1);
            world.delta_published().await;
        }
        let request = json!({ "table": table, "filters": true });
        let ask = tokio::task::spawn_blocking(move || {
            let answers = reader.ask(&request);
            (reader, answers)
        });
        let answers;
        (reader, answers) = ask.await.unwrap();
        let (last, wrong) = answers.split_last().unwrap();
        assert_eq!(wrong, [Value::Null; 0]);
        let columns = last["columns"].as_array().unwrap();
        assert_eq!(columns.len(), 11 + 6 + 1 + 1, "{columns:?}");
        assert!(columns.contains(&json!("later")) && columns.contains(&json!("_line")));
    }
}
