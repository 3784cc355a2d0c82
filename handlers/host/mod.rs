//! The custom-handler protocol: what the Functions host sends, and what it takes for an answer.
//!
//! A success is `200`, `application/json` and an object (an empty answer would hang the host); a failure is `500`
//! with a reason. Each invocation logs one summary (`storage_calls` counts the layer's requests since the start), and each failure of one is
//! logged here; what goes wrong beside an invocation is logged where it happens. The lines are `telemetry::lines`.

mod attributes;
mod blob;
mod body;
mod escaped;
mod event_hub;
mod failure;
mod invocation;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::app::App;
use crate::error::chain;
use crate::gold::{Caller, Ended, Published};
use crate::maintain::{Options, Report};
use crate::retry::Deadline;
use crate::table::log::Counts;
use crate::telemetry::lines;
use crate::telemetry::signals::{Span, Traces};
use body::Bodies;
pub use body::BodyError;
use failure::Failure;
pub use invocation::InvocationError;

/// How long an invocation of bronze may wait for the lake; below the host's functionTimeout.
const INGEST_TIME: Duration = Duration::from_secs(5 * 60);

/// How long an invocation of silver waits for its object. The host ends the whole process where one takes longer than
/// functionTimeout; the work goes on after this, and the object's next delivery waits for it again.
pub const REFINE_TIME: Duration = Duration::from_secs(12 * 60);

/// How long an invocation of gold may begin transactions; what is left is done by the next.
const PUBLISH_TIME: Duration = Duration::from_secs(5 * 60);

/// How long an invocation of maintain may begin work; what is left is done by the next.
const MAINTAIN_TIME: Duration = Duration::from_secs(4 * 60);

/// A line that nothing but people read.
const FOREIGN: &str = "ignored an object of another dataset";
/// Likewise.
const NOT_REFINED: &str = "not every unprocessed object could be refined";

/// An invocation, as its log lines name it.
struct Invocation {
    function: String,
    id: String,
    started: Instant,
    /// Where spans are collected.
    span: Option<Span>,
}

impl Invocation {
    fn elapsed_ms(&self) -> u64 {
        // A duration of more milliseconds than 64 bits hold is not lived to see.
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Ends the span, if there is one; where the invocation failed, with the kind and the text of its error.
    fn end_span(self, traces: Option<&Arc<Traces>>, error: Option<(&str, &str)>) {
        if let (Some(traces), Some(span)) = (traces, self.span) {
            let took = self.started.elapsed();
            traces.end(span, (&self.function, &self.id), (took, error));
        }
    }
}

/// Writes a log line of an invocation: at a level, with a message of [`lines`], and with its own fields.
macro_rules! log {
    ($level:ident, $invocation:expr, $message:path, $($fields:tt)*) => {
        tracing::$level!(
            function = $invocation.function,
            invocation_id = $invocation.id,
            elapsed_ms = $invocation.elapsed_ms(),
            $($fields)*
            "{}",
            $message
        )
    };
}

/// What requests are served with.
struct Served {
    app: Arc<App>,
    bodies: Bodies,
    traces: Option<Arc<Traces>>,
}

/// A function that the handler serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Stores events as they came.
    Bronze,
    /// Refines an object of bronze.
    Silver,
    /// Publishes what silver has.
    Gold,
    /// Keeps silver complete and fast.
    Maintain,
}

/// All functions: each has a folder of its name, with a `function.json`.
pub const FUNCTIONS: [Function; 4] = [
    Function::Bronze,
    Function::Silver,
    Function::Gold,
    Function::Maintain,
];

impl Function {
    /// Its name: that of its folder and of its route.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Maintain => "maintain",
        }
    }

    fn named(name: &str) -> Option<Self> {
        FUNCTIONS
            .into_iter()
            .find(|function| function.name() == name)
    }
}

/// Routes the host's requests to the layers.
pub fn router(app: Arc<App>) -> Router {
    traced_router(app, None)
}

/// Routes the host's requests to the layers, with a span for each where `traces` are made.
pub fn traced_router(app: Arc<App>, traces: Option<Arc<Traces>>) -> Router {
    let served = Arc::new(Served {
        app,
        bodies: Bodies::default(),
        traces,
    });
    Router::new()
        .route("/", get(|| async { "sluice handler\n" }))
        .route("/{function}", post(invoke))
        .with_state(served)
}

async fn invoke(
    State(served): State<Arc<Served>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let id = header("x-azure-functions-invocationid");
    let traces = served.traces.as_ref();
    let invocation = Invocation {
        function,
        id: id.unwrap_or("none").to_owned(),
        started: Instant::now(),
        span: traces.map(|traces| traces.begin(header("traceparent"))),
    };
    let outcome = match Function::named(&invocation.function) {
        Some(Function::Bronze) => bronze(&served, body, &invocation).await,
        Some(Function::Silver) => silver(&served, body, &invocation).await,
        Some(Function::Gold) => gold(&served, body, &invocation).await,
        Some(Function::Maintain) => maintain(&served, body, &invocation).await,
        None => Err(Failure::UnknownFunction(invocation.function.clone())),
    };
    match outcome {
        Ok(summary) => {
            invocation.end_span(traces, None);
            success(&summary)
        }
        Err(failure) => {
            let error = chain(&failure);
            let lasting = failure.is_lasting();
            log!(error, invocation, lines::FAILED, error, lasting,);
            invocation.end_span(traces, Some((failure.kind(), &error)));
            let status = match failure {
                Failure::UnknownFunction(_) => StatusCode::NOT_FOUND,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            answer(status, &json!({ "error": error }))
        }
    }
}

async fn bronze(
    Served { app, bodies, .. }: &Served,
    body: Body,
    invocation: &Invocation,
) -> Result<String, Failure> {
    let body = bodies.read(body).await?;
    let batch = event_hub::EventBatch::parse(body.bytes())?;
    drop(body);
    let partition_id = batch.partition;
    let first_sequence = batch.events.first().map(|event| event.sequence_number.0);
    let last_sequence = batch.events.last().map(|event| event.sequence_number.0);
    if let Some(span) = &invocation.span {
        span.say("messaging.destination.partition.id", partition_id.0.clone());
        span.say("messaging.batch.message_count", whole(batch.events.len()));
        span.link(batch.events.iter().map(|event| event.properties.as_ref()));
    }
    let newest = batch.events.iter().map(|event| event.enqueued_time.0).max();
    let deadline = Deadline::after(INGEST_TIME);
    let done = app
        .bronze
        .ingest(&partition_id, batch.events, deadline)
        .await?;
    // The hub's clock may be ahead of this machine's.
    let newest_age_ms = newest.map(|newest| app.clock.now().0.saturating_sub(newest).max(0));
    log!(
        info,
        invocation,
        lines::INGESTED,
        partition_id = partition_id.0,
        first_sequence,
        last_sequence,
        events = done.events,
        stored = done.stored,
        objects = done.objects,
        bytes = done.bytes,
        newest_age_ms,
        storage_calls = app.calls.bronze.count(),
    );
    let (stored, objects) = (done.stored, done.objects);
    Ok(format!(
        "ingested {} events: {stored} stored in {objects} objects",
        done.events
    ))
}

async fn silver(
    Served { app, bodies, .. }: &Served,
    body: Body,
    invocation: &Invocation,
) -> Result<String, Failure> {
    let body = bodies.read(body).await?;
    let blob = blob::BlobInvocation::parse(body.bytes())?;
    let name = blob.name.clone();
    if !app.dataset.owns(&name) {
        log!(info, invocation, FOREIGN, source = name,);
        return Ok(format!(
            "ignored {name}, which is not an object of this dataset"
        ));
    }
    let source = blob.into_source(app.clock.now())?;
    if let Some(span) = &invocation.span {
        span.say("faas.document.collection", "bronze");
        span.say("faas.document.operation", "insert");
        span.say("faas.document.name", name.clone());
        span.link_lines(&source.content);
    }
    // The encoded body is a third larger than the content and no longer needed; its place in the budget is.
    let _room = body.into_room();

    let deadline = Deadline::after(REFINE_TIME);
    let refined = deadline.within(app.silver.refine(source)).await;
    let minutes = REFINE_TIME.as_secs() / 60;
    let refined = refined.ok_or(Failure::UnderWay { name, minutes })??;
    let entry = &refined.entry;
    let counts = &entry.counts;
    let quarantined = counts.quarantined_total();
    log!(
        info,
        invocation,
        lines::REFINED,
        source = entry.source,
        generation = app.dataset.generation,
        lines = counts.lines,
        empty = counts.empty,
        opened = counts.opened,
        records = counts.records,
        rows = counts.rows,
        duplicates = counts.duplicates,
        conflicts = counts.conflicts,
        late = counts.late,
        filtered = counts.filtered,
        quarantined,
        nulled = counts.nulled.total(),
        version = entry.version.0,
        group = refined.group,
        replay = !refined.now,
        storage_calls = app.calls.silver.count(),
    );
    if refined.now {
        warn_of(&entry.source, counts, invocation);
    }
    Ok(format!(
        "refined {} lines to {} rows in version {}",
        counts.lines, counts.rows, entry.version
    ))
}

/// Tells what was rejected and what became null, by reason.
fn warn_of(source: &str, counts: &Counts, invocation: &Invocation) {
    for (reason, count) in &counts.quarantined {
        let reason = reason.as_str();
        log!(warn, invocation, lines::QUARANTINED, source, reason, count,);
    }
    for (column, reason, count) in counts.nulled.folded().iter() {
        log!(
            warn,
            invocation,
            lines::NULLED,
            source,
            column,
            reason,
            count,
        );
    }
}

async fn gold(
    Served { app, bodies, .. }: &Served,
    body: Body,
    invocation: &Invocation,
) -> Result<String, Failure> {
    // A timer tells nothing that gold needs; its body is read so that the connection can be used again.
    bodies.read(body).await?;
    let published = app.gold.publish(Deadline::after(PUBLISH_TIME)).await?;
    if published.ended == Ended::NothingYet {
        return Ok("silver holds nothing yet".to_owned());
    }
    let caller = Caller {
        invocation_id: &invocation.id,
        elapsed_ms: invocation.elapsed_ms(),
        storage_calls: app.calls.gold.count(),
    };
    app.gold.log(&published, caller);
    let Published {
        ended,
        commits,
        rows,
        groups,
        blocked,
        ..
    } = published;
    if !blocked.is_empty() {
        return Err(Failure::Blocked(blocked.join("; ")));
    }
    Ok(format!(
        "published {rows} rows of {commits} commits as {groups} groups: {ended}"
    ))
}

async fn maintain(
    Served { app, bodies, .. }: &Served,
    body: Body,
    invocation: &Invocation,
) -> Result<String, Failure> {
    bodies.read(body).await?;
    let deadline = Deadline::after(MAINTAIN_TIME);
    let report = app.maintain.run(Options::default(), deadline).await;
    log_maintained(&report, invocation);
    let failures = report.failures();
    if !failures.is_empty() {
        let failures: Vec<String> = failures
            .iter()
            .map(|(step, failure)| format!("{step}: {failure}"))
            .collect();
        return Err(Failure::Maintain(failures.join("; ")));
    }
    Ok(serde_json::to_string(&report)?)
}

fn log_maintained(report: &Report, invocation: &Invocation) {
    // A step that failed has nothing to count; its failure is the invocation's answer.
    let reconciled = report.reconcile.done().cloned().unwrap_or_default();
    let compacted = report.compact.done().cloned().unwrap_or_default();
    let delta = report.delta.done();
    let snapshot = report.snapshot.done().and_then(|done| done.version);
    let checkpoint = report.checkpoint.done().and_then(|done| done.version);
    let vacuumed = report.vacuum.done().cloned().unwrap_or_default();
    if reconciled.failed > 0 {
        let (failed, error) = (reconciled.failed, reconciled.failure.as_deref());
        log!(error, invocation, NOT_REFINED, failed, error,);
    }
    log!(
        info,
        invocation,
        lines::MAINTAINED,
        reconciled = reconciled.refined,
        unreconciled = reconciled.left,
        poison_removed = reconciled.poison_removed,
        compacted_files = compacted.replaced,
        compactions_left = compacted.left,
        delta_written = delta.map(|delta| delta.written),
        delta_lag = delta.map(|delta| delta.lag),
        snapshot,
        checkpoint,
        vacuumed_files = vacuumed.replaced + vacuumed.unnamed,
        vacuumed_log_entries = vacuumed.log_entries,
        vacuum_left = vacuumed.left,
    );
}

/// Returns a count as collectors keep it.
fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn success(log: &str) -> Response {
    answer(
        StatusCode::OK,
        &json!({ "Outputs": {}, "Logs": [log], "ReturnValue": null }),
    )
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

#[cfg(test)]
mod tests;
