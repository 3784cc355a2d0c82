//! The package as a zip file.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::app::Entry;

/// Returns the zip file of `entries`: the same bytes for the same entries, whenever and wherever.
///
/// # Errors
/// Fails if two entries have one path.
pub(super) fn write(entries: &[Entry]) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        zip.start_file(entry.path.as_str(), options)?;
        zip.write_all(&entry.content)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    fn entries() -> Vec<Entry> {
        let entry = |path: &str, content: &[u8], mode| Entry {
            path: path.to_owned(),
            content: content.to_vec(),
            mode,
        };
        vec![
            entry("bronze/function.json", b"{}", 0o644),
            entry("handler", &[7; 100_000], 0o755),
        ]
    }

    #[test]
    fn names_contents_and_modes_come_back() {
        let mut zip = ZipArchive::new(Cursor::new(write(&entries()).unwrap())).unwrap();
        for (i, expected) in entries().into_iter().enumerate() {
            let mut file = zip.by_index(i).unwrap();
            assert_eq!(file.name().unwrap(), expected.path);
            assert_eq!(file.unix_mode(), Some(0o100_000 | expected.mode));
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            assert_eq!(content, expected.content);
        }
    }

    #[test]
    fn the_same_entries_give_the_same_bytes_with_times_that_are_fixed() {
        let first = write(&entries()).unwrap();
        assert_eq!(first, write(&entries()).unwrap());
        let mut zip = ZipArchive::new(Cursor::new(first)).unwrap();
        let time = zip.by_index(0).unwrap().last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day()), (1980, 1, 1));
    }
}
