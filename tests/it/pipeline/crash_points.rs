//! Every call to a store fails or ends the process, before and after its effect, one at a time and each of them: run
//! again, the stores hold what they hold after an undisturbed run.

use bytes::Bytes;
use futures::future::join_all;
use sluice::event::{PartitionId, SourceEvent};
use sluice::gold::Ended;
use sluice::store::object::Source;
use testkit::events::{event, thing};
use testkit::faulty::{Gate, How, Script, When, Which};
use testkit::world::{EndState, Process, World, deadline};

/// More calls than any of the runs makes.
const MOST_CALLS: usize = 2_000;

/// The layer whose calls are disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Bronze,
    Silver,
    Gold,
}

/// Events of one partition, with a gap in its numbers and a new hour inside.
fn partition(first: i64) -> Vec<SourceEvent> {
    let mut events: Vec<SourceEvent> = (0..14)
        .map(|index| {
            let sequence = first + index + i64::from(index > 8);
            // 5, 15, ... minutes after the hour: the seventh is in the next hour.
            event(sequence, 5 + 10 * index, body(first + index))
        })
        .collect();
    // The hub's clock may go back a little.
    events[3].enqueued_time.0 -= 11 * 60_000;
    for event in events.iter_mut().step_by(3) {
        event.system = Bytes::from_static(b"{\"iothub-connection-device-id\":\"d1\"}");
    }
    events
}

/// Good events, the same ones again, and all kinds of bad ones.
fn body(number: i64) -> Bytes {
    match number % 7 {
        0 => Bytes::from_static(b"\xff\xfe not text"),
        1 => Bytes::from_static(b"{\"id\": 7,\n \"at\": 1763118000001}"),
        2 => thing(number / 2, 30, 250),
        3 => Bytes::from(format!("{{\"id\": {number}}}")),
        4 => thing(2, 90, 999),
        _ => thing(number, number * 7 % 200, 100 + number),
    }
}

/// The processes of a layer, one after the other: one that has crashed is followed by a new one.
struct Processes<'a> {
    world: &'a World,
    current: Process,
    crashes: usize,
    /// Deliveries that failed and were repeated.
    failures: usize,
}

impl<'a> Processes<'a> {
    fn new(world: &'a World, script: Option<&std::sync::Arc<Script>>) -> Self {
        let current = match script {
            Some(script) => world.process_with(std::sync::Arc::clone(script)),
            None => world.process(),
        };
        Self {
            world,
            current,
            crashes: 0,
            failures: 0,
        }
    }

    /// Replaces the process if work on it came to no end.
    fn replace_if_crashed<T>(&mut self, done: Option<T>) -> Option<T> {
        if done.is_none() {
            self.crashes += 1;
            self.current = self.world.process();
        }
        done
    }
}

/// Delivers the events of a partition like the host: in batches, each until it is stored. What follows a crash comes
/// with other boundaries.
async fn ingest(processes: &mut Processes<'_>, partition: &str, events: &[SourceEvent]) {
    let id = PartitionId(partition.to_owned());
    let mut from = 0;
    while from < events.len() {
        let size = if processes.crashes == 0 { 5 } else { 4 };
        let until = events.len().min(from + size);
        let batch = events[from..until].to_vec();
        let Process { app, script, .. } = &processes.current;
        let done = script.run(app.bronze.ingest(&id, batch, deadline())).await;
        match processes.replace_if_crashed(done) {
            Some(Ok(_)) => from = until,
            Some(Err(_)) => processes.failures += 1,
            None => {}
        }
    }
}

/// Delivers objects of bronze like the host: all at once, and those that fail again.
async fn refine(processes: &mut Processes<'_>, mut sources: Vec<Source>) {
    while !sources.is_empty() {
        let Process { app, script, .. } = &processes.current;
        let all = sources
            .iter()
            .map(|source| app.silver.refine(source.clone()));
        let done = script.run(join_all(all)).await;
        let Some(done) = processes.replace_if_crashed(done) else {
            continue;
        };
        processes.failures += done.iter().filter(|answer| answer.is_err()).count();
        let mut done = done.iter();
        sources.retain(|_| done.next().is_some_and(Result::is_err));
    }
}

/// Runs gold until a run finds nothing left to do.
async fn publish(processes: &mut Processes<'_>) {
    loop {
        let Process { app, script, .. } = &processes.current;
        let done = script.run(app.gold.publish(deadline())).await;
        let done = processes.replace_if_crashed(done);
        let ended = match done {
            Some(Ok(published)) => Some(published.ended),
            Some(Err(_)) => {
                processes.failures += 1;
                None
            }
            None => None,
        };
        if matches!(ended, Some(Ended::UpToDate | Ended::Unchanged)) {
            return;
        }
    }
}

/// Stops at the gate, or comes to an end before it.
async fn reach(gate: &Gate, work: impl Future<Output = ()>) {
    tokio::pin!(work);
    tokio::select! {
        () = gate.reached() => {}
        () = &mut work => {}
    }
}

/// Runs everything, the calls of one layer following `script`.
async fn run(layer: Layer, script: &std::sync::Arc<Script>) -> (EndState, usize) {
    let world = World::new();
    let of = |disturbed: Layer| (disturbed == layer).then_some(script);
    let mut bronze = Processes::new(&world, of(Layer::Bronze));
    let mut silver = Processes::new(&world, of(Layer::Silver));
    let mut gold = Processes::new(&world, of(Layer::Gold));

    // Nothing is there yet.
    publish_nothing(&mut gold).await;
    let (zero, one) = (partition(0), partition(100));
    ingest(&mut bronze, "0", &zero[..9]).await;
    refine(&mut silver, world.sources().await).await;
    publish(&mut gold).await;

    // What was delivered comes again, with more.
    ingest(&mut bronze, "1", &one).await;
    ingest(&mut bronze, "0", &zero[3..]).await;
    // Another silver is faster with a part of it.
    let sources = world.sources().await;
    let rival = world.process();
    for source in sources.iter().rev().take(2) {
        rival.app.silver.refine(source.clone()).await.unwrap();
    }
    refine(&mut silver, sources.clone()).await;
    publish(&mut gold).await;
    // Everything once more changes nothing (S4, G2).
    refine(&mut silver, sources).await;
    publish(&mut gold).await;

    let head = world.log().head().await.unwrap().unwrap();
    assert_eq!(world.published().await, Some(head.version));
    let end = world.end_state().await;
    end.check_gold();
    (end, bronze.failures + silver.failures + gold.failures)
}

async fn publish_nothing(gold: &mut Processes<'_>) {
    let Process { app, script, .. } = &gold.current;
    let done = script.run(app.gold.publish(deadline())).await;
    let done = gold.replace_if_crashed(done);
    gold.failures += usize::from(matches!(done, Some(Err(_))));
}

/// Disturbs the k-th call for every k, and compares the ends.
async fn disturb_every_call(layer: Layer) {
    let (undisturbed, failures) = run(layer, &Script::new()).await;
    assert_eq!(failures, 0);
    assert_eq!(undisturbed.bronze.len(), 28, "each event is one line (B1)");
    assert!(undisturbed.silver.len() > 5 && undisturbed.quarantine.len() > 5);
    for how in [How::Transient, How::Permanent, How::Crash] {
        for when in [When::Before, When::After] {
            let mut disturbed = 0;
            for call in 0..MOST_CALLS {
                let script = Script::new();
                script.fail(Which::Nth(call), when, how);
                let (end, failures) = run(layer, &script).await;
                let name = script.calls("").get(call).cloned().unwrap_or_default();
                assert_eq!(end, undisturbed, "{how:?} {when:?} call {call}: {name}");
                let is_passing = how == How::Transient;
                assert!(failures == 0 || !is_passing, "{when:?} call {call}: {name}");
                if !script.is_over() {
                    break;
                }
                disturbed += 1;
            }
            assert!((10..MOST_CALLS).contains(&disturbed), "{disturbed} calls");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bronze_stores_each_event_once_whichever_call_fails_b1() {
    disturb_every_call(Layer::Bronze).await;
}

#[tokio::test(start_paused = true)]
async fn silver_holds_the_same_rows_whichever_call_fails_s1_s2_s3() {
    disturb_every_call(Layer::Silver).await;
}

#[tokio::test(start_paused = true)]
async fn gold_holds_the_same_tables_whichever_call_fails_g1_g2() {
    disturb_every_call(Layer::Gold).await;
}

#[tokio::test(start_paused = true)]
async fn failures_that_pass_are_waited_out_inside_the_invocation() {
    for layer in [Layer::Bronze, Layer::Silver, Layer::Gold] {
        let (undisturbed, _) = run(layer, &Script::new()).await;
        for when in [When::Before, When::After] {
            let (end, failures) = run(layer, &Script::flaky(when)).await;
            assert_eq!(end, undisturbed, "{layer:?} {when:?}");
            assert_eq!(failures, 0, "{layer:?} {when:?}");
        }
    }
}

/// The same, in the face of another worker that commits just before the commit that is disturbed: the conflict path
/// has calls of its own.
#[tokio::test(start_paused = true)]
async fn silver_holds_the_same_rows_if_calls_fail_after_a_conflict() {
    let undisturbed = run_with_conflict(&Script::new()).await;
    for how in [How::Transient, How::Permanent, How::Crash] {
        for when in [When::Before, When::After] {
            for call in 0..MOST_CALLS {
                let script = Script::new();
                script.fail(Which::Nth(call), when, how);
                let end = run_with_conflict(&script).await;
                let name = script.calls("").get(call).cloned().unwrap_or_default();
                assert_eq!(end, undisturbed, "{how:?} {when:?} call {call}: {name}");
                if !script.is_over() {
                    assert!(call > 10);
                    break;
                }
            }
        }
    }
}

async fn run_with_conflict(script: &std::sync::Arc<Script>) -> EndState {
    let world = World::new();
    let first = world
        .put("0", 0, &[thing(1, 0, 100), thing(2, 1, 200)])
        .await;
    let second = world.put("1", 0, &[thing(3, 2, 300), body(0)]).await;
    let rival = world
        .put("2", 0, &[thing(2, 1, 200), thing(4, 3, 400)])
        .await;

    let gate = script.stop_at("transact log|000000000001", When::Before);
    let mut silver = Processes::new(&world, Some(script));
    let both = vec![first, second];
    {
        let work = refine(&mut silver, both.clone());
        tokio::pin!(work);
        reach(&gate, work.as_mut()).await;
        let refined = world.process().app.silver.refine(rival).await;
        refined.unwrap();
        gate.open();
    }
    // Dropping the calls is what a host does that gives up; their group goes on.
    refine(&mut silver, both).await;
    let end = world.end_state().await;
    assert_eq!(end.silver.len(), 4);
    end
}
