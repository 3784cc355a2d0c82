//! A file that one process has at a time, with those that inherit it: it stands for a folder, and is free again when the
//! last of them has closed it, however it ended.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file to read and write, which is made where it is missing, and holds it; nothing if another process holds it.
///
/// Others may read it meanwhile.
///
/// # Errors
/// Fails if the file cannot be opened.
pub fn hold(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    held(&options, path)
}

/// A lock belongs to the open file, so whoever inherits that has it too.
#[cfg(unix)]
fn held(options: &OpenOptions, path: &Path) -> io::Result<Option<File>> {
    use std::fs::TryLockError;

    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A lock of Windows keeps even those from writing who inherit the file. So it is opened for one writer at a time.
#[cfg(windows)]
fn held(options: &OpenOptions, path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt as _;

    /// FILE_SHARE_READ of the Windows API.
    const SHARED_READ: u32 = 1;
    /// ERROR_SHARING_VIOLATION of the Windows API.
    const IS_HELD: i32 = 32;

    match options.clone().share_mode(SHARED_READ).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(IS_HELD) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_held_once_until_it_is_closed_and_may_be_read_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut first = hold(&path).unwrap().unwrap();
        first.write_all(b"mine").unwrap();
        assert!(hold(&path).unwrap().is_none());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        let inherited = first.try_clone().unwrap();
        drop(first);
        assert!(hold(&path).unwrap().is_none(), "it is still open");
        drop(inherited);
        assert!(hold(&path).unwrap().is_some());
        assert!(hold(&folder.path().join("no/lock")).is_err());
    }
}
