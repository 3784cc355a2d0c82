//! Bronze objects whose trigger was lost are found and refined, however many there are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sluice::event::UnixMillis;
use sluice::maintain::{Limits, Options};
use sluice::retry::Deadline;
use sluice::store::StorageError;
use sluice::store::queue::{PoisonMessage, PoisonQueue};
use testkit::events::{DAY, HOUR};
use testkit::faulty::{Script, When};
use testkit::world::{World, deadline};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_span_is_looked_at_whatever_earlier_runs_found_and_nothing_else_is_taken_for_complete() {
    let world = World::of_orders();
    let process = world.process();
    world.refine(&process, 0..10).await;
    world.wait(30 * HOUR);
    world.refine(&process, 10..20).await;
    process.maintain(false).await;
    // By hand, or by a clock that was far behind: hours that were found complete.
    let old = UnixMillis(world.now().0 - 20 * HOUR);
    let older = UnixMillis(world.now().0 - 25 * HOUR);
    world.put_orders_of(old, 100..110).await;
    world.put_orders_of(older, 200..210).await;
    world.wait(HOUR);
    let reconciled = |report: sluice::maintain::Report| report.reconcile.done().cloned().unwrap();
    assert_eq!(reconciled(process.maintain(false).await).refined, 0);

    let span = |from: i64, until: i64, dry_run| {
        let options = Options {
            dry_run,
            span: Some((UnixMillis(old.0 + from), UnixMillis(old.0 + until))),
            ..Options::default()
        };
        process.maintenance.run(options, deadline())
    };
    let missed = reconciled(span(HOUR, 3 * HOUR, false).await);
    assert_eq!((missed.refined, missed.left), (0, 0));
    let dry = reconciled(span(-HOUR, HOUR, true).await);
    assert_eq!((dry.refined, dry.left), (0, 1));
    let found = reconciled(span(-HOUR, HOUR, false).await);
    assert_eq!((found.refined, found.left), (1, 0));
    assert_eq!(world.ids().await.len(), 30);
    let found = reconciled(span(-6 * HOUR, 0, false).await);
    assert_eq!(found.refined, 1);
    assert_eq!(world.ids().await.len(), 40);
}

#[tokio::test]
async fn objects_without_a_trigger_are_refined_unless_they_are_young() {
    let world = World::of_orders();
    let process = world.process();
    world.refine(&process, 0..10).await;
    for lost in 1..4 {
        world.put_orders(lost * 100..lost * 100 + 10).await;
        world.wait(HOUR);
    }
    world.put_orders(900..910).await;

    let report = process.maintain(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (3, 0));
    assert_eq!(world.ids().await.len(), 40);

    world.wait(10 * 60_000);
    let report = process.maintain(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!(reconciled.refined, 1);
    assert_eq!(world.ids().await.len(), 50);
    let listed = process
        .maintain(false)
        .await
        .reconcile
        .done()
        .unwrap()
        .listed;
    assert_eq!(
        listed, 2,
        "the folder of the newest object and the one ahead"
    );
    assert_eq!(
        process
            .maintain(true)
            .await
            .reconcile
            .done()
            .unwrap()
            .listed,
        5
    );
}

#[tokio::test]
async fn a_backlog_larger_than_a_run_is_worked_off_oldest_first() {
    let few = Limits {
        objects: 2,
        ..Limits::default()
    };
    let world = World::of_orders();
    let process = world.process().limited(few);
    for lost in 0..7 {
        world.put_orders(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    for (unreconciled, left) in [(7, 5), (5, 3), (3, 1), (1, 0)] {
        let facts = process.maintenance.status().await.unwrap();
        assert_eq!(facts.unreconciled, unreconciled);
        let reconciled = process
            .maintain(true)
            .await
            .reconcile
            .done()
            .cloned()
            .unwrap();
        assert_eq!((reconciled.listed, reconciled.left), (7, left));
        let done = 70 - 10 * i64::try_from(left).unwrap();
        assert_eq!(world.ids().await, (0..done).collect());
    }
}

#[derive(Debug, Default)]
struct Queue(Mutex<(VecDeque<PoisonMessage>, Vec<String>)>);

#[async_trait]
impl PoisonQueue for Queue {
    async fn receive(&self) -> Result<Vec<PoisonMessage>, StorageError> {
        Ok(self.0.lock().unwrap().0.drain(..).collect())
    }

    async fn delete(&self, message: &PoisonMessage) -> Result<(), StorageError> {
        self.0.lock().unwrap().1.push(message.id.clone());
        Ok(())
    }
}

#[tokio::test]
async fn a_backlog_is_worked_off_from_its_beginning() {
    let few = Limits {
        objects: 2,
        ..Limits::default()
    };
    let world = World::of_orders();
    let process = world.process().limited(few);
    for lost in 0..9 {
        world.put_orders(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    for (done, listed, left) in [(2, 9, 7), (4, 9, 5), (6, 5, 1), (8, 5, 1), (9, 3, 0)] {
        let reconciled = process
            .maintain(false)
            .await
            .reconcile
            .done()
            .cloned()
            .unwrap();
        assert_eq!((reconciled.listed, reconciled.left), (listed, left));
        assert_eq!(world.ids().await, (0..done * 10).collect());
    }
}

#[tokio::test]
async fn a_long_backlog_is_refined_without_listing_all_of_bronze() {
    let few = Limits {
        objects: 5,
        ..Limits::default()
    };
    let world = World::of_orders();
    for lost in 0..60 {
        world.put_orders(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    let paged = world.process_with(Script::paged(1)).limited(few);
    for round in 1..=12 {
        let reconciled = paged
            .maintain(false)
            .await
            .reconcile
            .done()
            .cloned()
            .unwrap();
        assert_eq!(reconciled.refined, 5);
        assert!(reconciled.listed < 40, "{} listed", reconciled.listed);
        assert_eq!(world.ids().await, (0..round * 50).collect());
    }
    let last = paged
        .maintain(false)
        .await
        .reconcile
        .done()
        .cloned()
        .unwrap();
    assert_eq!((last.refined, last.left), (0, 0));
}

#[tokio::test]
async fn poison_messages_of_committed_sources_are_removed() {
    let world = World::of_orders();
    let forgotten = world.put_orders(0..5).await.name;
    world.wait(HOUR);
    let young = world.put_orders(10..15).await.name;
    let message = |id: &str, container: &str, blob: &str| PoisonMessage {
        id: id.to_owned(),
        receipt: String::new(),
        text: format!(
            r#"{{"Type":"BlobTrigger","ContainerName":"{container}","BlobName":"{blob}"}}"#
        ),
    };
    let queue = Arc::new(Queue::default());
    queue.0.lock().unwrap().0.extend([
        message("forgotten", "bronze", &forgotten),
        message("young", "bronze", &young),
        message("foreign", "bronze", "other/0/a.jsonl"),
        message("elsewhere", "inbox", &forgotten),
    ]);
    let poison: Arc<dyn PoisonQueue> = Arc::clone(&queue) as _;
    let process = world.process().with_poison(poison);
    let report = process.maintain(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.poison_removed, reconciled.poison_left), (1, 3));
    assert_eq!(queue.0.lock().unwrap().1, ["forgotten"]);
}

#[tokio::test]
async fn a_backlog_is_refined_in_groups_that_are_full() {
    let world = World::of_orders();
    let process = world.process();
    for lost in 0..400 {
        world.put_orders(lost * 2..lost * 2 + 2).await;
    }
    world.wait(HOUR);
    let reconciled = process
        .maintain(false)
        .await
        .reconcile
        .done()
        .cloned()
        .unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (400, 0));
    assert_eq!(world.ids().await, (0..800).collect());
    let commits = world.version().await.0;
    assert!(commits <= 8, "{commits} commits for 400 objects");
}

#[tokio::test]
async fn a_backlog_larger_than_memory_is_refined_one_object_at_a_time() {
    let tight = Limits {
        bytes: 1,
        ..Limits::default()
    };
    let world = World::of_orders();
    let process = world.process().limited(tight);
    for lost in 0..20 {
        world.put_orders(lost * 10..lost * 10 + 10).await;
    }
    world.wait(HOUR);
    let reconciled = process
        .maintain(false)
        .await
        .reconcile
        .done()
        .cloned()
        .unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (20, 0));
    assert_eq!(world.ids().await, (0..200).collect());
    assert_eq!(world.version().await.0, 20);
}

#[tokio::test]
async fn a_run_without_time_refines_nothing_and_the_next_one_does() {
    let world = World::of_orders();
    let process = world.process();
    for lost in 0..5 {
        world.put_orders(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    let over = Deadline::after(Duration::ZERO);
    let report = process.maintenance.run(Options::default(), over).await;
    assert_eq!(report.failures(), []);
    assert_eq!(report.reconcile.done().unwrap().refined, 0);
    assert_eq!(
        process
            .maintain(false)
            .await
            .reconcile
            .done()
            .unwrap()
            .refined,
        5
    );
    assert_eq!(world.ids().await, (0..50).collect());
}

#[tokio::test]
async fn objects_of_a_clock_that_was_ahead_are_refined_and_hide_no_others() {
    let world = World::of_orders();
    let process = world.process();
    world.refine(&process, 0..10).await;
    let now = world.now();
    world.clock.set(UnixMillis(now.0 + 40 * DAY));
    world.put_orders(100..110).await;
    let report = process.maintain(false).await;
    assert_eq!(report.reconcile.done().unwrap().refined, 0, "it is young");

    world.clock.set(now);
    world.put_orders(200..210).await;
    world.wait(HOUR);
    let report = process.maintain(false).await;
    assert_eq!(report.reconcile.done().unwrap().refined, 1, "that of now");
    let report = process.maintain(true).await;
    assert_eq!(report.reconcile.done().unwrap().refined, 1, "that of then");
    assert_eq!(world.ids().await.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_while_silver_works_on_unless_it_has_patience() {
    for (patience, refined) in [(Duration::ZERO, 0), (10 * 60 * SECOND, 1)] {
        let limits = Limits {
            patience,
            ..Limits::default()
        };
        let world = World::of_orders();
        let process = world.process().limited(limits);
        world.put_orders(0..10).await;
        world.wait(HOUR);
        let gate = process
            .script
            .stop_at("create silver/orders/g1/event", When::Before);
        let run = process.maintenance.run(Options::default(), deadline());
        let open = async {
            gate.reached().await;
            tokio::time::sleep(6 * 60 * SECOND).await;
            gate.open();
        };
        let (report, ()) = tokio::join!(run, open);
        assert_eq!(report.failures(), []);
        let reconciled = report.reconcile.done().unwrap();
        let facts = (reconciled.refined, reconciled.left, reconciled.failed);
        assert_eq!(facts, (refined, 1 - refined, 0));
        // Silver went on without the run, whose next one joins or finds it done.
        let next = process.maintain(false).await;
        assert_eq!(next.reconcile.done().unwrap().left, 0);
        assert_eq!(world.ids().await, (0..10).collect());
        assert_eq!(
            process.script.calls("create silver/orders/g1/event").len(),
            1
        );
    }
}
