//! Who is told: once in effect, and whatever is in the way, nothing waits for it and nothing is lost.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use sluice::event::UnixMillis;
use sluice::gold::Ended;
use sluice::outbox::{Courier, EventHubs, Sender, Webhooks};
use sluice::warehouse::schema::{ALERTS, OUTBOX};
use sluice::warehouse::{Outstanding, Resend};
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::hub_client::{EventHubConnection, PartitionReceiver, ReceiverOptions};
use testkit::database::SqliteFile;
use testkit::world::{Committed, deadline, event};

use super::{book, watched_in};

const LARGE: &str = r#"
[[alert]]
name = "large"
on = "rows"
when = "amount > 5.00"
fields = ["id", "amount"]
notify = ["webhook:HOOK"]
"#;

/// A server that takes messages.
#[derive(Clone, Default)]
struct Hook {
    taken: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    /// What it answers next; 200 after that.
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Hook {
    /// Starts it; returns its address.
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/hook", post(take))
            .route("/elsewhere", post(take))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/hook")
    }

    fn answering(self, answers: &[u16]) -> Self {
        self.answers.lock().unwrap().extend(answers);
        self
    }

    fn taken(&self) -> Vec<(HeaderMap, String)> {
        self.taken.lock().unwrap().clone()
    }
}

async fn take(State(hook): State<Hook>, headers: HeaderMap, body: String) -> Response {
    let answer = match hook.answers.lock().unwrap() {
        mut answers if !answers.is_empty() => answers.remove(0),
        _ => 200,
    };
    match answer {
        200 => {
            hook.taken.lock().unwrap().push((headers, body));
            StatusCode::OK.into_response()
        }
        // It never answers.
        0 => std::future::pending().await,
        302 => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        status => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

fn courier(url: Option<&str>) -> Courier {
    let lookup = |name: &str| match name {
        "HOOK" => url.map(str::to_owned),
        "HOOK_KEY" => Some("key".to_owned()),
        _ => None,
    };
    let webhooks = Webhooks::new(["HOOK"].into_iter(), &lookup).unwrap();
    Courier::default().webhooks(Arc::new(webhooks))
}

/// A world with one alert that nobody has been told of, and its file.
async fn one_alert() -> (Committed, PathBuf) {
    let file = Arc::new(SqliteFile::new());
    let path = file.path();
    let world = watched_in(file, LARGE).await;
    world.append(&[&[event(7, 2, None, 900)]]).await;
    (world, path)
}

async fn publish(world: &Committed, url: Option<&str>) {
    let gold = world.gold().with_courier(courier(url));
    let done = gold.publish(deadline()).await.unwrap();
    assert_eq!(done.ended, Ended::UpToDate);
}

/// Lets time pass for the messages: those that wait are due.
fn due(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    let sql =
        "UPDATE sluice_outbox SET next_at = NULL, claimed_until = '2000-01-01T00:00:00.000000Z'";
    file.execute(sql, []).unwrap();
}

async fn message(world: &Committed) -> std::collections::BTreeMap<String, String> {
    let mut messages = book(world, OUTBOX).await;
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[tokio::test]
async fn a_webhook_gets_a_signed_cloud_event_once() {
    let hook = Hook::default();
    let url = hook.start().await;
    let (world, path) = one_alert().await;
    publish(&world, Some(&url)).await;
    publish(&world, Some(&url)).await;
    due(&path);
    publish(&world, Some(&url)).await;
    let taken = hook.taken();
    assert_eq!(taken.len(), 1);
    let (headers, body) = &taken[0];
    assert!(
        headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/cloudevents+json")
    );
    assert!(
        headers["x-sluice-signature"]
            .to_str()
            .unwrap()
            .starts_with("sha256=")
    );
    let event: Value = serde_json::from_str(body).unwrap();
    let alert = &book(&world, ALERTS).await[0];
    assert_eq!(event["id"], alert["alert_id"].as_str());
    assert_eq!(event["type"], "sluice.alert.raised");
    assert_eq!(event["subject"], "large");
    assert_eq!(event["source"], "/sluice/things");
    assert_eq!(event["data"]["fields"]["amount"], "9.00");
    assert_eq!(event["data"]["fields"]["id"], 7);
    assert_eq!(event["data"]["event_time"], "1970-01-01T00:02:00.000000Z");
    let message = message(&world).await;
    assert_ne!(message["delivered_at"], "-");
    assert_eq!(
        (message["attempts"].as_str(), message["error"].as_str()),
        ("1", "-")
    );
}

#[tokio::test]
async fn a_webhook_that_is_down_refuses_or_redirects_is_told_later() {
    for (answer, expected) in [
        (None, "it cannot be reached"),
        (Some(500), "it answered 500"),
        (Some(404), "it answered 404"),
        (Some(302), "it answered 302"),
    ] {
        let hook = Hook::default().answering(answer.as_slice());
        let url = hook.start().await;
        let (world, path) = one_alert().await;
        match answer {
            // Nobody listens there.
            None => publish(&world, Some("http://127.0.0.1:1/hook")).await,
            Some(_) => publish(&world, Some(&url)).await,
        }
        let refused = message(&world).await;
        assert_eq!(refused["error"], expected);
        assert_ne!(refused["next_at"], "-");
        assert_eq!(refused["failed_at"], "-");
        // Not before it is due.
        publish(&world, Some(&url)).await;
        assert!(hook.taken().is_empty());
        due(&path);
        publish(&world, Some(&url)).await;
        assert_eq!(hook.taken().len(), 1, "{expected}");
        assert_eq!(message(&world).await["attempts"], "2");
    }
}

#[tokio::test]
async fn a_webhook_that_hangs_holds_a_run_up_for_seconds_and_loses_nothing() {
    let hook = Hook::default().answering(&[0]);
    let url = hook.start().await;
    let (world, path) = one_alert().await;
    let gold = world.gold().with_courier(courier(Some(&url)));
    let ran = tokio::time::timeout(Duration::from_secs(15), gold.publish(deadline())).await;
    assert_eq!(ran.unwrap().unwrap().ended, Ended::UpToDate);
    assert!(message(&world).await["error"].contains("within 5 seconds"));
    due(&path);
    publish(&world, Some(&url)).await;
    assert_eq!(hook.taken().len(), 1);
}

#[tokio::test]
async fn a_setting_that_is_missing_is_named_and_no_address_ever_is() {
    let (world, path) = one_alert().await;
    publish(&world, None).await;
    let error = message(&world).await["error"].clone();
    assert!(error.contains("app setting HOOK is not set"), "{error}");
    due(&path);
    publish(&world, Some("http://example.com/secret")).await;
    let error = message(&world).await["error"].clone();
    assert!(
        error.contains("https://") && !error.contains("secret"),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_claimed_is_not_sent_twice_and_is_due_again_where_its_sender_died() {
    let hook = Hook::default();
    let url = hook.start().await;
    let (world, path) = one_alert().await;
    world.publish().await;
    let warehouse = world.world.warehouse();
    assert_eq!(warehouse.claim(100).await.unwrap().len(), 1);
    assert_eq!(warehouse.claim(100).await.unwrap().len(), 0);
    publish(&world, Some(&url)).await;
    assert!(hook.taken().is_empty());
    due(&path);
    publish(&world, Some(&url)).await;
    assert_eq!(hook.taken().len(), 1);
}

#[tokio::test]
async fn after_seven_days_a_message_has_failed_and_is_sent_again_where_somebody_asks() {
    let hook = Hook::default().answering(&[500]);
    let url = hook.start().await;
    let (world, path) = one_alert().await;
    world.publish().await;
    let file = rusqlite::Connection::open(&path).unwrap();
    let long_ago = "UPDATE sluice_outbox SET created_at = '2000-01-01T00:00:00.000000Z'";
    file.execute(long_ago, []).unwrap();
    publish(&world, Some(&url)).await;
    let failed = message(&world).await;
    assert_ne!(failed["failed_at"], "-");
    let outstanding = world.world.warehouse().outstanding().await.unwrap();
    assert_eq!((outstanding.waiting, outstanding.failed), (0, 1));
    assert_eq!(outstanding.error.as_deref(), Some("it answered 500"));
    due(&path);
    publish(&world, Some(&url)).await;
    assert!(hook.taken().is_empty());
    let warehouse = world.world.warehouse();
    let id = failed["alert_id"].clone();
    assert_eq!(
        warehouse
            .resend(&Resend::Alert("other".into()))
            .await
            .unwrap(),
        0
    );
    assert_eq!(warehouse.resend(&Resend::Failed).await.unwrap(), 1);
    publish(&world, Some(&url)).await;
    assert_eq!(warehouse.resend(&Resend::Alert(id)).await.unwrap(), 1);
    let outstanding = warehouse.outstanding().await.unwrap();
    assert_eq!((outstanding.waiting, outstanding.failed), (1, 0));
    assert!(outstanding.oldest.is_some() && outstanding.error.is_none());
    publish(&world, Some(&url)).await;
    assert_eq!(hook.taken().len(), 2);
    // The alert is of a row, which is never over and never open.
    assert_eq!(
        warehouse.outstanding().await.unwrap(),
        Outstanding::default()
    );
}

#[tokio::test]
async fn an_alert_is_forgotten_when_it_is_old_and_told_and_not_before() {
    let hook = Hook::default();
    let url = hook.start().await;
    let (world, _) = one_alert().await;
    world.publish().await;
    let warehouse = world.world.warehouse();
    let now = UnixMillis(i64::from(u32::MAX) * 1_000);
    let count = async || book(&world, ALERTS).await.len() + book(&world, OUTBOX).await.len();
    warehouse.forget(now).await.unwrap();
    assert_eq!(count().await, 2, "it is to be told");
    publish(&world, Some(&url)).await;
    warehouse.forget(now).await.unwrap();
    assert_eq!(count().await, 2, "it is fresh");
    world.append(&[&[event(8, 5_000, None, 1)]]).await;
    publish(&world, Some(&url)).await;
    warehouse.forget(UnixMillis(0)).await.unwrap();
    assert_eq!(count().await, 2, "it is young");
    warehouse.forget(now).await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_hub_of_the_namespace_gets_a_cloud_event_or_the_reason_is_kept() {
    let hub = |name: &str| HubConfig {
        name: name.to_owned(),
        partitions: 1,
        consumer_groups: Vec::new(),
    };
    let config = NamespaceConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: None,
        hubs: vec![hub("events"), hub("alerts")],
    };
    let namespace = Namespace::start(config).await.unwrap();
    let lookup = |name: &str| match name {
        "EventHubConnection" => Some(namespace.connection_string()),
        "EVENTHUB_NAME" => Some("events".to_owned()),
        _ => None,
    };
    let hubs = Arc::new(EventHubs::new(["alerts"].into_iter(), &lookup).unwrap());
    for (target, expected) in [
        ("alerts", None),
        ("nobody", Some("there is no such event hub")),
    ] {
        let rule = LARGE.replace("webhook:HOOK", &format!("eventhub:{target}"));
        let world = watched_in(Arc::new(SqliteFile::new()), &rule).await;
        world.append(&[&[event(7, 2, None, 900)]]).await;
        let courier = Courier::default().event_hubs(Arc::clone(&hubs) as Arc<dyn Sender>);
        let gold = world.gold().with_courier(courier);
        gold.publish(deadline()).await.unwrap();
        let message = message(&world).await;
        match expected {
            None => assert_eq!(message["error"], "-"),
            Some(expected) => assert!(message["error"].contains(expected), "{message:?}"),
        }
    }
    let connection = EventHubConnection::parse(&namespace.connection_string(), Some("alerts"));
    let receiver = PartitionReceiver::open(connection.unwrap(), ReceiverOptions::new("0"));
    let mut receiver = receiver.await.unwrap();
    let received = receiver
        .next_batch(1, Duration::from_secs(20))
        .await
        .unwrap();
    let told: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(told["type"], "sluice.alert.raised");
    assert_eq!(told["data"]["fields"]["amount"], "9.00");
    let stats = namespace.stats();
    let of = |name: &str| stats.iter().find(|own| own.hub == name).unwrap().events;
    assert_eq!((of("alerts"), of("events")), (1, 0));
    namespace.shutdown().await.unwrap();
}
