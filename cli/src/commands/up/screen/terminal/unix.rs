//! The input of a terminal of Unix.

use std::io;

use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};

/// How the terminal took its input before, if the input is one.
#[derive(Debug)]
pub(super) struct Input(Option<Termios>);

impl Input {
    /// Turns echo and Ctrl-Z off.
    pub(super) fn quiet() -> Self {
        Self(quiet())
    }

    /// Takes input again as before, without what was typed meanwhile.
    pub(super) fn restore(&self) {
        if let Some(before) = &self.0 {
            let stdin = io::stdin();
            // A terminal that has gone needs nothing undone.
            let _ = tcflush(&stdin, QueueSelector::IFlush);
            let _ = tcsetattr(&stdin, OptionalActions::Now, before);
        }
    }
}

fn quiet() -> Option<Termios> {
    let stdin = io::stdin();
    let before = tcgetattr(&stdin).ok()?;
    let mut quiet = before.clone();
    quiet
        .local_modes
        .remove(LocalModes::ECHO | LocalModes::ICANON);
    quiet.special_codes[SpecialCodeIndex::VSUSP] = 0;
    tcsetattr(&stdin, OptionalActions::Now, &quiet).ok()?;
    Some(before)
}
