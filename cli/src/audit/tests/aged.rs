//! A pipeline that is older than its log: maintenance has cleared the log's start and replaced its first files.

use arrow_select::concat::concat_batches;
use sluice::store::entity::Value;

use super::good::assert_adds_up;
use super::tampered::assert_found;
use super::world::{World, event};

/// Three weeks old; the last commit has come since the last maintenance. Gold has everything.
async fn aged() -> World {
    let mut world = World::good().await;
    for week in 0..3 {
        let first = 100 + week * 10;
        world
            .ingest(
                "0",
                49 + week * 10,
                (first..first + 10).map(event).collect(),
            )
            .await;
        world.refine().await;
        world.upkeep().await;
        world.publish().await;
        world.wait(8);
    }
    world.upkeep().await;
    world.ingest("0", 79, (200..210).map(event).collect()).await;
    world.refine().await;
    world.publish().await;
    let (first, last) = world.log_span().await;
    assert!(first > 4, "the log has {first} to {last}");
    world
}

#[tokio::test]
async fn a_store_whose_log_has_lost_its_start_adds_up() {
    let world = aged().await;
    let report = world.audit().await;
    assert_adds_up(&report);
    assert_eq!((report.sums.rows, report.sums.lines), (100, 107));
    let log = report
        .checks
        .iter()
        .find(|check| check.name.contains("log:"));
    let examined = &log.unwrap().examined;
    assert!(examined.contains("older ones cleared"), "{examined}");
}

#[tokio::test]
async fn gold_is_compared_at_a_version_whose_rows_compaction_has_mixed_with_later_ones() {
    let mut world = aged().await;
    world.ingest("0", 89, (300..310).map(event).collect()).await;
    world.refine().await;
    world.upkeep().await;
    let report = world.audit().await;
    assert_adds_up(&report);
    world.sql("UPDATE gold_all SET orders = 110");
    assert_found(&world, "gold_all", &["is 110, silver adds up to 100"]).await;
    world.sql("UPDATE gold_all SET orders = 100");

    // Gold is older than what is left of the log.
    for _ in 0..3 {
        world.wait(8);
        world.upkeep().await;
    }
    world.ingest("0", 99, vec![event(400)]).await;
    world.refine().await;
    let standing: u64 = 12;
    let (first, _) = world.log_span().await;
    assert!(first > standing, "the log begins with {first}");
    assert_adds_up(&world.audit().await);
}

#[tokio::test]
async fn gold_ahead_of_the_version_that_was_read_is_compared_at_its_own() {
    let world = World::good().await;
    let history = super::super::history::History::read(&world.subject)
        .await
        .unwrap();
    world.upkeep().await;
    world.ingest("0", 49, vec![event(70)]).await;
    world.refine().await;
    world.publish().await;
    let checks = super::super::gold::check(
        &world.subject,
        &world.options,
        &history,
        &crate::audit::Silent,
    );
    let version = format!("at version {}", world.log_span().await.1);
    for check in checks.await.unwrap() {
        assert_eq!(check.difference, None, "{}", check.name);
        assert!(check.examined.ends_with(&version), "{}", check.examined);
    }
}

#[tokio::test]
async fn an_old_bronze_object_that_is_gone_is_named() {
    let world = aged().await;
    let objects = world.objects().await;
    let first = objects.first().unwrap().path.clone();
    world.subject.lake.delete(&first).await.unwrap();
    assert_found(
        &world,
        "every line",
        &["bronze has no such object", first.name()],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_count_of_a_version_that_was_cleared_is_named() {
    let world = aged().await;
    let name = world.objects().await.remove(0).path.name().to_owned();
    world
        .change(&format!("src|{name}"), |entity| {
            entity.properties.insert("rows".into(), Value::Int64(31));
            entity.properties.insert("lines".into(), Value::Int64(33));
        })
        .await;
    assert_found(&world, "every line", &["32 lines", "ledger says 33"]).await;
    assert_found(&world, "log: commits", &["100 rows", "ledger says 101"]).await;
    assert_found(&world, "each source's rows", &[&name, "31 rows"]).await;
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_named() {
    let world = aged().await;
    let file = world.file().await;
    world
        .rewrite(&file, |rows| {
            let last = rows.slice(rows.num_rows() - 1, 1);
            concat_batches(&rows.schema(), [&rows, &last]).unwrap()
        })
        .await;
    assert_found(&world, "no key twice", &["id = ", file.path.as_str()]).await;
}

#[tokio::test]
async fn gold_that_is_wrong_is_named() {
    let world = aged().await;
    world.sql("UPDATE gold_all SET orders = 101");
    assert_found(&world, "gold_all", &["is 101, silver adds up to 100"]).await;
}

#[tokio::test]
async fn an_old_silver_file_that_is_gone_is_named() {
    let world = aged().await;
    let report = world.audit().await;
    assert_adds_up(&report);
    let prefix = sluice::store::object::ObjectPath::new("silver", "shop/g1/event_");
    let mut oldest = world.subject.lake.list(&prefix).await.unwrap();
    oldest.sort_by_key(|file| std::cmp::Reverse(file.created));
    let live = oldest.pop().unwrap();
    world.subject.lake.delete(&live.path).await.unwrap();
    assert_found(
        &world,
        "files hold",
        &[live.path.as_str(), "not in the lake"],
    )
    .await;
}

#[tokio::test]
async fn a_version_that_is_gone_is_named() {
    // Above the snapshot nobody can read the log any more; below it only what was counted cannot be compared.
    let world = aged().await;
    let (_, last) = world.log_span().await;
    world.remove(&format!("log|{last:012}")).await;
    let gone = format!("version {last}");
    assert_found(&world, "log: commits", &[&gone, "gone"]).await;

    let world = World::good().await;
    world.upkeep().await;
    world.remove("log|000000000001").await;
    assert_found(&world, "log: commits", &["version 1 is gone", "version 0"]).await;
}

#[tokio::test]
async fn live_files_that_the_log_does_not_account_for_are_named() {
    let world = World::good().await;
    world.upkeep().await;
    let row = "log|000000000002";
    world
        .change(row, |entity| {
            let Some(Value::String(files)) = entity.properties.get_mut("files") else {
                panic!("the list of files is in the entity");
            };
            *files = files.replace("event_hour=11/", "event_hour=11/another-");
        })
        .await;
    assert!(!world.audit().await.adds_up());
}
