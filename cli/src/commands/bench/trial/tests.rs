use sluice::event::{SequenceNumber, SequenceRange, UnixMillis};
use sluice::table::log::{Counts, Version};

use super::super::record::{Published, Refined};
use super::*;

#[test]
fn after_twenty_silent_seconds_the_stores_are_looked_at_and_not_sooner() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut news = News::since(start);
    assert!(!news.is_silent(100, after(19)));
    assert!(!news.is_silent(100, after(38)), "19 s without news");
    assert!(news.is_silent(100, after(39)));
    assert!(!news.is_silent(100, after(40)), "that was just now");
    assert!(!news.is_silent(101, after(70)), "there is news");
    assert!(news.is_silent(101, after(90)));
}

#[test]
fn only_commits_with_rows_count_as_work() {
    let commit = |kind: CommitKind, sources: u64| Commit {
        version: Version(0),
        id: String::new(),
        kind,
        committed: UnixMillis(0),
        files: Vec::new(),
        sources,
        counts: Counts::default(),
        watermark: None,
        totals: None,
    };
    let compact = CommitKind::Compact {
        replaces: Vec::new(),
    };
    let commits = [
        commit(CommitKind::Append, 3),
        commit(compact, 0),
        commit(CommitKind::Append, 4),
    ];
    let work = silver_work(&commits);
    assert_eq!((work.commits, work.sources), (2, 7));
}

#[test]
fn a_source_is_in_gold_with_the_first_run_that_covers_its_version() {
    let entry = |source: &str, first: i64| LedgerEntry {
        source: source.to_owned(),
        counts: Counts::default(),
        range: Some(SequenceRange {
            first: SequenceNumber(first),
            last: SequenceNumber(first + 9),
        }),
        version: Version(1),
        quarantine: None,
        redrive: None,
        taken_up: None,
    };
    let mut heard = Record::default();
    let refined = |version, at_ms| Refined { version, at_ms };
    heard
        .refined
        .insert("orders/0/a".to_owned(), refined(1, 500));
    heard
        .refined
        .insert("orders/1/b".to_owned(), refined(2, 700));
    let published = Published {
        version: 1,
        at_ms: 900,
    };
    heard.published.push(published);
    let ledger = [
        entry("orders/0/a", 0),
        entry("orders/1/b", 20),
        entry("orders/1/never-heard-of", 30),
    ];
    let span = |partition: &str, first, row_ms| Span {
        partition: partition.to_owned(),
        sequences: (first, first + 9),
        row_ms,
    };
    let (rows, sums) = spans(&ledger, &heard);
    assert_eq!(rows, [span("0", 0, 500), span("1", 20, 700)]);
    assert_eq!(sums, [span("0", 0, 900)]);
}
