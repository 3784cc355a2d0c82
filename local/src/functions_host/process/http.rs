//! HTTP/1.1 to the handler, byte for byte as the real host speaks it.
//!
//! Header names keep their case and order, bodies are chunked in pieces of 1 KiB and connections
//! are kept alive. No general client promises that, so this one writes and reads the little that is
//! needed itself: requests without surprises, answers with a length, in chunks, or up to the end.

#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter,
};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The real host's own number; `.local` would not be a version.
pub(crate) const HOST_VERSION: &str = "4.1037.0.0";
const CHUNK: usize = 1024;
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 1 << 31;

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Connections to one port of 127.0.0.1.
#[derive(Debug)]
pub(crate) struct Client {
    port: u16,
    idle: Mutex<Vec<Connection>>,
}

#[derive(Debug)]
struct Connection {
    reader: BufReader<OwnedReadHalf>,
    writer: BufWriter<OwnedWriteHalf>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            idle: Mutex::default(),
        }
    }

    /// `GET /`, on a connection of its own. The outer error means that nobody listens.
    pub(crate) async fn ping(&self) -> io::Result<io::Result<Answer>> {
        let connection = self.connect().await?;
        let head = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port);
        Ok(self.exchange(connection, head, None).await)
    }

    /// `POST /{path}` with a chunked JSON body.
    pub(crate) async fn post(
        &self,
        path: &str,
        invocation_id: &str,
        body: &[Bytes],
    ) -> io::Result<Answer> {
        let connection = match self.take_idle() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let head = format!(
            "POST /{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX-Azure-Functions-HostVersion: {HOST_VERSION}\r\nX-Azure-Functions-InvocationId: {invocation_id}\r\nUser-Agent: Azure-Functions-Host/{HOST_VERSION}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8\r\n\r\n",
            self.port
        );
        self.exchange(connection, head, Some(body)).await
    }

    /// Closes what a handler that is gone has left behind.
    pub(crate) fn forget(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn connect(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let writer = BufWriter::with_capacity(64 * 1024, writer);
        Ok(Connection {
            reader: BufReader::new(reader),
            writer,
        })
    }

    /// A connection that the handler has not closed meanwhile.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            let probe = connection.reader.get_ref().try_read(&mut [0]);
            if probe.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return Some(connection);
            }
        }
        None
    }

    async fn exchange(
        &self,
        connection: Connection,
        head: String,
        body: Option<&[Bytes]>,
    ) -> io::Result<Answer> {
        let Connection {
            mut reader,
            mut writer,
        } = connection;
        let mut written = false;
        let (answer, keep_alive) = {
            let mut write = std::pin::pin!(write_request(&mut writer, &head, body));
            let mut read = std::pin::pin!(read_answer(&mut reader));
            // A handler may answer before it has read everything, for example to refuse it.
            tokio::select! {
                biased;
                result = &mut write => {
                    written = result.is_ok();
                    let answer = read.await;
                    answer.map_err(|error| result.err().unwrap_or(error))?
                }
                answer = &mut read => answer?,
            }
        };
        if keep_alive && written {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(Connection { reader, writer });
        }
        Ok(answer)
    }
}

async fn write_request(
    writer: &mut BufWriter<OwnedWriteHalf>,
    head: &str,
    body: Option<&[Bytes]>,
) -> io::Result<()> {
    writer.write_all(head.as_bytes()).await?;
    if let Some(parts) = body {
        let mut chunk = Vec::with_capacity(CHUNK);
        for part in parts {
            let mut rest = part.as_ref();
            while !rest.is_empty() {
                let (taken, left) = rest.split_at(rest.len().min(CHUNK - chunk.len()));
                chunk.extend_from_slice(taken);
                rest = left;
                if chunk.len() == CHUNK {
                    write_chunk(writer, &chunk).await?;
                    chunk.clear();
                }
            }
        }
        if !chunk.is_empty() {
            write_chunk(writer, &chunk).await?;
        }
        write_chunk(writer, &[]).await?;
    }
    writer.flush().await
}

async fn write_chunk(writer: &mut BufWriter<OwnedWriteHalf>, chunk: &[u8]) -> io::Result<()> {
    writer
        .write_all(format!("{:X}\r\n", chunk.len()).as_bytes())
        .await?;
    writer.write_all(chunk).await?;
    writer.write_all(b"\r\n").await
}

#[derive(Debug, Default)]
struct Head {
    answer: Answer,
    length: Option<usize>,
    chunked: bool,
    keep_alive: bool,
}

/// The answer, and whether the connection can be used again.
async fn read_answer(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<(Answer, bool)> {
    loop {
        let Head {
            mut answer,
            length,
            chunked,
            mut keep_alive,
        } = read_head(reader).await?;
        if answer.status < 200 {
            continue;
        }
        if answer.status == 204 || answer.status == 304 {
            return Ok((answer, keep_alive));
        }
        if chunked {
            answer.body = read_chunks(reader).await?;
        } else if let Some(length) = length {
            answer.body = read_exactly(reader, length).await?;
        } else {
            keep_alive = false;
            reader
                .take(MAX_BODY as u64)
                .read_to_end(&mut answer.body)
                .await?;
        }
        return Ok((answer, keep_alive));
    }
}

async fn read_head(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Head> {
    let status_line = read_line(reader).await?;
    let mut words = status_line.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok());
    let status = status.filter(|_| version.starts_with("HTTP/1."));
    let status = status.ok_or_else(|| malformed("status line"))?;
    let mut head = Head {
        keep_alive: version == "HTTP/1.1",
        ..Head::default()
    };
    head.answer.status = status;
    head.answer.reason = words.next().unwrap_or_default().to_owned();
    let mut size = 0;
    loop {
        let line = read_line(reader).await?;
        if line.is_empty() {
            return Ok(head);
        }
        size += line.len();
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        if size > MAX_HEAD {
            return Err(malformed("header size"));
        }
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-type" => head.answer.content_type = Some(value.to_owned()),
            "content-length" => {
                let length = value.parse().ok().filter(|length| *length <= MAX_BODY);
                head.length = Some(length.ok_or_else(|| malformed("content length"))?);
            }
            "transfer-encoding" => head.chunked = value.to_ascii_lowercase().contains("chunked"),
            "connection" => {
                head.keep_alive &= !value.to_ascii_lowercase().contains("close");
            }
            _ => {}
        }
    }
}

async fn read_chunks(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| malformed("chunk size"))?;
        if size == 0 {
            while !read_line(reader).await?.is_empty() {}
            return Ok(body);
        }
        if size.saturating_add(body.len()) > MAX_BODY {
            return Err(malformed("body size"));
        }
        body.extend(read_exactly(reader, size).await?);
        if !read_line(reader).await?.is_empty() {
            return Err(malformed("chunk"));
        }
    }
}

async fn read_exactly(reader: &mut BufReader<OwnedReadHalf>, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(length).unwrap_or(u64::MAX);
    reader.take(limit).read_to_end(&mut bytes).await?;
    if bytes.len() < length {
        return Err(ended_early());
    }
    Ok(bytes)
}

async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<String> {
    let mut line = Vec::new();
    let limit = MAX_HEAD as u64;
    reader.take(limit).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(ended_early());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn ended_early() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "The response ended prematurely. (ResponseEnded)",
    )
}

fn malformed(part: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("malformed {part} in the response"),
    )
}
