//! The `sluice` command, and the handler of projects that have none of their own. All of it is in libraries.

use std::process::ExitCode;

use sluice_cli::{CommandLine, HANDLER_COMMAND};

#[tokio::main]
async fn main() -> ExitCode {
    // The Functions host starts it so; it is no command for people.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == HANDLER_COMMAND)
    {
        return sluice::serve::serve(&|name| std::env::var(name).ok()).await;
    }
    CommandLine::of_process().run().await
}
