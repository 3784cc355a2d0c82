//! `sluice dataset check`: what is wrong with a dataset file, and what is likely to be meant otherwise.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use sluice::dataset::{Dataset, DatasetProblems, LoadDatasetError, Warning};
use sluice::error::Invariant;
use sluice::warehouse::schema::GoldSchema;
use unicode_width::UnicodeWidthStr;

use super::events::{ANY, argument};
use super::fixtures::sample_of;
use super::rate::{Cost, cost};
use crate::number;
use crate::output::{count, escaped, print, print_prose, say};

/// Check a dataset file: all mistakes at once, each with its line
///
/// What is allowed, but likely to be meant otherwise, is said as a warning on standard error; the file is fine all the
/// same.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset check datasets/orders.toml
  sluice dataset check datasets/orders.toml --rate 2000
  sluice dataset check datasets/orders.toml --json | jq '.problems[].line'")]
pub(super) struct CheckArguments {
    /// The dataset file
    file: PathBuf,
    /// Say what finding duplicates costs at so many events a second
    #[arg(long, value_name = "N", value_parser = number::from::<u64>(1))]
    rate: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Checks; returns whether the file is fine.
pub(super) fn run(arguments: &CheckArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let file = arguments.file.display();
    let dataset = match Dataset::load(&arguments.file) {
        Ok(dataset) => dataset,
        Err(LoadDatasetError::Invalid(problems)) => {
            let list = problems.problems.iter();
            let list: Vec<_> = list
                .map(|p| {
                    let place = p.place.as_ref();
                    let place = place.map(|at| json!({ "text": at.text, "column": at.column }));
                    json!({ "line": p.line, "key": p.key, "message": p.message, "place": place })
                })
                .collect();
            match arguments.json {
                true => print(&json!({ "ok": false, "problems": list }).to_string()),
                false => say(&with_places(&problems)),
            }
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    GoldSchema::of(&dataset)?;
    let mut warnings = dataset.warnings();
    warnings.extend(dataset.passing_rules());
    let cost = arguments.rate.map(|rate| cost(&dataset, rate));
    match arguments.json {
        true => {
            let mut result = as_json(&dataset, &warnings);
            if let Some(Cost { text, warning }) = cost {
                result["cost"] = json!({ "text": text, "warning": warning });
            }
            print(&result.to_string());
        }
        false => {
            for warning in &warnings {
                say(&format!("{file}: warning: {warning}"));
            }
            print_prose(&format!("{file} is fine: {}", summary(&dataset)?));
            if let Some(cost) = dataset.latency_cost() {
                print_prose(&cost);
            }
            if let Some(Cost { text, warning }) = cost {
                print_prose(&text);
                if let Some(warning) = warning {
                    say(&format!("{file}: warning: {warning}"));
                }
            }
            let events = sample_of(&arguments.file);
            say(&format!(
                "next: sluice dataset try {} {}",
                argument(&arguments.file),
                events.map_or(ANY.to_owned(), |events| argument(&events))
            ));
        }
    }
    Ok(true)
}

/// Writes problems, each with a pointer under the place in its expression.
fn with_places(problems: &DatasetProblems) -> String {
    let mut lines = Vec::new();
    for problem in &problems.problems {
        let one = DatasetProblems {
            file: problems.file.clone(),
            problems: vec![problem.clone()],
        };
        lines.push(one.to_string());
        if let Some(place) = &problem.place {
            let before: String = place
                .text
                .chars()
                .take(place.column.saturating_sub(1))
                .collect();
            lines.push(format!("    {}", escaped(&place.text)));
            lines.push(format!("    {}^", " ".repeat(escaped(&before).width())));
        }
    }
    lines.join("\n")
}

fn as_json(dataset: &Dataset, warnings: &[Warning]) -> serde_json::Value {
    let columns = dataset.columns.iter();
    let columns: Vec<_> = columns
        .map(|c| json!({ "name": c.name, "type": c.kind.to_string(), "required": c.required }))
        .collect();
    let gold: Vec<_> = dataset.gold.iter().map(|table| &table.table).collect();
    json!({
        "ok": true,
        "problems": [],
        "warnings": warnings,
        "name": dataset.name,
        "generation": dataset.generation,
        "columns": columns,
        "gold": gold,
        "latency_cost": dataset.latency_cost(),
    })
}

fn summary(dataset: &Dataset) -> Result<String, Invariant> {
    let key = match dataset.key {
        Some(_) => format!("key {}", dataset.key_texts()?.join(" + ")),
        None => "no key (every record is a row)".to_owned(),
    };
    let tables = dataset.gold.iter().map(|table| table.table.as_str());
    let gold: Vec<_> = tables.chain(dataset.views()).collect();
    Ok(format!(
        "dataset {}, generation {}, {}, {key}, gold {}",
        dataset.name,
        dataset.generation,
        count(dataset.columns.len() as u64, "column"),
        if gold.is_empty() {
            "none".to_owned()
        } else {
            gold.join(", ")
        }
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(from: &str) -> Dataset {
        let text = format!(
            r#"
name = "meters"
key = ["ts"]
event_time = "ts"

[[column]]
name = "ts"
type = "timestamp"
required = true

[[column]]
name = "meter"
type = "string"
from = "{from}"
"#
        );
        Dataset::parse(&text, "meters.toml").unwrap()
    }

    #[test]
    fn a_pointer_stands_under_the_mistake_in_an_expression() {
        let text = r#"
name = "meters"
key = ["ts"]
event_time = "ts"

[[column]]
name = "ts"
type = "timestamp"
required = true

[[column]]
name = "use"
type = "int64"

[[column]]
name = "cost"
type = "int64"
expr = "3 * ues"
"#;
        let problems = Dataset::parse(text, "meters.toml").unwrap_err();
        assert_eq!(
            with_places(&problems),
            "meters.toml:18: column \"cost\".expr: at column 5: there is no column \"ues\"; did you mean \"use\"?\n    3 * ues\n        ^"
        );
    }

    #[test]
    fn the_result_for_programs_has_the_warnings() {
        let dataset = dataset("a.b");
        let result = as_json(&dataset, &dataset.warnings());
        assert_eq!(result["ok"], true);
        // The key of the time alone, and the name.
        assert_eq!(result["warnings"].as_array().map(Vec::len), Some(2));
        assert_eq!(result["columns"][1]["name"], "meter");
    }
}
