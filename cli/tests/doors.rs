//! Which pipeline a command is about, over all commands: what the command line names and nothing else, and said before
//! anything is written.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "no test here runs a handler")]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use clap::CommandFactory;
use sluice_cli::CommandLine;
use support::{command, repository};

/// The commands that look at a pipeline, with what else they need.
const LOOKING: [&str; 11] = [
    "consume --until-now",
    "status",
    "gold",
    "audit",
    "head",
    "quarantine",
    "query select-1",
    "connect",
    "history",
    "alerts",
    "dashboard",
];
/// Those that write to one.
const WRITING: [&str; 7] = [
    "produce -n 1",
    "maintain",
    "load -",
    "redrive",
    "rebuild gold",
    "rebuild silver --accept-loss",
    "alerts resend 0123456789abcdef0123456789abcdef",
];
/// Those that have their own ways: they make a pipeline, or only tell what is wrong.
const OTHERS: [&str; 4] = ["up", "bench", "chaos", "doctor"];

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The names of all commands below `command` that take the option, with those above them.
fn that_take(option: &str, command: &clap::Command, above: &str, found: &mut BTreeSet<String>) {
    for sub in command.get_subcommands() {
        let name = format!("{above}{}", sub.get_name());
        let mut arguments = sub.get_arguments();
        if arguments.any(|it| it.get_long() == Some(option)) {
            found.insert(name.clone());
        }
        that_take(option, sub, &format!("{name} "), found);
    }
}

#[test]
fn every_command_that_resolves_a_pipeline_is_in_the_tables() {
    let mut found = BTreeSet::new();
    that_take("state-dir", &CommandLine::command(), "", &mut found);
    let tables = LOOKING.iter().chain(&WRITING).chain(&OTHERS);
    let is_in = |name: &String| {
        let mut tables = tables.clone();
        tables.any(|line| *line == name || line.starts_with(&format!("{name} ")))
    };
    let missing: Vec<_> = found.iter().filter(|name| !is_in(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(found.len(), LOOKING.len() + WRITING.len() + OTHERS.len());
}

/// A folder whose settings and whose environment lead to storages of others.
fn elsewhere() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read(repository().join("local.settings.json")).unwrap();
    std::fs::write(folder.path().join("local.settings.json"), settings).unwrap();
    folder
}

fn run(folder: &Path, line: &str, options: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = command(folder);
    for (name, value) in environment {
        command.env(name, value);
    }
    command.args(words(line)).args(options).output().unwrap()
}

#[test]
fn a_pipeline_that_is_named_and_does_not_run_is_looked_for_nowhere_else() {
    let folder = elsewhere();
    let orders = repository().join("datasets/orders.toml");
    let orders = orders.to_str().unwrap();
    let theirs = [
        ("LakeStorage", "UseDevelopmentStorage=true"),
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ("GoldDatabase", "sqlite:theirs.db"),
        (
            "EventHubConnection",
            "Endpoint=sb://localhost;UseDevelopmentEmulator=true",
        ),
    ];
    let named = [("SLUICE_STATE_DIR", "nothing-here")];
    for line in LOOKING.iter().chain(&WRITING) {
        for (options, environment) in [
            (&["--state-dir", "nothing-here"][..], &theirs[..]),
            (&["--state-dir", "nothing-here"], &[]),
            (&[], &named),
            (
                &["--state-dir", "nothing-here", "--dataset", orders],
                &theirs,
            ),
            (&["--dataset", orders], &[]),
        ] {
            let output = run(folder.path(), line, options, environment);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{line} {options:?}: {said}");
            let first = said.lines().next().unwrap_or_default();
            assert!(
                first.starts_with("sluice: no pipeline of `sluice up` "),
                "{line} {options:?}: {said}"
            );
            assert!(output.stdout.is_empty(), "{line} {options:?}");
        }
    }
}
