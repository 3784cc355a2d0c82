//! `sluice package`: what Azure would unpack, unpacked and run here.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sluice::dataset::Dataset;
use sluice::warehouse;
use sluice::warehouse::Warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice_local::azurite::{Azurite, AzuriteOptions};
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::functions_host::events::EventSink;
use sluice_local::functions_host::{Host, HostOptions};
use sluice_local::hub_client::{Destination, EventHubConnection, Producer};
use zip::ZipArchive;

use support::{command, handler, repository};

const PATIENCE: Duration = Duration::from_secs(120);
const STAMP: &str = "2026-11-28T08:00:00Z";
const POLL: Duration = Duration::from_millis(100);

/// Packages the repository with the handler of this build.
fn package(output: &Path, stamp: &str) {
    let run = command(repository())
        .arg("package")
        .arg("--output")
        .arg(output)
        .arg("--handler")
        .arg(handler())
        .arg("--stamp")
        .arg(stamp)
        .arg("--json")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(said.contains("the handler needs glibc 2."), "{said}");
    let made: Value = serde_json::from_slice(&run.stdout).unwrap();
    let zip = output.join("app.zip");
    assert_eq!(made["bytes"], zip.metadata().unwrap().len());
    assert_eq!(made["file"], zip.display().to_string());
    let size_of = |path: &str| output.join("app").join(path).metadata().unwrap().len();
    let entries = made["entries"].as_array().unwrap();
    for path in ["handler", "host.json", "datasets/orders.toml"] {
        let entry = entries.iter().find(|entry| entry["path"] == path).unwrap();
        assert_eq!(entry["bytes"], size_of(path), "{path}");
    }
}

/// Unpacks as the platform does: with the modes that the zip file has.
fn unpack(zip: &Path, folder: &Path) {
    let mut zip = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let path = folder.join(entry.enclosed_name().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mode = entry.unix_mode().unwrap() & 0o777;
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path);
        std::io::copy(&mut entry, &mut file.unwrap()).unwrap();
    }
}

#[test]
fn packaging_is_reproducible_and_the_folder_equals_the_zip() {
    let work = tempfile::tempdir().unwrap();
    let (first, second) = (work.path().join("first"), work.path().join("second"));
    package(&first, STAMP);
    package(&second, STAMP);
    let zip = std::fs::read(first.join("app.zip")).unwrap();
    assert!(zip == std::fs::read(second.join("app.zip")).unwrap());

    let unpacked = work.path().join("unpacked");
    unpack(&first.join("app.zip"), &unpacked);
    for path in [
        "host.json",
        "handler",
        "datasets/orders.toml",
        "datasets/orders.toml.stamp",
        "silver/function.json",
    ] {
        let (a, b) = (first.join("app").join(path), unpacked.join(path));
        assert!(
            std::fs::read(&a).unwrap() == std::fs::read(&b).unwrap(),
            "{path}"
        );
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&a), mode(&b), "{path}");
    }
    assert!(!unpacked.join("local.settings.json").exists());
}

/// Makes silver poll, as it does in the repository: Azurite has no Event Grid.
fn poll_instead_of_event_grid(app: &Path) {
    let path = app.join("silver/function.json");
    let mut function: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let binding = function["bindings"][0].as_object_mut().unwrap();
    assert_eq!(binding.remove("source").unwrap(), "EventGrid");
    std::fs::write(&path, function.to_string()).unwrap();
}

async fn hub() -> Namespace {
    let config = NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: None,
        hubs: vec![HubConfig {
            name: "events".to_owned(),
            partitions: 2,
            consumer_groups: vec!["sluice".to_owned()],
        }],
    };
    Namespace::start(config).await.unwrap()
}

async fn send_orders(namespace: &Namespace, count: usize) {
    let connection = EventHubConnection::parse(&namespace.connection_string(), Some("events"));
    let producer = Producer::connect(connection.unwrap()).await.unwrap();
    let order = |id| {
        Bytes::from(format!(
            r#"{{"order_id": {id}, "amount": 2.5, "timestamp": 1763120674.343}}"#
        ))
    };
    let orders = (0..count).map(order).collect();
    producer.send(orders, &Destination::Any).await.unwrap();
    producer.close().await;
}

/// Starts the host on what was unpacked, with the settings that the app has on Azure.
async fn host(app: &Path, storage: String, hub: String, gold: &str) -> (Host, Output) {
    let settings = [
        ("FUNCTIONS_WORKER_RUNTIME", "custom"),
        ("AzureWebJobsStorage", &storage),
        ("LakeStorage", &storage),
        ("EventHubConnection", &hub),
        ("EVENTHUB_NAME", "events"),
        ("EVENTHUB_CONSUMER_GROUP", "sluice"),
        ("GoldDatabase", gold),
        ("GOLD_SCHEDULE", "* * * * * *"),
        ("MAINTAIN_SCHEDULE", "0 0 0 1 1 *"),
        ("DATASET", "datasets/orders.toml"),
    ];
    let output = Output::default();
    let lines = Arc::clone(&output);
    let mut options = HostOptions::new(app);
    options.settings = settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    options.events = EventSink::new(move |event| lines.lock().unwrap().push(format!("{event:?}")));
    (Host::start(options).await.unwrap(), output)
}

type Output = Arc<Mutex<Vec<String>>>;

/// Waits until gold has counted all orders; returns its total.
async fn total(warehouse: &dyn Warehouse, orders: usize, output: &Output) -> String {
    let look = async {
        loop {
            if let Ok(rows) = warehouse.read_table("gold_total_revenue", None, 10).await {
                let row = rows.rows.into_iter().next().unwrap_or_default();
                let row: BTreeMap<_, _> = rows.columns.into_iter().zip(row).collect();
                if row.get("total_orders") == Some(&Some(orders.to_string())) {
                    return row["total_amount"].clone().unwrap();
                }
            }
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(total) => total,
        Err(_) => panic!(
            "{orders} orders did not arrive:\n{}",
            output.lock().unwrap().join("\n")
        ),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unpacked_package_runs_and_every_function_works() {
    let work = tempfile::tempdir().unwrap();
    package(&work.path().join("dist"), STAMP);
    let app = work.path().join("app");
    unpack(&work.path().join("dist/app.zip"), &app);
    poll_instead_of_event_grid(&app);

    let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
    let namespace = hub().await;
    let gold = format!("sqlite:{}", work.path().join("gold.db").display());
    let dataset = Dataset::load(&app.join("datasets/orders.toml")).unwrap();
    let warehouse = warehouse::connect(&gold, GoldSchema::of(&dataset).unwrap()).unwrap();
    let (storage, hub) = (azurite.connection_string(), namespace.connection_string());
    let (host, output) = host(&app, storage, hub, &gold).await;

    send_orders(&namespace, 200).await;
    assert_eq!(total(warehouse.as_ref(), 200, &output).await, "500.00");
    host.trigger("maintain").await.unwrap();
    let ran: BTreeMap<String, bool> = host
        .stats()
        .functions
        .into_iter()
        .map(|(name, stats)| (name, stats.invocations > 0 && stats.failures == 0))
        .collect();
    let all = ["bronze", "gold", "maintain", "silver"].map(|name| (name.to_owned(), true));
    let lines = output.lock().unwrap().join("\n");
    assert_eq!(ran, BTreeMap::from(all), "{lines}");
    // Each says in its own log line that it did its work, so that none was answered without being done.
    for done in ["ingested", "refined", "published", "maintained"] {
        let line = format!(r#"\"message\":\"{done}\""#);
        assert!(lines.contains(&line), "{done}: {lines}");
    }

    host.shutdown().await;
    namespace.shutdown().await.unwrap();
    azurite.shutdown().await.unwrap();
}
