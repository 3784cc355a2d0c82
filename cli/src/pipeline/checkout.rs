//! The checkout that a command runs in, and the executables that are built from it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use thiserror::Error;
use tokio::process::Command;

/// An executable that is not there.
#[derive(Debug, Error)]
pub(crate) enum BuildError {
    /// Cargo cannot be run.
    #[error("run cargo to build the {0}")]
    Cargo(&'static str, #[source] std::io::Error),
    /// This command cannot find itself.
    #[error("find the file of this command")]
    Itself(#[source] std::io::Error),
    /// The build failed; cargo has said why.
    #[error("build the {0}: cargo ended with {1}")]
    Failed(&'static str, std::process::ExitStatus),
    /// Cargo built something else.
    #[error("find the {0} that cargo built: cargo named no executable")]
    NotFound(&'static str),
}

/// An executable of the workspace.
#[derive(Clone, Copy, Debug)]
struct Target {
    /// The packages whose features the build has, its own among them.
    packages: &'static [&'static str],
    name: &'static str,
    profile: &'static str,
}

/// The handler as Azure runs it.
const RELEASED: Target = Target {
    packages: &["sluice"],
    name: "handler",
    profile: "release",
};

/// The handler for this machine. The features are the command's, whose build has compiled the dependencies already.
const BESIDE_THE_COMMAND: Target = Target {
    packages: &["sluice", "sluice-cli"],
    name: "handler",
    profile: "dev",
};

/// Returns the handler that a command line names.
///
/// # Errors
/// Fails if there is no such file.
pub(crate) fn given_handler(file: &Path) -> Result<PathBuf, String> {
    std::fs::canonicalize(file)
        .map_err(|error| format!("run the handler {} (--handler): {error}", file.display()))
}

/// Builds the handler of the checkout at `root` and returns where it is.
pub(crate) async fn handler(root: &Path, release: bool) -> Result<PathBuf, BuildError> {
    let target = if release {
        RELEASED
    } else {
        BESIDE_THE_COMMAND
    };
    build(root, target).await
}

/// Builds this command, optimised, and returns where it is.
pub(crate) async fn optimised_command(root: &Path) -> Result<PathBuf, BuildError> {
    let target = Target {
        packages: &["sluice-cli"],
        name: "sluice",
        profile: "quick-release",
    };
    build(root, target).await
}

/// Finds the folder with host.json, here or above.
pub(crate) fn app_root(from: &Path) -> Result<PathBuf, String> {
    let root = from
        .ancestors()
        .find(|folder| folder.join("host.json").is_file());
    root.map(Path::to_owned).ok_or_else(|| {
        format!(
            "there is no host.json in {} or above; run this in a checkout of Sluice, where the handler is built",
            from.display()
        )
    })
}

async fn build(root: &Path, target: Target) -> Result<PathBuf, BuildError> {
    let Target {
        packages,
        name,
        profile,
    } = target;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["build", "--quiet", "--bin", name])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .map_err(|source| BuildError::Cargo(name, source))?;
    if !output.status.success() {
        return Err(BuildError::Failed(name, output.status));
    }
    executable_named(name, &String::from_utf8_lossy(&output.stdout))
        .ok_or(BuildError::NotFound(name))
}

/// Finds the handler in what cargo says about the build, a JSON object a line.
pub(crate) fn executable(messages: &str) -> Option<PathBuf> {
    executable_named("handler", messages)
}

fn executable_named(name: &str, messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name;
        message["executable"]
            .as_str()
            .filter(|_| is_it)
            .map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_root_is_found_from_any_folder_below() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("host.json"), "{}").unwrap();
        let below = folder.path().join("a/b");
        assert_eq!(app_root(&below).unwrap(), folder.path());
        let error = app_root(Path::new("/no/such")).unwrap_err();
        assert!(
            error.contains("no host.json in /no/such or above"),
            "{error}"
        );
    }

    #[test]
    fn the_executable_is_the_one_that_was_asked_for() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"sluice"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"handler"},"executable":"/t/handler"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages), Some(PathBuf::from("/t/handler")));
        assert_eq!(executable_named("sluice", messages), None);
        assert_eq!(executable("not json"), None);
    }
}
