//! Connections to a storage on this machine, each of which is made sure of before anything goes over it.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};
use tower_layer::Layer;
use tower_service::Service;

use super::owner::Watch;

/// How long a connection may take to be made, and an answer to go on: as with clients of azure_core.
const TIMEOUTS: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(60)];

type BoxError = Box<dyn Error + Send + Sync>;

fn builder() -> ClientBuilder {
    let [connect, read] = TIMEOUTS;
    Client::builder()
        .connect_timeout(connect)
        .read_timeout(read)
        .redirect(redirect::Policy::none())
}

/// Returns a client that connects for every request anew.
///
/// # Errors
/// Fails if there can be no client at all.
pub(super) fn fresh() -> reqwest::Result<Client> {
    builder().pool_max_idle_per_host(0).build()
}

/// Returns a client that keeps the connections that `watch` is sure of, and gives the others up.
///
/// # Errors
/// Fails if there can be no client at all.
pub(super) fn watched(watch: Watch) -> reqwest::Result<Client> {
    let watch = Arc::new(watch);
    builder().connector_layer(Asking(watch)).build()
}

/// Asks over which connector it is laid.
#[derive(Clone, Debug)]
struct Asking(Arc<Watch>);

impl<S> Layer<S> for Asking {
    type Service = Asked<S>;

    fn layer(&self, connector: S) -> Self::Service {
        Asked {
            connector,
            watch: Arc::clone(&self.0),
        }
    }
}

/// A connector whose connections are asked about.
#[derive(Clone, Debug)]
struct Asked<S> {
    connector: S,
    watch: Arc<Watch>,
}

impl<S, D> Service<D> for Asked<S>
where
    S: Service<D, Error = BoxError>,
    S::Response: Send,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, to: D) -> Self::Future {
        let (connecting, watch) = (self.connector.call(to), Arc::clone(&self.watch));
        Box::pin(async move {
            let connection = connecting.await?;
            // Afterwards: before, the port may have been another's.
            watch.make_sure().await?;
            Ok(connection)
        })
    }
}
