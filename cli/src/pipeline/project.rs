//! The folder that a pipeline of this machine runs in: a checkout of Sluice, whose handler is built, or a project of
//! one's own, which has dataset files and settings; all else comes out of this command.

use std::path::{Path, PathBuf};

use super::checkout::{self, BuildError};
use crate::target::{self, HOST_FILE, LOCAL_FILE};

/// What the Functions host reads of an app, as in the repository.
const APP: [(&str, &str); 5] = [
    ("host.json", include_str!("../../../host.json")),
    (
        "bronze/function.json",
        include_str!("../../../functions/bronze/function.json"),
    ),
    (
        "silver/function.json",
        include_str!("../../../functions/silver/function.json"),
    ),
    (
        "gold/function.json",
        include_str!("../../../functions/gold/function.json"),
    ),
    (
        "maintain/function.json",
        include_str!("../../../functions/maintain/function.json"),
    ),
];
/// App settings for this machine, as in the repository.
pub(crate) const LOCAL_SETTINGS: &str = include_str!("../../../local.settings.json");

/// The program that the Functions host starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandlerProgram {
    pub(crate) file: PathBuf,
    /// What it is told on its command line, if anything.
    pub(crate) argument: Option<&'static str>,
}

impl From<PathBuf> for HandlerProgram {
    /// A handler by itself.
    fn from(file: PathBuf) -> Self {
        Self {
            file,
            argument: None,
        }
    }
}

/// A folder with an app, or with the settings of one.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the nearest one, here or above.
    ///
    /// # Errors
    /// Fails if there is none.
    pub(crate) fn find(from: &Path) -> Result<Self, String> {
        let root = target::app_root(from).map(Path::to_owned);
        root.map(|root| Self { root }).ok_or_else(|| {
            format!(
                "there is neither {LOCAL_FILE} nor {HOST_FILE} in {} or above; `sluice init NAME` makes a project",
                from.display()
            )
        })
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns whether the handler's source is here.
    fn is_checkout(&self) -> bool {
        self.root.join("handlers/main.rs").is_file() && self.root.join("cli/Cargo.toml").is_file()
    }

    /// Returns the handler: built where its source is, and this command itself elsewhere. A build ends when the future is
    /// dropped.
    ///
    /// # Errors
    /// Fails if it cannot be built.
    pub(crate) async fn handler(&self, release: bool) -> Result<HandlerProgram, BuildError> {
        if self.is_checkout() {
            return Ok(checkout::handler_apart(&self.root, release).await?.into());
        }
        Ok(HandlerProgram {
            file: std::env::current_exe().map_err(BuildError::Itself)?,
            argument: Some(crate::HANDLER_COMMAND),
        })
    }

    /// Returns the folder of the app: the project's own one, or `folder`, which is filled with that of this command and
    /// the project's settings.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub(crate) fn app(&self, folder: &Path) -> Result<PathBuf, String> {
        if self.root.join(HOST_FILE).is_file() {
            return Ok(self.root.clone());
        }
        for (name, content) in APP {
            write_file(&folder.join(name), content.as_bytes())?;
        }
        let path = folder.join(LOCAL_FILE);
        std::fs::copy(self.root.join(LOCAL_FILE), &path)
            .map_err(|error| format!("write {}: {error}", path.display()))?;
        Ok(folder.to_owned())
    }
}

/// Writes a file, and makes the folders that it is in.
///
/// # Errors
/// Fails with its name.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> Result<(), String> {
    let failed = |error| format!("write {}: {error}", path.display());
    // A file at the root of the file system is in none.
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, content).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_the_nearest_folder_with_an_app_or_its_settings() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        for file in [HOST_FILE, LOCAL_FILE] {
            let path = folder.path().join(file);
            std::fs::write(&path, "{}").unwrap();
            assert_eq!(Project::find(&below).unwrap().root(), folder.path());
            std::fs::remove_file(path).unwrap();
        }
        let error = Project::find(Path::new("/no/such")).unwrap_err();
        assert!(error.contains("`sluice init NAME`"), "{error}");
    }

    #[tokio::test]
    async fn a_project_without_an_app_runs_this_command_with_the_repository_s() {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = folder.path().join(LOCAL_FILE);
        std::fs::write(&settings, LOCAL_SETTINGS).unwrap();
        let project = Project::find(folder.path()).unwrap();
        let program = project.handler(false).await.unwrap();
        assert_eq!(program.argument, Some(crate::HANDLER_COMMAND));
        assert_eq!(program.file, std::env::current_exe().unwrap());
        let app = project.app(&state.path().join("app")).unwrap();
        let repository = target::in_memory::repository();
        for (name, _) in APP {
            let (ours, theirs) = (app.join(name), repository.join(name));
            assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(theirs).unwrap());
        }
        let config = sluice_local::functions_host::config::load(
            &app,
            &std::collections::BTreeMap::new(),
            &std::collections::BTreeMap::new(),
        );
        assert_eq!(config.unwrap().functions.len(), 4);
    }

    #[tokio::test]
    async fn an_app_of_one_s_own_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(HOST_FILE), "{}").unwrap();
        let project = Project::find(folder.path()).unwrap();
        assert_eq!(project.app(Path::new("/no/such")).unwrap(), folder.path());
    }
}
