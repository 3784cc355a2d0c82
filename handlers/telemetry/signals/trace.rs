//! A span for each invocation.
//!
//! Its parent is what the host's request says, and it is linked to the spans that its events were sent in, where a producer
//! put their context into an event's properties. Bronze keeps these properties in its lines, so the span that refines an
//! object is linked to the same: a trace leads from the producer to both.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use memchr::memmem;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

use super::metrics::{function, messaging};
use super::settings::Identity;
use crate::clock::{Clock, SystemClock};
use crate::value::line::Line;

/// The properties that hold a context: the standard's, and the one that Azure's SDKs had before it.
const PROPERTIES: [&[u8]; 2] = [b"\"traceparent\"", b"\"Diagnostic-Id\""];
/// How many links a span has at most, as is the rule of the SDK.
const MOST_LINKS: usize = 128;
/// How long the text of a context is, of the only version there is.
const LENGTH: usize = 55;

/// Makes spans.
#[derive(Debug)]
pub struct Traces {
    tracer: SdkTracer,
    identity: Identity,
}

/// The span of an invocation that goes on.
#[derive(Debug)]
pub struct Span {
    parent: Option<SpanContext>,
    of: Mutex<Of>,
}

/// What is said of an invocation.
#[derive(Debug, Default)]
struct Of {
    links: Vec<SpanContext>,
    known: HashSet<(TraceId, SpanId)>,
    attributes: Vec<KeyValue>,
}

impl Of {
    fn link(&mut self, context: SpanContext) {
        let is_new = self.known.insert((context.trace_id(), context.span_id()));
        if is_new && !self.is_full() {
            self.links.push(context);
        }
    }

    fn is_full(&self) -> bool {
        self.links.len() >= MOST_LINKS
    }
}

impl Span {
    /// Links it to the contexts in properties of events, each the text of a JSON object: at most 128, as is the rule.
    pub fn link<'a>(&self, properties: impl Iterator<Item = &'a [u8]>) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        for properties in properties {
            if of.is_full() {
                break;
            }
            if let Some(context) = context_in(properties) {
                of.link(context);
            }
        }
    }

    /// Links it to the contexts in the properties of the lines of an object of bronze.
    pub fn link_lines(&self, content: &[u8]) {
        let has_any = |text: &[u8]| {
            PROPERTIES
                .iter()
                .any(|name| memmem::find(text, name).is_some())
        };
        if !has_any(content) {
            return;
        }
        let lines = content.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| has_any(line)).map(Line::read);
        let properties: Vec<&[u8]> = lines.map(|line| line.properties).collect();
        self.link(properties.into_iter());
    }

    /// Says something of it: a name of the conventions, and a value.
    pub fn say(&self, key: &'static str, value: impl Into<opentelemetry::Value>) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.attributes.push(KeyValue::new(key, value));
    }
}

impl Traces {
    pub(super) fn new(tracer: SdkTracer, identity: Identity) -> Self {
        Self { tracer, identity }
    }

    /// Begins the span of an invocation, below the context that the request's header `traceparent` has.
    #[must_use]
    pub fn begin(&self, traceparent: Option<&str>) -> Span {
        Span {
            parent: traceparent.and_then(|text| parse(text.as_bytes())),
            of: Mutex::default(),
        }
    }

    /// Ends the span of an invocation of a function, which took so long. It failed if there is an error: of a kind, of which
    /// there are few, and with a text.
    pub fn end(
        &self,
        span: Span,
        (called, id): (&str, &str),
        (took, error): (Duration, Option<(&str, &str)>),
    ) {
        let Of {
            links,
            mut attributes,
            ..
        } = span.of.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (name, trigger) = function(called);
        let full_name = self.identity.function(name);
        attributes.push(KeyValue::new("faas.name", full_name.clone()));
        attributes.push(KeyValue::new("faas.invocation_id", id.to_owned()));
        attributes.push(KeyValue::new("faas.trigger", trigger));
        // What processes messages is named by them, and everything else by its function.
        let (name, kind) = match name {
            "bronze" => {
                attributes.extend(messaging(&self.identity));
                attributes.push(KeyValue::new("messaging.operation.type", "process"));
                let name = format!("process {}", self.identity.hub);
                (name, SpanKind::Consumer)
            }
            _ => (full_name, SpanKind::Server),
        };
        attributes.extend(error.map(|(kind, _)| KeyValue::new("error.type", kind.to_owned())));
        // The clock tells milliseconds; how long it took is more exact.
        let ended_at = now();
        let links = links.into_iter();
        let links = links.map(|context| Link::new(context, Vec::new(), 0));
        let builder = self
            .tracer
            .span_builder(name)
            .with_kind(kind)
            .with_start_time(ended_at.checked_sub(took).unwrap_or(ended_at))
            .with_attributes(attributes)
            .with_links(links.collect());
        let parent = match span.parent {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let mut ended = builder.start_with_context(&self.tracer, &parent);
        if let Some((_, error)) = error {
            ended.set_status(Status::error(error.to_owned()));
        }
        ended.end_with_timestamp(ended_at);
    }
}

/// Returns the time of day, as the SDK takes it.
fn now() -> SystemTime {
    let millis = u64::try_from(SystemClock.now().0).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// Finds the context in the properties of an event.
fn context_in(properties: &[u8]) -> Option<SpanContext> {
    PROPERTIES.iter().find_map(|name| {
        let at = memmem::find(properties, name)?;
        let rest = properties.get(at + name.len()..)?.trim_ascii_start();
        let rest = rest.strip_prefix(b":")?.trim_ascii_start();
        let text = rest.strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', text)?;
        parse(text.get(..end)?)
    })
}

/// Reads a context as the W3C writes it: `00-{trace}-{span}-{flags}`; nothing if it is none. Later versions may have more
/// behind it.
fn parse(text: &[u8]) -> Option<SpanContext> {
    let text = std::str::from_utf8(text).ok()?;
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut parts = known.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let (span, flags) = (parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(is_digit)
    };
    let are_parts = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let is_whole = match version {
        "00" => rest.is_empty(),
        "ff" => false,
        _ => rest.is_empty() || rest.starts_with('-'),
    };
    if !are_parts || !is_whole || parts.next().is_some() {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn ids(context: Option<SpanContext>) -> Option<(String, String)> {
        context.map(|context| {
            (
                context.trace_id().to_string(),
                context.span_id().to_string(),
            )
        })
    }

    #[test]
    fn a_context_is_read_as_the_standard_writes_it() {
        let expected = (
            "0af7651916cd43dd8448eb211c80319c".to_owned(),
            "b7ad6b7169203331".to_owned(),
        );
        let later = format!("01{}-more", &CONTEXT[2..]);
        for text in [CONTEXT, &later] {
            assert_eq!(
                ids(parse(text.as_bytes())),
                Some(expected.clone()),
                "{text}"
            );
        }
        for text in [
            "",
            "00",
            &CONTEXT[1..],
            &format!("{CONTEXT}-more"),
            &format!("ff{}", &CONTEXT[2..]),
            &CONTEXT.to_uppercase(),
            &CONTEXT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &CONTEXT.replace("b7ad6b7169203331", &"0".repeat(16)),
            &CONTEXT.replace('-', "_"),
            &"é".repeat(30),
        ] {
            assert_eq!(ids(parse(text.as_bytes())), None, "{text}");
        }
    }

    #[test]
    fn the_context_of_an_event_is_in_its_properties_by_either_name() {
        for properties in [
            format!(r#"{{"a":1,"traceparent":"{CONTEXT}","b":2}}"#),
            format!(r#"{{ "Diagnostic-Id" : "{CONTEXT}" }}"#),
            format!(r#"{{"Diagnostic-Id":"old","traceparent":"{CONTEXT}"}}"#),
        ] {
            assert!(context_in(properties.as_bytes()).is_some(), "{properties}");
        }
        for properties in [
            "",
            "{}",
            r#"{"traceparent":null}"#,
            r#"{"traceparent":"no"}"#,
            r#"{"traceparent"#,
            &format!(r#"{{"x":"traceparent {CONTEXT}"}}"#),
        ] {
            assert!(context_in(properties.as_bytes()).is_none(), "{properties}");
        }
    }
}
