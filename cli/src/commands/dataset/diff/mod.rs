//! `sluice dataset diff`: what a pipeline does where one dataset file takes the place of another.

mod gold;
mod rules;
mod silver;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use sluice::dataset::Dataset;
use sluice::table::evolution::{Difference, difference};

use crate::output::{Usage, print, print_prose};

/// Say beforehand what a changed dataset file does to a running pipeline
///
/// What goes on, what needs a new generation and why, and which gold tables are made anew. Silver is judged by the very
/// comparison that the functions make with what their log records. The exit code is 0 where the pipeline goes on, and 1 where
/// it needs a new generation that the new file does not have.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset diff datasets/orders.toml changed.toml
  git show HEAD:datasets/orders.toml > was.toml && sluice dataset diff was.toml datasets/orders.toml --json")]
pub(super) struct DiffArguments {
    /// The dataset file that runs
    old: PathBuf,
    /// The one that is to take its place
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What differs.
#[derive(Debug)]
struct Diff {
    dataset: String,
    generations: [u32; 2],
    silver: Difference,
    /// What no log records, and what holds for later records alone.
    later: Vec<String>,
    gold: Vec<gold::Change>,
}

/// Compares; returns whether the pipeline goes on.
pub(super) fn run(arguments: &DiffArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let old = Dataset::load(&arguments.old)?;
    let new = Dataset::load(&arguments.new)?;
    if old.name != new.name {
        let (one, other) = (arguments.old.display(), arguments.new.display());
        return Err(Usage(format!(
            "{one} is of the dataset {} and {other} of {}: a dataset of another name begins with nothing, and there is nothing to compare",
            old.name, new.name
        ))
        .into());
    }
    let diff = Diff::of(&old, &new)?;
    match arguments.json {
        true => print(&diff.as_json().to_string()),
        false => print_prose(&diff.lines().join("\n")),
    }
    Ok(diff.goes_on())
}

impl Diff {
    fn of(old: &Dataset, new: &Dataset) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut later = silver::later(old, new);
        later.extend(rules::changes(old, new)?);
        Ok(Self {
            dataset: new.name.clone(),
            generations: [old.generation, new.generation],
            silver: difference(old, new)?,
            later,
            gold: gold::changes(old, new)?,
        })
    }

    /// Returns whether the pipeline goes on as the new file says.
    fn goes_on(&self) -> bool {
        let [before, after] = self.generations;
        match (&self.silver, after.cmp(&before)) {
            (_, std::cmp::Ordering::Less) => false,
            (_, std::cmp::Ordering::Greater) => true,
            (Difference::NeedsGeneration(_), std::cmp::Ordering::Equal) => false,
            (Difference::None | Difference::GoesOn(_), std::cmp::Ordering::Equal) => true,
        }
    }

    fn lines(&self) -> Vec<String> {
        let [before, after] = self.generations;
        let mut lines = Vec::new();
        let mut say = |title: &str, texts: &[String]| {
            if !texts.is_empty() {
                lines.push(title.to_owned());
                lines.extend(texts.iter().map(|text| format!("  {text}")));
            }
        };
        match &self.silver {
            Difference::None => {}
            Difference::GoesOn(changes) => say("silver goes on:", changes),
            Difference::NeedsGeneration(reasons) if after > before => {
                say(
                    "silver is made anew in the new generation, which this needs:",
                    reasons,
                );
            }
            Difference::NeedsGeneration(reasons) => say("silver needs a new generation:", reasons),
        }
        say("for records that are refined from then on:", &self.later);
        let gold: Vec<String> = self.gold.iter().map(gold::Change::line).collect();
        say("gold:", &gold);
        lines.push(self.verdict());
        lines
    }

    /// Says what it comes to.
    fn verdict(&self) -> String {
        let Self { dataset, .. } = self;
        let [before, after] = self.generations;
        if after < before {
            return format!(
                "{dataset} goes back from generation {before} to {after}, of which neither file says what its silver is like: keep generation = {before}, or raise it"
            );
        }
        if after > before {
            return format!(
                "{dataset} starts generation {after}: silver and gold are made anew from bronze, and gold shows generation {before} until then"
            );
        }
        if !self.goes_on() {
            let next = before.saturating_add(1);
            return format!(
                "{dataset} does not go on: write generation = {next}, which makes silver and gold anew from bronze, or undo what needs it"
            );
        }
        let is_same = self.silver == Difference::None && self.later.is_empty();
        match is_same && self.gold.iter().all(gold::Change::is_none) {
            true => format!("{dataset} goes on, and nothing changes"),
            false => format!("{dataset} goes on"),
        }
    }

    fn as_json(&self) -> Value {
        let (goes_on, needs): (&[String], &[String]) = match &self.silver {
            Difference::None => (&[], &[]),
            Difference::GoesOn(changes) => (changes, &[]),
            Difference::NeedsGeneration(reasons) => (&[], reasons),
        };
        let gold = self.gold.iter().map(gold::Change::as_json);
        json!({
            "dataset": self.dataset,
            "generation": { "old": self.generations[0], "new": self.generations[1] },
            "goes_on": self.goes_on(),
            "silver": { "goes_on": goes_on, "needs_generation": needs },
            "later_records": self.later,
            "gold": gold.collect::<Vec<_>>(),
            "verdict": self.verdict(),
        })
    }
}
