//! What the environment says about the connection, besides the setting `GoldDatabase`.

/// What a connection to Azure SQL takes from outside of the setting `GoldDatabase`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The database schema of gold, [`DEFAULT_SCHEMA`](super::azure_sql::DEFAULT_SCHEMA) if none is given.
    pub schema: Option<String>,
    /// Which managed identity logs in where the connection string has no `User Id`.
    pub client_id: Option<String>,
    /// Whether this process runs where managed identities are.
    pub on_azure: bool,
}

impl Options {
    /// Reads `GOLD_SCHEMA`, `AZURE_CLIENT_ID`, and what tells that this is Azure.
    #[must_use]
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let present = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        Self {
            schema: present("GOLD_SCHEMA"),
            client_id: present("AZURE_CLIENT_ID"),
            on_azure: present("IDENTITY_ENDPOINT").is_some(),
        }
    }
}
