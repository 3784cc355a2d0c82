//! The event hub that a command talks to.

use std::error::Error;
use std::sync::Arc;

use azure_identity::DeveloperToolsCredential;
use clap::Args;
use sluice_local::hub_client::{EventHubConnection, PartitionState};

use crate::settings::{AppSettings, FindError, SettingsArguments, answers};
use crate::usage::Usage;

/// The port of AMQP without TLS, which only emulators speak.
const AMQP_PORT: u16 = 5672;

/// Which hub.
#[derive(Clone, Debug, Args)]
pub(crate) struct HubArguments {
    /// Connection string of the namespace or hub; otherwise the setting EventHubConnection
    #[arg(long, value_name = "STRING", conflicts_with = "namespace")]
    connection: Option<String>,
    /// Fully qualified namespace, such as shop.servicebus.windows.net; you are signed in as in the Azure CLI
    #[arg(long, value_name = "HOST")]
    namespace: Option<String>,
    /// The hub; otherwise the EntityPath of the connection string or the setting EVENTHUB_NAME
    #[arg(long, value_name = "NAME")]
    hub: Option<String>,
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
}

impl HubArguments {
    /// Tells whether the command line says by itself which namespace is meant.
    pub(crate) fn is_explicit(&self) -> bool {
        self.connection.is_some() || self.namespace.is_some()
    }

    /// Finds the app's settings.
    pub(crate) fn find_settings(&self) -> Result<AppSettings, FindError> {
        AppSettings::find(&self.settings)
    }

    /// Makes the connection, without talking to the hub yet.
    pub(crate) fn connect(
        &self,
        settings: &AppSettings,
    ) -> Result<EventHubConnection, Box<dyn Error + Send + Sync>> {
        let from_settings = |name: &str| settings.get(name).filter(|_| !self.is_explicit());
        let connection = self
            .connection
            .clone()
            .or_else(|| from_settings("EventHubConnection"));
        let namespace = self
            .namespace
            .clone()
            .or_else(|| from_settings("EventHubConnection__fullyQualifiedNamespace"));
        if let Some(text) = connection {
            let names_hub = text.to_lowercase().contains("entitypath=");
            let hub = self.hub.clone().or_else(|| match names_hub {
                true => None,
                false => settings.get("EVENTHUB_NAME"),
            });
            reach(&text, settings)?;
            return Ok(EventHubConnection::parse(&text, hub.as_deref())?);
        }
        let Some(namespace) = namespace else {
            return Err(Usage(format!(
                "no event hub is named: use --connection or --namespace, set EventHubConnection (settings come from {}), or start `sluice up`",
                settings.origin
            ))
            .into());
        };
        let hub = self.hub.clone().or_else(|| settings.get("EVENTHUB_NAME"));
        let hub =
            hub.ok_or_else(|| Usage("name the hub: --hub NAME or EVENTHUB_NAME".to_owned()))?;
        let credential = DeveloperToolsCredential::new(None)?;
        let namespace = namespace.trim_start_matches("sb://").trim_end_matches('/');
        Ok(EventHubConnection::with_credential(
            namespace,
            hub,
            Arc::clone(&credential) as _,
        ))
    }
}

/// Reads what every partition holds, in order; fails in words.
pub(crate) async fn read_partitions(
    hub: &EventHubConnection,
) -> Result<Vec<(String, PartitionState)>, String> {
    let ids = hub.partition_ids().await;
    let mut partitions = Vec::new();
    for id in ids.map_err(|error| sluice::error::chain(&error))? {
        let state = hub.partition_state(&id).await;
        let state = state.map_err(|error| sluice::error::chain(&error))?;
        partitions.push((id, state));
    }
    partitions.sort_by_key(|(id, _)| (id.len(), id.clone()));
    Ok(partitions)
}

/// Fails at once, with advice, if an emulator does not answer.
fn reach(connection: &str, settings: &AppSettings) -> Result<(), String> {
    let Some((host, port)) = emulator(connection) else {
        return Ok(());
    };
    match answers(&host, port) {
        true => Ok(()),
        false => Err(format!(
            "no event hub answers at {host}:{port} (settings from {}): start `sluice up` in another terminal, or name another hub with --connection or --namespace",
            settings.origin
        )),
    }
}

/// Where the emulator of a connection string is, if it is for one.
fn emulator(connection: &str) -> Option<(String, u16)> {
    if !connection
        .to_lowercase()
        .contains("usedevelopmentemulator=true")
    {
        return None;
    }
    let endpoint = connection.split(';').find_map(|field| {
        let (name, value) = field.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("endpoint")
            .then(|| value.trim())
    })?;
    let address = endpoint.split_once("://")?.1.trim_end_matches('/');
    Some(match address.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().ok()?),
        None => (address.to_owned(), AMQP_PORT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_emulator_is_looked_for_beforehand() {
        let key = "SharedAccessKeyName=n;SharedAccessKey=k";
        for (text, expected) in [
            (
                "Endpoint=sb://localhost;UseDevelopmentEmulator=true;",
                Some(("localhost", 5672)),
            ),
            (
                "Endpoint=sb://127.0.0.1:99/;UseDevelopmentEmulator=true",
                Some(("127.0.0.1", 99)),
            ),
            ("Endpoint=sb://x.servicebus.windows.net/", None),
        ] {
            let found = emulator(&format!("{text};{key}"));
            assert_eq!(found, expected.map(|(host, port)| (host.to_owned(), port)));
        }
    }
}
