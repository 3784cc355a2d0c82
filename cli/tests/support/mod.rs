//! The programs that the process tests run, and where.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The settings that would lead a command to another pipeline than the test's.
const SETTINGS: [&str; 7] = [
    "LakeStorage",
    "AzureWebJobsStorage",
    "StateStorage",
    "GoldDatabase",
    "DATASET",
    "EventHubConnection",
    "SLUICE_STATE_DIR",
];

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The handler, which cargo builds beside the command when the whole workspace is tested.
pub(crate) fn handler() -> PathBuf {
    let handler = Path::new(env!("CARGO_BIN_EXE_sluice")).with_file_name("handler");
    assert!(
        handler.is_file(),
        "build the handler first: cargo build --bin handler"
    );
    handler
}

/// The command in a folder, without settings of the environment.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    for name in SETTINGS {
        command.env_remove(name);
    }
    // Cargo runs the test, and not the command: it is called by its own name.
    command.env_remove("CARGO_PKG_NAME");
    command.current_dir(folder);
    command
}
