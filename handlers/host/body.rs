//! Reads request bodies within a bounded memory.
//!
//! The host sends bodies of any size, in chunks without a length, and up to 64 blobs at once. Small bodies are read as
//! they come; only sixteen at a time may grow to what the largest object of bronze takes, and only one beyond that. A
//! body keeps that room until its invocation ends; the others wait on their connections meanwhile. A sender that sends
//! nothing for [`LONGEST_PAUSE`] is given up, so that it keeps no room from the others.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A body that may be read at any time: a thousand events of 700 bytes in base64 fit.
const SMALL_BODY_BYTES: usize = 1024 * 1024;
/// A body that needs one of a few rooms: a bronze object of 8 MiB in base64 fits.
const USUAL_BODY_BYTES: usize = 12 * 1024 * 1024;
/// How many bodies may be of the usual size at once.
const USUAL_BODIES: usize = 16;
/// The largest body that is accepted.
const MAX_BODY_BYTES: usize = 512 * 1024 * 1024;

/// How long a sender may send nothing in the middle of a body. The host is on the same machine.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A body that could not be read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The connection ended.
    #[error("read the request body")]
    Connection(#[source] axum::Error),
    /// Nothing came for too long.
    #[error("the request body stopped after {received} bytes: nothing came for {} s", LONGEST_PAUSE.as_secs())]
    Stalled {
        /// What had come.
        received: usize,
    },
    /// It would take too much memory.
    #[error("the request body is larger than {MAX_BODY_BYTES} bytes; split the blob")]
    TooLarge,
}

/// Reads bodies, a few of the usual size and one large one at a time.
#[derive(Debug)]
pub(super) struct Bodies {
    usual: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// A body, and the room that it takes.
#[derive(Debug)]
pub(super) struct ReadBody {
    content: Vec<u8>,
    room: Room,
}

/// The right to hold a body that is not small; it ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Room {
    usual: Option<OwnedSemaphorePermit>,
    large: Option<OwnedSemaphorePermit>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            usual: Arc::new(Semaphore::new(USUAL_BODIES)),
            large: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Bodies {
    pub(super) async fn read(&self, body: Body) -> Result<ReadBody, BodyError> {
        let mut content = Vec::new();
        let mut room = Room::default();
        let mut chunks = body.into_data_stream();
        loop {
            let received = content.len();
            let next = timeout(LONGEST_PAUSE, chunks.next()).await;
            let next = next.map_err(|_| BodyError::Stalled { received })?;
            let Some(chunk) = next else { break };
            let chunk: Bytes = chunk.map_err(BodyError::Connection)?;
            if content.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(BodyError::TooLarge);
            }
            let size = content.len() + chunk.len();
            if room.usual.is_none() && size > SMALL_BODY_BYTES {
                room.usual = Arc::clone(&self.usual).acquire_owned().await.ok();
            }
            // Whoever waits here waits for one that has both rooms.
            if room.large.is_none() && size > USUAL_BODY_BYTES {
                room.large = Arc::clone(&self.large).acquire_owned().await.ok();
            }
            content.extend_from_slice(&chunk);
        }
        Ok(ReadBody { content, room })
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
    use futures::future::{join_all, ready};
    use futures::stream;

    use super::*;

    fn body(bytes: usize) -> Body {
        Body::from(vec![b'x'; bytes])
    }

    #[tokio::test]
    async fn a_second_large_body_waits_until_the_first_ones_invocation_ends() {
        let bodies = Bodies::default();
        let first = bodies.read(body(USUAL_BODY_BYTES + 1)).await.unwrap();
        let small = bodies.read(body(10)).await.unwrap();
        assert_eq!(small.bytes().len(), 10);
        let mut second = Box::pin(bodies.read(body(USUAL_BODY_BYTES + 2)));
        assert!(second.as_mut().now_or_never().is_none());
        let room = first.into_room();
        assert!(second.as_mut().now_or_never().is_none());
        drop(room);
        assert_eq!(second.await.unwrap().bytes().len(), USUAL_BODY_BYTES + 2);
    }

    #[tokio::test(start_paused = true)]
    async fn senders_that_stop_give_their_room_to_others() {
        let bodies = Bodies::default();
        let stalled = |bytes: usize| {
            let start = Bytes::from(vec![b'x'; bytes]);
            let chunks = stream::once(ready(Ok::<_, std::io::Error>(start)));
            Body::from_stream(chunks.chain(stream::pending()))
        };
        let reads = (0..USUAL_BODIES + 1).map(|_| bodies.read(stalled(SMALL_BODY_BYTES + 1)));
        let (stalled, read) =
            futures::join!(join_all(reads), bodies.read(body(SMALL_BODY_BYTES + 1)));
        let is_stalled = |read: &Result<ReadBody, BodyError>| matches!(read, Err(BodyError::Stalled { received }) if *received == SMALL_BODY_BYTES + 1);
        assert!(stalled.iter().all(is_stalled));
        assert_eq!(read.unwrap().bytes().len(), SMALL_BODY_BYTES + 1);
    }

    #[tokio::test]
    async fn bodies_of_the_usual_size_wait_for_one_of_sixteen_rooms() {
        let bodies = Bodies::default();
        let mut rooms = Vec::new();
        for _ in 0..USUAL_BODIES {
            let read = bodies.read(body(SMALL_BODY_BYTES + 1)).await.unwrap();
            rooms.push(read.into_room());
        }
        let mut next = Box::pin(bodies.read(body(SMALL_BODY_BYTES + 2)));
        assert!(next.as_mut().now_or_never().is_none());
        assert!(bodies.read(body(SMALL_BODY_BYTES)).await.is_ok());
        rooms.pop();
        assert_eq!(next.await.unwrap().bytes().len(), SMALL_BODY_BYTES + 2);
    }
}
