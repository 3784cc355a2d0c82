//! The event hub that a command talks to.

use std::error::Error;
use std::sync::Arc;

use azure_identity::DeveloperToolsCredential;
use clap::Args;
use sluice_local::hub_client::{EventHubConnection, PartitionState};

use super::reach::{answers, emulator, endpoint};
use super::settings::{AppSettings, FindError, SettingsArguments};
use super::written::Written;
use crate::output::Usage;

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
    /// The hub of the settings.
    pub(crate) fn of_settings(settings: SettingsArguments) -> Self {
        Self {
            connection: None,
            namespace: None,
            hub: None,
            settings,
        }
    }

    /// Returns whether the command line says by itself which namespace is meant.
    pub(crate) fn is_explicit(&self) -> bool {
        self.connection.is_some() || self.namespace.is_some()
    }

    /// Finds the app's settings, for a command that works on the hub alone: one that is named by its address is of no
    /// pipeline.
    pub(crate) async fn find_hub_settings(&self) -> Result<AppSettings, FindError> {
        match self.is_explicit() {
            true => AppSettings::of_no_pipeline(),
            false => self.find_settings().await,
        }
    }

    /// What is written to by a command that sends to the hub alone.
    pub(crate) fn written(
        &self,
        settings: &AppSettings,
        connection: &EventHubConnection,
    ) -> Written {
        if !self.is_explicit() {
            return settings.written();
        }
        let place = self.connection.as_deref().and_then(endpoint);
        let place = place.or(self.namespace.as_deref()).unwrap_or("a namespace");
        Written {
            hub: Some(format!("{place}/{}", connection.hub())),
            whose: "the command line names it".to_owned(),
            ..Written::default()
        }
    }

    /// Finds the app's settings.
    pub(crate) async fn find_settings(&self) -> Result<AppSettings, FindError> {
        AppSettings::find(&self.settings).await
    }

    /// Makes the connection, without talking to the hub yet.
    ///
    /// # Errors
    /// Fails if no hub is named, and at once, with advice, if an emulator does not answer.
    pub(crate) fn connect(
        &self,
        settings: &AppSettings,
    ) -> Result<EventHubConnection, Box<dyn Error + Send + Sync>> {
        if !self.is_explicit() {
            settings.own()?;
        }
        match self.named(settings)? {
            Named::ByString { connection, hub } => {
                reach(&connection, settings)?;
                Ok(EventHubConnection::parse(&connection, hub.as_deref())?)
            }
            Named::ByNamespace { namespace, hub } => {
                let credential = DeveloperToolsCredential::new(None)?;
                let credential = Arc::clone(&credential) as _;
                Ok(EventHubConnection::with_credential(
                    &namespace, hub, credential,
                ))
            }
        }
    }

    /// Finds out which hub is meant. Where the command line names a namespace, only the hub's name is taken from the
    /// settings.
    fn named(&self, settings: &AppSettings) -> Result<Named, Usage> {
        let from_settings = |name: &str| settings.get(name).filter(|_| !self.is_explicit());
        let connection = self.connection.clone();
        let connection = connection.or_else(|| from_settings("EventHubConnection"));
        let hub = self.hub.clone();
        if let Some(connection) = connection {
            let names_hub = connection.to_lowercase().contains("entitypath=");
            let hub = match names_hub {
                true => hub,
                false => hub.or_else(|| settings.get("EVENTHUB_NAME")),
            };
            return Ok(Named::ByString { connection, hub });
        }
        let namespace = self.namespace.clone();
        let namespace =
            namespace.or_else(|| from_settings("EventHubConnection__fullyQualifiedNamespace"));
        let namespace = namespace.ok_or_else(|| {
            Usage(format!(
                "no event hub is named: use --connection or --namespace, set EventHubConnection (settings come from {}), or start `sluice up`",
                settings.origin
            ))
        })?;
        let hub = hub.or_else(|| settings.get("EVENTHUB_NAME"));
        let hub =
            hub.ok_or_else(|| Usage("name the hub: --hub NAME or EVENTHUB_NAME".to_owned()))?;
        let namespace = namespace.trim_start_matches("sb://").trim_end_matches('/');
        Ok(Named::ByNamespace {
            namespace: namespace.to_owned(),
            hub,
        })
    }
}

/// A hub, and how it is reached.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// By a connection string, which may name the hub itself.
    ByString {
        connection: String,
        hub: Option<String>,
    },
    /// By its namespace, signed in as in the Azure CLI.
    ByNamespace { namespace: String, hub: String },
}

/// Returns how many events a hub with these partitions has ever taken, by their sequence numbers.
pub(crate) fn events_ever(partitions: &[(String, PartitionState)]) -> u64 {
    // A partition that never had an event says -1.
    let events = partitions
        .iter()
        .map(|(_, state)| u64::try_from(state.last_sequence + 1).unwrap_or(0));
    events.sum()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SETTINGS: [(&str, &str); 2] = [
        ("EventHubConnection", "Endpoint=sb://settings/"),
        ("EVENTHUB_NAME", "orders"),
    ];

    fn named(arguments: &HubArguments, settings: &[(&str, &str)]) -> Result<Named, String> {
        let settings = AppSettings::of_environment(Path::new("/app"), Path::new("d"), settings);
        arguments.named(&settings).map_err(|usage| usage.0)
    }

    fn by_string(connection: &str, hub: Option<&str>) -> Named {
        Named::ByString {
            connection: connection.to_owned(),
            hub: hub.map(str::to_owned),
        }
    }

    #[test]
    fn without_a_word_the_hub_is_that_of_the_settings() {
        let found = named(
            &HubArguments::of_settings(SettingsArguments::default()),
            &SETTINGS,
        )
        .unwrap();
        assert_eq!(found, by_string("Endpoint=sb://settings/", Some("orders")));
        let settings = [
            (
                "EventHubConnection__fullyQualifiedNamespace",
                "sb://shop.servicebus.windows.net/",
            ),
            ("EVENTHUB_NAME", "orders"),
        ];
        let expected = Named::ByNamespace {
            namespace: "shop.servicebus.windows.net".to_owned(),
            hub: "orders".to_owned(),
        };
        assert_eq!(
            named(
                &HubArguments::of_settings(SettingsArguments::default()),
                &settings
            ),
            Ok(expected)
        );
    }

    #[test]
    fn the_command_line_s_namespace_is_not_mixed_with_the_settings_connection() {
        let arguments = HubArguments {
            namespace: Some("other.servicebus.windows.net".to_owned()),
            ..HubArguments::of_settings(SettingsArguments::default())
        };
        let expected = Named::ByNamespace {
            namespace: "other.servicebus.windows.net".to_owned(),
            hub: "orders".to_owned(),
        };
        assert_eq!(named(&arguments, &SETTINGS), Ok(expected));
    }

    #[test]
    fn a_connection_string_that_names_its_hub_needs_no_other() {
        let string = "Endpoint=sb://x/;EntityPath=own";
        let arguments = |hub: Option<&str>| HubArguments {
            connection: Some(string.to_owned()),
            hub: hub.map(str::to_owned),
            ..HubArguments::of_settings(SettingsArguments::default())
        };
        assert_eq!(
            named(&arguments(None), &SETTINGS),
            Ok(by_string(string, None))
        );
        assert_eq!(
            named(&arguments(Some("mine")), &SETTINGS),
            Ok(by_string(string, Some("mine")))
        );
    }

    #[test]
    fn a_hub_that_nobody_names_is_wrong_usage_with_advice() {
        let error = named(
            &HubArguments::of_settings(SettingsArguments::default()),
            &[],
        )
        .unwrap_err();
        for advice in ["--connection", "the environment", "sluice up"] {
            assert!(error.contains(advice), "{error}");
        }
        let arguments = HubArguments {
            namespace: Some("n".to_owned()),
            ..HubArguments::of_settings(SettingsArguments::default())
        };
        let error = named(&arguments, &[]).unwrap_err();
        assert!(error.contains("--hub NAME"), "{error}");
    }

    #[test]
    fn a_hub_has_taken_as_many_events_as_its_sequence_numbers_say() {
        let partition = |last_sequence| {
            let state = PartitionState {
                begin_sequence: 0,
                last_sequence,
                last_offset: String::new(),
                last_enqueued_ms: None,
                is_empty: last_sequence < 0,
            };
            ("0".to_owned(), state)
        };
        assert_eq!(events_ever(&[]), 0);
        assert_eq!(
            events_ever(&[partition(-1), partition(9), partition(0)]),
            11
        );
    }

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
