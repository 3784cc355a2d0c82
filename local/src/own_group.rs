//! Processes that a Ctrl-C in the terminal of this one does not reach, and that are ended with all that they have started.

use std::process::Command;
#[cfg(windows)]
use std::process::Stdio;

/// CREATE_NEW_PROCESS_GROUP of the Windows API.
#[cfg(windows)]
const NEW_PROCESS_GROUP: u32 = 0x200;

/// Puts a process in a group of its own: Ctrl-C reaches the whole group of a terminal, and when a child ends is its
/// parent's business.
pub fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    std::os::windows::process::CommandExt::creation_flags(command, NEW_PROCESS_GROUP);
}

/// Ends all processes of a group at once when it is dropped, unless the first of them was waited for. On Windows these are
/// that first one and what it has started, and so on.
#[derive(Debug)]
pub struct EndsGroup(Option<u32>);

impl EndsGroup {
    /// The group of a process that was started in one of its own; `id` is that of the process.
    #[must_use]
    pub fn of(id: u32) -> Self {
        Self(Some(id))
    }

    /// Lets the group be: its first process has ended, and the id may soon be somebody else's.
    pub fn let_be(mut self) {
        self.0 = None;
    }
}

impl Drop for EndsGroup {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok())
            && let Some(group) = rustix::process::Pid::from_raw(id)
        {
            // A group that has ended by itself is no failure.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        #[cfg(windows)]
        if let Some(id) = self.0 {
            // A tree that has ended by itself is no failure.
            let _ = Command::new("taskkill")
                .args(["/F", "/T", "/PID", &id.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}
