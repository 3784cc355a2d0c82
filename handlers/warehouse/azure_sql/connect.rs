//! Opens connections: TCP, TLS, tokens, redirects.
//!
//! A database that resumes is waited for; every other failure is the caller's to repeat, with the whole of what it was
//! doing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId,
};
use futures::TryStreamExt;
use tiberius::error::{Error, IoErrorKind};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row, ToSql};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::ado::{AdoSettings, Authentication, Encryption};
use super::errors::{failed, is_resuming};
use super::read;
use super::statements::dml;
use crate::clock::{Clock, SystemClock};
use crate::retry::{Backoff, Deadline};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::model::Answer;
use crate::warehouse::options::Options;

/// What tokens are for.
const SCOPE: &str = "https://database.windows.net/.default";
/// How long before its token expires a connection is no longer used.
const TOKEN_MARGIN: Duration = Duration::from_secs(300);
/// How long a database that resumes is waited for.
const RESUME_TIME: Duration = Duration::from_secs(75);
/// How many servers may pass a login on.
const MAX_REDIRECTS: u32 = 4;
/// How the connection is called in the server's views.
const APPLICATION: &str = "sluice";

/// Opens connections to one database.
#[derive(Clone)]
pub(super) struct Connector {
    settings: AdoSettings,
    /// What tokens come from, where tokens log in.
    pub(super) credential: Option<Arc<dyn TokenCredential>>,
    /// How often its sessions were answered, but for logging in.
    pub(super) round_trips: Arc<AtomicU64>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("host", &self.settings.host)
            .field("database", &self.settings.database)
            .finish_non_exhaustive()
    }
}

/// An open connection.
pub(super) struct Session {
    client: Client<Compat<TcpStream>>,
    /// When its token is about to expire.
    renew_at: Option<Instant>,
    /// When it was last known to be alive.
    alive_at: Instant,
    /// Counts what all sessions ask.
    round_trips: Arc<AtomicU64>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver's own would show what is in its buffers.
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Connector {
    /// Makes a connector; nothing is opened yet.
    ///
    /// # Errors
    /// Fails if the credential cannot be set up.
    pub(super) fn new(settings: AdoSettings, options: &Options) -> Result<Self, String> {
        let credential = credential(&settings.authentication, options)?;
        Ok(Self {
            settings,
            credential,
            round_trips: Arc::default(),
        })
    }

    /// Opens a connection, and waits for a database that resumes.
    pub(super) async fn open(&self) -> Result<Session, WarehouseError> {
        let deadline = Deadline::after(RESUME_TIME);
        let mut backoff = Backoff::default();
        loop {
            match self.open_now().await? {
                Ok(session) => return Ok(session),
                Err(_) if backoff.wait(deadline).await => {}
                Err(resuming) => return Err(resuming),
            }
        }
    }

    /// Opens a connection; the inner error is that of a database that resumes.
    pub(super) async fn open_now(&self) -> Result<Result<Session, WarehouseError>, WarehouseError> {
        let (token, renew_at) = self.token().await?;
        let client = match self.log_in(token.as_deref()).await {
            Ok(client) => client,
            Err(error) => {
                let is_resuming = is_resuming(&error);
                let error = failed("connect to", &self.settings.host)(error);
                return match is_resuming {
                    true => Ok(Err(error)),
                    false => Err(error),
                };
            }
        };
        let mut session = Session {
            client,
            renew_at,
            alive_at: Instant::now(),
            round_trips: Arc::clone(&self.round_trips),
        };
        let prepared = session.run(dml::SESSION).await;
        prepared.map_err(failed("open a session in", &self.settings.database))?;
        Ok(Ok(session))
    }

    /// Returns a token and when to renew it, where tokens log in. The credential keeps tokens and renews them.
    async fn token(&self) -> Result<(Option<String>, Option<Instant>), WarehouseError> {
        let Some(credential) = &self.credential else {
            return Ok((None, None));
        };
        let token = credential.get_token(&[SCOPE], None).await;
        let token = token.map_err(|error| WarehouseError::Statement {
            purpose: "get a token for",
            object: self.settings.host.clone(),
            kind: FailureKind::Transient,
            source: Box::new(error),
        })?;
        let left = token.expires_on.unix_timestamp() - SystemClock.now().0.div_euclid(1_000);
        let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
        let renew_at = Instant::now() + left.saturating_sub(TOKEN_MARGIN);
        Ok((Some(token.token.secret().to_owned()), Some(renew_at)))
    }

    /// Logs in with what encryption the settings ask for. A server without TLS cannot even encrypt the login, which
    /// is found out only by trying.
    async fn log_in(&self, token: Option<&str>) -> Result<Client<Compat<TcpStream>>, Error> {
        let (level, plain) = match self.settings.encryption {
            Encryption::Strict => (EncryptionLevel::Strict, None),
            Encryption::Required => (EncryptionLevel::Required, None),
            Encryption::LoginOnly => (EncryptionLevel::Off, Some(EncryptionLevel::NotSupported)),
            Encryption::Nothing => (EncryptionLevel::NotSupported, None),
        };
        match (self.log_in_with(level, token).await, plain) {
            (Err(Error::Tls(_) | Error::Protocol(_) | Error::Io { .. }), Some(plain)) => {
                self.log_in_with(plain, token).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn log_in_with(
        &self,
        level: EncryptionLevel,
        token: Option<&str>,
    ) -> Result<Client<Compat<TcpStream>>, Error> {
        let (mut host, mut port) = (self.settings.host.clone(), self.settings.port);
        for _ in 0..MAX_REDIRECTS {
            let config = self.config(&host, port, (level, token));
            let stream = self.reach(&host, port).await?;
            match Box::pin(Client::connect(config, stream.compat_write())).await {
                Err(Error::Routing { host: to, port: at }) => (host, port) = (to, at),
                outcome => return outcome,
            }
        }
        Err(Error::Protocol("the server redirects in a circle".into()))
    }

    async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, Error> {
        let connecting = TcpStream::connect((host, port));
        let stream = tokio::time::timeout(self.settings.connect_timeout, connecting).await;
        let stream = stream.map_err(|_| Error::Io {
            kind: IoErrorKind::TimedOut,
            message: "the server did not answer".to_owned(),
        })??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn config(
        &self,
        host: &str,
        port: u16,
        (level, token): (EncryptionLevel, Option<&str>),
    ) -> Config {
        let settings = &self.settings;
        let mut config = Config::new();
        config.host(host);
        config.port(port);
        config.database(&settings.database);
        config.application_name(settings.application.as_deref().unwrap_or(APPLICATION));
        config.encryption(level);
        if settings.trust_certificate {
            config.trust_cert();
        }
        if let Some(name) = &settings.certificate_host {
            config.hostname_in_certificate(name);
        }
        config.handshake_timeout(Some(settings.connect_timeout));
        config.command_timeout(Some(settings.command_timeout));
        match (&settings.authentication, token) {
            (Authentication::SqlPassword { user, password }, _) => {
                config.authentication(AuthMethod::sql_server(user, password.secret()));
            }
            (_, Some(token)) => config.authentication(AuthMethod::aad_token(token)),
            (_, None) => {}
        }
        config
    }
}

/// Returns what tokens come from, where tokens log in.
fn credential(
    authentication: &Authentication,
    options: &Options,
) -> Result<Option<Arc<dyn TokenCredential>>, String> {
    let refused = |error: azure_core::Error| format!("its identity cannot be used: {error}");
    let client_id = match authentication {
        Authentication::SqlPassword { .. } => return Ok(None),
        Authentication::Default { .. } if !options.on_azure => {
            return Ok(Some(DeveloperToolsCredential::new(None).map_err(refused)?));
        }
        Authentication::ManagedIdentity { client_id } | Authentication::Default { client_id } => {
            client_id.clone().or_else(|| options.client_id.clone())
        }
    };
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: client_id.map(UserAssignedId::ClientId),
        ..ManagedIdentityCredentialOptions::default()
    };
    let credential = ManagedIdentityCredential::new(Some(options)).map_err(refused)?;
    Ok(Some(credential))
}

impl Session {
    /// Runs a batch without parameters and returns its rows.
    pub(super) async fn run(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let results = self.client.simple_query(sql).await?.into_results().await?;
        self.answered(1);
        Ok(results.into_iter().flatten().collect())
    }

    /// Runs a batch without parameters and hands each of its rows over as it comes.
    pub(super) async fn visit(
        &mut self,
        sql: &str,
        mut visit: impl FnMut(Row),
    ) -> Result<(), Error> {
        let stream = self.client.simple_query(sql).await?;
        let mut rows = stream.into_row_stream();
        while let Some(row) = rows.try_next().await? {
            visit(row);
        }
        drop(rows);
        self.answered(1);
        Ok(())
    }

    /// Runs a query and returns its first rows. What comes after them is not read, and the connection then of no more use.
    pub(super) async fn select(&mut self, sql: &str, most: usize) -> Result<Answer, Error> {
        let mut stream = self.client.simple_query(sql).await?;
        let columns = stream.columns().await?;
        let columns = columns.unwrap_or_default().iter().map(read::column_kind);
        let mut answer = Answer {
            columns: columns.collect(),
            ..Answer::default()
        };
        let mut rows = stream.into_row_stream();
        while let Some(row) = rows.try_next().await? {
            if answer.rows.len() == most {
                answer.is_cut = true;
                break;
            }
            answer.rows.push(read::any_cells(row)?);
        }
        drop(rows);
        self.answered(1);
        Ok(answer)
    }

    /// Runs a query with parameters and returns its rows.
    pub(super) async fn query(
        &mut self,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<Vec<Row>, Error> {
        let stream = self.client.query(sql, parameters).await?;
        let results = stream.into_results().await?;
        self.answered(1);
        Ok(results.into_iter().flatten().collect())
    }

    /// Runs a statement with parameters and returns how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<u64, Error> {
        let changed = self.client.execute(sql, parameters).await?.total();
        self.answered(1);
        Ok(changed)
    }

    /// Loads rows into a table.
    pub(super) async fn load(
        &mut self,
        table: &str,
        rows: impl Iterator<Item = tiberius::TokenRow<'static>> + Send,
    ) -> Result<(), Error> {
        let mut request = self.client.bulk_insert(table).await?;
        for row in rows {
            request.send(row).await?;
        }
        request.finalize().await?;
        // The columns, the statement and the rows.
        self.answered(3);
        Ok(())
    }

    /// Notes that the server has answered.
    fn answered(&mut self, times: u64) {
        self.alive_at = Instant::now();
        self.round_trips.fetch_add(times, Ordering::Relaxed);
    }

    /// Returns whether the connection can be used: its token lasts, and it answers if it was idle for a while.
    pub(super) async fn is_usable(&mut self, idle: Duration) -> bool {
        let now = Instant::now();
        if self.renew_at.is_some_and(|renew_at| renew_at <= now) {
            return false;
        }
        now.duration_since(self.alive_at) < idle || self.run(dml::PROBE).await.is_ok()
    }
}
