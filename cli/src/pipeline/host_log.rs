//! The log of host and handler, which keeps what the run before said: why it ended is there.

use std::fs::{File, rename};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The log cannot be begun.
#[derive(Debug, Error)]
#[error("begin the log {}", path.display())]
pub(crate) struct LogError {
    path: PathBuf,
    source: io::Error,
}

/// Begins a log at `path`; the one that is there becomes `path` with `.1` at its end.
pub(super) fn open(path: &Path) -> Result<File, LogError> {
    let fail = |source| LogError {
        path: path.to_owned(),
        source,
    };
    let mut last = path.as_os_str().to_owned();
    last.push(".1");
    match rename(path, PathBuf::from(last)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fail(error)),
        _ => File::create(path).map_err(fail),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_log_of_the_last_run_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.log");
        for run in ["first", "second", "third"] {
            let mut log = open(&path).unwrap();
            log.write_all(run.as_bytes()).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("host.log"), "third");
        assert_eq!(read("host.log.1"), "second");
    }
}
