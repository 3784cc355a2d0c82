//! The time to the first row: the one promise of the command that is about seconds. It stands alone in its file, so that
//! no other test runs beside it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the handler is found beside the command here")]
mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::command;

/// From the start of `up` to a table of gold on the screen.
const BAR: Duration = Duration::from_secs(10);
/// Another program may have the processor for a while, but hardly each time.
const TRIES: usize = 3;

/// A project as a newcomer makes it.
fn project(folder: &Path) {
    let line = |n: i64| {
        format!(
            "{{\"pump\": \"p{}\", \"ts\": {}, \"level\": {}.5}}\n",
            n % 3,
            1_795_161_600 + n,
            n % 7
        )
    };
    let lines: String = (0..200).map(line).collect();
    std::fs::write(folder.join("readings.jsonl"), lines).unwrap();
    let mut init = command(folder);
    init.args(["init", "pumps", "--sample", "readings.jsonl"]);
    let output = init.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// How long `up` takes until it prints the table, from nothing but what is installed.
fn seconds_to_gold(project: &Path) -> Duration {
    let started = Instant::now();
    let mut up = command(project);
    up.args(["up", "--clean", "--input", "samples/pumps.jsonl"]);
    let mut up = up.stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(up.stdout.take().unwrap());
    let mut shown = None;
    let mut lines = Vec::new();
    for line in said.lines() {
        let line = line.unwrap();
        if line.starts_with("gold_daily_pumps_report  1 row") {
            shown.get_or_insert_with(|| started.elapsed());
        }
        lines.push(line);
    }
    let said = lines.join("\n");
    assert!(up.wait().unwrap().success(), "{said}");
    assert!(shown.is_some(), "no table of gold was shown:\n{said}");
    shown.unwrap()
}

#[test]
fn a_table_of_gold_is_shown_within_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    let project = folder.path().join("pumps");
    // The first run may have Azurite to install.
    seconds_to_gold(&project);
    let mut taken = Vec::new();
    while taken.len() < TRIES && !taken.iter().any(|time| *time < BAR) {
        taken.push(seconds_to_gold(&project));
    }
    println!("from the start of `up` to a table of gold: {taken:.1?}");
    assert!(taken.iter().any(|time| *time < BAR), "{taken:?}");
}
