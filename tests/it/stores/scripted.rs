//! A server that says what it is told to say, for faults that no emulator has.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It is answered.
    Answer {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: String,
    },
    /// It is read, and the connection is closed without an answer.
    Drop,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::with(status, &[], "")
    }

    pub(crate) fn with(
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &str,
    ) -> Self {
        Self::Answer {
            status,
            headers,
            body: body.to_owned(),
        }
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method, path and query.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The server, on threads of its own. It ends when it is dropped.
pub(crate) struct Scripted {
    address: std::net::SocketAddr,
    received: UnboundedReceiver<Received>,
    accepting: Option<JoinHandle<()>>,
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Scripted {
    /// Serves `replies` in order, one request each; whatever comes after them is refused for good.
    pub(crate) fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let (sender, received) = unbounded_channel();
        let streams = Arc::clone(&open);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                match streams.lock().unwrap().as_mut() {
                    Some(streams) => streams.push(stream.try_clone().unwrap()),
                    None => return,
                }
                let (replies, sender) = (Arc::clone(&replies), sender.clone());
                std::thread::spawn(move || serve(stream, &replies, &sender));
            }
        });
        Self {
            address,
            received,
            accepting: Some(accepting),
            open,
        }
    }

    /// Returns a connection string whose services are all this server.
    pub(crate) fn connection_string(&self) -> String {
        let url = format!("http://{}/account", self.address);
        format!(
            "AccountName=account;AccountKey=c2VjcmV0;BlobEndpoint={url};QueueEndpoint={url};TableEndpoint={url}"
        )
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self) -> Received {
        self.received.recv().await.unwrap()
    }

    /// Returns the requests so far that nobody has waited for.
    pub(crate) fn received(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let streams = self.open.lock().unwrap().take().unwrap_or_default();
        for stream in streams {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn serve(
    stream: TcpStream,
    replies: &Mutex<VecDeque<Reply>>,
    sender: &UnboundedSender<Received>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let request = read_request(&mut reader)?;
    let reply = replies.lock().unwrap().pop_front();
    let _ = sender.send(request);
    match reply.unwrap_or_else(|| Reply::status(400)) {
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let mut answer = format!(
                "HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\nconnection: close\r\n",
                body.len()
            );
            for (name, value) in headers {
                answer.push_str(&format!("{name}: {value}\r\n"));
            }
            (&stream)
                .write_all(format!("{answer}\r\n{body}").as_bytes())
                .ok()
        }
        Reply::Drop => stream.shutdown(Shutdown::Both).ok(),
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let headers: Vec<(String, String)> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let line = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let mut received = Received {
        line,
        headers,
        body: String::new(),
    };
    let length: usize = received
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    received.body = String::from_utf8_lossy(&body).into_owned();
    Some(received)
}
