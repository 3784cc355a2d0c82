//! `sluice status`: how far every layer is, and how far behind the one before it.

mod show;

use std::error::Error;

use clap::Args;

use crate::output::{About, print, print_prose, print_prose_lines};
use crate::status::gather;
use crate::target::{self, HubArguments, Stores};

/// Show the status of every layer
///
/// Hub, silver and gold with what they hold and how far silver is behind the hub and gold behind silver; the versions of
/// silver's log and of the gold tables, the watermark, and what became of the events. All of silver is one read, whatever
/// the age of the lake. Where events are empty or filtered, two more reads for each hub partition look at its latest two
/// hours, and a partition is named of which 99 % of an hour were; one read of the latest
/// commits finds columns that are null in every row. With --deep also what takes a listing of bronze, the whole ledger and
/// the log: what bronze holds and what of it waits for silver, silver's small files, the length of its log, how far its
/// Delta log is, and whether the dataset file still fits. Reads only.
///
/// In JSON, times are in UTC, and spans of time in seconds: watermark_behind_now, watermark_behind_arrival, oldest, lacks_for,
/// ready_for.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice status                       the pipeline that `sluice up` runs, or that of local.settings.json
  sluice status --json | jq .silver.behind
  sluice status --deep                and what waits in bronze, which takes a listing of it
  sluice status --deep --json | jq '.maintenance | {small_files, log_entries, delta_lag, oldest_unreconciled}'
  watch sluice status")]
pub(crate) struct StatusArguments {
    /// List bronze and read ledger and log as well: the longer, the older the lake
    #[arg(long)]
    deep: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Shows.
pub(crate) async fn run(arguments: StatusArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_settings().await?;
    let stores = Stores::open(&settings)?;
    let hub = match arguments.hub.connect(&settings) {
        Ok(hub) => Ok(hub),
        Err(error) => Err(sluice::error::chain(error.as_ref())),
    };
    let warehouse = target::warehouse(&settings, &stores.dataset);
    let warehouse = warehouse.map_err(|error| sluice::error::chain(error.as_ref()));
    let target = settings.target();
    let status = gather(&stores, hub, warehouse, arguments.deep).await?;
    if arguments.json {
        let result = status;
        print(&serde_json::to_string_pretty(&About { target, result })?);
        return Ok(true);
    }
    print_prose(&format!("from {target}"));
    print_prose_lines(show::lines(&status), Some(show::INDENT));
    Ok(true)
}
