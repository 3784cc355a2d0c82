//! What cargo compiles for the README's commands, asked of cargo without compiling.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Every package of a build, with the features that it is compiled with: twice where a build script or macro wants it
/// otherwise.
type Build = BTreeMap<String, BTreeSet<String>>;

fn build(arguments: &[&str]) -> Build {
    let run = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(["--format", "{p}\t{f}"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let mut build = Build::new();
    for line in String::from_utf8(run.stdout).unwrap().lines() {
        // A blank line ends a member's tree, and a star stands for what was shown before.
        let line = line.trim_end_matches(" (*)");
        let Some((package, features)) = line.split_once('\t') else {
            continue;
        };
        let sets = build.entry(package.to_owned()).or_default();
        sets.insert(features.to_owned());
    }
    assert!(!build.is_empty(), "{arguments:?}");
    build
}

/// The package's features in a build, whatever its version.
fn features<'a>(build: &'a Build, name: &str) -> Vec<&'a str> {
    let versions = build.iter().filter(|(package, _)| {
        let (found, _version) = package.split_once(' ').unwrap();
        found == name
    });
    let sets = versions.flat_map(|(_, sets)| sets);
    sets.flat_map(|features| features.split(',')).collect()
}

#[test]
fn handler_and_tests_compile_no_dependency_again() {
    let command = build(&["--package", "sluice-cli", "--edges", "normal,build"]);
    let both = ["--package", "sluice", "--package", "sluice-cli"];
    let handler = build(&[&both[..], &["--edges", "normal,build"]].concat());
    let tests = build(&["--workspace", "--edges", "normal,build,dev"]);

    assert_eq!(handler, command);
    for (package, features) in command {
        let others: Vec<_> = features.difference(&tests[&package]).collect();
        assert!(
            others.is_empty(),
            "{package} is compiled with {others:?} for the command, and for the tests with {:?}: \
             turn the same features on in cli/Cargo.toml",
            tests[&package]
        );
    }
}

#[test]
fn the_released_handler_has_nothing_that_is_for_tests() {
    let handler = build(&["--package", "sluice", "--edges", "normal,build"]);

    assert!(features(&handler, "tokio").contains(&"fs"));
    assert!(!features(&handler, "tokio").contains(&"test-util"));
    assert!(features(&handler, "rusqlite").contains(&"functions"));
    assert!(!features(&handler, "rusqlite").contains(&"hooks"));
    assert_eq!(features(&handler, "sluice-local"), Vec::<&str>::new());
    assert_eq!(features(&handler, "fe2o3-amqp"), Vec::<&str>::new());
}

#[test]
fn the_readme_asks_for_the_node_that_azurite_asks_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let lock: serde_json::Value =
        serde_json::from_str(&read("local/azurite/package-lock.json")).unwrap();

    let asked = lock["packages"]["node_modules/azurite"]["engines"]["node"].as_str();
    let version = asked.unwrap().trim_start_matches(">=").split('.').next();
    let said = format!(
        "[Node.js](https://nodejs.org) {} or later",
        version.unwrap()
    );
    assert!(read("README.md").contains(&said), "README.md: {said}");
}
