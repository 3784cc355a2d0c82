//! The part of `native-tls` that `fe2o3-amqp` calls, on rustls.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

/// An error of the TLS layer.
pub type Error = rustls::Error;

/// A client's TLS configuration: TLS 1.2 and later, certificates verified as the platform does.
#[derive(Clone, Debug)]
pub struct TlsConnector(pub Arc<ClientConfig>);

impl TlsConnector {
    /// Makes the default configuration.
    ///
    /// # Errors
    /// Fails if the platform's trusted certificates cannot be loaded.
    pub fn new() -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}
