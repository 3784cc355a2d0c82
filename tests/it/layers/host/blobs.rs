//! Blobs, of bronze and of others.

use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::{Value, json};
use sluice::store::object::paths;
use testkit::events::thing;
use testkit::faulty::When;
use testkit::world::World;
use tokio::time::Instant;

use super::request::{blob, captured, is_failure, is_success, post};

#[tokio::test]
async fn blobs_of_others_are_answered_and_ignored() {
    let names = [
        ("blob-jsonl.json", "orders.jsonl"),
        ("blob-jsonl-storage-4.json", "orders.jsonl"),
        ("blob-nested-name.json", "sub/dir/bin.dat"),
        ("blob-empty.json", "empty.jsonl"),
        ("blob-bom.json", "bom.json"),
        ("blob-utf8.json", "utf8.txt"),
    ];
    let world = World::new();
    let process = world.process();
    for (capture, name) in names {
        let answer = post(&process, "silver", captured(capture)).await;
        let log = format!("ignored {name}, which is not an object of this dataset");
        is_success(&answer, &log);
    }
    // A name that only begins alike is somebody else's.
    let answer = post(
        &process,
        "silver",
        blob("blob-jsonl.json", "things2/a", b"{}"),
    )
    .await;
    assert!(
        answer.body["Logs"][0]
            .as_str()
            .unwrap()
            .starts_with("ignored things2/a")
    );
    assert_eq!(world.commits().await.len(), 0);
}

#[tokio::test]
async fn blobs_of_both_extensions_are_refined() {
    let world = World::new();
    let process = world.process();
    let lines = [&thing(1, 0, 100)[..], b"oops", b""].join(&b'\n');
    let request = blob("blob-jsonl.json", "things/a.jsonl", &lines);
    is_success(
        &post(&process, "silver", request.clone()).await,
        "refined 2 lines to 1 rows in version 1",
    );
    is_success(
        &post(&process, "silver", request).await,
        "refined 2 lines to 1 rows in version 1",
    );
    let request = blob(
        "blob-jsonl-storage-4.json",
        "things/sub folder/b.jsonl",
        &lines,
    );
    is_success(
        &post(&process, "silver", request).await,
        "refined 2 lines to 0 rows in version 2",
    );
    let request = blob("blob-empty.json", "things/c.jsonl", b"");
    is_success(
        &post(&process, "silver", request).await,
        "refined 0 lines to 0 rows in version 3",
    );
    assert_eq!(world.ledger().await.len(), 3);
}

/// User metadata comes back in another case.
#[tokio::test]
async fn the_place_of_lines_is_read_from_metadata_in_any_case() {
    let world = World::new();
    let source = world
        .put("3", 40, &[thing(1, 0, 100), Bytes::from_static(b"oops")])
        .await;
    let info = &world
        .lake
        .list(&paths::bronze_dataset("things"))
        .await
        .unwrap()[0];
    let mut request: Value =
        serde_json::from_str(&blob("blob-jsonl.json", &source.name, &source.content)).unwrap();
    let capitalised = |(name, value): (&String, &String)| {
        let name = name
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        (name.collect::<Vec<_>>().join("_"), json!(value))
    };
    let metadata: serde_json::Map<_, _> = info.metadata.iter().map(capitalised).collect();
    request["Metadata"]["Metadata"] = json!(metadata);
    let answer = post(&world.process(), "silver", request.to_string()).await;
    is_success(&answer, "refined 2 lines to 1 rows in version 1");
    let range = world.ledger().await[0].range.unwrap();
    assert_eq!((range.first.0, range.last.0), (40, 41));
    let path = world.ledger().await[0].quarantine.clone().unwrap();
    let record = world.lake.get(&path).await.unwrap().unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(
        (&record["line"], &record["sequence_number"]),
        (&json!(1), &json!(41))
    );
}

#[tokio::test]
async fn a_body_beyond_the_usual_limit_arrives_in_chunks() {
    let world = World::new();
    let process = world.process();
    let line = [&thing(1, 0, 100)[..], b"\n"].concat();
    let lines = line.repeat(9_000);
    let padded = [&lines[..], &vec![b' '; 12 << 20], b"\n"].concat();
    let request = blob("blob-1000-lines.json.gz", "things/large.jsonl", &padded);
    assert!(request.len() > 16 << 20);
    is_success(
        &post(&process, "silver", request).await,
        "refined 9000 lines to 1 rows in version 1",
    );
    let answer = post(&process, "silver", captured("blob-1000-lines.json.gz")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

/// The host ends the whole process where an invocation takes too long.
#[tokio::test(start_paused = true)]
async fn an_invocation_does_not_wait_for_ever_and_the_next_joins() {
    let world = World::new();
    let process = world.process();
    let gate = process.script.stop_at("create silver/things", When::Before);
    let request = blob("blob-jsonl.json", "things/a.jsonl", &thing(1, 0, 100));
    let started = Instant::now();
    let first = post(&process, "silver", request.clone());
    tokio::pin!(first);
    tokio::select! {
        () = gate.reached() => {}
        _ = &mut first => panic!("it should stand at the gate"),
    }
    is_failure(
        &first.await,
        "things/a.jsonl is not refined after 12 minutes",
    );
    assert_eq!(started.elapsed().as_secs() / 60, 12);

    let second = post(&process, "silver", request.clone());
    tokio::pin!(second);
    assert!(futures::poll!(second.as_mut()).is_pending());
    gate.open();
    is_failure(&second.await, "did not come through in time");
    let third = post(&process, "silver", request).await;
    is_success(&third, "refined 1 lines to 1 rows in version 1");
}
