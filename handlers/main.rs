//! The custom handler that the Functions host starts: one process, four functions.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    sluice::serve::serve(&|name| std::env::var(name).ok()).await
}
