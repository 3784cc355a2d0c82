//! What silver counts adds up with what each table has taken in, at every version that a table ever stands at.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use sluice::gold::{Ended, Rebuild};
use sluice::store::entity::{Entity, Value};
use sluice::warehouse::schema::BALANCE;
use testkit::database::SqliteFile;
use testkit::datasets::{THINGS, replace};
use testkit::events::thing;
use testkit::faulty::{ENDINGS, Faulty, Script};
use testkit::world::{Committed, SMALL, World, deadline, event, events};

/// What happens to a pipeline.
#[derive(Clone, Debug)]
enum Happening {
    /// New events come and are refined.
    Refined(Vec<u8>),
    /// The newest object is delivered again.
    Replayed,
    /// Gold runs, with small limits or with large ones, and may be ended at one of its calls.
    Published { is_small: bool, ends_at: usize },
    /// Somebody asks for a table anew.
    Asked(usize),
    /// Files are merged.
    Maintained,
    /// An earlier build moves the tables on: what it does not know of stays as it was.
    EarlierBuild,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => proptest::collection::vec(0..20_u8, 1..6).prop_map(Happening::Refined),
        1 => Just(Happening::Replayed),
        4 => (any::<bool>(), 0..60_usize)
            .prop_map(|(is_small, ends_at)| Happening::Published { is_small, ends_at }),
        1 => (0..3_usize).prop_map(Happening::Asked),
        1 => Just(Happening::Maintained),
        1 => Just(Happening::EarlierBuild),
    ]
}

/// A good event, one that the condition leaves out, or one that is no row.
fn body(number: u8) -> Bytes {
    match number {
        13 => thing(13, 1, 1_300),
        17 => Bytes::from_static(b"{\"id\": \"no number\"}"),
        number => thing(number.into(), i64::from(number) * 25, 100),
    }
}

struct Pipeline {
    world: World,
    path: PathBuf,
    next: i64,
}

impl Pipeline {
    fn new() -> Self {
        let file = Arc::new(SqliteFile::new());
        let path = file.path();
        let text = format!("where = \"id <> 13\"\n{THINGS}");
        Self {
            world: World::builder().dataset(&text).database(file).build(),
            path,
            next: 0,
        }
    }

    async fn meet(&mut self, happening: &Happening) {
        let process = self.world.process();
        match happening {
            Happening::Refined(numbers) => {
                let bodies: Vec<Bytes> = numbers.iter().map(|number| body(*number)).collect();
                let source = self.world.put("0", self.next, &bodies).await;
                self.next += i64::try_from(bodies.len()).unwrap();
                process.refine(&source).await;
            }
            Happening::Replayed => {
                if let Some(source) = self.world.sources().await.last() {
                    process.refine(source).await;
                }
            }
            Happening::Published { is_small, ends_at } => {
                let (when, how) = ENDINGS[ends_at % ENDINGS.len()];
                let script = Script::failing_at(*ends_at, when, how);
                let gold = self
                    .world
                    .gold_with(Faulty::new(&self.world.warehouse(), &script));
                let gold = match is_small {
                    true => gold.with_limits(SMALL),
                    false => gold,
                };
                // However it ends.
                drop(script.run(gold.publish(deadline())).await);
            }
            Happening::Asked(table) => {
                let name = ["hourly", "by_who", "ever"][*table].to_owned();
                let asked = process.app.gold.ask(&Rebuild::Table(name)).await;
                // Before gold's first run there are no books to ask in.
                drop(asked);
            }
            Happening::Maintained => drop(process.maintain(true).await),
            Happening::EarlierBuild => self.forget(),
        }
    }

    /// Leaves of the books what they hold where an earlier build wrote them.
    fn forget(&self) {
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        for sql in [
            "UPDATE sluice_freshness SET counted_version = NULL",
            "UPDATE sluice_next SET rows_taken_at = NULL",
        ] {
            // Where the book is there.
            drop(connection.execute(sql, []));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_every_version_that_a_table_stands_at_the_balance_adds_up(
        happenings in proptest::collection::vec(happening(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let mut pipeline = Pipeline::new();
            for happening in &happenings {
                pipeline.meet(happening).await;
                if !matches!(happening, Happening::EarlierBuild) {
                    pipeline.world.check_balance().await;
                }
            }
            // One more event, so that every table moves.
            pipeline.meet(&Happening::Refined(vec![19, 13, 17])).await;
            let published = pipeline.world.process().app.gold.publish(deadline()).await.unwrap();
            assert_eq!(published.ended, Ended::UpToDate);
            let version = pipeline.world.version().await.to_string();
            let said = pipeline.world.balance(&["version", "is_balanced"]).await;
            for table in ["by_who", "ever", "hourly"] {
                let own = said.iter().find(|(name, _)| name == table).unwrap();
                assert_eq!(own.1, [version.clone(), "true".to_owned()], "{table}");
            }
            pipeline.world.end_state().await.check_gold();
        });
    }
}

#[tokio::test(start_paused = true)]
async fn every_fate_of_a_record_is_counted_beside_the_rows_that_a_table_has() {
    let mut pipeline = Pipeline::new();
    pipeline.meet(&Happening::Refined(vec![1, 2, 13, 17])).await;
    pipeline.meet(&Happening::Refined(vec![2, 3])).await;
    let process = pipeline.world.process();
    process.app.gold.publish(deadline()).await.unwrap();
    let columns = [
        "dataset",
        "generation",
        "events",
        "records",
        "rows",
        "duplicates",
        "filtered",
        "quarantined",
        "redriven",
        "unaccounted",
        "rows_taken",
        "rows_missing",
        "is_balanced",
    ];
    let said = pipeline.world.balance(&columns).await;
    assert_eq!(said.len(), 3);
    for (table, cells) in said {
        let expected = "things 1 6 6 3 1 1 1 0 0 3 0 true";
        assert_eq!(cells.join(" "), expected, "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_made_anew_has_taken_in_all_of_silver_itself() {
    let mut world = Committed::new();
    world.initialize().await;
    for step in 0..4 {
        world.append(&[&events(step * 10, 6)]).await;
    }
    world.publish().await;
    world.change("low = \"min(amount)\"", "low = \"max(amount)\"");
    world.append(&[&events(50, 6)]).await;
    // Filled in several parts, each of which is ended once.
    for (when, how) in ENDINGS {
        for call in (0..30).step_by(5) {
            let script = Script::failing_at(call, when, how);
            let faulty = Faulty::new(&world.world.warehouse(), &script);
            let gold = world.world.gold_with(faulty).with_limits(SMALL);
            drop(script.run(gold.publish(deadline())).await);
            world.world.check_balance().await;
        }
    }
    world.publish().await;
    let said = world.world.balance(&["rows", "rows_taken"]).await;
    let expected = vec!["30".to_owned(), "30".to_owned()];
    assert!(said.iter().all(|(_, cells)| *cells == expected), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_an_earlier_build_made_is_taken_for_complete_and_counted_from_then_on() {
    let file = Arc::new(SqliteFile::new());
    let world = Committed::on(Arc::clone(&file) as _);
    world.initialize().await;
    world.append(&[&events(0, 6)]).await;
    world.publish().await;
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let earlier = format!("DROP VIEW {BALANCE}");
    connection.execute(&earlier, []).unwrap();
    for column in [
        "events",
        "records",
        "rows",
        "duplicates",
        "filtered",
        "quarantined",
        "redriven",
        "rows_taken",
        "counted_version",
    ] {
        let drop = format!("ALTER TABLE sluice_freshness DROP COLUMN \"{column}\"");
        connection.execute(&drop, []).unwrap();
    }
    world.append(&[&events(6, 3)]).await;
    world.publish().await;
    world.assert_tables_are_right().await;
    let said = world
        .world
        .balance(&["version", "rows_taken", "is_balanced"])
        .await;
    assert_eq!(said[0].1, ["2", "9", "true"]);
    assert_eq!(said.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_not_the_rows_that_the_log_says_is_not_added() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 6)]).await;
    world.publish().await;
    world
        .append(&[&[event(7, 7, None, 5), event(8, 8, None, 5)]])
        .await;
    let more = |entity: &mut Entity| {
        let Some(Value::String(files)) = entity.properties.get_mut("files") else {
            panic!("a commit has files");
        };
        *files = replace(files, "\"rows\":2", "\"rows\":3");
    };
    world.world.change_row("log|000000000002", more).await;
    let before = world.everything().await;
    let error = world.gold().publish(deadline()).await.unwrap_err();
    let reason = sluice::error::chain(&error);
    assert!(
        reason.contains("it has 2 rows, and the log says 3"),
        "{reason}"
    );
    assert_eq!(world.everything().await, before);
}
