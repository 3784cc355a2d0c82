//! `sluice package`: the function app as Azure takes it, in a folder and in a zip file.
//!
//! - the same files and stamp give the same bytes: order, times and modes are fixed
//! - the handler keeps its mode in the zip, without which the host cannot start it
//! - the only difference to the repository's own files is in [`app::for_azure`]

mod app;
mod archive;
mod elf;
mod zig;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::settings::parse_stamp;

use crate::output::{print, say};
use crate::pipeline::app_root;
use app::Entry;
use elf::Program;

/// The newest glibc that the handler may need: that of RHEL 8 and Debian 10, older than any host image of Azure's.
const MAX_GLIBC: elf::Glibc = elf::Glibc(2, 28);

/// Stage the function app for Azure in dist/app and dist/app.zip
///
/// Builds the handler for Linux x64 so that it runs on glibc 2.28 and later. The compiler for that comes from the
/// Python packages ziglang and cargo-zigbuild, which are installed under target/zig the first time.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice package                                     dist/app and dist/app.zip, of datasets/orders.toml
  sluice package -d datasets/shop.toml --output out  another dataset, elsewhere
  sluice package --stamp 2026-11-28T08:00:00Z        the same bytes again, from the same commit")]
pub(crate) struct PackageArguments {
    /// The dataset file; the package holds it in datasets/ under its own name
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "datasets/orders.toml"
    )]
    dataset: PathBuf,
    /// Where to put app and app.zip
    #[arg(long, value_name = "DIR", default_value = "dist")]
    output: PathBuf,
    /// Package this handler instead of building one
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// When the package was made, such as 2026-11-28T08:00:00Z; by default now
    ///
    /// Of two packages that run against the same gold, the one with the later stamp may change it; the other one changes
    /// nothing. To roll back, package the earlier commit again.
    #[arg(long, value_name = "TIME", value_parser = stamp)]
    stamp: Option<UnixMillis>,
    /// Print an object with what was made
    #[arg(long)]
    json: bool,
}

fn stamp(text: &str) -> Result<UnixMillis, String> {
    let stamp = parse_stamp(text);
    stamp.ok_or_else(|| "it takes a time such as 2026-11-28T08:00:00Z".to_owned())
}

/// Stages the package; there is nothing to add up, so the answer is always yes.
pub(crate) async fn run(arguments: PackageArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let dataset = Dataset::load(&arguments.dataset)?;
    let here = std::env::current_dir();
    let here = here.map_err(|error| format!("read the current folder: {error}"))?;
    let root = app_root(&here)?;
    let handler = match &arguments.handler {
        Some(handler) => handler.clone(),
        None => zig::handler(&root, MAX_GLIBC).await?,
    };
    let content = read(&handler)?;
    let program = Program::parse(&content).ok_or_else(|| {
        let path = handler.display();
        format!("package {path}: it is not a program for Linux on x64")
    })?;
    report_glibc(&program, arguments.handler.is_some())?;

    let stamp = arguments.stamp.unwrap_or_else(|| SystemClock.now());
    let beside = dataset.payload.files();
    let entries = app::entries(&root, &arguments.dataset, beside, (content, stamp))?;
    let folder = root.join(&arguments.output).join("app");
    let file = root.join(&arguments.output).join("app.zip");
    app::stage(&entries, &folder)?;
    let zip = archive::write(&entries)?;
    std::fs::write(&file, &zip).map_err(|source| format!("write {}: {source}", file.display()))?;
    summarise(&dataset.name, &entries, &file, zip.len());
    if let Some(cost) = dataset.latency_cost() {
        say(&cost);
    }
    if arguments.json {
        let glibc = program.glibc.map(|glibc| glibc.to_string());
        let entries = entries.iter();
        let entries = entries
            .map(|Entry { path, content, .. }| json!({ "path": path, "bytes": content.len() }));
        let result = json!({
            "dataset": dataset.name,
            "stamp": stamp.to_string(),
            "glibc": glibc,
            "folder": folder.display().to_string(),
            "file": file.display().to_string(),
            "bytes": zip.len(),
            "entries": entries.collect::<Vec<_>>(),
        });
        print(&result.to_string());
    }
    Ok(true)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|source| format!("read {}: {source}", path.display()))
}

/// Refuses a handler of our own making that is too new; a handler passed with --handler only gets a warning.
fn report_glibc(program: &Program, given: bool) -> Result<(), String> {
    let Some(glibc) = program.glibc else {
        say("the handler needs no glibc");
        return Ok(());
    };
    say(&format!("the handler needs glibc {glibc} or later"));
    if glibc <= MAX_GLIBC {
        return Ok(());
    }
    let problem = format!(
        "glibc {glibc} is newer than {MAX_GLIBC}, the newest that every host image of Azure is sure to have"
    );
    if !given {
        return Err(format!("build the handler: {problem}"));
    }
    say(&format!("warning: {problem}"));
    Ok(())
}

fn summarise(dataset: &str, entries: &[Entry], file: &Path, bytes: usize) {
    for Entry {
        path,
        content,
        mode,
    } in entries
    {
        say(&format!("{mode:o} {:>10}  {path}", content.len()));
    }
    say(&format!("{dataset}: {bytes} bytes in {}", file.display()));
}
