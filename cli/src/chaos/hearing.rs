//! What host and handlers say: kept in a file, and counted where it tells what happened.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sluice::telemetry::lines;
use sluice_local::functions_host::events::{EventSink, HostEvent};

use crate::pipeline::log_line;

/// Hears all hosts.
#[derive(Debug)]
pub(super) struct Hearing {
    log: Mutex<File>,
    started: AtomicU64,
    turned: AtomicU64,
    attempts: AtomicU64,
    failed: AtomicU64,
    /// The first lines that say that a handler panicked.
    panics: Mutex<Vec<String>>,
}

impl Hearing {
    /// Writes what it hears to a new file.
    pub(super) fn to(path: &Path) -> Result<Arc<Self>, String> {
        let log =
            File::create(path).map_err(|error| format!("write {}: {error}", path.display()))?;
        Ok(Arc::new(Self {
            log: Mutex::new(log),
            started: AtomicU64::new(0),
            turned: AtomicU64::new(0),
            attempts: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            panics: Mutex::default(),
        }))
    }

    /// What hands the events of a host over.
    pub(super) fn sink(self: &Arc<Self>) -> EventSink {
        let hearing = Arc::clone(self);
        EventSink::new(move |event| hearing.hear(&event))
    }

    fn hear(&self, event: &HostEvent) {
        if let Some(line) = log_line(event) {
            // A full disk must not end the run.
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = writeln!(log, "{line}");
        }
        match event {
            HostEvent::Stdout { line } => self.hear_line(line),
            HostEvent::Stderr { line, .. } if line.contains("panicked at") => {
                let mut panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
                panics.push(line.clone());
            }
            HostEvent::Invoked { error, .. } => {
                self.attempts.fetch_add(1, Ordering::SeqCst);
                let failed = u64::from(error.is_some());
                self.failed.fetch_add(failed, Ordering::SeqCst);
            }
            HostEvent::Stderr { .. }
            | HostEvent::Message { .. }
            | HostEvent::FunctionLog { .. } => {}
        }
    }

    fn hear_line(&self, line: &str) {
        let said: Option<Value> = serde_json::from_str(line).ok();
        let message = said.as_ref().and_then(|said| said["message"].as_str());
        let count = match message {
            Some(lines::STARTED) => &self.started,
            Some(lines::CLOCK_TURNED) => &self.turned,
            _ => return,
        };
        count.fetch_add(1, Ordering::SeqCst);
    }

    /// How many handlers began to serve.
    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::SeqCst)
    }

    /// How many of them did so with a clock that was turned.
    pub(super) fn turned(&self) -> u64 {
        self.turned.load(Ordering::SeqCst)
    }

    /// How often functions ran, and how often they failed.
    pub(super) fn attempts(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        (load(&self.attempts), load(&self.failed))
    }

    /// Where handlers panicked, which they never may.
    pub(super) fn panics(&self) -> Vec<String> {
        let panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        panics.clone()
    }
}
