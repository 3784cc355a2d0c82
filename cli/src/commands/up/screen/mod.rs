//! Shows a run while it starts, runs and stops: on a screen of its own on a terminal, as lines elsewhere.
//!
//! It draws by its own clock beside the work, so that a storage that hangs does not stop the seconds.

mod terminal;

use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice::clock::{Clock, SystemClock};

use super::view::{Access, Again, Moment, Seen, ToCopy, View};
use crate::called;
use crate::output::{named, print, print_prose, print_prose_lines, say};
use crate::pipeline::{Part, Stack, Teller, Told};
use terminal::Terminal;

/// How often the picture is renewed.
const BEAT: Duration = Duration::from_millis(200);
/// How often a line is written where nothing can be redrawn.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Where a run is shown.
enum Place {
    Terminal(Terminal),
    Lines {
        last: Option<Instant>,
        /// The messages that the last line came with.
        said: Vec<String>,
    },
    /// Standard output is for a result that is yet to come.
    Nowhere,
}

/// A run as it is shown.
pub(super) struct Screen {
    view: Arc<Mutex<View>>,
    started: Instant,
    place: Mutex<Place>,
    is_silent: bool,
    /// What tells other commands which pipeline it is.
    options: String,
}

impl Screen {
    /// Opens the screen; `is_silent` says that standard output is for something else, and `options` tell other commands
    /// which pipeline it is.
    pub(super) fn open(view: View, is_silent: bool, options: String) -> Self {
        let lines = || Place::Lines {
            last: None,
            said: Vec::new(),
        };
        let place = match (is_silent, Terminal::is_there()) {
            (true, _) => Place::Nowhere,
            (false, false) => lines(),
            (false, true) => Terminal::open().map_or_else(|_| lines(), Place::Terminal),
        };
        Self {
            view: Arc::new(Mutex::new(view)),
            started: Instant::now(),
            place: Mutex::new(place),
            is_silent,
            options,
        }
    }

    /// Returns what hears the parts of the pipeline while they start.
    pub(super) fn teller(&self) -> Teller {
        let (view, started) = (Arc::clone(&self.view), self.started);
        let is_terminal = matches!(*self.place(), Place::Terminal(_));
        let is_silent = self.is_silent;
        Arc::new(move |part: Part, told: Told| {
            lock(&view).hear(started.elapsed(), part, &told);
            match told {
                _ if is_terminal => {}
                Told::Stands(text) if !is_silent => print(&format!("{}: {text}", part.name())),
                Told::Says(text) | Told::Differs(text) => say(&text),
                Told::Begins | Told::Stands(_) => {}
            }
        })
    }

    /// Says how to take part in a pipeline that runs.
    pub(super) fn stands(&self, stack: &Stack, dashboard: Option<&str>) {
        let to_copy = |text: String, command: &str| ToCopy {
            text,
            command: named(&format!("{command}{}", self.options), called::name()),
        };
        let access = Access {
            connection: to_copy(stack.connection_string(), "sluice connect event-hub"),
            log: from_here(stack.log_file()),
            dashboard: dashboard.map(|address| to_copy(address.to_owned(), "sluice dashboard")),
        };
        if matches!(*self.place(), Place::Lines { .. }) {
            let connection = &access.connection.text;
            print(&format!("send your own events to  {connection}"));
            print(&format!("logs of host and handler {}", access.log));
            if let Some(address) = &access.dashboard {
                print(&format!("dashboard                {}", address.text));
            }
            print("");
        }
        self.view().access = Some(access);
    }

    /// Takes in a look at how far everything is.
    pub(super) fn see(&self, seen: Seen) {
        let elapsed = self.started.elapsed();
        self.view().see(elapsed, seen);
    }

    /// Says what is wrong with the whole.
    pub(super) fn fail(&self, text: &str) {
        let mut view = self.view();
        view.failure = Some(text.to_owned());
        view.is_stopping = true;
    }

    /// Says what is to be looked at, although the run goes on.
    pub(super) fn warn(&self, text: &str) {
        self.view().notices.push(text.to_owned());
        if !matches!(*self.place(), Place::Terminal(_)) {
            say(&format!("sluice: {text}"));
        }
    }

    /// Notes that the user ends the run.
    pub(super) fn interrupted(&self) {
        self.view().is_stopping = true;
        if matches!(*self.place(), Place::Lines { .. }) {
            let text = format!("{}: stopping", self.view().dataset);
            print(&text);
        }
    }

    /// Does some work, and shows how things stand meanwhile.
    pub(super) async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut beats = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                _ = beats.tick() => self.draw(),
            }
        }
    }

    /// Leaves the screen, which is gone then, and writes how the run ended below what was there before it.
    pub(super) fn finish(&self, text: &str) {
        self.close();
        let text = format!("{}: {text}", self.view().dataset);
        match self.is_silent {
            true => say(&text),
            false => print_prose(&text),
        }
    }

    /// Leaves the screen and writes what a run that was stopped came to. `again` is the command line that goes on.
    pub(super) fn sum_up(&self, again: &Again) {
        self.close();
        let lines = self.view().summary(self.moment(), again);
        match self.is_silent {
            true => lines.iter().for_each(|line| say(&line.text())),
            false => print_prose_lines(lines, None),
        }
    }

    /// Says what may be done after a run that has come to its end.
    pub(super) fn propose(&self, again: &Again) {
        if !self.is_silent {
            say(&format!(
                "next: {} --no-producer  waits for events of your own; `sluice status`, `gold`, `query` and `quarantine` look at it meanwhile",
                again.pipeline
            ));
        }
    }

    /// Leaves the screen.
    fn close(&self) {
        let mut place = self.place();
        if matches!(*place, Place::Terminal(_)) {
            *place = Place::Nowhere;
        }
    }

    fn draw(&self) {
        let moment = self.moment();
        let view = self.view();
        match &mut *self.place() {
            Place::Nowhere => {}
            Place::Terminal(terminal) => {
                let size = Terminal::size();
                // A terminal that has gone ends the process by its own signal.
                let _ = terminal.draw(&view.lines(moment, size), size);
            }
            Place::Lines { last, said } => {
                let is_due = last.is_none_or(|at| at.elapsed() >= LINE_INTERVAL);
                let Some(line) = view.line(moment).filter(|_| is_due && !view.is_stopping) else {
                    return;
                };
                *last = Some(Instant::now());
                print(&line);
                let messages = view.messages(moment);
                for message in messages.iter().filter(|text| !said.contains(text)) {
                    print(&format!("  ! {message}"));
                }
                *said = messages;
            }
        }
    }

    fn moment(&self) -> Moment {
        Moment {
            elapsed: self.started.elapsed(),
            now: SystemClock.now().as_event_time(),
        }
    }

    fn view(&self) -> MutexGuard<'_, View> {
        lock(&self.view)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names a file as short as it can be named here.
fn from_here(file: &Path) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| file.strip_prefix(here).ok());
    inside.unwrap_or(file).display().to_string()
}

fn lock(view: &Mutex<View>) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}
