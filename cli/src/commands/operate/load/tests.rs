use std::sync::Arc;

use clap::Parser;
use sluice::clock::{Clock, SystemClock};
use sluice::event::UnixMillis;
use sluice::store::object::ObjectInfo;
use testkit::faulty::{How, Script, When};

use super::*;
use crate::audit;
use crate::quarantine::{Quarantine, Span};
use crate::target::in_memory::Pipeline;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    load: LoadArguments,
}

/// Orders in a file.
struct History {
    folder: tempfile::TempDir,
}

impl History {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn write(&self, name: &str, ids: impl Iterator<Item = u64>) -> String {
        let order =
            |id| format!(r#"{{"order_id":{id},"amount":2.50,"timestamp":1700000000.{id:06}}}"#);
        let lines: Vec<String> = ids.map(order).collect();
        let path = self.folder.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        path.display().to_string()
    }
}

fn arguments(line: &str) -> LoadArguments {
    let words = std::iter::once("load").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().load
}

async fn load(stores: &Stores, line: &str) -> Told {
    let arguments = arguments(line);
    arguments.check().unwrap();
    arguments.load(stores).await.unwrap()
}

async fn objects(pipeline: &Pipeline) -> Vec<ObjectInfo> {
    let lake = &pipeline.stores.lake;
    lake.list(&paths::bronze_dataset("orders")).await.unwrap()
}

#[tokio::test]
async fn a_file_becomes_rows_once_however_often_it_is_loaded() {
    let (pipeline, history) = (Pipeline::new(), History::new());
    let file = history.write("2023–old.jsonl", 1..=3);

    let announced = load(&pipeline.stores, &format!("--dry-run {file}")).await;
    assert!(
        announced
            .text()
            .contains(": 3 events (177 B) in 1 object of bronze\n"),
        "{}",
        announced.text()
    );
    assert!(
        objects(&pipeline).await.is_empty(),
        "a dry run writes nothing"
    );
    let told = load(
        &pipeline.stores,
        &format!("--expect {} {file}", announced.token),
    )
    .await;
    assert_eq!((told.what, told.total().there), (What::Done, 0));
    let there = objects(&pipeline).await;
    assert_eq!(there.len(), 1);
    assert!(
        there[0].path.name().starts_with("orders/load/"),
        "{there:?}"
    );
    assert_eq!(there[0].metadata["file"], "2023?old.jsonl");
    pipeline.refine().await;

    let again = load(&pipeline.stores, &file).await;
    assert!(
        again
            .text()
            .contains("in 1 object of bronze, there already\n"),
        "{}",
        again.text()
    );
    // The same content under another name.
    let copy = history.write("copy.jsonl", 1..=3);
    assert_eq!(load(&pipeline.stores, &copy).await.total().there, 1);
    pipeline.refine().await;
    let counts = pipeline.counts().await;
    assert_eq!((counts.lines, counts.rows, counts.duplicates), (3, 3, 0));
}

#[tokio::test]
async fn what_is_loaded_beside_what_the_hub_brings_adds_up() {
    let (pipeline, history) = (Pipeline::new(), History::new());
    pipeline.run(0, &[1, 2, 0]).await;
    let array = history.folder.path().join("export.json");
    std::fs::write(
        &array,
        r#"[{"order_id":7,"amount":1,"timestamp":1700000000}, "no order", {"order_id":8,
        "amount":2,"timestamp":1700000001}]"#,
    )
    .unwrap();
    let told = load(&pipeline.stores, &format!("--array {}", array.display())).await;
    assert_eq!((told.total().events, told.total().objects), (3, 1));
    pipeline.refine().await;
    pipeline.publish().await;
    let counts = pipeline.counts().await;
    assert_eq!(
        (counts.lines, counts.rows, counts.quarantined_total()),
        (6, 4, 2)
    );
    let now = SystemClock.now();
    let span = Span::Enqueued {
        from: UnixMillis(now.0 - 3_600_000),
        until: UnixMillis(now.0 + 3_600_000),
    };
    let head = pipeline.stores.log.head().await.unwrap().unwrap();
    let (log, lake) = (&pipeline.stores.log, &pipeline.stores.lake);
    let mut rejected = 0;
    let quarantine = Quarantine::new("orders", log, lake);
    let found = quarantine.visit(&head, span, None, |_| {
        rejected += 1;
        true
    });
    found.await.unwrap();
    assert_eq!(rejected, 1, "what came by the hub is of another year");
    let options = audit::Options::at(now);
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let report = audit::audit(&subject, &options, &audit::Silent);
    let report = report.await.unwrap();
    assert!(report.adds_up(), "{:?}", report.first_difference());
}

#[tokio::test]
async fn a_load_that_fails_anywhere_is_finished_by_the_next_one() {
    let history = History::new();
    let files = [
        history.write("a.jsonl", 1..=5),
        history.write("b.jsonl", 6..=9),
    ]
    .join(" ");
    for call in [0, 1] {
        for (when, how) in [
            (When::Before, How::Outage),
            (When::After, How::Outage),
            (When::After, How::Unknown),
        ] {
            let pipeline = Pipeline::new();
            let stores = pipeline.stores_by(&Script::failing_at(call, when, how));
            arguments(&files).load(&stores).await.unwrap_err();
            let told = load(&pipeline.stores, &files).await;
            assert_eq!((told.total().events, told.total().objects), (9, 2));
            pipeline.refine().await;
            let counts = pipeline.counts().await;
            assert_eq!(
                (counts.lines, counts.rows, counts.duplicates),
                (9, 9, 0),
                "{call} {when:?} {how:?}"
            );
        }
    }
}

#[tokio::test]
async fn files_that_are_not_those_that_were_announced_are_not_loaded() {
    let (pipeline, history) = (Pipeline::new(), History::new());
    let file = history.write("a.jsonl", 1..=3);
    let token = load(&pipeline.stores, &format!("--dry-run {file}"))
        .await
        .token;
    history.write("a.jsonl", 1..=4);
    let told = load(&pipeline.stores, &format!("--expect {token} {file}")).await;
    assert!(
        !told.is_well() && told.text().contains("nothing was changed"),
        "{}",
        told.text()
    );
    assert!(objects(&pipeline).await.is_empty());
    assert_eq!(told.json()["what"], "differs");
    let stdin = Loaded {
        file: "-".into(),
        ..Loaded::default()
    };
    let told = Told {
        files: vec![stdin],
        ..told
    };
    assert!(
        told.text().contains("  standard input: 0 events"),
        "{}",
        told.text()
    );
    // The order of files counts as well; what is there does not.
    history.write("a.jsonl", 1..=3);
    load(&pipeline.stores, &file).await;
    assert!(
        load(&pipeline.stores, &format!("--expect {token} {file}"))
            .await
            .is_well()
    );
}

#[test]
fn what_cannot_be_read_is_wrong_usage() {
    let refused = |line: &str| arguments(line).check().unwrap_err().to_string();
    assert_eq!(refused("no-such.jsonl"), "no-such.jsonl is no file");
    assert!(refused("--expect 00 -").contains("standard input can be read once"));
    arguments("-").check().unwrap();
}

#[tokio::test]
async fn a_file_that_ends_in_the_middle_says_so_and_what_was_written_stays() {
    let (pipeline, history) = (Pipeline::new(), History::new());
    let file = history.folder.path().join("cut.json");
    std::fs::write(&file, "[{\"order_id\":1},\n {\"order").unwrap();
    let line = format!("--array {}", file.display());
    let error = arguments(&line).load(&pipeline.stores).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cut.json is not one JSON array: EOF"),
        "{error}"
    );
}
