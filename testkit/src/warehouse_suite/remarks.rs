//! What a run says of tables that it does not move.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use sluice::event::UnixMillis;
use sluice::warehouse::schema::FRESHNESS;
use sluice::warehouse::{Build, Changed, Pending, Remarks};

use super::runs::{BY_WHO, HOURLY, commit, hourly, run, schema, who};
use crate::database::Database;
use crate::read;

pub async fn what_a_run_remarks_is_said_of_tables_that_do_not_move(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
    let rows = vec![who(Some("a"), 5)];
    commit(&*warehouse, run(&schema, BY_WHO, None, 1), rows).await;
    let before = warehouse.progress().await.unwrap();
    let waits = Pending {
        objects: 3,
        oldest: Some(UnixMillis(1_763_120_674_343)),
    };
    let nothing = Pending {
        objects: 0,
        oldest: None,
    };
    for pending in [waits, nothing] {
        let remarks = Remarks {
            pending: Some(pending),
            removed: [("by_who".to_owned(), "it's gone".to_owned())].into(),
            build: Build::default(),
        };
        let changed = warehouse.remark(&remarks).await.unwrap();
        assert_eq!(changed, Changed::Done);
        let standing = warehouse.look().await.unwrap();
        assert_eq!(standing.pending.len(), 2);
        assert!(standing.pending.values().all(|said| *said == Some(pending)));
        let said: Vec<_> = standing.said_removed.iter().collect();
        assert_eq!(said, ["by_who"]);
        assert_eq!(standing.progress, before);
        assert!(standing.blocked.is_empty());
    }
    // What is not known is left as it was said, and a later build has the last word.
    let written = read::gold(&*warehouse, FRESHNESS).await.rows;
    let unknown = Remarks::default();
    assert_eq!(warehouse.remark(&unknown).await.unwrap(), Changed::Done);
    let later = Build {
        stamp: 1,
        hash: String::new(),
    };
    warehouse.prepare(&later).await.unwrap();
    let earlier = Remarks {
        pending: Some(waits),
        ..Remarks::default()
    };
    assert_eq!(warehouse.remark(&earlier).await.unwrap(), Changed::Replaced);
    assert_eq!(read::gold(&*warehouse, FRESHNESS).await.rows, written);
}
