//! Which running pipeline a command is about, if any: what the command line names never falls through to another.

use std::path::{Path, PathBuf};

use super::names::names_pipeline;
use crate::output::shell_word;
use crate::target::announcement::Values;
use crate::target::running::{
    Answer, Probe, RunningError, Stack, Stacks, dataset_name, is_not_there,
};

/// Where `up` keeps the state of pipelines, unless it is told.
pub(crate) const DEFAULT_STATE_DIR: &str = ".sluice";

/// The storage of the first pipeline on a machine.
const FIRST_STORAGE: &str = "UseDevelopmentStorage=true";

/// Where a command looks for the pipeline that it is about.
pub(super) struct Places<'a> {
    pub(super) here: &'a Path,
    pub(super) root: &'a Path,
    pub(super) environment: &'a Values,
    /// What the command line names.
    pub(super) state_dir: Option<&'a Path>,
    pub(super) dataset: Option<PathBuf>,
}

impl Places<'_> {
    /// Finds a pipeline that runs: that of the dataset, or the only one. What the command line names must run; without
    /// that, what the environment names comes first.
    pub(super) async fn find_stack(
        &self,
        probe: &impl Probe,
    ) -> Result<Option<Stack>, RunningError> {
        let default = Path::new(DEFAULT_STATE_DIR);
        let folder = self.root.join(self.state_dir.unwrap_or(default));
        let is_named = names_pipeline(self.environment);
        let must_run = self.state_dir.is_some() || self.dataset.is_some() && !is_named;
        if is_named && self.state_dir.is_none() {
            if let Some(file) = &self.dataset {
                self.only_that_of_the_environment(file, &folder, probe)
                    .await?;
            }
            return Ok(None);
        }
        let dataset = match (&self.dataset, self.environment.get("dataset")) {
            (Some(file), _) => Some(dataset_name(file)?),
            // Without a pipeline that must run the file is read again, and reported, where it is needed.
            (None, Some(file)) if !must_run => match dataset_name(&self.root.join(file)) {
                Ok(name) => Some(name),
                Err(_) => return Ok(None),
            },
            (None, _) => None,
        };
        let stacks = Stacks::look(&folder, dataset.as_deref(), probe).await;
        let missing = stacks.not_running(&folder, dataset.as_deref(), self.state_dir.is_some());
        match stacks.choose(&folder, self.here)? {
            None if must_run => Err(missing.beside(&self.others(&folder, probe).await)),
            found => Ok(found),
        }
    }

    /// Lists the pipelines that run with their state in this folder, in that where it is unless `up` is told, or with the
    /// storage at the ports that the first one on a machine gets.
    async fn others(&self, folder: &Path, probe: &impl Probe) -> Vec<String> {
        let default = self.root.join(DEFAULT_STATE_DIR);
        let mut lines = Stacks::look(folder, None, probe).await.listed(self.here);
        if default != folder {
            lines.extend(Stacks::look(&default, None, probe).await.listed(self.here));
        }
        if let Answer::Pipeline(marker) = probe.ask(FIRST_STORAGE).await {
            let state = marker.state_dir.display().to_string();
            if !lines.iter().any(|line| line.contains(&state)) {
                let parent = marker.state_dir.parent().unwrap_or(&marker.state_dir);
                let parent = shell_word(&parent.display().to_string());
                lines.push(format!(
                    "one with its state in {state}: --state-dir {parent}"
                ));
            }
        }
        lines
    }

    /// Fails if the dataset file of the command line may be about another pipeline than the one that the environment names.
    async fn only_that_of_the_environment(
        &self,
        file: &Path,
        folder: &Path,
        probe: &impl Probe,
    ) -> Result<(), RunningError> {
        let name = match dataset_name(file) {
            Ok(name) => name,
            Err(error) if is_not_there(&error) => return Err(error.into()),
            // A file that is none is reported where it is read.
            Err(_) => return Ok(()),
        };
        if Stacks::look(folder, Some(&name), probe).await.is_any() {
            return Err(RunningError::Both {
                dataset: name,
                state_dir: folder.to_owned(),
            });
        }
        let theirs = self.environment.get("dataset");
        let theirs = theirs.and_then(|file| dataset_name(&self.root.join(file)).ok());
        match theirs.filter(|theirs| *theirs != name) {
            Some(theirs) => Err(RunningError::Otherwise {
                dataset: name,
                theirs,
            }),
            None => Ok(()),
        }
    }
}
