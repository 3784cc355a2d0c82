//! The client against a peer that answers in every way that a handler can.

use tokio::net::TcpListener;

use super::*;

/// Accepts connections and answers each request on them with `answers`, in turn; returns what was
/// received on each connection.
async fn serve(answers: Vec<Vec<&'static str>>) -> (u16, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(async move {
        let mut received = Vec::new();
        for answers in answers {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut text = Vec::new();
            for answer in answers {
                let start = text.len();
                let is_get = |text: &[u8]| text.starts_with(b"GET") && text.ends_with(b"\r\n\r\n");
                while !text.ends_with(b"\r\n0\r\n\r\n") && !is_get(&text[start..]) {
                    stream.read_buf(&mut text).await.expect("a request");
                }
                stream.write_all(answer.as_bytes()).await.expect("answered");
                text.push(b'|');
            }
            received.push(String::from_utf8(text).expect("text"));
        }
        received
    });
    (port, server)
}

#[tokio::test]
async fn readiness_is_a_bare_get() {
    let (port, server) = serve(vec![vec![
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ]])
    .await;
    let answer = Client::new(port)
        .ping()
        .await
        .expect("listens")
        .expect("answers");
    assert_eq!(answer.status, 404);
    let received = server.await.expect("served");
    assert_eq!(
        received,
        [format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n|")]
    );
}

#[tokio::test]
async fn bodies_are_chunked_by_the_kibibyte_over_a_kept_connection() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: x\r\n\r\n";
    let plain = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let (port, server) = serve(vec![vec![chunked, plain]]).await;
    let client = Client::new(port);
    let parts = [Bytes::from("a".repeat(1500)), Bytes::from("b".repeat(600))];
    let first = client
        .post("silver", "id-1", &parts)
        .await
        .expect("an answer");
    let second = client
        .post("silver", "id-2", &[Bytes::from_static(b"c")])
        .await
        .expect("an answer");
    assert_eq!(
        (first.status, first.body.as_slice()),
        (200, b"{}".as_slice())
    );
    assert_eq!(second.content_type.as_deref(), Some("application/json"));

    let head = |id: &str| {
        format!(
            "POST /silver HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Azure-Functions-HostVersion: 4.1037.0.0\r\nX-Azure-Functions-InvocationId: {id}\r\nUser-Agent: Azure-Functions-Host/4.1037.0.0\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
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
async fn a_connection_that_the_handler_has_closed_is_not_used_again() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let (port, server) = serve(vec![vec![answer], vec![answer]]).await;
    let client = Client::new(port);
    for _ in 0..2 {
        client
            .post("silver", "id", &[Bytes::from_static(b"c")])
            .await
            .expect("an answer");
        // The server drops each connection after one answer; the end has to arrive here first.
        while let Some(connection) = client.take_idle() {
            client.idle.lock().expect("lock").push(connection);
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(server.await.expect("served").len(), 2);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_an_error() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
    ] {
        let (port, _server) = serve(vec![vec![answer]]).await;
        let error = Client::new(port)
            .post("silver", "id", &[Bytes::from_static(b"c")])
            .await;
        assert_eq!(
            error.map(|answer| answer.status).map_err(|e| e.kind()),
            Err(io::ErrorKind::UnexpectedEof)
        );
    }
}

#[tokio::test]
async fn nobody_listening_is_not_an_answer() {
    let port = crate::functions_host::process::free_port().expect("a port");
    assert!(Client::new(port).ping().await.is_err());
}
