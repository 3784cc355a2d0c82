//! Builds the handler for an old glibc, with Zig as the linker and the C compiler.
//!
//! Zig carries the symbol lists of every glibc, so that neither a container nor an old distribution is needed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use thiserror::Error;
use tokio::process::Command;

use super::elf::Glibc;
use crate::output::say;
use crate::pipeline::executable;

/// The Python packages, pinned: they decide what is built.
const PACKAGES: [&str; 2] = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// A handler that could not be built.
#[derive(Debug, Error)]
pub(crate) enum ZigError {
    /// A program cannot be run.
    #[error("run {program} to build the handler for Azure")]
    Run {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program failed; it has said why.
    #[error("build the handler for Azure: {program} ended with {status}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The folder of the tools cannot be in a PATH.
    #[error("build the handler for Azure: {} has a character that a PATH cannot have", .0.display())]
    Folder(PathBuf),
    /// Cargo built something else.
    #[error("find the handler that cargo built: it named no executable")]
    NotFound,
}

/// Builds the handler of the checkout at `root` for `glibc` and returns where it is.
pub(super) async fn handler(root: &Path, glibc: Glibc) -> Result<PathBuf, ZigError> {
    let tools = tools(root).await?;
    // Without a PATH there is nothing but the tools.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(tools.clone()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(paths).map_err(|_| ZigError::Folder(tools.clone()))?;
    let mut command = Command::new(tools.join("cargo-zigbuild"));
    command
        .current_dir(root)
        .arg("zigbuild")
        .args(["--locked", "--release", "--package", "sluice"])
        .args(["--bin", "handler", "--target", &format!("{TARGET}.{glibc}")])
        .args(["--message-format", "json-render-diagnostics"])
        .env("PATH", path)
        .env("CARGO_ZIGBUILD_PYTHON_PATH", tools.join("python3"))
        .stderr(Stdio::inherit());
    let stdout = output(command, "cargo-zigbuild").await?;
    executable(&String::from_utf8_lossy(&stdout)).ok_or(ZigError::NotFound)
}

/// Installs the tools where they are not yet, and returns their folder.
async fn tools(root: &Path) -> Result<PathBuf, ZigError> {
    let environment = root.join("target/zig").join(PACKAGES.join("+"));
    let bin = environment.join("bin");
    let complete = environment.join("complete");
    if complete.is_file() {
        return Ok(bin);
    }
    say(&format!("installing {} …", PACKAGES.join(" and ")));
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&environment);
    output(create, "python3").await?;
    let mut install = Command::new(bin.join("python3"));
    install
        .args(["-m", "pip", "install", "--quiet"])
        .arg("--disable-pip-version-check")
        .args(PACKAGES);
    output(install, "pip").await?;
    // Written last: without it, an installation that was cut short is done again.
    std::fs::write(&complete, "").map_err(|source| ZigError::Run {
        program: "pip".to_owned(),
        source,
    })?;
    Ok(bin)
}

async fn output(mut command: Command, program: &str) -> Result<Vec<u8>, ZigError> {
    let program = program.to_owned();
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit());
    match output.output().await {
        Err(source) => Err(ZigError::Run { program, source }),
        Ok(output) if !output.status.success() => Err(ZigError::Failed {
            program,
            status: output.status,
        }),
        Ok(output) => Ok(output.stdout),
    }
}
