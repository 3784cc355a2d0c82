//! What the process says of itself.
//!
//! Logs are JSON lines on stdout, where the host reads them as information; what goes to stderr counts as an error there.
//! Where somebody collects them, [`signals`] makes metrics and spans.

pub mod lines;
pub mod signals;

use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use signals::Recorded;

/// What is logged unless the caller says otherwise: libraries log warnings and errors only.
const DEFAULT_LEVELS: &str = "warn,sluice=info,handler=info";

/// Starts logging at the levels of `levels`, such as `warn,sluice=debug`, and measuring by `recorded`.
pub fn start(levels: Option<&str>, recorded: Option<Recorded>) {
    to(levels, std::io::stdout, recorded).init();
}

/// Makes what writes log lines to `writer`, as the handler does to stdout, and hands them to `recorded` whatever the levels.
pub fn to<W>(
    levels: Option<&str>,
    writer: W,
    recorded: Option<Recorded>,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let chosen = levels.and_then(|levels| levels.parse::<Targets>().ok());
    // The default is valid, as a test shows; a filter of nothing would only be silent.
    let filter = chosen
        .or_else(|| DEFAULT_LEVELS.parse().ok())
        .unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_writer(writer)
        .with_filter(filter);
    let own = Targets::new().with_target("sluice", Level::DEBUG);
    let recorded = recorded.map(|recorded| recorded.with_filter(own));
    // Measured first: whoever reads a line finds it counted.
    tracing_subscriber::registry().with(recorded).with(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_levels_are_levels() {
        assert!(DEFAULT_LEVELS.parse::<Targets>().is_ok());
    }
}
