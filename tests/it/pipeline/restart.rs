//! The same input run straight through, with host and handler stopped in the middle, and with the handler killed, gives
//! the same rows of silver and the same bytes of gold. Over the wires.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use sluice_local::hub_client::Destination;
use testkit::read;

use crate::support::stack::Stack;

/// Events in all, and in each sending.
const EVENTS: usize = 600;
const SENDING: usize = 100;

/// What is compared.
#[derive(Debug, PartialEq)]
struct Golden {
    rows: Vec<(i64, i64, i128)>,
    gold: BTreeMap<String, Vec<u8>>,
}

/// What happens in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Middle {
    Nothing,
    Restart,
    Kill,
}

/// Orders over two days, each fifth one again, each seventh one broken.
fn order(number: usize) -> Bytes {
    let id = if number % 5 == 4 { number - 2 } else { number };
    if number % 7 == 6 {
        return Bytes::from(format!("{{\"order_id\": {id}}}"));
    }
    let time = 1_763_120_674 + id as i64 * 300;
    Bytes::from(format!(
        r#"{{"order_id": {id}, "amount": {id}.25, "timestamp": {time}, "customer_id": "c{}"}}"#,
        id % 11
    ))
}

async fn run(middle: Middle) -> Golden {
    let mut stack = Stack::start("datasets/orders.toml").await;
    let orders: Vec<Bytes> = (0..EVENTS).map(order).collect();
    for (number, part) in orders.chunks(SENDING).enumerate() {
        let partition = Destination::Partition((number % 2).to_string());
        stack.send(part, &partition).await;
        match (middle, number) {
            (Middle::Restart, 1 | 3) => {
                stack.stop_host().await;
                stack.start_host().await;
            }
            // The host gives up at the third end within half an hour.
            (Middle::Kill, 1) => stack.kill_handler().await,
            (Middle::Kill, 4) => {
                // While silver and gold work on what bronze has just stored.
                while stack.bronze_bodies().await.len() < 4 * SENDING {
                    tokio::task::yield_now().await;
                }
                stack.kill_handler().await;
            }
            _ => {}
        }
    }
    let counts = stack.settle(EVENTS as u64).await;
    assert_eq!(
        counts.lines, EVENTS as u64,
        "{middle:?}: each event is one line (B1)"
    );
    assert!(counts.is_conserved());

    let golden = Golden {
        rows: rows(&stack).await,
        gold: gold(&stack).await,
    };
    stack.shutdown().await;
    golden
}

async fn rows(stack: &Stack) -> Vec<(i64, i64, i128)> {
    let batches = read::silver(&stack.lake, &stack.log).await;
    let mut rows = Vec::new();
    batches.iter().for_each(|batch| append(batch, &mut rows));
    rows.sort_unstable();
    rows
}

fn append(batch: &RecordBatch, rows: &mut Vec<(i64, i64, i128)>) {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let ids = column("order_id").as_primitive::<Int64Type>();
    let times = column("event_time").as_primitive::<TimestampMicrosecondType>();
    let amounts = column("amount").as_primitive::<Decimal128Type>();
    rows.extend(
        (0..batch.num_rows()).map(|row| (ids.value(row), times.value(row), amounts.value(row))),
    );
}

/// Returns the gold tables as bytes, without when and how often they were published.
async fn gold(stack: &Stack) -> BTreeMap<String, Vec<u8>> {
    let mut gold = BTreeMap::new();
    for table in &stack.dataset.gold {
        let read = read::gold(&*stack.warehouse, &table.table).await;
        gold.insert(table.table.clone(), format!("{read:?}").into_bytes());
    }
    gold
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn restarts_and_kills_change_no_result() {
    let straight = run(Middle::Nothing).await;
    assert!(straight.rows.len() > EVENTS / 2);
    for middle in [Middle::Restart, Middle::Kill] {
        let disturbed = tokio::time::timeout(Duration::from_secs(120), run(middle)).await;
        assert_eq!(disturbed.unwrap(), straight, "{middle:?}");
    }
}
