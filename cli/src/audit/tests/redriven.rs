//! Rejected records that were taken up again.

use sluice::store::entity::Value;
use testkit::faulty::Script;

use super::good::assert_adds_up;
use super::pipeline::Pipeline;
use super::tampered::assert_found;

/// Takes up all that was rejected, which is rejected again.
async fn redriven() -> Pipeline {
    let pipeline = Pipeline::good().await;
    let mut redrives = pipeline.world.redrives(&Script::new());
    let candidates = redrives.candidates(&Default::default()).await.unwrap();
    let outcome = redrives.run(&candidates, None, |_| {}).await;
    assert_eq!(outcome.done.len(), 2, "{outcome:?}");
    pipeline
}

/// The row of an entry whose records were taken up.
async fn taken_up(pipeline: &Pipeline) -> String {
    let entries = pipeline.world.ledger().await;
    let entry = entries.iter().find(|entry| entry.taken_up.is_some());
    format!("src|{}", entry.unwrap().source)
}

#[tokio::test]
async fn what_was_taken_up_again_counts_once() {
    let pipeline = redriven().await;
    for _ in 0..2 {
        let report = pipeline.audit().await;
        assert_adds_up(&report);
        assert_eq!((report.sums.redriven, report.sums.quarantined), (3, 3));
        let mut checks = report.checks.iter();
        let check = checks.find(|check| check.name.contains("taken up again"));
        assert_eq!(check.unwrap().examined, "2 sources");
        pipeline.publish().await;
        pipeline.maintain().await;
    }
}

#[tokio::test]
async fn a_source_that_says_that_others_took_it_up_is_named() {
    let pipeline = redriven().await;
    let row = taken_up(&pipeline).await;
    pipeline
        .world
        .change_row(&row, |entry| {
            let number = Value::Int64(9);
            entry.properties.insert("taken_up".to_owned(), number);
        })
        .await;
    assert_found(
        &pipeline,
        "taken up again",
        &["were taken up by redrive/1/"],
    )
    .await;
}

#[tokio::test]
async fn a_redrive_that_no_source_names_is_named() {
    let pipeline = redriven().await;
    let row = taken_up(&pipeline).await;
    pipeline
        .world
        .change_row(&row, |entry| {
            for name in ["taken_up", "taken_up_by"] {
                assert!(entry.properties.remove(name).is_some(), "{name}");
            }
        })
        .await;
    assert_found(
        &pipeline,
        "taken up again",
        &["no source says that its own were"],
    )
    .await;
}
