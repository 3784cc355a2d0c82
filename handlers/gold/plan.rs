//! Which tables stand where, and what the next transaction does; pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Invariant;
use crate::table::log::{Commit, CommitKind, DataFile, Version};
use crate::warehouse::Progress;
use crate::warehouse::schema::{GoldSchema, TableIndex};

/// Bounds of one transaction and of what is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Versions that are read from the log at a time.
    pub versions: u64,
    /// Files that a transaction reads.
    pub files: u64,
    /// Rows that a transaction reads.
    pub rows: u64,
    /// Bytes that a transaction reads.
    pub bytes: u64,
    /// About how many bytes of groups are held before they are handed to an open transaction.
    pub held: u64,
}

/// What a database takes in about two seconds: a transaction that holds locks for longer keeps others waiting.
const TWO_SECONDS: u64 = 32 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            versions: 1_000,
            files: 2_000,
            rows: 20_000_000,
            bytes: 4 * TWO_SECONDS,
            held: TWO_SECONDS,
        }
    }
}

/// What the tables lack of silver's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableBacklog {
    /// The tables that are made from nothing, with the progress that they lose.
    pub to_rebuild: BTreeMap<TableIndex, Option<Progress>>,
    /// The tables that are behind, by the version they stand at.
    pub behind: BTreeMap<Version, Vec<TableIndex>>,
    /// The tables that are ahead of the head, by name: their log was not this one.
    pub ahead: Vec<String>,
}

impl TableBacklog {
    /// Finds out where the tables stand. A table is made from nothing if it has no progress, if its generation or
    /// definition has changed, if it is one of `gone`, or if `rebuild` says so.
    #[must_use]
    pub fn of(
        schema: &GoldSchema,
        (progress, gone): (&BTreeMap<String, Progress>, &BTreeSet<TableIndex>),
        head: Version,
        rebuild: &Rebuild,
    ) -> Self {
        let mut backlog = Self::default();
        for (index, table) in schema.indexed_tables() {
            let found = progress.get(&table.name);
            let is_current = |found: &&Progress| {
                found.generation == schema.generation && found.definition == table.definition
            };
            match found
                .filter(is_current)
                .filter(|_| !rebuild.has(&table.name) && !gone.contains(&index))
            {
                None => {
                    backlog.to_rebuild.insert(index, found.cloned());
                }
                Some(found) if found.version > head => backlog.ahead.push(table.name.clone()),
                Some(found) if found.version < head => {
                    let tables = backlog.behind.entry(found.version).or_default();
                    tables.push(index);
                }
                Some(_) => {}
            }
        }
        backlog
    }

    /// Leaves out what would be made from nothing and was already, by name.
    ///
    /// # Errors
    /// Fails if the backlog is not of this schema.
    pub fn leave_out(&mut self, rebuilt: &[String], schema: &GoldSchema) -> Result<(), Invariant> {
        for (index, lost) in std::mem::take(&mut self.to_rebuild) {
            if !rebuilt.contains(&schema.table_at(index)?.name) {
                self.to_rebuild.insert(index, lost);
            }
        }
        Ok(())
    }

    /// Returns the tables that stand at `head` and have nothing to do, with their progress.
    #[must_use]
    pub fn standing(
        &self,
        schema: &GoldSchema,
        progress: &BTreeMap<String, Progress>,
        head: Version,
    ) -> BTreeMap<TableIndex, Progress> {
        let tables = schema.indexed_tables().filter_map(|(index, table)| {
            let own = progress.get(&table.name)?;
            let is_current =
                own.generation == schema.generation && own.definition == table.definition;
            let stands = own.version == head && is_current && !self.to_rebuild.contains_key(&index);
            stands.then(|| (index, own.clone()))
        });
        tables.collect()
    }

    /// Passes over a table.
    pub fn pass_over(&mut self, table: TableIndex) {
        self.to_rebuild.remove(&table);
        for tables in self.behind.values_mut() {
            tables.retain(|other| *other != table);
        }
        self.behind.retain(|_, tables| !tables.is_empty());
    }

    /// Returns the tables that are furthest behind, where they stand, and how far they go before they meet others or
    /// the head: from there one read serves all.
    #[must_use]
    pub fn next(&self, head: Version) -> Option<CatchUp> {
        let mut behind = self.behind.iter();
        let (from, tables) = behind.next()?;
        let until = behind.next().map_or(head, |(version, _)| *version);
        Some(CatchUp {
            from: *from,
            until: until.min(head),
            tables: tables.clone(),
        })
    }

    /// Notes that the tables of `moved` stand at `to`.
    pub fn advance(&mut self, moved: CatchUp, to: Version, head: Version) {
        self.behind.remove(&moved.from);
        if to < head {
            self.behind.entry(to).or_default().extend(moved.tables);
        }
    }
}

/// Returns the tables of this generation that follow another log than this. Where no log is known, any is followed.
#[must_use]
pub fn foreign(
    schema: &GoldSchema,
    progress: &BTreeMap<String, Progress>,
    log: Option<&str>,
) -> Vec<String> {
    let tables = schema.tables.iter().filter(|table| {
        let found = progress.get(&table.name);
        let found = found.filter(|found| found.generation == schema.generation);
        found.is_some_and(|found| found.log.is_some() && found.log.as_deref() != log)
    });
    tables.map(|table| table.name.clone()).collect()
}

/// Returns the tables that were made from other generations, with the logs that they follow, by generation.
#[must_use]
pub fn generations(
    schema: &GoldSchema,
    progress: &BTreeMap<String, Progress>,
) -> BTreeMap<u32, Vec<(String, String)>> {
    let mut generations: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for table in &schema.tables {
        let found = progress.get(&table.name);
        if let Some(Progress {
            generation,
            log: Some(log),
            ..
        }) = found
            && *generation != schema.generation
            // What was never filled follows nothing.
            && *generation != 0
        {
            let tables = generations.entry(*generation).or_default();
            tables.push((table.name.clone(), log.clone()));
        }
    }
    generations
}

/// Tables that stand at one version and go on together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    /// The version that they stand at.
    pub from: Version,
    /// The version that they go to at most.
    pub until: Version,
    /// The tables.
    pub tables: Vec<TableIndex>,
}

/// Which tables are made anew whatever their progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rebuild {
    /// None.
    #[default]
    None,
    /// This one.
    Table(String),
    /// All.
    All,
}

impl Rebuild {
    /// Returns whether this table is one of them.
    pub(super) fn has(&self, table: &str) -> bool {
        match self {
            Self::None => false,
            Self::Table(name) => name == table,
            Self::All => true,
        }
    }
}

/// What one transaction reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The version that the tables stand at afterwards.
    pub until: Version,
    /// How many of its commits added rows.
    pub appends: u64,
    /// The files to read.
    pub files: Vec<DataFile>,
}

/// Takes commits, from the first one on, until a limit is met; at least one. Only commits that add rows have files to
/// read: a compaction's files hold rows that were read before.
#[must_use]
pub fn chunk(from: Version, commits: Vec<Commit>, limits: &Limits) -> Chunk {
    let mut chunk = Chunk {
        until: from,
        appends: 0,
        files: Vec::new(),
    };
    let (mut rows, mut bytes) = (0_u64, 0_u64);
    for commit in commits {
        if commit.kind == CommitKind::Append {
            rows += commit.files.iter().map(|file| file.rows).sum::<u64>();
            bytes += commit.files.iter().map(|file| file.bytes).sum::<u64>();
            let files = (chunk.files.len() + commit.files.len()) as u64;
            let is_over = files > limits.files || rows > limits.rows || bytes > limits.bytes;
            if is_over && chunk.until > from {
                break;
            }
            chunk.appends += 1;
            chunk.files.extend(commit.files);
        }
        chunk.until = commit.version;
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventTime, UnixMillis};
    use crate::store::object::ObjectPath;
    use crate::table::log::Counts;
    use crate::value::Grain;
    use crate::warehouse::schema::TableSchema;

    fn table(name: &str) -> TableSchema {
        TableSchema {
            name: name.into(),
            report: format!("{name}_report"),
            grain: Grain::All,
            dimensions: vec![],
            measures: vec![],
            shown: vec![],
            definition: format!("definition of {name}"),
        }
    }

    fn schema(names: &[&str]) -> GoldSchema {
        GoldSchema {
            dataset: "orders".into(),
            generation: 2,
            allowed_lateness: std::time::Duration::ZERO,
            tables: names.iter().map(|name| table(name)).collect(),
            rankings: vec![],
        }
    }

    fn at(name: &str, version: u64) -> (String, Progress) {
        let progress = Progress {
            generation: 2,
            definition: format!("definition of {name}"),
            version: Version(version),
            ..Progress::default()
        };
        (name.into(), progress)
    }

    fn commit(version: u64, kind: CommitKind, rows: &[u64]) -> Commit {
        let file = |(i, rows): (usize, &u64)| DataFile {
            path: ObjectPath::new("silver", &format!("{version}-{i}")),
            period: EventTime(0),
            rows: *rows,
            bytes: rows * 10,
            min: EventTime(0),
            max: EventTime(0),
            stats: None,
        };
        Commit {
            version: Version(version),
            id: format!("c{version}"),
            kind,
            committed: UnixMillis(0),
            files: rows.iter().enumerate().map(file).collect(),
            counts: Counts::default(),
            sources: 0,
            watermark: None,
            totals: None,
        }
    }

    #[test]
    fn a_table_without_valid_progress_is_made_from_nothing() {
        let schema = schema(&["new", "older", "changed", "same"]);
        let mut progress = BTreeMap::from([at("older", 5), at("changed", 5), at("same", 5)]);
        progress.get_mut("older").unwrap().generation = 1;
        progress.get_mut("changed").unwrap().definition = "another".into();
        let backlog = TableBacklog::of(
            &schema,
            (&progress, &BTreeSet::new()),
            Version(5),
            &Rebuild::None,
        );
        assert_eq!(
            backlog
                .to_rebuild
                .keys()
                .map(|table| table.position())
                .collect::<Vec<_>>(),
            [0, 1, 2]
        );
        assert_eq!(backlog.to_rebuild[&TableIndex::new(0)], None);
        assert_eq!(
            backlog.to_rebuild[&TableIndex::new(1)]
                .as_ref()
                .unwrap()
                .generation,
            1
        );
        assert!(backlog.behind.is_empty() && backlog.ahead.is_empty());
    }

    #[test]
    fn a_table_that_was_rebuilt_is_not_rebuilt_again() {
        let (one, both) = (schema(&["a"]), schema(&["a", "b"]));
        let mut backlog = TableBacklog::of(
            &both,
            (&BTreeMap::new(), &BTreeSet::new()),
            Version(5),
            &Rebuild::None,
        );
        backlog.leave_out(&["a".to_owned()], &both).unwrap();
        let left: Vec<_> = backlog
            .to_rebuild
            .keys()
            .map(|table| table.position())
            .collect();
        assert_eq!(left, [1]);
        assert!(backlog.leave_out(&[], &one).is_err());
    }

    #[test]
    fn a_table_that_is_gone_is_made_from_nothing() {
        let schema = schema(&["a", "b"]);
        let progress = BTreeMap::from([at("a", 5), at("b", 5)]);
        let gone = BTreeSet::from([TableIndex::new(1)]);
        let backlog = TableBacklog::of(&schema, (&progress, &gone), Version(5), &Rebuild::None);
        assert_eq!(
            backlog.to_rebuild.keys().collect::<Vec<_>>(),
            [&TableIndex::new(1)]
        );
    }

    #[test]
    fn only_a_log_that_is_known_is_another_one() {
        let schema = schema(&["named", "unnamed", "older", "unfilled"]);
        let follows = |name: &str, generation, log: Option<&str>| {
            let (name, progress) = at(name, 5);
            let log = log.map(str::to_owned);
            (
                name,
                Progress {
                    generation,
                    log,
                    ..progress
                },
            )
        };
        let progress = BTreeMap::from([
            follows("named", 2, Some("x")),
            follows("unnamed", 2, None),
            follows("older", 1, Some("y")),
            follows("unfilled", 0, Some("z")),
        ]);
        for (log, expected) in [
            (Some("x"), &[][..]),
            (Some("w"), &["named"]),
            (None, &["named"]),
        ] {
            assert_eq!(foreign(&schema, &progress, log), expected);
        }
        let older = vec![("older".to_owned(), "y".to_owned())];
        assert_eq!(
            generations(&schema, &progress),
            BTreeMap::from([(1, older)])
        );
    }

    #[test]
    fn a_rebuild_names_one_table_or_all() {
        let schema = schema(&["a", "b"]);
        let progress = BTreeMap::from([at("a", 5), at("b", 5)]);
        let to_rebuild = |rebuild| {
            let backlog =
                TableBacklog::of(&schema, (&progress, &BTreeSet::new()), Version(5), &rebuild);
            backlog
                .to_rebuild
                .keys()
                .map(|table| table.position())
                .collect::<Vec<_>>()
        };
        assert_eq!(to_rebuild(Rebuild::Table("b".into())), [1]);
        assert_eq!(to_rebuild(Rebuild::All), [0, 1]);
    }

    #[test]
    fn a_table_ahead_of_the_head_followed_another_log() {
        let backlog = TableBacklog::of(
            &schema(&["a"]),
            (&BTreeMap::from([at("a", 6)]), &BTreeSet::new()),
            Version(5),
            &Rebuild::None,
        );
        assert_eq!(backlog.ahead, ["a"]);
    }

    #[test]
    fn tables_catch_up_with_each_other_and_then_share_one_read() {
        let schema = schema(&["a", "b", "c"]);
        let progress = BTreeMap::from([at("a", 3), at("b", 7), at("c", 10)]);
        let head = Version(10);
        let mut backlog =
            TableBacklog::of(&schema, (&progress, &BTreeSet::new()), head, &Rebuild::None);
        for (from, tables, until, to) in [
            (3, vec![0], 7, 5),
            (5, vec![0], 7, 7),
            (7, vec![1, 0], 10, 10),
        ] {
            let next = backlog.next(head).unwrap();
            let expected = CatchUp {
                from: Version(from),
                until: Version(until),
                tables: tables.into_iter().map(TableIndex::new).collect(),
            };
            assert_eq!(next, expected);
            backlog.advance(next, Version(to), head);
        }
        assert_eq!(backlog.next(head), None);
    }

    #[test]
    fn a_chunk_ends_before_the_commit_that_would_exceed_a_limit() {
        let commits = || {
            vec![
                commit(1, CommitKind::Append, &[4, 4]),
                commit(2, CommitKind::Append, &[4]),
                commit(3, CommitKind::Append, &[1]),
            ]
        };
        let until = |limits| chunk(Version(0), commits(), &limits).until;
        let limits = Limits::default();
        assert_eq!(until(limits), Version(3));
        assert_eq!(until(Limits { rows: 12, ..limits }), Version(2));
        assert_eq!(
            until(Limits {
                bytes: 119,
                ..limits
            }),
            Version(1)
        );
        assert_eq!(until(Limits { files: 1, ..limits }), Version(1));
    }

    #[test]
    fn compactions_and_schemas_are_passed_over() {
        let compact = CommitKind::Compact { replaces: vec![] };
        let commits = vec![
            commit(1, CommitKind::Schema(String::new()), &[]),
            commit(2, compact, &[100]),
        ];
        let chunk = chunk(Version(0), commits, &Limits::default());
        assert_eq!((chunk.until, chunk.appends), (Version(2), 0));
        assert!(chunk.files.is_empty());
    }
}
