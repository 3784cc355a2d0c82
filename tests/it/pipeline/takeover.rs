//! A copy of the hub takes over that lacks its last events, as after a forced failover, and gives their numbers again. Over
//! the wires.

use bytes::Bytes;
use sluice::store::object::{AzureObjectStore, ObjectPath, ObjectStore};
use sluice_local::hub_client::Destination;

use crate::support::stack::Stack;

/// So many orders, the first of this id.
fn orders(first: usize, count: usize) -> Vec<Bytes> {
    let order = |id: usize| {
        let time = 1_763_120_674 + id as i64 * 300;
        Bytes::from(format!(
            r#"{{"order_id": {id}, "amount": {id}.25, "timestamp": {time}, "customer_id": "c1"}}"#
        ))
    };
    (first..first + count).map(order).collect()
}

/// Returns the names of the host's checkpoints of a partition.
async fn checkpoints(lake: &AzureObjectStore, partition: &str) -> Vec<ObjectPath> {
    let all = ObjectPath::new("azure-webjobs-eventhub", "");
    let names = lake.list(&all).await.unwrap().into_iter();
    let end = format!("/checkpoint/{partition}");
    let names = names.map(|info| info.path);
    names.filter(|path| path.name().ends_with(&end)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_hub_without_its_last_events_goes_on_once_its_checkpoint_is_deleted() {
    let mut stack = Stack::start("datasets/orders.toml").await;
    let partition = Destination::Partition("0".to_owned());
    let (kept, lost, new) = (orders(0, 100), orders(100, 50), orders(200, 30));
    stack.send(&kept, &partition).await;
    stack.settle(100).await;
    let copy = stack.copy_hub().await;
    stack.send(&lost, &partition).await;
    stack.settle(150).await;

    // The copy has the events 0 to 99, and gives 100 to 129 again. The host asks for what follows 149, which is refused.
    stack.take_over(&copy).await;
    stack.send(&new, &partition).await;
    stack.says("The last sequence number in the").await;
    assert_eq!(stack.bronze_bodies().await.len(), 150);

    // The way out.
    stack.stop_host().await;
    let lake = stack.azure_lake();
    let found = checkpoints(&lake, "0").await;
    assert_eq!(found.len(), 1, "{found:?}");
    lake.delete(&found[0]).await.unwrap();
    stack.start_host().await;
    let counts = stack.settle(180).await;

    assert_eq!((counts.lines, counts.rows), (180, 180));
    let mut stored = stack.bronze_bodies().await;
    stored.sort();
    let mut sent: Vec<_> = [kept, lost, new]
        .concat()
        .iter()
        .map(|body| body.to_vec())
        .collect();
    sent.sort();
    assert_eq!(stored, sent, "each event is one line (B1)");
    stack.shutdown().await;
}
