//! Gold on a server that speaks TDS: Azure SQL Database, SQL Server or Babelfish.
//!
//! These tests, and those of `gold_warehouse` for the server, run when `SLUICE_TEST_SQL` is an ADO connection string
//! of a database in which schemas may be created. Readers must see the last committed state while others write, which
//! is so on Azure SQL Database and Babelfish; on SQL Server READ_COMMITTED_SNAPSHOT must be on. Each test has a schema
//! of its own and removes it; none is skipped on any server. A proxy stands between client and server in some, so the
//! string must trust the server's certificate or do without one.

mod proxy;

use std::io::Write;
use std::sync::{Arc, Once};
use std::time::Instant;

use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{FailureKind, Options, Warehouse, connect_with};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt;

use crate::gold_warehouse::{HOURLY, apply, everything, hourly, run, schema};
use proxy::Proxy;

const VARIABLE: &str = "SLUICE_TEST_SQL";

/// Says once for all tests, and past the capture of their output, what was not tried.
fn skip(why: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    });
}

/// A schema of its own on the server, removed at the end.
pub(crate) struct TestSchema {
    string: String,
    name: String,
}

impl TestSchema {
    pub(crate) fn new() -> Option<Self> {
        let Ok(string) = std::env::var(VARIABLE) else {
            skip(&format!("{VARIABLE} is not set, so no server was tried"));
            return None;
        };
        let name = format!("sluice_test_{}", uuid::Uuid::new_v4().simple());
        Some(Self { string, name })
    }

    pub(crate) fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        self.open_at(&self.string, schema)
    }

    fn open_at(&self, string: &str, schema: &GoldSchema) -> Arc<dyn Warehouse> {
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

#[tokio::test]
async fn a_connection_cut_anywhere_leaves_all_or_nothing() {
    let Some(place) = TestSchema::new() else {
        return;
    };
    let schema = schema();
    let direct = place.open(&schema);
    direct.ensure().await.unwrap();
    let first = vec![hourly(1, 1, Some((5, 5, 5)), None)];
    assert!(
        apply(&*direct, run(&schema, HOURLY, None, 1), first)
            .await
            .unwrap()
    );
    let before = everything(&*direct).await;

    let proxy = Proxy::start(&place.string).await;
    let rows = || {
        vec![
            hourly(1, 2, Some((7, 3, 4)), Some(9)),
            hourly(2, 1, None, None),
        ]
    };
    let mut cuts = 0;
    for messages in 0.. {
        proxy.cut_after(messages);
        let through = place.open_at(&proxy.string, &schema);
        let outcome = apply(&*through, run(&schema, HOURLY, Some(1), 2), rows()).await;
        let Err(error) = outcome else {
            break;
        };
        cuts += 1;
        match error.kind() {
            FailureKind::Transient => assert_eq!(everything(&*direct).await, before),
            // All or nothing: what is there is compared below.
            FailureKind::Ambiguous => {}
            FailureKind::Permanent => panic!("{error:?}"),
        }
    }
    assert!(cuts > 10, "{cuts}");
    let after = everything(&*direct).await;
    let expected = TestSchema::new().unwrap();
    let undisturbed = expected.open(&schema);
    undisturbed.ensure().await.unwrap();
    let first = vec![hourly(1, 1, Some((5, 5, 5)), None)];
    assert!(
        apply(&*undisturbed, run(&schema, HOURLY, None, 1), first)
            .await
            .unwrap()
    );
    assert!(
        apply(&*undisturbed, run(&schema, HOURLY, Some(1), 2), rows())
            .await
            .unwrap()
    );
    assert_eq!(after, everything(&*undisturbed).await);
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_bulk_load_changes_nothing() {
    let Some(place) = TestSchema::new() else {
        return;
    };
    let schema = schema();
    let direct = place.open(&schema);
    direct.ensure().await.unwrap();
    let before = everything(&*direct).await;
    let proxy = Proxy::start(&place.string).await;
    let rows: Vec<_> = (0..20_000)
        .map(|hour| hourly(hour, 1, Some((1, 1, 1)), None))
        .collect();
    // So many bytes are on their way only while rows are loaded.
    proxy.cut_after_bytes(200_000);
    let through = place.open_at(&proxy.string, &schema);
    let error = apply(&*through, run(&schema, HOURLY, None, 1), rows.clone()).await;
    assert_eq!(error.unwrap_err().kind(), FailureKind::Transient);
    assert_eq!(everything(&*direct).await, before);
    assert!(
        apply(&*direct, run(&schema, HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_hundred_thousand_groups_are_merged_in_seconds() {
    let Some(place) = TestSchema::new() else {
        return;
    };
    let schema = schema();
    let warehouse = place.open(&schema);
    warehouse.ensure().await.unwrap();
    let rows: Vec<_> = (0..100_000)
        .map(|hour| hourly(hour, 1, Some((100, 100, 100)), Some(1)))
        .collect();
    for (from, to) in [(None, 1), (Some(1), 2)] {
        let started = Instant::now();
        let outcome = apply(&*warehouse, run(&schema, HOURLY, from, to), rows.clone()).await;
        assert!(outcome.unwrap());
        eprintln!("100,000 groups: {:.1} s", started.elapsed().as_secs_f64());
        assert!(started.elapsed().as_secs() < 60);
    }
}

#[tokio::test]
async fn the_script_makes_what_the_handler_then_finds_complete() {
    let Some(place) = TestSchema::new() else {
        return;
    };
    let schema = schema();
    let script = sluice::warehouse::azure_sql::script(&schema, Some(&place.name)).unwrap();
    let config = tiberius::Config::from_ado_string(&place.string).unwrap();
    let stream = TcpStream::connect(config.get_addr()).await.unwrap();
    let connecting = tiberius::Client::connect(config, stream.compat_write());
    let mut client = Box::pin(connecting).await.unwrap();
    for _ in 0..2 {
        for batch in script
            .split("GO\n")
            .filter(|batch| !batch.trim().is_empty())
        {
            let results = client.simple_query(batch).await.unwrap();
            results.into_results().await.unwrap();
        }
    }
    let warehouse = place.open(&schema);
    warehouse.ensure().await.unwrap();
    let rows = vec![hourly(1, 1, None, None)];
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
}
