//! `sluice consume`: reads an event hub, all partitions at once.

use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sluice::event::UnixMillis;
use sluice_local::hub_client::{
    ClientError, EventHubConnection, PartitionReceiver, ReceivedEvent, ReceiverOptions, Start,
};
use tokio::sync::mpsc;

use crate::hub::HubArguments;
use crate::usage::Usage;

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
  sluice consume --from start --count 5       the five first that come
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
    #[arg(long, value_name = "N")]
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

type Received = Result<(String, Vec<ReceivedEvent>), ClientError>;

/// Reads and prints.
pub(crate) async fn run(arguments: ConsumeArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_settings()?;
    let connection = arguments.hub.connect(&settings)?;
    let known = connection.partition_ids().await?;
    let partitions = match &arguments.partition {
        None => known,
        Some(id) if known.contains(id) => vec![id.clone()],
        Some(id) => {
            let text = format!(
                "hub {} has no partition {id}; it has {}",
                connection.hub(),
                known.join(", ")
            );
            return Err(Usage(text).into());
        }
    };
    // The last event of each partition that is still waited for.
    let mut ends = HashMap::new();
    if arguments.until_now {
        for partition in &partitions {
            let state = connection.partition_state(partition).await?;
            if !state.is_empty && arguments.from == From::Start {
                ends.insert(partition.clone(), state.last_sequence);
            }
        }
        if ends.is_empty() {
            return Ok(true);
        }
    }
    let (sender, received) = mpsc::channel(partitions.len().max(1));
    let readers: Vec<_> = partitions
        .into_iter()
        .map(|partition| {
            let mut options = ReceiverOptions::new(partition);
            if arguments.from == From::Latest {
                options.start = Start::Latest;
            }
            if let Some(group) = &arguments.consumer_group {
                options.consumer_group.clone_from(group);
            }
            tokio::spawn(read(connection.clone(), options, sender.clone()))
        })
        .collect();
    drop(sender);
    let outcome = print_all(received, &arguments, ends).await;
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    outcome
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
        let batch = match receiver.next_batch(BATCH, WAIT).await {
            Ok(events) if events.is_empty() => continue,
            Ok(events) => Ok((partition.clone(), events)),
            Err(error) => Err(error),
        };
        let failed = batch.is_err();
        if sink.send(batch).await.is_err() || failed {
            return;
        }
    }
}

async fn print_all(
    mut received: mpsc::Receiver<Received>,
    arguments: &ConsumeArguments,
    mut ends: HashMap<String, i64>,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut left = arguments.count.unwrap_or(u64::MAX);
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    while left > 0 {
        let batch = tokio::select! {
            batch = received.recv() => batch,
            _ = &mut interrupted => None,
        };
        let Some(batch) = batch else {
            break;
        };
        let (partition, events) = batch?;
        let mut output = Vec::new();
        for event in events
            .iter()
            .take(usize::try_from(left).unwrap_or(usize::MAX))
        {
            if arguments.until_now
                && ends
                    .get(&partition)
                    .is_none_or(|end| event.sequence_number > *end)
            {
                break;
            }
            left -= 1;
            match arguments.json {
                true => output.extend_from_slice(to_json(&partition, event).as_bytes()),
                false => output.extend_from_slice(&event.body),
            }
            output.push(b'\n');
        }
        let mut stdout = std::io::stdout().lock();
        if stdout
            .write_all(&output)
            .and_then(|()| stdout.flush())
            .is_err()
        {
            // Whoever was reading has enough.
            break;
        }
        let last = events.last().map_or(-1, |event| event.sequence_number);
        if ends.get(&partition).is_some_and(|end| last >= *end) {
            ends.remove(&partition);
            if ends.is_empty() {
                break;
            }
        }
    }
    Ok(true)
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

fn to_json(partition: &str, event: &ReceivedEvent) -> String {
    let text = std::str::from_utf8(&event.body).ok();
    // A line break between tokens would break the line.
    let raw = text.filter(|text| !text.contains(['\n', '\r']));
    let raw = raw
        .and_then(|text| serde_json::from_str(text).ok())
        .map(Body::Json);
    let line = Line {
        partition,
        sequence_number: event.sequence_number,
        offset: &event.offset,
        enqueued_time: UnixMillis(event.enqueued_time_ms).to_string(),
        partition_key: event.partition_key.as_deref(),
        properties: &event.properties,
        system_properties: &event.system_properties,
        body: raw.or(text.map(Body::Text)),
        body_base64: text.is_none().then(|| STANDARD.encode(&event.body)),
    };
    // Text, numbers and maps with names of text can always be written.
    serde_json::to_string(&line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(body: &'static [u8]) -> ReceivedEvent {
        ReceivedEvent {
            body: Bytes::from_static(body),
            sequence_number: 7,
            offset: "70".into(),
            enqueued_time_ms: 0,
            partition_key: None,
            properties: Map::new(),
            system_properties: Map::new(),
        }
    }

    #[test]
    fn a_body_is_json_digit_for_digit_or_text_or_base64() {
        let ends = |body: &'static [u8], end: &str| {
            let line = to_json("3", &event(body));
            assert!(line.ends_with(end), "{line}");
        };
        ends(b"{\"a\": 1.10}", r#""body":{"a": 1.10}}"#);
        ends(b"{\"a\"", r#""body":"{\"a\""}"#);
        ends(b"[\n]", r#""body":"[\n]"}"#);
        ends(b"\xff", r#""body_base64":"/w=="}"#);
        let line: Value = serde_json::from_str(&to_json("3", &event(b"1"))).unwrap();
        assert_eq!(line["partition"], "3");
        assert_eq!(line["enqueued_time"], "1970-01-01T00:00:00.000Z");
    }
}
