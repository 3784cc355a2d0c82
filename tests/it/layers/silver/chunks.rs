//! Objects that open to more than is held at once: they are worked off in chunks, and committed as one.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sluice::silver::RefineError;
use sluice::store::object::Source;
use sluice::table::TableId;
use testkit::datasets::{THINGS, replace};
use testkit::events::{START, thing};
use testkit::faulty::{How, Script, When};
use testkit::world::{Process, World};

use super::steps::{Answer, overtaken, refine_all, sent, written};

/// So few bytes are one event of these tests.
const CHUNK: usize = 10;

fn dataset(more: &str) -> String {
    let skew = "max_clock_skew = \"48h\"\n";
    let payload = "[payload]\nrecords = \"$[*]\"\ncompression = \"auto\"\n";
    replace(THINGS, skew, &format!("{skew}{more}{payload}"))
}

fn packed(records: &[String]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let text = format!("[{}]", records.join(","));
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().into()
}

fn record(id: i64, amount: i64) -> String {
    String::from_utf8(thing(id, 0, amount).to_vec()).unwrap()
}

/// Events of which each has a bad record, a duplicate of its own, and a record that the event before has too; the third
/// one differs.
fn events(count: i64) -> Vec<Bytes> {
    let records = (0..count).map(|n| {
        let repeated = record((n - 1).max(0), if n == 3 { 7 } else { 100 });
        let bad = format!("{{\"id\":\"x{n}\",\"at\":{START}}}");
        vec![record(n, 100), bad, record(n, 100), repeated]
    });
    records.map(|records| packed(&records)).collect()
}

/// An object of these events in a world of its own.
async fn put(more: &str, events: &[Bytes]) -> (World, Source) {
    let world = World::new().with_dataset(&dataset(more));
    let source = world.put("0", 0, events).await;
    (world, source)
}

fn in_chunks(world: &World) -> Process {
    world.process().in_chunks(CHUNK)
}

#[tokio::test(start_paused = true)]
async fn an_object_in_chunks_is_one_commit_with_the_same_rows() {
    let events = events(6);
    for more in [
        "",
        "where = \"id <> 2\"\n",
        "[dedup]\nconflicts = \"all\"\n",
    ] {
        let (whole, source) = put(more, &events).await;
        whole.process().refine(&source).await;
        let (cut, source) = put(more, &events).await;
        let process = in_chunks(&cut);
        let refined = process.refine(&source).await;
        assert_eq!((refined.entry.version.0, cut.version().await.0), (1, 1));
        assert_eq!(sent(&process), 1);
        let (whole_counts, counts) = (&whole.ledger().await[0].counts, &refined.entry.counts);
        assert_eq!(counts, whole_counts, "{more}");
        let conflicts = u64::from(!more.starts_with("where"));
        let facts = (counts.lines, counts.records, counts.conflicts);
        assert_eq!(facts, (6, 24, conflicts), "{more}");
        let (whole, end) = (whole.end_state().await, cut.end_state().await);
        assert_eq!(whole, end, "{more}");
        // A second delivery changes nothing.
        assert!(!in_chunks(&cut).refine(&source).await.now);
    }
}

#[tokio::test(start_paused = true)]
async fn each_chunk_has_files_of_its_own_and_the_ledger_names_the_last() {
    let (world, source) = put("", &events(4)).await;
    let process = in_chunks(&world);
    let entry = process.refine(&source).await.entry;
    let files = world.snapshot().await.files.len();
    assert_eq!((written(&process).len(), files), (4, 4));
    let last = entry.quarantine.unwrap();
    assert!(last.name().ends_with("-part3.jsonl"), "{last}");
    let parts = TableId::quarantine_parts(&last);
    assert_eq!((parts.len(), &parts[3]), (4, &last));
    for part in &parts {
        let content = world.lake.get(part).await.unwrap().unwrap();
        assert_eq!(content.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
    let id = world.commits().await.pop().unwrap().id;
    assert!(parts.iter().all(|part| part.name().contains(&id)));
    // A chunk that rejects nothing has no object.
    let good = [packed(&[record(1, 1)]), packed(&[record(2, 1)])];
    let (world, source) = put("", &good).await;
    assert_eq!(
        in_chunks(&world).refine(&source).await.entry.quarantine,
        None
    );
}

#[tokio::test(start_paused = true)]
async fn chunks_with_far_older_rows_have_two_files_each() {
    let event = |chunk: i64| {
        let at = |id: i64| START + if id == 0 { 0 } else { 40 * 60_000 + id };
        let record = |id: i64| format!(r#"{{"id":{},"at":{}}}"#, chunk * 100 + id, at(id));
        packed(&(0..40).map(record).collect::<Vec<_>>())
    };
    let (world, source) = put("", &[event(0), event(1)]).await;
    let process = in_chunks(&world);
    assert_eq!(process.refine(&source).await.entry.counts.rows, 80);
    let files: BTreeSet<String> = written(&process).into_iter().collect();
    assert_eq!(files.len(), 4, "{files:?}");
    assert_eq!(world.snapshot().await.files.len(), 4);
    assert_eq!(world.end_state().await.silver.len(), 80);
}

#[tokio::test(start_paused = true)]
async fn what_another_commits_meanwhile_voids_chunks_only_if_it_has_their_keys() {
    // Of a chunk of which another has every row there is no file the second time.
    for (ids, files) in [([90, 91], 4), ([1, 91], 7)] {
        let (world, source) = put("", &events(4)).await;
        let theirs = packed(&ids.map(|id| record(id, 100)));
        let theirs = world.put("1", 0, &[theirs]).await;
        let process = in_chunks(&world);
        let refined = overtaken(&world, &process, &source, &theirs).await.unwrap();
        assert_eq!(refined.entry.version.0, 2, "{ids:?}");
        assert_eq!(written(&process).len(), files, "{ids:?}");
        let shared = u64::from(ids[0] == 1);
        assert_eq!(refined.entry.counts.rows, 4 - shared, "{ids:?}");
        assert!(refined.entry.counts.is_conserved());
        assert_eq!(
            world.silver().await.len(),
            6 - usize::try_from(shared).unwrap()
        );
        world.end_state().await;
    }
}

#[tokio::test(start_paused = true)]
async fn late_rows_of_all_chunks_are_counted_by_the_head_of_the_commit() {
    let (world, source) = put("", &events(3)).await;
    // Another partition is hours ahead, and the watermark with it.
    let ahead = format!("[{{\"id\":50,\"at\":{}}}]", START + 40 * 3_600_000);
    let theirs = world.put("1", 0, &[Bytes::from(ahead)]).await;
    let process = in_chunks(&world);
    let refined = overtaken(&world, &process, &source, &theirs).await.unwrap();
    let counts = &refined.entry.counts;
    assert_eq!((counts.rows, counts.late), (3, 3), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_ends_with_the_object_that_is_cut() {
    let world = World::new().with_dataset(&dataset(""));
    let small = world.put("0", 0, &[packed(&[])]).await;
    let large = world.put("1", 0, &events(3)).await;
    let other = world.put("2", 0, &events(1)).await;
    let process = in_chunks(&world);
    let answers = refine_all(&process, &[small, large, other]).await;
    let facts = answers.into_iter().map(Result::unwrap);
    let facts: Vec<_> = facts
        .map(|refined| (refined.entry.version.0, refined.group))
        .collect();
    assert_eq!(facts, [(1, 2), (1, 2), (2, 1)]);
    world.end_state().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_any_call_leaves_nothing_half_done() {
    for when in [When::Before, When::After] {
        for how in [How::Transient, How::Crash] {
            for call in 0.. {
                let (world, source) = put("", &events(3)).await;
                let script = Script::failing_at(call, when, how);
                let process = world.process_with(Arc::clone(&script)).in_chunks(CHUNK);
                let work = process.app.silver.refine(source.clone());
                // A failure that does not pass within the process is one for the next.
                let _ = script.run(work).await;
                in_chunks(&world).refine(&source).await;
                let end = world.end_state().await;
                let facts = (end.ledger.rows, end.silver.len(), end.quarantine.len());
                assert_eq!(facts, (3, 3, 3), "{when:?} {how:?} {call}");
                if !script.is_over() {
                    break;
                }
            }
        }
    }
}

/// Lets the first chunks of these objects take so many minutes each, and returns what becomes of the objects.
async fn minutes_each(process: &Process, sources: &[Source], minutes: &[u64]) -> Vec<Answer> {
    let object = "create quarantine/things";
    let gate = |_: &u64| process.script.stop_at(object, When::Before);
    let gates: Vec<_> = minutes.iter().map(gate).collect();
    let pass = async {
        for (gate, minutes) in gates.iter().zip(minutes) {
            gate.reached().await;
            tokio::time::advance(Duration::from_secs(minutes * 60)).await;
            gate.open();
        }
        // The gates that are left are for nobody.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answers = refine_all(process, sources) => answers,
        () = pass => Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_has_ten_minutes_for_each_chunk_and_an_hour_in_all() {
    for (minutes, is_in_time) in [
        (&[9, 9, 9, 9, 9, 9][..], true),
        // The first of two chunks stands still; so does the last.
        (&[11, 0], false),
        (&[9, 9, 10], false),
        (&[9, 9, 9, 9, 9, 9, 8], false),
    ] {
        let count = i64::try_from(minutes.len()).unwrap();
        let (world, source) = put("", &events(count)).await;
        let process = in_chunks(&world);
        let answer = minutes_each(&process, std::slice::from_ref(&source), minutes).await;
        assert_eq!(sent(&process), usize::from(is_in_time), "{minutes:?}");
        match &answer[0] {
            Ok(refined) => assert!(is_in_time && refined.now, "{minutes:?}"),
            Err(error) => assert!(
                !is_in_time && matches!(&**error, RefineError::OutOfTime),
                "{minutes:?}: {error}"
            ),
        }
        // What was written by then is in nobody's way.
        in_chunks(&world).refine(&source).await;
        assert_eq!(world.end_state().await.silver.len(), minutes.len());
    }
}

#[tokio::test(start_paused = true)]
async fn each_commit_of_a_group_has_its_own_time_and_answers_at_once() {
    let world = World::new().with_dataset(&dataset(""));
    let sources = [
        world.put("0", 0, &events(4)).await,
        world.put("1", 0, &events(4)).await,
    ];
    // Together they take more than an hour.
    let process = in_chunks(&world);
    let answers = minutes_each(&process, &sources, &[9; 8]).await;
    assert!(answers.iter().all(Result::is_ok));

    let process = in_chunks(&world);
    let sources = [
        world.put("2", 0, &events(2)).await,
        world.put("3", 0, &events(2)).await,
    ];
    let last = process
        .script
        .stop_at("transact log|000000000004", When::Before);
    let all = refine_all(&process, &sources[1..]);
    let first = process.app.silver.refine(sources[0].clone());
    tokio::pin!(first, all);
    // Both are in the queue once they have been polled.
    assert!(futures::poll!(first.as_mut()).is_pending());
    assert!(futures::poll!(all.as_mut()).is_pending());
    assert_eq!(first.await.unwrap().entry.version.0, 3);
    last.reached().await;
    assert!(futures::poll!(all.as_mut()).is_pending());
    last.open();
    let facts = all.await.remove(0).unwrap();
    assert_eq!((facts.now, facts.entry.version.0), (true, 4));
}
