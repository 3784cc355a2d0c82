//! `sluice load`: history from files into bronze, once for each content.

mod events;
mod parts;
#[cfg(test)]
mod tests;
mod told;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use sluice::store::object::{Created, Metadata, ObjectPath, paths};
use tokio::sync::mpsc;
use xxhash_rust::xxh3::Xxh3;

use crate::output::{About, Usage, bar};
use crate::target::{AppSettings, SettingsArguments, Stores, say_target};
use parts::{Cutter, Part};
use told::{Loaded, STDIN, Told, What};

/// How many objects are read ahead of the one that is written.
const AHEAD: usize = 1;

/// Put the events of files into bronze: history, or what another system exported
///
/// Each line is the body of an event, or a line as bronze has it ({"$sluice":"event",…}); with --array a file is one JSON array,
/// and each of its elements an event. What gzip has packed is unpacked. The functions refine what comes as they refine
/// everything: bad events go to quarantine, and what is there already is a duplicate. Events have no partition and no number; they
/// were enqueued when they were loaded. `dataset try` says beforehand what would become of them.
///
/// An object is named by its content, so a file that is loaded twice, or again after a kill, is there once. A file that has grown
/// is another one: its last object is loaded again, and only a dataset with a key finds the duplicates.
///
/// --dry-run tells what there is and what would be written, and a token; with --expect and that token just that is written, or
/// nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice load 2024.jsonl.gz 2025.jsonl.gz      history, line by line
  sluice load --array export.json              one array
  sluice load --dry-run *.jsonl                what it would be
  zstdcat history.zst | sluice load -          from another program")]
pub(crate) struct LoadArguments {
    /// The files (.jsonl, .json, .gz); - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Each file is one JSON array, whose elements are the events
    #[arg(long)]
    array: bool,
    /// Tell what would be written, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it only if it is just what --dry-run announced with this token
    #[arg(long, value_name = "TOKEN", conflicts_with = "dry_run")]
    expect: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Loads, or tells what would be.
pub(crate) async fn run(arguments: LoadArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    arguments.check()?;
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    if !arguments.dry_run {
        say_target(&settings.written());
    }
    let told = arguments.load(&stores).await?;
    let about = About {
        target: settings.target(),
        result: told.json(),
    };
    about.tell(arguments.json, &told.text())?;
    Ok(told.is_well())
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// It is only named.
    Name,
    /// It is looked whether it is there.
    Look,
    Write,
}

impl LoadArguments {
    fn check(&self) -> Result<(), Usage> {
        let is_stdin = |file: &PathBuf| file.as_path() == Path::new(STDIN);
        if self.expect.is_some() && self.files.iter().any(is_stdin) {
            let text = "--expect reads everything before it writes anything, and standard input can be read once: write it to a file";
            return Err(Usage(text.to_owned()));
        }
        let missing = self
            .files
            .iter()
            .find(|file| !is_stdin(file) && !file.is_file());
        match missing {
            Some(file) => Err(Usage(format!("{} is no file", file.display()))),
            None => Ok(()),
        }
    }

    async fn load(&self, stores: &Stores) -> Result<Told, Box<dyn Error + Send + Sync>> {
        if self.dry_run {
            return self.each(stores, Act::Look, What::Announced).await;
        }
        if let Some(expected) = &self.expect {
            let told = self.each(stores, Act::Name, What::Differs).await?;
            if told.token != *expected {
                return Ok(told);
            }
        }
        self.each(stores, Act::Write, What::Done).await
    }

    /// Goes through all files.
    async fn each(
        &self,
        stores: &Stores,
        act: Act,
        what: What,
    ) -> Result<Told, Box<dyn Error + Send + Sync>> {
        let mut token = Xxh3::new();
        let mut told = Told {
            dataset: stores.dataset.name.clone(),
            files: Vec::new(),
            token: String::new(),
            what,
        };
        let bar = bar("events", None);
        for file in &self.files {
            let mut loaded = Loaded {
                file: file.clone(),
                ..Loaded::default()
            };
            let (sender, mut parts) = mpsc::channel(AHEAD);
            let (path, is_array) = (file.clone(), self.array);
            let reading = tokio::task::spawn_blocking(move || cut(&path, is_array, &sender));
            while let Some(part) = parts.recv().await {
                let object = paths::loaded_object(&stores.dataset.name, &part.hash);
                token.update(object.name().as_bytes());
                token.update(b"\n");
                bar.inc(part.lines);
                loaded.take_in(&part);
                let is_there = carry_out(stores, &object, (file, part), act).await?;
                loaded.there += u64::from(is_there);
            }
            reading.await??;
            told.files.push(loaded);
        }
        bar.finish_and_clear();
        told.token = format!("{:032x}", token.digest128());
        Ok(told)
    }
}

impl Loaded {
    fn take_in(&mut self, part: &Part) {
        self.events += part.lines;
        self.bytes += part.content.len() as u64;
        self.objects += 1;
    }
}

/// Reads a file and sends what becomes of it, until nobody takes it any more.
fn cut(
    path: &Path,
    is_array: bool,
    sender: &mpsc::Sender<Part>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut cutter = Cutter::new();
    let mut take = |line: &[u8]| match cutter.add(line) {
        Some(part) => sender.blocking_send(part).is_ok(),
        None => true,
    };
    match is_array {
        true => events::elements(path, &mut take)?,
        false => events::lines(path, &mut take)?,
    }
    if let Some(part) = cutter.end() {
        // Whoever does not take it has failed, and says why.
        let _ = sender.blocking_send(part);
    }
    Ok(())
}

/// Returns whether the object was there before.
async fn carry_out(
    stores: &Stores,
    object: &ObjectPath,
    (file, part): (&Path, Part),
    act: Act,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    Ok(match act {
        Act::Name => false,
        Act::Look => stores.lake.head(object).await?.is_some(),
        Act::Write => {
            let lineage = lineage(file);
            let created = stores.lake.create(object, part.content, &lineage);
            created.await? == Created::AlreadyThere
        }
    })
}

/// Says which file an object came from: its name, in letters that a header may have.
fn lineage(file: &Path) -> Metadata {
    let name = file.file_name().map(|name| name.to_string_lossy());
    let name = name.filter(|name| name != STDIN);
    let of = |name: String| ("file".to_owned(), name);
    let safe = |letter: char| match letter {
        ' '..='~' => letter,
        _ => '?',
    };
    let name = name.map(|name| of(name.chars().map(safe).take(200).collect()));
    name.into_iter().collect()
}
