//! Progress bars, on standard error, if that is a terminal.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for each step of an audit, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Bars(Mutex<Option<ProgressBar>>);

impl Bars {
    /// Clears the bar that is shown.
    pub(crate) fn finish(&self) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

impl sluice_cli::audit::Progress for Bars {
    fn start(&self, step: &str, total: u64) {
        self.finish();
        let bar = bar(step, Some(total).filter(|total| *total > 0));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, more: u64) {
        if let Some(bar) = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            bar.inc(more);
        }
    }
}

/// Makes a bar up to `total`, or one without end. Where standard error is no terminal, nothing is drawn.
pub(crate) fn bar(step: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg:24} {bar:32} {human_pos}/{human_len} {per_sec} {eta}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{msg:24} {spinner} {human_pos} {per_sec}",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(step.to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}
