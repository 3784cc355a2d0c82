//! Where a pipeline's parts are, without a secret of a deployment; pure.

use sluice::dataset::Dataset;
use sluice::store::account::{
    AccountError, EMULATOR_ACCOUNT, EMULATOR_KEY, Fields, StorageAccount,
};
use sluice::table::TableId;
use sluice::warehouse::azure_sql;

/// Where silver's account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// The emulator on this machine, at this address with the account.
    Emulator { blobs: String },
    /// An account in Azure.
    Azure { name: String },
    /// Another one, at this address.
    Other { blobs: String },
}

/// Where gold is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gold {
    File(String),
    Server { server: String, database: String },
    None,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// How producers reach the hub.
    event_hub: Option<String>,
    /// How tools for storage reach the account.
    storage: String,
    pub(super) account: Account,
    /// The path of silver in its container.
    pub(super) silver: String,
    /// What Delta's readers call it.
    pub(super) uri: String,
    pub(super) gold: Gold,
    gold_shown: Option<String>,
    /// A gold table, if the dataset file has one.
    pub(super) table: Option<String>,
}

impl Places {
    /// Finds them in the settings.
    ///
    /// # Errors
    /// Fails if the settings name no account.
    pub(super) fn of(
        dataset: &Dataset,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, AccountError> {
        let lake = StorageAccount::from_settings("LakeStorage", &|name| lookup(name))?;
        let blobs = lake.blob_service_url()?;
        let address = blobs.as_str().trim_end_matches('/').to_owned();
        let is_emulator = blobs.scheme() == "http" && address.ends_with(EMULATOR_ACCOUNT);
        let host = blobs.host_str().unwrap_or_default();
        let (account, storage) = match (is_emulator, host.strip_suffix(".blob.core.windows.net")) {
            (true, _) => (
                Account::Emulator {
                    blobs: address.clone(),
                },
                emulator(&lake, &address)?,
            ),
            (false, Some(name)) => (
                Account::Azure {
                    name: name.to_owned(),
                },
                address,
            ),
            (false, None) => (
                Account::Other {
                    blobs: address.clone(),
                },
                address,
            ),
        };
        let gold = gold(lookup("GoldDatabase"));
        let root = TableId::of(dataset).root();
        let silver = root.name().trim_end_matches('/').to_owned();
        Ok(Self {
            event_hub: event_hub(lookup),
            storage,
            account,
            uri: format!("az://silver/{silver}"),
            silver,
            gold_shown: shown(&gold),
            gold,
            table: dataset.gold.first().map(|table| table.table.clone()),
        })
    }

    /// How producers reach the hub, if the settings name one.
    pub(super) fn event_hub(&self) -> Option<&str> {
        self.event_hub.as_deref()
    }

    /// How tools for storage reach the account.
    pub(super) fn storage(&self) -> &str {
        &self.storage
    }

    /// Returns them by name.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        [
            ("event hub", self.event_hub.as_deref()),
            ("storage", Some(self.storage.as_str())),
            ("silver", Some(self.uri.as_str())),
            ("gold", self.gold_shown.as_deref()),
        ]
        .into_iter()
    }
}

/// Returns the connection string of the emulator, whose key everybody knows.
fn emulator(account: &StorageAccount, blobs: &str) -> Result<String, AccountError> {
    let (queues, tables) = (account.queue_service_url(), account.table_service_url());
    let mut text = format!(
        "DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY};BlobEndpoint={blobs};"
    );
    for (name, url) in [("QueueEndpoint", queues?), ("TableEndpoint", tables?)] {
        text.push_str(&format!("{name}={};", url.as_str().trim_end_matches('/')));
    }
    Ok(text)
}

/// Returns the connection string of an emulator, or where a namespace in Azure is.
fn event_hub(lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let name = lookup("EVENTHUB_NAME");
    let Some(text) = lookup("EventHubConnection") else {
        let host = lookup("EventHubConnection__fullyQualifiedNamespace")?;
        return Some(format!("{host}/{}", name?));
    };
    let fields = Fields::parse(&text).ok()?;
    let emulator = fields.get("UseDevelopmentEmulator");
    if emulator.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Some(match (fields.get("EntityPath"), name) {
            (None, Some(name)) => format!("{}EntityPath={name}", with_end(&text)),
            _ => text,
        });
    }
    let endpoint = fields.get("Endpoint")?;
    let host = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, host)| host);
    let host = host.trim_end_matches('/');
    Some(name.map_or(host.to_owned(), |name| format!("{host}/{name}")))
}

fn with_end(text: &str) -> String {
    match text.trim_end().ends_with(';') {
        true => text.trim_end().to_owned(),
        false => format!("{};", text.trim_end()),
    }
}

fn gold(setting: Option<String>) -> Gold {
    let Some(setting) = setting else {
        return Gold::None;
    };
    if let Some(file) = setting.strip_prefix("sqlite:") {
        return Gold::File(file.to_owned());
    }
    match azure_sql::address(&setting) {
        Ok((server, database)) => Gold::Server { server, database },
        Err(_) => Gold::None,
    }
}

fn shown(gold: &Gold) -> Option<String> {
    match gold {
        Gold::File(file) => Some(file.clone()),
        Gold::Server { server, database } => Some(format!(
            "Server=tcp:{server};Database={database};Authentication=Active Directory Default;Encrypt=True"
        )),
        Gold::None => None,
    }
}
