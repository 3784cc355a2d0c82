//! The events of a console of Windows.

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
