use sluice::event::{EventTime, UnixMillis};
use sluice::store::object::ObjectPath;
use sluice::table::log::{Counts, DataFile};

use super::*;
use crate::target::in_memory::Pipeline;

fn commit(version: u64, kind: CommitKind, lines: u64) -> Commit {
    let file = DataFile {
        path: ObjectPath::new("silver", "f"),
        period: EventTime(0),
        rows: 1_200,
        bytes: 4_000,
        min: EventTime(0),
        max: EventTime(0),
        stats: None,
    };
    let counts = Counts {
        rows: lines,
        ..Counts::of_lines(lines)
    };
    Commit {
        version: Version(version),
        id: "c".into(),
        kind,
        committed: UnixMillis(0),
        files: vec![file],
        sources: lines.min(1),
        counts,
        watermark: None,
        totals: None,
    }
}

fn text(commits: &[Commit]) -> Vec<String> {
    let commits = commits.iter().map(|commit| cells(commit, size));
    let lines = without_empty("", commits.collect()).lines(None);
    lines.iter().map(|line| line.text()).collect()
}

#[test]
fn a_compaction_says_what_it_made_of_what_and_empty_columns_are_left_out() {
    let replaces = vec![
        ObjectPath::new("silver", "a"),
        ObjectPath::new("silver", "b"),
    ];
    let lines = text(&[
        commit(2, CommitKind::Compact { replaces }, 0),
        commit(1, CommitKind::Append, 1_200),
    ]);
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let names = "version committed did sources lines rows files replaced bytes watermark";
    assert_eq!(words(&lines[0]), words(names));
    let time = "1970-01-01T00:00:00Z";
    let compaction = format!("2 {time} compact 0 0 1,200 1 2 4.00 kB null");
    assert_eq!(words(&lines[2]), words(&compaction));
    let append = format!("1 {time} append 1 1,200 1,200 1 0 4.00 kB null");
    assert_eq!(words(&lines[3]), words(&append));
}

fn pipeline_span(oldest: u64, head: u64, limit: u64) -> Span {
    Span::of(Version(oldest), Version(head), limit)
}

#[test]
fn a_limit_counts_from_the_latest_version() {
    let first = |oldest, head, limit| pipeline_span(oldest, head, limit).first.0;
    assert_eq!(first(0, 140, 20), 121);
    assert_eq!(first(0, 140, 0), 0);
    assert_eq!(first(0, 5, 20), 0);
    assert_eq!(first(130, 140, 20), 130, "older ones are gone");
}

#[test]
fn the_title_says_what_is_left_and_what_is_shown() {
    let title = |oldest, head, limit| pipeline_span(oldest, head, limit).title("orders");
    assert_eq!(title(0, 0, 20), "orders at version 0: 1 version");
    assert_eq!(
        title(0, 1_400, 20),
        "orders at version 1,400: 1,401 versions, the last 20"
    );
    assert_eq!(
        title(130, 140, 0),
        "orders at version 140: 11 versions, older ones are gone"
    );
}

#[tokio::test]
async fn commits_are_read_from_the_latest_to_the_first_of_the_span() {
    let pipeline = Pipeline::new();
    for sequence in 0..5u64 {
        pipeline
            .ingest(i64::try_from(sequence).unwrap(), &[sequence + 1])
            .await;
        pipeline.refine().await;
    }
    for (limit, expected) in [(0, vec![5, 4, 3, 2, 1, 0]), (2, vec![5, 4])] {
        let mut versions = Vec::new();
        let span = pipeline_span(0, 5, limit);
        let take = |commit: &Commit| versions.push(commit.version.0);
        read_backwards(&pipeline.stores, &span, take).await.unwrap();
        assert_eq!(versions, expected);
    }
}

#[test]
fn columns_that_are_rarely_filled_are_shown_where_one_commit_fills_them() {
    let mut late = commit(1, CommitKind::Append, 10);
    late.counts.late = 3;
    late.counts.records = 20;
    let lines = text(&[late, commit(0, CommitKind::Append, 5)]);
    assert!(lines[0].contains("  records   rows  late  "), "{lines:?}");
    assert!(lines[2].contains(" 20  1,200     3 "), "{lines:?}");
    assert!(!lines[0].contains("duplicates"));
}

#[test]
fn programs_get_every_number_of_a_commit() {
    let replaces = vec![ObjectPath::new("silver", "a")];
    let json = as_json(&commit(2, CommitKind::Compact { replaces }, 0));
    for (field, expected) in [
        ("version", json!(2)),
        ("did", json!("compact")),
        ("rows", json!(1_200)),
        ("files", json!(1)),
        ("bytes", json!(4_000)),
        ("replaced", json!(1)),
        ("watermark", json!(null)),
    ] {
        assert_eq!(json[field], expected, "{field}");
    }
}
