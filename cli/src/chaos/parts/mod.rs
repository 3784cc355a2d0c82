//! A pipeline each part of which can be ended and started again while the others run on.
//!
//! Two hosts, each with a handler of its own, work on one state, as two instances of an app do. Storage is Azurite, which
//! comes back at the same ports with the same data; handlers reach it through proxies that do to their requests what they
//! are told. The hub comes back at its port, with its events.

mod hosts;
mod patience;
mod settings;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use sluice::clock::{Clock, SystemClock};
use sluice::store::account::StorageAccount;
use sluice_local::azurite::{Azurite, AzuriteError, AzuriteOptions, Progress};
use sluice_local::event_hubs::{self, HubConfig, Namespace, NamespaceConfig};
use sluice_local::faulty_proxy::{Chance, FaultyProxy};
use sluice_local::hub_client::EventHubConnection;
use tokio::sync::Mutex;

use super::hearing::Hearing;
use crate::output::say;
use crate::pipeline::{HandlerProgram, StateDir};
use crate::target;
pub(super) use hosts::Hosts;
use patience::Failure;
pub(super) use patience::patiently;
use settings::Settings;
pub(super) use settings::{GROUP, HUB};

/// What is started.
pub(super) struct Plan {
    /// The folder with host.json.
    pub(super) root: PathBuf,
    pub(super) state: Arc<StateDir>,
    pub(super) handler: HandlerProgram,
    pub(super) dataset_file: PathBuf,
    pub(super) partitions: usize,
    pub(super) seed: u64,
}

/// The running parts.
pub(super) struct Parts {
    pub(super) storage: Arc<Storage>,
    /// Past the proxies.
    account: StorageAccount,
    pub(super) chance: Arc<Chance>,
    namespace: Option<Namespace>,
    namespace_config: NamespaceConfig,
    pub(super) hosts: Hosts,
}

impl Parts {
    /// Starts everything but the hosts.
    pub(super) async fn start(plan: Plan, hearing: &Arc<Hearing>) -> Result<Self, Failure> {
        let progress: Progress = Arc::new(|text: &str| say(text));
        let mut azurite_options = AzuriteOptions {
            data_dir: Some(plan.state.azurite()),
            progress: Some(progress),
            ..AzuriteOptions::default()
        };
        let azurite = Azurite::start(azurite_options.clone()).await?;
        let ports = azurite.ports();
        azurite_options.ports = Some(ports);
        let storage = azurite.connection_string();
        let account = StorageAccount::from_connection_string("LakeStorage", &storage)?;
        let id = target::own(plan.state.path(), &account).await?;
        let account = account.owned_by(Some(&id))?;

        let chance = Arc::new(Chance::of_seed(plan.seed));
        let [blobs, queues, tables] = ports;
        let proxies = [
            FaultyProxy::start(blobs, Arc::clone(&chance)).await?,
            FaultyProxy::start(queues, Arc::clone(&chance)).await?,
            FaultyProxy::start(tables, Arc::clone(&chance)).await?,
        ];
        let mut namespace_config = NamespaceConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data_dir: Some(plan.state.hubs()),
            hubs: vec![HubConfig {
                name: HUB.to_owned(),
                partitions: plan.partitions,
                consumer_groups: vec![GROUP.to_owned()],
            }],
        };
        let namespace = Namespace::start(namespace_config.clone()).await?;
        namespace_config.listen = namespace.local_addr();
        let settings = Settings {
            host_storage: storage,
            storage: settings::storage(proxies.each_ref().map(FaultyProxy::port)),
            pipeline: id,
            hub: namespace.connection_string(),
            gold: plan.state.gold(),
            dataset_file: plan.dataset_file,
            stamp: SystemClock.now().to_string(),
            handler: plan.handler,
        };
        let storage = Arc::new(Storage {
            azurite: Mutex::new(Some(azurite)),
            options: azurite_options,
            proxies,
        });
        Ok(Self {
            storage,
            account,
            chance,
            namespace: Some(namespace),
            namespace_config,
            hosts: Hosts::of(plan.root, settings, Arc::clone(hearing)),
        })
    }

    /// The storage account, past the proxies.
    pub(super) fn account(&self) -> &StorageAccount {
        &self.account
    }

    /// The hub.
    ///
    /// # Errors
    /// Fails if it has not come back.
    pub(super) fn namespace(&self) -> Result<&Namespace, Failure> {
        Ok(self.namespace.as_ref().ok_or("the event hub is gone")?)
    }

    /// A connection to the hub.
    pub(super) fn connection(&self) -> Result<EventHubConnection, Failure> {
        let text = self.namespace()?.connection_string();
        Ok(EventHubConnection::parse(&text, Some(HUB))?)
    }

    /// Ends the hub, which cuts its clients off, and starts it again at its port.
    pub(super) async fn restart_hub(&mut self) -> Result<(), Failure> {
        if let Some(namespace) = self.namespace.take() {
            namespace.shutdown().await?;
        }
        let config = || self.namespace_config.clone();
        let is_taken =
            |error: &event_hubs::Error| matches!(error, event_hubs::Error::Listen { .. });
        let starting = patiently(is_taken, || Namespace::start(config()));
        self.namespace = Some(starting.await?);
        Ok(())
    }

    /// Fails if a part has ended by itself that runs on.
    pub(super) fn check(&self) -> Result<(), Failure> {
        // While it comes back it is locked.
        let mut azurite = self.storage.azurite.try_lock().ok();
        let azurite = azurite.as_mut().and_then(|azurite| azurite.as_mut());
        match azurite.and_then(Azurite::ended) {
            Some(how) => Err(format!("the storage, Azurite, ended by itself ({how})").into()),
            None => Ok(()),
        }
    }

    /// Ends everything, the hosts first.
    pub(super) async fn shutdown(mut self) -> Result<(), Failure> {
        self.hosts.stop_all().await;
        if let Some(namespace) = self.namespace.take() {
            namespace.shutdown().await?;
        }
        self.storage
            .end(&mut *self.storage.azurite.lock().await)
            .await
    }
}

/// Azurite, and the proxies before it.
pub(super) struct Storage {
    /// Nothing only where it did not come back; locked while it does.
    azurite: Mutex<Option<Azurite>>,
    options: AzuriteOptions,
    proxies: [FaultyProxy; 3],
}

impl Storage {
    /// Ends storage with its data saved, and starts it again at its ports.
    ///
    /// # Errors
    /// Fails if it does not come back for a long time.
    pub(super) async fn restart(&self) -> Result<(), Failure> {
        let mut azurite = self.azurite.lock().await;
        self.end(&mut azurite).await?;
        let options = || self.options.clone();
        let is_taken = |error: &AzuriteError| matches!(error, AzuriteError::Start(_));
        let starting = patiently(is_taken, || Azurite::start(options()));
        *azurite = Some(starting.await?);
        Ok(())
    }

    async fn end(&self, azurite: &mut Option<Azurite>) -> Result<(), Failure> {
        // It would wait for connections that nobody closes.
        self.proxies.iter().for_each(FaultyProxy::cut);
        if let Some(azurite) = azurite.take() {
            azurite.shutdown().await?;
        }
        Ok(())
    }
}
