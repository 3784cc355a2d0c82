//! Bronze objects whose trigger was lost are found and refined, however many there are.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sluice::maintain::{Limits, Maintenance, Options};
use sluice::retry::Deadline;
use sluice::store::StorageError;
use sluice::store::object::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page};
use sluice::store::queue::{PoisonMessage, PoisonQueue};

use crate::support::upkeep::{HOUR, World};

#[tokio::test]
async fn objects_whose_trigger_was_lost_are_refined_and_young_ones_left_to_it() {
    let mut world = World::in_memory();
    world.refine(0..10).await;
    for lost in 1..4 {
        world.put(lost * 100..lost * 100 + 10).await;
        world.wait(HOUR);
    }
    world.put(900..910).await;

    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (3, 0));
    assert_eq!(world.ids().await.len(), 40);

    world.wait(10 * 60_000);
    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!(reconciled.refined, 1);
    assert_eq!(world.ids().await.len(), 50);
    let listed = world.upkeep(false).await.reconcile.done().unwrap().listed;
    assert_eq!(
        listed, 2,
        "the folder of the newest object and the one ahead"
    );
    assert_eq!(world.upkeep(true).await.reconcile.done().unwrap().listed, 5);
}

#[tokio::test]
async fn a_backlog_larger_than_a_run_is_worked_off_oldest_first() {
    let few = Limits {
        objects: 2,
        ..Limits::default()
    };
    let mut world = World::in_memory().limited(few);
    for lost in 0..7 {
        world.put(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    for (unreconciled, left) in [(7, 5), (5, 3), (3, 1), (1, 0)] {
        let facts = world.maintain.status().await.unwrap();
        assert_eq!(facts.unreconciled, unreconciled);
        let reconciled = world.upkeep(true).await.reconcile.done().cloned().unwrap();
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
async fn a_backlog_is_worked_off_by_runs_that_only_look_at_its_beginning() {
    let few = Limits {
        objects: 2,
        ..Limits::default()
    };
    let mut world = World::in_memory().limited(few);
    for lost in 0..9 {
        world.put(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    for (done, listed, left) in [(2, 9, 7), (4, 9, 5), (6, 5, 1), (8, 5, 1), (9, 3, 0)] {
        let reconciled = world.upkeep(false).await.reconcile.done().cloned().unwrap();
        assert_eq!((reconciled.listed, reconciled.left), (listed, left));
        assert_eq!(world.ids().await, (0..done * 10).collect());
    }
}

/// A lake that lists one object at a time.
#[derive(Debug)]
struct Paged(Arc<dyn ObjectStore>);

#[async_trait]
impl ObjectStore for Paged {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        self.0.create(path, content, metadata).await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        self.0.put(path, content).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        self.0.get(path).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        self.0.get_range(path, range).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        self.0.head(path).await
    }

    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        self.0.list(prefix).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        let at = from.map_or(0, |from| from.parse().unwrap());
        let mut objects = self.0.list(prefix).await?.into_iter().skip(at);
        Ok(Page {
            objects: objects.next().into_iter().collect(),
            next: objects.next().map(|_| (at + 1).to_string()),
        })
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.0.delete(path).await
    }
}

#[tokio::test]
async fn a_bronze_of_many_pages_is_refined_from_its_beginning_without_listing_it_all() {
    let few = Limits {
        objects: 5,
        ..Limits::default()
    };
    let mut world = World::in_memory();
    for lost in 0..60 {
        world.put(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    let lake: Arc<dyn ObjectStore> = Arc::new(Paged(Arc::clone(&world.edges.lake)));
    let paged = world
        .restarted(lake, Arc::clone(&world.edges.state))
        .limited(few);
    for round in 1..=12 {
        let reconciled = paged.upkeep(false).await.reconcile.done().cloned().unwrap();
        assert_eq!(reconciled.refined, 5);
        assert!(reconciled.listed < 40, "{} listed", reconciled.listed);
        assert_eq!(paged.ids().await, (0..round * 50).collect());
    }
    let last = paged.upkeep(false).await.reconcile.done().cloned().unwrap();
    assert_eq!((last.refined, last.left), (0, 0));
}

#[tokio::test]
async fn poison_messages_of_finished_sources_are_removed_and_others_stay() {
    let mut world = World::in_memory();
    let forgotten = world.put(0..5).await.name;
    world.wait(HOUR);
    let young = world.put(10..15).await.name;
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
    world.maintain = Maintenance::new(world.edges.clone(), world.silver.clone(), Some(poison));
    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.poison_removed, reconciled.poison_left), (1, 3));
    assert_eq!(queue.0.lock().unwrap().1, ["forgotten"]);
}

#[tokio::test]
async fn a_backlog_is_refined_in_groups_that_are_full() {
    let mut world = World::in_memory();
    for lost in 0..400 {
        world.put(lost * 2..lost * 2 + 2).await;
    }
    world.wait(HOUR);
    let reconciled = world.upkeep(false).await.reconcile.done().cloned().unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (400, 0));
    assert_eq!(world.ids().await, (0..800).collect());
    let commits = world.log.head().await.unwrap().unwrap().version.0;
    assert!(commits <= 8, "{commits} commits for 400 objects");
}

#[tokio::test]
async fn a_backlog_larger_than_memory_is_refined_one_object_at_a_time() {
    let tight = Limits {
        bytes: 1,
        ..Limits::default()
    };
    let mut world = World::in_memory().limited(tight);
    for lost in 0..20 {
        world.put(lost * 10..lost * 10 + 10).await;
    }
    world.wait(HOUR);
    let reconciled = world.upkeep(false).await.reconcile.done().cloned().unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (20, 0));
    assert_eq!(world.ids().await, (0..200).collect());
    assert_eq!(world.log.head().await.unwrap().unwrap().version.0, 20);
}

#[tokio::test]
async fn a_run_without_time_refines_nothing_and_the_next_one_does() {
    let mut world = World::in_memory();
    for lost in 0..5 {
        world.put(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    let over = Deadline::after(Duration::ZERO);
    let report = world.maintain.run(Options::default(), over).await;
    assert_eq!(report.failures(), []);
    assert_eq!(report.reconcile.done().unwrap().refined, 0);
    assert_eq!(
        world.upkeep(false).await.reconcile.done().unwrap().refined,
        5
    );
    assert_eq!(world.ids().await, (0..50).collect());
}
