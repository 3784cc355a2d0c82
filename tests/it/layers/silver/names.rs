//! Objects are named by time and ids alone: no text of an event is in a name, and none leads anywhere.

use bytes::Bytes;
use serde_json::json;
use sluice::store::object::ObjectPath;
use testkit::events::{DAY, START};
use testkit::world::{World, deadline, eager};

/// Texts that lead elsewhere where they are taken for a part of a path; each has this mark.
const MARK: &str = "zqz";
const HOSTILE: [&str; 9] = [
    "../../zqz",
    "%2e%2e%2fzqz",
    "..\\..\\zqz",
    "/zqz",
    "zqz\0",
    "event_date=2020-01-01/zqz",
    "zqz/../../bronze/things/0",
    "zqz\n\r",
    "\u{202e}zqz",
];

#[tokio::test(start_paused = true)]
async fn no_text_of_an_event_is_in_the_name_of_an_object() {
    let world = World::new();
    let process = world.process().limited(eager(1));
    let mut bodies = Vec::new();
    for (id, text) in HOSTILE.into_iter().enumerate() {
        let row = json!({"id": id, "at": START, "amount": 1, "who": text, text: text});
        let rejected = json!({"id": text, "at": text, "who": text});
        bodies.extend([row, rejected].map(|body| Bytes::from(body.to_string())));
    }
    let (one, two) = bodies.split_at(6);
    for (first, part) in [(0, one), (6, two)] {
        let source = world.put("0", first, part).await;
        process.refine(&source).await;
    }
    process.app.gold.publish(deadline()).await.unwrap();
    world.wait(DAY);
    process.maintain(true).await;
    let end = world.end_state().await;
    assert_eq!((end.silver.len(), end.quarantine.len()), (9, 9));

    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_=.-".contains(&byte);
    for (container, least) in [("bronze", 2), ("silver", 4), ("quarantine", 2)] {
        let objects = world
            .lake
            .list(&ObjectPath::new(container, ""))
            .await
            .unwrap();
        assert!(objects.len() >= least, "{container}: {}", objects.len());
        for object in objects {
            let name = object.path.name();
            assert!(name.bytes().all(is_plain), "{name}");
            assert!(!name.contains(MARK) && !name.contains(".."), "{name}");
            assert!(name.starts_with("things/"), "{name}");
        }
    }
}
