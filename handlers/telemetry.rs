//! Logs: JSON lines on stdout, where the host reads them as information. What goes to stderr counts as an error there.

use tracing_subscriber::EnvFilter;

/// Starts logging at the level that `RUST_LOG` asks for, `info` by default. Libraries log warnings and errors only.
pub fn start(filter: Option<&str>) {
    let default = "warn,sluice=info,handler=info";
    let filter = EnvFilter::try_new(filter.unwrap_or(default));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_env_filter(filter.unwrap_or_else(|_| EnvFilter::new(default)))
        .with_writer(std::io::stdout)
        .init();
}
