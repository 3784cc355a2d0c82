//! The lake in Azure Blob storage.
//!
//! A create is one Put Blob on the condition that the name is free. Blocks are never staged: their commit answers a taken
//! name differently, and a lost answer could be told from a refusal even less. The SDK repeats requests by itself;
//! when the first answer of a create is lost, the repetition says [`Created::AlreadyThere`] of our own object.

mod status_codes;

use std::future::Future;
use std::num::NonZero;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders,
    BlobContainerClientListBlobsOptions, BlockBlobClientUploadOptions, HttpRange,
    ListBlobsIncludeItem,
};
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobServiceClient};
use bytes::Bytes;
use futures::TryStreamExt;

use self::status_codes::{
    answered, described, is_missing, is_missing_container, is_taken, lowered, millis, missing,
};
use super::limits::Refusal;
use super::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page, limits};
use crate::store::account::{AccountError, StorageAccount};
use crate::store::{ErrorKind, StorageError, code_of, kind_of};

/// The longest that one operation takes, the SDK's repetitions included, in seconds. A listing takes it page by page.
pub const OPERATION_SECONDS: u64 = 120;
/// The most bytes that one request reads: a bronze object is one request.
const DOWNLOAD_PART_BYTES: NonZero<usize> = NonZero::new(16 * 1024 * 1024).unwrap();
/// How many parts of an object are read at once.
const DOWNLOAD_PARALLEL: NonZero<usize> = NonZero::new(4).unwrap();
/// How often content is read that breaks off in the middle, which the SDK does not repeat.
const READ_TRIES: u32 = 3;

/// Objects in Azure Blob storage or in Azurite.
#[derive(Debug)]
pub struct AzureObjectStore {
    service: Service,
    page_size: Option<i32>,
}

/// Whether a write may replace an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    IfAbsent,
    Always,
}

/// The SDK's client, which has no `Debug` of its own.
struct Service(BlobServiceClient);

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.url().authority())
    }
}

impl AzureObjectStore {
    /// Uses the blob service of `account`. Nothing is sent yet; containers are created when they are first written to.
    ///
    /// # Errors
    /// Fails if the account has no blob service.
    pub fn new(account: &StorageAccount) -> Result<Self, AccountError> {
        Ok(Self {
            service: Service(account.blob_service()?),
            page_size: None,
        })
    }

    /// Lists with pages of at most `page_size` objects instead of the service's 5,000.
    #[must_use]
    pub fn with_page_size(self, page_size: u16) -> Self {
        Self {
            page_size: Some(i32::from(page_size)),
            ..self
        }
    }

    fn container(&self, path: &ObjectPath) -> BlobContainerClient {
        self.service.0.blob_container_client(path.container())
    }

    fn blob(&self, path: &ObjectPath) -> BlobClient {
        self.service.0.blob_client(path.container(), path.name())
    }

    async fn upload(
        &self,
        path: &ObjectPath,
        content: &Bytes,
        metadata: &Metadata,
        condition: Condition,
    ) -> azure_core::Result<()> {
        let one_request = NonZero::new(content.len() as u64).unwrap_or(NonZero::<u64>::MIN);
        let options = BlockBlobClientUploadOptions {
            blob_content_type: Some(content_type(path).to_owned()),
            metadata: (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect()),
            partition_size: Some(one_request),
            ..BlockBlobClientUploadOptions::default()
        };
        let options = match condition {
            Condition::IfAbsent => options.if_not_exists(),
            Condition::Always => options,
        };
        self.blob(path)
            .upload(content.clone().into(), Some(options))
            .await
            .map(drop)
    }

    async fn put_into_new_container(
        &self,
        path: &ObjectPath,
        content: &Bytes,
        metadata: &Metadata,
        condition: Condition,
    ) -> azure_core::Result<()> {
        match self.container(path).create(None).await {
            Ok(_) => {}
            Err(error) if code_of(&error) == Some("ContainerAlreadyExists") => {}
            Err(error) => return Err(error),
        }
        self.upload(path, content, metadata, condition).await
    }

    async fn read(
        &self,
        path: &ObjectPath,
        range: Option<Range<u64>>,
    ) -> azure_core::Result<Option<Bytes>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let options = BlobClientDownloadOptions {
                range: range
                    .clone()
                    .map(|range| HttpRange::new(range.start, range.end - range.start)),
                partition_size: Some(DOWNLOAD_PART_BYTES),
                parallel: Some(DOWNLOAD_PARALLEL),
                ..BlobClientDownloadOptions::default()
            };
            let read = async {
                let answer = self.blob(path).download(Some(options)).await?;
                answer.body.collect().await
            };
            match read.await {
                Ok(content) => return Ok(Some(content)),
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) if kind_of(&error) == ErrorKind::Transient && tries < READ_TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[async_trait]
impl ObjectStore for AzureObjectStore {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        const OPERATION: &str = "create blob";
        limits::check(path, metadata).map_err(|refusal| refusal.of(OPERATION, path))?;

        within(OPERATION, path, async {
            let condition = Condition::IfAbsent;
            let mut answer = self.upload(path, &content, metadata, condition).await;
            if is_missing_container(&answer) {
                answer = self
                    .put_into_new_container(path, &content, metadata, condition)
                    .await;
            }
            match answer {
                Ok(()) => Ok(Created::New),
                Err(error) if is_taken(&error) => Ok(Created::AlreadyThere),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        let (metadata, condition) = (Metadata::new(), Condition::Always);
        const OPERATION: &str = "write blob";
        limits::check(path, &metadata).map_err(|refusal| refusal.of(OPERATION, path))?;
        within(OPERATION, path, async {
            let answer = self.upload(path, &content, &metadata, condition).await;
            if is_missing_container(&answer) {
                return self
                    .put_into_new_container(path, &content, &metadata, condition)
                    .await;
            }
            answer
        })
        .await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        within("read blob", path, self.read(path, None)).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        const OPERATION: &str = "read part of blob";
        let length = range.end.saturating_sub(range.start);
        if length > 0 {
            match within(OPERATION, path, self.read(path, Some(range.clone()))).await {
                Ok(None) => return Ok(None),
                Ok(Some(content)) if content.len() as u64 == length => return Ok(Some(content)),
                // The object ends in the range or before it; below its size is told.
                Ok(Some(_)) => {}
                Err(error) if error.kind == ErrorKind::Permanent => {}
                Err(error) => return Err(error),
            }
        }

        let Some(ObjectInfo { size, .. }) = self.head(path).await? else {
            return Ok(None);
        };
        if range.start == range.end && range.end <= size {
            return Ok(Some(Bytes::new()));
        }
        let Range { start, end } = range;
        Err(Refusal::Range { start, end, size }.of(OPERATION, path))
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        within("look at blob", path, async {
            let answer = match self.blob(path).get_properties(None).await {
                Ok(answer) => answer,
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            let created = answer.creation_time()?.or(answer.last_modified()?);
            Ok(Some(ObjectInfo {
                path: path.clone(),
                size: answer.content_length()?.ok_or_else(|| missing("size"))?,
                created: millis(created)?,
                metadata: lowered(answer.metadata()?),
            }))
        })
        .await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        const OPERATION: &str = "list blobs";
        let is_first = from.is_none();
        let options = BlobContainerClientListBlobsOptions {
            include: Some(vec![ListBlobsIncludeItem::Metadata]),
            marker: from,
            maxresults: self.page_size,
            prefix: (!prefix.name().is_empty()).then(|| prefix.name().to_owned()),
            ..BlobContainerClientListBlobsOptions::default()
        };
        let mut pages = self
            .container(prefix)
            .list_blobs(Some(options))
            .map_err(|error| StorageError::from_azure(OPERATION, prefix, &error))?
            .into_pages();
        let page = within(OPERATION, prefix, async {
            match pages.try_next().await {
                Ok(Some(page)) => {
                    let answered = answered(page.headers());
                    Ok(Some((page.into_model()?, answered)))
                }
                Ok(None) => Ok(None),
                // The container may be missing from the start, but not go away between two pages.
                Err(error) if is_first && is_missing(&error) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let Some((page, answered)) = page.await? else {
            return Ok(Page::default());
        };
        let items = page.blob_items.into_iter();
        let objects = items.filter_map(|item| described(prefix.container(), item).transpose());
        let objects = objects.collect::<azure_core::Result<_>>();
        Ok(Page {
            objects: objects
                .map_err(|error| StorageError::from_azure(OPERATION, prefix, &error))?,
            next: page.next_marker.filter(|marker| !marker.is_empty()),
            answered,
        })
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        within("delete blob", path, async {
            match self.blob(path).delete(None).await {
                Ok(_) => Ok(()),
                Err(error) if is_missing(&error) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await
    }
}

/// Bounds an operation in time and names it in its failure.
async fn within<T>(
    operation: &'static str,
    path: &ObjectPath,
    work: impl Future<Output = azure_core::Result<T>>,
) -> Result<T, StorageError> {
    let patience = Duration::from_secs(OPERATION_SECONDS);
    match tokio::time::timeout(patience, work).await {
        Ok(outcome) => outcome.map_err(|error| StorageError::from_azure(operation, path, &error)),
        Err(_) => Err(StorageError::timed_out(operation, path, patience)),
    }
}

fn content_type(path: &ObjectPath) -> &'static str {
    match path.name().rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => "application/json",
        Some("jsonl") => "application/x-ndjson",
        Some("parquet") => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}
