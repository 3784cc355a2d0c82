//! Azurite as a child process.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sluice::store::account::StorageAccount;
use sluice::store::entity::{
    AzureEntityStore, Entity, EntityStore, Operation, Outcome, PartitionKey, Properties,
};
use sluice::store::object::{AzureObjectStore, Created, Metadata, ObjectPath, ObjectStore};
use sluice_local::azurite::{Azurite, AzuriteError, AzuriteOptions};

fn edges(azurite: &Azurite) -> (AzureObjectStore, AzureEntityStore) {
    let text = azurite.connection_string();
    let account = StorageAccount::from_connection_string("Test", &text).unwrap();
    let lake = AzureObjectStore::new(&account).unwrap();
    (lake, AzureEntityStore::new(&account, "sluice").unwrap())
}

#[tokio::test]
async fn data_written_just_before_the_end_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let options = AzuriteOptions {
        data_dir: Some(dir.path().join("data")),
        ..AzuriteOptions::default()
    };
    let path = ObjectPath::new("bronze", "a/b");
    let partition = PartitionKey("orders@1".to_owned());
    let entity = Entity {
        row: "head".to_owned(),
        properties: Properties::new(),
    };

    let azurite = Azurite::start(options.clone()).await.unwrap();
    let (lake, state) = edges(&azurite);
    let content = Bytes::from_static(b"content");
    let created = lake.create(&path, content.clone(), &Metadata::new()).await;
    assert_eq!(created.unwrap(), Created::New);
    let insert = [Operation::Insert(entity.clone())];
    assert_eq!(
        state.transact(&partition, &insert).await.unwrap(),
        Outcome::Committed
    );
    let etag = state.get(&partition, "head").await.unwrap().unwrap().etag;
    let ports = azurite.ports();
    // The clients still hold their connections.
    let start = Instant::now();
    azurite.shutdown().await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );

    let options = AzuriteOptions {
        ports: Some(ports),
        ..options
    };
    let azurite = Azurite::start(options).await.unwrap();
    assert_eq!(azurite.ports(), ports);
    let (lake, state) = edges(&azurite);
    assert_eq!(lake.get(&path).await.unwrap(), Some(content));
    let stored = state.get(&partition, "head").await.unwrap().unwrap();
    assert_eq!((stored.entity, stored.etag), (entity, etag));
}

#[tokio::test]
async fn a_dropped_azurite_is_gone() {
    let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
    let [port, ..] = azurite.ports();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(azurite);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = AzuriteOptions {
        ports: Some([port, 0, 0]),
        ..AzuriteOptions::default()
    };
    let Err(AzuriteError::Start(words)) = Azurite::start(options).await else {
        panic!("it should not start");
    };
    assert!(words.contains(&port.to_string()), "{words}");
}
