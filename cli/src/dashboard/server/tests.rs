use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::*;
use crate::dashboard::reading::Reading;
use crate::target::in_memory::repository;
use crate::target::{AppSettings, SettingsArguments};

/// Longer than any interval between two reads, and than any read may take.
const LONG: Duration = Duration::from_secs(600);

/// A pipeline that does not answer: to read it is to ask again and again.
fn pipeline(folder: &std::path::Path) -> Arc<Live> {
    let dataset = repository().join("datasets/orders.toml");
    let settings = AppSettings::of_environment(
        folder,
        &dataset,
        &[
            ("LakeStorage", "UseDevelopmentStorage=true"),
            ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ],
    );
    let arguments = SettingsArguments {
        dataset: Some(dataset),
        state_dir: Some(folder.join("nothing-here")),
    };
    Arc::new(Live::new(Reading::new(arguments, settings).unwrap()))
}

/// Opens the stream of changes, and reads the first of them.
async fn open(place: SocketAddr, cookie: &str) -> TcpStream {
    let mut page = TcpStream::connect(place).await.unwrap();
    let request =
        format!("GET /pipeline/orders/live HTTP/1.1\r\nHost: {place}\r\nCookie: {cookie}\r\n\r\n");
    page.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("data:") {
        let read = page.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
    }
    page
}

/// Waits until what is shown is another, or so many look.
async fn until(live: &Live, is_so: impl Fn(usize, &Parts) -> bool) {
    let wait = async {
        loop {
            let (lookers, last) = live.lookers();
            if is_so(lookers, &last) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(LONG, wait).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_before_a_page_is_open_and_after_it_has_hung_up() {
    let folder = tempfile::tempdir().unwrap();
    let live = pipeline(folder.path());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let guard = Guard::new(place.port());
    let cookie = guard.cookie();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let following = tokio::spawn(Arc::clone(&live).follow());
    let router = router(guard, vec![Arc::clone(&live)]);
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });

    sleep(LONG).await;
    assert!(live.lookers().1.is_empty(), "nobody has looked");

    for _ in 0..2 {
        let page = open(place, &cookie).await;
        let (_, first) = live.lookers();
        until(&live, |_, last| !Arc::ptr_eq(last, &first)).await;
        drop(page);
        until(&live, |lookers, _| lookers == 0).await;
        // The read that was under way has ended by then.
        sleep(LONG).await;
        let (_, last) = live.lookers();
        sleep(LONG).await;
        assert!(Arc::ptr_eq(&live.lookers().1, &last), "nobody looks");
    }
    following.abort();
    serving.abort();
}
