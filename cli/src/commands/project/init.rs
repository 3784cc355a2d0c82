//! Makes the folder of a project.

use std::error::Error;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::{DATASET_NAME, Dataset, is_dataset_name};

use super::files::{self, Content, Fixture, ProjectFile};
use crate::commands::dataset::{expectations, infer_files, schema_text};
use crate::feed::{Input, OrderArguments, Orders};
use crate::output::{Usage, count, print_prose, say};
use crate::pipeline::write_file;

/// Most events that are looked at, and that are kept as a sample.
const INFERRED: u64 = 100_000;
const KEPT: usize = 1_000;
/// Made-up orders, one a second.
const MADE_UP: i64 = 200;
/// Events of the sample that are the first fixture: as many as people read.
const FIXTURE: usize = 20;

/// Make a project of your own
///
/// Writes a folder with a dataset file, sample events, a first test of what becomes of them, settings for this machine, a
/// README and a workflow that runs both on every push. With --sample the dataset file is inferred of your own events, as
/// `sluice dataset infer` does it; without it, it describes made-up orders. All other commands work in the folder;
/// nothing else is needed but Node.js.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice init shop                                      made-up orders, to begin with
  sluice init sensors --sample readings.jsonl.gz        your own events")]
pub(crate) struct InitArguments {
    /// The name of the project, of its folder and of its dataset
    name: String,
    /// Events of yours, one a line (.jsonl or .gz)
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
}

/// Writes the folder.
pub(crate) fn run(arguments: &InitArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let name = &arguments.name;
    let folder = Path::new(name);
    if !is_dataset_name(name) {
        return Err(Usage(format!(
            "{name:?} cannot be a project: it wants {DATASET_NAME}"
        ))
        .into());
    }
    if folder.exists() {
        return Err(Usage(format!(
            "{name} is there already: give another name, or remove it"
        ))
        .into());
    }
    let (dataset, sample, warnings) = match &arguments.sample {
        Some(file) => {
            let inferred = infer_files(std::slice::from_ref(file), Some(name), INFERRED)?;
            (inferred.text, first_lines(file)?, inferred.warnings)
        }
        None => (files::orders(name), made_up(), Vec::new()),
    };
    let content = Content {
        fixture: fixture(name, &dataset, &sample)?,
        schema: schema_text(),
        dataset,
        sample: sample.concat(),
    };
    let files = files::files(name, content);
    for file in &files {
        write_file(&folder.join(&file.path), &file.content)?;
    }
    print_prose(&summary(name, &files, arguments.sample.is_some()));
    for line in warnings {
        say(&format!("warning: {line}"));
    }
    Ok(true)
}

/// Returns the first events of a file, each with a line feed.
fn first_lines(file: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let lines = Input::open(file)?.next_events(KEPT)?;
    let lines = lines.iter().filter(|line| !line.trim_ascii().is_empty());
    Ok(lines.map(|line| [&line[..], b"\n"].concat()).collect())
}

/// Returns the first events of a sample, and what becomes of them.
fn fixture(
    name: &str,
    dataset: &str,
    sample: &[Vec<u8>],
) -> Result<Fixture, Box<dyn Error + Send + Sync>> {
    let dataset = Dataset::parse(dataset, name)?;
    let events = sample.iter().take(FIXTURE);
    let lines: Vec<Bytes> = events
        .clone()
        .map(|line| line.trim_ascii_end().to_vec().into())
        .collect();
    let expected = expectations(&dataset, &lines, files::FIRST_EVENTS, SystemClock.now())?;
    Ok(Fixture {
        events: events.flatten().copied().collect(),
        expected,
    })
}

fn made_up() -> Vec<Vec<u8>> {
    let OrderArguments { shares, seed } = OrderArguments::default();
    let mut orders = Orders::new(seed, shares, 1);
    let now = SystemClock.now().0;
    let times = (0..MADE_UP).map(|second| now - (MADE_UP - second) * 1_000);
    let lines = times.map(|time| [&orders.next_event(time)[..], b"\n"].concat());
    lines.collect()
}

/// Says what was made and what comes next.
fn summary(name: &str, files: &[ProjectFile], is_inferred: bool) -> String {
    let width = files.iter().map(|file| file.path.as_os_str().len()).max();
    let width = width.unwrap_or_default();
    let lines = files.iter().map(|file| {
        let path = file.path.display().to_string();
        format!("  {path:width$}  {}\n", file.about)
    });
    let advice = match is_inferred {
        true => {
            "\nThe dataset file is a guess: read its lines with \"guessed\" and \"WARNING\" first.\n"
        }
        false => "",
    };
    format!(
        "{name}: a project of {}\n{}{advice}\nnext:\n  cd {name}\n  sluice dataset check datasets/{name}.toml\n  sluice dataset try datasets/{name}.toml samples/{name}.jsonl\n  sluice dataset test\n  sluice up --input samples/{name}.jsonl",
        count(files.len() as u64, "file"),
        lines.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(name: &Path, sample: Option<&str>) -> InitArguments {
        InitArguments {
            name: name.to_str().unwrap().to_owned(),
            sample: sample.map(PathBuf::from),
        }
    }

    #[test]
    fn a_name_that_no_dataset_may_have_is_refused_with_what_may_be() {
        let error = run(&arguments(Path::new("My Shop"), None)).unwrap_err();
        assert!(error.is::<Usage>());
        assert!(
            error.to_string().contains("at most 41 lower-case letters"),
            "{error}"
        );
        assert!(!Path::new("My Shop").exists());
    }

    #[test]
    fn made_up_orders_are_events_of_the_last_minutes() {
        let lines = made_up();
        let first = lines.first().unwrap();
        assert_eq!(
            (lines.len(), first.starts_with(b"{\"order_id\": 1,")),
            (200, true)
        );
    }
}
