//! The checkout that a command runs in, and the executables that are built from it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use sluice_local::own_group::{EndsGroup, own_group};
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
    build(root, handler_target(release)).await
}

/// The same for who listens to Ctrl-C: the build is out of the terminal's reach, and ends with all its compilers when the
/// future is dropped.
pub(crate) async fn handler_apart(root: &Path, release: bool) -> Result<PathBuf, BuildError> {
    let target = handler_target(release);
    let mut command = command(root, target);
    own_group(command.as_std_mut());
    let child = command.spawn();
    let child = child.map_err(|source| BuildError::Cargo(target.name, source))?;
    let group = child.id().map(EndsGroup::of);
    let output = child.wait_with_output().await;
    if let Some(group) = group {
        group.let_be();
    }
    built(target, output)
}

fn handler_target(release: bool) -> Target {
    match release {
        true => RELEASED,
        false => BESIDE_THE_COMMAND,
    }
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
    let output = command(root, target).output().await;
    built(target, output)
}

fn command(root: &Path, target: Target) -> Command {
    let Target {
        packages,
        name,
        profile,
    } = target;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args(["build", "--quiet", "--bin", name])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

fn built(target: Target, output: std::io::Result<Output>) -> Result<PathBuf, BuildError> {
    let name = target.name;
    let output = output.map_err(|source| BuildError::Cargo(name, source))?;
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
