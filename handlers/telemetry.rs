//! Logs: JSON lines on stdout, where the host reads them as information. What goes to stderr counts as an error there.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged unless the caller says otherwise: libraries log warnings and errors only.
const DEFAULT_LEVELS: &str = "warn,sluice=info,handler=info";

/// Starts logging at the levels of `levels`, such as `warn,sluice=debug`.
pub fn start(levels: Option<&str>) {
    let chosen = levels.and_then(|levels| levels.parse::<Targets>().ok());
    let filter = chosen
        .or_else(|| DEFAULT_LEVELS.parse().ok())
        .unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(std::io::stdout);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .init();
}
