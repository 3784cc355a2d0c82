//! The stores of a pipeline, opened as the handler opens them.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use super::reach::answers;
use super::settings::{AppSettings, DEFAULT_STATE_DIR};
use crate::audit::{Subject, misfit};
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::maintain::Maintenance;
use sluice::settings::Settings;
use sluice::silver::Silver;
use sluice::silver::redrive::Redrives;
use sluice::store::account::StorageAccount;
use sluice::store::entity::{AzureEntityStore, EntityStore, STATE_TABLE};
use sluice::store::object::{AzureObjectStore, ObjectStore};
use sluice::store::queue::{AzurePoisonQueue, PoisonQueue};
use sluice::table::log::CommitLog;
use sluice::warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Options, Warehouse};

/// Bronze and silver of one dataset. Gold is opened by [`warehouse()`].
pub(crate) struct Stores {
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) lake: Arc<dyn ObjectStore>,
    pub(crate) state: Arc<dyn EntityStore>,
    pub(crate) log: CommitLog,
    poison: Option<Arc<dyn PoisonQueue>>,
}

impl Stores {
    /// Opens the stores that the settings name, and fails at once, with advice, where nothing answers.
    pub(crate) fn open(settings: &AppSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut dataset = dataset(settings)?;
        settings.own()?;
        let found = Settings::from_lookup(&|name| settings.lookup(name)).map_err(|error| {
            format!(
                "{}; they come from {}. {ADVICE}",
                sluice::error::chain(&error),
                settings.origin
            )
        })?;
        for account in [&found.lake, &found.state] {
            reach(account, settings)?;
        }
        // Whoever only looks needs none; maintenance says so where it refines.
        dataset.salt = found.mask_salt;
        Self::of(Arc::new(dataset), &found.lake, &found.state)
    }

    /// Opens the stores of these accounts.
    ///
    /// # Errors
    /// Fails if an account has no blobs or no tables.
    pub(crate) fn of(
        dataset: Arc<Dataset>,
        lake: &StorageAccount,
        state: &StorageAccount,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        // An account without queues has no poison messages either.
        let poison = AzurePoisonQueue::new(lake).ok();
        let poison = poison.map(|queue| Arc::new(queue) as Arc<dyn PoisonQueue>);
        let lake = Arc::new(AzureObjectStore::new(lake)?);
        let state = Arc::new(AzureEntityStore::new(state, STATE_TABLE)?);
        Ok(Self::over(dataset, lake, state, poison))
    }

    fn over(
        dataset: Arc<Dataset>,
        lake: Arc<dyn ObjectStore>,
        state: Arc<dyn EntityStore>,
        poison: Option<Arc<dyn PoisonQueue>>,
    ) -> Self {
        let log = CommitLog::new(Arc::clone(&state), Arc::clone(&lake), &dataset);
        Self {
            dataset,
            lake,
            state,
            log,
            poison,
        }
    }

    /// Returns why the dataset file no longer fits silver, if so, with the way out.
    pub(crate) async fn misfit(&self) -> Result<Option<String>, Box<dyn Error + Send + Sync>> {
        let Some(head) = self.log.head().await? else {
            return Ok(None);
        };
        let snapshot = self.log.load(&head).await?;
        let reasons = snapshot.misfits(&self.dataset)?;
        Ok((!reasons.is_empty()).then(|| misfit(&reasons)))
    }

    /// The maintenance of silver.
    pub(crate) fn maintenance(&self) -> Maintenance {
        let edges = self.context();
        let silver = Silver::new(edges.clone());
        Maintenance::new(edges, silver, self.poison.clone())
    }

    /// What takes up rejected records again.
    pub(crate) fn redrives(&self) -> Redrives {
        Redrives::new(self.context())
    }

    fn context(&self) -> Context {
        Context::new(
            Arc::clone(&self.dataset),
            Arc::clone(&self.lake),
            Arc::clone(&self.state),
            KEY_CACHE_BYTES,
        )
    }

    /// What an audit looks at.
    pub(crate) fn subject(&self, warehouse: Arc<dyn Warehouse>) -> Subject {
        Subject {
            dataset: Arc::clone(&self.dataset),
            lake: Arc::clone(&self.lake),
            state: Arc::clone(&self.state),
            warehouse,
        }
    }
}

/// Memory for key sets while maintenance refines unprocessed objects.
const KEY_CACHE_BYTES: usize = 64 * 1024 * 1024;
const ADVICE: &str = "Start a pipeline on this machine with `sluice up` (in another terminal), or set the app settings of the deployment in the environment or in local.settings.json: LakeStorage, AzureWebJobsStorage, GoldDatabase, EventHubConnection, EVENTHUB_NAME, DATASET";

/// Reads the dataset file.
pub(crate) fn dataset(settings: &AppSettings) -> Result<Dataset, Box<dyn Error + Send + Sync>> {
    let file = settings.dataset_file();
    if !file.is_file() {
        return Err(format!(
            "there is no dataset file {} (settings from {}). {ADVICE}",
            file.display(),
            settings.origin
        )
        .into());
    }
    Ok(Dataset::load(file)?)
}

/// Opens gold alone.
pub(crate) fn warehouse(
    settings: &AppSettings,
    dataset: &Dataset,
) -> Result<Arc<dyn Warehouse>, Box<dyn Error + Send + Sync>> {
    let gold = settings
        .gold()
        .ok_or_else(|| format!("GoldDatabase is not set. {ADVICE}"))?;
    if let Some(file) = gold.strip_prefix("sqlite:").map(Path::new)
        && !file.is_file()
    {
        return Err(no_gold(settings, dataset, file).into());
    }
    let options = Options::from_lookup(&|name| settings.get(name));
    let schema = GoldSchema::of(dataset)?;
    Ok(warehouse::connect_with(&gold, &options, schema)?)
}

/// Says that gold has no file yet, and where the last pipeline of this machine left one.
fn no_gold(settings: &AppSettings, dataset: &Dataset, file: &Path) -> String {
    let state_dir = settings.root().join(DEFAULT_STATE_DIR).join(&dataset.name);
    let last = state_dir.join("gold.db");
    let hint = match last.is_file() {
        true => format!(
            "; the tables of the last `sluice up` are in GoldDatabase=sqlite:{}",
            last.display()
        ),
        false => String::new(),
    };
    format!(
        "there is no gold in {} yet (setting GoldDatabase, from {}): gold makes it on its first run{hint}",
        file.display(),
        settings.origin
    )
}

/// Fails if a storage emulator does not answer; Azure is left to its client.
fn reach(
    account: &StorageAccount,
    settings: &AppSettings,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = account.blob_service_url()?;
    let place = url.host_str().zip(url.port_or_known_default());
    if url.scheme() == "http"
        && let Some((host, port)) = place
        && !answers(host, port)
    {
        return Err(format!(
            "no storage answers at {host}:{port} (settings from {}). {ADVICE}",
            settings.origin
        )
        .into());
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod in_memory;

#[cfg(test)]
mod tests;
