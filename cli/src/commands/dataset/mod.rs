//! `sluice dataset`: checks and compares dataset files, and writes a first one from sample events.

mod check;
mod diff;
mod infer;
mod rate;
mod sample;
mod write;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sluice::dataset::Dataset;

use crate::feed::Input;
use crate::output::{bar, print, say};
use check::CheckArguments;
use diff::DiffArguments;
use sample::Sample;

/// Check a dataset file, compare two of them, or write a first one from sample events
#[derive(Debug, Args)]
pub(crate) struct DatasetArguments {
    #[command(subcommand)]
    command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
enum DatasetCommand {
    Check(CheckArguments),
    Diff(DiffArguments),
    Infer(InferArguments),
}

/// Write a first dataset file from sample events
///
/// Guesses each field's type, those in objects too, which fields are always there, which one is the event time and which
/// ones identify an event, and says in a comment `# guessed: …` what each guess rests on. What may lose or refuse events is in a comment
/// `# WARNING: …`, and on standard error too if it is about the key. The file is printed; `dataset check` accepts it. A
/// sample shows what occurs, not what may occur: read it before you use it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset infer events.jsonl > datasets/events.toml
  sluice dataset infer orders.jsonl.gz --name orders --sample 1000000
  sluice consume --from start --count 1000 > sample.jsonl && sluice dataset infer sample.jsonl")]
struct InferArguments {
    /// Sample events, a JSON object a line (.jsonl or .gz)
    file: PathBuf,
    /// The dataset's name; otherwise the file's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Most events to look at
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    sample: u64,
}

/// Runs a subcommand.
pub(crate) fn run(arguments: DatasetArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    match arguments.command {
        DatasetCommand::Check(arguments) => check::run(&arguments),
        DatasetCommand::Diff(arguments) => diff::run(&arguments),
        DatasetCommand::Infer(arguments) => infer(&arguments),
    }
}

fn infer(arguments: &InferArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let inferred = infer_file(&arguments.file, arguments.name.as_deref(), arguments.sample)?;
    print(inferred.text.trim_end());
    // Loudly, for the file often goes where nobody looks at once.
    for line in inferred.warnings {
        say(&format!("warning: {line}"));
    }
    Ok(true)
}

/// A first dataset file.
pub(super) struct Inferred {
    pub(super) text: String,
    /// What is wrong with its key.
    pub(super) warnings: Vec<String>,
}

/// Infers a dataset file of at most `most` events of a file; its name is `name`, or the file's.
///
/// # Errors
/// Fails if the file cannot be read or no dataset file fits its events.
pub(super) fn infer_file(
    path: &Path,
    name: Option<&str>,
    most: u64,
) -> Result<Inferred, Box<dyn Error + Send + Sync>> {
    let mut input = Input::open(path)?;
    let bar = bar("read events", None);
    let mut sample = Sample::default();
    while sample.lines < most {
        let left = most - sample.lines;
        let events = input.next_events(usize::try_from(left.min(1_000)).unwrap_or(1_000))?;
        if events.is_empty() {
            break;
        }
        for event in events {
            sample.add(&event);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    sample.settle();
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    // A path that could be opened as a file has a name.
    let file = file.unwrap_or_else(|| "events".to_owned());
    let guess = infer::guess(&sample)?;
    let name = name.map_or_else(|| write::dataset_name(&file), str::to_owned);
    let text = write::dataset_file(&name, &file, &sample, &guess);
    // A guess that the framework itself refuses would help nobody.
    Dataset::parse(&text, "the inferred file")?;
    Ok(Inferred {
        text,
        warnings: guess.key.warning.into_iter().flatten().collect(),
    })
}
