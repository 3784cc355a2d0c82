//! The entities of the log, built and parsed here only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::totals::StoredTotals;
use super::{
    Commit, CommitKind, Counts, DataFile, LedgerEntry, Nulled, Redrive, Superseded, TakenUp,
    Totals, Version,
};
use crate::event::{EventTime, KeptReason, SequenceNumber, SequenceRange, UnixMillis};
use crate::store::entity::{Entity, Properties, Value};
use crate::store::object::ObjectPath;

/// Text is cut into properties of this many bytes of UTF-8, which is at most twice as much in UTF-16.
const TEXT_PIECE: usize = 31 * 1024;

/// An entity that does not hold what it should.
#[derive(Debug, Error)]
pub enum MalformedEntity {
    /// A property is missing or has another type.
    #[error("property {0} is missing or has another type")]
    Property(&'static str),
    /// A property holds JSON of another shape.
    #[error("property {property} is not valid JSON of its kind")]
    Json {
        /// The property.
        property: &'static str,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// A commit's list of files: in its entity, or in an object of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileList {
    /// The JSON text.
    Inline(String),
    /// Where the JSON text is.
    Manifest(ObjectPath),
}

impl FileList {
    pub(super) fn inline(files: &[DataFile]) -> Result<Self, MalformedEntity> {
        Ok(Self::Inline(encode_files(files, &[])?))
    }
}

/// The JSON of a file list.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) files: Vec<DataFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaces: Vec<ObjectPath>,
}

/// Returns the row key of a version.
pub(super) fn log_row(version: Version) -> String {
    format!("log|{:012}", version.0)
}

/// Returns the row key of a source.
pub(super) fn ledger_row(source: &str) -> String {
    format!("src|{source}")
}

pub(super) fn encode_files(
    files: &[DataFile],
    replaces: &[ObjectPath],
) -> Result<String, MalformedEntity> {
    let list = Files {
        files: files.to_vec(),
        replaces: replaces.to_vec(),
    };
    to_json("files", &list)
}

pub(super) fn decode_files(json: &[u8]) -> Result<Files, MalformedEntity> {
    serde_json::from_slice(json).map_err(|source| MalformedEntity::Json {
        property: "files",
        source,
    })
}

pub(super) fn encode_commit(commit: &Commit, files: &FileList) -> Result<Entity, MalformedEntity> {
    let mut properties = Properties::new();
    put_text(&mut properties, "id", &commit.id);
    put(&mut properties, "version", commit.version.as_i64());
    put(&mut properties, "committed", commit.committed.0);
    put(&mut properties, "sources", stored(commit.sources));
    put_counts(&mut properties, &commit.counts)?;
    if let Some(watermark) = commit.watermark {
        put(&mut properties, "watermark", watermark.0);
    }
    let kind = match &commit.kind {
        CommitKind::Schema(schema) => {
            put_text(&mut properties, "schema", schema);
            "schema"
        }
        CommitKind::Append => "append",
        CommitKind::Compact { .. } => "compact",
    };
    put_text(&mut properties, "kind", kind);
    put_totals(&mut properties, commit.totals.as_ref(), commit.version)?;
    match files {
        FileList::Inline(json) => put_text(&mut properties, "files", json),
        FileList::Manifest(path) => put_text(&mut properties, "manifest", path.as_str()),
    }
    Ok(Entity {
        row: log_row(commit.version),
        properties,
    })
}

/// Returns the commit without its files, and where those are.
pub(super) fn decode_commit(entity: &Entity) -> Result<(Commit, FileList), MalformedEntity> {
    let properties = &entity.properties;
    let kind = match text(properties, "kind")?.as_str() {
        "schema" => CommitKind::Schema(text(properties, "schema")?),
        "append" => CommitKind::Append,
        "compact" => CommitKind::Compact {
            replaces: Vec::new(),
        },
        _ => return Err(MalformedEntity::Property("kind")),
    };
    let files = match properties.contains_key("manifest") {
        true => FileList::Manifest(path(properties, "manifest")?),
        false => FileList::Inline(text(properties, "files")?),
    };
    let version = version(properties)?;
    let commit = Commit {
        version,
        id: text(properties, "id")?,
        kind,
        committed: UnixMillis(number(properties, "committed")?),
        files: Vec::new(),
        counts: counts(properties)?,
        sources: count(properties, "sources")?,
        watermark: optional(properties, "watermark").map(EventTime),
        totals: totals(properties, version)?,
    };
    Ok((commit, files))
}

pub(super) fn encode_ledger(
    entry: &LedgerEntry,
    version: Version,
) -> Result<Entity, MalformedEntity> {
    let mut properties = Properties::new();
    put(&mut properties, "version", version.as_i64());
    put_counts(&mut properties, &entry.counts)?;
    if let Some(range) = entry.range {
        put(&mut properties, "first_sequence", range.first.0);
        put(&mut properties, "last_sequence", range.last.0);
    }
    if let Some(quarantine) = &entry.quarantine {
        put_text(&mut properties, "quarantine", quarantine.as_str());
    }
    if let Some(redrive) = &entry.redrive {
        put_text(&mut properties, "origin", &redrive.origin);
        put_text(&mut properties, "plan", &redrive.plan);
        if let Some(token) = &redrive.token {
            put_text(&mut properties, "token", token);
        }
    }
    if let Some(taken_up) = &entry.taken_up {
        put_taken_up(&mut properties, taken_up);
    }
    Ok(Entity {
        row: ledger_row(&entry.source),
        properties,
    })
}

fn put_taken_up(properties: &mut Properties, taken_up: &TakenUp) {
    put_text(properties, "taken_up_by", &taken_up.by);
    put(properties, "taken_up", stored(taken_up.records));
}

/// Returns an entry as it was read, with what took up its rejected records.
pub(super) fn encode_superseded(superseded: &Superseded) -> Entity {
    let mut entity = superseded.stored.entity.clone();
    put_taken_up(&mut entity.properties, &superseded.taken_up);
    entity
}

pub(super) fn decode_ledger(entity: &Entity) -> Result<LedgerEntry, MalformedEntity> {
    let properties = &entity.properties;
    let source = entity
        .row
        .strip_prefix("src|")
        .ok_or(MalformedEntity::Property("RowKey"))?;
    let range = optional(properties, "first_sequence").zip(optional(properties, "last_sequence"));
    let quarantine = properties.contains_key("quarantine");
    Ok(LedgerEntry {
        source: source.to_owned(),
        counts: counts(properties)?,
        range: range.map(|(first, last)| SequenceRange {
            first: SequenceNumber(first),
            last: SequenceNumber(last),
        }),
        version: version(properties)?,
        quarantine: quarantine
            .then(|| path(properties, "quarantine"))
            .transpose()?,
        redrive: redrive(properties)?,
        taken_up: taken_up(properties)?,
    })
}

fn redrive(properties: &Properties) -> Result<Option<Redrive>, MalformedEntity> {
    if !properties.contains_key("origin") {
        return Ok(None);
    }
    let token = properties.contains_key("token");
    Ok(Some(Redrive {
        origin: text(properties, "origin")?,
        plan: text(properties, "plan")?,
        token: token.then(|| text(properties, "token")).transpose()?,
    }))
}

fn taken_up(properties: &Properties) -> Result<Option<TakenUp>, MalformedEntity> {
    if !properties.contains_key("taken_up_by") {
        return Ok(None);
    }
    Ok(Some(TakenUp {
        by: text(properties, "taken_up_by")?,
        records: count(properties, "taken_up")?,
    }))
}

fn put_counts(properties: &mut Properties, counts: &Counts) -> Result<(), MalformedEntity> {
    let quarantined = counts.quarantined_total();
    for (name, count) in [
        ("lines", counts.lines),
        ("rows", counts.rows),
        ("duplicates", counts.duplicates),
        ("late", counts.late),
        ("quarantined", quarantined),
    ] {
        put(properties, name, stored(count));
    }
    // What each event of one record has in common with earlier builds is not said.
    for (name, count, plain) in [
        ("empty", counts.empty, 0),
        ("opened", counts.opened, counts.lines),
        ("records", counts.records, counts.lines),
        ("filtered", counts.filtered, 0),
        ("conflicts", counts.conflicts, 0),
        ("redriven", counts.redriven, 0),
    ] {
        if count != plain {
            put(properties, name, stored(count));
        }
    }
    if !counts.nulled.is_empty() {
        let nulled = to_json("nulled", &counts.nulled.folded())?;
        put_text(properties, "nulled", &nulled);
    }
    if quarantined > 0 {
        put_text(
            properties,
            "reasons",
            &to_json("reasons", &counts.quarantined)?,
        );
    }
    Ok(())
}

fn counts(properties: &Properties) -> Result<Counts, MalformedEntity> {
    let quarantined: BTreeMap<KeptReason, u64> = match properties.contains_key("reasons") {
        true => json(properties, "reasons")?,
        false => BTreeMap::new(),
    };
    // Builds before these were counted did not write them.
    let nulled = match properties.contains_key("nulled") {
        true => json(properties, "nulled")?,
        false => Nulled::default(),
    };
    let lines = count(properties, "lines")?;
    let or = |name, plain| match properties.contains_key(name) {
        true => count(properties, name),
        false => Ok(plain),
    };
    Ok(Counts {
        lines,
        empty: or("empty", 0)?,
        opened: or("opened", lines)?,
        records: or("records", lines)?,
        redriven: or("redriven", 0)?,
        rows: count(properties, "rows")?,
        duplicates: count(properties, "duplicates")?,
        conflicts: or("conflicts", 0)?,
        late: count(properties, "late")?,
        filtered: or("filtered", 0)?,
        quarantined,
        nulled,
    })
}

/// Writes totals; where there are none, those of an earlier version stay, from which maintenance counts on.
pub(super) fn put_totals(
    properties: &mut Properties,
    totals: Option<&Totals>,
    version: Version,
) -> Result<(), MalformedEntity> {
    if let Some(totals) = totals {
        let stored = StoredTotals::of(totals, version);
        put_text(properties, "totals", &to_json("totals", &stored)?);
    }
    Ok(())
}

/// Reads the totals of `version`, if there are any.
pub(super) fn totals(
    properties: &Properties,
    version: Version,
) -> Result<Option<Totals>, MalformedEntity> {
    if !properties.contains_key("totals") {
        return Ok(None);
    }
    let stored: StoredTotals = json(properties, "totals")?;
    Ok(stored.at(version))
}

pub(super) fn put(properties: &mut Properties, name: &str, number: i64) {
    properties.insert(name.to_owned(), Value::Int64(number));
}

/// Puts text under `name`, and what does not fit one property under `name_1` and so on.
pub(super) fn put_text(properties: &mut Properties, name: &str, text: &str) {
    let mut rest = text;
    let mut piece = 0;
    loop {
        let mut end = rest.len().min(TEXT_PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, tail) = rest.split_at(end);
        let key = if piece == 0 {
            name.to_owned()
        } else {
            format!("{name}_{piece}")
        };
        properties.insert(key, Value::String(head.to_owned()));
        rest = tail;
        piece += 1;
        if rest.is_empty() {
            break;
        }
    }
    // An entity that is rewritten with shorter text must not keep the end of the longer one.
    while properties.remove(&format!("{name}_{piece}")).is_some() {
        piece += 1;
    }
}

pub(super) fn text(properties: &Properties, name: &'static str) -> Result<String, MalformedEntity> {
    let first = properties.get(name).and_then(Value::as_str);
    let mut text = first.ok_or(MalformedEntity::Property(name))?.to_owned();
    for piece in 1.. {
        match properties
            .get(&format!("{name}_{piece}"))
            .and_then(Value::as_str)
        {
            Some(more) => text.push_str(more),
            None => break,
        }
    }
    Ok(text)
}

pub(super) fn path(
    properties: &Properties,
    name: &'static str,
) -> Result<ObjectPath, MalformedEntity> {
    let text = text(properties, name)?;
    let (container, object) = text
        .split_once('/')
        .ok_or(MalformedEntity::Property(name))?;
    Ok(ObjectPath::new(container, object))
}

pub(super) fn json<T: for<'de> Deserialize<'de>>(
    properties: &Properties,
    property: &'static str,
) -> Result<T, MalformedEntity> {
    let text = text(properties, property)?;
    serde_json::from_str(&text).map_err(|source| MalformedEntity::Json { property, source })
}

pub(super) fn optional(properties: &Properties, name: &str) -> Option<i64> {
    properties.get(name).and_then(Value::as_i64)
}

fn number(properties: &Properties, name: &'static str) -> Result<i64, MalformedEntity> {
    optional(properties, name).ok_or(MalformedEntity::Property(name))
}

pub(super) fn count(properties: &Properties, name: &'static str) -> Result<u64, MalformedEntity> {
    u64::try_from(number(properties, name)?).map_err(|_| MalformedEntity::Property(name))
}

pub(super) fn version(properties: &Properties) -> Result<Version, MalformedEntity> {
    count(properties, "version").map(Version)
}

/// Returns a count as stores keep it. Nothing is counted that comes near the limit: lines and rows of one commit.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Serialises one of our own types. All of them are maps and lists of plain values with text for keys, which can always
/// be written; a type that cannot is a defect, and nothing is stored in its place.
///
/// # Errors
/// Fails if `value` is of such a type.
pub(super) fn to_json(
    property: &'static str,
    value: &impl Serialize,
) -> Result<String, MalformedEntity> {
    serde_json::to_string(value).map_err(|source| MalformedEntity::Json { property, source })
}
