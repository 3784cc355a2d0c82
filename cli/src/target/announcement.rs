//! How a pipeline of `sluice up` is known: by a file beside its state, with its connections and a token of this run, and
//! by the same token in its storage and its event hub.
//!
//! The file alone proves nothing: `up` may have been killed, and somebody else may have its ports now. The token in the
//! storage tells who answers there.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sluice::store::account::StorageAccount;
use sluice::store::object::{AzureObjectStore, ObjectPath, ObjectStore};
use uuid::Uuid;

/// Settings by name.
pub(crate) type Values = BTreeMap<String, String>;

/// Where a running pipeline leaves its connections, in its dataset's folder.
pub(super) const STACK_FILE: &str = "settings.json";
/// The container and the name of what the storage says of its pipeline.
const MARKER: [&str; 2] = ["sluice-up", "pipeline.json"];
/// How long it may take to say goodbye to a storage that is about to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// What storage and event hub of a pipeline say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// Random, of one run of `up`.
    pub(super) token: String,
    /// Where that run keeps the dataset's state.
    pub(super) state_dir: PathBuf,
}

impl Marker {
    /// That of a new run, with its state in `state_dir`.
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            token: Uuid::new_v4().to_string(),
            state_dir: state_dir.to_owned(),
        }
    }

    /// What the event hub says of it, a line of JSON.
    ///
    /// # Errors
    /// Fails if the folder's name is not Unicode.
    pub(crate) fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// A pipeline that other commands find.
#[derive(Debug)]
pub(crate) struct Announced {
    file: PathBuf,
    lake: Arc<dyn ObjectStore>,
}

/// Tells the other commands where a running pipeline is.
///
/// # Errors
/// Fails if its storage or the file cannot be written.
pub(crate) async fn announce(
    marker: &Marker,
    settings: &Values,
    account: &StorageAccount,
) -> Result<Announced, Box<dyn Error + Send + Sync>> {
    let state_dir = &marker.state_dir;
    let lake = Arc::new(AzureObjectStore::new(account)?);
    lake.put(&place(), serde_json::to_vec(marker)?.into())
        .await?;
    let file = write(state_dir, settings, &marker.token)
        .map_err(|source| format!("write {STACK_FILE} in {}: {source}", state_dir.display()))?;
    Ok(Announced { file, lake })
}

impl Announced {
    /// Takes it back, as far as that is still possible: left behind it does no harm, for nothing repeats its token.
    pub(crate) async fn retract(self) {
        let _ = std::fs::remove_file(&self.file);
        let _ = tokio::time::timeout(GOODBYE, self.lake.delete(&place())).await;
    }
}

/// Writes the file, for the eyes of its owner only: it may hold the password of a database.
pub(super) fn write(state_dir: &Path, settings: &Values, token: &str) -> io::Result<PathBuf> {
    let file = state_dir.join(STACK_FILE);
    let content = json!({ "IsEncrypted": false, "Token": token, "Values": settings });
    // One that a killed run has left may have been readable to all.
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(&file)?
        .write_all(format!("{content:#}\n").as_bytes())?;
    Ok(file)
}

/// Reads what a storage says of its pipeline; nothing if it says nothing, or what nobody understands.
pub(super) async fn read_marker(account: &StorageAccount) -> Option<Marker> {
    let lake = AzureObjectStore::new(account).ok()?;
    let content = lake.get(&place()).await.ok()??;
    serde_json::from_slice(&content).ok()
}

fn place() -> ObjectPath {
    let [container, name] = MARKER;
    ObjectPath::new(container, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owner_s_only_even_where_an_older_one_was_not() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join(STACK_FILE);
        std::fs::write(&old, "{}").unwrap();
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).unwrap();
        let values = Values::from([("GoldDatabase".to_owned(), "Password=p".to_owned())]);
        let file = write(folder.path(), &values, "t").unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((file.as_path(), mode), (old.as_path(), 0o600));
        let text = std::fs::read_to_string(file).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["Values"]["GoldDatabase"], "Password=p");
        assert_eq!(read["Token"], "t");
    }
}
