//! Ctrl-C while `sluice up` starts ends it at once, whatever part is being started, and no process stays behind.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{command, handler, repository};

/// How long a part may take to begin, on a busy machine.
const BEGINS: Duration = Duration::from_secs(120);
/// How long the end may take there; alone it takes well under a second, and what is waited for here never ends by itself.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A program that starts another one and never ends; the ids of both are in the file `ids`.
fn endless(folder: &Path, name: &str) -> PathBuf {
    let (file, ids) = (folder.join(name), folder.join("ids"));
    let script = format!(
        "#!/bin/sh\nsleep 600 &\necho $$ $! > {0}.new; mv {0}.new {0}\nwait\n",
        ids.display()
    );
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// One that is replaced by what never ends, as programs are that have no children.
fn endless_alone(folder: &Path, name: &str) -> PathBuf {
    let (file, ids) = (folder.join(name), folder.join("ids"));
    let script = format!(
        "#!/bin/sh\necho $$ > {0}.new; mv {0}.new {0}\nexec sleep 600\n",
        ids.display()
    );
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn is_alive(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|text| !text.contains(") Z "))
}

fn until(what: &str, time: Duration, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < time, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whatever a failing test leaves behind is ended.
struct Up(Child);

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `up` with programs of the folder before all others, waits until one has begun, and interrupts it by `signal`.
fn ends_at_once(folder: &Path, environment: &[(&str, &Path)], arguments: &[&str], signal: &str) {
    let path = std::env::var_os("PATH").unwrap();
    let folders = std::env::split_paths(&path);
    let folders = std::iter::once(folder.to_owned()).chain(folders);
    let mut up = command(repository());
    for (name, value) in environment {
        up.env(name, value);
    }
    let output = folder.join("up.txt");
    let file = std::fs::File::create(&output).unwrap();
    up.env("PATH", std::env::join_paths(folders).unwrap())
        .args(["up", "--no-producer", "--state-dir"])
        .arg(folder.join("state"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file);
    let mut up = Up(up.spawn().unwrap());
    let ids = folder.join("ids");
    until("its beginning", BEGINS, || ids.is_file());
    let id = up.0.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.unwrap().success());
    until("the end of `up`", AT_ONCE, || {
        up.0.try_wait().unwrap().is_some()
    });
    let said = std::fs::read_to_string(&output).unwrap();
    let status = up.0.wait().unwrap();
    assert!(status.success(), "{status}: {said}");
    for id in std::fs::read_to_string(&ids).unwrap().split_whitespace() {
        until("the end of what it started", AT_ONCE, || !is_alive(id));
    }
    let first = said.lines().next().unwrap_or_default();
    assert!(first.starts_with("writes to: dataset "), "{said}");
}

#[test]
fn while_the_handler_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let cargo = endless(folder.path(), "cargo");
    for signal in ["INT", "TERM"] {
        let _ = std::fs::remove_file(folder.path().join("ids"));
        ends_at_once(folder.path(), &[("CARGO", &cargo)], &[], signal);
    }
}

#[test]
fn while_azurite_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    endless(folder.path(), "npm");
    let cache = folder.path().join("cache");
    let handler = handler();
    let arguments = ["--handler", handler.to_str().unwrap()];
    ends_at_once(
        folder.path(),
        &[("XDG_CACHE_HOME", &cache)],
        &arguments,
        "INT",
    );
    let said = std::fs::read_to_string(folder.path().join("up.txt")).unwrap();
    assert!(said.contains("about 76 MB to download"), "{said}");
}

#[test]
fn while_azurite_starts() {
    let folder = tempfile::tempdir().unwrap();
    endless_alone(folder.path(), "node");
    let handler = handler();
    let arguments = ["--handler", handler.to_str().unwrap()];
    ends_at_once(folder.path(), &[], &arguments, "INT");
}

#[test]
fn while_the_handler_starts() {
    let folder = tempfile::tempdir().unwrap();
    let handler = endless_alone(folder.path(), "a-handler");
    let arguments = ["--handler", handler.to_str().unwrap()];
    ends_at_once(folder.path(), &[], &arguments, "HUP");
}
