use super::*;
use crate::event::{EventTime, UnixMillis};
use crate::store::object::ObjectPath;
use crate::table::log::{Commit, CommitKind, Counts, DataFile};
use crate::value::Grain;
use crate::warehouse::schema::TableSchema;

fn table(name: &str) -> TableSchema {
    TableSchema {
        name: name.into(),
        report: format!("{name}_report"),
        grain: Grain::All,
        every: None,
        zone: None,
        keep: None,
        condition: None,
        dimensions: vec![],
        measures: vec![],
        told_apart_by: vec![],
        shown: vec![],
        searched: BTreeSet::new(),
        definition: format!("definition of {name}"),
        text: format!("text of {name}"),
    }
}

fn schema(names: &[&str]) -> GoldSchema {
    GoldSchema {
        dataset: "orders".into(),
        generation: 2,
        allowed_lateness: std::time::Duration::ZERO,
        tables: names.iter().map(|name| table(name)).collect(),
        views: vec![],
        rules: vec![],
    }
}

fn at(name: &str, version: u64) -> (String, Progress) {
    let progress = Progress {
        generation: 2,
        definition: format!("definition of {name}"),
        version: Version(version),
        ..Progress::default()
    };
    (name.into(), progress)
}

fn commit(version: u64, kind: CommitKind, rows: &[u64]) -> Commit {
    let file = |(i, rows): (usize, &u64)| DataFile {
        path: ObjectPath::new("silver", &format!("{version}-{i}")),
        period: EventTime(0),
        rows: *rows,
        bytes: rows * 10,
        min: EventTime(0),
        max: EventTime(0),
        stats: None,
    };
    Commit {
        version: Version(version),
        id: format!("c{version}"),
        kind,
        committed: UnixMillis(0),
        files: rows.iter().enumerate().map(file).collect(),
        counts: Counts::default(),
        sources: 0,
        watermark: None,
        totals: None,
    }
}

fn backlog(schema: &GoldSchema, progress: &BTreeMap<String, Progress>, head: u64) -> TableBacklog {
    let (gone, still) = (BTreeSet::new(), BTreeSet::new());
    TableBacklog::of(schema, (progress, &gone), Version(head), &still)
}

#[test]
fn only_what_nobody_has_seen_is_made_from_nothing() {
    let schema = schema(&["new", "unfilled", "changed", "same"]);
    let mut progress = BTreeMap::from([at("unfilled", 0), at("changed", 5), at("same", 5)]);
    progress.get_mut("unfilled").unwrap().generation = 0;
    progress.get_mut("changed").unwrap().definition = "another".into();
    let found = backlog(&schema, &progress, 5);
    let made: Vec<_> = found.to_make.keys().map(|table| table.position()).collect();
    assert_eq!(made, [0, 1]);
    assert_eq!(found.to_make[&TableIndex::new(0)], None);
    assert_eq!(
        found.to_make[&TableIndex::new(1)],
        progress.get("unfilled").cloned()
    );
    assert!(found.behind.is_empty() && found.ahead.is_empty());
}

#[test]
fn a_table_that_stands_still_is_passed_over() {
    let schema = schema(&["a", "b"]);
    let progress = BTreeMap::from([at("a", 3), at("b", 9)]);
    let still = BTreeSet::from([0, 1].map(TableIndex::new));
    let made = (&progress, &BTreeSet::new());
    let backlog = TableBacklog::of(&schema, made, Version(5), &still);
    assert_eq!(backlog, TableBacklog::default());
}

#[test]
fn a_table_that_is_gone_is_made_from_nothing() {
    let schema = schema(&["a", "b"]);
    let progress = BTreeMap::from([at("a", 5), at("b", 5)]);
    let gone = BTreeSet::from([TableIndex::new(1)]);
    let still = BTreeSet::new();
    let backlog = TableBacklog::of(&schema, (&progress, &gone), Version(5), &still);
    let made: Vec<_> = backlog.to_make.keys().collect();
    assert_eq!(made, [&TableIndex::new(1)]);
}

#[test]
fn only_a_log_that_is_known_is_another_one() {
    let schema = schema(&["named", "unnamed", "older", "unfilled"]);
    let follows = |name: &str, generation, log: Option<&str>| {
        let (name, progress) = at(name, 5);
        let log = log.map(str::to_owned);
        (
            name,
            Progress {
                generation,
                log,
                ..progress
            },
        )
    };
    let progress = BTreeMap::from([
        follows("named", 2, Some("x")),
        follows("unnamed", 2, None),
        follows("older", 1, Some("y")),
        follows("unfilled", 0, Some("z")),
    ]);
    for (log, expected) in [
        (Some("x"), &[][..]),
        (Some("w"), &["named"]),
        (None, &["named"]),
    ] {
        assert_eq!(foreign(schema.generation, &progress, log), expected);
    }
    let older = vec![("older".to_owned(), "y".to_owned())];
    assert_eq!(
        generations(schema.generation, &progress),
        BTreeMap::from([(1, older)])
    );
}

#[test]
fn a_rebuild_names_one_table_or_all() {
    let one = Rebuild::Table("b".into());
    assert_eq!(["a", "b"].map(|name| one.has(name)), [false, true]);
    assert_eq!(["a", "b"].map(|name| Rebuild::All.has(name)), [true, true]);
    assert!(!Rebuild::None.has("a"));
}

#[test]
fn a_table_ahead_of_the_head_followed_another_log() {
    let backlog = backlog(&schema(&["a"]), &BTreeMap::from([at("a", 6)]), 5);
    assert_eq!(backlog.ahead, ["a"]);
}

#[test]
fn tables_catch_up_with_each_other_and_then_share_one_read() {
    let schema = schema(&["a", "b", "c"]);
    let progress = BTreeMap::from([at("a", 3), at("b", 7), at("c", 10)]);
    let head = Version(10);
    let mut backlog = backlog(&schema, &progress, head.0);
    for (from, tables, until, to) in [
        (3, vec![0], 7, 5),
        (5, vec![0], 7, 7),
        (7, vec![1, 0], 10, 10),
    ] {
        let next = backlog.next(head).unwrap();
        let expected = CatchUp {
            from: Version(from),
            until: Version(until),
            tables: tables.into_iter().map(TableIndex::new).collect(),
        };
        assert_eq!(next, expected);
        backlog.advance(next, Version(to), head);
    }
    assert_eq!(backlog.next(head), None);
}

#[test]
fn a_chunk_ends_before_the_commit_that_would_exceed_a_limit() {
    let commits = || {
        vec![
            commit(1, CommitKind::Append, &[4, 4]),
            commit(2, CommitKind::Append, &[4]),
            commit(3, CommitKind::Append, &[1]),
        ]
    };
    let until = |limits| chunk(Version(0), commits(), &limits).until;
    let limits = Limits::default();
    assert_eq!(until(limits), Version(3));
    assert_eq!(until(Limits { rows: 12, ..limits }), Version(2));
    assert_eq!(
        until(Limits {
            bytes: 119,
            ..limits
        }),
        Version(1)
    );
    assert_eq!(until(Limits { files: 1, ..limits }), Version(1));
}

#[test]
fn compactions_and_schemas_are_passed_over() {
    let compact = CommitKind::Compact { replaces: vec![] };
    let commits = vec![
        commit(1, CommitKind::Schema(String::new()), &[]),
        commit(2, compact, &[100]),
    ];
    let chunk = chunk(Version(0), commits, &Limits::default());
    assert_eq!((chunk.until, chunk.appends), (Version(2), 0));
    assert!(chunk.files.is_empty());
}
