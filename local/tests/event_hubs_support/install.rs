//! Installs packages of other languages, once per pinned version, below Cargo's target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python interpreter of an environment with the packages of `tests/clients/<folder>/requirements.txt`.
pub(crate) fn python(folder: &str) -> PathBuf {
    let installed = install(folder, &["requirements.txt"], |directory| {
        let environment = directory.join("environment");
        let create = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment)
            .output();
        succeed(
            "python3 -m venv",
            "Python 3.9 or newer with its venv module",
            create,
        );
        let pip = Command::new(interpreter(directory))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--no-input", "--requirement", "requirements.txt"])
            .current_dir(directory)
            .output();
        succeed("pip install", "access to the Python package index", pip);
    });
    interpreter(&installed)
}

fn interpreter(directory: &Path) -> PathBuf {
    let place = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    directory.join("environment").join(place)
}

/// A directory with the packages that `tests/clients/javascript/package-lock.json` names.
pub(crate) fn node_modules() -> PathBuf {
    install(
        "javascript",
        &["package.json", "package-lock.json"],
        |directory| {
            let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
            let ci = Command::new(npm)
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(directory)
                .output();
            succeed(
                "npm ci",
                "Node.js 20 or newer with npm, and access to the npm registry",
                ci,
            );
        },
    )
}

/// The folder of a language below `tests/clients`.
pub(crate) fn sources(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(language)
}

/// Runs `build` in a fresh directory with copies of `pinned`, unless that was done before with
/// the same contents. Other tests that need the same wait.
fn install(language: &str, pinned: &[&str], build: impl FnOnce(&Path)) -> PathBuf {
    let contents: Vec<_> = pinned
        .iter()
        .map(|name| fs::read(sources(language).join(name)).unwrap())
        .collect();
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    fs::create_dir_all(&parent).unwrap();
    let name = format!("{language}-{:08x}", crc32fast::hash(&contents.concat()));
    let lock = File::create(parent.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let directory = parent.join(name);
    let complete = directory.join("complete");
    if !complete.exists() {
        if directory.exists() {
            fs::remove_dir_all(&directory).unwrap();
        }
        fs::create_dir_all(&directory).unwrap();
        for (name, contents) in pinned.iter().zip(contents) {
            fs::write(directory.join(name), contents).unwrap();
        }
        build(&directory);
        fs::write(complete, "").unwrap();
    }
    directory
}

/// Panics with what is needed if the program is missing or failed.
pub(crate) fn succeed(what: &str, needs: &str, output: std::io::Result<std::process::Output>) {
    let output = output.unwrap_or_else(|error| {
        panic!("{what} could not be started ({error}); this test needs {needs}")
    });
    assert!(
        output.status.success(),
        "{what} failed ({}); it needs {needs}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
