use super::*;
use crate::event::UnixMillis;
use crate::warehouse::ShadowNote;
use crate::warehouse::fixture::{TABLES, schema_of};

const MORE: &str = "[[gold]]\ntable = \"ever\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n";

/// Two tables at version 7 of a log and a generation, each with a shadow that is ready there.
fn ready() -> (GoldSchema, Standing) {
    let schema = schema_of(&format!("{TABLES}{MORE}"));
    let mut standing = Standing::default();
    for table in &schema.tables {
        let progress = Progress {
            log: Some("own".to_owned()),
            generation: 1,
            definition: "earlier".to_owned(),
            version: Version(7),
            physical: Some(table.physical(1)),
            made: 2,
            ..Progress::default()
        };
        let shadow = Shadow {
            physical: Some(table.physical(2)),
            log: Some("own".to_owned()),
            generation: 1,
            definition: table.definition.clone(),
            base: Some(Version(5)),
            version: Some(Version(7)),
            note: Some(ShadowNote {
                is_blocked: false,
                reason: "it must not be shown by the app".to_owned(),
                stamp: 0,
                at: UnixMillis(0),
            }),
            ..Shadow::default()
        };
        standing.progress.insert(table.name.clone(), progress);
        standing.next.insert(table.name.clone(), shadow);
    }
    (schema, standing)
}

/// What is shown, and why the others are not, after the progress and the shadow of `daily` have changed.
fn with(change: impl FnOnce(&mut Progress, &mut Shadow)) -> (Vec<String>, Vec<(String, String)>) {
    let (schema, mut standing) = ready();
    let progress = standing.progress.get_mut("daily").unwrap();
    change(progress, standing.next.get_mut("daily").unwrap());
    found(&schema, &standing)
}

fn found(schema: &GoldSchema, standing: &Standing) -> (Vec<String>, Vec<(String, String)>) {
    let ready = Ready::of(schema, standing);
    let shown = ready.tables.iter();
    let shown = shown.map(|(index, ..)| schema.table_at(*index).unwrap().name.clone());
    (shown.collect(), ready.held)
}

#[test]
fn what_a_run_found_to_be_ready_is_shown() {
    let (shown, held) = with(|_, _| {});
    assert_eq!(shown, ["daily", "ever"]);
    assert!(held.is_empty(), "{held:?}");
    // A blocked live table is passed by its shadow.
    let (shown, _) = with(|live, _| live.version = Version(6));
    assert_eq!(shown, ["daily", "ever"]);
}

#[test]
fn a_shadow_that_must_not_be_shown_is_held_back_by_itself() {
    let held = |change: &dyn Fn(&mut Progress, &mut Shadow), expected: &str| {
        let (shown, held) = with(change);
        assert_eq!(shown, ["ever"], "{expected}");
        assert_eq!(held.len(), 1);
        assert!(held[0].1.contains(expected), "{held:?}");
    };
    held(
        &|live, _| live.version = Version(8),
        "stands at version 7, and the one that is shown at 8",
    );
    held(&|_, next| next.definition.push('x'), "another definition");
    held(
        &|_, next| next.generation = 2,
        "another definition or generation",
    );
    held(
        &|_, next| next.log = Some("another".to_owned()),
        "another pipeline",
    );
    held(&|_, next| next.note = None, "still being made");
    held(
        &|_, next| next.note.as_mut().unwrap().is_blocked = true,
        "must not be shown",
    );
    held(&|_, next| next.version = None, "nothing has filled");
    held(&|_, next| next.log = None, "nothing has filled");
    let (schema, mut standing) = ready();
    standing.lost.insert("daily".to_owned());
    let (shown, held) = found(&schema, &standing);
    assert_eq!(shown, ["ever"]);
    assert!(held[0].1.contains("is gone"));
}

#[test]
fn what_somebody_asked_for_may_follow_another_log() {
    let (shown, _) = with(|_, next| {
        next.log = Some("another".to_owned());
        next.is_asked = true;
        // Versions of two logs are never compared.
        next.version = Some(Version(1));
    });
    assert_eq!(shown, ["daily", "ever"]);
}

/// All tables show the generation before.
fn raised() -> (GoldSchema, Standing) {
    let (schema, mut standing) = ready();
    let schema = GoldSchema {
        generation: 2,
        ..schema
    };
    for next in standing.next.values_mut() {
        next.generation = 2;
        next.log = Some("second".to_owned());
        next.version = Some(Version(3));
    }
    (schema, standing)
}

#[test]
fn the_tables_of_a_generation_are_shown_together_or_not_at_all() {
    let (schema, standing) = raised();
    assert_eq!(found(&schema, &standing).0, ["daily", "ever"]);

    let (_, mut standing) = raised();
    standing.next.get_mut("daily").unwrap().note = None;
    let (shown, held) = found(&schema, &standing);
    assert!(shown.is_empty(), "{shown:?}");
    assert!(
        held[1]
            .1
            .contains("shown together, and daily cannot be yet")
    );

    let (_, mut standing) = raised();
    standing.next.remove("daily");
    let (shown, held) = found(&schema, &standing);
    assert!(shown.is_empty(), "{shown:?}");
    assert!(held[0].1.contains("no table is made beside it"));

    for change in [
        |next: &mut Shadow| next.version = Some(Version(2)),
        |next: &mut Shadow| next.log = Some("third".to_owned()),
    ] {
        let (_, mut standing) = raised();
        change(standing.next.get_mut("ever").unwrap());
        let (shown, held) = found(&schema, &standing);
        assert!(shown.is_empty(), "{shown:?}");
        assert_eq!(held.len(), 2);
        assert!(held[0].1.contains("one version of one log"), "{held:?}");
    }
}
