//! The process that serves the functions: started by the Functions host, and ended when its host is gone.

use std::io::Read;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
#[cfg(unix)]
use std::time::Duration;

use tokio::net::TcpListener;

use crate::app::App;
use crate::error::chain;
use crate::settings::{HOST_ON_STDIN, Settings};
use crate::{host, telemetry};

/// The commit that the handler was built of; `infra/deploy.sh` says it to the build.
const COMMIT: &str = match option_env!("SLUICE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// How often to look whether the host is still there.
#[cfg(unix)]
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// Serves the functions with the settings that `lookup` gives, until it cannot or its host is gone.
///
/// The exit code is never 0, which the host would take for an intentional end and never start the handler again.
pub async fn serve(lookup: &dyn Fn(&str) -> Option<String>) -> ExitCode {
    telemetry::start(lookup("RUST_LOG").as_deref());
    if lookup(HOST_ON_STDIN).is_some() {
        std::thread::spawn(end_with_stdin);
    }
    match run(lookup).await {
        Ok(()) => tracing::error!("stopped serving"),
        Err(error) => tracing::error!(error = chain(error.as_ref()), "could not start"),
    }
    ExitCode::FAILURE
}

async fn run(
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let settings = Settings::from_lookup(lookup)?;
    let app = Arc::new(App::connect(&settings, lookup)?);
    if let Some(eager) = app.eager() {
        tokio::spawn(eager.run());
    }
    let port = lookup("FUNCTIONS_CUSTOMHANDLER_PORT")
        .ok_or("FUNCTIONS_CUSTOMHANDLER_PORT is not set; the Functions host sets it")?
        .parse::<u16>()
        .map_err(|_| "FUNCTIONS_CUSTOMHANDLER_PORT is no port number")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    #[cfg(unix)]
    tokio::spawn(end_with_parent());
    tracing::info!(
        port,
        dataset = app.dataset.name,
        version = env!("CARGO_PKG_VERSION"),
        commit = COMMIT,
        // The templates may be older or newer than the code.
        deployed_commit = settings.deployed_commit,
        "started"
    );
    axum::serve(listener, host::router(app)).await?;
    Ok(())
}

/// Ends the process when its standard input ends, whenever that was: also if the host was gone before this began.
fn end_with_stdin() {
    let mut rest = [0; 64];
    // An input that cannot be read has ended, too.
    while std::io::stdin().read(&mut rest).is_ok_and(|read| read > 0) {}
    gone();
}

/// Ends the process when its host is gone: a host that is killed leaves its handler behind. On Windows the host puts it into
/// a job, which ends with the host.
#[cfg(unix)]
async fn end_with_parent() {
    let parent = std::os::unix::process::parent_id();
    let mut interval = tokio::time::interval(PARENT_CHECK);
    while std::os::unix::process::parent_id() == parent {
        interval.tick().await;
    }
    gone();
}

fn gone() -> ! {
    tracing::error!("the host is gone");
    std::process::exit(1);
}
