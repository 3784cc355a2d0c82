//! A client, the proxy, and a service that counts what it was asked.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A service that answers every request with its number, and counts the bytes of bodies.
struct Service {
    port: u16,
    asked: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
    _serving: JoinHandle<()>,
}

impl Service {
    /// Its answers have a length, or come in chunks.
    async fn start(is_chunked: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, bytes): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
        let (counted, sized) = (Arc::clone(&asked), Arc::clone(&bytes));
        let serving = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (asked, bytes) = (Arc::clone(&counted), Arc::clone(&sized));
                tokio::spawn(async move {
                    let mut client = BufReader::new(client);
                    while let Ok(Some(request)) = Request::read(&mut client).await {
                        bytes.fetch_add(request.bytes.len() as u64, Ordering::SeqCst);
                        let number = asked.fetch_add(1, Ordering::SeqCst);
                        let answer = match (is_chunked, request.wants_head_only) {
                            (_, true) => "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".to_owned(),
                            (true, _) => format!(
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nanswer \r\n1;x=y\r\n{number}\r\n0\r\n\r\n"
                            ),
                            (false, _) => format!(
                                "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nanswer {number}"
                            ),
                        };
                        client.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self {
            port,
            asked,
            bytes,
            _serving: serving,
        }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

const PUT: &str = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde";
const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

async fn proxy(service: &Service, shares: Shares) -> (FaultyProxy, Arc<Chance>) {
    let chance = Arc::new(Chance::of_seed(7));
    chance.set(shares);
    let proxy = FaultyProxy::start(service.port, Arc::clone(&chance)).await;
    (proxy.unwrap(), chance)
}

async fn connect(proxy: &FaultyProxy) -> BufReader<TcpStream> {
    let address = (Ipv4Addr::LOCALHOST, proxy.port());
    BufReader::new(TcpStream::connect(address).await.unwrap())
}

/// Sends a request, and returns the answer as text.
async fn ask(client: &mut BufReader<TcpStream>, request: &str) -> io::Result<String> {
    client.write_all(request.as_bytes()).await?;
    let answer = Answer::read(client, request.starts_with("HEAD")).await?;
    Ok(String::from_utf8(answer.bytes).unwrap())
}

#[tokio::test]
async fn without_faults_requests_and_answers_pass_on_one_connection_as_they_are() {
    for is_chunked in [false, true] {
        let service = Service::start(is_chunked).await;
        let (proxy, chance) = proxy(&service, Shares::none()).await;
        let mut client = connect(&proxy).await;
        for (number, request) in [PUT, GET, PUT].into_iter().enumerate() {
            let answer = ask(&mut client, request).await.unwrap();
            let last = answer.trim_end_matches("\r\n0\r\n\r\n");
            assert!(last.ends_with(&number.to_string()), "{answer}");
        }
        let head = ask(&mut client, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(head.unwrap().ends_with("Content-Length: 7\r\n\r\n"));
        let chunked = "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        ask(&mut client, chunked).await.unwrap();
        let sent = 2 * PUT.len() + GET.len() + chunked.len() + GET.len() + 1;
        assert_eq!(service.bytes.load(Ordering::SeqCst), sent as u64);
        assert!(chance.counts().is_empty());
    }
}

#[tokio::test]
async fn a_reset_comes_before_the_effect_and_a_lost_or_half_answer_after_it() {
    for (fault, effects) in [
        (Fault::Reset, 0),
        (Fault::AnswerLost, 1),
        (Fault::AnswerHalved, 1),
    ] {
        let service = Service::start(false).await;
        let (proxy, chance) = proxy(&service, Shares::none().with(fault, 1_000)).await;
        let mut client = connect(&proxy).await;
        let answer = ask(&mut client, PUT).await;
        assert!(answer.is_err(), "{fault:?}: {answer:?}");
        assert_eq!(service.asked(), effects, "{fault:?}");
        assert_eq!(chance.counts(), [(fault, 1)].into());
        // Once it is over, the service is there again.
        chance.set(Shares::none());
        let answer = ask(&mut connect(&proxy).await, PUT).await.unwrap();
        assert!(answer.ends_with(&format!("answer {effects}")), "{answer}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_reset_before_anything_is_asked() {
    let service = Service::start(false).await;
    let shares = Shares::none().with(Fault::Refused, 1_000);
    let (proxy, chance) = proxy(&service, shares).await;
    let answer = ask(&mut connect(&proxy).await, GET).await;
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(service.asked(), 0);
    assert_eq!(chance.counts(), [(Fault::Refused, 1)].into());
}

#[tokio::test]
async fn a_throttled_request_is_answered_as_storage_does_and_does_nothing() {
    let service = Service::start(false).await;
    let shares = Shares::none().with(Fault::Throttled, 1_000);
    let (proxy, chance) = proxy(&service, shares).await;
    let mut client = connect(&proxy).await;
    let mut statuses = std::collections::BTreeSet::new();
    for (accept, code) in [
        ("application/xml", "<Code>"),
        ("application/json;odata=nometadata", "\"code\""),
    ] {
        for _ in 0..20 {
            let request =
                format!("PUT /a HTTP/1.1\r\nAccept: {accept}\r\nContent-Length: 1\r\n\r\nx");
            let answer = ask(&mut client, &request).await.unwrap();
            assert!(answer.contains("Retry-After: 1\r\n"), "{answer}");
            assert!(answer.contains(code), "{answer}");
            statuses.insert(answer[9..12].to_owned());
        }
    }
    assert_eq!(statuses, ["429".to_owned(), "503".to_owned()].into());
    assert_eq!(service.asked(), 0);
    assert_eq!(chance.counts(), [(Fault::Throttled, 40)].into());
}

#[tokio::test]
async fn a_delayed_request_is_answered_all_the_same() {
    let service = Service::start(false).await;
    let (proxy, chance) = proxy(&service, Shares::none().with(Fault::Delayed, 1_000)).await;
    let answer = ask(&mut connect(&proxy).await, PUT).await.unwrap();
    assert!(answer.ends_with("answer 0"), "{answer}");
    assert_eq!(chance.counts(), [(Fault::Delayed, 1)].into());
}

#[tokio::test]
async fn without_its_service_a_connection_is_reset_and_later_ones_find_it_again() {
    let service = Service::start(false).await;
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    let chance = Arc::new(Chance::of_seed(1));
    let lonely = FaultyProxy::start(port, Arc::clone(&chance)).await.unwrap();
    assert!(ask(&mut connect(&lonely).await, GET).await.is_err());
    let (proxy, _) = proxy(&service, Shares::none()).await;
    assert!(ask(&mut connect(&proxy).await, GET).await.is_ok());
}

#[tokio::test]
async fn connections_that_are_cut_end_and_later_ones_work() {
    let service = Service::start(false).await;
    let (proxy, chance) = proxy(&service, Shares::none()).await;
    let mut client = connect(&proxy).await;
    ask(&mut client, GET).await.unwrap();
    proxy.cut();
    let mut rest = Vec::new();
    let ended = tokio::io::AsyncReadExt::read_to_end(&mut client, &mut rest).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    assert!(ask(&mut connect(&proxy).await, GET).await.is_ok());
    assert!(chance.counts().is_empty(), "nobody drew that");
}

#[tokio::test]
async fn what_is_no_http_ends_the_connection() {
    let service = Service::start(false).await;
    let (proxy, _) = proxy(&service, Shares::none()).await;
    for nonsense in [
        "PUT /a HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "PUT /a HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ] {
        let answer = ask(&mut connect(&proxy).await, nonsense).await;
        assert!(answer.is_err(), "{nonsense:?}: {answer:?}");
    }
    assert_eq!(service.asked(), 0);
}

#[test]
fn the_same_seed_draws_the_same_faults_with_the_shares_that_were_asked_for() {
    let draw = |seed| {
        let chance = Chance::of_seed(seed);
        chance.set(Shares::of_each(10).with(Fault::Throttled, 300));
        let drawn: Vec<_> = (0..10_000).map(|_| chance.fault()).collect();
        (drawn, chance.counts())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1).0, draw(2).0);
    let (_, counts) = draw(3);
    assert!(
        (2_700..3_300).contains(&counts[&Fault::Throttled]),
        "{counts:?}"
    );
    assert!((50..200).contains(&counts[&Fault::Reset]), "{counts:?}");
    assert!(
        !counts.contains_key(&Fault::Refused),
        "it is drawn for connections"
    );
}
