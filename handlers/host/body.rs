//! Reads request bodies within a bounded memory.
//!
//! The host sends bodies of any size, in chunks without a length, and up to sixteen blobs at once. Small bodies are
//! read as they come; only one body at a time may grow larger, and keeps that room until its invocation ends. The
//! others wait on their connections meanwhile.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body that may be read at any time: a bronze object of 8 MiB in base64 fits.
const SMALL_BODY_BYTES: usize = 12 * 1024 * 1024;
/// The largest body that is accepted.
const MAX_BODY_BYTES: usize = 512 * 1024 * 1024;

/// A body that could not be read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The connection ended.
    #[error("read the request body")]
    Connection(#[source] axum::Error),
    /// It would take too much memory.
    #[error("the request body is larger than {MAX_BODY_BYTES} bytes; split the blob")]
    TooLarge,
}

/// Reads bodies, large ones one at a time.
#[derive(Debug)]
pub struct Bodies {
    large: Arc<Semaphore>,
}

/// A body, and the room that it takes.
#[derive(Debug)]
pub(super) struct ReadBody {
    content: Vec<u8>,
    room: Room,
}

/// The right to hold a large body; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            large: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Bodies {
    pub(super) async fn read(&self, body: Body) -> Result<ReadBody, BodyError> {
        let mut content = Vec::new();
        let mut permit = None;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk: Bytes = chunk.map_err(BodyError::Connection)?;
            if content.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(BodyError::TooLarge);
            }
            if permit.is_none() && content.len() + chunk.len() > SMALL_BODY_BYTES {
                permit = Arc::clone(&self.large).acquire_owned().await.ok();
            }
            content.extend_from_slice(&chunk);
        }
        Ok(ReadBody {
            content,
            room: Room { _permit: permit },
        })
    }
}

impl ReadBody {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.content
    }

    /// Frees the body and keeps its room, for what was decoded from it.
    pub(super) fn into_room(self) -> Room {
        self.room
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn body(bytes: usize) -> Body {
        Body::from(vec![b'x'; bytes])
    }

    #[tokio::test]
    async fn a_second_large_body_waits_until_the_first_ones_invocation_ends() {
        let bodies = Bodies::default();
        let first = bodies.read(body(SMALL_BODY_BYTES + 1)).await.unwrap();
        let small = bodies.read(body(10)).await.unwrap();
        assert_eq!(small.bytes().len(), 10);
        let mut second = Box::pin(bodies.read(body(SMALL_BODY_BYTES + 2)));
        assert!(second.as_mut().now_or_never().is_none());
        let room = first.into_room();
        assert!(second.as_mut().now_or_never().is_none());
        drop(room);
        assert_eq!(second.await.unwrap().bytes().len(), SMALL_BODY_BYTES + 2);
    }
}
