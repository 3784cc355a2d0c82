//! Whatever happens in whatever order, the tables are right.

use proptest::prelude::*;
use sluice::gold::{Ended, Limits, Rebuild};
use testkit::world::{Committed, deadline, events};

#[derive(Clone, Copy, Debug)]
enum Move {
    Append(i64),
    Compact,
    Publish(Limits),
    Rebuild,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let limits =
        (1u64..4, 1u64..4, 1u64..30, 1u64..4_000).prop_map(|(versions, files, rows, held)| {
            Limits {
                versions,
                files,
                rows,
                bytes: u64::MAX,
                held,
            }
        });
    let one = prop_oneof![
        4 => (1i64..12).prop_map(Move::Append),
        1 => Just(Move::Compact),
        2 => limits.prop_map(Move::Publish),
        1 => Just(Move::Rebuild),
    ];
    proptest::collection::vec(one, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn g1_any_history_leaves_the_right_tables(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = Committed::new();
            world.initialize().await;
            let mut next = 0;
            for step in moves {
                match step {
                    Move::Append(count) => {
                        world.append(&[&events(next, count)]).await;
                        next += count;
                    }
                    Move::Compact if next > 0 => world.compact().await,
                    Move::Compact => {}
                    Move::Publish(limits) => {
                        let gold = world.gold().with_limits(limits);
                        let published = gold.publish(deadline()).await.unwrap();
                        assert_eq!(published.ended, Ended::UpToDate);
                        world.assert_tables_are_right().await;
                    }
                    Move::Rebuild => {
                        world.gold().rebuild(&Rebuild::All, deadline()).await.unwrap();
                        world.assert_tables_are_right().await;
                    }
                }
            }
            world.publish().await;
            world.assert_tables_are_right().await;
        });
    }
}
