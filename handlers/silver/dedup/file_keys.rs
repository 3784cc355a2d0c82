//! The keys of files, kept only as long as there is room; pure.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::key_set::{KEY_BYTES, KeySet};
use crate::store::object::ObjectPath;

/// What an entry of the cache takes beside its keys and its path, which is kept twice: nodes of the maps, counters.
const ENTRY_BYTES: usize = 256;

/// The keys of a file. They are put into a set when somebody looks one up, and of a file that nothing else overlaps nobody
/// does.
pub(in crate::silver) struct FileKeys {
    set: LazyLock<KeySet, Box<dyn FnOnce() -> KeySet + Send>>,
    bytes: usize,
}

impl FileKeys {
    /// Takes the keys of a file.
    #[must_use]
    pub(in crate::silver) fn of(keys: Vec<u128>) -> Self {
        Self {
            bytes: keys.len() * KEY_BYTES,
            set: LazyLock::new(Box::new(move || KeySet::of(keys.into_iter()))),
        }
    }

    /// Returns them as a set.
    #[must_use]
    pub(in crate::silver) fn set(&self) -> &KeySet {
        &self.set
    }

    /// Returns the memory that they take at most, in bytes.
    #[must_use]
    pub(in crate::silver) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl From<KeySet> for FileKeys {
    fn from(set: KeySet) -> Self {
        Self {
            bytes: set.bytes(),
            set: LazyLock::new(Box::new(move || set)),
        }
    }
}

impl fmt::Debug for FileKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKeys")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// The keys of recently used files, bounded by bytes. It only saves reading: what is not here is read.
#[derive(Debug)]
pub(in crate::silver) struct KeyCache {
    files: HashMap<ObjectPath, (Arc<FileKeys>, u64)>,
    /// Paths by when they were last used, oldest first.
    uses: BTreeMap<u64, ObjectPath>,
    clock: u64,
    bytes: usize,
    max_bytes: usize,
}

impl KeyCache {
    /// Makes a cache of at most `max_bytes` bytes of keys.
    #[must_use]
    pub(in crate::silver) fn new(max_bytes: usize) -> Self {
        Self {
            files: HashMap::new(),
            uses: BTreeMap::new(),
            clock: 0,
            bytes: 0,
            max_bytes,
        }
    }

    /// Returns the keys of a file, if they are here.
    pub(in crate::silver) fn get(&mut self, path: &ObjectPath) -> Option<Arc<FileKeys>> {
        self.clock += 1;
        let (keys, used) = self.files.get_mut(path)?;
        self.uses.remove(used);
        *used = self.clock;
        self.uses.insert(self.clock, path.clone());
        Some(Arc::clone(keys))
    }

    /// Keeps the keys of a file, and forgets those used longest ago to make room. Keys that take more than the
    /// cache are not kept.
    pub(in crate::silver) fn put(&mut self, path: ObjectPath, keys: impl Into<Arc<FileKeys>>) {
        let keys = keys.into();
        let size = entry_bytes(&path, &keys);
        if size > self.max_bytes {
            return;
        }
        self.remove(&path);
        while self.bytes + size > self.max_bytes {
            let Some((_, oldest)) = self.uses.pop_first() else {
                break;
            };
            if let Some((old, _)) = self.files.remove(&oldest) {
                self.bytes -= entry_bytes(&oldest, &old);
            }
        }
        self.clock += 1;
        self.bytes += size;
        self.uses.insert(self.clock, path.clone());
        self.files.insert(path, (keys, self.clock));
    }

    /// Forgets the keys of a file.
    pub(in crate::silver) fn remove(&mut self, path: &ObjectPath) {
        if let Some((keys, used)) = self.files.remove(path) {
            self.bytes -= entry_bytes(path, &keys);
            self.uses.remove(&used);
        }
    }
}

/// Many files are small: what an entry takes beside its keys counts as well, or the bound would be none.
fn entry_bytes(path: &ObjectPath, keys: &FileKeys) -> usize {
    ENTRY_BYTES + 2 * path.as_str().len() + keys.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> ObjectPath {
        ObjectPath::new("silver", name)
    }

    fn keys(keys: &[u128]) -> Arc<FileKeys> {
        Arc::new(FileKeys::of(keys.to_vec()))
    }

    #[test]
    fn keys_are_the_same_whether_they_came_as_a_list_or_as_a_set() {
        let list: Vec<u128> = (0..100).map(|key| key << 60).collect();
        let of_set = FileKeys::from(KeySet::of(list.iter().copied()));
        let of_list = FileKeys::of(list.clone());
        for keys in [of_set, of_list] {
            assert_eq!(keys.set().len(), list.len());
            assert!(list.iter().all(|key| keys.set().contains(*key)));
            assert!(keys.set().bytes() <= keys.bytes());
        }
    }

    #[test]
    fn the_cache_forgets_what_was_used_longest_ago() {
        let size = entry_bytes(&path("a"), &keys(&[1, 2, 3]));
        let mut cache = KeyCache::new(2 * size);
        cache.put(path("a"), keys(&[1, 2, 3]));
        cache.put(path("b"), keys(&[4, 5, 6]));
        assert!(cache.get(&path("a")).is_some());
        cache.put(path("c"), keys(&[7, 8, 9]));
        assert!(cache.get(&path("b")).is_none());
        assert!(
            cache
                .get(&path("a"))
                .is_some_and(|keys| keys.set().contains(2))
        );
        assert!(cache.get(&path("c")).is_some());
        assert!(cache.bytes <= 2 * size);
    }

    #[test]
    fn the_bound_holds_for_many_small_files_too() {
        let mut cache = KeyCache::new(100_000);
        for number in 0..10_000 {
            cache.put(path(&format!("{number:0100}")), keys(&[number]));
        }
        assert!(cache.bytes <= 100_000);
        assert!(
            cache.files.len() * 2 * 100 < 100_000,
            "{}",
            cache.files.len()
        );
    }

    #[test]
    fn keys_that_take_more_than_the_cache_are_not_kept() {
        let mut cache = KeyCache::new(16);
        cache.put(path("a"), keys(&[1, 2, 3]));
        assert!(cache.get(&path("a")).is_none());
        assert_eq!(cache.bytes, 0);
    }
}
