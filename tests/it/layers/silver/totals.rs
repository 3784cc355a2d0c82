//! What became of everything, as every commit carries it on in the head and the log.

use sluice::maintain::Options;
use sluice::table::log::{Head, Totals};
use testkit::events::thing;
use testkit::faulty::{How, Script, When};
use testkit::world::{World, deadline, eager};

async fn head(world: &World) -> Head {
    world.log().head().await.unwrap().unwrap()
}

/// Takes the totals out of the head and the log, as if an earlier build had written them.
async fn forget_totals(world: &World) {
    let until = head(world).await.version.0;
    let rows = (0..=until).map(|version| format!("log|{version:012}"));
    for row in rows.chain(["head".to_owned()]) {
        world
            .change_row(&row, |entity| {
                entity.properties.remove("totals");
            })
            .await;
    }
}

/// A log of two appends, the second with a duplicate and a line that is no event.
async fn begun() -> World {
    let world = World::new();
    let process = world.process();
    let first = [thing(1, 0, 100), thing(2, 0, 100)];
    process.refine(&world.put("0", 0, &first).await).await;
    let second = [thing(2, 0, 100), thing(3, 1, 5), "no JSON".into()];
    process.refine(&world.put("0", 2, &second).await).await;
    world
}

#[tokio::test]
async fn every_commit_carries_the_totals_on() {
    let world = begun().await;
    let totals = head(&world).await.totals.unwrap();
    assert_eq!((totals.sources, totals.files), (2, 2));
    let counts = &totals.counts;
    assert_eq!((counts.lines, counts.rows, counts.duplicates), (5, 3, 1));
    assert_eq!(counts.quarantined_total(), 1);
    world.check_totals().await;

    // Other files for the same rows.
    let process = world.process().limited(eager(1));
    for sequence in 5..8 {
        let source = world.put("0", sequence, &[thing(sequence, 2, 1)]).await;
        process.refine(&source).await;
    }
    let report = process.maintain(true).await;
    assert!(report.compact.done().unwrap().commits > 0);
    assert!(head(&world).await.snapshot.is_some());
    world.check_totals().await;
}

#[tokio::test]
async fn a_log_without_totals_goes_on_and_is_counted_once() {
    let world = begun().await;
    forget_totals(&world).await;
    let process = world.process();
    process
        .refine(&world.put("0", 5, &[thing(7, 1, 1)]).await)
        .await;
    assert_eq!(head(&world).await.totals, None);

    let dry = Options {
        dry_run: true,
        ..Options::default()
    };
    let report = process.maintenance.run(dry, deadline()).await;
    let counted = report.count.done().unwrap();
    assert_eq!((counted.is_due, counted.sources), (true, None));
    assert_eq!(head(&world).await.totals, None);

    let report = process.maintain(false).await;
    assert_eq!(report.count.done().unwrap().sources, Some(3));
    let counted = head(&world).await;
    assert_eq!(
        counted.totals,
        Some(world.log().count(&counted).await.unwrap())
    );
    let report = process.maintain(false).await;
    assert!(!report.count.done().unwrap().is_due, "it is counted once");

    process
        .refine(&world.put("0", 6, &[thing(8, 1, 1)]).await)
        .await;
    let (before, after) = (counted.totals.unwrap(), head(&world).await.totals.unwrap());
    assert_eq!(after.counts.lines, before.counts.lines + 1);
    assert_eq!(after, world.log().count(&head(&world).await).await.unwrap());
}

#[tokio::test]
async fn totals_that_another_build_left_behind_are_not_taken_for_more() {
    let world = begun().await;
    let old = world.row("head").await.properties["totals"].clone();
    world
        .process()
        .refine(&world.put("0", 5, &[thing(7, 1, 1)]).await)
        .await;
    // A build that does not count moves the head on and leaves what it does not know.
    world
        .change_row("head", |entity| {
            entity.properties.insert("totals".into(), old);
        })
        .await;
    assert_eq!(head(&world).await.totals, None);
    world
        .process()
        .refine(&world.put("0", 6, &[thing(8, 1, 1)]).await)
        .await;
    assert_eq!(head(&world).await.totals, None);
    world.process().maintain(false).await;
    let totals = head(&world).await.totals.unwrap();
    assert_eq!((totals.sources, totals.counts.lines), (4, 7));
}

#[tokio::test]
async fn what_is_committed_while_the_log_is_counted_is_counted_too() {
    let world = begun().await;
    forget_totals(&world).await;
    let process = world.process();
    let gate = process.script.stop_at("range src|", When::After);
    // Reconciling reads the ledger as well.
    let counting = async {
        process
            .maintenance
            .run(Options::default(), deadline())
            .await
    };
    let other = async {
        gate.reached().await;
        let source = world.put("0", 5, &[thing(7, 1, 1), thing(7, 1, 1)]).await;
        world.process().refine(&source).await;
        gate.open();
    };
    let (report, ()) = tokio::join!(counting, other);
    assert_eq!(report.failures(), []);
    let now = head(&world).await;
    assert_eq!(now.totals, Some(world.log().count(&now).await.unwrap()));
    assert_eq!(now.totals.map(|totals| totals.counts.lines), Some(7));
}

#[tokio::test(start_paused = true)]
async fn a_count_that_fails_anywhere_is_made_up_for() {
    let mut call = 0;
    loop {
        let world = begun().await;
        forget_totals(&world).await;
        let script = Script::failing_at(call, When::After, How::Crash);
        let process = world.process_with(script);
        let run = process.maintenance.run(Options::default(), deadline());
        let ended = process.script.run(run).await;
        world.process().maintain(false).await;
        let now = head(&world).await;
        let counted: Totals = world.log().count(&now).await.unwrap();
        assert_eq!(now.totals, Some(counted), "after call {call}");
        if ended.is_some() {
            break;
        }
        call += 1;
    }
    assert!(call > 3, "{call} calls");
}
