//! What can be done to a handler's process from outside.

use tokio::process::Child;

/// What an operating system may do to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It ends at once, in the middle of whatever it does, and the host takes that for a failure.
    Kill,
    /// It stands still until it is continued, and does not know of it. On Unix only.
    Hold,
    /// It goes on where it stood still. On Unix only.
    Continue,
}

impl Signal {
    /// Returns whether it was done. The child has not been waited for, so its id is its own.
    pub(super) fn send(self, child: &mut Child) -> bool {
        match self {
            Self::Kill => child.start_kill().is_ok(),
            #[cfg(unix)]
            Self::Hold => send(child, rustix::process::Signal::STOP),
            #[cfg(unix)]
            Self::Continue => send(child, rustix::process::Signal::CONT),
            #[cfg(not(unix))]
            Self::Hold | Self::Continue => false,
        }
    }
}

#[cfg(unix)]
fn send(child: &Child, signal: rustix::process::Signal) -> bool {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let process = id.and_then(rustix::process::Pid::from_raw);
    process.is_some_and(|process| rustix::process::kill_process(process, signal).is_ok())
}
