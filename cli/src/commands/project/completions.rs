//! `sluice completions`: what lets a shell complete command lines.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::output::print;

/// The name that the command is called by.
const NAME: &str = "sluice";

/// Print the script by which a shell completes command lines of sluice
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice completions bash > ~/.local/share/bash-completion/completions/sluice
  sluice completions zsh > ~/.zfunc/_sluice       with fpath+=~/.zfunc before compinit in ~/.zshrc
  sluice completions fish > ~/.config/fish/completions/sluice.fish
  sluice completions powershell > sluice.ps1      with . ./sluice.ps1 in $PROFILE")]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints.
pub(crate) fn run(arguments: CompletionsArguments, command: &mut Command) {
    let mut script = Vec::new();
    generate(arguments.shell, command, NAME, &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::CommandLine;

    #[test]
    fn every_shell_gets_a_script_that_knows_all_commands() {
        for shell in [
            Shell::Bash,
            Shell::Elvish,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Zsh,
        ] {
            let mut command = CommandLine::command();
            let names: Vec<String> = command
                .get_subcommands()
                .map(|subcommand| subcommand.get_name().to_owned())
                .collect();
            let mut script = Vec::new();
            generate(shell, &mut command, NAME, &mut script);
            let script = String::from_utf8(script).unwrap();
            for name in names {
                assert!(script.contains(&name), "{shell}: {name}");
            }
            // What is escaped on its way to the terminal would be another script.
            assert_eq!(
                crate::output::escaped(&script.replace(['\n', '\t'], "")),
                script.replace(['\n', '\t'], "")
            );
        }
    }
}
