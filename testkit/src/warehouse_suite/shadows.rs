//! Tables that are made beside the live ones, and take their place.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use std::sync::Arc;

use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, TableIndex};
use sluice::warehouse::{
    Arrangement, Build, Changed, Fill, Filled, Opened, Progress, Row, Rules, Shadow, ShadowNote,
    Swap, Warehouse,
};

use super::runs::{
    BY_WHO, HOURLY, LOG, TABLES, commit, everything, hourly, progress, read, run, schema,
    schema_of, who,
};
use crate::database::Database;

const TABLE: TableIndex = TableIndex::new(HOURLY);

/// The tables with another definition of the first.
pub(super) fn changed() -> GoldSchema {
    schema_of(&TABLES.replace("avg(id)", "avg(amount)"))
}

/// A shadow that has begun.
pub(super) fn begun(schema: &GoldSchema) -> Shadow {
    Shadow {
        physical: Some("hourly__2".to_owned()),
        log: Some(LOG.to_owned()),
        generation: schema.generation,
        definition: schema.tables[HOURLY].definition.clone(),
        base: Some(Version(1)),
        stamp: 7,
        since: UnixMillis(1_763_120_674_343),
        ..Shadow::default()
    }
}

fn arrangement(from: Option<Shadow>, to: Option<Shadow>) -> Arrangement {
    let made = u64::from(from.is_some());
    Arrangement {
        table: TABLE,
        progress: Some(Progress {
            made: 1 + made,
            ..progress(&schema(), HOURLY, 1)
        }),
        from,
        to,
    }
}

async fn arrange(warehouse: &dyn Warehouse, change: Arrangement) -> Changed {
    let (build, at) = (Build::default(), UnixMillis(5_000));
    warehouse.arrange(&[change], &build, at).await.unwrap()
}

/// A live table, and a shadow of another definition that has begun; with what runs of that definition open.
pub(super) async fn beside(database: &dyn Database) -> Arc<dyn Warehouse> {
    let live = database.ready(&schema()).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*live, run(&schema(), HOURLY, None, 1), rows).await;
    let warehouse = database.ready(&changed()).await;
    let begin = arrangement(None, Some(begun(&changed())));
    assert_eq!(arrange(&*warehouse, begin).await, Changed::Done);
    warehouse
}

/// Fills the shadow as far as `to`; returns whether no other run was first.
pub(super) async fn fill(
    warehouse: &dyn Warehouse,
    from: Shadow,
    to: Shadow,
    rows: Vec<Row>,
) -> bool {
    let fill = Fill {
        shadows: vec![(TABLE, from)],
        as_of: None,
        build: Build::default(),
    };
    match warehouse.fill(fill).await.unwrap() {
        Opened::Conflict => false,
        Opened::Replaced => panic!("no later build has run"),
        Opened::Open(mut filling) => {
            filling.merge(TABLE, rows).await.unwrap();
            let filled = [Filled {
                table: TABLE,
                to,
                percent: 40,
            }];
            filling.commit(&filled).await.unwrap();
            true
        }
    }
}

pub(super) fn swap(shadow: Shadow) -> Swap {
    let live = Progress {
        made: 2,
        ..progress(&schema(), HOURLY, 1)
    };
    Swap {
        tables: vec![(TABLE, live, shadow)],
        retired: Vec::new(),
        build: Build::default(),
        watermark: Some(EventTime(7)),
        complete_to: Some(EventTime(3 * 3_600_000_000)),
        pending: None,
        silver: None,
        rules: Rules::default(),
        before: Vec::new(),
        at: UnixMillis(9_000),
    }
}

async fn fresh(warehouse: &dyn Warehouse, column: &str) -> String {
    let columns = warehouse.schema().columns_of(FRESHNESS).unwrap();
    let position = columns.iter().position(|(name, _)| name == column);
    read(warehouse, FRESHNESS).await[0][position.unwrap()].clone()
}

pub async fn a_shadow_is_filled_beside_the_live_table_and_takes_its_place(database: &dyn Database) {
    let warehouse = beside(database).await;
    let reader = database.ready(&schema()).await;
    let before = read(&*reader, "hourly").await;
    let first = Shadow {
        files_done: 2,
        ..begun(&changed())
    };
    let whole = Shadow {
        files_done: 3,
        version: Some(Version(1)),
        ..first.clone()
    };
    let rows = |hour| vec![hourly(hour, 2, Some((5, 5, 5)), Some(8))];
    assert!(fill(&*warehouse, begun(&changed()), first.clone(), rows(1)).await);
    assert_eq!(fresh(&*reader, "next_done").await, "40");
    assert!(fill(&*warehouse, first, whole.clone(), rows(2)).await);
    assert_eq!(read(&*reader, "hourly").await, before, "nobody sees it");
    let standing = warehouse.look().await.unwrap();
    assert_eq!(standing.next["hourly"], whole);
    assert!(standing.lost.is_empty() && !standing.is_incomplete);

    assert_eq!(warehouse.swap(&swap(whole)).await.unwrap(), Changed::Done);
    let standing = warehouse.look().await.unwrap();
    let expected = Progress {
        physical: Some("hourly__2".to_owned()),
        made: 2,
        ..progress(&changed(), HOURLY, 1)
    };
    assert_eq!(standing.progress["hourly"], expected);
    assert!(standing.next.is_empty() && !standing.is_incomplete);
    assert_eq!(standing.retired[0].physical, "hourly__1");
    assert_eq!(read(&*warehouse, "hourly").await.len(), 2);
    let report = read(&*warehouse, "hourly_report").await;
    assert_eq!((&report[0][5][..], &report[0][6][..]), ("0.04", "true"));
    for (column, value) in [
        ("settled_until", "1970-01-01T02:00:00Z"),
        ("state", "live"),
        ("next_generation", "-"),
        ("next_done", "-"),
    ] {
        assert_eq!(fresh(&*warehouse, column).await, value, "{column}");
    }
    // It goes on from there.
    let mut on = run(&changed(), HOURLY, Some(1), 2);
    on.steps[0].from = Some(expected);
    commit(&*warehouse, on, rows(3)).await;
    assert_eq!(read(&*warehouse, "hourly").await.len(), 3);
}

pub async fn a_table_of_an_earlier_definition_goes_on_beside_its_shadow(database: &dyn Database) {
    let warehouse = beside(database).await;
    let mut on = run(&changed(), HOURLY, Some(1), 2);
    let live = Progress {
        made: 2,
        ..progress(&schema(), HOURLY, 1)
    };
    on.steps[0].from = Some(live);
    on.steps[0].layout = Some(Arc::new(schema().tables[HOURLY].clone()));
    commit(&*warehouse, on, vec![hourly(2, 4, None, None)]).await;
    let found = &warehouse.progress().await.unwrap()["hourly"];
    let expected = Progress {
        made: 2,
        ..progress(&schema(), HOURLY, 2)
    };
    assert_eq!(*found, expected, "its definition stays");
    let reader = database.ready(&schema()).await;
    assert_eq!(read(&*reader, "hourly").await[1][1], "4");
}

/// Shadows that differ from the one that has begun in one thing each.
fn stale() -> [Shadow; 9] {
    let stands = || begun(&changed());
    [
        Shadow {
            physical: Some("hourly__7".to_owned()),
            ..stands()
        },
        Shadow {
            log: None,
            ..stands()
        },
        Shadow {
            generation: 7,
            ..stands()
        },
        Shadow {
            definition: "another".to_owned(),
            ..stands()
        },
        Shadow {
            base: Some(Version(7)),
            ..stands()
        },
        Shadow {
            files_done: 7,
            ..stands()
        },
        Shadow {
            version: Some(Version(1)),
            ..stands()
        },
        Shadow {
            stamp: 8,
            ..stands()
        },
        Shadow {
            is_asked: true,
            ..stands()
        },
    ]
}

pub async fn what_changes_a_shadow_compares_all_of_it(database: &dyn Database) {
    let warehouse = beside(database).await;
    let stands = || begun(&changed());
    let before = everything(&*warehouse).await;
    for stale in stale() {
        let rows = vec![hourly(1, 1, None, None)];
        assert!(
            !fill(&*warehouse, stale.clone(), stands(), rows).await,
            "{stale:?}"
        );
        let swapped = warehouse.swap(&swap(stale.clone())).await.unwrap();
        assert_eq!(swapped, Changed::Conflict, "{stale:?}");
        let give_up = arrangement(Some(stale.clone()), None);
        assert_eq!(
            arrange(&*warehouse, give_up).await,
            Changed::Conflict,
            "{stale:?}"
        );
    }
    assert_eq!(
        arrange(&*warehouse, arrangement(None, Some(stands()))).await,
        Changed::Conflict
    );
    let mut moved = swap(stands());
    moved.tables[0].1.version = Version(7);
    assert_eq!(warehouse.swap(&moved).await.unwrap(), Changed::Conflict);
    assert_eq!(everything(&*warehouse).await, before);
    assert_eq!(warehouse.look().await.unwrap().next["hourly"], stands());
    // A note is not part of it.
    let note = ShadowNote {
        is_blocked: true,
        reason: "it's too large".to_owned(),
        stamp: 7,
        at: UnixMillis(1_763_120_674_343),
    };
    let noted = Shadow {
        note: Some(note),
        ..stands()
    };
    let change = arrangement(Some(stands()), Some(noted.clone()));
    assert_eq!(arrange(&*warehouse, change).await, Changed::Done);
    assert_eq!(warehouse.look().await.unwrap().next["hourly"], noted);
    assert!(fill(&*warehouse, stands(), stands(), vec![]).await);
}

pub async fn a_shadow_in_place_of_another_retires_that_one(database: &dyn Database) {
    let warehouse = beside(database).await;
    let third = Shadow {
        physical: Some("hourly__3".to_owned()),
        ..begun(&changed())
    };
    let replace = arrangement(Some(begun(&changed())), Some(third.clone()));
    assert_eq!(arrange(&*warehouse, replace).await, Changed::Done);
    let mut give_up = arrangement(Some(third), None);
    give_up.progress.as_mut().unwrap().made = 3;
    assert_eq!(arrange(&*warehouse, give_up).await, Changed::Done);
    let standing = warehouse.look().await.unwrap();
    let mut retired: Vec<_> = standing.retired.iter().map(|old| &old.physical).collect();
    retired.sort();
    assert_eq!(retired, ["hourly__2", "hourly__3"]);
    assert_eq!(standing.progress["hourly"].made, 3, "no name is used twice");
    assert_eq!(
        read(&*database.ready(&schema()).await, "hourly")
            .await
            .len(),
        1
    );
}

pub async fn a_first_table_is_filled_unseen_and_shown_by_the_swap(database: &dyn Database) {
    let warehouse = database.ready(&schema()).await;
    let first = Shadow {
        physical: Some("hourly__1".to_owned()),
        ..begun(&schema())
    };
    let begin = Arrangement {
        progress: None,
        ..arrangement(None, Some(first.clone()))
    };
    assert_eq!(arrange(&*warehouse, begin.clone()).await, Changed::Done);
    let is_unseen = async || {
        let standing = warehouse.look().await.unwrap();
        assert!(standing.missing.contains(&"hourly".to_owned()));
        assert!(standing.gone.contains(&TABLE) && standing.unfit.is_empty());
        assert_eq!(standing.progress["hourly"].made, 1);
        assert!(warehouse.read_table("hourly", None, 1).await.is_err());
    };
    is_unseen().await;
    assert_eq!(
        arrange(&*warehouse, begin).await,
        Changed::Conflict,
        "of two runs one is first"
    );
    let whole = Shadow {
        version: Some(Version(1)),
        ..first.clone()
    };
    let rows = vec![hourly(1, 1, None, None)];
    assert!(fill(&*warehouse, first, whole.clone(), rows).await);
    is_unseen().await;
    let progress = warehouse.progress().await.unwrap()["hourly"].clone();
    let mut shown = swap(whole);
    shown.tables[0].1 = progress;
    assert_eq!(warehouse.swap(&shown).await.unwrap(), Changed::Done);
    let standing = warehouse.look().await.unwrap();
    assert!(standing.retired.is_empty() && standing.next.is_empty());
    assert!(standing.gone.is_empty() && !standing.missing.contains(&"hourly".to_owned()));
    assert_eq!(read(&*warehouse, "hourly").await.len(), 1);
    assert_eq!(read(&*warehouse, "hourly_report").await.len(), 1);
    let fresh = read(&*warehouse, FRESHNESS).await;
    assert_eq!(fresh.len(), 1);
}

pub async fn a_shadow_that_is_dropped_changes_nothing(database: &dyn Database) {
    let warehouse = beside(database).await;
    let before = everything(&*warehouse).await;
    for merges in 0..2 {
        let fill = Fill {
            shadows: vec![(TABLE, begun(&changed()))],
            as_of: None,
            build: Build::default(),
        };
        let Opened::Open(mut filling) = warehouse.fill(fill).await.unwrap() else {
            panic!("nobody else is here");
        };
        for _ in 0..merges {
            let rows = vec![hourly(1, 1, None, None)];
            filling.merge(TABLE, rows).await.unwrap();
        }
        drop(filling);
        assert_eq!(everything(&*warehouse).await, before);
        assert_eq!(
            warehouse.look().await.unwrap().next["hourly"],
            begun(&changed())
        );
    }
}

pub async fn a_later_build_stops_what_is_made_beside(database: &dyn Database) {
    let warehouse = beside(database).await;
    let later = Build {
        stamp: 5,
        hash: "b".to_owned(),
    };
    warehouse.prepare(&later).await.unwrap();
    let fill = Fill {
        shadows: vec![(TABLE, begun(&changed()))],
        as_of: None,
        build: Build::default(),
    };
    assert!(matches!(
        warehouse.fill(fill).await.unwrap(),
        Opened::Replaced
    ));
    let swapped = warehouse.swap(&swap(begun(&changed()))).await.unwrap();
    assert_eq!(swapped, Changed::Replaced);
    let give_up = arrangement(Some(begun(&changed())), None);
    assert_eq!(arrange(&*warehouse, give_up).await, Changed::Replaced);
}

pub async fn a_table_that_the_file_no_longer_has_goes_with_a_swap(database: &dyn Database) {
    let live = database.ready(&schema()).await;
    commit(
        &*live,
        run(&schema(), BY_WHO, None, 1),
        vec![who(Some("a"), 5)],
    )
    .await;
    let warehouse = beside(database).await;
    let whole = Shadow {
        version: Some(Version(1)),
        ..begun(&changed())
    };
    assert!(fill(&*warehouse, begun(&changed()), whole.clone(), vec![]).await);
    let gone = progress(&schema(), BY_WHO, 1);
    let swapped = Swap {
        retired: vec![("by_who".to_owned(), gone)],
        ..swap(whole)
    };
    assert_eq!(warehouse.swap(&swapped).await.unwrap(), Changed::Done);
    let standing = live.look().await.unwrap();
    let retired: Vec<_> = standing
        .retired
        .iter()
        .map(|old| &old.physical[..])
        .collect();
    assert!(retired.contains(&"by_who__1"), "{retired:?}");
    for view in ["by_who", "by_who_report", "top_who"] {
        assert!(live.read_table(view, None, 1).await.is_err(), "{view}");
    }
    // Its count is kept for when it comes back.
    assert!(standing.gone.contains(&TableIndex::new(BY_WHO)));
    let mut again = run(&schema(), BY_WHO, None, 2);
    again.steps[0].from = standing.progress.get("by_who").cloned();
    again.steps[0].replace = true;
    commit(&*live, again, vec![who(Some("a"), 7)]).await;
    let found = &live.progress().await.unwrap()["by_who"];
    assert_eq!(found.physical.as_deref(), Some("by_who__2"));
    assert_eq!(read(&*live, "top_who").await.len(), 1);
}
