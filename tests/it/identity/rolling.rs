//! Processes of two deployments at once: one commit records the later file, and the earlier one does not undo it.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use futures::future::join_all;
use sluice::event::UnixMillis;
use sluice::silver::RefineError;
use sluice::table::log::CommitKind;
use testkit::datasets::{THINGS, replace};
use testkit::events::{MINUTE, thing};
use testkit::faulty::{Script, When};
use testkit::read;
use testkit::world::{Process, World};

use super::steps::{computing, kinds, refined};

async fn refine(world: &World, process: &Process, first: i64) -> Result<(), Arc<RefineError>> {
    let source = world.put("0", first, &[thing(first, 0, 100)]).await;
    process.app.silver.refine(source).await.map(|_| ())
}

fn replaced(error: &RefineError) -> (UnixMillis, UnixMillis) {
    match error {
        RefineError::Replaced { at, until } => (*at, *until),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn processes_of_the_deployment_before_do_not_undo_what_is_recorded() {
    let before = World::builder().dataset(&computing("amount * 2")).build();
    let after = before.with_dataset(&computing("amount * 3"));
    let (old, new) = (before.process(), after.process());
    refine(&before, &old, 0).await.unwrap();
    before.wait(60 * MINUTE);
    let at = before.now();
    refine(&after, &new, 1).await.unwrap();
    for (round, minutes) in (1..).zip([0, 5, 9]) {
        before.wait(minutes * MINUTE);
        let error = refine(&before, &old, 10 * round).await.unwrap_err();
        assert_eq!(replaced(&error), (at, UnixMillis(at.0 + 15 * MINUTE)));
        assert!(!error.is_lasting() && !error.is_transient());
        // One that starts now knows it from the log.
        let cold = refine(&before, &before.process(), 10 * round + 1).await;
        replaced(&cold.unwrap_err());
        refine(&after, &new, 10 * round + 2).await.unwrap();
    }
    assert_eq!(kinds(&before).await, "sasaaaa");
    // What they could not refine, the others do, once it has waited for some minutes.
    before.wait(10 * MINUTE);
    let report = new.maintain(true).await;
    assert!(report.failures().is_empty());
    assert_eq!(before.silver().await.len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_goes_back_is_taken_up_after_a_quarter_of_an_hour() {
    let before = World::builder().dataset(&computing("amount * 2")).build();
    let after = before.with_dataset(&computing("amount * 3"));
    let (old, new) = (before.process(), after.process());
    refine(&before, &old, 0).await.unwrap();
    refine(&after, &new, 1).await.unwrap();
    before.wait(15 * MINUTE - 1);
    replaced(&refine(&before, &old, 2).await.unwrap_err());
    before.wait(1);
    refine(&before, &old, 3).await.unwrap();
    assert_eq!(kinds(&before).await, "sasasa");
    // Now that of the other file is the earlier one.
    replaced(&refine(&after, &new, 4).await.unwrap_err());
    // A third file is later than both.
    let third = before.with_dataset(&computing("amount * 4"));
    refine(&third, &third.process(), 5).await.unwrap();
    replaced(&refine(&before, &old, 6).await.unwrap_err());
    replaced(&refine(&after, &new, 7).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn a_file_without_the_new_column_is_replaced_before_it_is_refused() {
    let before = World::new();
    let note = "[[column]]\nname = \"note\"\ntype = \"string\"\n[[gold]]";
    let after = before.with_dataset(&THINGS.replacen("[[gold]]", note, 1));
    let old = before.process();
    refine(&before, &old, 0).await.unwrap();
    refine(&after, &after.process(), 1).await.unwrap();
    replaced(&refine(&before, &old, 2).await.unwrap_err());
    before.wait(15 * MINUTE);
    let error = refine(&before, &old, 3).await.unwrap_err();
    assert!(matches!(&*error, RefineError::Incompatible(_)), "{error}");
    assert_eq!(kinds(&before).await, "sasa");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_appended_by_a_file_that_is_not_the_recorded_one() {
    let before = World::builder().dataset(&computing("amount * 2")).build();
    let after = before.with_dataset(&computing("amount * 3"));
    refined(&before, 0, &[thing(0, 0, 100)]).await;
    // Its rows are cast and written when the other deployment records its file.
    let old = before.process();
    let gate = old
        .script
        .stop_at("transact log|000000000002", When::Before);
    let source = before.put("0", 1, &[thing(1, 0, 100)]).await;
    let app = Arc::clone(&old.app);
    let late = source.clone();
    let task = tokio::spawn(async move { app.silver.refine(late).await });
    gate.reached().await;
    refine(&after, &after.process(), 2).await.unwrap();
    gate.open();
    replaced(&task.await.unwrap().unwrap_err());
    assert_eq!(kinds(&before).await, "sasa");
    after.process().refine(&source).await;
    assert_eq!(after.silver().await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn another_description_is_of_the_deployment_too() {
    let before = World::new();
    let described = replace(
        THINGS,
        "name = \"who\"\n",
        "name = \"who\"\ndescription = \"By\"\n",
    );
    let after = before.with_dataset(&described);
    refine(&before, &before.process(), 0).await.unwrap();
    refine(&after, &after.process(), 1).await.unwrap();
    replaced(&refine(&before, &before.process(), 2).await.unwrap_err());
    assert_eq!(kinds(&before).await, "sasa");
}

/// Refines objects of its own with a process whose calls take times that a seed decides; none fails but by the later file.
async fn at_work(world: &World, number: i64, seed: u64) {
    let process = world.process_with(Script::dawdling(seed.wrapping_mul(31)));
    for object in 0..4 {
        let first = number * 100 + object * 10;
        let bodies = [
            thing(first, 0, 100 + first),
            thing(first + 1, 1, 100 + first),
        ];
        let source = world.put(&number.to_string(), first, &bodies).await;
        if let Err(error) = process.app.silver.refine(source).await {
            replaced(&error);
        }
    }
}

/// The factor of the expression that each version is refined by, and those of the rows that it appended.
async fn factors(world: &World) -> Vec<(i128, Vec<i128>)> {
    let mut factor = 0;
    let mut found = Vec::new();
    for commit in world.commits().await {
        if let CommitKind::Schema(record) = &commit.kind {
            let record: serde_json::Value = serde_json::from_str(record).unwrap();
            let expr = record["definition"]["column.double_amount.expr"].as_str();
            factor = expr.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        }
        let mut of_rows = Vec::new();
        for file in &commit.files {
            for batch in read::silver_file(&world.lake, file).await {
                let cents = |name: &str| {
                    let column = batch.column_by_name(name).unwrap();
                    column.as_primitive::<Decimal128Type>().values().to_vec()
                };
                let pairs = cents("double_amount").into_iter().zip(cents("amount"));
                of_rows.extend(pairs.map(|(computed, amount)| computed / amount));
            }
        }
        found.push((factor, of_rows));
    }
    found
}

#[tokio::test(start_paused = true)]
async fn in_any_order_rows_are_refined_by_the_file_that_is_recorded_before_them() {
    for seed in 0..40 {
        let before = World::builder().dataset(&computing("amount * 2")).build();
        let after = before.with_dataset(&computing("amount * 3"));
        refined(&before, 9_000, &[thing(9_000, 0, 100)]).await;
        let worlds = [&before, &after, &before, &after];
        let work = worlds
            .iter()
            .zip(0..)
            .map(|(world, number)| at_work(world, number, seed + number.unsigned_abs()));
        join_all(work).await;
        assert_eq!(kinds(&before).await.matches('s').count(), 2, "seed {seed}");
        for (version, (factor, rows)) in factors(&before).await.into_iter().enumerate() {
            assert!(
                rows.iter().all(|found| *found == factor),
                "seed {seed}: {version}"
            );
        }
        // What the earlier ones left, a later one refines.
        let process = after.process();
        for source in after.sources().await {
            process.refine(&source).await;
        }
        assert_eq!(after.silver().await.len(), 1 + 4 * 4 * 2, "seed {seed}");
    }
}
