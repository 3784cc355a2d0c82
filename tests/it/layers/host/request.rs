//! Captured requests, sent to the router as the host sends them.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use sluice::host;
use testkit::world::{Process, World};
use tower::ServiceExt;

/// The captures live beside the tests; their README says what they are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/invocations");

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) body: Value,
}

/// The request body of a capture, byte for byte.
pub(super) fn captured(name: &str) -> String {
    let text = std::fs::read(format!("{FOLDER}/{name}")).unwrap();
    let text = match name.ends_with(".gz") {
        true => {
            let mut plain = Vec::new();
            let mut reader = flate2::read::GzDecoder::new(&text[..]);
            std::io::Read::read_to_end(&mut reader, &mut plain).unwrap();
            plain
        }
        false => text,
    };
    let capture: Value = serde_json::from_slice(&text).unwrap();
    capture["request"]["raw"].as_str().unwrap().to_owned()
}

/// Sends a body in chunks and without a length, as the host does.
pub(super) async fn post(process: &Process, function: &str, body: impl Into<Bytes>) -> Answer {
    let body: Bytes = body.into();
    let pieces: Vec<_> = (0..body.len())
        .step_by(64 * 1024)
        .map(|from| Ok::<_, std::io::Error>(body.slice(from..body.len().min(from + 64 * 1024))))
        .collect();
    let request = Request::post(format!("/{function}"))
        .header(
            "X-Azure-Functions-InvocationId",
            "784ef39d-46a7-49b6-9ddf-5ea99df83b02",
        )
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from_stream(stream::iter(pieces)))
        .unwrap();
    let response = host::router(Arc::clone(&process.app))
        .oneshot(request)
        .await
        .unwrap();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.unwrap().to_str().unwrap().to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        content_type,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

pub(super) fn is_success(answer: &Answer, log: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(
        answer.body,
        json!({ "Outputs": {}, "Logs": [log], "ReturnValue": null })
    );
}

pub(super) fn is_failure(answer: &Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.content_type, "application/json");
    let error = answer.body["error"].as_str().unwrap();
    assert!(error.contains(words), "{error}");
}

pub(super) async fn bodies(world: &World) -> Vec<Vec<u8>> {
    let lines = world.end_state().await.bronze;
    lines.into_iter().map(|(_, _, body)| body).collect()
}

/// Some batches were captured with the string binding: gives them bodies as the binary one does.
pub(super) fn binary(text: &str) -> String {
    let mut request: Value = serde_json::from_str(text).unwrap();
    let data = request["Data"].as_object_mut().unwrap();
    let value = data.values_mut().next().unwrap();
    let bodies: Vec<String> = serde_json::from_str(value.as_str().unwrap()).unwrap();
    let bodies: Vec<_> = bodies.iter().map(|body| STANDARD.encode(body)).collect();
    *value = json!(json!(bodies).to_string());
    request.to_string()
}

/// Gives a captured blob another name and content.
pub(super) fn blob(capture: &str, name: &str, content: &[u8]) -> String {
    let mut request: Value = serde_json::from_str(&captured(capture)).unwrap();
    request["Metadata"]["name"] = json!(json!(name).to_string());
    request["Data"]["blob"] = json!(STANDARD.encode(content));
    request.to_string()
}
