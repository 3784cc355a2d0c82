//! `sluice produce`: sends events to an event hub, anywhere.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use sluice::dataset::Dataset;
use sluice_local::hub_client::Destination;

use crate::feed::{Feed, FeedPlan, OrderArguments, Request};
use crate::interrupt::Interrupts;
use crate::number;
use crate::output::{bar, count, print};
use crate::target::{HubArguments, events_ever, read_partitions, say_target};

const TICK: Duration = Duration::from_millis(100);

/// Send events to an event hub
///
/// Made-up orders (200 a second until Ctrl-C) or the lines of a file, to the hub of the settings or to any other: the
/// local one, the Event Hubs emulator, or a namespace in Azure. Delivery is at least once.
///
/// A line is the body of an event, or a line as bronze has it ({"$sluice":"event","system":{…},"properties":{…},"body":…}).
/// Its properties are sent, and of `system` content type and encoding, correlation id and the other AMQP properties, and
/// annotations by their names. The partition key and what a hub says of an event's place (x-opt-…) are not: --partition
/// chooses, and the hub says. An IoT hub takes no events from here: annotations that only it adds (iothub-…) are what the
/// sender says on any other hub, and no proof of a device.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice produce                                      to the hub that `sluice up` runs, until Ctrl-C
  sluice produce -n 10000                             ten thousand orders, as fast as they go
  sluice produce -n 1000 --rate 50 --broken 0.2       fifty a second, a fifth of them broken
  sluice produce --input orders.jsonl.gz              each line an event
  sluice produce --namespace shop.servicebus.windows.net --hub orders -n 100
                                                      Azure, signed in with `az login` (Azure Event Hubs Data Sender)
  sluice produce --connection 'Endpoint=sb://localhost;…;UseDevelopmentEmulator=true;' --hub events")]
pub(crate) struct ProduceArguments {
    /// Send the lines of a file (.jsonl or .gz) and end
    #[arg(short, long, value_name = "FILE", conflicts_with = "count")]
    input: Option<PathBuf>,
    /// Send this many made-up orders and end
    #[arg(short = 'n', long = "limit", alias = "count", value_name = "N", value_parser = number::from::<u64>(0))]
    count: Option<u64>,
    /// Events a second; without it 200 made-up orders, and files and --limit as fast as they go
    #[arg(short, long, value_name = "N", value_parser = number::from::<u64>(1))]
    rate: Option<u64>,
    /// Send everything to this partition instead of wherever the hub puts it
    #[arg(long, value_name = "ID")]
    partition: Option<String>,
    #[command(flatten)]
    orders: OrderArguments,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Sends.
pub(crate) async fn run(arguments: ProduceArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_hub_settings().await?;
    // A hub that the command line names need not be this dataset's, and a dataset file that cannot be read is no reason
    // not to send.
    let dataset = match arguments.hub.is_explicit() {
        true => None,
        false => Dataset::load(settings.dataset_file()).ok(),
    };
    let plan = FeedPlan::of(arguments.request(), dataset.as_ref())?;
    let connection = arguments.hub.connect(&settings)?;
    say_target(&arguments.hub.written(&settings, &connection));
    let before = events_ever(&read_partitions(&connection).await?);
    let hub = connection.hub().to_owned();
    let started = Instant::now();
    let feed = Feed::start(plan, connection, arguments.destination(), before).await?;
    let outcome = follow(feed, arguments.count).await;
    let sent = Sent {
        hub,
        events: outcome?,
        seconds: started.elapsed().as_secs_f64(),
    };
    print(&sent.show(arguments.json));
    Ok(true)
}

/// Shows how far a feed is until its end or an interrupt, and returns how many events it has sent.
async fn follow(feed: Feed, total: Option<u64>) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let mut interrupts = Interrupts::listen()?;
    let bar = bar("send events", total);
    let mut ticks = tokio::time::interval(TICK);
    while !feed.is_done() {
        tokio::select! {
            _ = ticks.tick() => bar.set_position(feed.sent().events),
            () = interrupts.next() => break,
        }
    }
    bar.finish_and_clear();
    feed.check()?;
    Ok(feed.stop().await)
}

impl ProduceArguments {
    fn request(&self) -> Request {
        Request {
            input: self.input.clone(),
            count: self.count,
            rate: self.rate,
            orders: self.orders.clone(),
            nothing: false,
        }
    }

    fn destination(&self) -> Destination {
        let partition = self.partition.clone();
        partition.map_or(Destination::Any, Destination::Partition)
    }
}

/// What was sent.
struct Sent {
    hub: String,
    events: u64,
    seconds: f64,
}

impl Sent {
    fn show(&self, is_json: bool) -> String {
        let Self {
            hub,
            events,
            seconds,
        } = self;
        match is_json {
            true => json!({ "hub": hub, "events": events, "seconds": (seconds * 1_000.0).round() / 1_000.0 }).to_string(),
            false => format!(
                "sent {} to hub {hub} in {seconds:.1} s",
                count(*events, "event")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        produce: ProduceArguments,
    }

    fn parse(line: &str) -> ProduceArguments {
        let words = std::iter::once("produce").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().produce
    }

    #[test]
    fn what_was_sent_is_told_for_people_and_for_programs() {
        let sent = Sent {
            hub: "orders".to_owned(),
            events: 20_000,
            seconds: 1.94,
        };
        assert_eq!(
            sent.show(false),
            "sent 20,000 events to hub orders in 1.9 s"
        );
        let json = r#"{"events":20000,"hub":"orders","seconds":1.94}"#;
        assert_eq!(sent.show(true), json);
    }

    #[test]
    fn without_flags_ordinary_orders_go_to_any_partition_without_end() {
        let arguments = parse("");
        assert!(matches!(arguments.destination(), Destination::Any));
        let plan = FeedPlan::of(arguments.request(), None).unwrap();
        assert!(!plan.ends());
    }

    #[test]
    fn flags_say_how_many_where_and_how_fast() {
        let arguments = parse("--count 7 --rate 3 --partition 2 --seed 9 --broken 0.5");
        let destination = arguments.destination();
        assert!(matches!(destination, Destination::Partition(id) if id == "2"));
        let request = arguments.request();
        assert_eq!((request.count, request.rate), (Some(7), Some(3)));
        assert_eq!(
            (request.orders.seed, request.orders.shares.broken),
            (9, 0.5)
        );
        assert!(!request.nothing);
    }
}
