//! A storage account and the credential for it, from the settings that the Functions host reads.

mod access;
mod calls;
mod connecting;
mod connection_string;
mod owner;
mod pipeline;
mod problem;
mod sas;

use std::fmt;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, RetryOptions, Transport, new_http_client,
};
use azure_core::time::Duration;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId,
};
use azure_storage_blob::{BlobServiceClient, BlobServiceClientOptions};
use url::Url;

use access::{Access, Endpoints};
pub use calls::Calls;
pub use connection_string::{EMULATOR_ACCOUNT, EMULATOR_KEY, Fields, MalformedField};
pub(in crate::store) use owner::foreign;
pub use owner::{Foreign, OWNER, Owner, PIPELINE};
use owner::{OwnerPolicy, Watch};
pub use problem::{AccountError, Problem};
use sas::SignaturePolicy;

/// How often a request is repeated after the first try.
const MAX_RETRIES: u32 = 6;
/// When a request is no longer repeated, in seconds since its first answer.
const MAX_RETRY_SECONDS: i64 = 45;
/// The longest pause between two tries, in seconds.
const MAX_PAUSE_SECONDS: i64 = 8;

/// A storage account: where its services are and how requests to them are authorised.
///
/// - keys and signatures are in no text that it gives away
#[derive(Clone)]
pub struct StorageAccount {
    setting: String,
    endpoints: Endpoints,
    credential: Option<Arc<dyn TokenCredential>>,
    signature: Option<Arc<SignaturePolicy>>,
    calls: Option<Calls>,
    /// Whether its connections are made sure of to lead to the pipeline's own storage.
    is_watched: bool,
    /// The connections that all of the account's clients share.
    transport: Transport,
}

impl fmt::Debug for StorageAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |url: &Option<Url>| url.as_ref().map(|url| url.authority().to_owned());
        f.debug_struct("StorageAccount")
            .field("setting", &self.setting)
            .field("blob", &host(&self.endpoints.blob))
            .field("queue", &host(&self.endpoints.queue))
            .field("table", &host(&self.endpoints.table))
            .finish_non_exhaustive()
    }
}

impl StorageAccount {
    /// Reads the account that the setting `name` stands for, as the Functions host does: `AzureWebJobs{name}` before
    /// `name`, a connection string before `{name}__blobServiceUri` and its like.
    ///
    /// # Errors
    /// Fails if the setting is missing or makes no sense.
    pub fn from_settings(
        name: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, AccountError> {
        let fail = |setting: &str, problem| AccountError {
            setting: setting.to_owned(),
            problem,
        };
        let candidates = [format!("AzureWebJobs{name}"), name.to_owned()];
        for setting in &candidates {
            if let Some(text) = lookup(setting).filter(|text| !text.trim().is_empty()) {
                return Self::from_connection_string(setting, &text);
            }
        }
        for setting in &candidates {
            let endpoints = service_uris(setting, lookup).map_err(|p| fail(setting, p))?;
            if let Some(endpoints) = endpoints {
                let credential = credential(setting, lookup).map_err(|p| fail(setting, p))?;
                return Ok(Self::new(setting, endpoints, Access::Token(credential)));
            }
        }
        Err(fail(name, Problem::Missing(name.to_owned())))
    }

    /// Reads a connection string that the setting `name` holds.
    ///
    /// # Errors
    /// Fails if it makes no sense.
    pub fn from_connection_string(name: &str, text: &str) -> Result<Self, AccountError> {
        let (endpoints, access) =
            connection_string::parse(text).map_err(|problem| AccountError {
                setting: name.to_owned(),
                problem,
            })?;
        Ok(Self::new(name, endpoints, access))
    }

    fn new(setting: &str, endpoints: Endpoints, access: Access) -> Self {
        let (credential, signature) = match access {
            Access::Key(key) => (None, Some(SignaturePolicy::signing(key))),
            Access::Signature(query) => (None, Some(SignaturePolicy::given(query))),
            Access::Token(credential) => (Some(credential), None),
        };
        Self {
            setting: setting.to_owned(),
            endpoints,
            credential,
            signature: signature.map(Arc::new),
            calls: None,
            is_watched: false,
            transport: Transport::new(new_http_client(None)),
        }
    }

    /// Returns the same account, with every request of its clients counted by `calls`.
    #[must_use]
    pub fn counted_by(&self, calls: &Calls) -> Self {
        Self {
            calls: Some(calls.clone()),
            ..self.clone()
        }
    }

    /// Returns the same account, whose clients refuse to work on the storage of another pipeline; `id` is that of this
    /// one, if it has any. What is not on plain HTTP has an account of its own, and is not asked whose it is.
    ///
    /// # Errors
    /// Fails if there can be no clients.
    pub fn owned_by(&self, id: Option<&str>) -> Result<Self, AccountError> {
        let url = self.blob_service_url().ok();
        let Some(url) = url.filter(|url| url.scheme() == "http") else {
            return Ok(self.clone());
        };
        let fail = |error: reqwest::Error| self.fail(Problem::Client(error.to_string()));
        let asking = Self {
            is_watched: false,
            calls: None,
            transport: Transport::new(Arc::new(connecting::fresh().map_err(fail)?)),
            ..self.clone()
        };
        let service = asking.blob_service_with(asking.client_options_without_retry())?;
        let watch = Watch::new(&service, url.authority().to_owned(), id);
        Ok(Self {
            is_watched: true,
            transport: Transport::new(Arc::new(connecting::watched(watch).map_err(fail)?)),
            ..self.clone()
        })
    }

    /// Returns what every client of the account is made with: bounded retries, and the signature where there is one.
    #[must_use]
    pub fn client_options(&self) -> ClientOptions {
        let mut options = self.client_options_without_retry();
        options.retry = RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: MAX_RETRIES,
            max_total_elapsed: Duration::seconds(MAX_RETRY_SECONDS),
            max_delay: Duration::seconds(MAX_PAUSE_SECONDS),
            ..ExponentialRetryOptions::default()
        });
        options
    }

    /// Returns the same for requests that must be sent once only.
    #[must_use]
    pub fn client_options_without_retry(&self) -> ClientOptions {
        let mut options = ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(self.transport.clone()),
            ..ClientOptions::default()
        };
        if self.is_watched {
            options.per_try_policies.push(Arc::new(OwnerPolicy));
        }
        if let Some(calls) = &self.calls {
            options.per_try_policies.push(Arc::new(calls.clone()));
        }
        if let Some(signature) = &self.signature {
            options.per_try_policies.push(Arc::clone(signature) as _);
        }
        options
    }

    /// Returns the token credential, where tokens authorise requests.
    #[must_use]
    pub fn credential(&self) -> Option<Arc<dyn TokenCredential>> {
        self.credential.clone()
    }

    /// Returns a client of the blob service.
    ///
    /// # Errors
    /// Fails if the account does not say where its blob service is, or if a token would be sent over plain HTTP.
    pub fn blob_service(&self) -> Result<BlobServiceClient, AccountError> {
        self.blob_service_with(self.client_options())
    }

    fn blob_service_with(
        &self,
        client_options: ClientOptions,
    ) -> Result<BlobServiceClient, AccountError> {
        let options = BlobServiceClientOptions {
            client_options,
            ..BlobServiceClientOptions::default()
        };
        BlobServiceClient::new(self.blob_service_url()?, self.credential(), Some(options))
            .map_err(|error| self.fail(Problem::Credential(error.to_string())))
    }

    /// Returns where the blob service is, without a signature and without a slash at the end of its path.
    ///
    /// # Errors
    /// Fails if the account does not say.
    pub fn blob_service_url(&self) -> Result<Url, AccountError> {
        self.service_url(&self.endpoints.blob, "blob")
    }

    /// Returns where the queue service is, likewise.
    ///
    /// # Errors
    /// Fails if the account does not say.
    pub fn queue_service_url(&self) -> Result<Url, AccountError> {
        self.service_url(&self.endpoints.queue, "queue")
    }

    /// Returns where the table service is, likewise.
    ///
    /// # Errors
    /// Fails if the account does not say.
    pub fn table_service_url(&self) -> Result<Url, AccountError> {
        self.service_url(&self.endpoints.table, "table")
    }

    fn service_url(&self, url: &Option<Url>, service: &'static str) -> Result<Url, AccountError> {
        let mut url = url
            .clone()
            .ok_or_else(|| self.fail(Problem::NoService(service)))?;
        // Clients append segments; a slash at the end would become an empty one.
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    fn fail(&self, problem: Problem) -> AccountError {
        AccountError {
            setting: self.setting.clone(),
            problem,
        }
    }
}

/// Reads `{name}__blobServiceUri` and its like, or nothing where there is none of them.
fn service_uris(
    name: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Endpoints>, Problem> {
    let value = |key: &str| lookup(&format!("{name}__{key}")).filter(|text| !text.is_empty());
    let url = |key: &'static str| {
        value(key)
            .map(|text| Url::parse(&text).map_err(|_| Problem::Address(key)))
            .transpose()
    };
    let mut endpoints = Endpoints {
        blob: url("blobServiceUri")?,
        queue: url("queueServiceUri")?,
        table: url("tableServiceUri")?,
    };
    let account = value("accountName")
        .map(|account| {
            Url::parse(&format!("https://{account}.blob.core.windows.net"))
                .map_err(|_| Problem::Address("accountName"))
        })
        .transpose()?;
    let any = [
        url("serviceUri")?,
        account,
        endpoints.blob.clone(),
        endpoints.queue.clone(),
        endpoints.table.clone(),
    ]
    .into_iter()
    .flatten()
    .next();
    let Some(any) = any else {
        return Ok(None);
    };
    for (endpoint, service) in [
        (&mut endpoints.blob, "blob"),
        (&mut endpoints.queue, "queue"),
        (&mut endpoints.table, "table"),
    ] {
        if endpoint.is_none() {
            *endpoint = sibling(&any, service);
        }
    }
    Ok(Some(endpoints))
}

/// Returns where another service of the same account is, if the address has Azure's usual form.
fn sibling(url: &Url, service: &str) -> Option<Url> {
    let host = url.host_str()?;
    let (account, rest) = host.split_once('.')?;
    let (current, suffix) = rest.split_once('.')?;
    if !["blob", "dfs", "queue", "table"].contains(&current) {
        return None;
    }
    let mut sibling = url.clone();
    sibling
        .set_host(Some(&format!("{account}.{service}.{suffix}")))
        .ok()?;
    Some(sibling)
}

/// Returns what asks for tokens, as the host's own connections of this setting do: the identity that `{name}__credential` and
/// `{name}__clientId` name, or who is logged in on this machine.
///
/// # Errors
/// Fails if it names what is not known.
pub(crate) fn credential(
    name: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn TokenCredential>, Problem> {
    let value = |key: &str| lookup(&format!("{name}__{key}")).filter(|text| !text.is_empty());
    let refused = |error: azure_core::Error| Problem::Credential(error.to_string());
    // On Azure the host falls back to the managed identity as well; the platform tells that it is there.
    let on_azure = lookup("IDENTITY_ENDPOINT").is_some();
    let managed = match value("credential") {
        None => on_azure,
        Some(kind) if kind.eq_ignore_ascii_case("managedidentity") => true,
        Some(kind) => return Err(Problem::UnknownCredential(kind)),
    };
    if !managed {
        return Ok(DeveloperToolsCredential::new(None).map_err(refused)?);
    }
    let id = value("clientId").map(UserAssignedId::ClientId);
    let id = id.or_else(|| value("managedIdentityResourceId").map(UserAssignedId::ResourceId));
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: id,
        ..ManagedIdentityCredentialOptions::default()
    };
    Ok(ManagedIdentityCredential::new(Some(options)).map_err(refused)?)
}

#[cfg(test)]
mod tests;
