//! One process stops at each of its calls, another does all of its work meanwhile, and the first goes on: whatever the
//! two are, each row is there once and gold has counted it once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sluice::event::UnixMillis;
use sluice::maintain::Limits;
use sluice::store::object::Source;
use sluice::table::TableId;
use sluice::table::delta::log_entry;
use sluice::table::log::CommitKind;
use testkit::events::{MINUTE, START, thing};
use testkit::faulty::{Script, When, Which};
use testkit::world::{Process, World, deadline, eager};

const DAY: u64 = 24 * 60 * 60;

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Refines what has not been refined; some of its keys are there already.
    Silver,
    /// Brings gold to the head.
    Gold,
    /// Compacts, publishes and vacuums.
    Maintain,
    /// The same after eight days, in which the other one stood still: what it has replaced goes.
    MaintainLater,
}

use Work::{Gold, Maintain, MaintainLater, Silver};

/// Everything is compacted and vacuumed at once. The log stays, so that it can be checked.
fn limits() -> Limits {
    Limits {
        snapshot_every: 1_000,
        checkpoint_every: 4,
        ..eager(1)
    }
}

/// A world with four files in two hours, two more sources that are not refined, and expected ids.
struct Scene {
    world: World,
    todo: Vec<Source>,
    ids: BTreeSet<i64>,
}

impl Scene {
    async fn set() -> Self {
        let world = World::new();
        let silver = world.process();
        for first in [0, 10] {
            let bodies = (first..first + 6).map(|id| thing(id, id % 2 * 60, id * 100));
            let source = world.put("0", first, &bodies.collect::<Vec<_>>()).await;
            silver.app.silver.refine(source).await.unwrap();
        }
        let again = [(1, 1), (3, 1), (20, 0)].map(|(id, hour)| thing(id, hour * 60, id * 100));
        let more = [(12, 0), (21, 1)].map(|(id, hour)| thing(id, hour * 60, id * 100));
        let todo = vec![
            world.put("0", 40, &again).await,
            world.put("1", 0, &more).await,
        ];
        let ids = (0..6).chain(10..16).chain([20, 21]).collect();
        Self { world, todo, ids }
    }

    async fn act(&self, work: Work, process: &Process) {
        match work {
            Silver => {
                let silver = &process.app.silver;
                join_all(self.todo.iter().map(|source| silver.refine(source.clone()))).await;
            }
            // What fails for good is made up for by the next run.
            Gold => drop(process.app.gold.publish(deadline()).await),
            MaintainLater => {
                let later = i64::try_from(8 * DAY * 1_000).unwrap();
                self.world.clock.set(UnixMillis(START + MINUTE + later));
                tokio::time::advance(Duration::from_secs(8 * DAY)).await;
                // The first run replaces, the second removes.
                drop(process.maintain(false).await);
                let later = 2 * later;
                self.world.clock.set(UnixMillis(START + MINUTE + later));
                drop(process.maintain(false).await);
            }
            Maintain => drop(process.maintain(false).await),
        }
    }

    /// Everybody finishes, undisturbed; then all must be as if nothing had happened.
    async fn finish(&self) {
        for work in [Silver, Gold, Maintain, Gold] {
            self.act(work, &self.world.process().limited(limits()))
                .await;
        }
        let end = self.world.end_state().await;
        end.check_gold();
        let ids: BTreeSet<i64> = end.silver.iter().map(|row| row.id).collect();
        assert_eq!(ids, self.ids);
        assert_eq!((end.ledger.lines, end.ledger.duplicates), (17, 3));

        let table = TableId::of(&self.world.dataset);
        for commit in self.world.commits().await {
            let path = TableId::new("things", 1).delta_entry(commit.version.0);
            let content = self.world.lake.get(&path).await.unwrap().unwrap();
            assert_eq!(content, log_entry(&table, &commit).unwrap());
        }
    }
}

/// Stops `first` at each of its calls, before or after its effect, while `second` works.
async fn meet(first: Work, second: Work, before: &[Work]) {
    for when in [When::Before, When::After] {
        for call in 0.. {
            let scene = Arc::new(Scene::set().await);
            for work in before {
                scene
                    .act(*work, &scene.world.process().limited(limits()))
                    .await;
            }
            let script = Script::new();
            let gate = script.stop(Which::Nth(call), when);
            let process = scene
                .world
                .process_with(Arc::clone(&script))
                .limited(limits());
            let actor = Arc::clone(&scene);
            let mut acting = tokio::spawn(async move { actor.act(first, &process).await });
            let is_over = tokio::select! {
                () = gate.reached() => false,
                done = &mut acting => { done.unwrap(); true }
            };
            if is_over {
                assert!(call > 5, "{first:?} makes more calls than {call}");
                break;
            }
            scene
                .act(second, &scene.world.process().limited(limits()))
                .await;
            gate.open();
            acting.await.unwrap();
            scene.finish().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn gold_counts_all_rows_once_while_files_are_compacted_g1() {
    meet(Gold, Maintain, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn gold_counts_new_rows_once_while_files_are_compacted_g1() {
    meet(Gold, Maintain, &[Gold, Silver]).await;
}

#[tokio::test(start_paused = true)]
async fn compaction_beside_gold_takes_nothing_from_it_g1() {
    meet(Maintain, Gold, &[Gold, Silver]).await;
}

#[tokio::test(start_paused = true)]
async fn silver_finds_duplicates_while_their_files_are_compacted_s1() {
    meet(Silver, Maintain, &[]).await;
}

/// What it had written is gone by then, and so are the files that it wanted to compare with.
#[tokio::test(start_paused = true)]
async fn silver_paused_beyond_its_deadline_commits_nothing_s1() {
    meet(Silver, MaintainLater, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn compaction_beside_silver_takes_no_row_away_s1() {
    meet(Maintain, Silver, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn two_overlapping_runs_replace_each_file_once_s7() {
    meet(Maintain, Maintain, &[Silver]).await;
}

/// The second run vacuums what the first is about to read, name or list.
#[tokio::test(start_paused = true)]
async fn a_run_paused_during_a_vacuum_names_nothing_that_is_gone_s7() {
    meet(Maintain, MaintainLater, &[Silver]).await;
}

#[tokio::test(start_paused = true)]
async fn every_file_that_was_replaced_was_live_until_then_s5() {
    let scene = Scene::set().await;
    for work in [Silver, Maintain, Gold] {
        scene
            .act(work, &scene.world.process().limited(limits()))
            .await;
    }
    let mut live = BTreeSet::new();
    for commit in scene.world.commits().await {
        if let CommitKind::Compact { replaces } = &commit.kind {
            for path in replaces {
                assert!(live.remove(path), "{path}");
            }
        }
        live.extend(commit.files.into_iter().map(|file| file.path));
    }
    assert_eq!(live.len(), 2);
    scene.finish().await;
}
