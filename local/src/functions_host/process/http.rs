//! HTTP/1.1 to the handler, as the real host speaks it.
//!
//! Requests carry no length: their bodies go out in chunks of 1 KiB. Connections are kept alive and
//! used again. Answers are read whole, whether they have a length, come in chunks, or end with the
//! connection. A request whose future is dropped takes its connection with it.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::buf::Chain;
use bytes::{Buf as _, Bytes};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::ext::ReasonPhrase;
use hyper::header::{CONTENT_TYPE, HOST, TRANSFER_ENCODING, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sluice::error::chain;
use tokio::net::TcpStream;

/// The real host's own number; `.local` would not be a version.
const HOST_VERSION: &str = "4.1037.0.0";
const CHUNK: usize = 1024;
const MAX_BODY: usize = 1 << 31;

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

/// Connections to one port of 127.0.0.1.
#[derive(Debug)]
pub(crate) struct Client {
    port: u16,
    idle: Arc<Idle>,
}

/// Connections that wait for their next request.
#[derive(Debug, Default)]
struct Idle(Mutex<Vec<SendRequest<Chunks>>>);

/// A body in chunks of 1 KiB, without a length.
struct Chunks(Chain<Bytes, Bytes>);

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            idle: Arc::default(),
        }
    }

    /// `GET /`, on a connection of its own. The outer error means that nobody listens.
    pub(crate) async fn ping(&self) -> io::Result<io::Result<Answer>> {
        let mut sender = self.connect().await?;
        let request = Request::get("/").header(HOST, self.authority());
        let request = request
            .body(Empty::<Bytes>::new())
            .map_err(io::Error::other)?;
        Ok(match sender.send_request(request).await {
            Ok(response) => read_answer(response).await,
            Err(error) => Err(failed(error)),
        })
    }

    /// `POST /{path}` with a chunked JSON body, which is given in two pieces.
    pub(crate) async fn post(
        &self,
        path: &str,
        invocation_id: &str,
        [head, tail]: &[Bytes; 2],
    ) -> io::Result<Answer> {
        let mut request = Request::post(format!("/{path}"))
            .header(HOST, self.authority())
            .header("x-azure-functions-hostversion", HOST_VERSION)
            .header("x-azure-functions-invocationid", invocation_id)
            .header(USER_AGENT, format!("Azure-Functions-Host/{HOST_VERSION}"))
            .header(TRANSFER_ENCODING, "chunked")
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Chunks(head.clone().chain(tail.clone())))
            .map_err(io::Error::other)?;
        while let Some(mut sender) = self.idle.take() {
            match sender.try_send_request(request).await {
                Ok(response) => return self.finish(sender, response).await,
                Err(mut error) => match error.take_message() {
                    // The handler has closed the connection before any of this was sent.
                    Some(unsent) => request = unsent,
                    None => return Err(failed(error.into_error())),
                },
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.send_request(request).await.map_err(failed)?;
        self.finish(sender, response).await
    }

    /// Closes what a handler that is gone has left behind.
    pub(crate) fn forget(&self) {
        self.idle.lock().clear();
    }

    fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    async fn connect<B>(&self) -> io::Result<SendRequest<B>>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = Builder::new()
            .title_case_headers(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        // Its error reaches the request as well.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn finish(
        &self,
        mut sender: SendRequest<Chunks>,
        response: Response<Incoming>,
    ) -> io::Result<Answer> {
        let answer = read_answer(response).await?;
        if sender.is_ready() {
            self.idle.lock().push(sender);
        } else {
            // A handler may answer before it has read the whole request, for example to refuse it.
            let idle = Arc::clone(&self.idle);
            tokio::spawn(async move {
                if sender.ready().await.is_ok() {
                    idle.lock().push(sender);
                }
            });
        }
        Ok(answer)
    }
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Vec<SendRequest<Chunks>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<SendRequest<Chunks>> {
        self.lock().pop()
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let size = self.0.remaining().min(CHUNK);
        let chunk = (size > 0).then(|| Ok(Frame::data(self.0.copy_to_bytes(size))));
        Poll::Ready(chunk)
    }
}

async fn read_answer(response: Response<Incoming>) -> io::Result<Answer> {
    let (head, body) = response.into_parts();
    let reason = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or("").to_owned(),
    };
    let content_type = head.headers.get(CONTENT_TYPE);
    let body = Limited::new(body, MAX_BODY).collect().await;
    Ok(Answer {
        status: head.status.as_u16(),
        reason,
        content_type: content_type
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        body: body.map_err(failed)?.to_bytes(),
    })
}

/// The error of a request, in the real host's words where the connection ended before the answer did.
fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    let error = error.into();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&*error);
    while let Some(one) = cause {
        let http = one.downcast_ref::<hyper::Error>();
        let system = one.downcast_ref::<io::Error>();
        if http.is_some_and(hyper::Error::is_incomplete_message)
            || system.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
        {
            return io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "The response ended prematurely. (ResponseEnded)",
            );
        }
        cause = one.source();
    }
    io::Error::other(chain(&*error))
}
