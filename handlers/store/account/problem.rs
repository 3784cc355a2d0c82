//! Why a setting does not name a storage account.

use thiserror::Error;

/// Why a setting does not name a storage account. No variant holds the setting's value.
#[derive(Debug, Error)]
#[error("setting {setting}")]
pub struct AccountError {
    /// The setting.
    pub setting: String,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a setting.
#[derive(Debug, Error)]
pub enum Problem {
    /// There is no such setting.
    #[error(
        "is missing: set it to a connection string, or set {0}__blobServiceUri or {0}__accountName"
    )]
    Missing(String),
    /// It is not of the form `name=value;…`.
    #[error("is not a connection string")]
    NotAConnectionString,
    /// The connection string has a key, but no account.
    #[error("has an AccountKey, but no AccountName")]
    NoAccountName,
    /// The connection string has no key and no signature.
    #[error("has neither AccountName and AccountKey nor SharedAccessSignature")]
    NoCredential,
    /// The key is not Base64.
    #[error("has an AccountKey that is not Base64")]
    Key,
    /// An address in it is not a URL.
    #[error("has no valid URL for {0}")]
    Address(&'static str),
    /// It names services of an emulator, but not all of them.
    #[error(
        "is for an emulator and has no {0}Endpoint: name BlobEndpoint, QueueEndpoint and TableEndpoint, or set UseDevelopmentStorage=true"
    )]
    PartOfAnEmulator(&'static str),
    /// It does not say where a service is.
    #[error("does not say where its {0} service is")]
    NoService(&'static str),
    /// The credential's kind is not known.
    #[error(
        "names credential {0:?}; use managedidentity, or leave it away for the Azure CLI's login"
    )]
    UnknownCredential(String),
    /// There can be no client of HTTP.
    #[error("has no client: {0}")]
    Client(String),
    /// The credential cannot be set up.
    #[error("has a credential that cannot be used: {0}")]
    Credential(String),
}
