//! `sluice quarantine export`: rejected records, or the events that they are of, as a file that is whole or not there.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sluice::event::UnixMillis;
use sluice::store::object::{ObjectPath, paths};
use sluice::value::line::times::Times;
use tempfile::NamedTempFile;

use super::arguments::{Kind, QuarantineArguments};
use crate::output::{count, shell_word};
use crate::quarantine::{Quarantine, Rejected};
use crate::target::Stores;

/// What was written.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Exported {
    pub(super) file: PathBuf,
    pub(super) records: u64,
    /// Where events were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<u64>,
    /// Objects of bronze that are gone, with their events.
    pub(super) gone: Vec<String>,
}

/// Lines of bronze by their object, each once.
type Lines = BTreeMap<String, BTreeSet<usize>>;

impl Exported {
    /// Says it for people.
    pub(super) fn text(&self) -> String {
        let file = shell_word(&self.file.display().to_string());
        let records = count(self.records, "rejected record");
        let what = match self.events {
            None => records,
            Some(events) => format!("{} of {records}", count(events, "event")),
        };
        let mut text = format!("{what} in {file}");
        if let Some(first) = self.gone.first() {
            let gone = count(self.gone.len() as u64, "object");
            text.push_str(&format!(
                "; without those of {gone} that bronze no longer has, such as {first}"
            ));
        }
        text
    }
}

/// Writes what was chosen to a file that is not there yet. Nothing of that name is there before all of it is.
///
/// # Errors
/// Fails if the file is there or cannot be written, if a store fails, and if events are asked for whose masked values nobody
/// said may be written.
pub(super) async fn export(
    arguments: &QuarantineArguments,
    stores: &Stores,
    now: UnixMillis,
) -> Result<Exported, Box<dyn Error + Send + Sync>> {
    let path = arguments.file.as_deref().unwrap_or(Path::new(""));
    check_masks(arguments, stores)?;
    let mut file = NewFile::create(path)?;
    let (mut records, mut lines, mut failure) = (0, Lines::new(), None);
    if let Some(head) = stores.log.head().await? {
        let quarantine = Quarantine::new(&stores.dataset.name, &stores.log, &stores.lake);
        let most = arguments
            .limit
            .filter(|most| *most > 0)
            .unwrap_or(usize::MAX) as u64;
        let take = |rejected: Rejected| {
            if !arguments.wants(&rejected) {
                return true;
            }
            records += 1;
            let taken = match arguments.kind {
                Kind::Records => file.write_record(&rejected),
                Kind::Events => {
                    let own = lines.entry(rejected.source).or_default();
                    own.insert(rejected.line as usize);
                    Ok(())
                }
            };
            failure = taken.err();
            failure.is_none() && records < most
        };
        let span = arguments.span(now, head.clock);
        let quarantine = quarantine.of_any_size();
        quarantine.visit(&head, span, None, take).await?;
    }
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    let mut exported = Exported {
        file: path.to_owned(),
        records,
        events: None,
        gone: Vec::new(),
    };
    if arguments.kind == Kind::Events {
        write_events(stores, lines, &mut file, &mut exported).await?;
    }
    file.finish()?;
    Ok(exported)
}

/// Bronze has what masks hide: who asks for its events is to know that.
fn check_masks(arguments: &QuarantineArguments, stores: &Stores) -> Result<(), String> {
    let columns = stores.dataset.columns.iter();
    let mut masked = columns.filter(|column| column.rules.mask.is_some());
    match masked.next() {
        Some(column) if arguments.kind == Kind::Events && !arguments.unmasked => Err(format!(
            "events are as they came, with what masks hide elsewhere (column {}): give --unmasked if they may be in a file, or leave --as events out",
            column.name
        )),
        _ => Ok(()),
    }
}

/// Writes events in the order of their objects and lines.
async fn write_events(
    stores: &Stores,
    lines: Lines,
    file: &mut NewFile,
    exported: &mut Exported,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut events = 0;
    for (source, numbers) in lines {
        let object = ObjectPath::new(paths::BRONZE, &source);
        let Some(content) = stores.lake.get(&object).await? else {
            exported.gone.push(source);
            continue;
        };
        let (content, _) = Times::split(&content);
        for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
            if numbers.contains(&number) {
                file.write_line(line)?;
                events += 1;
            }
        }
    }
    exported.events = Some(events);
    Ok(())
}

/// A file that gets its name when it is whole.
struct NewFile {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl NewFile {
    fn create(path: &Path) -> Result<Self, String> {
        if path.exists() {
            return Err(format!(
                "{} is there already, and is not written over: name another file",
                path.display()
            ));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let file = file.map_err(|error| failed(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        })
    }

    fn write_record(&mut self, rejected: &Rejected) -> Result<(), String> {
        let line = serde_json::to_vec(rejected).map_err(|error| failed(&self.path, &error))?;
        self.write_line(&line)
    }

    fn write_line(&mut self, line: &[u8]) -> Result<(), String> {
        let file = &mut self.file;
        let written = file.write_all(line).and_then(|()| file.write_all(b"\n"));
        written.map_err(|error| failed(&self.path, &error))
    }

    fn finish(self) -> Result<(), String> {
        let failed = |error: &dyn Error| failed(&self.path, error);
        let file = self.file.into_inner().map_err(|error| failed(&error))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        let named = file.persist_noclobber(&self.path);
        named.map(drop).map_err(|error| failed(&error.error))
    }
}

fn failed(path: &Path, error: &dyn Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}
