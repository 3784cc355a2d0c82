//! What exporters send with: the client that webhooks use, on the runtime of the process. Exporters wait in threads of
//! their own, where no runtime is, and nothing else waits for them.
//!
//! A collector that does not take what it is sent is said once, and once more when it takes it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

use crate::error::chain;

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(3);

/// Sends requests of one signal. Redirects are not followed: headers may be secret.
#[derive(Clone, Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    runtime: Handle,
    /// What is sent, as the log names it.
    signal: &'static str,
    /// Whether the last request was not taken.
    is_refused: Arc<AtomicBool>,
}

impl Client {
    /// Makes a client whose requests may take so long.
    pub(super) fn new(signal: &'static str, timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECTING.min(timeout))
            .timeout(timeout)
            .build()?;
        Ok(Self {
            client,
            runtime: Handle::current(),
            signal,
            is_refused: Arc::default(),
        })
    }

    /// Writes to the log that requests are not taken any more, or are taken again.
    fn tell(&self, problem: Option<&str>) {
        let signal = self.signal;
        let was_refused = self.is_refused.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(error) if !was_refused => tracing::warn!(
                signal,
                error,
                "the collector does not take what it is sent; Sluice goes on without, and tries again"
            ),
            None if was_refused => {
                tracing::info!(signal, "the collector takes what it is sent again");
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let response = client.execute(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            Ok((status, headers, response.bytes().await?))
        });
        // The address may hold a secret.
        let answered = sent.await?.map_err(reqwest::Error::without_url);
        match &answered {
            Ok((status, ..)) if status.is_success() => self.tell(None),
            Ok((status, ..)) => self.tell(Some(&format!("it answers {status}"))),
            Err(error) => self.tell(Some(&chain(error))),
        }
        let (status, headers, body) = answered?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}
