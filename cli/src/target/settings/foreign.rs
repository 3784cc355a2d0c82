//! Storage and hub of a settings file that are those of a pipeline which `sluice up` runs elsewhere: nobody has named
//! that one, so no command works on it.

use std::collections::BTreeSet;
use std::path::Path;

use sluice::store::account::StorageAccount;
use thiserror::Error;

use super::names::is_storage;
use crate::target::announcement::{Marker, Values};
use crate::target::reach::endpoint;
use crate::target::running::{Answer, Probe};

/// The storage or the event hub that the settings name is that of a pipeline that `sluice up` runs elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the {what}, which {file} names, is that of another pipeline: `sluice up` runs it with its state in {state_dir}. To look at that one, name it: --state-dir {parent}; or start one of your own with `sluice up`"
)]
pub(crate) struct ForeignPipeline {
    what: String,
    file: String,
    state_dir: String,
    parent: String,
}

/// Finds out whether a storage or the event hub of a settings file is that of a pipeline that runs elsewhere.
pub(super) async fn foreign(
    values: &Values,
    file: &Path,
    probe: &impl Probe,
) -> Option<ForeignPipeline> {
    let storages = values.iter().filter(|(name, _)| !name.contains("__"));
    let storages = storages.filter(|(name, _)| is_storage(name));
    let storages: BTreeSet<&String> = storages.map(|(_, connection)| connection).collect();
    for connection in storages {
        if let Answer::Pipeline(marker) = probe.ask(connection).await {
            let account = StorageAccount::from_connection_string("LakeStorage", connection).ok();
            let url = account.and_then(|account| account.blob_service_url().ok());
            let address = url.map_or_else(String::new, |url| url.authority().to_owned());
            return Some(ForeignPipeline::of(
                format!("storage at {address}"),
                &marker,
                file,
            ));
        }
    }
    let hub = values.get("eventhubconnection")?;
    match probe.ask_hub(hub).await {
        Answer::Pipeline(marker) => {
            let address = endpoint(hub).unwrap_or_default();
            Some(ForeignPipeline::of(
                format!("event hub at {address}"),
                &marker,
                file,
            ))
        }
        _ => None,
    }
}

impl ForeignPipeline {
    fn of(what: String, marker: &Marker, file: &Path) -> Self {
        let parent = marker.state_dir.parent().unwrap_or(&marker.state_dir);
        Self {
            what,
            file: file.display().to_string(),
            state_dir: marker.state_dir.display().to_string(),
            parent: parent.display().to_string(),
        }
    }
}
