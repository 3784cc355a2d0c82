//! Help as it is shown: as wide as the terminal, with commands that can be copied as they are to be typed here.

use clap::{Arg, Command};

use crate::called;
use crate::output::{Line, named, prose, prose_width};

/// What clap prints of a command, but for what comes after it.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}";

/// Has all commands named as this one was called, and their help laid out for the terminal.
pub(super) fn laid_out(command: Command) -> Command {
    let width = prose_width();
    // 0 leaves lines as they are.
    let command = command
        .bin_name(called::name())
        .term_width(width.unwrap_or(0));
    with_examples(with_names(command, called::name()), called::name(), width)
}

/// Has what is said of a command and its arguments, and of all below it, name commands as this one was called.
fn with_names(command: Command, called: &str) -> Command {
    let named = |text: &clap::builder::StyledStr| named(&text.to_string(), called);
    let command = match command.get_about().map(named) {
        Some(text) => command.about(text),
        None => command,
    };
    let command = match command.get_long_about().map(named) {
        Some(text) => command.long_about(text),
        None => command,
    };
    let with_names_of = |argument: Arg| {
        let argument = match argument.get_help().map(named) {
            Some(text) => argument.help(text),
            None => argument,
        };
        match argument.get_long_help().map(named) {
            Some(text) => argument.long_help(text),
            None => argument,
        }
    };
    let command = command.mut_args(with_names_of);
    command.mut_subcommands(|command| with_names(command, called))
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
        let command = with_names(CommandLine::command(), called);
        let mut command = with_examples(command, called, width)
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
        let example = "\n  cargo sluice consume --from start -n 1000 | cargo sluice dataset try datasets/orders.toml -\n";
        assert!(text.contains(example), "{text}");
        assert!(text.contains("Usage: cargo sluice dataset try "), "{text}");
        let options = text.split("Examples:").next().unwrap();
        let wrapped = options.lines().filter(|line| !line.starts_with("Usage: "));
        let widest = wrapped.map(|line| line.chars().count()).max();
        assert!(widest <= Some(40), "{text}");
    }

    #[test]
    fn what_is_said_of_a_command_and_its_options_names_commands_as_this_one_was_called() {
        let text = help(&["schema"], "cargo sluice", None);
        let about = "once `cargo sluice status` says that it is ready";
        assert!(text.contains(about), "{text}");
        let text = help(&["status"], "cargo sluice", None);
        let option = "The pipeline that `cargo sluice up` runs with its state here";
        assert!(text.contains(option), "{text}");
        let command = with_names(CommandLine::command(), "cargo sluice");
        let mut command = with_examples(command, "cargo sluice", None);
        command.build();
        let mut all = vec![command];
        while let Some(mut command) = all.pop() {
            let texts = [command.render_help(), command.render_long_help()];
            for text in texts.map(|text| text.to_string()) {
                assert!(!text.contains("`sluice "), "{text}");
            }
            all.extend(command.get_subcommands().cloned());
        }
        let installed = help(&["status"], "sluice", None);
        assert!(installed.contains("The pipeline that `sluice up` runs"));
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
