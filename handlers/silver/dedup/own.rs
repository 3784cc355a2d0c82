//! The files of a group's chunks before the one in hand: they are written, and no commit names them yet. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file_keys::FileKeys;
use crate::event::EventTime;
use crate::store::object::ObjectPath;
use crate::table::log::DataFile;

/// Files, and the keys of each.
#[derive(Debug, Default)]
pub(in crate::silver) struct OwnFiles {
    files: Vec<DataFile>,
    /// None where rows have no keys.
    keys: BTreeMap<ObjectPath, Arc<FileKeys>>,
}

impl OwnFiles {
    /// Adds files with their keys.
    pub(in crate::silver) fn add(
        &mut self,
        files: impl IntoIterator<Item = DataFile>,
        keys: impl IntoIterator<Item = (ObjectPath, FileKeys)>,
    ) {
        self.files.extend(files);
        let keys = keys.into_iter();
        self.keys
            .extend(keys.map(|(path, keys)| (path, Arc::new(keys))));
    }

    /// Returns the files, in the order in which they were written.
    pub(in crate::silver) fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// Returns the files of a period with rows between two times, as live files are asked for.
    pub(in crate::silver) fn overlapping(
        &self,
        period: EventTime,
        min: EventTime,
        max: EventTime,
    ) -> impl Iterator<Item = &DataFile> {
        let files = self.files.iter();
        files.filter(move |file| file.period == period && file.min <= max && min <= file.max)
    }

    /// Returns the keys of a file, if it is one of these.
    pub(in crate::silver) fn keys(&self, path: &ObjectPath) -> Option<Arc<FileKeys>> {
        self.keys.get(path).map(Arc::clone)
    }

    /// Returns each file that has keys, with these.
    pub(in crate::silver) fn with_keys(&self) -> impl Iterator<Item = (&DataFile, &FileKeys)> {
        let files = self.files.iter();
        files.filter_map(|file| Some((file, self.keys.get(&file.path)?.as_ref())))
    }

    /// Hands the keys over.
    pub(in crate::silver) fn into_keys(self) -> impl Iterator<Item = (ObjectPath, Arc<FileKeys>)> {
        self.keys.into_iter()
    }
}
