//! `sluice head`: a few rows of silver.

use std::error::Error;

use clap::Args;
use sluice::dataset::Dataset;
use sluice::table::schema::{ENQUEUED_TIME, LINE, RECORD, RESCUED, SEQUENCE_NUMBER};
use sluice::warehouse::schema::ValueType;

use super::sample::newest;
use crate::audit::misfit;
use crate::number;
use crate::output::{Column, Format, FormatArguments, Rows, Table, count, print, thousands};
use crate::target::{AppSettings, SettingsArguments, Stores};

/// Print some of the newest rows of silver, by event time
///
/// The columns of the dataset file and `_rescued`, with the fields that no column names; where each row came from with
/// --lineage, and always for programs. Times are in UTC. Only as many files are read as it takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice head                    the newest 10 rows
  sluice head -n 3 --lineage     and where they came from
  sluice head -n 100 --json      an object a line; nulls are left out
  sluice head --format csv > newest.csv
  sluice head --json | jq .customer_id")]
pub(crate) struct HeadArguments {
    /// Most rows to print, as -n
    #[arg(value_name = "N", conflicts_with = "limit", value_parser = number::from::<usize>(0))]
    rows: Option<usize>,
    /// Most rows to print
    #[arg(
        short = 'n',
        long,
        alias = "rows",
        value_name = "N",
        default_value_t = 10,
        value_parser = number::from::<usize>(0)
    )]
    limit: usize,
    /// Show where each row came from
    #[arg(long)]
    lineage: bool,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints.
pub(crate) async fn run(arguments: HeadArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    let format = arguments.format.format();
    let Some((title, rows)) = read(&stores, arguments.rows.unwrap_or(arguments.limit)).await?
    else {
        if arguments.format.is_for_people() {
            print("silver has no rows yet");
        }
        return Ok(true);
    };
    if format == Format::Json {
        // Nested values stay such.
        let lines = rows.json_lines()?;
        if !lines.is_empty() {
            print(lines.trim_end());
        }
        return Ok(true);
    }
    let is_shown = |name: &str| {
        arguments.lineage || format == Format::Csv || name == RESCUED || !name.starts_with('_')
    };
    table(&title, &stores.dataset, &rows, is_shown)?.show(format);
    Ok(true)
}

/// Lays rows out, with the columns that are shown.
fn table(
    title: &str,
    dataset: &Dataset,
    rows: &Rows,
    is_shown: impl Fn(&str) -> bool,
) -> Result<Table, Box<dyn Error + Send + Sync>> {
    let names = rows.columns();
    let shown: Vec<usize> = (0..names.len())
        .filter(|at| names.get(*at).is_some_and(|name| is_shown(name)))
        .collect();
    let columns = shown.iter().filter_map(|at| names.get(*at));
    let columns = columns.map(|name| column(dataset, name)).collect();
    let texts = rows.texts()?.into_iter();
    let texts = texts.map(|row| {
        let values = shown.iter().map(|at| row.get(*at).cloned().flatten());
        values.collect()
    });
    Ok(Table::new(title, columns, texts.collect()))
}

/// A column of silver: numbers that rows are known by, and those of places, are names.
fn column(dataset: &Dataset, name: &str) -> Column {
    let Some(index) = dataset
        .columns
        .iter()
        .position(|column| column.name == name)
    else {
        let kind = match name {
            LINE | RECORD | SEQUENCE_NUMBER => ValueType::Int64,
            ENQUEUED_TIME => ValueType::Timestamp,
            _ => ValueType::Text,
        };
        return Column::new(name, kind).identifier().spare();
    };
    let found = dataset.columns.get(index);
    let column = Column::new(
        name,
        found.map_or(ValueType::Text, |column| column.kind.into()),
    );
    let key = dataset.key.iter().flat_map(|key| &key.columns);
    match key.map(|index| index.position()).any(|at| at == index) {
        true => column.identifier(),
        // Where there is no room a row of some columns says more than a screen of one row.
        false => column.spare(),
    }
}

/// Reads the newest rows, and says of what they are the newest; nothing before the first commit.
async fn read(
    stores: &Stores,
    limit: usize,
) -> Result<Option<(String, Rows)>, Box<dyn Error + Send + Sync>> {
    let Some(head) = stores.log.head().await? else {
        return Ok(None);
    };
    let snapshot = stores.log.load(&head).await?;
    let reasons = snapshot.misfits(&stores.dataset)?;
    if !reasons.is_empty() {
        let misfit = misfit(&reasons);
        return Err(format!("silver's rows cannot be shown: {misfit}").into());
    }
    let rows = newest(&stores.lake, &stores.dataset, &snapshot, limit).await?;
    let all: u64 = snapshot.files.values().map(|live| live.file.rows).sum();
    let title = format!(
        "{} at version {}: the newest {} of {}",
        stores.dataset.name,
        thousands(head.version.0),
        thousands(rows.len() as u64),
        count(all, "row")
    );
    Ok(Some((title, rows)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::in_memory::Pipeline;

    #[tokio::test]
    async fn before_the_first_commit_there_is_nothing_to_show() {
        let stores = Pipeline::new().stores;
        assert!(read(&stores, 10).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_dataset_file_that_no_longer_fits_is_named_with_the_way_out() {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 11]).await;
        pipeline.refine().await;
        let error = read(&pipeline.stores_that_do_not_fit(), 10).await;
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("column customer_id had required = false and has true"),
            "{error}"
        );
        assert!(error.contains("raise the generation"), "{error}");
    }

    #[tokio::test]
    async fn the_newest_rows_are_shown_without_where_they_came_from() {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 2, 1_003]).await;
        pipeline.refine().await;
        let (title, rows) = read(&pipeline.stores, 2).await.unwrap().unwrap();
        assert_eq!(title, "orders at version 1: the newest 2 of 3 rows");
        let dataset = &pipeline.stores.dataset;
        let text = |is_shown: fn(&str) -> bool| {
            let table = table(&title, dataset, &rows, is_shown).unwrap();
            let lines = table.lines(None);
            let lines: Vec<String> = lines.iter().map(|line| line.text()).collect();
            lines.join("\n")
        };
        let few = text(|name| !name.starts_with('_'));
        assert!(few.contains("    1003 "), "an id has no separators: {few}");
        assert!(!few.contains("_source"), "{few}");
        let all = text(|_| true);
        assert!(all.contains("_sequence_number"), "{all}");
    }
}
