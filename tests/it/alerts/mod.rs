//! Rules: what raises an alert, once, and what raises none.

mod crashes;
mod outbox;
mod rows;
mod silence;
mod swaps;
mod tables;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::warehouse::schema::{ALERTS, OUTBOX, RULES};
use testkit::database::SqliteFile;
use testkit::read;
use testkit::world::{Committed, Event, event};

/// Reads a book: each row by its columns; a null is `-`.
async fn book(world: &Committed, name: &str) -> Vec<BTreeMap<String, String>> {
    let found = read::gold(&*world.world.warehouse(), name).await;
    let columns = found.columns;
    let rows = found.rows.into_iter().map(|row| {
        let cells = row
            .into_iter()
            .map(|cell| cell.unwrap_or_else(|| "-".into()));
        columns.iter().cloned().zip(cells).collect()
    });
    rows.collect()
}

/// Returns the alerts: rule, kind, fields and whether they are open, in order.
async fn alerts(world: &Committed) -> Vec<String> {
    let told = book(world, ALERTS).await.into_iter().map(|row| {
        let open = match row["cleared_at"].as_str() {
            "-" => "open",
            _ => "over",
        };
        format!("{} {} {open} {}", row["rule"], row["kind"], row["fields"])
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

/// Returns the messages that are to be sent, in order.
async fn outbox(world: &Committed) -> Vec<String> {
    let messages = book(world, OUTBOX).await.into_iter();
    let mut messages: Vec<String> = messages.map(|row| row["target"].clone()).collect();
    messages.sort();
    messages
}

/// Returns how much a rule has counted as too old.
async fn stale(world: &Committed, rule: &str) -> String {
    let rules = book(world, RULES).await;
    let row = rules.iter().find(|row| row["rule"] == rule).unwrap();
    row["stale"].clone()
}

/// A world with these rules, whose tables were made at the first version.
async fn watched(rules: &str) -> Committed {
    watched_in(Arc::new(SqliteFile::new()), rules).await
}

/// The same in this file.
async fn watched_in(file: Arc<SqliteFile>, rules: &str) -> Committed {
    let mut world = Committed::on(file);
    // At the end of the file.
    let last = "[[gold]]\ntable = \"ever\"\ngrain = \"all\"\nmeasures = { n = \"count\", total = \"sum(amount)\" }\n";
    world.change(last, &format!("{last}{rules}"));
    world.world.clock.set(UnixMillis(60_000));
    world.initialize().await;
    world.append(&[&[event(0, 1, None, 1)]]).await;
    world.publish().await;
    world
}

/// Makes so many events of a minute, each of so many cents.
fn burst(from: i64, minute: i64, count: i64, cents: i64) -> Vec<Event> {
    let events = (from..from + count).map(|id| event(id, minute, Some(1), cents));
    events.collect()
}
