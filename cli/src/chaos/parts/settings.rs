//! The app settings of a host in chaos; pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sluice::settings::CLOCK_OFF_BY;
use sluice::store::account::{EMULATOR_ACCOUNT, EMULATOR_KEY, PIPELINE};

use crate::pipeline::HandlerProgram;

/// The hub's name.
pub(in crate::chaos) const HUB: &str = "events";
/// The consumer group of both hosts.
pub(in crate::chaos) const GROUP: &str = "sluice";
const DESCRIPTION: &str = "AzureFunctionsJobHost__customHandler__description__";
const BATCHING: &str = "AzureFunctionsJobHost__extensions__eventHubs__";

/// What all hosts have in common.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The host's own storage: what becomes of checkpoints and messages is the host's affair, and not tried here.
    pub(super) host_storage: String,
    /// The storage of lake and state, through the proxies.
    pub(super) storage: String,
    /// The id of the pipeline.
    pub(super) pipeline: String,
    pub(super) hub: String,
    pub(super) gold: String,
    pub(super) dataset_file: PathBuf,
    /// Which deployment it is.
    pub(super) stamp: String,
    pub(super) handler: HandlerProgram,
}

/// Which host it is that is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chaos) struct Ways {
    /// The most events that bronze gets at a time.
    pub(in crate::chaos) batch: u16,
    /// By how many milliseconds its handler's clock is off.
    pub(in crate::chaos) clock_ms: i64,
}

impl Settings {
    /// The settings of one of them.
    pub(super) fn of(&self, ways: Ways) -> BTreeMap<String, String> {
        let batching = |name: &str| format!("{BATCHING}{name}");
        let file = self.handler.file.display().to_string();
        let own = |name: &str| name.to_owned();
        let mut settings: BTreeMap<String, String> = [
            (own("AzureWebJobsStorage"), self.host_storage.clone()),
            (own("LakeStorage"), self.storage.clone()),
            (own("StateStorage"), self.storage.clone()),
            (own(PIPELINE), self.pipeline.clone()),
            (own("EventHubConnection"), self.hub.clone()),
            (own("EVENTHUB_NAME"), HUB.to_owned()),
            (own("EVENTHUB_CONSUMER_GROUP"), GROUP.to_owned()),
            (own("GoldDatabase"), self.gold.clone()),
            (own("GOLD_SCHEDULE"), own("*/2 * * * * *")),
            (own("MAINTAIN_SCHEDULE"), own("*/15 * * * * *")),
            (own("DATASET"), self.dataset_file.display().to_string()),
            // Two instances of one deployment have one stamp.
            (own("SLUICE_STAMP"), self.stamp.clone()),
            (batching("maxEventBatchSize"), ways.batch.to_string()),
            (
                batching("minEventBatchSize"),
                (ways.batch / 2).max(1).to_string(),
            ),
            (batching("maxWaitTime"), own("00:00:01")),
            (format!("{DESCRIPTION}defaultExecutablePath"), file),
        ]
        .into();
        let argument = self.handler.argument;
        let argument = argument.map(|argument| format!("[\"{argument}\"]"));
        settings.extend(argument.map(|it| (format!("{DESCRIPTION}arguments"), it)));
        if ways.clock_ms != 0 {
            settings.insert(own(CLOCK_OFF_BY), ways.clock_ms.to_string());
        }
        settings
    }
}

/// A connection string of the emulator's account at these ports of blobs, queues and tables.
pub(super) fn storage([blobs, queues, tables]: [u16; 3]) -> String {
    let endpoint = |service: &str, port: u16| {
        format!("{service}Endpoint=http://127.0.0.1:{port}/{EMULATOR_ACCOUNT};")
    };
    format!(
        "DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY};{}{}{}",
        endpoint("Blob", blobs),
        endpoint("Queue", queues),
        endpoint("Table", tables)
    )
}
