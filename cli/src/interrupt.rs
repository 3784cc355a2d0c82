//! How a command that runs until it is stopped learns that it is to stop.

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

#[cfg(unix)]
mod unix {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    #[derive(Debug)]
    pub(super) struct Signals([Signal; 3]);

    impl Signals {
        pub(super) fn listen() -> std::io::Result<Self> {
            let kinds = [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
            ];
            let [interrupt, terminate, hangup] = kinds.map(signal);
            Ok(Self([interrupt?, terminate?, hangup?]))
        }

        pub(super) async fn next(&mut self) {
            let [interrupt, terminate, hangup] = &mut self.0;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use tokio::signal::windows::{
        CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
    };

    #[derive(Debug)]
    pub(super) struct Signals(CtrlC, CtrlBreak, CtrlClose, CtrlShutdown);

    impl Signals {
        pub(super) fn listen() -> std::io::Result<Self> {
            Ok(Self(
                ctrl_c()?,
                ctrl_break()?,
                ctrl_close()?,
                ctrl_shutdown()?,
            ))
        }

        pub(super) async fn next(&mut self) {
            let Self(interrupt, stop, close, shutdown) = self;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = stop.recv() => {}
                _ = close.recv() => {}
                _ = shutdown.recv() => {}
            }
        }
    }
}
