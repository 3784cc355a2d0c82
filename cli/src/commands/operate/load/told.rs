//! What a load says, in text and as JSON; pure.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::output::{count, size};

/// How a command line names standard input.
pub(super) const STDIN: &str = "-";

/// What became of one file, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) file: PathBuf,
    pub(super) events: u64,
    /// Of its events, each with a line feed.
    pub(super) bytes: u64,
    /// The objects that have them.
    pub(super) objects: u64,
    /// How many of those were there before.
    pub(super) there: u64,
}

impl Loaded {
    fn name(&self) -> String {
        match self.file.as_path() == Path::new(STDIN) {
            true => "standard input".to_owned(),
            false => self.file.display().to_string(),
        }
    }
}

/// What happened, or would.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) dataset: String,
    pub(super) files: Vec<Loaded>,
    /// The hash of the names of all objects.
    pub(super) token: String,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Announced,
    /// It is not what was announced, and nothing was done.
    Differs,
    Done,
}

impl Told {
    /// Whether all that was asked for is done, or can be.
    pub(super) fn is_well(&self) -> bool {
        self.what != What::Differs
    }

    pub(super) fn total(&self) -> Loaded {
        let mut total = Loaded::default();
        for file in &self.files {
            total.events += file.events;
            total.bytes += file.bytes;
            total.objects += file.objects;
            total.there += file.there;
        }
        total
    }

    pub(super) fn text(&self) -> String {
        let title = match self.what {
            What::Announced => "a dry run: nothing was changed",
            What::Differs => "the files are not those that were announced: nothing was changed",
            What::Done => "loaded",
        };
        let mut lines = vec![format!("{}, {title}", self.dataset)];
        let files = self.files.iter();
        lines.extend(files.map(|file| line(&file.name(), file)));
        if self.files.len() > 1 {
            lines.push(line("together", &self.total()));
        }
        lines.push(match self.what {
            What::Announced => format!(
                "next: sluice load --expect {}  writes just these; give it the same files",
                self.token
            ),
            What::Differs => "next: sluice load --dry-run  announces it anew".to_owned(),
            What::Done => "next: sluice status  shows how far they are; the functions refine what comes, and where none runs `sluice maintain --full` does".to_owned(),
        });
        lines.join("\n")
    }

    pub(super) fn json(&self) -> Value {
        let counted = |of: &Loaded| json!({ "events": of.events, "bytes": of.bytes, "objects": of.objects, "there": of.there });
        let files = self.files.iter().map(|file| {
            let mut value = counted(file);
            value["file"] = file.file.display().to_string().into();
            value
        });
        let files: Vec<Value> = files.collect();
        json!({
            "dataset": self.dataset,
            "what": match self.what {
                What::Announced => "announced",
                What::Differs => "differs",
                What::Done => "done",
            },
            "token": self.token,
            "files": files,
            "total": counted(&self.total()),
        })
    }
}

fn line(name: &str, of: &Loaded) -> String {
    let (events, bytes) = (count(of.events, "event"), size(of.bytes));
    let objects = count(of.objects, "object");
    let there = match (of.there, of.objects) {
        (0, _) => String::new(),
        (there, all) if there == all => ", there already".to_owned(),
        (there, _) => format!(", of which {there} there already"),
    };
    format!("  {name}: {events} ({bytes}) in {objects} of bronze{there}")
}
