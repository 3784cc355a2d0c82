//! Installs packages of other languages, once per pinned version, below Cargo's target directory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Folders with clients in other languages, each with its pinned packages.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    manifest: &'static str,
    target: &'static str,
}

impl Clients {
    /// Takes `env!("CARGO_MANIFEST_DIR")`, below which the folders are in `tests/clients`, and
    /// `env!("CARGO_TARGET_TMPDIR")`, below which packages are installed.
    #[must_use]
    pub const fn new(manifest: &'static str, target: &'static str) -> Self {
        Self { manifest, target }
    }

    /// Returns the folder of a client.
    #[must_use]
    pub fn folder(self, client: &str) -> PathBuf {
        Path::new(self.manifest).join("tests/clients").join(client)
    }

    /// Returns the Python interpreter of an environment with the packages of the client's `requirements.txt`.
    #[must_use]
    pub fn python(self, client: &str) -> PathBuf {
        let installed = self.install(client, &["requirements.txt"], |directory| {
            let environment = directory.join("environment");
            let mut create = Command::new("python3");
            create.args(["-m", "venv"]).arg(&environment);
            let needs = "Python 3.10 or newer with its venv module";
            succeed("python3 -m venv", needs, create.output());
            let mut pip = Command::new(interpreter(directory));
            pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
                .args(["--disable-pip-version-check"])
                .args(["--requirement", "requirements.txt"])
                .current_dir(directory);
            let needs = "access to the Python package index";
            succeed("pip install", needs, pip.output());
        });
        interpreter(&installed)
    }

    /// Returns a directory with the packages that the client's `package-lock.json` names, in `node_modules`.
    #[must_use]
    pub fn npm(self, client: &str) -> PathBuf {
        let pinned = ["package.json", "package-lock.json"];
        self.install(client, &pinned, |directory| {
            let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
            let mut ci = Command::new(npm);
            ci.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(directory);
            let needs = "Node.js 22 or newer with npm, and access to the npm registry";
            succeed("npm ci", needs, ci.output());
        })
    }

    /// Returns the program that the client's Go files are built into, with the modules that its `go.sum` names.
    #[must_use]
    pub fn go(self, client: &str) -> PathBuf {
        let files = ["go.mod", "go.sum", "main.go", "processors.go"];
        let installed = self.install(client, &files, |directory| {
            let mut build = Command::new("go");
            build.args(["build", "-mod=readonly", "-o", "program", "."]);
            build.current_dir(directory);
            let needs = "Go 1.24 or newer, and access to the Go module proxy";
            succeed("go build", needs, build.output());
        });
        installed.join("program")
    }

    /// Returns the class path of the client's Java files, with the packages that its `pom.xml` names.
    #[must_use]
    pub fn java(self, client: &str) -> String {
        let files = ["pom.xml", "Main.java", "Processors.java"];
        let installed = self.install(client, &files, |directory| {
            let mut copy = Command::new("mvn");
            copy.args(["--quiet", "--batch-mode", "dependency:copy-dependencies"])
                .args(["-DoutputDirectory=packages"])
                .current_dir(directory);
            let needs = "Maven, and access to Maven Central";
            succeed("mvn dependency:copy-dependencies", needs, copy.output());
            let mut compile = Command::new("javac");
            compile
                .args(["-encoding", "UTF-8", "-cp", "packages/*", "-d", "classes"])
                .args(["Main.java", "Processors.java"])
                .current_dir(directory);
            succeed("javac", "a JDK of version 17 or newer", compile.output());
        });
        let separator = if cfg!(windows) { ';' } else { ':' };
        format!("{0}/packages/*{separator}{0}/classes", installed.display())
    }

    /// Runs `build` in a fresh directory with copies of `pinned`, unless that was done before with the same contents.
    /// Other tests that need the same wait.
    fn install(self, client: &str, pinned: &[&str], build: impl FnOnce(&Path)) -> PathBuf {
        let contents: Vec<_> = pinned
            .iter()
            .map(|name| fs::read(self.folder(client).join(name)).unwrap())
            .collect();
        let parent = Path::new(self.target).join("clients");
        fs::create_dir_all(&parent).unwrap();
        let name = format!("{client}-{:08x}", crc32fast::hash(&contents.concat()));
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
}

fn interpreter(directory: &Path) -> PathBuf {
    let place = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    directory.join("environment").join(place)
}

/// Returns what the program printed; panics with what is needed if it is missing or failed.
pub fn succeed(what: &str, needs: &str, output: io::Result<Output>) -> String {
    let output = output.unwrap_or_else(|error| {
        panic!("{what} could not be started ({error}); this test needs {needs}")
    });
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{what} failed ({}); it needs {needs}\n{printed}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}
