//! A folder of Azurite's data, which one Azurite uses at a time.
//!
//! What is held is the file that the process writes its errors to. The process inherits it, so that it is held until that
//! process has saved and ended, also when the one that started it was killed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::error::AzuriteError;
use super::install::Progress;
use super::waiting::{LOOK, Waiting};
use crate::held_file::hold;

/// Where Azurite's own errors go.
const LOG: &str = "azurite.log";
/// How long an Azurite that has lost its parent may take to save: longer than it is given at its proper end.
const WAIT: Duration = Duration::from_secs(90);
/// How long is waited before that is worth a word.
const SILENCE: Duration = Duration::from_secs(2);

/// A folder that no other Azurite uses for as long as this lives, or a process that inherited it.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) dir: PathBuf,
    log: File,
    /// Where the log ended when the folder was taken.
    from: u64,
}

impl Data {
    /// Makes the folder where it is missing, and waits until no other Azurite uses it.
    pub(super) fn take(
        dir: &Path,
        progress: Option<&Progress>,
        waiting: &Waiting,
    ) -> Result<Self, AzuriteError> {
        let files = |source| AzuriteError::Files {
            path: dir.to_owned(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(files)?;
        let dir = std::path::absolute(dir).map_err(files)?;
        let mut log = take_log(&dir, progress, waiting)?;
        let from = log.seek(SeekFrom::End(0)).map_err(files)?;
        Ok(Self { dir, log, from })
    }

    /// Returns the log as a process's output for errors.
    pub(super) fn errors(&self) -> Result<Stdio, AzuriteError> {
        let log = self.log.try_clone().map_err(|source| AzuriteError::Files {
            path: self.dir.join(LOG),
            source,
        })?;
        Ok(log.into())
    }

    /// Returns what was logged since the folder was taken.
    pub(super) fn said(&self) -> std::io::Result<String> {
        let mut log = File::open(self.dir.join(LOG))?;
        log.seek(SeekFrom::Start(self.from))?;
        let mut said = Vec::new();
        log.read_to_end(&mut said)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// Waits until no Azurite uses the data in `dir` any more: one whose parent was killed may still be saving.
///
/// # Errors
/// Fails if it is still in use after a minute and a half, or if the folder cannot be read.
pub fn wait_until_unused(dir: &Path, progress: Option<&Progress>) -> Result<(), AzuriteError> {
    match dir.join(LOG).exists() {
        true => Data::take(dir, progress, &Waiting::default()).map(drop),
        false => Ok(()),
    }
}

fn take_log(
    dir: &Path,
    progress: Option<&Progress>,
    waiting: &Waiting,
) -> Result<File, AzuriteError> {
    let path = dir.join(LOG);
    let started = Instant::now();
    let mut said = false;
    loop {
        match hold(&path) {
            Ok(Some(log)) => return Ok(log),
            Ok(None) if started.elapsed() > WAIT => {
                let dir = dir.to_owned();
                return Err(AzuriteError::InUse { dir });
            }
            Ok(None) => {}
            Err(source) => return Err(AzuriteError::Files { path, source }),
        }
        if let Some(progress) = progress.filter(|_| !said && started.elapsed() > SILENCE) {
            progress("waiting for the storage of the last run, which is still saving its data");
            said = true;
        }
        waiting.check()?;
        std::thread::sleep(LOOK);
    }
}
