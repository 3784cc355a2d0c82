//! What tests share that need more than memory.

pub(crate) mod stack;

use std::sync::OnceLock;

use sluice::store::account::StorageAccount;
use sluice_local::azurite::{Azurite, AzuriteOptions};

/// Returns the account of the one Azurite of this test binary, on free ports, in memory. Started by the first test that
/// asks; it ends with the test process, whichever way that ends.
pub(crate) async fn azurite() -> StorageAccount {
    tokio::task::spawn_blocking(|| {
        static AZURITE: OnceLock<Azurite> = OnceLock::new();
        let azurite = AZURITE.get_or_init(|| {
            Azurite::start_blocking(&AzuriteOptions::default()).expect("Azurite should start")
        });
        StorageAccount::from_connection_string("Test", &azurite.connection_string())
            .expect("Azurite's connection string should be one")
    })
    .await
    .expect("starting Azurite should not panic")
}

/// Returns a name that no other test uses: letters and digits, starting with a letter.
pub(crate) fn unique() -> String {
    format!("t{}", uuid::Uuid::new_v4().simple())
}
