//! The part of `tokio-native-tls` that `fe2o3-amqp` calls, on rustls.

use std::io;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream encrypted by TLS, on the client's side.
pub type TlsStream<S> = tokio_rustls::client::TlsStream<S>;

/// Opens TLS on a connected stream.
#[derive(Clone)]
pub struct TlsConnector(tokio_rustls::TlsConnector);

impl From<native_tls::TlsConnector> for TlsConnector {
    fn from(connector: native_tls::TlsConnector) -> Self {
        Self(connector.0.into())
    }
}

impl TlsConnector {
    /// Negotiates TLS with the server named `domain`.
    ///
    /// # Errors
    /// Fails if `domain` is not a name or address, or if the handshake fails.
    pub async fn connect<S>(&self, domain: &str, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(domain.to_owned()).map_err(io::Error::other)?;
        self.0.connect(name, stream).await
    }
}
