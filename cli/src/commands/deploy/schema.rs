//! `sluice schema`: gold's tables and views as SQL, and how Power BI finds them.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::gold::Ready;
use sluice::warehouse::schema::{GoldSchema, TableIndex};
use sluice::warehouse::{
    Options, Progress, Rules, Shadow, Standing, Swap, azure_sql, connect_with, sqlite,
};

use super::power_bi::{self, Place};
use crate::output::{count, print, say};

/// Print the SQL that creates gold's tables and views
///
/// The handler creates what is missing by itself. Where its identity must not create tables, run this script once, and
/// again after the dataset file's gold has changed or after an update; what has rows stays as it is. A table that is to be
/// made anew is made beside the live one, for the app to fill; once `sluice status` says that it is ready, run what --swap
/// prints.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice schema > gold.sql                                    T-SQL, for sqlcmd or any other tool
  sluice schema --sqlite                                      the same for SQLite
  sluice schema --swap --gold 'Server=…;Database=…'           what shows the tables that are ready
  sluice schema --pbids --gold 'Server=…;Database=…'          a file that opens in Power BI Desktop
  sluice schema --pbip reports --gold 'Server=…;Database=…'   a project with a model, measures and a calendar")]
pub(crate) struct SchemaArguments {
    /// The dataset file
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "datasets/orders.toml"
    )]
    dataset: PathBuf,
    /// The database schema that the tables are in
    #[arg(long, value_name = "NAME", env = "GOLD_SCHEMA", default_value = azure_sql::DEFAULT_SCHEMA)]
    schema: String,
    /// Print SQL for SQLite
    #[arg(long, conflicts_with = "pbids")]
    sqlite: bool,
    /// Print the batch that shows the tables that are ready beside the live ones, where the app must not do it; says why others
    /// are not
    #[arg(long, requires = "gold", conflicts_with_all = ["sqlite", "pbids"])]
    swap: bool,
    /// Print a connection file for Power BI Desktop; it holds no secret
    #[arg(long, requires = "gold")]
    pbids: bool,
    /// Write a project for Power BI Desktop into this folder: a semantic model of gold with measures, a calendar and
    /// relationships, and a report to begin with; it holds no secret. Again after the dataset file has changed: the model is
    /// made anew, the report stays
    #[arg(long, value_name = "FOLDER", requires = "gold", conflicts_with_all = ["sqlite", "pbids", "swap"])]
    pbip: Option<PathBuf>,
    /// The ADO connection string of the database, as in the setting GoldDatabase
    #[arg(
        long,
        value_name = "STRING",
        env = "GoldDatabase",
        hide_env_values = true
    )]
    gold: Option<String>,
    /// Print an object: with the SQL, or with what --pbip has written
    #[arg(long, conflicts_with = "pbids")]
    json: bool,
}

/// Prints.
pub(crate) async fn run(arguments: &SchemaArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    if let (true, Some(gold)) = (arguments.pbids, &arguments.gold) {
        print(&pbids(gold)?);
        return Ok(true);
    }
    let schema = GoldSchema::of(&Dataset::load(&arguments.dataset)?)?;
    if let (true, Some(gold)) = (arguments.swap, &arguments.gold) {
        return print_swap(arguments, gold, schema).await;
    }
    if let (Some(folder), Some(gold)) = (&arguments.pbip, &arguments.gold) {
        return write_project(folder, (&schema, arguments), gold);
    }
    let script = match arguments.sqlite {
        true => sqlite::script(&schema)?,
        false => azure_sql::script(&schema, Some(&arguments.schema))?,
    };
    let file = arguments.dataset.display();
    let script = format!(
        "-- Gold of {file}. Run this again after the file has changed: tables stay, views are made anew.\n\n{}",
        script.trim_end()
    );
    match arguments.json {
        true => print(
            &json!({ "dataset": schema.dataset, "names": schema.names(), "sql": script })
                .to_string(),
        ),
        false => print(&script),
    }
    Ok(true)
}

/// A path as text.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a project for Power BI Desktop.
fn write_project(
    folder: &Path,
    (schema, arguments): (&GoldSchema, &SchemaArguments),
    gold: &str,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let (server, database) = azure_sql::address(gold)?;
    let place = Place {
        server,
        database,
        schema: arguments.schema.clone(),
    };
    let written = power_bi::write(folder, &power_bi::project(schema, &place))?;
    for other in &written.others {
        say(&format!(
            "{} is not of {}: it stays, and the model has it",
            other.display(),
            arguments.dataset.display()
        ));
    }
    let project = folder.join(format!("{}.pbip", schema.dataset));
    if arguments.json {
        let others: Vec<String> = written.others.iter().map(|path| shown(path)).collect();
        let result = json!({
            "dataset": schema.dataset,
            "project": shown(&project),
            "files": written.files,
            "others": others,
        });
        print(&result.to_string());
        return Ok(true);
    }
    let files = count(written.files as u64, "file");
    print(&format!(
        "{files} written; open {} in Power BI Desktop, and choose Refresh",
        project.display()
    ));
    Ok(true)
}

/// Prints the batch that shows what is ready; returns whether anything is.
async fn print_swap(
    arguments: &SchemaArguments,
    gold: &str,
    schema: GoldSchema,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let options = Options {
        schema: Some(arguments.schema.clone()),
        ..Options::from_lookup(&|name| std::env::var(name).ok())
    };
    let warehouse = connect_with(gold, &options, schema)?;
    let standing = warehouse.look().await?;
    let ready = Ready::of(warehouse.schema(), &standing);
    for (table, reason) in &ready.held {
        say(&format!("{table} is not shown anew: {reason}"));
    }
    let held = ready.held.iter();
    let held = held.map(|(table, reason)| json!({ "table": table, "reason": reason.to_string() }));
    let held: Vec<Value> = held.collect();
    if ready.tables.is_empty() {
        say("nothing is ready to be shown: `sluice status` tells how far it is");
        if arguments.json {
            print(&json!({ "sql": null, "held": held }).to_string());
        }
        return Ok(false);
    }
    let swap = swap(warehouse.schema(), &standing, ready.tables);
    let script = azure_sql::swap_script(warehouse.schema(), Some(&arguments.schema), &swap)?;
    let script = format!(
        "-- Shows what is ready in place of the live tables, if both are still where they were now. The answer is 0 where it\n\
         -- is done; 1: a run was faster, print this again; 2: a later package has run; 3: somebody reads, run this again.\n\n{}",
        script.trim_end()
    );
    match arguments.json {
        true => print(&json!({ "sql": script, "held": held }).to_string()),
        false => print(&script),
    }
    Ok(true)
}

/// Returns the swap of tables that the app has found to be ready.
fn swap(
    schema: &GoldSchema,
    standing: &Standing,
    tables: Vec<(TableIndex, Progress, Shadow)>,
) -> Swap {
    Swap {
        retired: Swap::retires(&tables, standing.removed(schema), schema.generation),
        tables,
        build: standing.build.clone().unwrap_or_default(),
        // The next run says what is complete.
        watermark: None,
        complete_to: None,
        pending: None,
        silver: None,
        rules: Rules::default(),
        before: Vec::new(),
        at: SystemClock.now(),
    }
}

/// Returns a connection file. Data is imported: gold's tables are small, and reports then do not wake a paused
/// database at every click.
fn pbids(gold: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let (server, database) = azure_sql::address(gold)?;
    let file = json!({
        "version": "0.1",
        "connections": [{
            "details": {
                "protocol": "tds",
                "address": { "server": server, "database": database }
            },
            "options": {},
            "mode": "Import"
        }]
    });
    Ok(serde_json::to_string_pretty(&file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_file_names_server_and_database_and_no_secret() {
        let string =
            "Server=tcp:s.database.windows.net,1433;Database=gold;User Id=u;Password=hidden";
        let text = pbids(string).unwrap();
        assert!(!text.contains("hidden"), "{text}");
        let file: Value = serde_json::from_str(&text).unwrap();
        let details = &file["connections"][0]["details"];
        assert_eq!(details["protocol"], "tds");
        assert_eq!(details["address"]["server"], "s.database.windows.net");
        assert_eq!(details["address"]["database"], "gold");

        let elsewhere = pbids("Server=localhost,5000;Database=d;Uid=u;Pwd=p").unwrap();
        assert!(elsewhere.contains("\"localhost,5000\""), "{elsewhere}");
        assert!(pbids("sqlite:gold.db").is_err());
    }
}
