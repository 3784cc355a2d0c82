//! The client against a peer that answers in every way that a handler can.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, Client::new(port))
}

async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.expect("a connection").0
}

/// Reads one request, with its body.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let is_get = |text: &[u8]| text.starts_with(b"GET") && text.ends_with(b"\r\n\r\n");
    while !text.ends_with(b"\r\n0\r\n\r\n") && !is_get(&text) {
        let read = stream.read_buf(&mut text).await.expect("a request");
        assert_ne!(read, 0, "a whole request");
    }
    String::from_utf8(text).expect("text")
}

/// Accepts connections and answers each request on them with `answers`, in turn; returns what was
/// received on each connection.
async fn serve(answers: Vec<Vec<&'static str>>) -> (Client, tokio::task::JoinHandle<Vec<String>>) {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut received = Vec::new();
        for answers in answers {
            let mut stream = accept(&listener).await;
            let mut text = String::new();
            for answer in answers {
                text += &read_request(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.expect("answered");
                text.push('|');
            }
            received.push(text);
        }
        received
    });
    (client, server)
}

async fn post(client: &Client) -> io::Result<Answer> {
    client.post("silver", "id", &body("c")).await
}

fn body(text: &str) -> [Bytes; 2] {
    [Bytes::from(text.to_owned()), Bytes::new()]
}

#[tokio::test]
async fn readiness_is_a_bare_get() {
    let (client, server) = serve(vec![vec![
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ]])
    .await;
    let answer = client.ping().await.expect("listens").expect("answers");
    assert_eq!(answer.status, 404);
    let received = server.await.expect("served");
    let host = format!("127.0.0.1:{}", client.port);
    assert_eq!(
        received,
        [format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n|")]
    );
}

#[tokio::test]
async fn bodies_are_chunked_by_the_kibibyte_over_a_kept_connection() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: x\r\n\r\n";
    let plain = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let (client, server) = serve(vec![vec![chunked, plain]]).await;
    let parts = [Bytes::from("a".repeat(1500)), Bytes::from("b".repeat(600))];
    let first = client.post("silver", "id-1", &parts).await;
    let first = first.expect("an answer");
    let second = client.post("silver", "id-2", &body("c")).await;
    let second = second.expect("an answer");
    assert_eq!((first.status, &*first.body), (200, b"{}".as_slice()));
    assert_eq!(second.content_type.as_deref(), Some("application/json"));

    let port = client.port;
    let head = |id: &str| {
        format!(
            "POST /silver HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Azure-Functions-Hostversion: 4.1037.0.0\r\nX-Azure-Functions-Invocationid: {id}\r\nUser-Agent: Azure-Functions-Host/4.1037.0.0\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
        )
    };
    let (a, b) = ("a".repeat(1024), "a".repeat(476) + &"b".repeat(548));
    let first = format!(
        "{}400\r\n{a}\r\n400\r\n{b}\r\n34\r\n{}\r\n0\r\n\r\n|",
        head("id-1"),
        "b".repeat(52)
    );
    let second = format!("{}1\r\nc\r\n0\r\n\r\n|", head("id-2"));
    assert_eq!(server.await.expect("served"), [first + &second]);
}

#[tokio::test]
async fn an_empty_body_is_chunked_too() {
    let (client, server) = serve(vec![vec![OK]]).await;
    client.post("a", "id", &body("")).await.expect("an answer");
    let received = server.await.expect("served");
    assert!(received[0].ends_with("charset=utf-8\r\n\r\n0\r\n\r\n|"));
}

#[tokio::test]
async fn a_connection_that_the_handler_has_closed_is_not_used_again() {
    let (client, server) = serve(vec![vec![OK], vec![OK]]).await;
    post(&client).await.expect("an answer");
    // The server drops the connection after one answer; its end has to arrive here first.
    while !client.idle.lock().iter().all(SendRequest::is_closed) {
        tokio::task::yield_now().await;
    }
    post(&client).await.expect("an answer");
    assert_eq!(server.await.expect("served").len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_to_be_closed_is_not_used_again() {
    for closing in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let (listener, client) = listen().await;
        let server = tokio::spawn(async move {
            // Neither stream is closed here before both requests are answered.
            let mut first = accept(&listener).await;
            read_request(&mut first).await;
            first.write_all(closing.as_bytes()).await.expect("answered");
            let mut second = accept(&listener).await;
            read_request(&mut second).await;
            second.write_all(OK.as_bytes()).await.expect("answered");
            drop(first);
        });
        for _ in 0..2 {
            let answer = post(&client).await.expect("an answer");
            assert_eq!(&*answer.body, b"{}");
        }
        server.await.expect("served");
    }
}

#[tokio::test]
async fn what_is_forgotten_is_closed() {
    let (listener, client) = listen().await;
    let server = async {
        let mut stream = accept(&listener).await;
        read_request(&mut stream).await;
        stream.write_all(OK.as_bytes()).await.expect("answered");
        stream
    };
    let (answer, mut stream) = tokio::join!(post(&client), server);
    answer.expect("an answer");
    client.forget();
    assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_an_error() {
    for answer in [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ] {
        let (client, _server) = serve(vec![vec![answer]]).await;
        let error = post(&client).await.expect_err(answer);
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{answer:?}");
        assert_eq!(
            error.to_string(),
            "The response ended prematurely. (ResponseEnded)"
        );
    }
}

#[tokio::test]
async fn what_is_not_http_is_an_error() {
    for answer in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n",
    ] {
        let (client, _server) = serve(vec![vec![answer]]).await;
        assert!(post(&client).await.is_err(), "{answer:?}");
    }
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_the_connection() {
    let answer = "HTTP/1.1 200 OK\r\n\r\n{\"Logs\":[]}";
    let (client, _server) = serve(vec![vec![answer]]).await;
    let answer = post(&client).await.expect("an answer");
    assert_eq!(&*answer.body, b"{\"Logs\":[]}");
}

#[tokio::test]
async fn an_answer_without_content_keeps_its_connection() {
    let none = "HTTP/1.1 204 No Content\r\n\r\n";
    let (client, server) = serve(vec![vec![none, OK]]).await;
    assert!(post(&client).await.expect("an answer").body.is_empty());
    post(&client).await.expect("an answer");
    assert_eq!(server.await.expect("served").len(), 1);
}

#[tokio::test]
async fn the_reason_is_the_handlers() {
    for (answer, reason) in [
        (
            "HTTP/1.1 500 Out of Ink\r\nContent-Length: 0\r\n\r\n",
            "Out of Ink",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "Not Found",
        ),
        ("HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", ""),
    ] {
        let (client, _server) = serve(vec![vec![answer]]).await;
        assert_eq!(post(&client).await.expect("an answer").reason, reason);
    }
}

#[tokio::test]
async fn a_slow_answer_is_read_byte_by_byte() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let (listener, client) = listen().await;
    let server = async {
        let mut stream = accept(&listener).await;
        stream.set_nodelay(true).expect("no delay");
        read_request(&mut stream).await;
        for byte in answer.bytes() {
            stream.write_all(&[byte]).await.expect("answered");
            tokio::task::yield_now().await;
        }
    };
    let (answer, ()) = tokio::join!(post(&client), server);
    assert_eq!(&*answer.expect("an answer").body, b"{}");
}

#[tokio::test]
async fn a_request_is_answered_before_it_is_read() {
    let refusal = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n";
    let (listener, client) = listen().await;
    // More than the sockets' buffers hold, so that it cannot have been written whole.
    let large = body(&"x".repeat(64 * 1024 * 1024));
    let server = async {
        let mut stream = accept(&listener).await;
        stream.read_exact(&mut [0; 4]).await.expect("its start");
        stream
            .write_all(refusal.as_bytes())
            .await
            .expect("answered");
        stream
    };
    let (answer, mut stream) = tokio::join!(client.post("silver", "id", &large), server);
    assert_eq!(answer.expect("an answer").status, 413);
    assert!(
        client.idle.lock().is_empty(),
        "a busy connection is not idle"
    );
    read_request_on(&mut stream).await;
    while client.idle.lock().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// Reads the rest of a long request.
async fn read_request_on(stream: &mut TcpStream) {
    let mut buffer = vec![0; 1024 * 1024];
    let mut end = Vec::new();
    while !end.ends_with(b"\r\n0\r\n\r\n") {
        let read = stream.read(&mut buffer).await.expect("the rest");
        assert_ne!(read, 0, "a whole request");
        end.extend_from_slice(&buffer[..read]);
        end.drain(..end.len().saturating_sub(7));
    }
}

#[tokio::test]
async fn a_handler_that_dies_within_a_request_is_an_error() {
    let (listener, client) = listen().await;
    let large = body(&"x".repeat(64 * 1024 * 1024));
    let server = async {
        let mut stream = accept(&listener).await;
        stream.read_exact(&mut [0; 4]).await.expect("its start");
    };
    let (answer, ()) = tokio::join!(client.post("silver", "id", &large), server);
    answer.expect_err("cut off");
    assert!(client.idle.lock().is_empty());
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let (listener, client) = listen().await;
    let mut stream = tokio::select! {
        _ = post(&client) => panic!("nobody answers"),
        stream = async {
            let mut stream = accept(&listener).await;
            read_request(&mut stream).await;
            stream
        } => stream,
    };
    assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0);
}

#[tokio::test]
async fn nobody_listening_is_not_an_answer() {
    let port = crate::functions_host::process::free_port().expect("a port");
    assert!(Client::new(port).ping().await.is_err());
}
