//! `sluice dataset`: checks dataset files, and writes a first one from sample events.

mod infer;
mod sample;
mod write;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use sluice::dataset::{Dataset, LoadDatasetError};
use sluice::warehouse::schema::GoldSchema;

use crate::feed::Input;
use crate::output::{bar, print};
use sample::Sample;

/// Check a dataset file, or write a first one from sample events
#[derive(Debug, Args)]
pub(crate) struct DatasetArguments {
    #[command(subcommand)]
    command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
enum DatasetCommand {
    Check(CheckArguments),
    Infer(InferArguments),
}

/// Check a dataset file: all mistakes at once, each with its line
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset check datasets/orders.toml
  sluice dataset check datasets/orders.toml --json | jq '.problems[].line'")]
struct CheckArguments {
    /// The dataset file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Write a first dataset file from sample events
///
/// Guesses each field's type, which fields are always there, which one is the event time and which ones identify an
/// event, and says in comments what each guess rests on and what to look at. The file is printed; `dataset check`
/// accepts it. A sample shows what occurs, not what may occur: read it before you use it.
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
        DatasetCommand::Check(arguments) => check(&arguments),
        DatasetCommand::Infer(arguments) => infer(&arguments),
    }
}

fn check(arguments: &CheckArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let file = arguments.file.display();
    let dataset = match Dataset::load(&arguments.file) {
        Ok(dataset) => dataset,
        Err(LoadDatasetError::Invalid(problems)) => {
            let list = problems.problems.iter();
            let list: Vec<_> = list
                .map(|p| json!({ "line": p.line, "key": p.key, "message": p.message }))
                .collect();
            match arguments.json {
                true => print(&json!({ "ok": false, "problems": list }).to_string()),
                false => eprintln!("{problems}"),
            }
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    GoldSchema::of(&dataset)?;
    if arguments.json {
        let columns = dataset.columns.iter();
        let columns: Vec<_> = columns
            .map(|c| json!({ "name": c.name, "type": c.kind.to_string(), "required": c.required }))
            .collect();
        let gold: Vec<_> = dataset.gold.iter().map(|table| &table.table).collect();
        let (name, generation) = (&dataset.name, dataset.generation);
        print(
            &json!({ "ok": true, "problems": [], "name": name, "generation": generation, "columns": columns, "gold": gold, "warnings": dataset.warnings() })
                .to_string(),
        );
        return Ok(true);
    }
    let name_of = |index: &usize| dataset.columns.get(*index).map_or("", |c| c.name.as_str());
    let key: Vec<_> = dataset.key.iter().map(name_of).collect();
    let tables = dataset.gold.iter().map(|table| table.table.as_str());
    let views = dataset.rankings.iter().map(|ranking| ranking.view.as_str());
    let gold: Vec<_> = tables.chain(views).collect();
    print(&format!(
        "{file} is fine: dataset {}, generation {}, {} columns, key {}, gold {}",
        dataset.name,
        dataset.generation,
        dataset.columns.len(),
        key.join(" + "),
        if gold.is_empty() {
            "none".to_owned()
        } else {
            gold.join(", ")
        }
    ));
    for warning in dataset.warnings() {
        print(&format!("warning: {warning}"));
    }
    Ok(true)
}

fn infer(arguments: &InferArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut input = Input::open(&arguments.file)?;
    let bar = bar("read events", None);
    let mut sample = Sample::default();
    while sample.lines < arguments.sample {
        let left = arguments.sample - sample.lines;
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
    let file = arguments
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    // A path that could be opened as a file has a name; without one the dataset is called `events`.
    let file = file.unwrap_or_default();
    let guess = infer::guess(&sample)?;
    let name = arguments
        .name
        .clone()
        .unwrap_or_else(|| write::dataset_name(&file));
    let text = write::dataset_file(&name, &file, &sample, &guess);
    // A guess that the framework itself refuses would help nobody.
    Dataset::parse(&text, "the inferred file")?;
    print(text.trim_end());
    Ok(true)
}
