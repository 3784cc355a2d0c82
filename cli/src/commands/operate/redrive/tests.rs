use clap::Parser;

use super::*;
use crate::target::in_memory::Pipeline;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    redrive: RedriveArguments,
}

fn arguments(line: &str) -> RedriveArguments {
    let words = std::iter::once("redrive").chain(line.split_whitespace());
    Line::try_parse_from(words).unwrap().redrive
}

async fn told(pipeline: &Pipeline, line: &str) -> Told {
    arguments(line).redrive(&pipeline.stores).await.unwrap()
}

#[tokio::test]
async fn where_no_record_waits_there_is_nothing_to_do() {
    let pipeline = Pipeline::new();
    for line in ["", "--dry-run"] {
        let told = told(&pipeline, line).await;
        assert!(told.is_well());
        assert_eq!(told.text(), "orders: no rejected record waits");
        assert_eq!(told.json()["sources"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn what_is_broken_still_is_rejected_again_and_waits() {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1, 0, 0]).await;
    pipeline.refine().await;
    let announced = told(&pipeline, "--dry-run").await;
    let text = announced.text();
    assert!(text.contains("nothing was changed"), "{text}");
    let expected =
        "  2 rejected records of 1 object would be: 0 new rows, 2 rejected again (not_an_object 2)";
    assert!(text.contains(expected), "{text}");
    let token = announced.json()["token"].as_str().unwrap().to_owned();
    assert!(text.ends_with("give it the same options"), "{text}");

    let wrong = told(&pipeline, "--expect 00000000-0").await;
    assert!(!wrong.is_well());
    assert!(wrong.text().contains("nothing was changed"));

    let done = told(&pipeline, &format!("--expect {token}")).await;
    assert!(done.is_well(), "{}", done.text());
    assert_eq!(done.json()["total"]["quarantined"]["not_an_object"], 2);
    // Once more under the same token there is nothing left of it.
    let again = told(&pipeline, &format!("--expect {token}")).await;
    assert!(again.is_well(), "{}", again.text());
    assert_eq!(again.json()["done_before"], 1);
    // They wait for the next one.
    let next = told(&pipeline, "--dry-run").await;
    assert_eq!(next.json()["sources"][0]["records"], 2);
    let counts = pipeline.counts().await;
    assert_eq!((counts.records_once(), counts.quarantined_still()), (3, 2));
    assert_eq!(counts.redriven, 2);
}

#[tokio::test]
async fn objects_are_chosen_by_what_was_rejected_in_them() {
    let pipeline = Pipeline::new();
    for sequence in 0..2 {
        pipeline.ingest(sequence, &[0]).await;
        pipeline.refine().await;
    }
    let sources = async |line: &str| {
        let told = told(&pipeline, &format!("--dry-run {line}")).await;
        told.json()["sources"].as_array().unwrap().len()
    };
    assert_eq!(sources("").await, 2);
    assert_eq!(sources("--reason not_an_object").await, 2);
    assert_eq!(sources("--reason overflow").await, 0);
    assert_eq!(sources("--column amount").await, 0);
    assert_eq!(sources("--source nothing/").await, 0);
    assert_eq!(sources("--from 2025-11-14 --to 2025-11-15").await, 2);
    assert_eq!(sources("--to 2025-11-14").await, 0);
}
