//! The terminal while it shows a run: a screen of its own, which is gone afterwards with what was on it, so that no size
//! and no resizing leaves traces above the prompt.
//!
//! Ctrl-C stays the signal that it is; only echo and Ctrl-Z are off, because both would write into the picture. All of it
//! is undone when this is dropped.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io::{self, IsTerminal, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue};

use super::super::view::Size;
use crate::output::{Line, has_colours, painted, terminal_size};
#[cfg(unix)]
use unix::Input;
#[cfg(windows)]
use windows::Input;

/// A screen of its own.
#[derive(Debug)]
pub(super) struct Terminal {
    picture: Picture,
    input: Input,
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
            picture: Picture::new(has_colours(true)),
            input: Input::quiet(),
        };
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(terminal)
    }

    /// Returns how large it is now.
    pub(super) fn size() -> Size {
        let (width, height) = terminal_size();
        Size { width, height }
    }

    /// Shows lines, which are as many and as wide as `size` takes.
    pub(super) fn draw(&mut self, lines: &[Line], size: Size) -> io::Result<()> {
        let output = self.picture.renew(lines, size)?;
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
        self.input.restore();
    }
}

/// What stands on the screen.
#[derive(Debug)]
struct Picture {
    rows: Vec<String>,
    size: Option<Size>,
    is_coloured: bool,
}

impl Picture {
    /// A screen of which nothing is known.
    fn new(is_coloured: bool) -> Self {
        Self {
            rows: Vec::new(),
            size: None,
            is_coloured,
        }
    }

    /// Returns what makes these lines of it. Only rows that differ are written.
    fn renew(&mut self, lines: &[Line], size: Size) -> io::Result<Vec<u8>> {
        let mut output = Vec::new();
        queue!(output, BeginSynchronizedUpdate)?;
        if self.size != Some(size) {
            queue!(output, Clear(ClearType::All))?;
            self.size = Some(size);
            self.rows.clear();
        }
        let blank = Line::default();
        self.rows.resize(size.height, String::new());
        for (at, row) in self.rows.iter_mut().enumerate() {
            let text = painted(lines.get(at).unwrap_or(&blank), self.is_coloured);
            if *row == text {
                continue;
            }
            // Cleared first: after a character in the last column there is nothing to clear, and that character would go.
            queue!(
                output,
                MoveTo(0, u16::try_from(at).unwrap_or(u16::MAX)),
                Clear(ClearType::UntilNewLine),
                Print(&text)
            )?;
            *row = text;
        }
        queue!(output, EndSynchronizedUpdate)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Tone;

    const SIZE: Size = Size {
        width: 8,
        height: 2,
    };

    /// Returns what is written, without what is around every picture.
    fn written(picture: &mut Picture, lines: &[Line]) -> String {
        let output = String::from_utf8(picture.renew(lines, SIZE).unwrap()).unwrap();
        let output = output.strip_prefix("\u{1b}[?2026h").unwrap();
        output.strip_suffix("\u{1b}[?2026l").unwrap().to_owned()
    }

    #[test]
    fn a_row_that_ends_in_blanks_leaves_nothing_of_the_one_before() {
        for is_coloured in [false, true] {
            let mut picture = Picture::new(is_coloured);
            let first = written(&mut picture, &[Line::plain("stopping")]);
            assert_eq!(first, "\u{1b}[2J\u{1b}[1;1H\u{1b}[Kstopping");
            let blanks = if is_coloured { "      " } else { "" };
            let second = written(&mut picture, &[Line::plain("go      ")]);
            assert_eq!(second, format!("\u{1b}[1;1H\u{1b}[Kgo{blanks}"));
        }
    }

    #[test]
    fn only_rows_that_differ_are_written_and_in_colours_where_there_are_any() {
        let lines = [Line::plain("one"), Line::of(Tone::Good, "two")];
        let mut picture = Picture::new(true);
        let two = "\u{1b}[2;1H\u{1b}[K\u{1b}[32mtwo\u{1b}[0m";
        assert!(written(&mut picture, &lines).ends_with(two));
        assert_eq!(written(&mut picture, &lines), "");
        assert_eq!(written(&mut picture, &lines[..1]), "\u{1b}[2;1H\u{1b}[K");
        let mut plain = Picture::new(false);
        let two = "\u{1b}[2;1H\u{1b}[Ktwo";
        assert!(written(&mut plain, &lines).ends_with(two));
    }
}
