//! A development build measures itself more than the pipeline, so an optimised one takes its place.

use std::error::Error;
use std::path::Path;

use crate::output::say;
use crate::pipeline::optimised_command;

/// Whether this is an optimised build.
pub(super) const IS: bool = !cfg!(debug_assertions);

/// Builds an optimised command and runs it with the same arguments; returns only if that fails.
pub(super) async fn run_instead(root: &Path) -> Result<bool, Box<dyn Error + Send + Sync>> {
    say(
        "this is a development build; building an optimised one and continuing with that \
         (some minutes the first time; --as-is measures this one)",
    );
    let command = optimised_command(root).await?;
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    run(&command, &arguments)
}

/// Takes the place of this process, so that signals and the exit code are the other's.
#[cfg(unix)]
fn run(
    command: &Path,
    arguments: &[std::ffi::OsString],
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    use std::os::unix::process::CommandExt as _;

    let failed = std::process::Command::new(command).args(arguments).exec();
    Err(format!("run {}: {failed}", command.display()).into())
}

#[cfg(not(unix))]
fn run(
    command: &Path,
    arguments: &[std::ffi::OsString],
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let status = std::process::Command::new(command)
        .args(arguments)
        .status()
        .map_err(|error| format!("run {}: {error}", command.display()))?;
    Ok(status.success())
}
