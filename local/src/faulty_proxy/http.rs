//! Where requests and answers of HTTP/1.1 end, and nothing else of it.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The most that the lines before a body may have.
const MAX_HEAD: usize = 256 * 1024;
/// The largest body that is held: more than any that storage takes in one request.
const MAX_BODY: usize = 512 * 1024 * 1024;

/// A request, whole.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    /// Whether its answer has no body, whatever its length says.
    pub(super) wants_head_only: bool,
    /// Whether its errors are to be JSON, as tables have them.
    pub(super) wants_json: bool,
}

impl Request {
    /// Reads a request; nothing if the client has closed its connection before one.
    ///
    /// # Errors
    /// Fails if the connection does, or if this is no HTTP/1.1.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let Some(head) = Head::read(from).await? else {
            return Ok(None);
        };
        let wants_head_only = head.bytes.starts_with(b"HEAD ");
        let wants_json = head.accepts_json;
        let body = head.body.unwrap_or(Body::Sized(0));
        let mut bytes = head.bytes;
        read_body(from, body, &mut bytes).await?;
        Ok(Some(Self {
            bytes,
            wants_head_only,
            wants_json,
        }))
    }
}

/// An answer, whole, with those that only announced it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// Whether the service closes the connection after it.
    pub(super) is_last: bool,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Fails if the connection does, or if this is no HTTP/1.1.
    pub(super) async fn read(
        from: &mut (impl AsyncBufRead + Unpin),
        is_head_only: bool,
    ) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            let head = Head::read(from).await?;
            let head = head.ok_or(io::ErrorKind::UnexpectedEof)?;
            let status = status(&head.bytes).ok_or_else(|| wrong("an answer has no status"))?;
            bytes.extend_from_slice(&head.bytes);
            if (100..200).contains(&status) {
                continue;
            }
            let has_none = is_head_only || matches!(status, 204 | 304);
            let body = match head.body {
                _ if has_none => Body::Sized(0),
                Some(body) => body,
                None => Body::UntilTheEnd,
            };
            read_body(from, body, &mut bytes).await?;
            let is_last = head.closes || body == Body::UntilTheEnd;
            return Ok(Self { bytes, is_last });
        }
    }
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Sized(usize),
    Chunked,
    UntilTheEnd,
}

/// The lines before a body.
#[derive(Debug)]
struct Head {
    bytes: Vec<u8>,
    /// What it says of the body, if anything.
    body: Option<Body>,
    closes: bool,
    accepts_json: bool,
}

impl Head {
    async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let mut head = Self {
            bytes: Vec::new(),
            body: None,
            closes: false,
            accepts_json: false,
        };
        loop {
            let line = read_line(from, MAX_HEAD.saturating_sub(head.bytes.len())).await?;
            if line.is_empty() {
                return match head.bytes.is_empty() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
            head.bytes.extend_from_slice(&line);
            if line == b"\r\n" || line == b"\n" {
                return Ok(Some(head));
            }
            head.note(&String::from_utf8_lossy(&line).to_ascii_lowercase())?;
        }
    }

    fn note(&mut self, line: &str) -> io::Result<()> {
        let Some((name, value)) = line.split_once(':') else {
            return Ok(());
        };
        let value = value.trim();
        match name {
            "content-length" if self.body != Some(Body::Chunked) => {
                let length = value.parse();
                let length = length.map_err(|_| wrong("a length is no number"))?;
                self.body = Some(Body::Sized(length));
            }
            "transfer-encoding" if value.contains("chunked") => self.body = Some(Body::Chunked),
            "connection" => self.closes = value.contains("close"),
            "accept" => self.accepts_json = value.contains("json"),
            _ => {}
        }
        Ok(())
    }
}

/// Reads to the end of a line, which it includes; nothing at the end of the connection.
async fn read_line(from: &mut (impl AsyncBufRead + Unpin), most: usize) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    from.take(most).read_until(b'\n', &mut line).await?;
    match line.last() {
        None | Some(b'\n') => Ok(line),
        Some(_) => Err(wrong("a line has no end")),
    }
}

async fn read_body(
    from: &mut (impl AsyncBufRead + Unpin),
    body: Body,
    to: &mut Vec<u8>,
) -> io::Result<()> {
    match body {
        Body::Sized(length) => read_exactly(from, length, to).await,
        Body::UntilTheEnd => from.read_to_end(to).await.map(drop),
        Body::Chunked => loop {
            let line = read_line(from, MAX_HEAD).await?;
            let text = String::from_utf8_lossy(&line);
            let size = text.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16);
            let size = size.map_err(|_| wrong("a chunk has no size"))?;
            to.extend_from_slice(&line);
            match size {
                // Lines may follow, of which an empty one is the last.
                0 => loop {
                    let line = read_line(from, MAX_HEAD).await?;
                    to.extend_from_slice(&line);
                    if matches!(line.as_slice(), b"" | b"\r\n" | b"\n") {
                        return Ok(());
                    }
                },
                size => read_exactly(from, size.saturating_add(2), to).await?,
            }
        },
    }
}

async fn read_exactly(
    from: &mut (impl AsyncBufRead + Unpin),
    length: usize,
    to: &mut Vec<u8>,
) -> io::Result<()> {
    if length.saturating_add(to.len()) > MAX_BODY {
        return Err(wrong("a body is larger than the proxy holds"));
    }
    let wanted = u64::try_from(length).unwrap_or(u64::MAX);
    match from.take(wanted).read_to_end(to).await? {
        read if read == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let status = std::str::from_utf8(line).ok()?.split(' ').nth(1)?;
    status.parse().ok()
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// What a service says that is too busy, in the words of Azure's storage: 503, or 429 where `is_throttle`.
pub(super) fn throttled(request: &Request, is_throttle: bool) -> Vec<u8> {
    const MESSAGE: &str =
        "The server is currently unable to receive requests. Please retry your request.";
    let (status, code) = match is_throttle {
        true => ("429 Too Many Requests", "TooManyRequests"),
        false => ("503 Server Busy", "ServerBusy"),
    };
    let (kind, body) = match request.wants_json {
        true => (
            "application/json",
            format!(
                r#"{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"{MESSAGE}"}}}}}}"#
            ),
        ),
        false => (
            "application/xml",
            format!(
                r#"<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{MESSAGE}</Message></Error>"#
            ),
        ),
    };
    // A client that asked for a head only gets no more.
    let (length, body) = match request.wants_head_only {
        true => (body.len(), String::new()),
        false => (body.len(), body),
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nContent-Type: {kind}\r\nRetry-After: 1\r\nx-ms-error-code: {code}\r\n\r\n{body}"
    )
    .into_bytes()
}
