use sluice::event::UnixMillis;
use sluice::table::log::Head;

use super::super::reading::{Facts, newest_rejected, read_all, tables};
use super::*;
use crate::status::{silver, totals};
use crate::target::in_memory::Pipeline;

/// A pipeline of three orders, one of them twice, and two events that are none, up to gold.
async fn pipeline() -> (Pipeline, Head) {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 0, 3, 0, 1]).await;
    let head = pipeline.stores.log.head().await.unwrap().unwrap();
    (pipeline, head)
}

/// All that is known of it.
async fn facts() -> Facts {
    let (pipeline, head) = pipeline().await;
    let stores = &pipeline.stores;
    let gold = read_all(pipeline.warehouse.as_ref(), &stores.dataset, Some(&head));
    let totals = totals(stores, &head).await.unwrap();
    Facts {
        at: UnixMillis(1_763_120_700_000),
        rejected: newest_rejected(stores, &head).await.unwrap(),
        gold: gold.await.unwrap(),
        silver: Some(silver(&head, totals, Some(0), Vec::new())),
        ..unknown(&pipeline)
    }
}

/// What is known before anything was read.
fn unknown(pipeline: &Pipeline) -> Facts {
    let dataset = std::sync::Arc::clone(&pipeline.stores.dataset);
    Facts {
        called: "cargo sluice",
        ..Facts::new(dataset, "here".to_owned(), UnixMillis(0))
    }
}

/// Returns whether a part has an element with this id and value, and that text.
fn has(part: &str, id: &str, value: u64, text: &str) -> bool {
    part.contains(&format!(
        "<data id=\"{id}\" value=\"{value}\">{text}</data>"
    ))
}

#[test]
fn a_page_has_a_place_for_every_part() {
    let pipeline = Pipeline::new();
    let facts = unknown(&pipeline);
    let tables = tables(&facts.dataset);
    let page = page("orders", &["orders", "sensors"], &tables, "cargo sluice");
    let mut ids: Vec<String> = parts(&facts).into_keys().collect();
    for at in 0..tables.len() {
        ids.extend([format!("chart-{at}"), format!("rows-{at}")]);
    }
    assert!(tables.len() > 2);
    for id in ids {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}: {page}");
    }
    assert!(page.contains("href=\"/pipeline/orders\" aria-current=\"page\">orders</a>"));
    assert!(page.contains("href=\"/pipeline/sensors\">sensors</a>"));
}

#[tokio::test]
async fn commands_are_named_as_the_one_was_called_that_shows_the_page() {
    let mut facts = facts().await;
    facts.problem = Some((UnixMillis(0), "run `sluice up` again".to_owned()));
    facts.gold.problem = Some("run `sluice rebuild gold`".to_owned());
    facts.gold.tables[0].reason = Some("ask `sluice status`".to_owned());
    let parts = parts(&facts);
    for (part, expected) in [
        ("problem", "run `cargo sluice up` again"),
        ("gold", "run `cargo sluice rebuild gold`"),
        ("gold", "ask `cargo sluice status`"),
        ("layers", "run `cargo sluice rebuild gold`"),
        ("layers", "what waits is told by cargo sluice status --deep"),
        ("rejected", "<code>cargo sluice quarantine</code>"),
    ] {
        assert!(
            parts[part].contains(expected),
            "{expected}: {}",
            parts[part]
        );
    }
    let page = page("orders", &["orders"], &[], "cargo sluice");
    assert!(
        page.contains("data-again=\"cargo sluice dashboard\""),
        "{page}"
    );
}

#[test]
fn what_is_not_known_is_not_a_number() {
    let parts = parts(&unknown(&Pipeline::new()));
    assert!(!parts["layers"].contains("<data"), "{}", parts["layers"]);
    assert!(parts["layers"].contains("has no version yet"));
    assert_eq!(
        (parts["balance"].as_str(), parts["problem"].as_str()),
        ("", "")
    );
    assert!(
        parts.keys().all(|id| !id.starts_with("chart-")),
        "{parts:?}"
    );
}

#[tokio::test]
async fn the_balance_adds_up_or_is_said_not_to() {
    let mut facts = facts().await;
    let balance = parts(&facts)["balance"].clone();
    assert!(
        balance.contains("class=\"good\" id=\"even\">It adds up: 6 events"),
        "{balance}"
    );
    assert!(has(&balance, "balance-rows", 3, "3"), "{balance}");
    assert!(has(&balance, "balance-duplicates", 1, "1"), "{balance}");
    assert!(has(&balance, "balance-quarantined", 2, "2"), "{balance}");
    facts.silver.as_mut().unwrap().rows = 1_002;
    let balance = parts(&facts)["balance"].clone();
    assert!(
        balance.contains("class=\"bad\" id=\"even\">It does not add up"),
        "{balance}"
    );
    assert!(has(&balance, "balance-rows", 1_002, "1,002"), "{balance}");
}

#[tokio::test]
async fn a_layer_that_lacks_something_is_doubtful() {
    let mut facts = facts().await;
    let layers = parts(&facts)["layers"].clone();
    assert!(
        layers.contains("class=\"good\">has every event of the hub"),
        "{layers}"
    );
    assert!(
        layers.contains("class=\"good\">has every version of silver"),
        "{layers}"
    );
    let silver = facts.silver.as_mut().unwrap();
    (silver.behind, silver.version) = (Some(1_204), silver.version + 1);
    facts.hub = Some(Err("no hub".to_owned()));
    let now = parts(&facts);
    let layers = &now["layers"];
    assert!(
        layers.contains("class=\"doubtful\">1,204 events behind the hub"),
        "{layers}"
    );
    assert!(
        layers.contains("class=\"doubtful\">1 version behind silver"),
        "{layers}"
    );
    assert!(
        layers.contains("class=\"bad\">cannot be read: no hub"),
        "{layers}"
    );
    assert!(
        now["gold"].contains("class=\"doubtful\">1 version behind"),
        "{}",
        now["gold"]
    );
}

#[tokio::test]
async fn tables_are_shown_as_what_they_are_and_always_as_text_as_well() {
    let facts = facts().await;
    let parts = parts(&facts);
    let at = |name: &str| {
        let tables = tables(&facts.dataset);
        let at = tables.iter().position(|table| table == name).unwrap();
        (
            parts[&format!("chart-{at}")].clone(),
            parts[&format!("rows-{at}")].clone(),
        )
    };
    let (days, rows) = at("gold_daily_orders");
    assert!(
        days.contains("<figcaption>total_orders: 3 at 2025-11-14</figcaption>"),
        "{days}"
    );
    assert!(days.contains("aria-label=\"total_orders of the newest 1 of gold_daily_orders: 3 at 2025-11-14 is the newest\""), "{days}");
    assert!(days.contains("class=\"mark\""), "{days}");
    assert!(
        rows.contains("<td>2025-11-14</td><td class=\"right\">3</td>"),
        "{rows}"
    );
    let (customers, _) = at("gold_customer_totals");
    assert!(
        customers.contains("<meter min=\"0\" max=\"100\" value=\"100\""),
        "{customers}"
    );
    assert!(!customers.contains("<svg"), "{customers}");
    let (all, _) = at("gold_total_revenue");
    assert!(all.contains("<dt>total_orders</dt><dd>3</dd>"), "{all}");
    assert!(
        has(&parts["gold"], "table-gold_daily_orders", 1, "1"),
        "{}",
        parts["gold"]
    );
}

#[tokio::test]
async fn nothing_of_the_data_becomes_a_tag() {
    let mut facts = facts().await;
    let evil = "<script>alert(1)</script>";
    let silver = facts.silver.as_mut().unwrap();
    silver.quarantined_by_reason.insert(evil.to_owned(), 1);
    for rejected in &mut facts.rejected {
        rejected.body = Some(evil.to_owned());
        rejected.body_base64 = None;
    }
    for table in facts.gold.shown.values_mut() {
        for value in table.rows.rows.iter_mut().flatten() {
            *value = Some(evil.to_owned());
        }
    }
    facts.gold.problem = Some(evil.to_owned());
    facts.problem = Some((UnixMillis(0), evil.to_owned()));
    facts.target = evil.to_owned();
    let parts = parts(&facts);
    for (id, part) in &parts {
        assert!(!part.contains("<script"), "{id}: {part}");
    }
    let escaped = parts
        .values()
        .filter(|part| part.contains("&#60;script&#62;"));
    assert!(escaped.count() >= 6, "{parts:?}");
}

#[tokio::test]
async fn rejected_records_stand_with_their_reason_and_a_pointer() {
    let part = parts(&facts().await)["rejected"].clone();
    assert!(has(&part, "quarantined", 2, "2 rejected records"), "{part}");
    assert!(has(&part, "reason-not_an_object", 2, "2"), "{part}");
    assert_eq!(part.matches("<pre").count(), 2, "{part}");
    assert!(part.contains("\n    broken\n    ^"), "{part}");
}

#[tokio::test]
async fn what_is_wrong_and_what_was_not_read_is_said() {
    let mut facts = facts().await;
    facts.problem = Some((UnixMillis(1_763_120_000_123), "nothing answers".to_owned()));
    facts.gold.is_asleep = true;
    let parts = parts(&facts);
    let problem = &parts["problem"];
    assert!(
        problem.contains("since <time datetime=\"2025-11-14T11:33:20Z\">"),
        "{problem}"
    );
    assert!(problem.contains("nothing answers"), "{problem}");
    let gold = &parts["gold"];
    assert!(
        gold.contains("data-act=\"gold\">Read gold</button>"),
        "{gold}"
    );
    assert!(gold.contains("Azure bills it"), "{gold}");
    assert!(
        parts["balance"].contains("It adds up"),
        "what was read stays"
    );
}

#[tokio::test]
async fn alerts_stand_on_the_page_with_what_is_to_be_looked_at() {
    let pipeline = Pipeline::new();
    let mut facts = unknown(&pipeline);
    let now = parts(&facts)["alerts"].clone();
    assert!(now.contains("nothing is shown yet"), "{now}");
    pipeline.run(0, &[1]).await;
    // Five small orders of one customer within ten minutes.
    pipeline.run(1, &[2, 3, 4, 5]).await;
    let head = pipeline.stores.log.head().await.unwrap();
    let dataset = &pipeline.stores.dataset;
    let gold = read_all(pipeline.warehouse.as_ref(), dataset, head.as_ref());
    facts.gold = gold.await.unwrap();
    let now = parts(&facts)["alerts"].clone();
    assert!(has(&now, "alerts-open", 1, "1 open alert"), "{now}");
    assert!(has(&now, "alerts-waiting", 0, "0 messages"), "{now}");
    let fields = "<td>customer_id 00007, small 5, window_start ";
    assert!(
        now.contains("<th scope=\"row\">card-testing</th><td>raised</td><td>nobody</td>"),
        "{now}"
    );
    assert!(now.contains(fields), "{now}");

    let alerts = facts.gold.alerts.as_mut().unwrap();
    (alerts.waiting, alerts.failed) = (2, 1);
    alerts.error = Some("it answered 503".to_owned());
    alerts.rules[0].failed = 1;
    alerts.rules[0].failed_at = Some("2025-11-25T11:00:00Z".to_owned());
    let now = parts(&facts)["alerts"].clone();
    for said in [
        "<p class=\"bad\">1 message could not be sent for seven days: it answered 503",
        "<p class=\"doubtful\">2 messages to be sent: it answered 503</p>",
        "<p class=\"bad\">rule large-order: its condition could not be computed once",
    ] {
        assert!(now.contains(said), "{said}: {now}");
    }
}
