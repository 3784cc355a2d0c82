//! What a setting says of an account: where its services are, and how requests to them are authorised.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use url::Url;

use super::sas::AccountKey;

/// Where the services of an account are.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    pub(super) blob: Option<Url>,
    pub(super) queue: Option<Url>,
    pub(super) table: Option<Url>,
}

/// How requests are authorised.
pub(super) enum Access {
    Key(AccountKey),
    Signature(String),
    Token(Arc<dyn TokenCredential>),
}
