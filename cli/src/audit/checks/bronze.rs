//! Bronze: every event of a partition in exactly one line, and every line in the ledger.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use sluice::event::PartitionId;
use sluice::store::StorageError;
use sluice::store::object::{ObjectFormat, ObjectPath, ObjectStore, paths};

use super::gold::Books;
use super::object::{BronzeObject, life_of, lives};
use super::opened::Reopened;
use crate::audit::history::History;
use crate::audit::independent::{Contents, ends_of_lines};
use crate::audit::report::Check;
use crate::audit::subject::{AuditError, Options, Progress, Subject};
use crate::output::{count, thousands};

/// How many objects are read at once, each of 8 MiB at most unless a single event is larger.
const PARALLEL_READS: usize = 4;

/// Checks that in each partition every sequence number from the first to the last is in exactly one object.
pub(crate) fn check_ranges(objects: &[BronzeObject]) -> Check {
    let mut partitions: BTreeMap<&PartitionId, Vec<&BronzeObject>> = BTreeMap::new();
    for object in objects {
        if let Some((partition, _)) = &object.place {
            partitions.entry(partition).or_default().push(object);
        }
    }
    let placed: usize = partitions.values().map(Vec::len).sum();
    let by_hand = objects.len() - placed;
    let mut examined = format!(
        "{} of {}",
        count(placed as u64, "object"),
        count(partitions.len() as u64, "partition")
    );
    if by_hand > 0 {
        examined.push_str(&format!(", {} by hand", thousands(by_hand as u64)));
    }
    let mut differences = partitions
        .into_iter()
        .filter_map(|(partition, objects)| range_difference(partition, objects));
    Check::new(
        "bronze: every event is there once",
        examined,
        differences.next(),
    )
}

fn range_difference(partition: &PartitionId, mut objects: Vec<&BronzeObject>) -> Option<String> {
    let range = |object: &BronzeObject| object.place.as_ref().map(|(_, range)| *range);
    // Each life of a hub is whole by itself.
    let lives = lives(objects.iter().filter_map(|object| range(object)));
    objects.sort_by_key(|object| {
        let range = range(object)?;
        Some((life_of(&range, &lives), range.sequence))
    });
    let mut last: Option<(usize, i64, &str)> = None;
    for object in objects {
        let range = range(object)?;
        let (first, end) = (range.sequence.first.0, range.sequence.last.0);
        let events = end.saturating_sub(first).saturating_add(1);
        if object.lines != u64::try_from(events).ok() {
            return Some(format!(
                "{} covers the events {first} to {end}, but its metadata says {}",
                object.name,
                object.lines.map_or_else(
                    || "nothing of lines".to_owned(),
                    |lines| count(lines, "line")
                )
            ));
        }
        let life = life_of(&range, &lives);
        if let Some((last_life, last_end, name)) = last
            && last_life == life
        {
            if first <= last_end {
                return Some(format!(
                    "partition {partition}: {name} ends with event {last_end} and {} starts with {first}: the events between are stored twice",
                    object.name
                ));
            }
            if first != last_end + 1 {
                return Some(format!(
                    "partition {partition}: events {} to {} are in no object: {name} ends with {last_end}, {} starts with {first}",
                    last_end + 1,
                    first - 1,
                    object.name
                ));
            }
        }
        last = Some((life, end, &object.name));
    }
    None
}

/// Checks that the lines in each object are those in its metadata and in the ledger, and that no ledger entry is
/// without its object. While a generation is being made from bronze, what the one before has is to be refined again, which is
/// no difference. Each object is read once, and its events are opened again on the way, if they are to be.
pub(crate) async fn check_lines(
    subject: &Subject,
    options: &Options,
    objects: &[BronzeObject],
    (history, books): (&History, &Books),
    progress: &dyn Progress,
    mut reopened: Option<&mut Reopened<'_>>,
) -> Result<Check, AuditError> {
    progress.start("count bronze lines", objects.len() as u64);
    let reads = stream::iter(objects.iter().map(|object| {
        let path = ObjectPath::new(paths::BRONZE, &object.name);
        async move { Ok::<_, StorageError>((object, subject.lake.get(&path).await?)) }
    }));
    let mut reads = reads.buffered(PARALLEL_READS);
    let (mut lines, mut pending, mut again, mut difference) = (0, 0, 0, None);
    while let Some((object, content)) = reads.try_next().await? {
        progress.advance(1);
        let read = |content| Contents::of(content, object.place.is_none());
        let contents = content.as_deref().map(read);
        lines += contents.as_ref().map_or(0, Contents::count);
        if let (Some(reopened), Some(contents)) = (&mut reopened, &contents) {
            reopened.look(object, contents)?;
        }
        match line_difference(object, contents.as_ref(), history, options) {
            Lines::Agree => {}
            Lines::Pending => pending += 1,
            // The generation is being made from bronze, and gold shows the one before until it is whole.
            Lines::Unrefined(_) if books.had_before(&object.name) => again += 1,
            Lines::Unrefined(text) => difference = difference.or(Some(text)),
            Lines::Differ(text) => difference = difference.or(Some(text)),
        }
    }
    if difference.is_none() {
        difference = orphan(subject, objects, history).await?;
    }
    let mut examined = format!(
        "{} in {}",
        count(lines, "line"),
        count(objects.len() as u64, "object")
    );
    if pending > 0 {
        examined.push_str(&format!(
            ", {} too young to be in the ledger",
            thousands(pending)
        ));
    }
    if again > 0 {
        let again = thousands(again);
        examined.push_str(&format!(
            ", {again} of them to be refined again: this generation is being made"
        ));
    }
    Ok(Check::new(
        "bronze: every line is in the ledger",
        examined,
        difference,
    ))
}

enum Lines {
    Agree,
    Pending,
    /// It is not in the ledger, although it should be.
    Unrefined(String),
    Differ(String),
}

fn line_difference(
    object: &BronzeObject,
    contents: Option<&Contents<'_>>,
    history: &History,
    options: &Options,
) -> Lines {
    let name = &object.name;
    let Some(contents) = contents else {
        return Lines::Differ(format!("{name} was listed and has been deleted since"));
    };
    let counted = contents.count();
    if let Some(said) = object.lines.filter(|said| *said != counted) {
        return Lines::Differ(format!(
            "{name} has {} and its metadata says {}",
            count(counted, "line"),
            thousands(said)
        ));
    }
    let Some(entry) = history.entry(name) else {
        let grace = i64::try_from(options.grace.as_millis()).unwrap_or(i64::MAX);
        if object.created.is_young(options.now, grace) {
            return Lines::Pending;
        }
        let seconds = thousands(options.now.0.abs_diff(object.created.0) / 1_000);
        let age = match object.created <= options.now {
            true => format!("it is {seconds} s old"),
            false => format!("it was created {seconds} s from now, by a clock that was ahead"),
        };
        return Lines::Unrefined(format!(
            "{name} has {} and is not in the ledger, although {age}: silver is behind or has given up on it (see the queue webjobs-blobtrigger-poison)",
            count(counted, "line"),
        ));
    };
    if entry.counts.lines != counted {
        return Lines::Differ(format!(
            "{name} has {} and the ledger says {} (version {})",
            count(counted, "line"),
            thousands(entry.counts.lines),
            entry.version
        ));
    }
    let range = object.place.as_ref().map(|(_, range)| range.sequence);
    if entry.range != range {
        return Lines::Differ(format!(
            "{name}: its metadata and the ledger differ about its sequence numbers"
        ));
    }
    times_difference(object, counted, contents).map_or(Lines::Agree, Lines::Differ)
}

/// Says what is wrong with the times of an object's events.
fn times_difference(object: &BronzeObject, lines: u64, contents: &Contents<'_>) -> Option<String> {
    let name = &object.name;
    match &object.format {
        ObjectFormat::Lines => return None,
        ObjectFormat::LinesAndTimes => {}
        ObjectFormat::Unknown(format) => {
            return Some(format!(
                "{name} has format {format}, which a later release wrote: audit it with that release"
            ));
        }
    }
    let Some(times) = &contents.times else {
        return Some(format!(
            "{name} does not end with the times of its events, as its format says"
        ));
    };
    if times.len() as u64 != lines {
        return Some(format!(
            "{name} has {} and the times of {}",
            count(lines, "line"),
            count(times.len() as u64, "event")
        ));
    }
    let (_, range) = object.place.as_ref()?;
    let said = (range.first_enqueued.0, range.last_enqueued.0);
    let found = (times.iter().min().copied()?, times.iter().max().copied()?);
    (said != found).then(|| {
        format!(
            "{name}: the times of its events and its metadata differ about the first or the last"
        )
    })
}

/// Finds a ledger entry whose object is not there, also not since the listing.
async fn orphan(
    subject: &Subject,
    objects: &[BronzeObject],
    history: &History,
) -> Result<Option<String>, StorageError> {
    let listed: std::collections::HashSet<&str> =
        objects.iter().map(|object| object.name.as_str()).collect();
    // A redrive has no object of its own.
    let own = history.ledger().filter(|entry| entry.redrive.is_none());
    for entry in own.filter(|entry| !listed.contains(entry.source.as_str())) {
        let path = ObjectPath::new(paths::BRONZE, &entry.source);
        if subject.lake.head(&path).await?.is_none() {
            return Ok(Some(format!(
                "the ledger has {} of {} (version {}), but bronze has no such object",
                count(entry.counts.lines, "line"),
                entry.source,
                entry.version
            )));
        }
    }
    Ok(None)
}

/// Counts the lines of an object of quarantine.
pub(super) async fn count_lines(
    lake: &dyn ObjectStore,
    path: &ObjectPath,
) -> Result<Option<u64>, StorageError> {
    let content = lake.get(path).await?;
    Ok(content.map(|content| ends_of_lines(&content)))
}
