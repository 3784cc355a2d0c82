//! When runs begin, and what they ask.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sluice::dataset::Latency;
use sluice::eager::Eager;
use sluice::outbox::{CloudEvent, Courier, Sender};
use sluice::store::account::Calls;
use testkit::datasets::THINGS;
use testkit::faulty::{How, Script, When};
use testkit::world::{Process, World};

use super::{Following, commit, follow, follow_of, is_published, published_within, world};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_commit_is_in_gold_at_once_and_the_next_one_a_quarter_of_a_second_later() {
    let world = world();
    let process = world.process();
    let _following = follow(&process);
    commit(&world, &process, 1).await;
    let first = published_within(&world, SECOND).await;
    assert!(first < SECOND / 8, "{first:?}");
    commit(&world, &process, 2).await;
    let second = published_within(&world, SECOND).await;
    let apart = SECOND / 8..SECOND / 2;
    assert!(apart.contains(&second), "{second:?} between two runs");
    world.end_state().await.check_gold();
}

#[tokio::test(start_paused = true)]
async fn files_come_from_memory_and_the_books_are_looked_at_once() {
    let world = world();
    let process = world.process();
    assert_eq!(files_read(&world, &process).await, [""; 0]);
    // Before the tables were there, and after.
    assert!(process.script.calls("look").len() <= 2);
    assert_eq!(process.script.calls("commit").len(), 5);
    world.end_state().await.check_gold();
}

/// Follows five commits, one by one; returns the reads of silver's files from the store.
async fn files_read(world: &World, process: &Process) -> Vec<String> {
    let _following = follow(process);
    for id in 1..6 {
        commit(world, process, id).await;
        published_within(world, SECOND * 2).await;
    }
    let mut read = process.script.calls("get silver/");
    read.retain(|call| call.contains(".parquet"));
    read
}

#[tokio::test(start_paused = true)]
async fn rules_on_rows_have_files_from_memory_as_well() {
    let rule = "[[alert]]\nname = \"large\"\non = \"rows\"\nwhen = \"amount > 0\"\nnotify = [\"webhook:HOOK\"]\n";
    let world = World::builder()
        .dataset(&format!("latency = \"low\"\n{THINGS}{rule}"))
        .build();
    let process = world.process();
    assert_eq!(files_read(&world, &process).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_dataset_that_does_not_ask_for_it_has_no_loop() {
    let world = World::new();
    assert_eq!(world.dataset.latency, Latency::Timer);
    assert!(world.process().app.eager().is_none());
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_minute_nothing_is_asked_and_no_session_kept() {
    let world = world();
    let process = world.process();
    let _following = follow(&process);
    commit(&world, &process, 1).await;
    published_within(&world, SECOND).await;
    tokio::time::sleep(SECOND * 50).await;
    assert_eq!(process.script.closes(), 0);
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!(process.script.closes(), 1);
    let calls = process.script.count();
    tokio::time::sleep(SECOND * 3_600).await;
    assert_eq!(process.script.count(), calls);
    // And it wakes up again.
    commit(&world, &process, 2).await;
    published_within(&world, SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_warehouse_that_is_down_is_asked_less_and_less_and_silver_goes_on() {
    let world = world();
    let (silver, gold) = (world.process(), world.process_with(Script::new()));
    for _ in 0..100 {
        gold.script
            .fail_at("is awake", When::Before, How::Transient);
    }
    let _following = follow_of(&gold, &silver);
    for id in 0..300 {
        commit(&world, &silver, id).await;
        tokio::time::sleep(SECOND).await;
    }
    let tries = gold.script.calls("is awake").len();
    assert!((5..=12).contains(&tries), "{tries} in five minutes");
    assert!(!is_published(&world).await);
    assert_eq!(world.silver().await.len(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_warehouse_that_is_back_is_followed_without_the_timer() {
    let world = world();
    let (silver, gold) = (world.process(), world.process_with(Script::new()));
    for _ in 0..3 {
        gold.script.fail_at("begin", When::Before, How::Transient);
    }
    let _following = follow_of(&gold, &silver);
    commit(&world, &silver, 1).await;
    published_within(&world, SECOND * 10).await;
    world.end_state().await.check_gold();
}

#[tokio::test(start_paused = true)]
async fn commits_without_a_pause_make_no_storm_of_runs() {
    let world = world();
    let process = world.process();
    let _following = follow(&process);
    for id in 0..100 {
        commit(&world, &process, id).await;
        tokio::time::sleep(SECOND / 10).await;
    }
    published_within(&world, SECOND * 2).await;
    let runs = process.script.calls("begin").len();
    assert!((30..=45).contains(&runs), "{runs} in ten seconds");
    world.end_state().await.check_gold();
}

/// A webhook that notes whom it told.
#[derive(Debug, Default)]
struct Hook(Mutex<Vec<String>>);

#[async_trait]
impl Sender for Hook {
    async fn send(&self, name: &str, _: &CloudEvent) -> Result<(), String> {
        self.0.lock().unwrap().push(name.to_owned());
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_alert_is_sent_right_after_the_run_that_raised_it() {
    let world = world();
    let process = world.process();
    let hook = Arc::new(Hook::default());
    let courier = Courier::default().webhooks(Arc::clone(&hook) as Arc<dyn Sender>);
    let gold = world.gold_with(world.warehouse()).with_courier(courier);
    let eager = Eager::new(
        Arc::new(gold),
        process.app.silver.committed(),
        "this process".to_owned(),
        Calls::default(),
    );
    let _following = Following(tokio::spawn(eager.run()));
    // The rule begins with the first commit, and is true of the hour with the third.
    for id in 1..4 {
        commit(&world, &process, id).await;
        published_within(&world, SECOND * 2).await;
    }
    let told = || hook.0.lock().unwrap().clone();
    let started = tokio::time::Instant::now();
    while told().is_empty() {
        assert!(started.elapsed() < SECOND, "no timer is waited for");
        tokio::time::sleep(SECOND / 50).await;
    }
    assert_eq!(told(), ["HOOK"]);
}
