//! `sluice head`: a few rows of silver.

use std::error::Error;

use clap::Args;
use sluice::silver::sample::Sample;
use sluice::warehouse::TableRows;

use crate::settings::{AppSettings, SettingsArguments};
use crate::stores::Stores;
use crate::tables;
use crate::text::{print, thousands};

/// Print some of the newest rows of silver, by event time
///
/// Every column: those of the dataset file, `_rescued` with the fields that no column names, and where the row came
/// from. Times are in UTC. Only as many files are read as it takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice head                    the newest 10 rows
  sluice head --rows 100 --json  an object a line; nulls are left out
  sluice head --json | jq .customer_id")]
pub(crate) struct HeadArguments {
    /// How many rows
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints.
pub(crate) async fn run(arguments: HeadArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings)?;
    let stores = Stores::open(&settings)?;
    let Some(head) = stores.log.head().await? else {
        if !arguments.json {
            print("silver has no rows yet");
        }
        return Ok(true);
    };
    let snapshot = stores.log.load(&head).await?;
    let sample = Sample::newest(&stores.lake, &stores.dataset, &snapshot, arguments.rows).await?;
    if arguments.json {
        let lines = sample.json_lines()?;
        lines.lines().for_each(print);
        return Ok(true);
    }
    let all: u64 = snapshot.files.values().map(|live| live.file.rows).sum();
    let shown = TableRows {
        columns: sample.columns(),
        rows: sample.rows()?,
    };
    let title = format!(
        "{} at version {}: the newest {} of {} rows",
        stores.dataset.name,
        thousands(head.version.0),
        thousands(shown.rows.len() as u64),
        thousands(all)
    );
    print(&tables::render(&title, &shown));
    Ok(true)
}
