//! Progress bars, on standard error, if that is a terminal.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};

/// Makes a bar up to `total`, or one without end. Where standard error is no terminal, nothing is drawn.
pub(crate) fn bar(step: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg:24} {bar:32} {human_pos}/{human_len} {rate} {eta}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{msg:24} {spinner} {human_pos} {rate}",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_message(step.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Writes how many there are a second: a whole number, as everywhere.
fn rate(state: &ProgressState, to: &mut dyn Write) {
    // A number of things, so never below zero; a rounded one is meant.
    let rate = state.per_sec().round() as u64;
    let _ = write!(to, "{}/s", HumanCount(rate));
}
