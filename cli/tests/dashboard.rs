//! `sluice dashboard` in a real browser, on a pipeline that runs: the figures on the page are those of the layers, nobody
//! gets in without the address, and the page says so when the pipeline has gone.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/pipeline.rs"]
mod pipeline;
mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};
use serde_json::Value;
use sluice::clock::{Clock as _, SystemClock};
use testkit::tool::trial;

use browser::Browser;
use pipeline::{Pipeline, up};
use support::{command, repository};

const ORDERS: u64 = 300;

/// A pipeline with orders up to gold, and its dashboard.
struct World {
    pipeline: Pipeline,
    dashboard: Child,
    address: String,
}

/// Starts the dashboard of what runs; returns its address as well.
fn dashboard(pipeline: &Pipeline) -> (Child, String) {
    let mut dashboard = command(pipeline.folder.path())
        .args(["dashboard", "--state-dir"])
        .arg(pipeline.state_dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(dashboard.stdout.take().unwrap());
    let mut address = String::new();
    said.read_line(&mut address).unwrap();
    (dashboard, address.trim().to_owned())
}

/// The host and port of an address, and its token.
fn parts(address: &str) -> (&str, &str) {
    let rest = address.strip_prefix("http://").unwrap();
    rest.split_once('/').unwrap()
}

impl World {
    fn start() -> Self {
        let pipeline = Pipeline::start();
        let (dashboard, address) = dashboard(&pipeline);
        let world = Self {
            pipeline,
            dashboard,
            address,
        };
        world.produce(ORDERS, 1);
        world
    }

    /// Sends orders, of which some are broken and some come twice, and waits until gold has them.
    fn produce(&self, orders: u64, seed: u64) {
        let (orders, seed) = (orders.to_string(), seed.to_string());
        let shares = ["--broken", "0.1", "--duplicates", "0.1"];
        let before = self.status()["hub"]["events"].as_u64().unwrap();
        let produce = [&["produce", "-n", &orders, "--seed", &seed], &shares[..]].concat();
        assert!(self.pipeline.run(&produce).status.success());
        self.pipeline.wait_for("the orders in gold", || {
            let status = self.status();
            let events = status["hub"]["events"].as_u64();
            let tables = status["gold"].as_array();
            let is_published =
                |tables: &Vec<Value>| tables.iter().all(|table| table["behind"] == 0);
            events > Some(before)
                && status["silver"]["lines"].as_u64() == events
                && tables.is_some_and(is_published)
        });
    }

    fn status(&self) -> Value {
        let status = self.pipeline.run(&["status", "--json"]);
        serde_json::from_slice(&status.stdout).unwrap_or_default()
    }

    /// The rows of a query of gold.
    fn query(&self, sql: &str) -> Vec<Value> {
        let output = self.pipeline.run(&["query", sql, "--format", "json"]);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
        rows.collect()
    }

    /// The host and port of the dashboard, and the token of its address.
    fn place(&self) -> (&str, &str) {
        parts(&self.address)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(None) = self.dashboard.try_wait() {
            interrupt(&mut self.dashboard);
        }
    }
}

/// Asks without a browser; returns the whole answer.
fn ask(place: &str, request: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(place).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Ends a process as Ctrl-C does; returns whether it ended well.
fn interrupt(process: &mut Child) -> bool {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    sent.is_ok_and(|status| status.success()) && process.wait().unwrap().success()
}

/// A browser that shows the page, of which everything has been read.
fn opened(world: &World) -> Browser {
    let mut browser = Browser::start();
    browser.resize(1_280, 900);
    browser.prefer("light");
    let (status, address) = browser.open(&world.address);
    let (place, token) = world.place();
    assert_eq!(status, 200);
    assert_eq!(
        address,
        format!("http://{place}/pipeline/orders"),
        "without the token"
    );
    assert!(
        !browser
            .evaluate("document.cookie")
            .to_string()
            .contains(token)
    );
    browser.wait("document.querySelector('#rows-0 td') && document.querySelector('pre') && document.getElementById('connection').hidden");
    browser
}

/// Waits until the page has as many rows of silver as silver, and gold is up to date there.
fn wait_for_all(world: &World, browser: &mut Browser) -> Value {
    let status = world.status();
    let rows = status["silver"]["rows"].as_u64().unwrap();
    browser.wait(&format!(
        "document.getElementById('silver-rows')?.value === '{rows}' && document.querySelectorAll('#gold .doubtful, #gold .bad').length === 0 && document.querySelectorAll('#gold td.good').length > 0"
    ));
    status
}

/// The figures of the page against those of `status`, which reads the stores by itself.
fn compare(world: &World, browser: &mut Browser, status: &Value) {
    let silver = &status["silver"];
    for (id, expected) in [
        ("silver-rows", &silver["rows"]),
        ("bronze-events", &silver["lines"]),
        ("balance-lines", &silver["lines"]),
        ("balance-records", &silver["records"]),
        ("balance-rows", &silver["rows"]),
        ("balance-duplicates", &silver["duplicates"]),
        ("balance-quarantined", &silver["quarantined"]),
        ("quarantined", &silver["quarantined"]),
    ] {
        assert_eq!(browser.number(id), expected.as_u64(), "{id}");
    }
    assert!(silver["duplicates"].as_u64() > Some(0) && silver["quarantined"].as_u64() > Some(0));
    for (reason, records) in silver["quarantined_by_reason"].as_object().unwrap() {
        let shown = browser.number(&format!("reason-{reason}"));
        assert_eq!(shown, records.as_u64(), "{reason}");
    }
    assert!(
        browser.text("#even").starts_with("It adds up"),
        "{}",
        browser.text("#even")
    );
    for table in status["gold"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let rows = world.query(&format!("select count(*) as n from {name}"));
        assert_eq!(
            browser.number(&format!("table-{name}")),
            rows[0]["n"].as_u64(),
            "{name}"
        );
    }
}

fn figures(world: &World) {
    let mut browser = opened(world);
    let status = wait_for_all(world, &mut browser);
    compare(world, &mut browser, &status);
    // The newest day, as the warehouse has it.
    let newest = world.query(
        "select day, total_orders, total_amount from gold_daily_orders order by day desc limit 1",
    );
    let shown = browser.text("#rows-0 tbody tr").replace(',', "");
    let day = newest[0]["day"].as_str().unwrap();
    let orders = newest[0]["total_orders"].to_string();
    assert!(
        shown.starts_with(&format!("{day}{orders}")),
        "{shown}, {newest:?}"
    );
    let chart = browser.text("#chart-0 figcaption").replace(',', "");
    assert!(
        chart.contains(&format!("total_orders: {orders} at {day}")),
        "{chart}"
    );
    assert!(
        browser
            .evaluate("document.querySelectorAll('#chart-0 svg .mark').length")
            .as_u64()
            > Some(0)
    );
    // It goes on by itself.
    world.produce(50, 2);
    browser.wait(&format!(
        "document.getElementById('silver-rows').value !== '{}'",
        status["silver"]["rows"]
    ));
    let status = wait_for_all(world, &mut browser);
    compare(world, &mut browser, &status);
    let hub = status["hub"]["events"].as_u64();
    browser.wait(&format!(
        "document.getElementById('hub-events').value === '{}'",
        hub.unwrap()
    ));
    alerts(world, &mut browser);
    browser.picture("light", true);
    assert_eq!(browser.faults(), [""; 0]);
}

/// An order that a rule tells of comes onto the page, and the figures there are those of the books.
fn alerts(world: &World, browser: &mut Browser) {
    let seconds = SystemClock.now().0 / 1_000;
    let order = format!("{{\"order_id\": 900001, \"amount\": 1200, \"timestamp\": {seconds}}}\n");
    let file = world.pipeline.folder.path().join("large.jsonl");
    std::fs::write(&file, order).unwrap();
    let produce = ["produce", "--input", file.to_str().unwrap()];
    assert!(world.pipeline.run(&produce).status.success());
    browser.wait("document.getElementById('alerts-newest')?.textContent.includes('1200.00')");
    let listed = world.pipeline.run(&["alerts", "--json", "-n", "0"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let newest: Value = serde_json::from_str(listed.lines().last().unwrap()).unwrap();
    assert_eq!(newest["rule"], "large-order");
    assert_eq!(newest["fields"]["amount"], "1200.00");
    let alerts = &world.status()["alerts"];
    for (id, expected) in [
        ("alerts-open", &alerts["open"]),
        ("alerts-waiting", &alerts["waiting"]),
        ("alerts-failed", &alerts["failed"]),
    ] {
        assert_eq!(browser.number(id), expected.as_u64(), "{id}");
        assert!(expected.is_u64(), "{alerts}");
    }
    assert_eq!(alerts["rules"][0]["rule"], "large-order");
}

/// The lowest contrast of any text with what is behind it.
const LOWEST_CONTRAST: &str = "(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = channels(text).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      const parts = channels(colour);
      if (parts.length < 4 || parts[3] > 0) return light(colour);
    }
    return 1;
  };
  const texts = [...document.querySelectorAll('body *')].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const ratios = texts.map((e) => {
    const style = getComputedStyle(e);
    const [a, b] = [light(e instanceof SVGElement ? style.fill : style.color), behind(e)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
  return Math.min(...ratios);
})()";

fn everywhere(world: &World) {
    let mut browser = opened(world);
    wait_for_all(world, &mut browser);
    for (scheme, is_dark) in [("light", false), ("dark", true)] {
        browser.prefer(scheme);
        for (width, height) in [(1_280, 900), (360, 740)] {
            browser.resize(width, height);
            browser.evaluate(
                "document.querySelectorAll('details').forEach((d) => { d.open = true; })",
            );
            browser.picture(&format!("{scheme}-{width}"), true);
            let widest = browser.evaluate("document.documentElement.scrollWidth");
            assert!(
                widest.as_u64() <= Some(u64::from(width)),
                "{scheme}, {width}: {widest}"
            );
            let contrast = browser.evaluate(LOWEST_CONTRAST).as_f64().unwrap();
            assert!(contrast >= 4.5, "{scheme}, {width}: {contrast}");
            let paper = "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 128";
            assert_eq!(browser.evaluate(paper), is_dark, "{scheme}");
            assert_eq!(browser.check(), [""; 0], "{scheme}, {width}");
        }
    }
    assert_eq!(browser.faults(), [""; 0]);
}

fn refusals(world: &World) {
    let (place, token) = world.place();
    let host = format!("Host: {place}\r\n");
    let is = |answer: &str, status: &str| {
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{status}: {answer}"
        );
        let answer = answer.to_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self';",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.contains(header), "{header}: {answer}");
        }
        assert!(!answer.contains("unsafe"), "{answer}");
    };
    for request in [
        "GET /",
        "GET /wrong",
        "GET /pipeline/orders",
        "GET /pipeline/orders/live",
        "POST /pipeline/orders/gold",
    ] {
        is(&ask(place, request, &host), "403");
        let wrong = format!("{host}Cookie: sluice=1\r\n");
        is(&ask(place, request, &wrong), "403");
    }
    // A name of somebody else that leads here, with and without the token.
    for request in [
        format!("GET /{token}"),
        "GET /".to_owned(),
        "GET /page.js".to_owned(),
    ] {
        is(&ask(place, &request, "Host: evil.example\r\n"), "421");
    }
    let opened = ask(place, &format!("GET /{token}"), &host);
    is(&opened, "303");
    let cookie = opened
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let with = format!("{host}Cookie: {cookie}\r\n");
    is(&ask(place, "GET /pipeline/orders", &with), "200");
    is(&ask(place, "GET /pipeline/payments", &with), "404");
    is(&ask(place, "POST /pipeline/orders/gold", &with), "403");
    let own = format!("{with}Origin: http://{place}\r\n");
    is(&ask(place, "POST /pipeline/orders/gold", &own), "202");
    let others = format!("{with}Origin: http://evil.example\r\n");
    is(&ask(place, "POST /pipeline/orders/gold", &others), "403");
}

/// Has the page think that it is seen, or not: a browser without a screen shows every page.
fn see(browser: &mut Browser, is_seen: bool) {
    browser.evaluate(&format!(
        "Object.defineProperty(document, 'hidden', {{ value: {}, configurable: true }}); document.dispatchEvent(new Event('visibilitychange'))",
        !is_seen
    ));
}

/// A page that nobody sees has hung up, and catches up once it is seen.
fn unseen(world: &World) {
    let mut browser = opened(world);
    let status = wait_for_all(world, &mut browser);
    see(&mut browser, false);
    world.produce(50, 4);
    let rows = status["silver"]["rows"].as_u64();
    assert_eq!(browser.number("silver-rows"), rows, "nothing comes");
    see(&mut browser, true);
    let later = wait_for_all(world, &mut browser);
    assert!(later["silver"]["rows"].as_u64() > rows);
    assert_eq!(browser.faults(), [""; 0]);
}

fn outage(world: &mut World) {
    let mut browser = opened(world);
    let status = wait_for_all(world, &mut browser);
    assert!(world.pipeline.stop());
    browser.wait("document.querySelector('#problem p') !== null");
    let said = browser.text("#problem");
    assert!(
        said.starts_with("The pipeline has not answered since 20"),
        "{said}"
    );
    let rows = status["silver"]["rows"].as_u64();
    assert_eq!(browser.number("silver-rows"), rows, "what was read stays");
    browser.picture("gone", false);
    world.pipeline.up = up(&world.pipeline.state_dir(), "datasets/orders.toml");
    browser.wait("document.querySelector('#problem p') === null");
    world.produce(50, 3);
    let status = wait_for_all(world, &mut browser);
    assert!(status["silver"]["rows"].as_u64() > rows);
    // And when the dashboard itself has gone, the page says that.
    assert!(interrupt(&mut world.dashboard));
    browser.wait(
        "document.getElementById('connection').textContent.startsWith('The dashboard has ended')",
    );
    assert_eq!(
        browser.number("silver-rows"),
        status["silver"]["rows"].as_u64()
    );
}

/// Two pipelines that run: the page has both.
fn chooser() {
    let pipeline = Pipeline::start();
    let mut sensors = up(&pipeline.state_dir(), "datasets/sensors.toml");
    let file = repository().join("datasets/sensors.toml");
    let status = ["status", "--dataset", file.to_str().unwrap()];
    pipeline.wait_for("the other pipeline", || {
        pipeline.run(&status).status.success()
    });
    let (mut dashboard, address) = dashboard(&pipeline);
    let (place, token) = parts(&address);
    let cookie = format!(
        "Cookie: sluice-{}={token}",
        place.rsplit(':').next().unwrap()
    );
    let headers = format!("Host: {place}\r\n{cookie}\r\n");
    for (name, other) in [("orders", "sensors"), ("sensors", "orders")] {
        let page = ask(place, &format!("GET /pipeline/{name}"), &headers);
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        for link in [
            format!("<a href=\"/pipeline/{name}\" aria-current=\"page\">{name}</a>"),
            format!("<a href=\"/pipeline/{other}\">{other}</a>"),
        ] {
            assert!(page.contains(&link), "{link}: {page}");
        }
    }
    assert!(interrupt(&mut dashboard) && interrupt(&mut sensors));
}

type Shared = Arc<LazyLock<Mutex<World>>>;

fn main() -> ExitCode {
    let world: Shared = Arc::new(LazyLock::new(|| Mutex::new(World::start())));
    let on = |world: &Shared, act: fn(&World)| {
        let world = Arc::clone(world);
        move || act(&world.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let tests: Vec<Trial> = vec![
        trial(
            "the_figures_on_the_page_are_those_of_the_layers_and_go_on",
            browser::missing(),
            on(&world, figures),
        ),
        trial(
            "it_is_readable_by_everybody_in_light_and_dark_on_a_desk_and_a_phone",
            browser::missing(),
            on(&world, everywhere),
        ),
        trial(
            "a_page_that_nobody_sees_hangs_up_and_catches_up_later",
            browser::missing(),
            on(&world, unseen),
        ),
        trial(
            "nobody_gets_in_without_the_address",
            None,
            on(&world, refusals),
        ),
        trial(
            "several_pipelines_have_a_page_each_and_a_way_to_the_others",
            None,
            chooser,
        ),
        trial(
            "a_pipeline_that_has_gone_is_said_and_found_again",
            browser::missing(),
            || outage(&mut World::start()),
        ),
    ];
    let mut arguments = Arguments::from_args();
    // Each pipeline wants the machine for itself.
    arguments.test_threads = Some(1);
    let conclusion = libtest_mimic::run(&arguments, tests);
    // They end with the last of these.
    drop(world);
    conclusion.exit_code()
}
