//! `sluice alerts`: what rules have told, as it is told, and messages that are sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sluice::warehouse::schema::{ALERTS, OUTBOX, ValueType};
use sluice::warehouse::{Order, Resend, Warehouse, WarehouseError};

use crate::interrupt::Interrupts;
use crate::number;
use crate::output::{Column, Format, FormatArguments, Table, Usage, count, print, say};
use crate::target::{self, AppSettings, SettingsArguments};

/// How often the database is asked for what is new.
const EVERY: Duration = Duration::from_secs(2);
/// Most alerts that are looked through.
const MOST: usize = 100_000;

/// List the alerts that rules have raised, follow them, or send messages again
///
/// An alert is raised once: a row, a period of a group, or each time that a group of a table for all time becomes what the
/// rule says. It is open until that is no longer so. The column told says how many of its targets have the message.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice alerts                            the last 20
  sluice alerts --rule large-order -n 0    all of one rule
  sluice alerts --open                     what is still true
  sluice alerts --follow                   as they are raised, until Ctrl-C
  sluice alerts --json -n 0 | jq .fields
  sluice alerts resend --failed            messages that were tried for seven days")]
pub(crate) struct AlertsArguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Only those of this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only those that are open
    #[arg(long)]
    open: bool,
    /// Go on with new ones as they are raised, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Most alerts to print; 0 is all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::from::<usize>(0))]
    limit: usize,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Send the messages of an alert again, or all that have failed
    Resend(ResendArguments),
}

#[derive(Debug, Args)]
struct ResendArguments {
    /// The id of an alert, as --json shows it
    #[arg(required_unless_present = "failed", conflicts_with = "failed")]
    alert: Option<String>,
    /// All messages that have failed
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Lists, follows or sends again.
pub(crate) async fn run(arguments: AlertsArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    if let Some(What::Resend(resend)) = &arguments.what {
        return send_again(resend).await;
    }
    let settings = AppSettings::find(&arguments.settings).await?;
    let dataset = target::dataset(&settings)?;
    if let Some(rule) = &arguments.rule
        && !dataset.alerts.iter().any(|alert| alert.name == *rule)
    {
        let names = dataset.alerts.iter().map(|alert| alert.name.as_str());
        let names: Vec<&str> = names.collect();
        let known = match names.is_empty() {
            true => "the dataset file has none".to_owned(),
            false => format!("there are {}", names.join(", ")),
        };
        return Err(Usage(format!("no rule is called {rule}; {known}")).into());
    }
    let warehouse = target::warehouse(&settings, &dataset)?;
    let format = arguments.format.format();
    if !warehouse.look().await?.has_outbox {
        if arguments.format.is_for_people() {
            say(match dataset.alerts.is_empty() {
                true => "the dataset file has no rules; docs/alerts.md says how to write one",
                false => "gold has not run with rules yet",
            });
        }
        return Ok(true);
    }
    let all = read(warehouse.as_ref()).await?;
    let chosen = all.iter().filter(|alert| arguments.has(alert));
    let limit = match arguments.limit {
        0 => usize::MAX,
        limit => limit,
    };
    let chosen: Vec<&Alert> = chosen.take(limit).collect();
    match format {
        Format::Json => chosen
            .iter()
            .rev()
            .for_each(|alert| print(&alert.json().to_string())),
        format => {
            let title = format!("{}: {}", dataset.name, count(all.len() as u64, "alert"));
            let rows = chosen.iter().map(|alert| alert.cells()).collect();
            Table::new(&title, columns(), rows).show(format);
        }
    }
    if arguments.follow {
        follow(&arguments, warehouse.as_ref(), all).await?;
    }
    Ok(true)
}

async fn send_again(arguments: &ResendArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let dataset = target::dataset(&settings)?;
    let warehouse = target::warehouse(&settings, &dataset)?;
    if !warehouse.look().await?.has_outbox {
        return Err(Usage("there are no alerts".to_owned()).into());
    }
    let resend = match &arguments.alert {
        Some(id) => Resend::Alert(id.clone()),
        None => Resend::Failed,
    };
    let messages = warehouse.resend(&resend).await?;
    print(&match messages {
        0 => "no message is sent again: none is of that alert, or none has failed".to_owned(),
        messages => format!(
            "{} sent again with gold's next run",
            match messages {
                1 => "1 message is".to_owned(),
                messages => format!("{messages} messages are"),
            }
        ),
    });
    Ok(messages > 0)
}

/// Prints what is raised from now on.
async fn follow(
    arguments: &AlertsArguments,
    warehouse: &dyn Warehouse,
    known: Vec<Alert>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut interrupts = Interrupts::listen()?;
    let mut known: BTreeSet<String> = known.into_iter().map(|alert| alert.id).collect();
    loop {
        tokio::select! {
            _ = interrupts.next() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
        let mut new = read(warehouse).await?;
        new.retain(|alert| known.insert(alert.id.clone()));
        for alert in new.iter().rev().filter(|alert| arguments.has(alert)) {
            print(&match arguments.format.format() {
                Format::Json => alert.json().to_string(),
                Format::Table | Format::Csv => alert.line(),
            });
        }
    }
}

impl AlertsArguments {
    fn has(&self, alert: &Alert) -> bool {
        let rule = self.rule.as_ref();
        rule.is_none_or(|rule| alert.rule == *rule) && (!self.open || alert.is_open())
    }
}

/// An alert, as it is shown.
#[derive(Clone, Debug, Default)]
struct Alert {
    id: String,
    rule: String,
    table: Option<String>,
    kind: String,
    event_time: Option<String>,
    raised_at: Option<String>,
    cleared_at: Option<String>,
    group: Option<String>,
    fields: Option<String>,
    messages: Vec<Message>,
}

#[derive(Clone, Debug, Default)]
struct Message {
    target: String,
    delivered_at: Option<String>,
    failed_at: Option<String>,
    error: Option<String>,
}

fn columns() -> Vec<Column> {
    [
        ("raised_at", ValueType::Timestamp),
        ("rule", ValueType::Text),
        ("what", ValueType::Text),
        ("event_time", ValueType::Timestamp),
        ("told", ValueType::Text),
        ("fields", ValueType::Text),
    ]
    .map(|(name, kind)| Column::new(name, kind))
    .into()
}

impl Alert {
    /// Returns whether it is of a group and still true.
    fn is_open(&self) -> bool {
        self.cleared_at.is_none() && self.group.is_some()
    }

    /// Returns what it is, in a word or two.
    fn what(&self) -> String {
        match self.cleared_at {
            Some(_) => format!("{}, over", self.kind),
            None => self.kind.clone(),
        }
    }

    /// Says how many of its targets were told.
    fn told(&self) -> String {
        let told = self.messages.iter();
        let told = told
            .filter(|message| message.delivered_at.is_some())
            .count();
        let failed = self.messages.iter();
        let failed = failed.filter(|message| message.failed_at.is_some()).count();
        match (self.messages.len(), failed) {
            (0, _) => "nobody".to_owned(),
            (all, 0) => format!("{told} of {all}"),
            (all, failed) => format!("{told} of {all}, {failed} failed"),
        }
    }

    fn cells(&self) -> Vec<Option<String>> {
        vec![
            self.raised_at.clone(),
            Some(self.rule.clone()),
            Some(self.what()),
            self.event_time.clone(),
            Some(self.told()),
            self.fields.clone(),
        ]
    }

    fn line(&self) -> String {
        format!(
            "{}  {}  {}  {}",
            self.raised_at.as_deref().unwrap_or("-"),
            self.rule,
            self.what(),
            self.fields.as_deref().unwrap_or("{}")
        )
    }

    fn json(&self) -> Value {
        let fields = self.fields.as_deref();
        let fields: Option<Value> = fields.and_then(|text| serde_json::from_str(text).ok());
        let messages = self.messages.iter().map(|message| {
            json!({
                "target": message.target,
                "delivered_at": message.delivered_at,
                "failed_at": message.failed_at,
                "error": message.error,
            })
        });
        json!({
            "alert_id": self.id,
            "rule": self.rule,
            "on": self.table,
            "kind": self.kind,
            "event_time": self.event_time,
            "raised_at": self.raised_at,
            "cleared_at": self.cleared_at,
            "fields": fields,
            "messages": messages.collect::<Vec<_>>(),
        })
    }
}

/// Reads the alerts of the dataset, the latest first.
async fn read(warehouse: &dyn Warehouse) -> Result<Vec<Alert>, WarehouseError> {
    let dataset = warehouse.schema().dataset.clone();
    let mut messages: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for mut row in rows(warehouse, OUTBOX, "created_at", &dataset).await? {
        let mut take = |name: &str| row.remove(name);
        let id = take("alert_id").unwrap_or_default();
        messages.entry(id).or_default().push(Message {
            target: take("target").unwrap_or_default(),
            delivered_at: take("delivered_at"),
            failed_at: take("failed_at"),
            error: take("error"),
        });
    }
    let alerts = rows(warehouse, ALERTS, "raised_at", &dataset).await?;
    let alerts = alerts.into_iter().map(|mut row| {
        let mut take = |name: &str| row.remove(name);
        let id = take("alert_id").unwrap_or_default();
        Alert {
            messages: messages.remove(&id).unwrap_or_default(),
            rule: take("rule").unwrap_or_default(),
            table: take("gold_table"),
            kind: take("kind").unwrap_or_default(),
            event_time: take("event_time"),
            raised_at: take("raised_at"),
            cleared_at: take("cleared_at"),
            group: take("group_key"),
            fields: take("fields"),
            id,
        }
    });
    Ok(alerts.collect())
}

/// Reads the rows of a dataset in a book by their columns, those with the latest time first.
async fn rows(
    warehouse: &dyn Warehouse,
    book: &str,
    time: &str,
    dataset: &str,
) -> Result<Vec<BTreeMap<String, String>>, WarehouseError> {
    let order = Order {
        column: time.to_owned(),
        descending: true,
    };
    let found = warehouse.read_table(book, Some(order), MOST).await?;
    let columns = found.columns;
    let rows = found.rows.into_iter().map(|row| {
        let cells = columns.iter().cloned().zip(row);
        let cells = cells.filter_map(|(name, cell)| Some((name, cell?)));
        cells.collect::<BTreeMap<String, String>>()
    });
    let own = rows.filter(|row| row.get("dataset").is_some_and(|own| own == dataset));
    Ok(own.collect())
}
