//! Reads a pipeline as long as somebody looks, and hands what is shown to everybody who does.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, Notify, watch};

use super::pace;
use super::reading::{Reading, tables};
use super::view;

/// The parts of a page, by their ids, as HTML.
pub(super) type Parts = Arc<BTreeMap<String, String>>;

/// A pipeline and those who look at it.
#[derive(Debug)]
pub(super) struct Live {
    /// The dataset's name.
    pub(super) name: String,
    /// The gold tables and views that have a place on the page.
    pub(super) tables: Vec<String>,
    reading: Mutex<Reading>,
    shown: watch::Sender<Parts>,
    /// Somebody has come, or wants something.
    woken: Notify,
}

impl Live {
    /// One that nobody looks at yet.
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            name: reading.dataset().name.clone(),
            tables: tables(reading.dataset()),
            reading: Mutex::new(reading),
            shown: watch::Sender::new(Parts::default()),
            woken: Notify::new(),
        }
    }

    /// Begins to look: what is shown from now on.
    pub(super) fn look(&self) -> watch::Receiver<Parts> {
        let mut seen = self.shown.subscribe();
        // What was read before is there at once.
        seen.mark_changed();
        self.woken.notify_one();
        seen
    }

    /// Has gold read although that may wake its database.
    pub(super) async fn wake_gold(&self) {
        self.reading.lock().await.ask_for_gold();
        self.woken.notify_one();
    }

    /// How many look, and what was shown last.
    #[cfg(test)]
    pub(super) fn lookers(&self) -> (usize, Parts) {
        let last = Arc::clone(&self.shown.borrow());
        (self.shown.receiver_count(), last)
    }

    /// Reads while anybody looks, for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        loop {
            if self.shown.receiver_count() == 0 {
                self.reading.lock().await.rest().await;
                self.woken.notified().await;
                continue;
            }
            {
                let mut reading = self.reading.lock().await;
                reading.look().await;
                let parts = view::parts(reading.facts());
                self.shown.send_replace(Arc::new(parts));
            }
            tokio::select! {
                () = tokio::time::sleep(pace::HEAD) => {}
                () = self.woken.notified() => {}
            }
        }
    }
}
