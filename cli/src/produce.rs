//! `sluice produce`: sends events to an event hub, anywhere.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use sluice::dataset::Dataset;
use sluice_local::hub_client::{Destination, EventHubConnection};

use crate::feed::{Feed, FeedPlan, Wish};
use crate::hub::HubArguments;
use crate::orders::Shares;
use crate::progress::bar;
use crate::text::{print, thousands};

const TICK: Duration = Duration::from_millis(100);

/// Send events to an event hub
///
/// Made-up orders (200 a second until Ctrl-C) or the lines of a file, to the hub of the settings or to any other: the
/// local one, the Event Hubs emulator, or a namespace in Azure. Delivery is at least once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice produce                                      to the hub that `sluice up` runs, until Ctrl-C
  sluice produce --count 10000                        ten thousand orders, as fast as they go
  sluice produce --count 1000 --rate 50 --broken 0.2  fifty a second, a fifth of them broken
  sluice produce --input orders.jsonl.gz              each line an event
  sluice produce --namespace shop.servicebus.windows.net --hub orders --count 100
                                                      Azure, signed in with `az login` (Azure Event Hubs Data Sender)
  sluice produce --connection 'Endpoint=sb://localhost;…;UseDevelopmentEmulator=true;' --hub events")]
pub(crate) struct ProduceArguments {
    /// Send the lines of a file (.jsonl or .gz) and end
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    input: Option<PathBuf>,
    /// Send this many made-up orders and end
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Events a second; without it 200 made-up orders, and files and --count as fast as they go
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Send everything to this partition instead of wherever the hub puts it
    #[arg(long, value_name = "ID")]
    partition: Option<String>,
    /// Seed of the made-up orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    shares: Shares,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Sends.
pub(crate) async fn run(arguments: ProduceArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_settings()?;
    // A hub that the command line names need not be this dataset's.
    let dataset = match arguments.hub.is_explicit() {
        true => None,
        false => Dataset::load(settings.dataset_file()).ok(),
    };
    let total = arguments.count;
    let wish = Wish {
        input: arguments.input,
        count: arguments.count,
        rate: arguments.rate,
        shares: arguments.shares,
        seed: arguments.seed,
        nothing: false,
    };
    let plan = FeedPlan::of(wish, dataset.as_ref())?;
    let connection = arguments.hub.connect(&settings)?;
    let before = events_so_far(&connection).await?;
    let hub = connection.hub().to_owned();
    let to = arguments
        .partition
        .map_or(Destination::Any, Destination::Partition);
    let started = Instant::now();
    let feed = Feed::start(plan, connection, to, before).await?;
    let bar = bar("send events", total);
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let mut ticks = tokio::time::interval(TICK);
    while !feed.is_done() {
        tokio::select! {
            _ = ticks.tick() => bar.set_position(feed.sent().events),
            _ = &mut interrupted => break,
        }
    }
    bar.finish_and_clear();
    feed.check()?;
    let sent = feed.stop().await;
    let seconds = started.elapsed().as_secs_f64();
    match arguments.json {
        true => print(&json!({ "hub": hub, "events": sent, "seconds": seconds }).to_string()),
        false => print(&format!(
            "sent {} events to {hub} in {seconds:.1} s",
            thousands(sent)
        )),
    }
    Ok(true)
}

/// How many events the hub has ever taken: made-up orders are numbered on from there.
pub(crate) async fn events_so_far(
    hub: &EventHubConnection,
) -> Result<u64, sluice_local::hub_client::ClientError> {
    let mut events = 0;
    for partition in hub.partition_ids().await? {
        let state = hub.partition_state(&partition).await?;
        events += u64::try_from(state.last_sequence + 1).unwrap_or(0);
    }
    Ok(events)
}
