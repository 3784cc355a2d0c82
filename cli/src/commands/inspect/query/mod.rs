//! `sluice query`: SQL on gold, and by DuckDB on silver.

mod answer;
mod engine;
mod files;
mod unasked;

use std::error::Error;
use std::io::Read;
use std::sync::Arc;

use clap::Args;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::warehouse::schema::ValueType;
use sluice::warehouse::{Answer, Warehouse, WarehouseError};

use super::moment::Moment;
use crate::number;
use crate::output::{Column, FormatArguments, Table, Usage, say, thousands};
use crate::target::{self, AppSettings, SettingsArguments, Stores};

/// How many rows people are shown.
const SHOWN: usize = 100;
/// How a command line names standard input.
const STDIN: &str = "-";

/// Run a query on gold, or with --silver on silver
///
/// Gold is asked where it is, SQLite or Azure SQL, in its own SQL, and nothing can be changed: a file is opened for reading
/// only; to Azure SQL nothing but one SELECT is sent, in a transaction that is undone.
///
/// Silver is asked by DuckDB, `duckdb` on PATH or in python3: the log says which files are live, these are fetched, and
/// the view `silver`, which also has the name of the dataset, shows them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice query 'select day, total_amount from gold_daily_orders order by total_amount desc'
  sluice query --silver 'select customer_id, sum(amount) from silver group by all order by 2 desc limit 5'
  sluice query --silver --from 2h 'select count(*) from silver' --format csv
  cat report.sql | sluice query -")]
pub(crate) struct QueryArguments {
    /// The query; - or nothing is standard input
    #[arg(value_name = "SQL")]
    sql: Option<String>,
    /// Ask silver instead of gold
    #[arg(long)]
    silver: bool,
    /// Of silver: leave out files whose events all happened before this time: a time, a day, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, requires = "silver")]
    from: Option<Moment>,
    /// Of silver: leave out files whose events all happened at this time or later
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, requires = "silver")]
    to: Option<Moment>,
    /// Most rows to print; 0 is all. People are shown 100, programs all
    #[arg(short = 'n', long, value_name = "N", value_parser = number::from::<usize>(0))]
    limit: Option<usize>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Asks and prints.
pub(crate) async fn run(arguments: QueryArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let sql = arguments.sql()?;
    let settings = AppSettings::find(&arguments.settings).await?;
    let most = arguments.most();
    let (answer, dataset) = match arguments.silver {
        true => {
            let engine = engine::Engine::find().await?;
            let stores = Stores::open(&settings)?;
            let now = SystemClock.now();
            let span = files::Span {
                from: arguments.from.map(|from| from.at(now)),
                until: arguments.to.map(|until| until.at(now)),
            };
            let files = files::fetch(&stores, span).await?;
            let answer = engine.ask(&files, &stores.dataset.name, &sql, most).await?;
            (answer, stores.dataset)
        }
        false => {
            let dataset = Arc::new(target::dataset(&settings)?);
            let warehouse = target::warehouse(&settings, &dataset)?;
            let answer = warehouse.query(&sql, most).await;
            let answer = answer.map_err(|error| with_names(error, warehouse.as_ref()))?;
            (answer, dataset)
        }
    };
    arguments.print(answer, &dataset, &sql);
    Ok(true)
}

impl QueryArguments {
    fn sql(&self) -> Result<String, Box<dyn Error + Send + Sync>> {
        let given = self.sql.as_deref().filter(|sql| *sql != STDIN);
        let sql = match given {
            Some(sql) => sql.to_owned(),
            None => {
                let mut sql = String::new();
                std::io::stdin().read_to_string(&mut sql)?;
                sql
            }
        };
        match sql.trim().is_empty() {
            true => {
                Err(Usage("there is no query; `sluice query --help` has some".to_owned()).into())
            }
            false => Ok(sql),
        }
    }

    fn most(&self) -> usize {
        let most = self.format.most(self.limit, SHOWN);
        // One more is asked for, to know whether there are more.
        most.min(usize::MAX - 1)
    }

    fn print(&self, answer: Answer, dataset: &Dataset, sql: &str) {
        let shown = answer.rows.len() as u64;
        let (answer, unasked) = match self.format.is_for_people() && !self.silver {
            true => unasked::left_out(answer, dataset, sql),
            false => (answer, Vec::new()),
        };
        let columns = answer.columns.iter();
        // A whole number of the dataset is a name, such as that of an order.
        let is_name = |name: &str, kind: ValueType| {
            kind == ValueType::Int64 && dataset.columns.iter().any(|column| column.name == name)
        };
        let columns = columns.map(|(name, kind)| match is_name(name, *kind) {
            true => Column::new(name, *kind).identifier(),
            false => Column::new(name, *kind),
        });
        Table::new("", columns.collect(), answer.rows).show(self.format.format());
        if !unasked.is_empty() {
            let names = unasked.join(", ");
            say(&format!(
                "not shown: {names}; a query that names them shows them, and so do --json and --format csv"
            ));
        }
        if answer.is_cut && self.format.is_for_people() {
            let shown = thousands(shown);
            say(&format!(
                "there are more rows: these are the first {shown}; -n 0 prints all"
            ));
        }
    }
}

/// Says which tables and views there are, if a query names another one.
fn with_names(error: WarehouseError, warehouse: &dyn Warehouse) -> Box<dyn Error + Send + Sync> {
    let text = sluice::error::chain(&error);
    let unknown = ["no such table", "Invalid object name"];
    match unknown.iter().any(|words| text.contains(words)) {
        true => format!(
            "{text}; there are {}",
            warehouse.schema().names().join(", ")
        )
        .into(),
        false => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::target::in_memory::Pipeline;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        query: QueryArguments,
    }

    fn most(line: &[&str]) -> usize {
        let words = std::iter::once(&"query").chain(line);
        Line::try_parse_from(words).unwrap().query.most()
    }

    #[test]
    fn people_are_shown_a_hundred_rows_and_programs_all() {
        assert_eq!(most(&["select 1"]), 100);
        assert_eq!(most(&["select 1", "-n", "3", "--format", "csv"]), 3);
        let all = usize::MAX - 1;
        assert_eq!(most(&["select 1", "--json"]), all);
        assert_eq!(most(&["select 1", "-n", "0"]), all);
        let words = ["query", "select 1", "--from", "2h"];
        assert!(
            Line::try_parse_from(words).is_err(),
            "gold has no such range"
        );
    }

    #[tokio::test]
    async fn gold_answers_in_numbers_and_names_its_tables() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1, 2]).await;
        let warehouse = pipeline.warehouse.as_ref();
        let answer = warehouse.query("select sum(total_amount) from gold_daily_orders", 9);
        assert_eq!(answer.await.unwrap().rows[0][0].as_deref(), Some("21"));
        let error = warehouse
            .query("select * from gold_daily", 9)
            .await
            .unwrap_err();
        let text = with_names(error, warehouse).to_string();
        assert!(
            text.starts_with("run the query: no such table: gold_daily"),
            "{text}"
        );
        assert!(
            text.contains("; there are gold_daily_orders, gold_daily_orders_report, "),
            "{text}"
        );
    }
}
