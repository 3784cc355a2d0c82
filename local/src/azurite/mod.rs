//! Azurite, Microsoft's storage emulator, as a child process.
//!
//! It is installed from the lockfile of this repository with `npm ci`, once per machine, and speaks for blobs, queues and
//! tables on loopback. It ends when its [`Azurite`] is dropped, and also when the process that started it dies in any
//! way. It saves what it knows about blobs, messages and entities every few seconds and at its end, all of one moment:
//! an Azurite that is itself killed forgets a few seconds, and never the blobs that its entities name. It is not killed
//! while it can still save, and the next one on the same data waits until it has.
//!
//! Where it differs from the service: a taken blob name is a 409 (the service may say 412), user metadata may come back
//! in another case, tables are found by a whole scan, and a transaction's faulty step is not always named.

mod data;
mod error;
mod install;
mod process;
mod waiting;

use sluice::store::account::{EMULATOR_ACCOUNT, EMULATOR_KEY};

use data::Data;
pub use data::wait_until_unused;
pub use error::AzuriteError;
pub use install::{Progress, default_install_dir, installed_version};
pub use process::AzuriteOptions;
use process::{Running, command, spawn};
use waiting::Waiting;

/// A running Azurite. It ends when this is dropped.
#[derive(Debug)]
pub struct Azurite {
    running: Running,
    ports: [u16; 3],
}

impl Azurite {
    /// Installs Azurite where it is missing, starts it and returns when all of its services answer. Once the future is
    /// dropped, what was begun is ended at once.
    ///
    /// # Errors
    /// Fails if Node.js is missing, if the installation fails (it needs the npm registry the first time), or if a port
    /// is taken.
    pub async fn start(options: AzuriteOptions) -> Result<Self, AzuriteError> {
        let waiting = Waiting::default();
        let _waits = waiting.until_dropped();
        tokio::task::spawn_blocking(move || Self::start_while(&options, &waiting))
            .await
            .map_err(AzuriteError::Wait)?
    }

    /// The same, on the caller's thread.
    ///
    /// # Errors
    /// As [`Azurite::start`].
    pub fn start_blocking(options: &AzuriteOptions) -> Result<Self, AzuriteError> {
        Self::start_while(options, &Waiting::default())
    }

    fn start_while(options: &AzuriteOptions, waiting: &Waiting) -> Result<Self, AzuriteError> {
        let install_dir = options.install_dir.clone();
        let program = install::ensure(
            &install_dir.unwrap_or_else(default_install_dir),
            options.progress.as_ref(),
            waiting,
        )?;
        let data = options.data_dir.as_deref();
        let data = data.map(|dir| Data::take(dir, options.progress.as_ref(), waiting));
        let data = data.transpose()?;
        let command = command(&program, options.ports, data.as_ref());
        let (mut running, output) = spawn(command, data)?;
        let ports = running.wait_until_it_listens(&output, waiting)?;
        Ok(Self { running, ports })
    }

    /// Returns the ports for blobs, queues and tables.
    #[must_use]
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// Returns the connection string of the emulator's account, which any Azure tool takes.
    #[must_use]
    pub fn connection_string(&self) -> String {
        let [blob, queue, table] = self.ports;
        format!(
            "DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY};\
             BlobEndpoint=http://127.0.0.1:{blob}/{EMULATOR_ACCOUNT};\
             QueueEndpoint=http://127.0.0.1:{queue}/{EMULATOR_ACCOUNT};\
             TableEndpoint=http://127.0.0.1:{table}/{EMULATOR_ACCOUNT};"
        )
    }

    /// Returns its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.running.process_id()
    }

    /// Returns how it ended, if it has ended by itself.
    #[must_use]
    pub fn ended(&mut self) -> Option<String> {
        self.running.ended()
    }

    /// Ends Azurite and returns when its data is saved.
    ///
    /// # Errors
    /// Fails if it cannot be waited for.
    pub async fn shutdown(mut self) -> Result<(), AzuriteError> {
        let ending = tokio::task::spawn_blocking(move || drop(self.running.end()));
        ending.await.map_err(AzuriteError::Wait)
    }
}

#[cfg(test)]
mod tests {
    use azure_storage_queue::models::QueueMessage;
    use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};
    use sluice::store::account::StorageAccount;

    use super::*;

    #[tokio::test]
    async fn an_accounts_options_authorise_its_queues() {
        let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
        let text = azurite.connection_string();
        let account = StorageAccount::from_connection_string("Test", &text).unwrap();
        let options = QueueServiceClientOptions {
            client_options: account.client_options(),
            ..QueueServiceClientOptions::default()
        };
        let url = account.queue_service_url().unwrap();
        let service = QueueServiceClient::new(url, account.credential(), Some(options)).unwrap();

        let queue = service.queue_client("poison").unwrap();
        queue.create(None).await.unwrap();
        let message = QueueMessage {
            message_text: Some("words".to_owned()),
        };
        queue
            .send_message(message.try_into().unwrap(), None)
            .await
            .unwrap();
        let received = queue
            .receive_messages(None)
            .await
            .unwrap()
            .into_model()
            .unwrap();
        let words: Vec<_> = received
            .items
            .into_iter()
            .flatten()
            .map(|message| message.message_text)
            .collect();
        assert_eq!(words, [Some("words".to_owned())]);
    }
}
