//! Help as it is shown: as wide as the terminal, with examples that can be copied.

use clap::Command;

use crate::called;
use crate::output::{Line, prose, prose_width};

/// What clap prints of a command, but for what comes after it.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}";

/// Has all commands named as this one was called, and their help laid out for the terminal.
pub(super) fn laid_out(command: Command) -> Command {
    let width = prose_width();
    // 0 leaves lines as they are.
    let command = command
        .bin_name(called::name())
        .term_width(width.unwrap_or(0));
    with_examples(command, called::name(), width)
}

/// Has the examples of a command, and of all below it, printed as they are: clap would break command lines to the width.
fn with_examples(command: Command, called: &str, width: Option<usize>) -> Command {
    let command = match command.get_after_help().map(ToString::to_string) {
        Some(text) => {
            let rows = prose(text.lines().map(Line::plain), called, width, None);
            let rows: Vec<String> = rows.iter().map(Line::text).collect();
            let template = format!("{TEMPLATE}\n\n{}", rows.join("\n"));
            command.help_template(template)
        }
        None => command,
    };
    command.mut_subcommands(|command| with_examples(command, called, width))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::CommandLine;

    fn help(words: &[&str], called: &str, width: Option<usize>) -> String {
        let mut command = with_examples(CommandLine::command(), called, width)
            .bin_name(called.to_owned())
            .term_width(width.unwrap_or(0));
        command.build();
        let mut command = &mut command;
        for word in words {
            command = command.find_subcommand_mut(word).unwrap();
        }
        command.render_long_help().to_string()
    }

    #[test]
    fn examples_are_whole_however_narrow_and_named_as_the_command_was_called() {
        let text = help(&["dataset", "try"], "cargo sluice", Some(40));
        let example = "\n  cargo sluice consume --from start --count 1000 | cargo sluice dataset try datasets/orders.toml -\n";
        assert!(text.contains(example), "{text}");
        assert!(text.contains("Usage: cargo sluice dataset try "), "{text}");
        let options = text.split("Examples:").next().unwrap();
        let wrapped = options.lines().filter(|line| !line.starts_with("Usage: "));
        let widest = wrapped.map(|line| line.chars().count()).max();
        assert!(widest <= Some(40), "{text}");
    }

    #[test]
    fn help_that_is_not_for_a_terminal_is_not_broken() {
        let text = help(&["status"], "sluice", None);
        let braces =
            "| jq '.maintenance | {small_files, log_entries, delta_lag, oldest_unreconciled}'";
        assert!(text.contains(braces), "{text}");
        assert!(
            text.trim_end().ends_with("\n  watch sluice status"),
            "{text}"
        );
        let root = help(&[], "sluice", None);
        assert!(
            root.contains("\n  sluice COMMAND --help            more examples"),
            "{root}"
        );
    }
}
