//! What every policy of ours does last: hand the request on.

use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};

/// Sends the request through the rest of the pipeline.
///
/// # Errors
/// Fails if the rest does, or if there is none: a pipeline ends with its transport.
pub(super) async fn hand_on(
    context: &Context<'_>,
    request: &mut Request,
    next: &[Arc<dyn Policy>],
) -> PolicyResult {
    let Some((following, rest)) = next.split_first() else {
        let message = "the pipeline ends without a transport";
        return Err(azure_core::Error::with_message(ErrorKind::Other, message));
    };
    following.send(context, request, rest).await
}
