//! Finding blobs that a function has not been told about.
//!
//! A listing of everything under the pattern's prefix misses nothing, but takes longer the more
//! there is. So complete listings come at intervals of a multiple of what the last one took, and
//! in between only the folders are listed in which something appeared lately.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::http::StatusCode;
use azure_storage_blob::models::BlobContainerClientListBlobsOptions;
use azure_storage_blob::{BlobContainerClient, BlobServiceClient};
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::QueueMessage;
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::Notify;

use super::BlobFunction;
use super::message::{BlobMessage, function_id};
use crate::functions_host::events::{EventSink, Level};
use crate::functions_host::stats::Counters;
use crate::functions_host::trigger::stop::Stop;
use crate::functions_host::trigger::storage::{self, HOSTS_CONTAINER};
use sluice::error::chain;

/// Share of the time that complete listings may take: one part in this many.
const FULL_DUTY: u32 = 10;
/// How many times as long as a listing took the next one is waited for: where listing is slow, because there is much to
/// list or the storage is busy, it is not to be made slower still.
const LISTING_PAUSE: u32 = 5;
const MAX_FULL_PAUSE: Duration = Duration::from_secs(60);
const HOT_FOR: Duration = Duration::from_secs(30);
const MAX_HOT: usize = 32;
const AT_ONCE: usize = 16;
/// Number of messages announced to the listener at once; it takes at most as many.
const ANNOUNCED_TOGETHER: usize = 32;
const BLOB_RECEIPTS: &str = "blobreceipts";

/// Looks for new blobs of one function.
pub(crate) struct Detector {
    pub(crate) function: BlobFunction,
    pub(crate) host_id: String,
    pub(crate) host_blobs: Arc<BlobServiceClient>,
    pub(crate) queue: Arc<QueueClient>,
    /// Tells the listener that there is something on the queue.
    pub(crate) enqueued: Arc<Notify>,
    pub(crate) poll: Duration,
    /// The blobs whose receipts of earlier runs say nothing.
    pub(crate) again: Arc<BTreeSet<String>>,
    pub(crate) events: EventSink,
    pub(crate) counters: Counters,
    pub(crate) stop: Stop,
}

/// Versions of blobs that have been seen.
#[derive(Debug, Default)]
struct Seen(HashMap<String, HashSet<String>>);

/// The result of one scan.
#[derive(Debug, Default)]
struct Scan {
    /// The folders that something new is in.
    folders: HashSet<String>,
    /// How long the listing itself took, which is what has to be kept rare.
    listing: Duration,
}

impl Seen {
    fn has(&self, name: &str, etag: &str) -> bool {
        self.0.get(name).is_some_and(|etags| etags.contains(etag))
    }

    fn add(&mut self, name: String, etag: String) {
        self.0.entry(name).or_default().insert(etag);
    }
}

impl Detector {
    /// Runs until the host stops; a failed listing is repeated.
    pub(crate) async fn run(self) {
        let mut seen = loop {
            match self.stop.or(self.receipts()).await {
                None => return,
                Some(Ok(seen)) => break seen,
                Some(Err(reason)) => self.failed(reason).await,
            }
        };
        let mut hot: HashMap<String, Instant> = HashMap::new();
        let mut next_full = Instant::now();
        while !self.stop.is_set() {
            let full = Instant::now() >= next_full;
            let prefixes = if full {
                vec![self.function.trigger.pattern.prefix().to_owned()]
            } else {
                hot.keys().cloned().collect()
            };
            match self.stop.or(self.scan(&prefixes, &mut seen)).await {
                None => return,
                Some(Err(reason)) => self.failed(reason).await,
                Some(Ok(Scan { folders, listing })) => {
                    let now = Instant::now();
                    hot.extend(folders.into_iter().map(|folder| (folder, now)));
                    forget_cold(&mut hot, now);
                    if full {
                        let name = &self.function.target.function;
                        self.counters.blob(name, |stats| stats.scans += 1);
                        next_full = now + (listing * FULL_DUTY).min(MAX_FULL_PAUSE);
                    }
                    let pause = self.poll.max(listing * LISTING_PAUSE);
                    self.stop.or(tokio::time::sleep(pause)).await;
                }
            }
        }
    }

    async fn failed(&self, reason: String) {
        self.events.message(Level::Warning, reason);
        self.stop
            .or(tokio::time::sleep(Duration::from_secs(1)))
            .await;
    }

    /// Lists what is under `prefixes` and announces what is new.
    async fn scan(&self, prefixes: &[String], seen: &mut Seen) -> Result<Scan, String> {
        let pattern = &self.function.trigger.pattern;
        let container = self
            .function
            .blobs
            .blob_container_client(pattern.container());
        let mut scan = Scan::default();
        let mut new = Vec::new();
        for prefix in prefixes {
            let started = Instant::now();
            let listed = list(&container, prefix)
                .await
                .map_err(|error| format!("list container {}: {error}", pattern.container()))?;
            scan.listing += started.elapsed();
            let unseen = listed
                .into_iter()
                .filter(|(name, etag)| !seen.has(name, etag) && pattern.captures(name).is_some());
            new.extend(unseen);
        }
        let announced = futures::stream::iter(new)
            .map(|(name, etag)| async move {
                let result = self.announce(&name, &etag).await;
                (name, etag, result)
            })
            .buffer_unordered(AT_ONCE);
        // Once for many: the queue is asked for many messages then, and not for each.
        let mut announced = std::pin::pin!(announced.chunks(ANNOUNCED_TOGETHER));
        let mut failure = None;
        while let Some(announced) = announced.next().await {
            self.enqueued.notify_one();
            for (name, etag, result) in announced {
                match result {
                    Ok(()) => {
                        scan.folders.insert(folder(&name).to_owned());
                        seen.add(name, etag);
                    }
                    Err(reason) => failure = Some(reason),
                }
            }
        }
        match failure {
            Some(reason) => Err(reason),
            None => Ok(scan),
        }
    }

    /// Message first, receipt second: a crash in between repeats the message, the other order
    /// would lose it.
    async fn announce(&self, name: &str, etag: &str) -> Result<(), String> {
        let function = &self.function.target.function;
        let container = self.function.trigger.pattern.container();
        let failed = |error: &azure_core::Error| format!("announce blob {name}: {}", chain(error));
        let message = BlobMessage::new(function, container, name, etag);
        let content = QueueMessage {
            message_text: Some(message.encode()),
        };
        let content = content.try_into().map_err(|error| failed(&error))?;
        self.queue
            .send_message(content, None)
            .await
            .map_err(|error| failed(&error))?;
        self.counters.blob(function, |stats| stats.pending += 1);
        let receipt = format!("{}{etag}/{container}/{name}", self.receipt_prefix());
        let blob = self.host_blobs.blob_client(HOSTS_CONTAINER, &receipt);
        storage::put(&blob, String::new(), None)
            .await
            .map_err(|error| failed(&error))
    }

    fn receipt_prefix(&self) -> String {
        let id = function_id(&self.function.target.function);
        format!("{BLOB_RECEIPTS}/{}/{id}/", self.host_id)
    }

    /// What earlier runs of this host have announced, but for what is to be announced again.
    async fn receipts(&self) -> Result<Seen, String> {
        let container = self.host_blobs.blob_container_client(HOSTS_CONTAINER);
        let prefix = self.receipt_prefix();
        let listed = list(&container, &prefix).await;
        let listed = listed.map_err(|error| format!("list blob receipts: {error}"))?;
        let mut seen = Seen::default();
        let watched = self.function.trigger.pattern.container();
        for (receipt, _) in listed {
            if let Some((etag, name)) = parse_receipt(&receipt, &prefix, watched)
                && !self.again.contains(name)
            {
                seen.add(name.to_owned(), etag.to_owned());
            }
        }
        Ok(seen)
    }
}

/// ETag and blob name of a receipt for a container.
fn parse_receipt<'name>(
    receipt: &'name str,
    prefix: &str,
    container: &str,
) -> Option<(&'name str, &'name str)> {
    let (etag, rest) = receipt.strip_prefix(prefix)?.split_once('/')?;
    Some((etag, rest.strip_prefix(container)?.strip_prefix('/')?))
}

fn folder(name: &str) -> &str {
    match name.rfind('/') {
        Some(at) => &name[..=at],
        None => "",
    }
}

fn forget_cold(hot: &mut HashMap<String, Instant>, now: Instant) {
    hot.retain(|_, seen| now.duration_since(*seen) < HOT_FOR);
    if hot.len() > MAX_HOT {
        let mut times: Vec<_> = hot.values().copied().collect();
        times.sort_unstable_by(|left, right| right.cmp(left));
        if let Some(oldest) = times.get(MAX_HOT - 1).copied() {
            hot.retain(|_, seen| *seen >= oldest);
        }
    }
}

/// Names and ETags (without quotes) of all blobs under a prefix; a container that is not there is empty.
async fn list(
    container: &BlobContainerClient,
    prefix: &str,
) -> Result<Vec<(String, String)>, String> {
    let options = BlobContainerClientListBlobsOptions {
        prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
        ..Default::default()
    };
    let mut pager = container
        .list_blobs(Some(options))
        .map_err(|error| chain(&error))?;
    let mut found = Vec::new();
    loop {
        match pager.try_next().await {
            Ok(None) => return Ok(found),
            Ok(Some(item)) => {
                let etag = item.properties.and_then(|properties| properties.etag);
                if let (Some(name), Some(etag)) = (item.name, etag) {
                    let etag = etag.to_string();
                    found.push((name, etag.trim_matches('"').to_owned()));
                }
            }
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(chain(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_name_the_blob_and_its_version() {
        let prefix = "blobreceipts/host/Host.Functions.silver/";
        let receipt = format!("{prefix}0x1/bronze/a/b.jsonl");
        assert_eq!(
            parse_receipt(&receipt, prefix, "bronze"),
            Some(("0x1", "a/b.jsonl"))
        );
        assert_eq!(parse_receipt(&receipt, prefix, "bron"), None);
    }

    #[test]
    fn only_folders_with_recent_blobs_stay_hot() {
        let now = Instant::now();
        let old = now.checked_sub(HOT_FOR * 2).expect("a past");
        let mut hot = HashMap::from([("a/".to_owned(), now), ("b/".to_owned(), old)]);
        forget_cold(&mut hot, now);
        assert_eq!(hot.keys().collect::<Vec<_>>(), ["a/"]);
        assert_eq!(folder("a/b/c.jsonl"), "a/b/");
        assert_eq!(folder("c.jsonl"), "");
    }
}
