//! Event hubs of the namespace that the app reads from: a POST of the message, with a token of the app's identity. The
//! development emulator's namespace takes the same without one.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use thiserror::Error;
use url::Url;

use super::{CloudEvent, Sender};
use crate::store::account::{AccountError, Problem, credential};

/// The setting that names the namespace, as triggers of Azure Functions have it.
const CONNECTION: &str = "EventHubConnection";
/// The setting that names the hub that the app reads.
const OWN_HUB: &str = "EVENTHUB_NAME";
/// What a token is for.
const SCOPE: &str = "https://eventhubs.azure.net/.default";
/// The version of the service's interface.
const VERSION: &str = "2014-01";
/// The port of the development emulator's namespace, unless its connection string has one.
const EMULATOR_PORT: u16 = 5672;
/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(3);

/// Why no event hub can be told.
#[derive(Debug, Error)]
pub enum EventHubError {
    /// The setting does not name a namespace.
    #[error(
        "alerts are sent to event hubs of the app's own namespace: setting {CONNECTION}__fullyQualifiedNamespace names it, such as \
         shop.servicebus.windows.net, with {CONNECTION}__credential where that is an identity, or {CONNECTION} the \
         development emulator's; a key is not taken"
    )]
    NoNamespace,
    /// The hub is the one that the dataset comes from.
    #[error(
        "an alert notifies eventhub:{0}, which is the hub that this dataset is read from ({OWN_HUB}): its alerts would come back as \
         events; name another hub of the namespace"
    )]
    OwnHub(String),
    /// No token can be asked for.
    #[error(transparent)]
    Credential(#[from] AccountError),
    /// No client can be made.
    #[error("make a client for event hubs")]
    Client(#[source] reqwest::Error),
}

/// A namespace, and what sends to its hubs.
pub struct EventHubs {
    client: reqwest::Client,
    address: Url,
    /// Nothing where the namespace lets everybody in.
    credential: Option<Arc<dyn TokenCredential>>,
}

impl Debug for EventHubs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventHubs")
    }
}

impl EventHubs {
    /// Reads where the namespace is and how to get in, for messages to these hubs. Nothing is sent yet.
    ///
    /// # Errors
    /// Fails if the settings name no namespace or no identity, or if a hub is the one that the app reads.
    pub fn new<'a>(
        mut hubs: impl Iterator<Item = &'a str>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, EventHubError> {
        let present = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let own = present(OWN_HUB);
        // The service does not tell names apart by their case.
        let is_own = |hub: &&str| {
            own.as_ref()
                .is_some_and(|own| own.eq_ignore_ascii_case(hub))
        };
        if let Some(hub) = hubs.find(is_own) {
            return Err(EventHubError::OwnHub(hub.to_owned()));
        }
        let local =
            present(CONNECTION).map(|text| emulator(&text).ok_or(EventHubError::NoNamespace));
        let (address, credential) = match local {
            Some(address) => (address?, None),
            None => {
                let name = present(&format!("{CONNECTION}__fullyQualifiedNamespace"));
                let address = name.and_then(|name| namespace(&name));
                let address = address.ok_or(EventHubError::NoNamespace)?;
                let credential =
                    credential(CONNECTION, lookup).map_err(|problem: Problem| AccountError {
                        setting: CONNECTION.to_owned(),
                        problem,
                    })?;
                (address, Some(credential))
            }
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECTING)
            .user_agent("sluice")
            .build()
            .map_err(EventHubError::Client)?;
        Ok(Self {
            client,
            address,
            credential,
        })
    }

    /// Where messages of a hub go.
    fn messages(&self, hub: &str) -> Option<Url> {
        let mut url = self.address.clone();
        url.path_segments_mut().ok()?.push(hub).push("messages");
        url.query_pairs_mut().append_pair("api-version", VERSION);
        Some(url)
    }
}

/// Returns where the namespace of this connection string is, if it is the development emulator's on this machine.
fn emulator(text: &str) -> Option<Url> {
    let parts = text.split(';').filter_map(|part| part.split_once('='));
    let part = |name: &str| {
        let mut parts = parts.clone();
        let found = parts.find(|(own, _)| own.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    part("UseDevelopmentEmulator").filter(|value| value.eq_ignore_ascii_case("true"))?;
    let endpoint = Url::parse(part("Endpoint")?).ok()?;
    let host = endpoint.host_str()?;
    let is_here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let port = endpoint.port().unwrap_or(EMULATOR_PORT);
    // By address: a name may lead to another listener first.
    let host = if host == "localhost" {
        "127.0.0.1"
    } else {
        host
    };
    is_here.then(|| Url::parse(&format!("http://{host}:{port}/")).ok())?
}

/// Returns where the namespace of this name is.
fn namespace(name: &str) -> Option<Url> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    let name = name.trim();
    let is_well = name.contains('.') && name.chars().all(is_name);
    is_well.then(|| Url::parse(&format!("https://{name}/")).ok())?
}

#[async_trait]
impl Sender for EventHubs {
    async fn send(&self, name: &str, event: &CloudEvent) -> Result<(), String> {
        let url = self.messages(name).ok_or("its address cannot be made")?;
        let mut request = self
            .client
            .post(url)
            .header("content-type", CloudEvent::CONTENT_TYPE);
        if let Some(credential) = &self.credential {
            let token = credential.get_token(&[SCOPE], None).await;
            let token = token.map_err(|_| "the app's identity gets no token for event hubs")?;
            request = request.bearer_auth(token.token.secret());
        }
        let answer = request.body(event.body.clone()).send().await;
        let answer = answer.map_err(|error| match error.is_connect() {
            true => "the namespace cannot be reached",
            false => "the request failed",
        })?;
        match answer.status().as_u16() {
            201 => Ok(()),
            401 | 403 => Err(
                "the app's identity may not send to it: it takes the role Azure Event Hubs Data Sender"
                    .to_owned(),
            ),
            404 => Err("there is no such event hub in the namespace".to_owned()),
            status => Err(format!("it answered {status}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hubs(hub: &str, settings: &[(&str, &str)]) -> Result<String, String> {
        let lookup = |name: &str| {
            let found = settings.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let hubs = EventHubs::new([hub].into_iter(), &lookup);
        let hubs = hubs.map_err(|error| error.to_string())?;
        Ok(hubs.messages(hub).unwrap().to_string())
    }

    #[test]
    fn a_hub_is_one_of_the_apps_own_namespace_by_identity_or_of_the_emulator() {
        let key = "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=secret";
        let local = "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";
        let at_port = "Endpoint=sb://127.0.0.1:40001;UseDevelopmentEmulator=true";
        let elsewhere = "Endpoint=sb://10.0.0.7;UseDevelopmentEmulator=true";
        let named = "EventHubConnection__fullyQualifiedNamespace";
        for (settings, expected) in [
            (
                vec![(named, "shop.servicebus.windows.net")],
                Some("https://shop.servicebus.windows.net/alerts/messages?api-version=2014-01"),
            ),
            (
                vec![(CONNECTION, local)],
                Some("http://127.0.0.1:5672/alerts/messages?api-version=2014-01"),
            ),
            (
                vec![(CONNECTION, at_port)],
                Some("http://127.0.0.1:40001/alerts/messages?api-version=2014-01"),
            ),
            (vec![(CONNECTION, key)], None),
            (vec![(CONNECTION, elsewhere)], None),
            (vec![(named, "evil.example/x?")], None),
            (vec![], None),
        ] {
            let found = hubs("alerts", &settings);
            assert_eq!(found.as_deref().ok(), expected, "{settings:?}");
            let error = found.err().unwrap_or_default();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_hub_of_the_dataset_itself_is_refused() {
        let settings = [(OWN_HUB, "events"), (CONNECTION, "")];
        let error = hubs("Events", &settings).unwrap_err();
        assert!(
            error.contains("eventhub:Events") && error.contains("come back"),
            "{error}"
        );
    }
}
