//! `sluice dashboard`: a page that is left open.

use std::error::Error;

use clap::Args;

use crate::dashboard::Dashboard;
use crate::interrupt::Interrupts;
use crate::number;
use crate::output::{print, say};
use crate::target::SettingsArguments;

/// Serve a page that shows how everything is, live
///
/// Layers with throughput and lag, the balance of the ledger, quarantine by reason with the newest records, gold's tables
/// as charts, watermark and freshness, for the pipeline that `sluice up` runs, or that of the settings, in Azure with
/// your own login. Where several run on this machine, the page has them all.
///
/// Only this machine can open it, and only with the address that is printed, whose token is of this run. While the page
/// is visible, silver's head is read every two seconds and the hub every ten; gold when it has moved, in a database every
/// half minute at most. Otherwise nothing is read, and a database that may be paused is woken by a button alone. Ctrl-C
/// ends it. Reads only.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dashboard                              of the pipeline that `sluice up` runs, or that of local.settings.json
  sluice dashboard --port 8080                  always at the same port
  sluice dashboard --dataset datasets/orders.toml")]
pub(crate) struct DashboardArguments {
    /// The port of 127.0.0.1; without it one that is free
    #[arg(long, value_name = "N", value_parser = number::between::<u16>(1, 65_535))]
    port: Option<u16>,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Serves until it is interrupted.
pub(crate) async fn run(
    arguments: DashboardArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut interrupts = Interrupts::listen()?;
    let dashboard = Dashboard::serve(&arguments.settings, arguments.port.unwrap_or(0)).await?;
    print(dashboard.address());
    say("open this address in a browser on this machine; Ctrl-C ends it");
    interrupts.next().await;
    Ok(true)
}
