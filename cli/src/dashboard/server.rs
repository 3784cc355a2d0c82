//! The page over HTTP, for whoever the guard lets in.
//!
//! No address holds anything of the data, nothing is cached, and the page runs no script but its own.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::Stream;
use tokio::sync::watch;

use super::guard::{Guard, Refusal};
use super::live::{Live, Parts};
use super::view;
use crate::called;
use crate::output::named;

/// Only what the page's own files ask for is loaded, and nobody else frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const SCRIPT: &str = include_str!("../../templates/dashboard/page.js");
const STYLE: &str = include_str!("../../templates/dashboard/page.css");

/// What every answer is made of.
#[derive(Debug)]
struct Served {
    guard: Guard,
    pipelines: Vec<Arc<Live>>,
}

impl Served {
    fn find(&self, name: &str) -> Option<&Arc<Live>> {
        self.pipelines.iter().find(|live| live.name == name)
    }
}

/// Serves these pipelines, of which there is one at least.
pub(super) fn router(guard: Guard, pipelines: Vec<Arc<Live>>) -> Router {
    let served = Arc::new(Served { guard, pipelines });
    Router::new()
        .route("/", get(first))
        .route("/{token}", get(open))
        .route("/page.css", get(async || text("text/css", STYLE)))
        .route("/page.js", get(async || text("text/javascript", SCRIPT)))
        .route("/pipeline/{name}", get(page))
        .route("/pipeline/{name}/live", get(live))
        .route("/pipeline/{name}/gold", post(gold))
        .layer(from_fn_with_state(Arc::clone(&served), guarded))
        .with_state(served)
}

/// Refuses whoever asks for another host, and lets no answer be kept, framed or taken for something else.
async fn guarded(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let mut response = match served.guard.check_host(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let fixed = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::Host => (
                StatusCode::MISDIRECTED_REQUEST,
                "This is the dashboard of Sluice, which answers to 127.0.0.1 and localhost alone.",
            ),
            Self::Token => (
                StatusCode::FORBIDDEN,
                "Open the whole address that `sluice dashboard` or `sluice up` prints: its token is missing here, or it is one of an earlier run.",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "This can only be asked for by the dashboard's own page.",
            ),
        };
        (status, text("text/plain", named(why, called::name()))).into_response()
    }
}

fn text(kind: &'static str, text: impl IntoResponse) -> Response {
    let kind = format!("{kind}; charset=utf-8");
    ([(CONTENT_TYPE, kind)], text).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.").into_response()
}

/// Takes the token of the address, and leads to an address without it.
async fn open(State(served): State<Arc<Served>>, Path(token): Path<String>) -> Response {
    if !served.guard.opens(&token) {
        return Refusal::Token.into_response();
    }
    let headers = [
        (SET_COOKIE, served.guard.cookie()),
        (LOCATION, "/".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Leads to the first pipeline.
async fn first(State(served): State<Arc<Served>>, headers: HeaderMap) -> Result<Response, Refusal> {
    served.guard.check(&headers)?;
    Ok(match served.pipelines.first() {
        Some(live) => {
            let place = format!("/pipeline/{}", live.name);
            (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
        }
        None => not_found(),
    })
}

async fn page(
    State(served): State<Arc<Served>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    served.guard.check(&headers)?;
    let Some(live) = served.find(&name) else {
        return Ok(not_found());
    };
    let all = served.pipelines.iter();
    let all: Vec<&str> = all.map(|live| live.name.as_str()).collect();
    let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((
        kind,
        view::page(&live.name, &all, &live.tables, called::name()),
    )
        .into_response())
}

async fn live(
    State(served): State<Arc<Served>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    served.guard.check(&headers)?;
    Ok(match served.find(&name) {
        Some(live) => Sse::new(changes(live.look()))
            .keep_alive(KeepAlive::default())
            .into_response(),
        None => not_found(),
    })
}

/// The parts of the page that have changed, each time that any has.
fn changes(seen: watch::Receiver<Parts>) -> impl Stream<Item = Result<Event, Infallible>> {
    let start = (seen, Parts::default());
    futures::stream::unfold(start, async |(mut seen, before)| {
        loop {
            seen.changed().await.ok()?;
            let now = Arc::clone(&seen.borrow_and_update());
            let changed: std::collections::BTreeMap<&String, &String> = now
                .iter()
                .filter(|(id, html)| before.get(*id) != Some(html))
                .collect();
            if let Ok(json) = serde_json::to_string(&changed)
                && !changed.is_empty()
            {
                let event = Event::default().data(json);
                return Some((Ok(event), (seen, now)));
            }
        }
    })
}

/// Reads gold although that may wake its database.
async fn gold(
    State(served): State<Arc<Served>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    served.guard.check_change(&headers)?;
    Ok(match served.find(&name) {
        Some(live) => {
            live.wake_gold().await;
            StatusCode::ACCEPTED.into_response()
        }
        None => not_found(),
    })
}

#[cfg(test)]
mod tests;
