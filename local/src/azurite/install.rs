//! Installs Azurite once, exactly as the lockfile says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::error::AzuriteError;

const PACKAGE: &str = include_str!("../../azurite/package.json");
const LOCKFILE: &str = include_str!("../../azurite/package-lock.json");
/// What is loaded before Azurite.
const PRELOADS: [(&str, &str); 2] = [
    (
        "until-stdin-ends.cjs",
        include_str!("../../azurite/until-stdin-ends.cjs"),
    ),
    (
        "save-together.cjs",
        include_str!("../../azurite/save-together.cjs"),
    ),
];
/// What npm fetches of the lockfile's packages, and what they take once they are unpacked.
const DOWNLOAD: &str = "76 MB";
const INSTALLED: &str = "365 MB";
/// Begins with the packages that were installed; written last.
const DONE: &str = "installed.json";

/// Receives a line about what takes long, for people.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// An installed Azurite.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) dir: PathBuf,
    pub(super) main: PathBuf,
    /// In the order in which they are loaded.
    pub(super) preloads: Vec<PathBuf>,
}

/// Returns the folder of the user's cache that installations share.
#[must_use]
pub fn default_install_dir() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = from("XDG_CACHE_HOME")
        .or_else(|| from("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(|| from("HOME").map(|home| PathBuf::from(home).join(".cache")));
    match cache {
        Some(cache) => cache.join("sluice").join("azurite"),
        None => PathBuf::from(".sluice").join("azurite-program"),
    }
}

/// Returns the version of the Azurite that is installed in `dir`, if it is the one that [`super::Azurite`] would start.
#[must_use]
pub fn installed_version(dir: &Path) -> Option<String> {
    let done = fs::read_to_string(dir.join(DONE)).ok()?;
    if !done.starts_with(&mark()) {
        return None;
    }
    let package = fs::read_to_string(dir.join("node_modules/azurite/package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&package).ok()?;
    Some(package.get("version")?.as_str()?.to_owned())
}

/// Installs Azurite into `dir`, unless it is there. Others that want the same wait.
pub(super) fn ensure(dir: &Path, progress: Option<&Progress>) -> Result<Program, AzuriteError> {
    let files = |path: &Path| {
        let path = path.to_owned();
        move |source| AzuriteError::Files { path, source }
    };
    fs::create_dir_all(dir).map_err(files(dir))?;
    let dir = std::path::absolute(dir).map_err(files(dir))?;
    let program = Program {
        main: dir.join("node_modules/azurite/dist/src/azurite.js"),
        preloads: PRELOADS.map(|(name, _)| dir.join(name)).into(),
        dir,
    };
    if is_done(&program) && has_preloads(&program) {
        return Ok(program);
    }

    let guard = program.dir.join("lock");
    // Held until the file is closed, also by a crash.
    let lock = File::create(&guard).map_err(files(&guard))?;
    lock.lock().map_err(files(&guard))?;
    if !is_done(&program) {
        for (name, content) in [("package.json", PACKAGE), ("package-lock.json", LOCKFILE)] {
            let path = program.dir.join(name);
            fs::write(&path, content).map_err(files(&path))?;
        }
        install(&program.dir, progress)?;
        let done = program.dir.join(DONE);
        fs::write(&done, mark()).map_err(files(&done))?;
    }
    for (path, (_, content)) in program.preloads.iter().zip(PRELOADS) {
        replace(path, content).map_err(files(path))?;
    }
    Ok(program)
}

/// Returns whether these packages are installed. What an earlier build noted behind them is of no matter.
fn is_done(program: &Program) -> bool {
    program.main.is_file()
        && fs::read_to_string(program.dir.join(DONE)).is_ok_and(|text| text.starts_with(&mark()))
}

fn has_preloads(program: &Program) -> bool {
    let mut preloads = program.preloads.iter().zip(PRELOADS);
    preloads.all(|(path, (_, content))| fs::read(path).is_ok_and(|text| text == content.as_bytes()))
}

/// Writes a file that another process may be about to read.
fn replace(path: &Path, content: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, content)?;
    fs::rename(&new, path)
}

fn mark() -> String {
    [PACKAGE, LOCKFILE].concat()
}

fn install(dir: &Path, progress: Option<&Progress>) -> Result<(), AzuriteError> {
    let words = format!(
        "installing Azurite, Microsoft's storage emulator, with npm into {}: some {DOWNLOAD} to download, {INSTALLED} then (only this once)",
        dir.display()
    );
    tracing::info!(dir = %dir.display(), "installing azurite");
    if let Some(progress) = progress {
        progress(&words);
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(npm)
        .args(["ci", "--omit=dev", "--ignore-scripts"])
        .args(["--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| AzuriteError::NoNode("npm", source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(AzuriteError::Install(said.trim().to_owned()))
}
