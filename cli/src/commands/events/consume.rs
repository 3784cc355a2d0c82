//! `sluice consume`: reads an event hub, all partitions at once.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sluice::event::UnixMillis;
use sluice_local::hub_client::{
    ClientError, EventHubConnection, PartitionReceiver, PassedOver, ReceivedEvent, ReceiverOptions,
    Start,
};
use tokio::sync::mpsc;

use crate::interrupt::Interrupts;
use crate::number;
use crate::output::{Usage, print_bytes, say, try_print};
use crate::target::HubArguments;

/// Events that are taken from a partition at a time.
const BATCH: usize = 500;
const WAIT: Duration = Duration::from_secs(1);

/// Read an event hub: every event a line
///
/// All partitions are read at once, each in its order. Prints each event's bytes and a line feed, or with --json an
/// object with the event's place. Reading takes nothing away and moves no checkpoint: the pipeline does not notice.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice consume                              what arrives from now on, until Ctrl-C
  sluice consume --from start -n 5            the first five that come
  sluice consume --from start --until-now > events.jsonl
                                              everything that is there
  sluice consume --json | jq .sequence_number
  sluice consume --namespace shop.servicebus.windows.net --hub orders
                                              Azure, signed in with `az login` (Azure Event Hubs Data Receiver)")]
pub(crate) struct ConsumeArguments {
    /// Where to start
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = From::Latest)]
    from: From,
    /// End after this many events
    #[arg(short = 'n', long = "limit", alias = "count", value_name = "N", value_parser = number::from::<u64>(0))]
    count: Option<u64>,
    /// End when everything that was there at the start has been read
    #[arg(long)]
    until_now: bool,
    /// Read this partition only
    #[arg(long, value_name = "ID")]
    partition: Option<String>,
    /// The consumer group; otherwise $Default
    #[arg(long, value_name = "NAME")]
    consumer_group: Option<String>,
    /// Print a JSON object for each event: partition, sequence number, offset, time, properties and body
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    hub: HubArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// The oldest event that the hub still has
    Start,
    /// Only what arrives from now on
    Latest,
}

/// What a partition's receiver has.
struct Batch {
    partition: String,
    events: Vec<ReceivedEvent>,
    /// What the SDK could not decode.
    passed_over: Vec<PassedOver>,
}

type Received = Result<Batch, ClientError>;

/// Reads and prints.
pub(crate) async fn run(arguments: ConsumeArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_hub_settings().await?;
    let connection = arguments.hub.connect(&settings)?;
    let known = connection.partition_ids().await?;
    let partitions = chosen(arguments.partition.as_deref(), known, connection.hub())?;
    let mut goal = Goal {
        left: arguments.count,
        ends: None,
    };
    if arguments.until_now {
        let ends = ends(&connection, &partitions, arguments.from).await?;
        if ends.is_empty() {
            return Ok(true);
        }
        goal.ends = Some(ends);
    }
    let (sender, received) = mpsc::channel(partitions.len().max(1));
    let readers: Vec<_> = partitions
        .into_iter()
        .map(|partition| {
            let options = arguments.receiver_options(partition);
            tokio::spawn(read(connection.clone(), options, sender.clone()))
        })
        .collect();
    drop(sender);
    let outcome = print_all(received, goal, arguments.json).await;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    outcome
}

impl ConsumeArguments {
    fn receiver_options(&self, partition: String) -> ReceiverOptions {
        let mut options = ReceiverOptions::new(partition);
        if self.from == From::Latest {
            options.start = Start::Latest;
        }
        if let Some(group) = &self.consumer_group {
            options.consumer_group.clone_from(group);
        }
        options
    }
}

/// Returns the partitions that are read: all that are known, or the one that is asked for.
fn chosen(wanted: Option<&str>, known: Vec<String>, hub: &str) -> Result<Vec<String>, Usage> {
    match wanted {
        None => Ok(known),
        Some(id) if known.iter().any(|known| known == id) => Ok(vec![id.to_owned()]),
        Some(id) => Err(Usage(format!(
            "hub {hub} has no partition {id}; it has {}",
            known.join(", ")
        ))),
    }
}

/// Returns the last event of each partition that is to be waited for.
async fn ends(
    connection: &EventHubConnection,
    partitions: &[String],
    from: From,
) -> Result<HashMap<String, i64>, ClientError> {
    let mut ends = HashMap::new();
    for partition in partitions {
        let state = connection.partition_state(partition).await?;
        if !state.is_empty && from == From::Start {
            ends.insert(partition.clone(), state.last_sequence);
        }
    }
    Ok(ends)
}

/// When enough has been read.
#[derive(Debug)]
struct Goal {
    /// Events that are still wanted; without end if there is no number.
    left: Option<u64>,
    /// The last event of each partition that is still waited for; without end if there are none to be waited for.
    ends: Option<HashMap<String, i64>>,
}

impl Goal {
    fn is_reached(&self) -> bool {
        self.left == Some(0) || self.ends.as_ref().is_some_and(HashMap::is_empty)
    }

    /// Returns those of a partition's events that are wanted, and notes that they have come.
    fn take<'a>(&mut self, partition: &str, events: &'a [ReceivedEvent]) -> &'a [ReceivedEvent] {
        let mut wanted = events;
        if let Some(ends) = &mut self.ends {
            let end = ends.get(partition).copied();
            let within =
                |event: &ReceivedEvent| end.is_some_and(|end| event.sequence_number <= end);
            wanted = first(wanted, wanted.partition_point(within));
        }
        if let Some(last) = events.last() {
            self.reach(partition, last.sequence_number);
        }
        if let Some(left) = &mut self.left {
            // More than fit into memory are all that there are.
            wanted = first(wanted, usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= wanted.len() as u64;
        }
        wanted
    }

    /// Notes that a partition has been read up to an event.
    fn reach(&mut self, partition: &str, sequence_number: i64) {
        if let Some(ends) = &mut self.ends
            && ends
                .get(partition)
                .is_some_and(|end| sequence_number >= *end)
        {
            ends.remove(partition);
        }
    }
}

fn first(events: &[ReceivedEvent], count: usize) -> &[ReceivedEvent] {
    events.get(..count).unwrap_or(events)
}

/// Reads a partition until nobody listens any more.
async fn read(
    connection: EventHubConnection,
    options: ReceiverOptions,
    sink: mpsc::Sender<Received>,
) {
    let partition = options.partition.clone();
    let mut receiver = match PartitionReceiver::open(connection, options).await {
        Ok(receiver) => receiver,
        Err(error) => {
            // Nobody to tell means that the command is ending.
            let _ = sink.send(Err(error)).await;
            return;
        }
    };
    loop {
        let received = receiver.next_batch(BATCH, WAIT).await;
        let passed_over = receiver.passed_over();
        let batch = match received {
            Ok(events) if events.is_empty() && passed_over.is_empty() => continue,
            received => received.map(|events| Batch {
                partition: partition.clone(),
                events,
                passed_over,
            }),
        };
        let failed = batch.is_err();
        if sink.send(batch).await.is_err() || failed {
            return;
        }
    }
}

async fn print_all(
    mut received: mpsc::Receiver<Received>,
    mut goal: Goal,
    is_json: bool,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut interrupts = Interrupts::listen()?;
    while !goal.is_reached() {
        let batch = tokio::select! {
            batch = received.recv() => batch,
            () = interrupts.next() => None,
        };
        let Some(batch) = batch else {
            break;
        };
        let batch = batch?;
        for event in &batch.passed_over {
            say(&passed_over(&batch.partition, event));
        }
        let (partition, events) = (batch.partition, batch.events);
        let wanted = goal.take(&partition, &events);
        if let Some(event) = batch.passed_over.last() {
            goal.reach(&partition, event.sequence_number);
        }
        if wanted.is_empty() {
            continue;
        }
        let written = match is_json {
            true => try_print(&json_lines(&partition, wanted)?),
            false => print_bytes(&bodies(wanted)),
        };
        if written.is_err() {
            // Whoever was reading has enough.
            break;
        }
    }
    Ok(true)
}

/// Says that an event cannot be shown, and where it is.
fn passed_over(partition: &str, event: &PassedOver) -> String {
    format!(
        "sluice: partition {partition}: event {} cannot be decoded and is passed over; its producer has sent what the SDK does not read ({})",
        event.sequence_number, event.reason
    )
}

/// Returns the bodies of events, a line each.
fn bodies(events: &[ReceivedEvent]) -> Vec<u8> {
    let lines = events.iter().flat_map(|event| [&event.body[..], b"\n"]);
    lines.collect::<Vec<_>>().concat()
}

/// Returns events for programs, an object a line.
fn json_lines(partition: &str, events: &[ReceivedEvent]) -> Result<String, serde_json::Error> {
    let lines = events.iter();
    let lines = lines.map(|event| serde_json::to_string(&Line::of(partition, event)));
    Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// An event for programs.
#[derive(Debug, Serialize)]
struct Line<'a> {
    partition: &'a str,
    sequence_number: i64,
    offset: &'a str,
    enqueued_time: String,
    partition_key: Option<&'a str>,
    properties: &'a Map<String, Value>,
    system_properties: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// A body that is JSON, digit for digit, or other text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

impl<'a> Line<'a> {
    fn of(partition: &'a str, event: &'a ReceivedEvent) -> Self {
        let text = std::str::from_utf8(&event.body).ok();
        // A line break between tokens would break the line.
        let raw = text.filter(|text| !text.contains(['\n', '\r']));
        let raw = raw
            .and_then(|text| serde_json::from_str(text).ok())
            .map(Body::Json);
        Self {
            partition,
            sequence_number: event.sequence_number,
            offset: &event.offset,
            enqueued_time: UnixMillis(event.enqueued_time_ms).to_string(),
            partition_key: event.partition_key.as_deref(),
            properties: &event.properties,
            system_properties: &event.system_properties,
            body: raw.or(text.map(Body::Text)),
            body_base64: text.is_none().then(|| STANDARD.encode(&event.body)),
        }
    }
}

#[cfg(test)]
mod tests;
