//! `sluice alerts`: what rules have told, as it is told, and messages that are sent again.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use clap::{Args, Subcommand};
use sluice::warehouse::schema::ValueType;
use sluice::warehouse::{Resend, Warehouse};

use crate::alerts::{Alert, read};
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
/// An alert is raised once for a row and once for a period of a group; for a group of a table that has no periods, each time
/// that the rule becomes true of it. It is open until the rule is no longer true. The column `told` says how many of its targets
/// have the message.
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
#[command(after_help = "Examples:
  sluice alerts --json -n 0 | jq -r .id                     the ids
  sluice alerts resend 0123456789abcdef0123456789abcdef     the messages of one alert
  sluice alerts resend --failed                             all that were tried for seven days")]
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
    let all = read(warehouse.as_ref(), MOST).await?;
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
            let rows = chosen.iter().map(|alert| cells(alert)).collect();
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
        let mut new = read(warehouse, MOST).await?;
        new.retain(|alert| known.insert(alert.id.clone()));
        for alert in new.iter().rev().filter(|alert| arguments.has(alert)) {
            print(&match arguments.format.format() {
                Format::Json => alert.json().to_string(),
                Format::Table | Format::Csv => line(alert),
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

fn cells(alert: &Alert) -> Vec<Option<String>> {
    vec![
        alert.raised_at.clone(),
        Some(alert.rule.clone()),
        Some(alert.what()),
        alert.event_time.clone(),
        Some(alert.told()),
        alert.fields.clone(),
    ]
}

fn line(alert: &Alert) -> String {
    format!(
        "{}  {}  {}  {}",
        alert.raised_at.as_deref().unwrap_or("-"),
        alert.rule,
        alert.what(),
        alert.fields.as_deref().unwrap_or("{}")
    )
}
