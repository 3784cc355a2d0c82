//! Starts the triggers of all functions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use azure_storage_blob::BlobServiceClient;
use sluice::error::chain;
use sluice::store::account::{PIPELINE, StorageAccount};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::blob::BlobFunction;
use super::blob::detect::Detector;
use super::blob::listener::Listener;
use super::blob::message::{POISON_QUEUE, queue_name};
use super::blob::poison::move_back;
use super::event_hub::source::HubPartition;
use super::event_hub::{Processor, checkpoint};
use super::retry::Target;
use super::stop::Stop;
use super::storage::{HOSTS_CONTAINER, ensure_container, ensure_queue, queue_length};
use super::timer::monitor::{BlobMonitor, Monitor, blob_name};
use super::timer::{RunNow, Timer};
use crate::functions_host::config::{
    AppConfig, BlobTrigger, EventHubTrigger, FunctionConfig, TimerTrigger, Trigger,
};
use crate::functions_host::error::HostError;
use crate::functions_host::events::{EventSink, Level};
use crate::functions_host::invoke::Dispatch;
use crate::functions_host::stats::Counters;
use crate::functions_host::wire::event_hub::PartitionContext;
use crate::hub_client::EventHubConnection;

/// The parts that every trigger needs, and the tasks that have been started so far.
pub(crate) struct Starter {
    pub(crate) config: AppConfig,
    pub(crate) host_id: String,
    pub(crate) blob_poll: Duration,
    pub(crate) retry_poisoned: bool,
    pub(crate) deliver_again: Arc<BTreeSet<String>>,
    pub(crate) dispatch: Arc<dyn Dispatch>,
    pub(crate) events: EventSink,
    pub(crate) counters: Counters,
    pub(crate) stop: Stop,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) timers: BTreeMap<String, mpsc::UnboundedSender<RunNow>>,
}

impl Starter {
    /// Starts the triggers of all functions.
    pub(crate) async fn start(&mut self) -> Result<(), HostError> {
        let account = self.account("AzureWebJobsStorage")?;
        let storage = Arc::new(blob_service(&account)?);
        for container in [HOSTS_CONTAINER, checkpoint::CONTAINER] {
            ensure_container(&storage, container)
                .await
                .map_err(HostError::storage)?;
        }
        let mut blobs = Vec::new();
        for function in self.config.functions.clone() {
            self.counters.function(&function.name, |_| {});
            match &function.trigger {
                Trigger::EventHub(trigger) => {
                    self.start_event_hub(&function, trigger, &storage).await?;
                }
                Trigger::Blob(trigger) => blobs.push(self.blob(&function, trigger).await?),
                Trigger::Timer(trigger) => self.start_timer(&function, trigger, &storage),
            }
        }
        if blobs.is_empty() {
            return Ok(());
        }
        self.start_blobs(blobs, &account, &storage).await
    }

    /// The account of a connection, whose storage has to be the pipeline's own as the handler's has.
    fn account(&self, name: &str) -> Result<StorageAccount, HostError> {
        let lookup = |key: &str| self.config.settings.get(key).map(ToOwned::to_owned);
        let id = lookup(PIPELINE);
        StorageAccount::from_settings(name, &lookup)
            .and_then(|account| account.owned_by(id.as_deref()))
            .map_err(|error| HostError::storage(chain(&error)))
    }

    async fn start_event_hub(
        &mut self,
        function: &FunctionConfig,
        trigger: &EventHubTrigger,
        storage: &Arc<BlobServiceClient>,
    ) -> Result<(), HostError> {
        let hub = &trigger.event_hub_name;
        let failed = |reason: String| HostError::EventHub {
            hub: hub.clone(),
            reason,
        };
        let text = self
            .config
            .settings
            .get(&trigger.connection)
            .ok_or_else(|| {
                failed("the local host needs a connection string, not an identity".to_owned())
            })?;
        let connection =
            EventHubConnection::parse(text, Some(hub)).map_err(|error| failed(chain(&error)))?;
        let partitions = Box::pin(connection.partition_ids()).await;
        let partitions = partitions.map_err(|error| failed(chain(&error)))?;
        for partition_id in partitions {
            let context = PartitionContext {
                is_checkpointing_after_invocation: true,
                fully_qualified_namespace: connection.namespace().to_owned(),
                event_hub_name: hub.clone(),
                consumer_group: trigger.consumer_group.clone(),
                partition_id,
            };
            let partition = HubPartition {
                connection: connection.clone(),
                context: context.clone(),
                prefetch: self.config.host.event_hubs.prefetch_count,
                storage: Arc::clone(storage),
            };
            let processor = Processor {
                target: target(function),
                binding: function.binding.clone(),
                data_type: trigger.data_type,
                context,
                options: self.config.host.event_hubs.clone(),
                partition: Box::new(partition),
                dispatch: Arc::clone(&self.dispatch),
                events: self.events.clone(),
                counters: self.counters.clone(),
                stop: self.stop.clone(),
            };
            self.tasks.spawn(processor.run());
        }
        Ok(())
    }

    fn start_timer(
        &mut self,
        function: &FunctionConfig,
        trigger: &TimerTrigger,
        storage: &BlobServiceClient,
    ) {
        let monitored = trigger.use_monitor && trigger.schedule.is_monitored(chrono::Utc::now());
        let monitor = monitored.then(|| {
            let name = blob_name(&self.host_id, &function.name);
            let blob = storage.blob_client(HOSTS_CONTAINER, &name);
            Box::new(BlobMonitor(blob)) as Box<dyn Monitor>
        });
        let (sender, requests) = mpsc::unbounded_channel();
        self.timers.insert(function.name.clone(), sender);
        let timer = Timer {
            target: target(function),
            binding: function.binding.clone(),
            trigger: trigger.clone(),
            monitor,
            requests,
            dispatch: Arc::clone(&self.dispatch),
            events: self.events.clone(),
            now: chrono::Utc::now,
            stop: self.stop.clone(),
        };
        self.tasks.spawn(timer.run());
    }

    async fn blob(
        &self,
        function: &FunctionConfig,
        trigger: &BlobTrigger,
    ) -> Result<BlobFunction, HostError> {
        let account = self.account(&trigger.connection)?;
        let poison = ensure_queue(&account, POISON_QUEUE)
            .await
            .map_err(HostError::storage)?;
        Ok(BlobFunction {
            target: target(function),
            binding: function.binding.clone(),
            trigger: trigger.clone(),
            blobs: Arc::new(blob_service(&account)?),
            poison: Arc::new(poison),
        })
    }

    async fn start_blobs(
        &mut self,
        functions: Vec<BlobFunction>,
        account: &StorageAccount,
        storage: &Arc<BlobServiceClient>,
    ) -> Result<(), HostError> {
        let name = queue_name(&self.host_id);
        let queue = Arc::new(
            ensure_queue(account, &name)
                .await
                .map_err(HostError::storage)?,
        );
        if self.retry_poisoned {
            for function in &functions {
                let moved = move_back(function, &queue).await;
                let moved = moved.map_err(HostError::storage)?;
                if moved > 0 {
                    let text = format!("{moved} blobs that had failed five times are tried again");
                    self.events.message(Level::Information, text);
                }
            }
        }
        if let Some(function) = functions.first() {
            // What an earlier host has left; which function it is for shows only when it is read.
            let left = queue_length(&queue).await.map_err(HostError::storage)?;
            self.counters
                .blob(&function.target.function, |stats| stats.pending += left);
        }
        let enqueued = Arc::new(Notify::new());
        for function in &functions {
            let detector = Detector {
                function: function.clone(),
                host_id: self.host_id.clone(),
                host_blobs: Arc::clone(storage),
                queue: Arc::clone(&queue),
                enqueued: Arc::clone(&enqueued),
                poll: self.blob_poll,
                again: Arc::clone(&self.deliver_again),
                events: self.events.clone(),
                counters: self.counters.clone(),
                stop: self.stop.clone(),
            };
            self.tasks.spawn(Box::pin(detector.run()));
        }
        let listener = Listener {
            functions,
            options: self.config.host.blobs.clone(),
            queue,
            enqueued,
            dispatch: Arc::clone(&self.dispatch),
            events: self.events.clone(),
            counters: self.counters.clone(),
            stop: self.stop.clone(),
        };
        self.tasks.spawn(Box::pin(listener.run()));
        Ok(())
    }
}

fn target(function: &FunctionConfig) -> Target {
    Target {
        function: function.name.clone(),
        retry: function.retry.clone(),
    }
}

fn blob_service(account: &StorageAccount) -> Result<BlobServiceClient, HostError> {
    account
        .blob_service()
        .map_err(|error| HostError::storage(chain(&error)))
}
