//! Events that are sent by HTTP, one with each request, as the service takes them by HTTPS: `POST /{hub}/messages`.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::session::Server;
use crate::event_hubs::MAX_MESSAGE_BYTES;
use crate::event_hubs::links::Ingest;
use crate::event_hubs::message;
use crate::event_hubs::store::NewEvent;

/// Returns whether a client that has just connected speaks HTTP; nothing is taken from it. AMQP begins with its own name.
pub(super) async fn speaks(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && matches!(first, [b'P' | b'G'])
}

/// Answers the requests of a connection.
pub(super) async fn serve(server: Arc<Server>, stream: TcpStream) {
    let service = service_fn(|request| answer(&server, request));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(?error, "connection was lost");
    }
}

async fn answer(
    server: &Server,
    request: Request<Incoming>,
) -> Result<Response<String>, Infallible> {
    let (status, text) = match take(server, request).await {
        Ok(()) => (StatusCode::CREATED, String::new()),
        Err(refused) => refused,
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    Ok(response)
}

async fn take(server: &Server, request: Request<Incoming>) -> Result<(), (StatusCode, String)> {
    let refuse = |status, text: &str| (status, text.to_owned());
    let hub = request.uri().path().trim_start_matches('/');
    let hub = hub.strip_suffix("/messages").unwrap_or_default();
    let hub = server.store.hub(hub).map(Arc::clone);
    let hub = hub.ok_or_else(|| refuse(StatusCode::NOT_FOUND, "there is no such event hub"))?;
    if request.method() != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "it takes a POST"));
    }
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let most = usize::try_from(MAX_MESSAGE_BYTES).unwrap_or(usize::MAX);
    let body = Limited::new(request.into_body(), most).collect().await;
    let body = body.map_err(|_| {
        refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the event is larger than a mebibyte, or was not sent whole",
        )
    })?;
    let event = NewEvent {
        partition_key: None,
        message: message::of_body(kind.as_deref(), &body.to_bytes()),
    };
    let ingest = Ingest {
        hub,
        partition: None,
        total: server.total.clone(),
    };
    ingest.store(&[event]).map_err(|fault| {
        let text = fault.description.unwrap_or_default();
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    })
}
