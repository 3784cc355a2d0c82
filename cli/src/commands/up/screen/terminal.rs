//! The terminal while it shows a run: a screen of its own, which is gone afterwards with what was on it, so that no size
//! and no resizing leaves traces above the prompt.
//!
//! Ctrl-C stays the signal that it is; only echo and Ctrl-Z are off, because both would write into the picture. All of it
//! is undone when this is dropped.

use std::io::{self, IsTerminal, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};

use super::super::view::Size;
use crate::output::{Line, painted_for_terminal};

/// A terminal that does not say how large it is.
const USUAL: Size = Size {
    width: 80,
    height: 24,
};

/// A screen of its own.
#[derive(Debug)]
pub(super) struct Terminal {
    /// What stands in its rows.
    drawn: Vec<String>,
    size: Option<Size>,
    /// How the terminal took its input before.
    before: Option<Termios>,
}

impl Terminal {
    /// Returns whether standard output is one.
    pub(super) fn is_there() -> bool {
        io::stdout().is_terminal()
    }

    /// Opens the screen.
    ///
    /// # Errors
    /// Fails if the terminal has gone.
    pub(super) fn open() -> io::Result<Self> {
        let terminal = Self {
            drawn: Vec::new(),
            size: None,
            before: quiet(),
        };
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(terminal)
    }

    /// Returns how large it is now.
    pub(super) fn size() -> Size {
        match crossterm::terminal::size() {
            Ok((width, height)) if width > 0 && height > 0 => Size {
                width: width.into(),
                height: height.into(),
            },
            _ => USUAL,
        }
    }

    /// Shows lines, which are as many and as wide as `size` takes. Only rows that differ are written.
    pub(super) fn draw(&mut self, lines: &[Line], size: Size) -> io::Result<()> {
        let mut output = Vec::new();
        queue!(output, BeginSynchronizedUpdate)?;
        if self.size != Some(size) {
            queue!(output, Clear(ClearType::All))?;
            self.size = Some(size);
            self.drawn.clear();
        }
        let blank = Line::default();
        self.drawn.resize(size.height, String::new());
        for (row, drawn) in self.drawn.iter_mut().enumerate() {
            let line = lines.get(row).unwrap_or(&blank);
            let text = painted_for_terminal(line);
            if *drawn == text {
                continue;
            }
            queue!(
                output,
                MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)),
                Print(&text)
            )?;
            // In the last column there is nothing to clear, and the character in it would go.
            if line.width() < size.width {
                queue!(output, Clear(ClearType::UntilNewLine))?;
            }
            *drawn = text;
        }
        queue!(output, EndSynchronizedUpdate)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(&output)?;
        stdout.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that has gone needs nothing undone.
        // Cleared first: where it was resized, tmux leaves lines of this screen above the prompt otherwise.
        let _ = execute!(
            io::stdout(),
            Clear(ClearType::All),
            MoveTo(0, 0),
            Show,
            EnableLineWrap,
            LeaveAlternateScreen
        );
        if let Some(before) = &self.before {
            let stdin = io::stdin();
            let _ = tcflush(&stdin, QueueSelector::IFlush);
            let _ = tcsetattr(&stdin, OptionalActions::Now, before);
        }
    }
}

/// Turns echo and Ctrl-Z off; returns what was before, if the input is a terminal.
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
