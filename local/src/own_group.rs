//! Processes that a Ctrl-C in the terminal of this one does not reach.

use std::process::Command;

/// CREATE_NEW_PROCESS_GROUP of the Windows API.
#[cfg(windows)]
const NEW_PROCESS_GROUP: u32 = 0x200;

/// Puts a process in a group of its own: Ctrl-C reaches the whole group of a terminal, and when a child ends is its
/// parent's business.
pub(crate) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(command, NEW_PROCESS_GROUP);
}
