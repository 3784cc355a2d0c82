//! Events from a file or standard input: each line is one event's bytes; what is packed with gzip is unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use thiserror::Error;

/// How a command line names standard input.
const STDIN: &str = "-";
/// How what gzip has packed begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("read {}", path.display())]
pub(crate) struct InputError {
    path: PathBuf,
    source: io::Error,
}

/// The lines of a file, without their line feeds.
pub(crate) struct Input {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
}

impl Input {
    /// Opens the file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, InputError> {
        let fail = |source| InputError {
            path: path.to_owned(),
            source,
        };
        let mut plain: Box<dyn BufRead + Send> = match path == Path::new(STDIN) {
            true => Box::new(BufReader::new(io::stdin())),
            false => Box::new(BufReader::new(File::open(path).map_err(fail)?)),
        };
        // What a pipe brings has no name that would tell, and what its name tells must be so.
        let is_packed = path.extension().is_some_and(|extension| extension == "gz")
            || plain.fill_buf().map_err(fail)?.starts_with(&GZIP);
        let reader: Box<dyn BufRead + Send> = match is_packed {
            true => Box::new(BufReader::new(MultiGzDecoder::new(plain))),
            false => plain,
        };
        Ok(Self {
            path: path.to_owned(),
            reader,
        })
    }

    /// Returns what was not read yet, unpacked.
    pub(crate) fn into_reader(self) -> impl BufRead + Send {
        self.reader
    }

    /// Returns up to `count` further events; none at the end.
    pub(crate) fn next_events(&mut self, count: usize) -> Result<Vec<Bytes>, InputError> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            let mut line = Vec::new();
            let read = self.reader.read_until(b'\n', &mut line);
            let read = read.map_err(|source| InputError {
                path: self.path.clone(),
                source,
            })?;
            if read == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            events.push(Bytes::from(line));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn plain_and_packed_files_give_the_same_events() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"{\"a\":1}\n\nlast without line feed";
        let plain = folder.path().join("events.jsonl");
        let unnamed = folder.path().join("packed.jsonl");
        std::fs::write(&plain, text).unwrap();
        let packed = folder.path().join("events.jsonl.gz");
        let mut encoder = GzEncoder::new(File::create(&packed).unwrap(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap();
        std::fs::copy(&packed, &unnamed).unwrap();

        for path in [plain, packed, unnamed] {
            let mut input = Input::open(&path).unwrap();
            assert_eq!(input.next_events(2).unwrap(), [&b"{\"a\":1}"[..], b""]);
            assert_eq!(
                input.next_events(2).unwrap(),
                [&b"last without line feed"[..]]
            );
            assert!(input.next_events(2).unwrap().is_empty());
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Input::open(Path::new("no/such.jsonl")).err().unwrap();
        assert_eq!(error.to_string(), "read no/such.jsonl");
    }
}
