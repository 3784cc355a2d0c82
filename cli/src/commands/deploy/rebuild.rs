//! `sluice rebuild`: asks for gold to be made anew, or accepts what a new generation of silver has lost.

use std::error::Error;
use std::sync::Arc;

use clap::{Args, Subcommand};
use sluice::clock::SystemClock;
use sluice::gold::{Gold, Rebuild};

use crate::output::{Usage, print};
use crate::target::{self, AppSettings, SettingsArguments, Stores};

/// Ask for gold to be made anew from silver, or accept what a new generation of silver has lost
///
/// Nothing is made here: the app does it in its next runs, beside the tables that are shown, which go on until the new
/// ones are whole. `sluice status` tells how far that is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice rebuild gold                            all tables
  sluice rebuild gold --table gold_daily_orders  one
  sluice rebuild silver --accept-loss            show a new generation without what bronze no longer has")]
pub(crate) struct RebuildArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make gold's tables from this pipeline's silver, whatever they are now
    Gold(GoldArguments),
    /// Say what is to become of a generation of silver that is being made
    Silver(SilverArguments),
}

#[derive(Debug, Args)]
struct GoldArguments {
    /// This table only
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, Args)]
struct SilverArguments {
    /// Show it although sources of the generation before are neither in it nor in bronze; `status` counts them
    #[arg(long, required = true)]
    accept_loss: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Asks.
pub(crate) async fn run(arguments: RebuildArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    match arguments.what {
        What::Gold(arguments) => ask(arguments).await,
        What::Silver(arguments) => accept(arguments).await,
    }
}

async fn ask(arguments: GoldArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let gold = gold(&settings)?;
    let rebuild = match arguments.table {
        Some(table) => Rebuild::Table(table),
        None => Rebuild::All,
    };
    let asked = match gold.ask(&rebuild).await {
        Err(error @ sluice::gold::Error::NoSuchTable(_)) => {
            return Err(Usage(error.to_string()).into());
        }
        asked => asked?,
    };
    let target = settings.target();
    print(&match asked.is_empty() {
        true => format!("in {target}\nno table has rows yet: the next run makes all of them"),
        false => format!(
            "in {target}\nthe next runs make {} anew, beside the tables that are shown",
            asked.join(", ")
        ),
    });
    Ok(true)
}

async fn accept(arguments: SilverArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let gold = gold(&settings)?;
    gold.accept_loss().await?;
    print(&format!(
        "in {}\nonce this generation has everything that bronze has, gold shows it",
        settings.target()
    ));
    Ok(true)
}

fn gold(settings: &AppSettings) -> Result<Gold, Box<dyn Error + Send + Sync>> {
    let stores = Stores::open(settings)?;
    let warehouse = target::warehouse(settings, &stores.dataset)?;
    target::say_target(&settings.written());
    Ok(Gold::new(
        stores.dataset,
        stores.lake,
        stores.state,
        warehouse,
        Arc::new(SystemClock),
    ))
}
