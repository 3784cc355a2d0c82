use std::path::PathBuf;

use clap::Parser;

use super::export::Exported;
use super::*;
use crate::target::in_memory::Pipeline;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    quarantine: QuarantineArguments,
}

fn arguments(line: &str) -> QuarantineArguments {
    let words = std::iter::once("quarantine").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().quarantine
}

/// An order, one that is none, and some without what they must have.
async fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1, 0, 0]).await;
    pipeline.refine().await;
    pipeline
}

async fn looked(line: &str) -> Looked {
    let pipeline = pipeline().await;
    let arguments = arguments(line);
    let looked = arguments.look(&pipeline.stores, SystemClock.now());
    looked.await.unwrap().unwrap()
}

#[tokio::test]
async fn the_day_before_the_newest_event_is_looked_at() {
    let found = looked("").await;
    assert_eq!((found.tally.records(), found.ever), (2, Some(2)));
    let title = title("orders", 2, &found);
    let expected = "orders: 2 rejected records since 2025-11-13T11:44:34.002Z, of 2 ever";
    assert_eq!(title, expected);
    assert_eq!(looked("--from 1h").await.tally.records(), 0);
    assert_eq!(looked("--from 2025-11-14").await.tally.records(), 2);
    assert_eq!(looked("--to 2025-11-14").await.tally.records(), 0);
    assert_eq!(looked("--all").await.tally.records(), 2);
}

#[tokio::test]
async fn records_are_chosen_by_reason_and_column_and_shown_newest_first() {
    let found = looked("show --reason not_an_object -n 1").await;
    let numbers = found.records.iter().map(|record| record.sequence_number);
    assert_eq!(numbers.collect::<Vec<_>>(), [Some(2)]);
    assert!(found.records[0].text(None).contains("\n    broken\n    ^"));
    assert!(looked("show --reason overflow").await.records.is_empty());
    assert!(looked("show --column amount").await.records.is_empty());
    assert!(Line::try_parse_from(["quarantine", "--reason", "no_such"]).is_err());
}

#[tokio::test]
async fn lines_and_records_are_counted_from_one_however_they_are_printed() {
    let found = looked("show -n 1").await;
    let record = &found.records[0];
    assert!(record.text(None).contains(" line 3, "), "{record:?}");
    let json = serde_json::to_value(record).unwrap();
    assert_eq!(
        (&json["line_number"], &json["record_number"]),
        (&3.into(), &1.into())
    );
    let rows: Vec<String> = table(&found.records)
        .json_rows()
        .map(|row| serde_json::to_string(&row).unwrap())
        .collect();
    assert!(
        rows[0].contains(r#""line_number":3,"record_number":1,"#),
        "{rows:?}"
    );
}

#[tokio::test]
async fn before_the_first_commit_there_is_nothing() {
    let pipeline = Pipeline::new();
    let arguments = arguments("");
    let looked = arguments.look(&pipeline.stores, SystemClock.now());
    assert!(looked.await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_has_a_row_for_each_kind() {
    let found = looked("").await;
    let table = list("t", &found.tally, 0);
    let rows: Vec<String> = table
        .json_rows()
        .map(|row| serde_json::to_string(&row).unwrap())
        .collect();
    assert_eq!(rows.len(), 1);
    assert!(
        rows[0].starts_with(r#"{"reason":"not_an_object","column":null,"records":2,"#),
        "{rows:?}"
    );
}

async fn exported(line: &str, pipeline: &Pipeline) -> Result<(Exported, String), String> {
    let arguments = arguments(line);
    let exported = export(&arguments, &pipeline.stores, SystemClock.now());
    let exported = exported.await.map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(&exported.file).unwrap();
    Ok((exported, text))
}

/// A folder, and the path of a file in it that is not there.
fn new_file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl").display().to_string();
    (folder, path)
}

#[tokio::test]
async fn records_are_exported_as_they_are_shown() {
    let (_folder, path) = new_file();
    let pipeline = pipeline().await;
    let (exported, text) = exported(&format!("export {path}"), &pipeline)
        .await
        .unwrap();
    assert_eq!((exported.records, exported.events), (2, None));
    let shown = looked("show --json").await.records;
    let shown: Vec<String> = shown
        .iter()
        .map(|record| serde_json::to_string(record).unwrap())
        .collect();
    assert_eq!(text, format!("{}\n", shown.join("\n")));
    assert_eq!(exported.text(), format!("2 rejected records in {path}"));
}

#[tokio::test]
async fn events_are_exported_once_as_bronze_has_them_in_its_order() {
    let (_folder, path) = new_file();
    let pipeline = pipeline().await;
    pipeline.ingest(3, &[0, 4]).await;
    pipeline.refine().await;
    let line = format!("export {path} --as events");
    let (found, text) = exported(&line, &pipeline).await.unwrap();
    assert_eq!((found.records, found.events), (3, Some(3)));
    let mut bronze = String::new();
    let prefix = sluice::store::object::paths::bronze_dataset("orders");
    for object in pipeline.stores.lake.list(&prefix).await.unwrap() {
        let content = pipeline
            .stores
            .lake
            .get(&object.path)
            .await
            .unwrap()
            .unwrap();
        let content = String::from_utf8(content.to_vec()).unwrap();
        let broken = content.lines().filter(|line| line.contains("broken"));
        broken.for_each(|line| bronze.push_str(&format!("{line}\n")));
        // What is gone is named.
        pipeline.stores.lake.delete(&object.path).await.unwrap();
    }
    assert_eq!(text, bronze);
    let (_folder, path) = new_file();
    let line = format!("export {path} --as events");
    let (found, text) = exported(&line, &pipeline).await.unwrap();
    assert_eq!(
        (found.events, found.gone.len(), text.as_str()),
        (Some(0), 2, "")
    );
    assert!(
        found
            .text()
            .contains("; without those of 2 objects that bronze no longer has")
    );
}

#[tokio::test]
async fn what_is_there_is_not_written_over_and_what_fails_leaves_nothing() {
    let (folder, path) = new_file();
    let pipeline = pipeline().await;
    let line = format!("export {path} --reason overflow");
    assert_eq!(exported(&line, &pipeline).await.unwrap().1, "");
    let refused = exported(&line, &pipeline).await.unwrap_err();
    assert!(refused.contains("is there already"), "{refused}");
    let nowhere = exported("export /no/such/folder/out.jsonl", &pipeline)
        .await
        .unwrap_err();
    assert!(
        nowhere.contains("/no/such/folder/out.jsonl cannot be written"),
        "{nowhere}"
    );
    let left: Vec<PathBuf> = folder
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, [PathBuf::from(path)]);
}

#[test]
fn a_file_is_named_where_one_is_written_and_nowhere_else() {
    for line in [
        "export",
        "list out.jsonl",
        "show out.jsonl",
        "show --as events",
        "list --unmasked",
    ] {
        let words = std::iter::once("quarantine").chain(line.split_whitespace());
        let parsed = Line::try_parse_from(words).map(|line| line.quarantine.check());
        assert!(parsed.is_err() || parsed.unwrap().is_err(), "{line}");
    }
    assert!(
        arguments("export out.jsonl --as events --unmasked")
            .check()
            .is_ok()
    );
}
