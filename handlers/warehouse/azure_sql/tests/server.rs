//! A server that speaks just enough of the protocol to be logged in to, asked and loaded, and answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// To be let in.
    LogIn,
    /// A batch, or a statement with parameters.
    Sql(String),
    /// To take the rows of a bulk load.
    Rows,
}

/// What it is told.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// So many rows were changed.
    Done(u64),
    /// Columns, and rows that consist of them.
    Table(Vec<Column>, Vec<Vec<Cell>>),
    /// Several answers of rows, with the names of their columns.
    Tables(Vec<Named>),
    /// The transaction is open, and the lock granted with this number.
    Locked(i32),
    /// It failed.
    Error(u32, &'static str),
    /// Another server knows.
    Route(u16),
    /// Nothing, ever.
    HangUp,
}

/// Rows, and the names and types of their columns.
pub(crate) type Named = (Vec<(String, Column)>, Vec<Vec<Cell>>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Int,
    Bigint,
    Text,
    /// As the table of deltas has it.
    Binary16,
    Date,
}

#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Int(i32),
    Bigint(i64),
    Text(String),
    /// Of a text.
    Null,
}

/// How long a test waits for connections.
const PATIENCE: Duration = Duration::from_secs(10);

type Answerer = Box<dyn FnMut(usize, &Request) -> Answer + Send>;

/// The server, until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<(usize, Request)>>>,
    open: tokio::sync::watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a server that answers the requests of its connections, which are counted from 1.
    pub(crate) async fn start(
        answer: impl FnMut(usize, &Request) -> Answer + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<(usize, Request)>>> = Arc::default();
        let answer: Arc<Mutex<Answerer>> = Arc::new(Mutex::new(Box::new(answer)));
        let noted = Arc::clone(&asked);
        let (opened, open) = tokio::sync::watch::channel(0);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            for number in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (asked, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                let opened = opened.clone();
                opened.send_modify(|open| *open += 1);
                connections.spawn(async move {
                    let decide = |request: Request| {
                        let told = answer.lock().unwrap()(number, &request);
                        asked.lock().unwrap().push((number, request));
                        told
                    };
                    // A client that goes away is none of its business.
                    let _ = serve(stream, decide).await;
                    opened.send_modify(|open| *open -= 1);
                });
            }
        });
        Self {
            port,
            asked,
            open,
            task,
        }
    }

    pub(crate) fn connection_string(&self) -> String {
        format!(
            "Server=tcp:127.0.0.1,{};Database=d;User Id=u;Password=p;Encrypt=DANGER_PLAINTEXT;Connect Timeout=5",
            self.port
        )
    }

    /// The statements that were sent, over all connections.
    pub(crate) fn statements(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let sql = asked.iter().filter_map(|(_, request)| match request {
            Request::Sql(sql) => Some(sql.clone()),
            Request::Rows => Some("rows".to_owned()),
            Request::LogIn => None,
        });
        sql.collect()
    }

    /// Waits until so many connections are open.
    pub(crate) async fn has_open(&self, connections: usize) {
        let mut open = self.open.clone();
        let waiting = open.wait_for(|open| *open == connections);
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "not so many connections are open");
    }

    /// How many connections were let in or refused.
    pub(crate) fn logins(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(_, request)| *request == Request::LogIn)
            .count()
    }
}

async fn serve(
    mut stream: TcpStream,
    mut decide: impl FnMut(Request) -> Answer,
) -> std::io::Result<()> {
    loop {
        let (kind, message) = receive(&mut stream).await?;
        let is_procedure = kind == 3;
        let request = match kind {
            18 => {
                // Version, and that there is no encryption.
                let options = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 255];
                let prelogin = [&options[..], &[16, 0, 0, 0, 0, 0], &[2]].concat();
                send(&mut stream, &prelogin).await?;
                continue;
            }
            16 => Request::LogIn,
            1 => Request::Sql(utf16(after_headers(&message))),
            3 => Request::Sql(statement_of_procedure(after_headers(&message))),
            7 => Request::Rows,
            other => panic!("message of type {other}"),
        };
        let is_login = request == Request::LogIn;
        let tokens = match decide(request) {
            Answer::HangUp => return Ok(()),
            Answer::Done(_) if is_login => [login_accepted(), done(0xfd, 0, 0)].concat(),
            Answer::Done(rows) if is_procedure => procedure_done(rows),
            Answer::Done(rows) => done(0xfd, 0x10, rows),
            Answer::Tables(tables) => {
                let mut tokens = Vec::new();
                for (columns, rows) in &tables {
                    tokens.extend(table(columns, rows));
                    tokens.extend(done(0xff, 0x11, rows.len() as u64));
                }
                tokens.extend(match is_procedure {
                    true => procedure_done(0),
                    false => done(0xfd, 0x10, 0),
                });
                tokens
            }
            Answer::Table(columns, rows) => {
                let mut tokens = table(&unnamed(&columns), &rows);
                tokens.extend(match is_procedure {
                    true => procedure_done(rows.len() as u64),
                    false => done(0xfd, 0x10, rows.len() as u64),
                });
                tokens
            }
            Answer::Locked(granted) => {
                let opened = [0xe3, 11, 0, 8, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0];
                let granted = table(&unnamed(&[Column::Int]), &[vec![Cell::Int(granted)]]);
                [&opened[..], &granted, &done(0xfd, 0x10, 1)].concat()
            }
            Answer::Error(number, message) => [error(number, message), done(0xfd, 2, 0)].concat(),
            Answer::Route(port) => [login_accepted(), routed(port), done(0xfd, 0, 0)].concat(),
        };
        send(&mut stream, &tokens).await?;
    }
}

/// Says which port of this machine knows.
fn routed(port: u16) -> Vec<u8> {
    let host: Vec<u8> = utf16_bytes("127.0.0.1");
    let value = [&[0][..], &port.to_le_bytes(), &9_u16.to_le_bytes(), &host].concat();
    let length = value.len() as u16;
    let change = [&[20][..], &length.to_le_bytes(), &value, &[0, 0]].concat();
    let length = change.len() as u16;
    [&[0xe3][..], &length.to_le_bytes(), &change].concat()
}

/// Reads the packets of a message.
async fn receive(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let start = message.len();
        message.resize(start + length - header.len(), 0);
        stream.read_exact(&mut message[start..]).await?;
        if header[1] & 1 == 1 {
            return Ok((header[0], message));
        }
    }
}

async fn send(stream: &mut TcpStream, tokens: &[u8]) -> std::io::Result<()> {
    let count = tokens.len().div_ceil(4_000);
    for (index, chunk) in tokens.chunks(4_000).enumerate() {
        let status = u8::from(index + 1 == count);
        let length = (chunk.len() as u16 + 8).to_be_bytes();
        let header = [4, status, length[0], length[1], 0, 0, 1, 0];
        stream.write_all(&[&header[..], chunk].concat()).await?;
    }
    stream.flush().await
}

fn after_headers(message: &[u8]) -> &[u8] {
    let length = u32::from_le_bytes(message[..4].try_into().unwrap());
    &message[length as usize..]
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
}

fn utf16_bytes(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Returns the first parameter of sp_executesql.
fn statement_of_procedure(call: &[u8]) -> String {
    // The procedure, its options, the parameter's name and state, its type, length and collation.
    let name = usize::from(call[6]);
    let value = &call[7 + 2 * name + 1..];
    assert_eq!(value[0], 0xe7, "a statement is nvarchar");
    let is_max = value[1..3] == [0xff, 0xff];
    let text = &value[8..];
    if is_max {
        let length = u32::from_le_bytes(text[8..12].try_into().unwrap());
        return utf16(&text[12..12 + length as usize]);
    }
    let length = u16::from_le_bytes([text[0], text[1]]);
    utf16(&text[2..2 + usize::from(length)])
}

fn short_text(text: &str) -> Vec<u8> {
    [&[text.len() as u8][..], &utf16_bytes(text)].concat()
}

fn login_accepted() -> Vec<u8> {
    let version = [0x74, 0, 0, 4];
    let body = [&[1][..], &version, &short_text("mock"), &[16, 0, 0, 0]].concat();
    [&[0xad][..], &(body.len() as u16).to_le_bytes(), &body].concat()
}

fn done(token: u8, status: u16, rows: u64) -> Vec<u8> {
    [
        &[token][..],
        &status.to_le_bytes(),
        &[0, 0],
        &rows.to_le_bytes(),
    ]
    .concat()
}

fn procedure_done(rows: u64) -> Vec<u8> {
    let status = [0x79, 0, 0, 0, 0];
    [done(0xff, 0x11, rows), status.to_vec(), done(0xfe, 0, 0)].concat()
}

fn error(number: u32, message: &str) -> Vec<u8> {
    let text = [
        &(message.len() as u16).to_le_bytes()[..],
        &utf16_bytes(message),
    ]
    .concat();
    let body = [
        &number.to_le_bytes()[..],
        &[1, 16],
        &text,
        &short_text("mock"),
        &short_text(""),
        &1_u32.to_le_bytes(),
    ]
    .concat();
    [&[0xaa][..], &(body.len() as u16).to_le_bytes(), &body].concat()
}

fn unnamed(columns: &[Column]) -> Vec<(String, Column)> {
    let numbered = columns.iter().enumerate();
    numbered
        .map(|(index, column)| (format!("c{index}"), *column))
        .collect()
}

fn table(columns: &[(String, Column)], rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut tokens = vec![0x81];
    tokens.extend((columns.len() as u16).to_le_bytes());
    for (name, column) in columns {
        // The user type; that it is nullable and can be written.
        tokens.extend([0, 0, 0, 0, 9, 0]);
        tokens.extend(match column {
            Column::Int => vec![0x26, 4],
            Column::Bigint => vec![0x26, 8],
            Column::Text => vec![0xe7, 0xff, 0xff, 9, 4, 0xd0, 0, 52],
            Column::Binary16 => vec![0xad, 16, 0],
            Column::Date => vec![0x28],
        });
        tokens.extend(short_text(name));
    }
    for row in rows {
        tokens.push(0xd1);
        for cell in row {
            match cell {
                Cell::Int(number) => tokens.extend([&[4][..], &number.to_le_bytes()].concat()),
                Cell::Null => tokens.extend([0xff; 8]),
                Cell::Bigint(number) => tokens.extend([&[8][..], &number.to_le_bytes()].concat()),
                Cell::Text(text) => {
                    let bytes = utf16_bytes(text);
                    tokens.extend((bytes.len() as u64).to_le_bytes());
                    if !bytes.is_empty() {
                        tokens.extend((bytes.len() as u32).to_le_bytes());
                        tokens.extend(bytes);
                    }
                    tokens.extend([0; 4]);
                }
            }
        }
    }
    tokens
}
