//! The storage of a pipeline on this machine belongs to one state directory: both hold the same random id.
//!
//! The first `up` that finds a storage without an owner makes its own state directory that, also with what an earlier
//! build left there. A state directory that has once found its id in its storage works on no other storage any more, and
//! no storage is taken over from another state directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sluice::store::StorageError;
use sluice::store::account::{AccountError, OWNER, Owner, StorageAccount};
use sluice::store::object::{AzureObjectStore, Metadata, ObjectPath, ObjectStore};
use thiserror::Error;
use uuid::Uuid;

/// The id, in the state directory.
const FILE: &str = "pipeline.json";

/// Why a storage cannot be that of a state directory.
#[derive(Debug, Error)]
pub(crate) enum OwnError {
    /// It belongs to another.
    #[error(
        "the storage in {} is that of another pipeline, whose state was in {}: it is left as it is. Start with the state that it belongs to, or afresh with `sluice up --clean`, which deletes it", .state_dir.display(), .owner.state_dir.display()
    )]
    Another { state_dir: PathBuf, owner: Owner },
    /// It belonged to this one, and no longer says so.
    #[error(
        "the storage in {} is not the one that this state began with: its mark is gone, so its data were removed or exchanged. Put them back, or start afresh with `sluice up --clean`", .state_dir.display()
    )]
    Exchanged { state_dir: PathBuf },
    /// The file with the id cannot be used.
    #[error("use {}, which says whose the storage is", .path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    /// The storage cannot be reached with its connection string.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// It does not say whose it is, or cannot be marked.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What a state directory keeps of its storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: String,
    /// A later start has found the id in the storage; before that a crash may have lost it there.
    is_settled: bool,
}

/// What is to be done about a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is ours.
    Settle,
    /// It is nobody's, and becomes ours.
    Mark,
}

fn decide(state_dir: &Path, kept: &Kept, found: Option<Owner>) -> Result<Step, OwnError> {
    let state_dir = || state_dir.to_owned();
    match found {
        Some(owner) if owner.id == kept.id => Ok(Step::Settle),
        Some(owner) => Err(OwnError::Another {
            state_dir: state_dir(),
            owner,
        }),
        None if kept.is_settled => Err(OwnError::Exchanged {
            state_dir: state_dir(),
        }),
        None => Ok(Step::Mark),
    }
}

/// Makes sure that a storage, which runs on the data in `state_dir`, belongs to that state; returns the id of both.
///
/// # Errors
/// Fails if it belongs to another, and changes nothing then.
pub(crate) async fn own(state_dir: &Path, account: &StorageAccount) -> Result<String, OwnError> {
    let kept = read(state_dir)?;
    let kept = match kept {
        Some(kept) => kept,
        None => Kept {
            id: Uuid::new_v4().to_string(),
            is_settled: false,
        },
    };
    let store = AzureObjectStore::new(account)?;
    let [container, name] = OWNER;
    let place = ObjectPath::new(container, name);
    if decide(state_dir, &kept, ask(&store, &place).await?)? == Step::Mark {
        // First: a storage with an id that no state directory knows would be nobody's for ever.
        write(state_dir, &kept)?;
        let owner = Owner {
            id: kept.id.clone(),
            state_dir: state_dir.to_owned(),
        };
        let content = serde_json::to_vec(&owner).map_err(|error| OwnError::File {
            path: state_dir.join(FILE),
            source: error.into(),
        })?;
        let metadata = Metadata::new();
        store.create(&place, content.into(), &metadata).await?;
        // Somebody else may have been faster.
        decide(state_dir, &kept, ask(&store, &place).await?)?;
    } else if !kept.is_settled {
        write(
            state_dir,
            &Kept {
                is_settled: true,
                ..kept.clone()
            },
        )?;
    }
    Ok(kept.id)
}

/// Asks a storage whose it is; nothing if it does not say, or nothing that can be understood.
async fn ask(store: &AzureObjectStore, place: &ObjectPath) -> Result<Option<Owner>, StorageError> {
    let content = store.get(place).await?;
    Ok(content.and_then(|content| serde_json::from_slice(&content).ok()))
}

fn read(state_dir: &Path) -> Result<Option<Kept>, OwnError> {
    let path = state_dir.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OwnError::File { path, source }),
    };
    let kept = serde_json::from_str(&text);
    kept.map(Some).map_err(|error| OwnError::File {
        path,
        source: error.into(),
    })
}

/// Replaces the file as a whole, or not at all.
fn write(state_dir: &Path, kept: &Kept) -> Result<(), OwnError> {
    let path = state_dir.join(FILE);
    let written = || {
        let new = path.with_extension("new");
        std::fs::write(&new, serde_json::to_string(kept)? + "\n")?;
        std::fs::rename(&new, &path)
    };
    written().map_err(|source| OwnError::File {
        path: path.clone(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use sluice_local::azurite::{Azurite, AzuriteOptions};

    use super::*;

    fn kept(id: &str, is_settled: bool) -> Kept {
        Kept {
            id: id.to_owned(),
            is_settled,
        }
    }

    fn owner(id: &str) -> Option<Owner> {
        Some(Owner {
            id: id.to_owned(),
            state_dir: "/theirs".into(),
        })
    }

    #[test]
    fn a_storage_becomes_a_state_s_once_and_is_taken_from_no_other() {
        let decide = |kept, found| decide(Path::new("/ours"), &kept, found);
        // New, or of a build that did not mark, or lost by a crash right after the mark.
        assert_eq!(decide(kept("a", false), None).unwrap(), Step::Mark);
        for is_settled in [false, true] {
            let mine = decide(kept("a", is_settled), owner("a"));
            assert_eq!(mine.unwrap(), Step::Settle);
            let theirs = decide(kept("a", is_settled), owner("b")).unwrap_err();
            let text = theirs.to_string();
            assert!(text.contains("whose state was in /theirs"), "{text}");
        }
        let gone = decide(kept("a", true), None).unwrap_err().to_string();
        assert!(gone.contains("/ours is not the one"), "{gone}");
    }

    async fn azurite() -> (Azurite, StorageAccount) {
        let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
        let text = azurite.connection_string();
        let account = StorageAccount::from_connection_string("LakeStorage", &text).unwrap();
        (azurite, account)
    }

    /// A store in a storage that a state owns, and an object in it.
    struct Owned {
        _state: tempfile::TempDir,
        azurite: Azurite,
        account: StorageAccount,
        lake: AzureObjectStore,
        place: ObjectPath,
    }

    async fn owned() -> Owned {
        let state = tempfile::tempdir().unwrap();
        let (azurite, account) = azurite().await;
        let id = own(state.path(), &account).await.unwrap();
        let lake = AzureObjectStore::new(&account.owned_by(Some(&id)).unwrap()).unwrap();
        let place = ObjectPath::new("bronze", "orders/x.jsonl");
        lake.put(&place, "{}".into()).await.unwrap();
        Owned {
            _state: state,
            azurite,
            account,
            lake,
            place,
        }
    }

    /// Ends an Azurite, and starts another one at its ports.
    async fn taken_over(first: Azurite) -> Azurite {
        let options = AzuriteOptions {
            ports: Some(first.ports()),
            ..AzuriteOptions::default()
        };
        first.shutdown().await.unwrap();
        Azurite::start(options).await.unwrap()
    }

    /// Checks that an error says who is there, and that nothing was written there.
    async fn refused(said: &str, account: &StorageAccount, place: &ObjectPath) {
        assert!(said.contains("somebody else has taken its port"), "{said}");
        let unwatched = AzureObjectStore::new(account).unwrap();
        let theirs = unwatched.get(place).await.unwrap();
        assert_eq!(theirs, None, "theirs is empty");
    }

    #[tokio::test]
    async fn a_storage_without_an_owner_is_marked_once_and_then_refuses_others() {
        let (_azurite, account) = azurite().await;
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let id = own(ours.path(), &account).await.unwrap();
        let again = own(ours.path(), &account).await.unwrap();
        assert_eq!(again, id);
        let kept = read(ours.path()).unwrap().unwrap();
        assert!(kept.is_settled && kept.id == id, "{kept:?}");
        let error = own(theirs.path(), &account).await.unwrap_err().to_string();
        assert!(
            error.contains(&ours.path().display().to_string()),
            "{error}"
        );
        assert!(!theirs.path().join(FILE).exists(), "nothing is changed");

        // What works on it has to say whose it is.
        let lake =
            |id: Option<&str>| AzureObjectStore::new(&account.owned_by(id).unwrap()).unwrap();
        let place = ObjectPath::new("bronze", "orders/x.jsonl");
        lake(Some(&id)).put(&place, "{}".into()).await.unwrap();
        for stranger in [None, Some("another")] {
            let error = lake(stranger).get(&place).await.unwrap_err();
            let text = sluice::error::chain(&error);
            assert!(text.contains("is that of another pipeline"), "{text}");
            assert!(!error.is_transient(), "{text}");
        }
    }

    #[tokio::test]
    async fn nobody_who_was_idle_meanwhile_writes_to_an_azurite_that_took_the_port() {
        let ours = owned().await;
        // Its connection is closed with that storage, and no request of its own tells it so.
        let _second = taken_over(ours.azurite).await;
        let error = ours.lake.put(&ours.place, "{}".into()).await.unwrap_err();
        assert!(!error.is_transient(), "{error}");
        let said = sluice::error::chain(&error);
        refused(&said, &ours.account, &ours.place).await;
    }

    #[tokio::test]
    async fn an_azurite_that_takes_a_dead_one_s_port_is_not_written_to() {
        let ours = owned().await;
        let work = tokio::spawn({
            let (lake, place) = (ours.lake, ours.place.clone());
            async move {
                loop {
                    if let Err(error) = lake.get(&place).await
                        && !error.is_transient()
                    {
                        return sluice::error::chain(&error);
                    }
                }
            }
        });
        let _second = taken_over(ours.azurite).await;
        let patience = std::time::Duration::from_secs(60);
        let said = tokio::time::timeout(patience, work).await;
        refused(&said.unwrap().unwrap(), &ours.account, &ours.place).await;
    }
}
