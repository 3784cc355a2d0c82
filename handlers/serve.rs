//! The process that serves the functions: started by the Functions host, and ended when its host is gone.

use std::io::Read;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;
use crate::clock::SystemClock;
use crate::error::chain;
use crate::settings::{CLOCK_OFF_BY, HOST_ON_STDIN, Settings};
use crate::telemetry::lines;
use crate::telemetry::signals::{self, Signals};
use crate::{host, telemetry};

/// Why the process ends, or does without something.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The commit that the handler was built of; `infra/deploy.sh` says it to the build.
const COMMIT: &str = match option_env!("SLUICE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// How long the end of the process waits for metrics and spans that are not sent yet.
const LAST: Duration = Duration::from_secs(1);

/// How often to look whether the host is still there.
#[cfg(unix)]
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// Serves the functions with the settings that `lookup` gives, until it cannot or its host is gone.
///
/// The exit code is never 0, which the host would take for an intentional end and never start the handler again.
pub async fn serve(lookup: &dyn Fn(&str) -> Option<String>) -> ExitCode {
    let signals = start_signals(lookup);
    let recorded = match &signals {
        Ok(Some(signals)) => Some(signals.recorded()),
        _ => None,
    };
    telemetry::start(lookup("RUST_LOG").as_deref(), recorded);
    // Nothing that only watches keeps the pipeline from its work.
    let signals = signals.unwrap_or_else(|error| {
        tracing::error!(
            error = chain(error.as_ref()),
            "nothing is measured or traced"
        );
        None
    });
    let signals = signals.map(Arc::new);
    if lookup(HOST_ON_STDIN).is_some() {
        let signals = signals.clone();
        std::thread::spawn(move || end_with_stdin(signals));
    }
    match run(lookup, signals.as_ref()).await {
        Ok(()) => tracing::error!("stopped serving"),
        Err(error) => tracing::error!(error = chain(error.as_ref()), "could not start"),
    }
    if let Some(signals) = signals {
        let ended = tokio::task::spawn_blocking(move || signals.end(LAST));
        // If it failed, nothing more is sent.
        let _ = ended.await;
    }
    ExitCode::FAILURE
}

/// Starts what the settings ask for of metrics and spans.
fn start_signals(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Signals>, Failure> {
    let instance = uuid::Uuid::new_v4().to_string();
    let settings = signals::Settings::from_lookup(lookup, instance)?;
    Ok(Signals::start(&settings)?)
}

async fn run(
    lookup: &dyn Fn(&str) -> Option<String>,
    signals: Option<&Arc<Signals>>,
) -> Result<(), Failure> {
    let off_by = lookup(CLOCK_OFF_BY).and_then(|text| text.parse().ok());
    if let Some(off_by_ms) = off_by.filter(|off_by| SystemClock::turn(*off_by)) {
        tracing::warn!(off_by_ms, "{}", lines::CLOCK_TURNED);
    }
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
    tokio::spawn(end_with_parent(signals.cloned()));
    let traces = signals.and_then(|signals| signals.traces());
    if let Some(signals) = signals {
        expose(signals).await;
    }
    tracing::info!(
        port,
        dataset = app.dataset.name,
        version = env!("CARGO_PKG_VERSION"),
        commit = COMMIT,
        // The templates may be older or newer than the code.
        deployed_commit = settings.deployed_commit,
        "{}",
        lines::STARTED
    );
    axum::serve(listener, host::traced_router(app, traces)).await?;
    Ok(())
}

/// Lets the metrics be read on this machine, where the settings ask for it; what is sent is sent in any case.
async fn expose(signals: &Arc<Signals>) {
    let Some(port) = signals.metrics_port() else {
        return;
    };
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(error) => {
            let setting = signals::METRICS_PORT;
            tracing::error!(
                port,
                setting,
                error = chain(&error),
                "metrics cannot be read at this port"
            );
            return;
        }
    };
    let signals = Arc::clone(signals);
    let text = move || {
        let signals = Arc::clone(&signals);
        async move {
            match signals.text() {
                Ok(text) => ([(CONTENT_TYPE, signals::CONTENT_TYPE)], text).into_response(),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, chain(&error)).into_response(),
            }
        }
    };
    let router = Router::new().route("/metrics", get(text));
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Ends the process when its standard input ends, whenever that was: also if the host was gone before this began.
fn end_with_stdin(signals: Option<Arc<Signals>>) {
    let mut rest = [0; 64];
    // An input that cannot be read has ended, too.
    while std::io::stdin().read(&mut rest).is_ok_and(|read| read > 0) {}
    gone(signals);
}

/// Ends the process when its host is gone: a host that is killed leaves its handler behind. On Windows the host puts it into
/// a job, which ends with the host.
#[cfg(unix)]
async fn end_with_parent(signals: Option<Arc<Signals>>) {
    let parent = std::os::unix::process::parent_id();
    let mut interval = tokio::time::interval(PARENT_CHECK);
    while std::os::unix::process::parent_id() == parent {
        interval.tick().await;
    }
    // It may wait, which keeps no thread from what it waits for.
    std::thread::spawn(move || -> () { gone(signals) });
}

fn gone(signals: Option<Arc<Signals>>) -> ! {
    tracing::error!("the host is gone");
    if let Some(signals) = signals {
        signals.end(LAST);
    }
    std::process::exit(1);
}
