//! `Metadata.RetryContext`: present from the first attempt of a function with a retry policy, and
//! with the last attempt's exception, serialised as .NET does, from the second.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::functions_host::invoke::InvocationError;

const HRESULT: i32 = -2_146_233_088;
// The frames of the real host's own code say nothing about the handler; one line stands for them.
const STACK: &str = "   at Microsoft.Azure.WebJobs.Host.Executors.FunctionExecutor.TryExecuteAsync(IFunctionInstance functionInstance, CancellationToken cancellationToken)";

/// The number of this attempt, and the error of the last one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetryContext {
    retry_count: u32,
    max_retry_count: i64,
    exception: Option<FunctionException>,
    instance: Option<()>,
    state: Map<String, Value>,
}

impl RetryContext {
    /// `max_retry_count` none is written -1.
    pub(crate) fn new(
        retry_count: u32,
        max_retry_count: Option<u32>,
        exception: Option<FunctionException>,
    ) -> Self {
        let max_retry_count = max_retry_count.map_or(-1, i64::from);
        Self {
            retry_count,
            max_retry_count,
            exception,
            instance: None,
            state: Map::new(),
        }
    }
}

/// `FunctionInvocationException`, as Json.NET serialises it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FunctionException {
    instance_id: String,
    method_name: String,
    handled: bool,
    class_name: &'static str,
    message: String,
    data: Option<()>,
    inner_exception: InnerException,
    #[serde(rename = "HelpURL")]
    help_url: Option<()>,
    stack_trace_string: &'static str,
    remote_stack_trace_string: Option<()>,
    remote_stack_index: i32,
    exception_method: Option<()>,
    #[serde(rename = "HResult")]
    hresult: i32,
    source: &'static str,
    watson_buckets: Option<()>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InnerException {
    http_request_error: i32,
    status_code: Option<u16>,
    message: String,
    data: Map<String, Value>,
    inner_exception: Option<()>,
    help_link: Option<()>,
    source: &'static str,
    #[serde(rename = "HResult")]
    hresult: i32,
    stack_trace: &'static str,
}

impl FunctionException {
    /// What the failure of `function` looks like to its next attempt.
    pub(crate) fn new(invocation_id: Uuid, function: &str, error: &InvocationError) -> Self {
        Self {
            instance_id: invocation_id.to_string(),
            method_name: format!("Host.Functions.{function}"),
            handled: false,
            class_name: "Microsoft.Azure.WebJobs.Host.FunctionInvocationException",
            message: format!("Exception while executing function: Functions.{function}"),
            data: None,
            inner_exception: InnerException {
                http_request_error: 0,
                status_code: error.status(),
                message: error.to_string(),
                data: Map::new(),
                inner_exception: None,
                help_link: None,
                source: "System.Net.Http",
                hresult: HRESULT,
                stack_trace: STACK,
            },
            help_url: None,
            stack_trace_string: STACK,
            remote_stack_trace_string: None,
            remote_stack_index: 0,
            exception_method: None,
            hresult: HRESULT,
            source: "System.Private.CoreLib",
            watson_buckets: None,
        }
    }
}
