//! Whose a storage on this machine is, so that nobody works on that of another pipeline.
//!
//! Every Azurite has the same account and the same key, and ports change hands: what tells one from another is an object
//! that says which pipeline keeps it. It is read each time that a connection has been made, before anything goes over it
//! (`connecting`): a connection leads to one storage for as long as it lasts, and whoever has the port by then answers for it.
//! A storage in Azure has an account of its own and is never asked.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use azure_storage_blob::{BlobClient, BlobServiceClient};
use serde::{Deserialize, Serialize};

use super::pipeline::hand_on;

/// The setting with the id of the pipeline whose storage it has to be.
pub const PIPELINE: &str = "SLUICE_PIPELINE";
/// The container and the name of the object that says whose a storage is.
pub const OWNER: [&str; 2] = ["sluice-up", "owner.json"];

/// What a storage says of the pipeline that keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Random, and the same for as long as the storage's data lives.
    pub id: String,
    /// Where the pipeline kept its state when it took the storage.
    pub state_dir: PathBuf,
}

/// A storage that is not the pipeline's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// It is kept by another pipeline.
    #[error(
        "the storage at {address} is that of another pipeline, with its state in {}: nothing was done there. Name that pipeline (--state-dir), or start one of your own with `sluice up`; if it is yours after all, set {PIPELINE}={}", .owner.state_dir.display(), .owner.id
    )]
    Another {
        /// Host and port.
        address: String,
        /// Whose it is.
        owner: Owner,
    },
    /// It says nothing, and ought to.
    #[error(
        "the storage at {address} is not the one of this pipeline, which would say so ({PIPELINE}={expected}): somebody else has taken its port. Nothing was done there; start the pipeline again with `sluice up`"
    )]
    Unmarked {
        /// Host and port.
        address: String,
        /// The id that was looked for.
        expected: String,
    },
}

/// Decides whether a storage is the pipeline's own; `expected` is its id, if it has one.
fn judge(address: &str, expected: Option<&str>, found: Option<Owner>) -> Result<(), Foreign> {
    let address = || address.to_owned();
    match (expected, found) {
        (None, None) => Ok(()),
        (Some(expected), Some(owner)) if owner.id == expected => Ok(()),
        (_, Some(owner)) => Err(Foreign::Another {
            address: address(),
            owner,
        }),
        (Some(expected), None) => Err(Foreign::Unmarked {
            address: address(),
            expected: expected.to_owned(),
        }),
    }
}

/// Asks a storage whose it is.
pub(super) struct Watch {
    /// Where the storage says it.
    mark: BlobClient,
    address: String,
    expected: Option<String>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("address", &self.address)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// Asks through `service`, which nobody watches over, and whose connections serve one request each: one that was made
    /// before may still lead to a storage that has given its port away.
    pub(super) fn new(
        service: &BlobServiceClient,
        address: String,
        expected: Option<&str>,
    ) -> Self {
        let [container, name] = OWNER;
        Self {
            mark: service.blob_container_client(container).blob_client(name),
            address,
            expected: expected.map(str::to_owned),
        }
    }

    /// Reads whose the storage is; nothing if it does not say, or nothing that can be understood.
    async fn owner(&self) -> azure_core::Result<Option<Owner>> {
        let read = async { self.mark.download(None).await?.body.collect().await };
        match read.await {
            Ok(content) => Ok(serde_json::from_slice(&content).ok()),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks whose the storage is.
    ///
    /// # Errors
    /// Fails with [`Foreign`] if it is another's, and with the storage's own error if it does not tell.
    pub(super) async fn make_sure(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let found = self.owner().await?;
        Ok(judge(&self.address, self.expected.as_deref(), found)?)
    }
}

/// Tells that a storage is another's as what it is: as a failure to connect it would be tried again.
#[derive(Debug)]
pub(super) struct OwnerPolicy;

#[async_trait]
impl Policy for OwnerPolicy {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        let answer = hand_on(context, request, next).await;
        answer.map_err(|error| match foreign(&error) {
            Some(foreign) => azure_core::Error::new(ErrorKind::Other, foreign.clone()),
            None => error,
        })
    }
}

/// Returns whose the storage is, if that is why a request was not sent.
pub(in crate::store) fn foreign(error: &azure_core::Error) -> Option<&Foreign> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(foreign) = inner.downcast_ref() {
            return Some(foreign);
        }
        source = inner.source();
    }
    None
}

fn is_missing(error: &azure_core::Error) -> bool {
    matches!(error.kind(), ErrorKind::HttpResponse { status, .. } if u16::from(*status) == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(id: &str) -> Owner {
        Owner {
            id: id.to_owned(),
            state_dir: PathBuf::from("/theirs/.sluice/orders"),
        }
    }

    #[test]
    fn only_a_storage_of_one_s_own_or_of_nobody_is_worked_on() {
        let judge = |expected, found| judge("127.0.0.1:10000", expected, found);
        assert_eq!(judge(None, None), Ok(()), "Azurite by hand");
        assert_eq!(judge(Some("a"), Some(owner("a"))), Ok(()));
        for expected in [None, Some("a")] {
            let error = judge(expected, Some(owner("b"))).unwrap_err().to_string();
            assert!(
                error.contains("in /theirs/.sluice/orders: nothing"),
                "{error}"
            );
            assert!(error.contains("SLUICE_PIPELINE=b"), "{error}");
        }
        let error = judge(Some("a"), None).unwrap_err().to_string();
        assert!(error.contains("(SLUICE_PIPELINE=a)"), "{error}");
    }
}
