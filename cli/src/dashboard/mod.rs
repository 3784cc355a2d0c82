//! A page that an operator leaves open: how far every layer is, the balance, quarantine and gold, live.
//!
//! It is served on loopback alone, to whoever has the address with its token (`guard`). What it shows is what `status`,
//! `quarantine` and `gold` read, by the same code (`reading`), as seldom as shows what is new (`pace`), and nothing at all
//! while nobody looks: a page that is not visible hangs up. What is read becomes HTML here (`view`), and the page puts each
//! part that has changed in its place.

mod chart;
mod flow;
mod guard;
mod live;
mod pace;
mod reading;
mod server;
mod view;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::target::{AppSettings, SettingsArguments};
use guard::Guard;
use live::Live;
use reading::Reading;

/// A dashboard that is served until it is dropped.
#[derive(Debug)]
pub(crate) struct Dashboard {
    address: String,
    tasks: Vec<JoinHandle<()>>,
}

impl Dashboard {
    /// Serves the pipelines that the arguments mean, on a port of loopback; 0 is any that is free.
    ///
    /// # Errors
    /// Fails if no pipeline can be found, or if somebody has the port.
    pub(crate) async fn serve(
        arguments: &SettingsArguments,
        port: u16,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut pipelines = Vec::new();
        for (arguments, settings) in AppSettings::find_all(arguments).await? {
            pipelines.push(Arc::new(Live::new(Reading::new(arguments, settings)?)));
        }
        let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(place)
            .await
            .map_err(|source| format!("the dashboard cannot listen on {place}: {source}; --port names another port, and without it one is taken that is free"))?;
        let port = listener.local_addr()?.port();
        let guard = Guard::new(port);
        let address = guard.address();
        let mut tasks: Vec<JoinHandle<()>> = pipelines
            .iter()
            .map(|live| tokio::spawn(Arc::clone(live).follow()))
            .collect();
        let router = server::router(guard, pipelines);
        tasks.push(tokio::spawn(async move {
            // It fails for no reason but the end of the process.
            let _ = axum::serve(listener, router).await;
        }));
        Ok(Self { address, tasks })
    }

    /// Where it is, with the token that opens it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
