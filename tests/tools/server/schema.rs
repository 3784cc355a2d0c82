//! A place on the server for one test.

use std::sync::Arc;

use async_trait::async_trait;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Options, Warehouse, connect_with};
use testkit::database::Database;
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt;

use crate::tool::Missing;

/// What names the server.
const VARIABLE: &str = "SLUICE_TEST_SQL";

/// Returns why no server can be tried, if none can. No test fails for it: CI has none either.
pub(super) fn missing() -> Option<Missing> {
    let is_set = std::env::var_os(VARIABLE).is_some();
    (!is_set).then(|| Missing {
        why: format!("{VARIABLE} is not set"),
        is_failure: false,
    })
}

/// A schema of its own on the server, removed at the end.
#[derive(Debug)]
pub(super) struct TestSchema {
    pub(super) string: String,
    pub(super) name: String,
}

impl TestSchema {
    pub(super) fn new() -> Self {
        let string = std::env::var(VARIABLE);
        Self {
            string: string.unwrap_or_else(|error| panic!("{VARIABLE}: {error}")),
            name: format!("sluice_test_{}", uuid::Uuid::new_v4().simple()),
        }
    }

    /// Opens it by way of another connection string.
    pub(super) fn open_at(&self, string: &str, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let options = Options {
            schema: Some(self.name.clone()),
            ..Options::default()
        };
        connect_with(string, &options, schema.clone()).unwrap()
    }

    /// Removes the schema and what is in it.
    async fn remove(string: &str, name: &str) -> tiberius::Result<()> {
        let config = tiberius::Config::from_ado_string(string)?;
        let stream = TcpStream::connect(config.get_addr()).await?;
        let connecting = tiberius::Client::connect(config, stream.compat_write());
        let mut client = Box::pin(connecting).await?;
        let objects = client
            .query(
                "SELECT CAST(o.[name] AS nvarchar(128)), CAST(o.[type] AS nvarchar(2)) FROM sys.objects AS o \
                 JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id] \
                 WHERE s.[name] = @P1 AND o.[type] IN ('U', 'V') ORDER BY o.[type] DESC",
                &[&name],
            )
            .await?
            .into_first_result()
            .await?;
        for object in objects {
            let text = |index: usize| object.get::<&str, _>(index).unwrap_or_default().trim();
            let kind = if text(1) == "V" { "VIEW" } else { "TABLE" };
            let drop = format!("DROP {kind} [{name}].[{}]", text(0));
            client.simple_query(drop).await?.into_results().await?;
        }
        let drop = format!("DROP SCHEMA [{name}]");
        client.simple_query(drop).await?.into_results().await?;
        Ok(())
    }
}

#[async_trait]
impl Database for TestSchema {
    fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        self.open_at(&self.string, schema)
    }

    fn shows(&self, text: &str) -> String {
        text.replace('\0', "\u{fffd}")
    }
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        let (string, name) = (self.string.clone(), self.name.clone());
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(Self::remove(&string, &name))
        });
        if let Ok(Err(error)) = removal.join() {
            eprintln!("schema {} was not removed: {error}", self.name);
        }
    }
}
