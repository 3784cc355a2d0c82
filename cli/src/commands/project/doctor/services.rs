//! What the settings name, and whether it answers.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use sluice::dataset::Dataset;

use super::check::{Check, State};
use crate::output::{count, failure};
use crate::target::{self, AppSettings, HubArguments, Stores, read_partitions};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

type Answer = Result<String, Box<dyn Error + Send + Sync>>;

/// Looks at what the settings name.
pub(super) async fn look(hub: &HubArguments) -> Vec<Check> {
    let settings = match hub.find_settings().await {
        Ok(settings) => settings,
        Err(error) => {
            let advice = "name a pipeline that runs, or start one with `sluice up`";
            return vec![Check::not_ok(
                "settings",
                State::Absent,
                failure(&error),
                advice,
            )];
        }
    };
    let mut checks = vec![Check::ok("settings", format!("from {}", settings.origin))];
    checks.push(dataset_file(&settings));
    checks.push(answer("storage", storage(&settings)).await);
    checks.push(answer("event hub", partitions(hub, &settings)).await);
    checks.push(answer("gold", gold(&settings)).await);
    checks
}

fn dataset_file(settings: &AppSettings) -> Check {
    let file = settings.dataset_file().display();
    match Dataset::load(settings.dataset_file()) {
        Ok(dataset) => Check::ok("dataset file", format!("{file}: {}", dataset.name)),
        Err(error) => {
            let error = failure(&error);
            let first = error.lines().next().unwrap_or_default().to_owned();
            let advice = format!("sluice dataset check {file}");
            Check::not_ok("dataset file", State::Absent, first, advice)
        }
    }
}

/// Turns what a service says, or that it says nothing, into a check. What does not answer is not bad: a pipeline need
/// not run.
async fn answer(what: &str, service: impl Future<Output = Answer>) -> Check {
    let advice = "start a pipeline with `sluice up`, or look at the settings";
    match tokio::time::timeout(PATIENCE, service).await {
        Ok(Ok(found)) => Check::ok(what, found),
        Ok(Err(error)) => {
            let error = failure(error.as_ref());
            // Where the settings come from is said already, and what follows is advice.
            let first = error.lines().next().unwrap_or_default();
            let first = first.split(" (setting").next().unwrap_or(first);
            Check::not_ok(what, State::Absent, first, advice)
        }
        Err(_) => {
            let found = format!("did not answer in {} s", PATIENCE.as_secs());
            Check::not_ok(what, State::Absent, found, advice)
        }
    }
}

async fn storage(settings: &AppSettings) -> Answer {
    let stores = Stores::open(settings)?;
    let head = stores.log.head().await?;
    Ok(match head {
        Some(head) => format!("answers; silver is at version {}", head.version.0),
        None => "answers; silver has nothing yet".to_owned(),
    })
}

async fn partitions(hub: &HubArguments, settings: &AppSettings) -> Answer {
    let connection = hub.connect(settings)?;
    let partitions = read_partitions(&connection).await?;
    let partitions = count(partitions.len() as u64, "partition");
    Ok(format!("answers; {} has {partitions}", connection.hub()))
}

async fn gold(settings: &AppSettings) -> Answer {
    let dataset = Dataset::load(settings.dataset_file())?;
    let warehouse = target::warehouse(settings, &dataset)?;
    Ok(match warehouse.missing().await?.len() {
        0 => "answers; all tables are there".to_owned(),
        missing => format!("answers; {} not there yet", count(missing as u64, "table")),
    })
}
