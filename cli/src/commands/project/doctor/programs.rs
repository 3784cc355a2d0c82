//! Which programs are installed, in which version.

use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::process::Command;

use super::check::{Check, State};
use sluice_local::azurite;

/// How long a program may take to say its version; the Azure CLI takes some seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// The lowest version of Node.js that Azurite is tested with.
const NODE: u64 = 22;

/// A program, and how it says its version.
struct Program {
    name: &'static str,
    command: &'static [&'static str],
    /// Whether `up` needs it.
    is_needed: bool,
    /// What to do where it is missing.
    advice: &'static str,
}

const PROGRAMS: [Program; 7] = [
    Program {
        name: "Node.js",
        command: &["node", "--version"],
        is_needed: true,
        advice: "`sluice up` runs Azurite, Microsoft's storage emulator, with it: https://nodejs.org, 22 or later",
    },
    Program {
        name: "npm",
        command: &["npm", "--version"],
        is_needed: false,
        advice: "it comes with Node.js, and installs Azurite the first time",
    },
    Program {
        name: "Python",
        command: &["python3", "--version"],
        is_needed: false,
        advice: "for producers and readers of your own; Sluice does not need it",
    },
    Program {
        name: "DuckDB",
        command: &["duckdb", "--version"],
        is_needed: false,
        advice: "reads silver and gold with SQL: https://duckdb.org/docs/installation, or pip install duckdb",
    },
    Program {
        name: "DuckDB in Python",
        command: &["python3", "-c", "import duckdb; print(duckdb.__version__)"],
        is_needed: false,
        advice: "the same from Python: pip install duckdb",
    },
    Program {
        name: "Azure CLI",
        command: &["az", "version", "--output", "json"],
        is_needed: false,
        advice: "for deployments, and to look at them: https://learn.microsoft.com/cli/azure/install-azure-cli",
    },
    Program {
        name: "Core Tools",
        command: &["func", "--version"],
        is_needed: false,
        advice: "only to run under Microsoft's own host: npm install --global azure-functions-core-tools@4",
    },
];

/// Looks for all of them at once.
pub(super) async fn look() -> Vec<Check> {
    let mut checks = vec![Check::ok("sluice", env!("CARGO_PKG_VERSION"))];
    let found = join_all(PROGRAMS.iter().map(|program| version(program.command))).await;
    checks.extend(
        PROGRAMS
            .iter()
            .zip(found)
            .map(|(p, found)| judged(p, found)),
    );
    checks.push(azurite());
    checks
}

/// Returns what a program says of its version; nothing where there is none.
async fn version(command: &[&str]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    match said(program, arguments).await {
        // Windows has it under this name only.
        None if *program == "python3" => said("python", arguments).await,
        said => said,
    }
}

/// Returns what a program says; nothing where there is none, or where it fails.
async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    // Scripts of npm and of the CLI are no programs to Windows.
    let is_script = ["npm", "az", "func"].contains(&program) && cfg!(windows);
    let program = match is_script {
        true => format!("{program}.cmd"),
        false => program.to_owned(),
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.ok()?.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(as_version(text.trim()))
}

/// The version in what a program says: the Azure CLI says it in JSON.
fn as_version(text: &str) -> String {
    let json = serde_json::from_str::<Value>(text).ok();
    let of_cli = json.and_then(|json| Some(json.get("azure-cli")?.as_str()?.to_owned()));
    let first = text.lines().next().unwrap_or_default();
    of_cli.unwrap_or_else(|| first.to_owned())
}

fn judged(program: &Program, found: Option<String>) -> Check {
    let missing = match program.is_needed {
        true => State::Bad,
        false => State::Absent,
    };
    match found {
        None => Check::not_ok(program.name, missing, "not found", program.advice),
        Some(version) if program.name == "Node.js" && major(&version) < Some(NODE) => {
            let advice =
                format!("older than {NODE}, which Azurite is tested with: https://nodejs.org");
            Check::not_ok(program.name, State::Absent, version, advice)
        }
        Some(version) => Check::ok(program.name, version),
    }
}

fn major(version: &str) -> Option<u64> {
    let digits = version.trim_start_matches('v').split('.').next()?;
    digits.parse().ok()
}

/// Azurite is installed by `up` itself.
fn azurite() -> Check {
    let folder = azurite::default_install_dir();
    match azurite::installed_version(&folder) {
        Some(version) => Check::ok("Azurite", format!("{version} in {}", folder.display())),
        None => Check::not_ok(
            "Azurite",
            State::Absent,
            format!("not yet in {}", folder.display()),
            "the first `sluice up` installs it with npm: some 350 MB from the npm registry",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_what_programs_say_in_their_first_line() {
        assert_eq!(as_version("v22.1.0"), "v22.1.0");
        assert_eq!(
            as_version("{\"azure-cli\": \"2.70.0\", \"x\": {}}"),
            "2.70.0"
        );
        assert_eq!(as_version("v1.2.0 abc\nmore"), "v1.2.0 abc");
        assert_eq!((major("v22.1.0"), major("?")), (Some(22), None));
    }

    #[test]
    fn only_what_up_needs_is_bad_where_it_is_missing() {
        let states = PROGRAMS.iter().map(|program| judged(program, None));
        let bad: Vec<String> = states
            .filter(|check| check.state == State::Bad)
            .map(|check| check.check)
            .collect();
        assert_eq!(bad, ["Node.js"]);
        let old = judged(&PROGRAMS[0], Some("v20.20.0".to_owned()));
        assert_eq!(old.state, State::Absent);
        assert!(old.advice.is_some());
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_has_no_version() {
        assert_eq!(
            version(&["no-such-program-of-sluice", "--version"]).await,
            None
        );
    }
}
