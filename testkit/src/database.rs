//! Databases for gold, which several processes open.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Build, Prepared, Standing, Warehouse, connect};

/// A database that can be opened again and again.
#[async_trait]
pub trait Database: Debug + Send + Sync {
    /// Opens it as another process would.
    fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse>;

    /// Returns a text as it is shown; its group is known by the exact one.
    fn shows(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Opens it with all of its books.
    async fn ready(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let warehouse = self.open(schema);
        prepare(&*warehouse).await;
        warehouse
    }
}

/// Makes a database complete for the first build; returns what there is then.
pub async fn prepare(warehouse: &dyn Warehouse) -> Standing {
    match warehouse.prepare(&Build::default()).await.unwrap() {
        Prepared::Ready(standing) => *standing,
        Prepared::Replaced => panic!("no later build has run"),
    }
}

/// A file of SQLite's in a folder of its own, removed at the end.
#[derive(Debug)]
pub struct SqliteFile(tempfile::TempDir);

impl SqliteFile {
    /// Makes the folder; the file comes with the first use.
    #[must_use]
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Returns where the file is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.path().join("gold.db")
    }
}

impl Default for SqliteFile {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Database for SqliteFile {
    fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let setting = format!("sqlite:{}", self.path().display());
        connect(&setting, schema.clone()).unwrap()
    }
}
