//! How a command that runs until it is stopped learns that it is to stop.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;

#[cfg(unix)]
use unix::Signals;
#[cfg(windows)]
use windows::Signals;

/// The signals that ask a process to end: Ctrl-C, the end of a service or container, and a terminal that is closed.
///
/// From its making on they no longer end the process by themselves.
#[derive(Debug)]
pub(crate) struct Interrupts(Signals);

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// Fails if the operating system lets nobody listen.
    pub(crate) fn listen() -> io::Result<Self> {
        Signals::listen().map(Self)
    }

    /// Returns when one has come.
    pub(crate) async fn next(&mut self) {
        self.0.next().await;
    }
}
