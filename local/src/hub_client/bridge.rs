//! Lets the SDK sign in with a shared key, which it cannot by itself.
//!
//! The SDK hands every token over as a `jwt`; Event Hubs takes signed tokens only as
//! `servicebus.windows.net:sastoken`. So the SDK talks to a port of this machine, and what it sends goes on to the
//! namespace over TLS with that one word changed: in messages to `$cbs`, and nowhere else.

use std::collections::HashSet;
use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The port of AMQP over TLS.
pub(super) const TLS_PORT: u16 = 5671;
const BUFFER_BYTES: usize = 64 * 1024;
/// Maximum size of a frame; the SDK's are at most 64 KiB.
const MAX_FRAME_BYTES: usize = 1024 * 1024;
const FRAME_HEADER: usize = 8;

/// The descriptors of an attach, and of a message's application properties.
const ATTACH: &[u8] = &[0x00, 0x53, 0x12];
const APPLICATION_PROPERTIES: &[u8] = &[0x00, 0x53, 0x74];
const CBS: &[u8] = b"$cbs";
/// `"type": "jwt"` and what it becomes, as AMQP writes them.
const JWT: &[u8] = b"\xa1\x04type\xa1\x03jwt";
const SAS_TOKEN: &[u8] = b"\xa1\x04type\xa1\x1fservicebus.windows.net:sastoken";

/// The namespace that a bridge leads to.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) host: String,
    pub(super) port: u16,
    /// Without it, plain TCP.
    pub(super) tls: bool,
}

/// A port of this machine that leads to a namespace, until it is dropped.
#[derive(Debug)]
pub(super) struct Bridge {
    port: u16,
    task: JoinHandle<()>,
}

impl Bridge {
    /// Opens the port.
    pub(super) async fn open(upstream: Upstream) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let upstream = upstream.clone();
                connections.spawn(async move {
                    if let Err(error) = carry(client, &upstream).await {
                        tracing::debug!(%error, host = upstream.host, "bridge to a namespace ended");
                    }
                });
            }
        });
        Ok(Self { port, task })
    }

    /// Returns the endpoint for the SDK to connect to.
    pub(super) fn endpoint(&self) -> String {
        format!("amqp://127.0.0.1:{}", self.port)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, upstream: &Upstream) -> io::Result<()> {
    let server = TcpStream::connect((upstream.host.as_str(), upstream.port)).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    if !upstream.tls {
        return exchange(client, server).await;
    }
    let connector = native_tls::TlsConnector::new().map_err(io::Error::other)?;
    let connector = tokio_native_tls::TlsConnector::from(connector);
    exchange(client, connector.connect(&upstream.host, server).await?).await
}

/// Moves bytes both ways until one side ends.
async fn exchange(client: TcpStream, server: impl AsyncRead + AsyncWrite + Send) -> io::Result<()> {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = tokio::io::split(server);
    let from_client = BufReader::with_capacity(BUFFER_BYTES, from_client);
    tokio::select! {
        ended = tokio::io::copy(&mut from_server, &mut to_client) => ended.map(|_| ()),
        ended = forward(from_client, to_server) => ended,
    }
}

/// Moves frames from the client, the word changed where it is to be.
async fn forward(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut cbs_channels = HashSet::new();
    loop {
        let mut header = [0; FRAME_HEADER];
        match client.read_exact(&mut header).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return server.shutdown().await;
            }
            read => read.map(|_| ())?,
        }
        let mut frame = header.to_vec();
        if !frame.starts_with(b"AMQP") {
            let [a, b, c, d, _, _, channel @ ..] = header;
            // On any machine that this runs on, `usize` holds a `u32`.
            let size = u32::from_be_bytes([a, b, c, d]) as usize;
            if !(FRAME_HEADER..=MAX_FRAME_BYTES).contains(&size) {
                return Err(io::Error::other(format!("a frame of {size} bytes")));
            }
            let mut body = vec![0; size - FRAME_HEADER];
            client.read_exact(&mut body).await?;
            frame.append(&mut body);
            if find(&frame, ATTACH).is_some() && find(&frame, CBS).is_some() {
                cbs_channels.insert(channel);
            } else if cbs_channels.contains(&channel)
                && let Some(changed) = with_sas_token(&frame)
            {
                frame = changed;
            }
        }
        server.write_all(&frame).await?;
        server.flush().await?;
    }
}

/// Returns the frame with the type of its token changed, and every size that this changes; nothing if it has none.
fn with_sas_token(frame: &[u8]) -> Option<Vec<u8>> {
    let section = find(frame, APPLICATION_PROPERTIES)? + APPLICATION_PROPERTIES.len();
    let word = section + find(frame.get(section..)?, JWT)?;
    // The map's constructor, then its size, which includes the count, then the count.
    let (size, count, entries) = match frame.get(section)? {
        0xc1 => {
            let [size, count] = *frame.get(section + 1..)?.first_chunk::<2>()?;
            (u32::from(size) - 1, u32::from(count), section + 3)
        }
        0xd1 => {
            let size = u32::from_be_bytes(*frame.get(section + 1..)?.first_chunk::<4>()?);
            let count = u32::from_be_bytes(*frame.get(section + 5..)?.first_chunk::<4>()?);
            (size.checked_sub(4)?, count, section + 9)
        }
        _ => return None,
    };
    let grown = size + u32::try_from(SAS_TOKEN.len() - JWT.len()).ok()?;
    let mut changed = frame.get(..section)?.to_vec();
    changed.push(0xd1);
    changed.extend_from_slice(&(grown + 4).to_be_bytes());
    changed.extend_from_slice(&count.to_be_bytes());
    changed.extend_from_slice(frame.get(entries..word)?);
    changed.extend_from_slice(SAS_TOKEN);
    changed.extend_from_slice(frame.get(word + JWT.len()..)?);
    let total = u32::try_from(changed.len()).ok()?;
    changed.get_mut(..4)?.copy_from_slice(&total.to_be_bytes());
    Some(changed)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u8, body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(FRAME_HEADER + body.len()).unwrap();
        let header = [2, 0, 0, channel];
        [&size.to_be_bytes()[..], &header, body].concat()
    }

    fn put_token() -> Vec<u8> {
        let entries = [b"\xa1\x09operation\xa1\x09put-token".as_slice(), JWT].concat();
        let size = u8::try_from(entries.len() + 1).unwrap();
        [
            b"transfer".as_slice(),
            APPLICATION_PROPERTIES,
            &[0xc1, size, 4],
            &entries,
            b"body",
        ]
        .concat()
    }

    #[test]
    fn the_type_of_a_token_is_changed_and_all_sizes_with_it() {
        let changed = with_sas_token(&frame(1, &put_token())).unwrap();
        assert_eq!(
            changed[..4],
            u32::try_from(changed.len()).unwrap().to_be_bytes()
        );
        let map = find(&changed, APPLICATION_PROPERTIES).unwrap() + 3;
        assert_eq!(changed[map], 0xd1);
        let size = u32::from_be_bytes(changed[map + 1..map + 5].try_into().unwrap());
        let end = map + 5 + size as usize;
        assert_eq!(&changed[end..], b"body");
        assert!(changed[..end].ends_with(SAS_TOKEN));
        assert_eq!(SAS_TOKEN[7] as usize, SAS_TOKEN.len() - 8);
    }

    #[tokio::test]
    async fn only_messages_to_cbs_are_changed() {
        let attach = [b"..", ATTACH, b"\xa1\x04$cbs"].concat();
        let parts = [
            b"AMQP\x00\x01\x00\x00".to_vec(),
            frame(7, &put_token()),
            frame(1, &attach),
            frame(1, &put_token()),
            frame(1, b"other"),
        ];
        let sent = parts.concat();
        let mut received = Vec::new();
        forward(sent.as_slice(), &mut received).await.unwrap();
        let mut expected = parts;
        expected[3] = with_sas_token(&expected[3]).unwrap();
        assert_eq!(received, expected.concat());
    }
}
