//! The columns of silver as the log records them; pure.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::definition::Definition;
use crate::dataset::{Dataset, UnknownFields};
use crate::error::Invariant;
use crate::event::UnixMillis;
use crate::store::entity::MAX_ENTITY_BYTES;
use crate::table::schema::{ENQUEUED_TIME, LINE, RECORD, RESCUED, SEQUENCE_NUMBER, SOURCE};

/// How long a dataset file that a later one replaced does not come back, in milliseconds: processes of the deployment
/// before are at work for so long, and each would undo what the new ones record.
pub(crate) const REPLACED_FOR: i64 = 15 * 60 * 1_000;
/// Most replaced files that are remembered.
const MOST_REPLACED: usize = 8;
/// Most UTF-16 units of a definition that is recorded as it is.
const MOST_DEFINITION: usize = 8 * 1024;
/// UTF-16 units of a record. The entity holds little else; the files that were replaced, the salt and a definition's hash
/// take less than the rest.
const MOST_UNITS: usize = (MAX_ENTITY_BYTES - 16 * 1024) / 2 - 1024;

/// The columns of silver, and what decides what becomes of a record, as the log records them.
///
/// Every field since the first build may be absent, which means what it meant then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SchemaRecord {
    /// `hour`, `day` or `month`.
    pub(crate) period: String,
    /// As the dataset file writes it; empty where every record is a row.
    pub(super) key: Vec<String>,
    pub(super) event_time: String,
    /// Whether there is a column of unknown fields.
    pub(super) rescued: bool,
    /// The dataset's columns, in the order in which they came to be.
    pub(crate) columns: Vec<ColumnRecord>,
    /// Whether the Delta table names the columns with bounds. Builds before this did not; the first one that does
    /// records it once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) bounded: bool,
    #[serde(default, skip_serializing_if = "Definition::is_empty")]
    pub(super) definition: Definition,
    /// The fingerprint of the salt that masks hash with, where some do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) salt: Option<String>,
    /// The names of the columns that came later and stand after all others, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) added: Vec<String>,
    /// What was recorded until lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaced: Vec<Replaced>,
    /// When the commit was sent that described the Delta table as it is, unless that is the commit with this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) described: Option<UnixMillis>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnRecord {
    pub(crate) name: String,
    /// The type, as the dataset file writes it.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// A dataset file that another one replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Replaced {
    /// The fingerprint of its record.
    file: String,
    /// When that was.
    at: UnixMillis,
}

/// A column of silver, where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing<'r> {
    /// One of the dataset.
    Declared(&'r ColumnRecord),
    /// One of where a row came from, or that of unknown fields.
    Own(&'static str),
    /// Those that directories stand for, which are in no file.
    Directories,
}

impl SchemaRecord {
    /// Describes what the dataset file asks for, as the log records it.
    ///
    /// # Errors
    /// Fails if the key or the event time is not among the dataset's columns, which a valid dataset file rules out.
    pub(crate) fn of(dataset: &Dataset) -> Result<Self, Invariant> {
        let mut record = Self::whole(dataset)?;
        let definition = std::mem::take(&mut record.definition);
        let room = MOST_UNITS
            .saturating_sub(record.units())
            .min(MOST_DEFINITION);
        record.definition = definition.bounded(room);
        Ok(record)
    }

    /// Describes what the dataset file asks for, with all texts of a definition however long they are.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn whole(dataset: &Dataset) -> Result<Self, Invariant> {
        let columns = dataset.columns.iter().map(|column| ColumnRecord {
            name: column.name.clone(),
            kind: column.kind.to_string(),
            required: column.required,
            description: column.description.clone(),
        });
        // Without a column that takes one, it says nothing of the table.
        let salt = dataset.salted_column().and(dataset.salt.as_ref());
        Ok(Self {
            period: dataset.period.as_str().to_owned(),
            key: dataset.key_texts()?,
            event_time: dataset.column(dataset.event_time)?.name.clone(),
            rescued: dataset.unknown_fields == UnknownFields::Rescue,
            columns: columns.collect(),
            bounded: true,
            definition: Definition::of(dataset),
            salt: salt.map(|salt| salt.fingerprint().to_owned()),
            added: Vec::new(),
            replaced: Vec::new(),
            described: None,
        })
    }

    /// Returns the length of the record as text, in UTF-16 units; one that cannot be written has no room for more.
    fn units(&self) -> usize {
        let text = serde_json::to_string(self);
        text.map_or(usize::MAX, |text| text.encode_utf16().count())
    }

    /// Returns all columns in the order in which they stand in the files and in the Delta table: those of the beginning, and
    /// after all of them the later ones.
    pub(crate) fn standing(&self) -> Vec<Standing<'_>> {
        let is_added = |name: &str| self.added.iter().any(|added| added == name);
        let first = self.columns.iter().filter(|column| !is_added(&column.name));
        let mut standing: Vec<Standing<'_>> = first.map(Standing::Declared).collect();
        standing.push(Standing::Own(SOURCE));
        if self.key.is_empty() {
            standing.extend([LINE, RECORD].map(Standing::Own));
        }
        standing.extend([SEQUENCE_NUMBER, ENQUEUED_TIME].map(Standing::Own));
        if self.rescued && !is_added(RESCUED) {
            standing.push(Standing::Own(RESCUED));
        }
        standing.push(Standing::Directories);
        let column = |name: &String| match name.as_str() {
            RESCUED => Some(Standing::Own(RESCUED)),
            name => self.column(name).map(Standing::Declared),
        };
        standing.extend(self.added.iter().filter_map(column));
        standing
    }

    /// Returns the names of the columns in the order in which they stand in files.
    pub(crate) fn file_columns(&self) -> Vec<String> {
        let standing = self.standing().into_iter();
        let names = standing.filter_map(|column| match column {
            Standing::Declared(column) => Some(column.name.clone()),
            Standing::Own(name) => Some(name.to_owned()),
            Standing::Directories => None,
        });
        names.collect()
    }

    pub(super) fn column(&self, name: &str) -> Option<&ColumnRecord> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns what the file asked for that this records, whatever was recorded before and in which order the file names
    /// the columns.
    pub(super) fn asked(&self) -> Self {
        let mut columns = self.columns.clone();
        columns.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            columns,
            added: Vec::new(),
            replaced: Vec::new(),
            described: None,
            ..self.clone()
        }
    }

    /// Names what the file asked for.
    fn fingerprint(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_string(&self.asked())?;
        Ok(format!("{:032x}", xxh3_128(text.as_bytes())))
    }

    /// Returns when a later file replaced the one that `now` is of, if this was lately.
    ///
    /// # Errors
    /// Fails if a record cannot be written as text.
    pub(crate) fn replaced(&self, now: &Self) -> Result<Option<UnixMillis>, serde_json::Error> {
        let file = now.fingerprint()?;
        let found = self.replaced.iter().rev().find(|other| other.file == file);
        Ok(found.map(|found| found.at))
    }

    /// Returns what to record where this was recorded at `since`, and from `at` on the file asks for `now`, which is no
    /// reason to refuse it.
    ///
    /// # Errors
    /// Fails if a record cannot be written as text.
    pub(crate) fn next(
        &self,
        now: &Self,
        since: UnixMillis,
        at: UnixMillis,
    ) -> Result<Self, serde_json::Error> {
        let changed = self
            .columns
            .iter()
            .filter_map(|column| now.column(&column.name));
        let new = now
            .columns
            .iter()
            .filter(|column| self.column(&column.name).is_none());
        let new_names = new.clone().map(|column| column.name.clone());
        let rescued = (now.rescued && !self.rescued).then(|| RESCUED.to_owned());
        let added = self.added.iter().cloned().chain(new_names).chain(rescued);
        let mut next = Self {
            columns: changed.chain(new).cloned().collect(),
            added: added.collect(),
            salt: now.salt.clone().or_else(|| self.salt.clone()),
            ..now.clone()
        };
        next.replaced = self.replaced_after(&next, at)?;
        next.described =
            (self.describes() == next.describes()).then(|| self.described.unwrap_or(since));
        Ok(next)
    }

    /// Returns the files that were replaced lately, once `next` is recorded.
    fn replaced_after(
        &self,
        next: &Self,
        at: UnixMillis,
    ) -> Result<Vec<Replaced>, serde_json::Error> {
        let (mine, theirs) = (self.fingerprint()?, next.fingerprint()?);
        let mut replaced = self.replaced.clone();
        replaced.push(Replaced { file: mine, at });
        replaced.retain(|file| file.file != theirs && file.at.is_young(at, REPLACED_FOR));
        let surplus = replaced.len().saturating_sub(MOST_REPLACED);
        Ok(replaced.split_off(surplus))
    }

    /// Returns whether what becomes of a record is defined as in another record.
    pub(super) fn is_defined_as(&self, other: &Self) -> bool {
        self.definition == other.definition
    }

    /// Returns whether a log began with this: each later record names the one that it replaced.
    pub(super) fn is_first(&self) -> bool {
        self.replaced.is_empty()
    }

    /// Returns what Delta says of the table.
    fn describes(&self) -> Self {
        Self {
            definition: Definition::default(),
            salt: None,
            replaced: Vec::new(),
            described: None,
            ..self.clone()
        }
    }
}
