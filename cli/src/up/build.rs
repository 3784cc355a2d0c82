//! Builds the handler, when run from a checkout.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use thiserror::Error;
use tokio::process::Command;

/// A handler that is not there.
#[derive(Debug, Error)]
pub(crate) enum BuildError {
    /// Cargo cannot be run.
    #[error("run cargo to build the handler")]
    Cargo(#[source] std::io::Error),
    /// The build failed; cargo has said why.
    #[error("build the handler: cargo ended with {0}")]
    Failed(std::process::ExitStatus),
    /// Cargo built something else.
    #[error("find the handler that cargo built: {0}")]
    NotFound(String),
}

/// Builds the handler of the checkout at `root` and returns where it is.
pub(crate) async fn handler(root: &Path, release: bool) -> Result<PathBuf, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root)
        .args([
            "build",
            "--quiet",
            "--package",
            "sluice",
            "--bin",
            "handler",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if release {
        command.arg("--release");
    }
    let output = command.output().await.map_err(BuildError::Cargo)?;
    if !output.status.success() {
        return Err(BuildError::Failed(output.status));
    }
    executable(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| BuildError::NotFound("cargo named no executable".to_owned()))
}

/// Finds the handler in what cargo says about the build, a JSON object a line.
pub(crate) fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_handler = message["target"]["name"] == "handler";
        message["executable"]
            .as_str()
            .filter(|_| is_handler)
            .map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_of_the_handler() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"sluice"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"handler"},"executable":"/t/handler"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages), Some(PathBuf::from("/t/handler")));
        assert_eq!(executable("not json"), None);
    }
}
