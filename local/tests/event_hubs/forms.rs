//! Events in every form that SDKs send: none of them stops a partition.

use std::time::Duration;

use crate::support::raw::{BATCH, send_raw};
use crate::support::{drain, earliest, free_namespace, hub};

/// A data section, and what stands for one whose body is null.
const BODY: &[u8] = &[0x00, 0x53, 0x75, 0xa0, 1, b'x'];
const NULL_BODY: &[u8] = &[0x00, 0x53, 0x75, 0x40];
/// A footer without entries.
const FOOTER: &[u8] = &[0x00, 0x53, 0x78, 0xc1, 1, 0];
/// A footer whose key is a string, as the SDK for JavaScript writes it: {"c": 7}.
const NAMED_FOOTER: &[u8] = &[0x00, 0x53, 0x78, 0xc1, 6, 2, 0xa1, 1, b'c', 0x54, 7];
/// A message id that is a list, which it must not be.
const ODD_ID: &[u8] = &[0x00, 0x53, 0x73, 0xc0, 2, 1, 0x45];

/// Application properties with a list, a map and an array.
const NESTED: &[u8] = &[
    0x00, 0x53, 0x74, 0xc1, 28, 6, //
    0xa1, 1, b'l', 0xc0, 3, 1, 0x54, 1, // [1]
    0xa1, 1, b'm', 0xc1, 5, 2, 0xa1, 1, b'k', 0x41, // {"k": true}
    0xa1, 1, b'a', 0xe0, 4, 2, 0x54, 1, 2, // [1, 2]
];

#[tokio::test(flavor = "multi_thread")]
async fn events_in_unusual_forms_arrive() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let footer_first = [FOOTER, BODY].concat();
    let nested = [NESTED, BODY].concat();
    let named_footer = [BODY, NAMED_FOOTER].concat();
    let messages = [NULL_BODY, &footer_first, &nested, &[], &named_footer];
    send_raw(&namespace, "orders/Partitions/0", BATCH, &messages)
        .await
        .unwrap();
    let mut receiver = earliest(&namespace, "orders", "0").await;
    let received = drain(&mut receiver, 5).await;
    let bodies: Vec<_> = received.iter().map(|event| &event.body[..]).collect();
    assert_eq!(bodies, [&b""[..], b"x", b"x", b"", b"x"]);
    let properties = &received[2].properties;
    assert_eq!(
        serde_json::to_value(properties).unwrap(),
        serde_json::json!({"l": "[1]", "m": "{\"k\":true}", "a": "[1,2]"})
    );
    assert_eq!(receiver.passed_over(), []);
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_goes_past_what_it_cannot_decode_and_says_so() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let odd = [ODD_ID, BODY].concat();
    let messages = [&odd[..], &odd, BODY, BODY, &odd, BODY];
    send_raw(&namespace, "orders/Partitions/0", BATCH, &messages)
        .await
        .unwrap();
    let mut receiver = earliest(&namespace, "orders", "0").await;
    let mut received = Vec::new();
    while received.len() < 3 {
        let wait = Duration::from_secs(20);
        let events = receiver.next_batch(10, wait).await.unwrap();
        received.extend(events.iter().map(|event| event.sequence_number));
    }
    assert_eq!(received, [2, 3, 5]);
    let passed = receiver.passed_over();
    let numbers: Vec<_> = passed.iter().map(|event| event.sequence_number).collect();
    assert_eq!(numbers, [0, 1, 4]);
    assert!(
        passed[0].reason.contains("Decoding Message failed"),
        "{passed:?}"
    );
    namespace.shutdown().await.unwrap();
}
