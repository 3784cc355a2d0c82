//! What commands show: text and tables on standard output, coloured on terminals, numbers as people read them, progress
//! bars.
//!
//! Nothing else writes to the terminal, and all of it is escaped on its way there.

mod balance;
mod escape;
mod failure;
mod format;
pub(crate) mod gold;
mod line;
mod numbers;
mod progress;
mod rows;
mod table;
mod text;

pub(crate) use balance::Balance;
pub(crate) use escape::{escaped, is_unsafe, shell_word};
pub(crate) use failure::failure;
pub(crate) use format::{About, Format, FormatArguments};
pub(crate) use line::{Line, Tone, broken, named, prose, wrapped};
pub(crate) use numbers::{ages, by_reason, count, duplicates, nulled, size, span, thousands};
pub(crate) use progress::bar;
pub(crate) use rows::Rows;
pub(crate) use table::{Cells, Column, Heading, Table, csv_line};
#[cfg(test)]
pub(crate) use table::{assert_lines, plain};
pub(crate) use text::{
    Usage, errors_are_shown, has_colours, painted, print, print_bytes, print_lines, print_prose,
    print_prose_lines, prose_width, say, terminal_size, terminal_width, try_print,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The screen of `up` moves the cursor, and escapes what it draws itself.
    const DRAWS: &str = "commands/up/screen/terminal.rs";

    #[test]
    fn nothing_else_writes_to_the_terminal() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![sources.clone()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&sources).unwrap().to_string_lossy();
                if path.is_dir() && name != "output" {
                    folders.push(path);
                } else if path.is_file() && name != DRAWS {
                    files += 1;
                    let text = std::fs::read_to_string(&path).unwrap();
                    for way in ["println!", "print!(", "io::stdout()", "io::stderr()"] {
                        assert!(!text.contains(way), "{name}: {way} is not escaped");
                    }
                }
            }
        }
        assert!(files > 50, "{files}");
    }
}
