//! The command lines that README.md, docs/ and `--help` print: each is one that the command takes, and is run here, or
//! says why it is not.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/printed.rs"]
mod printed;
mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use serde_json::Value;
use sluice_cli::CommandLine;

use pipeline::Pipeline;
use printed::{Printed, of_document, split};
use support::{command, repository};

/// Programs of others that documents name, and why they are not run here. A program with a subcommand stands with it.
const NOT_RUN: [(&str, &str); 17] = [
    ("az", "needs a subscription"),
    ("azd", "needs a subscription"),
    (
        "infra/deploy.sh",
        "needs a subscription; tests/tools/infra runs the script with stand-ins",
    ),
    (
        "func",
        "Azure Functions Core Tools are not part of the build",
    ),
    ("npx", "local/tests starts Azurite as `up` does"),
    (
        "duckdb",
        "a reader of others; tests/it/table reads silver with it",
    ),
    ("sqlite3", "a reader of others"),
    ("jq", "a reader of others"),
    ("cd", "goes into a folder that is made"),
    ("tail", "a reader of others"),
    ("wc", "a reader of others"),
    ("export", "sets what a deployment in Azure has"),
    ("for", "a loop of the shell around commands that are listed"),
    ("do", "a loop of the shell around commands that are listed"),
    (
        "done",
        "a loop of the shell around commands that are listed",
    ),
    ("cargo build", "has built what runs here"),
    ("cargo test", "is what runs here"),
];

/// How one of our command lines is tried.
#[derive(Debug, PartialEq, Eq)]
enum Trial {
    /// By itself.
    Local,
    /// On a pipeline that runs.
    OnPipeline,
    /// Not here, for this reason.
    NotHere(&'static str),
}

fn trial(arguments: &[String]) -> Trial {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up", ..] => Trial::NotHere("cli/tests/readme.rs and cli/tests/up.rs run pipelines"),
        ["init", ..] => Trial::NotHere("writes a folder; cli/tests/readme.rs runs it"),
        ["bench", ..] => Trial::NotHere("takes minutes; cli/tests/bench.rs runs a small one"),
        ["chaos", ..] => Trial::NotHere("takes minutes; cli/tests/chaos.rs runs a short one"),
        ["package", ..] => Trial::NotHere("cross-compiles; cli/tests/package.rs runs it"),
        ["sql-grant", ..] => Trial::NotHere("needs a database in Azure"),
        ["alerts", _, ..] => Trial::NotHere("needs rules; tests/it/alerts has them"),
        ["dataset", "check", "shop.toml"] => Trial::NotHere("a made-up file with mistakes"),
        ["dataset", "diff", ..] => {
            Trial::NotHere("made-up changes; the tests of the command make others")
        }
        ["dataset", "try", "datasets/orders.toml", "orders.jsonl"] => {
            Trial::NotHere("made-up events; cli/tests/dataset.rs tries others")
        }
        ["dataset", "test", ..] => {
            Trial::NotHere("of a project that is made; cli/tests/dataset.rs makes one")
        }
        ["dataset", _, file, ..] if file.contains("pumps") => {
            Trial::NotHere("of a project that is made; cli/tests/readme.rs makes one")
        }
        ["dashboard", ..] => Trial::NotHere("has no end; cli/tests/dashboard.rs opens it"),
        ["query", "--silver", ..] => {
            Trial::NotHere("needs DuckDB; cli/tests/readers.rs asks silver where it is")
        }
        ["schema", "--pbip", ..] => {
            Trial::NotHere("writes a folder; its own tests write it to others")
        }
        ["dataset" | "schema" | "doctor" | "completions", ..] | [_, "--help"] => Trial::Local,
        _ => Trial::OnPipeline,
    }
}

fn documents() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = docs
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.push(repository().join("README.md"));
    files.sort();
    files
}

/// All command lines of all documents.
fn printed() -> Vec<Printed> {
    let mut all = Vec::new();
    for file in documents() {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file
            .strip_prefix(repository())
            .unwrap()
            .display()
            .to_string();
        all.extend(of_document(&name, &text));
    }
    all
}

/// The long options that the help of some command has; names of before, which are taken still, are not among them.
fn shown_options(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter(|it| !it.is_hide_set());
    let own = own.filter_map(|it| it.get_long().map(str::to_owned));
    let below = command.get_subcommands().flat_map(shown_options);
    own.chain(below).collect()
}

/// Says what is wrong with arguments of our command.
fn refusal(arguments: &[String]) -> Option<String> {
    let words = std::iter::once("sluice").chain(arguments.iter().map(String::as_str));
    let shown = shown_options(&CommandLine::command());
    let options = arguments.iter().filter_map(|word| word.strip_prefix("--"));
    let mut options = options.filter_map(|word| word.split('=').next());
    let unshown =
        options.find(|name| !shown.contains(*name) && !["help", "version"].contains(name));
    if let Some(option) = unshown {
        return Some(format!("no help has an option --{option}"));
    }
    match CommandLine::try_parse_from(words) {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => None,
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn every_printed_command_line_is_one_that_there_is() {
    let printed = printed();
    let ours = printed.iter().filter(|line| line.ours().is_some()).count();
    assert!(ours > 25, "only {ours} lines were found");
    for line in &printed {
        match line.ours() {
            Some(arguments) => {
                let problem = refusal(arguments);
                assert_eq!(problem, None, "{}", line.text());
            }
            None => {
                let first = line.words[0].rsplit("$(").next().unwrap();
                let two = format!("{first} {}", line.words.get(1).map_or("", String::as_str));
                let is_listed = NOT_RUN
                    .iter()
                    .any(|(name, _)| *name == first || *name == two);
                assert!(is_listed, "{} is neither run nor listed", line.text());
            }
        }
    }
    for (program, reason) in NOT_RUN {
        let is_used = printed
            .iter()
            .any(|line| line.words.join(" ").contains(program));
        assert!(is_used, "{program} ({reason}) is in no document");
    }
}

#[test]
fn every_command_that_prose_or_help_names_is_one_that_there_is() {
    let mut named = Vec::new();
    for file in documents() {
        let text = std::fs::read_to_string(&file).unwrap();
        let prose = text.split("```").step_by(2).collect::<String>();
        let spans = prose.split('`').skip(1).step_by(2);
        let ours =
            spans.filter(|span| span.starts_with("sluice ") || span.starts_with("cargo sluice "));
        let ours = ours.filter_map(|span| split(&span.replace('\n', " ")));
        named.extend(ours.flatten());
    }
    let mut commands = vec![CommandLine::command()];
    while let Some(command) = commands.pop() {
        let help = command.get_after_help().map(ToString::to_string);
        for line in help.iter().flat_map(|help| help.lines()) {
            // What it does follows after some blanks.
            let line = line.trim().split("  ").next().unwrap();
            named.extend(split(line).into_iter().flatten());
        }
        commands.extend(command.get_subcommands().cloned());
    }
    let named = named.into_iter().map(|words| Printed {
        place: "prose or help".to_owned(),
        words,
    });
    let ours: Vec<Printed> = named.filter(|line| line.ours().is_some()).collect();
    assert!(ours.len() > 40, "only {} were found", ours.len());
    for line in ours {
        let arguments = line.ours().unwrap();
        // The command as such, and the form of all commands.
        if arguments.is_empty() || arguments.iter().any(|word| word == "COMMAND") {
            continue;
        }
        let problem = refusal(arguments);
        // Prose names a command without what it needs.
        let problem = problem.filter(|problem| !problem.contains("required arguments"));
        assert_eq!(problem, None, "{}", line.text());
    }
}

#[test]
fn a_line_that_no_command_takes_is_found() {
    let text = "x\n```sh\nA=1 cargo sluice up --no-such   # text\n\nnot-listed --x 'a\nb' | jq .x > file\n```\n\n```text\n$ sluice statsu\nsluice: text\n```\n    cargo test --workspace\n";
    let found = of_document("D.md", text);
    let lines: Vec<String> = found.iter().map(Printed::text).collect();
    assert_eq!(
        lines,
        [
            "D.md:3: cargo sluice up --no-such",
            "D.md:6: not-listed --x a\nb",
            "D.md:6: jq .x",
            "D.md:10: sluice statsu",
            "D.md:13: cargo test --workspace",
        ]
    );
    for line in [&found[0], &found[3]] {
        assert!(refusal(line.ours().unwrap()).is_some(), "{}", line.text());
    }
    assert!(found[1].ours().is_none());
}

impl Pipeline {
    /// Runs a command as it is printed; a file that it writes is written elsewhere.
    fn run_printed(&self, arguments: &[String]) -> Output {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if arguments.starts_with(&["quarantine", "export"]) {
            let folder = tempfile::tempdir().unwrap();
            return self.run_in(folder.path(), &arguments);
        }
        self.run_in(repository(), &arguments)
    }

    /// Returns whether gold has everything that the hub has taken.
    fn has_settled(&self) -> bool {
        let status = self.run(&["status", "--json"]);
        let Ok(status) = serde_json::from_slice::<Value>(&status.stdout) else {
            return false;
        };
        let gold = status["gold"].as_array();
        let is_published = |tables: &Vec<Value>| tables.iter().all(|table| table["behind"] == 0);
        status["silver"]["lines"] == status["hub"]["events"] && gold.is_some_and(is_published)
    }
}

fn sluice(arguments: &[String]) -> Output {
    command(repository()).args(arguments).output().unwrap()
}

fn succeeds(line: &Printed, output: &Output) {
    let (said, failed) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {failed}", line.text());
    let _: Vec<Value> = match line.words.iter().any(|word| word == "--json") {
        // Results for programs are JSON and nothing else.
        true => serde_json::Deserializer::from_slice(said)
            .into_iter()
            .map(Result::unwrap)
            .collect(),
        false => Vec::new(),
    };
}

#[test]
fn what_needs_no_pipeline_runs_as_it_is_printed() {
    let printed = printed();
    let local = printed.iter().filter_map(|line| Some((line, line.ours()?)));
    let local: Vec<_> = local
        .filter(|(_, arguments)| trial(arguments) == Trial::Local)
        .collect();
    assert!(local.len() >= 4, "{}", local.len());
    for (line, arguments) in local {
        succeeds(line, &sluice(arguments));
    }
}

#[test]
fn what_works_on_a_pipeline_runs_on_one_as_it_is_printed() {
    let printed = printed();
    let lines = printed.iter().filter_map(|line| Some((line, line.ours()?)));
    let lines: Vec<_> = lines
        .filter(|(_, a)| trial(a) == Trial::OnPipeline)
        .collect();
    assert!(lines.len() >= 15, "{}", lines.len());
    let pipeline = Pipeline::start();
    let (producing, looking): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|(_, arguments)| arguments[0] == "produce");
    for (line, arguments) in producing {
        succeeds(line, &pipeline.run_printed(arguments));
    }
    pipeline.wait_for("the end of the work", || pipeline.has_settled());
    for (line, arguments) in looking {
        succeeds(line, &pipeline.run_printed(arguments));
    }
}
