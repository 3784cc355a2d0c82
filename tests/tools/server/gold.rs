//! The whole of gold on a server.

use std::collections::BTreeMap;
use std::sync::Arc;

use libtest_mimic::Trial;
use sluice::gold::{Ended, Rebuild};
use sluice::table::log::Version;
use testkit::world::{Committed, SMALL, deadline, events};

use super::schema::TestSchema;
use super::trials::server_trials;

pub(super) fn trials() -> Vec<Trial> {
    server_trials![a_server_holds_what_a_file_would]
}

async fn a_server_holds_what_a_file_would() {
    let mut world = Committed::on(Arc::new(TestSchema::new()));
    world.initialize().await;
    world.append(&[&events(0, 9)]).await;
    world.publish().await;
    world.assert_tables_are_right().await;

    for step in 1..5 {
        world.append(&[&events(step * 9, 9)]).await;
    }
    let run = || {
        let gold = world.gold().with_limits(SMALL);
        tokio::spawn(async move { gold.publish(deadline()).await.unwrap() })
    };
    let (first, second) = tokio::join!(run(), run());
    assert!([first.unwrap().ended, second.unwrap().ended].contains(&Ended::UpToDate));
    world.publish().await;
    world.assert_tables_are_right().await;

    let before = versions_and_rows(&world).await;
    let gold = world.gold().with_limits(SMALL);
    let rebuilt = gold.rebuild(&Rebuild::All, deadline()).await;
    assert_eq!(rebuilt.unwrap().rebuilt, ["hourly", "by_who", "ever"]);
    assert_eq!(versions_and_rows(&world).await, before);

    world.change("low = \"min(amount)\"", "low = \"max(amount)\"");
    assert_eq!(world.publish().await.rebuilt, ["hourly"]);
    let rows = world.rows("hourly").await;
    assert!(rows.iter().all(|row| row[3] == row[4]));
}

/// Returns what readers see, and the version of each table. Where its rows lie is another place after a rebuild.
async fn versions_and_rows(
    world: &Committed,
) -> (BTreeMap<String, Version>, Vec<Vec<Vec<String>>>) {
    let (progress, rows) = world.everything().await;
    let versions = progress
        .into_iter()
        .map(|(name, progress)| (name, progress.version));
    (versions.collect(), rows)
}
