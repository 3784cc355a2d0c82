use super::*;
use crate::warehouse::ShadowNote;

const FILE: &str = r#"
name = "things"
generation = 2
key = ["id", "at"]
event_time = "at"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[gold]]
table = "daily"
grain = "day"
measures = { n = "count" }
"#;
const TABLE: TableIndex = TableIndex::new(0);
const NOW: UnixMillis = UnixMillis(1_763_121_600_000);

struct Case {
    dataset: Dataset,
    schema: GoldSchema,
    progress: Progress,
}

impl Case {
    /// A table that shows just what the file says, at version 4 of the log.
    fn live() -> Self {
        let dataset = Dataset::parse(FILE, "things.toml").unwrap();
        let schema = GoldSchema::of(&dataset).unwrap();
        let table = &schema.tables[0];
        let progress = Progress {
            log: Some("log".to_owned()),
            generation: 2,
            definition: table.definition.clone(),
            version: Version(4),
            physical: Some("daily__3".to_owned()),
            made: 3,
            text: Some(table.text.clone()),
            rankings: None,
            kept_from: None,
        };
        Self {
            dataset,
            schema,
            progress,
        }
    }

    /// One whose definition was another one.
    fn changed() -> Self {
        let mut case = Self::live();
        let before = FILE.replace("n = \"count\"", "m = \"count\"");
        let before = Dataset::parse(&before, "things.toml").unwrap();
        let table = GoldSchema::of(&before).unwrap().tables.remove(0);
        (case.progress.definition, case.progress.text) = (table.definition, Some(table.text));
        case
    }

    fn plan(&self, next: Option<Shadow>) -> Plan {
        self.plan_of(next, |_| {})
    }

    fn plan_of(&self, next: Option<Shadow>, change: impl Fn(&mut Standing)) -> Plan {
        let name = || "daily".to_owned();
        let mut standing = Standing {
            progress: BTreeMap::from([(name(), self.progress.clone())]),
            next: next.map(|next| (name(), next)).into_iter().collect(),
            ..Standing::default()
        };
        change(&mut standing);
        plan(self.known(), &standing).unwrap()
    }

    fn known(&self) -> Known<'_> {
        Known {
            dataset: &self.dataset,
            schema: &self.schema,
            head: (Some("log"), Version(9)),
            stamp: 7,
            now: NOW,
            is_first_beside: false,
        }
    }

    /// A shadow that this build has begun.
    fn shadow(&self) -> Shadow {
        let table = &self.schema.tables[0];
        begun(self.known(), table, (self.progress.made, None), false)
    }
}

#[test]
fn what_shows_just_this_needs_no_shadow_and_gives_one_up() {
    let case = Case::live();
    assert_eq!(case.plan(None), Plan::default());
    let given_up = case.plan(Some(case.shadow()));
    assert_eq!(given_up.changes[0].to, None);
    assert!(given_up.ours.is_empty() && given_up.older.is_empty());
}

#[test]
fn one_that_is_asked_for_is_made_and_another_pipelines_is_left_alone() {
    let case = Case::live();
    let asked = Shadow {
        physical: None,
        base: None,
        is_asked: true,
        ..case.shadow()
    };
    let plan = case.plan(Some(asked.clone()));
    let expected = Shadow {
        is_asked: true,
        ..case.shadow()
    };
    assert_eq!(plan.ours[&TABLE], expected);
    assert_eq!(plan.changes[0].created(), Some("daily__4"));
    let others = Shadow {
        log: Some("another".to_owned()),
        ..asked
    };
    assert_eq!(case.plan(Some(others)), Plan::default());
}

#[test]
fn a_changed_definition_begins_a_shadow_and_the_live_table_steps() {
    let case = Case::changed();
    let plan = case.plan(None);
    assert_eq!(plan.ours[&TABLE], case.shadow());
    assert_eq!(plan.changes[0].created(), Some("daily__4"));
    let Older::Steps(layout) = &plan.older[&TABLE] else {
        panic!("its text is understood");
    };
    assert_eq!(layout.definition, case.progress.definition);
    assert_eq!(layout.measures[0].name, "m");
    // It goes on, with what it has.
    let plan = case.plan(Some(case.shadow()));
    assert!(plan.changes.is_empty() && plan.ours.len() == 1 && !plan.is_stale);
    // A table of the script is taken, and none is made.
    let prepared = Shadow {
        physical: Some("daily__9".to_owned()),
        generation: 2,
        definition: case.schema.tables[0].definition.clone(),
        ..Shadow::default()
    };
    let plan = case.plan(Some(prepared));
    assert_eq!(plan.changes[0].created(), None);
    assert_eq!(plan.ours[&TABLE].physical.as_deref(), Some("daily__9"));
}

#[test]
fn what_is_not_of_this_log_or_not_understood_stands_still() {
    let stands = |change: fn(&mut Progress)| {
        let mut case = Case::changed();
        change(&mut case.progress);
        let plan = case.plan(None);
        assert_eq!(plan.ours.len(), 1);
        plan.older[&TABLE] == Older::Stands
    };
    assert!(!stands(|_| {}));
    assert!(!stands(|progress| progress.log = None));
    assert!(stands(|progress| progress.log = Some("another".to_owned())));
    assert!(stands(|progress| progress.generation = 1));
    assert!(stands(|progress| progress.text = None));
    assert!(stands(|progress| progress.definition = "x".to_owned()));
}

#[test]
fn a_shadow_that_is_not_of_use_any_more_starts_over() {
    let case = Case::changed();
    let begins_again = |next: Shadow, is_lost: bool| {
        let lost = move |standing: &mut Standing| {
            standing.lost.extend(is_lost.then(|| "daily".to_owned()));
        };
        let plan = case.plan_of(Some(next), lost);
        plan.changes
            .first()
            .is_some_and(|change| change.created().is_some())
    };
    let since = |age: i64| Shadow {
        physical: Some("daily__2".to_owned()),
        since: UnixMillis(NOW.0 - age),
        ..case.shadow()
    };
    assert!(!begins_again(since(0), false));
    assert!(begins_again(since(0), true));
    assert!(!begins_again(since(millis(LONGEST)), false));
    assert!(begins_again(since(millis(LONGEST) + 1), false));
    for other in [
        Shadow {
            log: Some("x".to_owned()),
            ..since(0)
        },
        Shadow {
            generation: 1,
            ..since(0)
        },
        Shadow {
            definition: "x".to_owned(),
            ..since(0)
        },
    ] {
        assert!(begins_again(other, false));
    }
}

#[test]
fn a_head_that_is_older_than_a_shadow_is_noticed() {
    let case = Case::changed();
    let later = Some(Version(10));
    assert!(
        case.plan(Some(Shadow {
            base: later,
            ..case.shadow()
        }))
        .is_stale
    );
    assert!(
        case.plan(Some(Shadow {
            version: later,
            ..case.shadow()
        }))
        .is_stale
    );
}

#[test]
fn what_nobody_has_seen_needs_no_shadow() {
    let mut case = Case::changed();
    let next = Some(case.shadow());
    let gone = |standing: &mut Standing| {
        standing.gone.insert(TABLE);
    };
    assert!(case.plan_of(None, gone).makes_first);
    case.progress.generation = 0;
    let plan = case.plan(None);
    assert!(plan.makes_first && plan.changes.is_empty());
    // What has begun goes on, also where the lake is small by now.
    let plan = case.plan(next.clone());
    assert_eq!(plan.ours.get(&TABLE), next.as_ref());
    assert!(!plan.makes_first && plan.changes.is_empty());
}

#[test]
fn what_nobody_has_seen_is_made_beside_where_it_does_not_fit_one_transaction() {
    let case = Case::live();
    let known = Known {
        is_first_beside: true,
        ..case.known()
    };
    let mut standing = Standing::default();
    let plan_of = |standing: &Standing| plan(known, standing).unwrap();
    let begun = plan_of(&standing);
    assert_eq!(begun.changes[0].progress, None);
    assert_eq!(begun.changes[0].created(), Some("daily__1"));
    assert_eq!(begun.ours[&TABLE].physical.as_deref(), Some("daily__1"));
    // One that somebody dropped has a name of its own.
    let mut dropped = standing;
    dropped
        .progress
        .insert("daily".to_owned(), case.progress.clone());
    dropped.gone.insert(TABLE);
    assert_eq!(plan_of(&dropped).changes[0].created(), Some("daily__4"));
    // One whose table is gone again, or that is for something else, starts over.
    let next = |next: Shadow| {
        let mut standing = Standing {
            progress: dropped.progress.clone(),
            ..Standing::default()
        };
        standing.gone.insert(TABLE);
        standing.next.insert("daily".to_owned(), next);
        standing
    };
    let mut gone_again = next(case.shadow());
    assert!(plan_of(&gone_again).changes.is_empty());
    gone_again.lost.insert("daily".to_owned());
    assert_eq!(plan_of(&gone_again).changes.len(), 1);
    let other = Shadow {
        definition: "another".to_owned(),
        ..case.shadow()
    };
    assert_eq!(plan_of(&next(other)).changes.len(), 1);
    // Nor is anything begun where its name is another's.
    standing = Standing::default();
    let taken = crate::warehouse::WarehouseError::Taken {
        table: "daily".to_owned(),
        dataset: "others".to_owned(),
    };
    standing.unfit.insert(TABLE, taken);
    assert_eq!(plan_of(&standing), Plan::default());
}

#[test]
fn one_that_failed_is_left_alone_for_a_day_while_the_package_stays() {
    let note = |is_blocked| ShadowNote {
        is_blocked,
        reason: String::new(),
        stamp: 7,
        at: NOW,
    };
    let noted = |is_blocked| Shadow {
        note: Some(note(is_blocked)),
        ..Case::changed().shadow()
    };
    let day = millis(TRIED_AGAIN_AFTER);
    let is_alone =
        |shadow: &Shadow, stamp, age| is_left_alone(shadow, (stamp, UnixMillis(NOW.0 + age)));
    assert!(is_alone(&noted(true), 7, day - 1));
    assert!(!is_alone(&noted(true), 7, day));
    assert!(!is_alone(&noted(true), 8, 0));
    assert!(!is_alone(&noted(true), 7, -1));
    assert!(!is_alone(&noted(false), 7, 0), "it is ready");
}
