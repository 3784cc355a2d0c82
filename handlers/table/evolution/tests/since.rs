use super::*;
use crate::table::log::{Commit, CommitKind, Counts, Version};

fn dataset(expression: &str) -> Dataset {
    Dataset::parse(&FILE.replacen("amount * 2", expression, 1), "x.toml").unwrap()
}

fn commit(version: u64, kind: CommitKind) -> Commit {
    Commit {
        version: Version(version),
        id: String::new(),
        kind,
        committed: UnixMillis(0),
        files: Vec::new(),
        counts: Counts::default(),
        sources: 0,
        watermark: None,
        totals: None,
    }
}

/// A log of these records, each with an append after it, of which the first versions were cleared; and since when the
/// file with `amount * 2` defines what was appended.
fn since(records: &[&SchemaRecord], cleared: usize) -> Option<u64> {
    let texts = records.iter().map(serde_json::to_string);
    let texts: Vec<String> = texts.collect::<Result<_, _>>().unwrap();
    let kinds = texts.iter().flat_map(|text| {
        let schema = CommitKind::Schema(text.clone());
        [schema, CommitKind::Append]
    });
    let commits: Vec<Commit> = (0..).zip(kinds).map(|(n, kind)| commit(n, kind)).collect();
    let snapshot = Snapshot {
        version: Version(commits.len() as u64 - 1),
        schema: texts.last().unwrap().clone(),
        ..Snapshot::default()
    };
    let since = defined_since(&snapshot, &commits[cleared..], &dataset("amount * 2"));
    since.unwrap().map(|version| version.0)
}

#[test]
fn a_definition_holds_since_the_last_change_to_it() {
    let at = UnixMillis(5);
    let two = record(FILE);
    let three = SchemaRecord::of(&dataset("amount * 3")).unwrap();
    let described = changed(
        "type = \"string\"",
        "type = \"string\"\ndescription = \"by\"",
    );
    let again = |before: &SchemaRecord, now: &SchemaRecord| before.next(now, at, at).unwrap();
    let (described, other) = (again(&two, &described), again(&two, &three));
    let back = again(&other, &two);

    assert_eq!(since(&[&two], 0), Some(0));
    assert_eq!(
        since(&[&two], 1),
        Some(0),
        "cleared, and there was no other"
    );
    assert_eq!(since(&[&two, &other], 0), None);
    assert_eq!(since(&[&two, &other, &back], 0), Some(4));
    assert_eq!(
        since(&[&two, &other, &back], 5),
        Some(5),
        "as far as is known"
    );
    assert_eq!(
        since(&[&two, &described], 0),
        Some(0),
        "another description"
    );
    assert_eq!(
        since(&[&two, &described], 1),
        Some(2),
        "what was cleared may be another"
    );
}

#[test]
fn what_an_earlier_build_recorded_is_no_definition_of_today() {
    let mut early = record(FILE);
    early.definition = Default::default();
    assert_eq!(since(&[&early], 0), None);
    let next = early
        .next(&record(FILE), UnixMillis(0), UnixMillis(1))
        .unwrap();
    assert_eq!(since(&[&early, &next], 0), Some(2));
    assert_eq!(
        defined_since(&Snapshot::default(), &[], &dataset("amount * 2")).unwrap(),
        None
    );
}
