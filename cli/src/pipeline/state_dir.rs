//! The folder of a pipeline's state, which one command uses at a time.

use crate::output::say;
use crate::target::{Written, database};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use sluice::event::UnixMillis;
use sluice_local::azurite::{AzuriteError, wait_until_unused};
use sluice_local::held_file::hold;
use thiserror::Error;

/// Locked for as long as the folder is in use; holds the id of the process.
const LOCK: &str = "lock";

/// Why a state cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    /// The folder, or a file in it, cannot be used.
    #[error("use the state in {} (--state-dir says where states are kept)", path.display())]
    Use { path: PathBuf, source: io::Error },
    /// Another process uses it.
    #[error(
        "the state in {} is in use by another `sluice` (process {owner}{}), and nothing was touched: `sluice status` shows how far it is; end it first, or give --state-dir another folder",
        path.display(), since.map_or_else(String::new, |since| format!(", since {since}"))
    )]
    InUse {
        path: PathBuf,
        owner: String,
        since: Option<UnixMillis>,
    },
    /// The storage of an earlier run does not end.
    #[error(transparent)]
    Storage(#[from] AzuriteError),
}

/// A state that no other command uses for as long as this lives.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Takes the folder, which is made where it is missing.
    ///
    /// # Errors
    /// Fails if another process uses it, or if it cannot be written to.
    pub(crate) fn take(path: &Path) -> Result<Self, StateError> {
        let fail = using(path);
        fs::create_dir_all(path).map_err(&fail)?;
        let mut lock = lock(path)?;
        lock.set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(&fail)?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Refuses a folder that another process uses; makes and keeps nothing.
    ///
    /// # Errors
    /// Fails if another process uses it, or if that cannot be told.
    pub(crate) fn refuse_in_use(path: &Path) -> Result<(), StateError> {
        match path.join(LOCK).is_file() {
            true => lock(path).map(drop),
            false => Ok(()),
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the storage's data.
    pub(crate) fn azurite(&self) -> PathBuf {
        self.path.join("azurite")
    }

    /// The setting `GoldDatabase` of a pipeline that has gold in no database.
    pub(crate) fn gold(&self) -> String {
        format!("sqlite:{}", self.path.join("gold.db").display())
    }

    /// What a pipeline with this state writes to.
    pub(crate) fn written(&self, dataset_file: &Path, gold: Option<&str>) -> Written {
        let gold = gold.map_or_else(|| self.gold(), str::to_owned);
        Written {
            dataset: Some(dataset_file.display().to_string()),
            storage: Some(format!("in {}", self.azurite().display())),
            hub: Some(format!("in {}", self.hubs().display())),
            database: Some(database(&gold)),
            whose: format!(
                "this command runs it with its state in {}",
                self.path.display()
            ),
        }
    }

    /// The folder of the event hub's data.
    pub(crate) fn hubs(&self) -> PathBuf {
        self.path.join("event-hubs")
    }

    /// Removes all that is in it but the lock. The storage of a run that was killed may still be saving; it is waited
    /// for.
    ///
    /// # Errors
    /// Fails if that storage does not end, or if something cannot be removed.
    pub(crate) fn clear(&self) -> Result<(), StateError> {
        let say: sluice_local::azurite::Progress = Arc::new(|line: &str| say(line));
        wait_until_unused(&self.azurite(), Some(&say))?;
        for entry in fs::read_dir(&self.path).map_err(using(&self.path))? {
            let entry = entry.map_err(using(&self.path))?;
            if entry.file_name() == LOCK {
                continue;
            }
            let path = entry.path();
            let is_folder = entry.file_type().map_err(using(&path))?.is_dir();
            let removed = match is_folder {
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            removed.map_err(using(&path))?;
        }
        Ok(())
    }

    /// Removes the folder with all that is in it.
    ///
    /// # Errors
    /// As [`StateDir::clear`].
    pub(crate) fn remove(&self) -> Result<(), StateError> {
        self.clear()?;
        fs::remove_dir_all(&self.path).map_err(using(&self.path))
    }
}

/// Takes the lock of a folder that is there.
fn lock(path: &Path) -> Result<File, StateError> {
    let (file, fail) = (path.join(LOCK), using(path));
    if let Some(lock) = hold(&file).map_err(&fail)? {
        return Ok(lock);
    }
    let owner = fs::read_to_string(&file).map_err(&fail)?;
    Err(StateError::InUse {
        path: path.to_owned(),
        owner: owner.trim().to_owned(),
        since: written(&file),
    })
}

/// When a file was written, to the second: that of the lock, when its owner took it.
fn written(file: &Path) -> Option<UnixMillis> {
    let written = file.metadata().and_then(|it| it.modified()).ok()?;
    let since = written.duration_since(UNIX_EPOCH).ok()?;
    let millis = since.as_secs().checked_mul(1_000)?;
    i64::try_from(millis).ok().map(UnixMillis)
}

fn using(path: &Path) -> impl Fn(io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::Use {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_in_use_is_refused_and_names_who_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders");
        let state = StateDir::take(&path).unwrap();
        fs::write(path.join("kept"), "kept").unwrap();
        let refused = StateDir::take(&path).unwrap_err().to_string();
        let id = std::process::id();
        let owner = format!("process {id}, since 2");
        assert!(refused.contains(&owner), "{refused}");
        assert!(refused.contains("`sluice status` shows"), "{refused}");
        assert!(path.join("kept").is_file());
        StateDir::refuse_in_use(&path).unwrap_err();
        drop(state);
        StateDir::refuse_in_use(&path).unwrap();
        StateDir::take(&path).unwrap();
        let nowhere = folder.path().join("sensors");
        StateDir::refuse_in_use(&nowhere).unwrap();
        assert!(!nowhere.exists());
    }

    #[test]
    fn a_state_is_cleared_under_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::take(&folder.path().join("orders")).unwrap();
        fs::create_dir_all(state.path().join("event-hubs/events")).unwrap();
        fs::write(state.path().join("gold.db"), "rows").unwrap();
        state.clear().unwrap();
        let left = fs::read_dir(state.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [LOCK]);
        StateDir::take(state.path()).unwrap_err();
        state.remove().unwrap();
        assert!(!state.path().exists());
    }

    #[test]
    fn a_folder_that_cannot_be_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = StateDir::take(&file.join("orders")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("file/orders (--state-dir"), "{text}");
    }
}
