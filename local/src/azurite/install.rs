//! Installs Azurite once, exactly as the lockfile says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::AzuriteError;
use super::waiting::{LOOK, Waiting};
use crate::held_file::hold;
use crate::own_group::{EndsGroup, own_group};

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
/// How often to say how far an installation is.
const SAY: Duration = Duration::from_secs(3);
/// What npm says, until it has ended.
const NPM_LOG: &str = "npm.log";
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
pub(super) fn ensure(
    dir: &Path,
    progress: Option<&Progress>,
    waiting: &Waiting,
) -> Result<Program, AzuriteError> {
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
    let _lock = take(&guard, progress, waiting).map_err(|error| match error {
        Taking::Failed(source) => files(&guard)(source),
        Taking::GivenUp(error) => error,
    })?;
    if !is_done(&program) {
        for (name, content) in [("package.json", PACKAGE), ("package-lock.json", LOCKFILE)] {
            let path = program.dir.join(name);
            fs::write(&path, content).map_err(files(&path))?;
        }
        install(&program.dir, progress, waiting)?;
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

/// Why the installation is not this process's.
enum Taking {
    Failed(std::io::Error),
    GivenUp(AzuriteError),
}

/// Waits until no other process installs.
fn take(guard: &Path, progress: Option<&Progress>, waiting: &Waiting) -> Result<File, Taking> {
    let mut said = false;
    loop {
        match hold(guard) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => {}
            Err(error) => return Err(Taking::Failed(error)),
        }
        if let Some(progress) = progress.filter(|_| !said) {
            progress("waiting for another process, which is installing Azurite");
            said = true;
        }
        waiting.check().map_err(Taking::GivenUp)?;
        std::thread::sleep(LOOK);
    }
}

fn install(dir: &Path, progress: Option<&Progress>, waiting: &Waiting) -> Result<(), AzuriteError> {
    let say = |words: &str| {
        if let Some(progress) = progress {
            progress(words);
        }
    };
    tracing::info!(dir = %dir.display(), "installing azurite");
    say(&format!(
        "installing Azurite, Microsoft's storage emulator, with npm into {}: about {DOWNLOAD} to download, about {INSTALLED} on the disk (only this once)",
        dir.display()
    ));
    let path = dir.join(NPM_LOG);
    let files = |source| AzuriteError::Files {
        path: path.clone(),
        source,
    };
    // A file, as nobody reads a pipe while its process is waited for.
    let log = File::create(&path).map_err(files)?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(npm);
    command
        .args(["ci", "--omit=dev", "--ignore-scripts"])
        .args(["--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    own_group(&mut command);
    let child = command
        .spawn()
        .map_err(|source| AzuriteError::NoNode("npm", source))?;
    let packages = packages();
    let started = Instant::now();
    let how_far = || {
        let done = packages.iter().filter(|it| dir.join(it).is_file()).count();
        let (all, seconds) = (packages.len(), started.elapsed().as_secs());
        say(&format!(
            "installing Azurite: {done} of {all} packages are there, after {seconds} s"
        ));
    };
    let status =
        wait(child, waiting, how_far)?.map_err(|source| AzuriteError::NoNode("npm", source))?;
    let said = fs::read_to_string(&path).map_err(files)?;
    fs::remove_file(&path).map_err(files)?;
    match status.success() {
        true => Ok(()),
        false => Err(AzuriteError::Install(said.trim().to_owned())),
    }
}

/// Waits for the end of npm, and says now and then how far it is. Once nobody waits, npm is ended.
fn wait(
    mut child: Child,
    waiting: &Waiting,
    how_far: impl Fn(),
) -> Result<std::io::Result<ExitStatus>, AzuriteError> {
    let group = EndsGroup::of(child.id());
    let mut said = Instant::now();
    loop {
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => {
                group.let_be();
                return Ok(Ok(status));
            }
            Err(error) => return Ok(Err(error)),
        }
        if let Err(given_up) = waiting.check() {
            drop(group);
            // Killed just now; where there are no groups, it is killed alone.
            let _ = child.kill();
            let _ = child.wait();
            return Err(given_up);
        }
        if said.elapsed() > SAY {
            how_far();
            said = Instant::now();
        }
        std::thread::sleep(LOOK);
    }
}

/// Returns a file of each package of the lockfile, which is there once the package is.
fn packages() -> Vec<String> {
    let names = LOCKFILE.lines().filter_map(|line| {
        let name = line.trim().strip_suffix("\": {")?.strip_prefix('"')?;
        name.starts_with("node_modules/")
            .then(|| format!("{name}/package.json"))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_the_lockfile_is_counted() {
        let lockfile: serde_json::Value = serde_json::from_str(LOCKFILE).unwrap();
        let all = lockfile["packages"].as_object().unwrap();
        let mut expected: Vec<String> = all
            .keys()
            .filter(|name| !name.is_empty())
            .map(|name| format!("{name}/package.json"))
            .collect();
        let mut found = packages();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        assert!(found.contains(&"node_modules/azurite/package.json".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn an_installation_that_nobody_waits_for_is_ended_with_all_it_has_started() {
        use std::sync::Mutex;

        let folder = tempfile::tempdir().unwrap();
        let ids = folder.path().join("ids");
        // As a wrapper of npm does, which starts another process.
        let script = format!(
            "sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait",
            ids.display()
        );
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        own_group(&mut command);
        let child = command.spawn().unwrap();
        let waiting = Waiting::default();
        let waits = Mutex::new(Some(waiting.until_dropped()));
        let began = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ids.is_file() {
                    std::thread::sleep(LOOK);
                }
                drop(waits.lock().unwrap().take());
            });
            let ended = wait(child, &waiting, || {});
            assert!(matches!(ended, Err(AzuriteError::GivenUp)), "{ended:?}");
        });
        assert!(began.elapsed() < Duration::from_secs(60));
        let id = fs::read_to_string(&ids).unwrap();
        let status = format!("/proc/{}/stat", id.trim());
        // Its new parent may not have waited for it yet.
        let is_alive = || fs::read_to_string(&status).is_ok_and(|text| !text.contains(") Z "));
        while is_alive() {
            assert!(began.elapsed() < Duration::from_secs(60), "{id} lives");
            std::thread::sleep(LOOK);
        }
    }
}
