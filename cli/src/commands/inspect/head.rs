//! `sluice head`: a few rows of silver.

use std::error::Error;

use clap::Args;
use sluice::warehouse::TableRows;

use super::sample::newest;
use crate::audit::misfit;
use crate::output::{count, print, table, thousands};
use crate::target::{AppSettings, SettingsArguments, Stores};

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
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    if let Some(text) = text(&stores, arguments.rows, arguments.json).await? {
        print(&text);
    }
    Ok(true)
}

/// Returns what is printed; nothing where there are no rows for a program.
async fn text(
    stores: &Stores,
    rows: usize,
    is_json: bool,
) -> Result<Option<String>, Box<dyn Error + Send + Sync>> {
    let Some(head) = stores.log.head().await? else {
        let text = "silver has no rows yet".to_owned();
        return Ok(Some(text).filter(|_| !is_json));
    };
    let snapshot = stores.log.load(&head).await?;
    let reasons = snapshot.misfits(&stores.dataset)?;
    if !reasons.is_empty() {
        let misfit = misfit(&reasons);
        return Err(format!("silver's rows cannot be shown: {misfit}").into());
    }
    let sample = newest(&stores.lake, &stores.dataset, &snapshot, rows).await?;
    if is_json {
        let lines = sample.json_lines()?;
        return Ok(Some(lines.trim_end().to_owned()).filter(|lines| !lines.is_empty()));
    }
    let all: u64 = snapshot.files.values().map(|live| live.file.rows).sum();
    let shown = TableRows {
        columns: sample.columns(),
        rows: sample.texts()?,
    };
    let title = format!(
        "{} at version {}: the newest {} of {}",
        stores.dataset.name,
        thousands(head.version.0),
        thousands(shown.rows.len() as u64),
        count(all, "row")
    );
    Ok(Some(table(&title, &shown)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::in_memory::Pipeline;

    #[tokio::test]
    async fn before_the_first_commit_people_are_told_and_programs_get_nothing() {
        let stores = Pipeline::new().stores;
        let text = |is_json| text(&stores, 10, is_json);
        let expected = Some("silver has no rows yet".to_owned());
        assert_eq!(text(false).await.unwrap(), expected);
        assert_eq!(text(true).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_dataset_file_that_no_longer_fits_is_named_with_the_way_out() {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 11]).await;
        pipeline.refine().await;
        let error = text(&pipeline.stores_that_do_not_fit(), 10, false).await;
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("column customer_id had required = false and has true"),
            "{error}"
        );
        assert!(error.contains("raise the generation"), "{error}");
    }

    #[tokio::test]
    async fn the_title_says_how_many_of_how_many_rows_there_are() {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 2, 3]).await;
        pipeline.refine().await;
        let shown = text(&pipeline.stores, 2, false).await.unwrap().unwrap();
        let title = shown.lines().next().unwrap();
        assert_eq!(title, "orders at version 1: the newest 2 of 3 rows");
        let lines = text(&pipeline.stores, 2, true).await.unwrap().unwrap();
        assert_eq!(lines.lines().count(), 2);
    }
}
