//! Bronze and silver of a pipeline, opened as the handler opens them: by the app settings, from the environment and
//! then from local.settings.json.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use sluice::app::edges;
use sluice::dataset::Dataset;
use sluice::lake::AzureLake;
use sluice::maintain::{AzurePoison, Maintenance, PoisonQueue};
use sluice::settings::Settings;
use sluice::silver::{Edges, Silver};
use sluice::state::commit_log::CommitLog;
use sluice::state::{STATE_TABLE, TableState};

/// Which pipeline a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConnectArguments {
    /// The dataset file; otherwise the setting DATASET
    #[arg(long, value_name = "FILE")]
    dataset: Option<PathBuf>,
    /// Where app settings are that the environment does not have
    #[arg(long, value_name = "FILE", default_value = "local.settings.json")]
    settings: PathBuf,
}

/// The stores of silver.
pub(crate) struct Connected {
    pub(crate) edges: Edges,
    pub(crate) log: CommitLog,
    pub(crate) maintain: Maintenance,
}

impl Connected {
    /// Opens the stores. Nothing is read yet.
    pub(crate) fn open(arguments: &ConnectArguments) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let file = std::fs::read_to_string(&arguments.settings).unwrap_or_default();
        let file: Value = serde_json::from_str(&file).unwrap_or_default();
        let lookup = |name: &str| {
            let dataset = arguments.dataset.as_ref().filter(|_| name == "DATASET");
            let given = dataset.map(|path| path.display().to_string());
            let in_file = || Some(file["Values"][name].as_str()?.to_owned());
            given.or_else(|| std::env::var(name).ok()).or_else(in_file)
        };
        let settings = Settings::from_lookup(&lookup)?;
        let edges = edges(
            Arc::new(Dataset::load(&settings.dataset)?),
            Arc::new(AzureLake::new(&settings.lake)?),
            Arc::new(TableState::new(&settings.state, STATE_TABLE)?),
            settings.key_cache_bytes,
        );
        let poison = AzurePoison::new(&settings.lake).ok();
        let poison = poison.map(|queue| Arc::new(queue) as Arc<dyn PoisonQueue>);
        Ok(Self::of(edges, poison))
    }

    /// Uses stores that are open.
    pub(crate) fn of(edges: Edges, poison: Option<Arc<dyn PoisonQueue>>) -> Self {
        let silver = Silver::new(edges.clone());
        let log = CommitLog::new(
            Arc::clone(&edges.state),
            Arc::clone(&edges.lake),
            &edges.dataset,
        );
        Self {
            maintain: Maintenance::new(edges.clone(), silver, poison),
            log,
            edges,
        }
    }
}

/// Writes a line. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
