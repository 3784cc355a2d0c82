//! `sluice dataset`: checks, compares, tries and tests dataset files, and writes a first one from sample events.

mod check;
mod diff;
mod events;
mod fates;
mod fixtures;
mod infer;
mod rate;
mod sample;
mod schema;
mod trial;
mod write;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use sluice::dataset::{Dataset, DatasetProblems};

use crate::number;
use crate::output::{print, say};
use check::CheckArguments;
use diff::DiffArguments;
use events::Events;
use fixtures::TestArguments;
pub(super) use fixtures::expectations;
use schema::SchemaArguments;
pub(super) use schema::text as schema_text;
use trial::TryArguments;

/// What the inferred file is called where it is wrong.
const WRITTEN: &str = "the inferred file";

/// Check, try, test and compare dataset files, or write a first one from sample events
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset infer events.jsonl > datasets/events.toml    a first file, to be read and corrected
  sluice dataset check datasets/events.toml                   all mistakes at once
  sluice dataset try datasets/events.toml events.jsonl        what becomes of each event
  sluice dataset test                                         whether that is what is expected
  sluice dataset diff datasets/events.toml changed.toml       what a change does to a running pipeline")]
pub(crate) struct DatasetArguments {
    #[command(subcommand)]
    command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
enum DatasetCommand {
    Check(CheckArguments),
    Diff(DiffArguments),
    Infer(InferArguments),
    Try(TryArguments),
    Test(TestArguments),
    Schema(SchemaArguments),
}

/// Write a first dataset file from sample events
///
/// Finds out what bodies need before they are JSON, where in them the events are, each field's type, those in objects and
/// properties too, which one is the event time and which ones identify an event, and says in a comment `# guessed: …` what each
/// guess rests on. What may lose or refuse events is in a comment `# WARNING: …`, and what could not be decided on standard
/// error too. Lines of bronze are taken apart. The file is printed; `dataset check` accepts it. A sample shows what
/// occurs, not what may occur: read it before you use it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset infer events.jsonl > datasets/events.toml
  sluice dataset infer monday.jsonl.gz tuesday.jsonl --name orders -n 1000000
  sluice consume --from start -n 1000 | sluice dataset infer - --name orders")]
struct InferArguments {
    /// Sample events, one a line; packed with gzip or not; - or nothing is standard input
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The dataset's name; otherwise the first file's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Most events to look at
    #[arg(short = 'n', long = "limit", alias = "sample", value_name = "N", default_value_t = 100_000, value_parser = number::from::<u64>(1))]
    sample: u64,
    /// Print an object with the dataset's name, the file's text and the warnings
    #[arg(long)]
    json: bool,
}

/// Runs a subcommand.
pub(crate) async fn run(arguments: DatasetArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    match arguments.command {
        DatasetCommand::Check(arguments) => check::run(&arguments),
        DatasetCommand::Diff(arguments) => diff::run(&arguments),
        DatasetCommand::Infer(arguments) => infer(&arguments),
        DatasetCommand::Try(arguments) => trial::run(&arguments).await,
        DatasetCommand::Test(arguments) => fixtures::run(&arguments).await,
        DatasetCommand::Schema(SchemaArguments {}) => {
            schema::run();
            Ok(true)
        }
    }
}

fn infer(arguments: &InferArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let inputs = arguments.inputs.as_slice();
    let inferred = infer_events(
        &Events::read(inputs, arguments.sample)?,
        arguments.name.as_deref(),
    )?;
    if arguments.json {
        let Inferred {
            name,
            text,
            warnings,
        } = inferred;
        print(&json!({ "dataset": name, "file": text, "warnings": warnings }).to_string());
        return Ok(true);
    }
    print(inferred.text.trim_end());
    // Loudly, for the file often goes where nobody looks at once.
    for line in inferred.warnings {
        say(&format!("warning: {line}"));
    }
    say(&format!(
        "next, with this in datasets/{0}.toml:\n  sluice dataset check datasets/{0}.toml\n  sluice dataset try datasets/{0}.toml {1}",
        inferred.name,
        Events::arguments(inputs)
    ));
    Ok(true)
}

/// A first dataset file.
pub(super) struct Inferred {
    /// The dataset's name.
    pub(super) name: String,
    pub(super) text: String,
    /// What is wrong with its key, and what could not be decided.
    pub(super) warnings: Vec<String>,
}

/// Infers a dataset file of the events of files, at most `most`; its name is `name`, or the first file's.
///
/// # Errors
/// Fails if a file cannot be read or no dataset file fits its events.
pub(super) fn infer_files(
    paths: &[PathBuf],
    name: Option<&str>,
    most: u64,
) -> Result<Inferred, Box<dyn Error + Send + Sync>> {
    infer_events(&Events::read(paths, most)?, name)
}

fn infer_events(
    events: &Events,
    name: Option<&str>,
) -> Result<Inferred, Box<dyn Error + Send + Sync>> {
    let proposal = infer::propose(&events.lines)?;
    let files: Vec<&str> = events.files.iter().map(|file| file_name(file)).collect();
    let first = files.first().copied().unwrap_or_default();
    let name = name.map_or_else(|| write::dataset_name(first), str::to_owned);
    let heading = write::Heading {
        name: &name,
        files: &files.join(", "),
    };
    let text = written(heading, &proposal)?;
    let warnings = proposal.guess.warnings(&proposal.sample);
    Ok(Inferred {
        name,
        text,
        warnings,
    })
}

/// Writes the file as the reader takes it: one that the reader itself refuses would help nobody.
fn written(
    heading: write::Heading<'_>,
    proposal: &infer::Proposal,
) -> Result<String, DatasetProblems> {
    let text = write::dataset_file(heading, proposal, false);
    let Err(problems) = Dataset::parse(&text, WRITTEN) else {
        return Ok(text);
    };
    let quoted = write::dataset_file(heading, proposal, true);
    match Dataset::parse(&quoted, WRITTEN) {
        Ok(_) => Ok(quoted),
        Err(_) => Err(problems),
    }
}

/// Returns the last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
