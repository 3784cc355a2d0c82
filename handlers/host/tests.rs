//! Runs of gold as the timer asks for them, against a server that counts sessions: a database pauses only when it has none.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::clock::ManualClock;
use crate::context::Context;
use crate::dataset::Dataset;
use crate::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use crate::store::entity::{EntityStore, MemoryEntityStore};
use crate::store::object::{MemoryObjectStore, ObjectPath, ObjectStore, Source};
use crate::warehouse::azure_sql::AzureSqlWarehouse;
use crate::warehouse::azure_sql::tests::server::{Answer, Request, Server};
use crate::warehouse::azure_sql::tests::{MERGE, healthy, overtaken_once};
use crate::warehouse::fixture::{COLUMNS, TABLES};
use crate::warehouse::schema::GoldSchema;
use crate::warehouse::{Options, Warehouse};

/// When events come and gold runs: 2025-11-14T11:44:34Z.
const NOW: UnixMillis = UnixMillis(1_763_120_674_000);

/// Stores with two events in silver, and a server for gold.
struct World {
    dataset: Arc<Dataset>,
    lake: Arc<dyn ObjectStore>,
    state: Arc<dyn EntityStore>,
    server: Server,
}

impl World {
    async fn with_server(answer: impl FnMut(usize, &Request) -> Answer + Send + 'static) -> Self {
        let dataset = Dataset::parse(&format!("{COLUMNS}{TABLES}"), "orders.toml").unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        let world = Self {
            dataset: Arc::new(dataset),
            lake: Arc::new(MemoryObjectStore::new(clock)),
            state: Arc::new(MemoryEntityStore::new()),
            server: Server::start(answer).await,
        };
        world.refine().await;
        world
    }

    fn warehouse(&self) -> Arc<AzureSqlWarehouse> {
        let string = self.server.connection_string();
        let schema = GoldSchema::of(&self.dataset).unwrap();
        let warehouse = AzureSqlWarehouse::new(&string, &Options::default(), schema);
        Arc::new(warehouse.unwrap())
    }

    /// A process.
    fn process(&self) -> Served {
        self.process_on(self.warehouse())
    }

    fn process_on(&self, warehouse: Arc<AzureSqlWarehouse>) -> Served {
        let stores = (Arc::clone(&self.lake), Arc::clone(&self.state));
        let mut context = Context::new(Arc::clone(&self.dataset), stores.0, stores.1, 1 << 20);
        context.clock = Arc::new(ManualClock::at(NOW));
        Served {
            app: Arc::new(App::builder(context, warehouse).build()),
            bodies: Bodies::default(),
            traces: None,
        }
    }

    async fn refine(&self) {
        let app = self.process().app;
        let events = [1, 2].map(|id| {
            let line = format!("{{\"id\":{id},\"at\":{},\"who\":\"w{id}\"}}", NOW.0);
            SourceEvent::plain(Bytes::from(line), SequenceNumber(id), NOW)
        });
        let partition = PartitionId("0".to_owned());
        let deadline = Deadline::after(INGEST_TIME);
        let ingested = app.bronze.ingest(&partition, events.into(), deadline);
        ingested.await.unwrap();
        for object in self.objects("bronze").await {
            let content = self.lake.get(&object.path).await.unwrap().unwrap();
            let name = object.path.name().to_owned();
            let source = Source::of_object(name, content, &object.metadata, object.created);
            app.silver.refine(source).await.unwrap();
        }
    }

    async fn objects(&self, container: &str) -> Vec<crate::store::object::ObjectInfo> {
        let all = ObjectPath::new(container, "");
        self.lake.list(&all).await.unwrap()
    }
}

/// Runs gold as its timer does; returns what the host is answered.
async fn tick(process: &Served) -> Result<String, Failure> {
    let invocation = Invocation {
        function: "gold".to_owned(),
        id: "none".to_owned(),
        started: Instant::now(),
        span: None,
    };
    gold(process, Body::empty(), &invocation).await
}

async fn ended(process: &Served) -> String {
    let said = tick(process).await.unwrap();
    let ended = said.rsplit(": ").next();
    ended.unwrap().to_owned()
}

#[tokio::test]
async fn no_session_is_open_after_a_run_whatever_it_did() {
    let world = World::with_server(|_, request| healthy(request)).await;
    let process = world.process();
    assert_eq!(ended(&process).await, "UpToDate");
    let statements = world.server.statements();
    assert!(statements.iter().any(|sql| sql.starts_with(MERGE)));
    world.server.has_open(0).await;
    assert_eq!(world.server.logins(), 1);

    // Nothing was added: the database is not asked.
    assert_eq!(ended(&process).await, "Unchanged");
    assert_eq!(world.server.logins(), 1);
    world.server.has_open(0).await;
}

#[tokio::test]
async fn a_session_that_a_broken_off_run_has_left_is_closed_by_one_with_nothing_to_do() {
    let world = World::with_server(|_, request| healthy(request)).await;
    let warehouse = world.warehouse();
    let process = world.process_on(Arc::clone(&warehouse));
    assert_eq!(ended(&process).await, "UpToDate");
    warehouse.look().await.unwrap();
    world.server.has_open(1).await;
    assert_eq!(ended(&process).await, "Unchanged");
    world.server.has_open(0).await;
}

#[tokio::test]
async fn a_run_that_leaves_work_to_another_process_keeps_no_session() {
    let world = World::with_server(overtaken_once()).await;
    let process = world.process();
    assert_eq!(ended(&process).await, "Overtaken");
    world.server.has_open(0).await;
    assert_eq!(ended(&world.process()).await, "UpToDate");
    assert_eq!(ended(&process).await, "Unchanged");
    world.server.has_open(0).await;
}

#[tokio::test]
async fn a_run_that_fails_keeps_no_session() {
    let world = World::with_server(|_, request| healthy(request)).await;
    // Not at the server, which would cost the session by itself.
    for file in world.objects("silver").await {
        world.lake.delete(&file.path).await.unwrap();
    }
    let process = world.process();
    let error = tick(&process).await.unwrap_err();
    assert!(chain(&error).contains("silver"), "{}", chain(&error));
    assert_eq!(world.server.logins(), 1, "it had a session");
    world.server.has_open(0).await;
}

#[tokio::test]
async fn runs_that_follow_silver_keep_one_session_until_they_rest() {
    let world = World::with_server(|_, request| healthy(request)).await;
    let gold = &world.process().app.gold;
    for _ in 0..2 {
        let done = gold.follow(Deadline::after(PUBLISH_TIME)).await.unwrap();
        assert_eq!(done.ended, Ended::UpToDate);
        world.server.has_open(1).await;
    }
    assert_eq!(world.server.logins(), 1);
    gold.rest().await;
    world.server.has_open(0).await;
}

#[tokio::test]
async fn a_paused_database_is_waited_for_by_the_timers_run_only() {
    let mut tries = 0;
    let world = World::with_server(move |_, request| match request {
        Request::LogIn if tries < 3 => {
            tries += 1;
            Answer::Error(40_613, "not currently available")
        }
        request => healthy(request),
    })
    .await;
    let process = world.process();
    let refused = process.app.gold.follow(Deadline::after(PUBLISH_TIME)).await;
    assert!(
        matches!(refused, Err(crate::gold::Error::Asleep)),
        "{refused:?}"
    );
    assert_eq!(world.server.logins(), 1);
    assert_eq!(ended(&process).await, "UpToDate");
    assert_eq!(world.server.logins(), 4);
}
