//! What cannot be taken up is named, and everything else is.

use sluice::silver::RefineError;
use sluice::store::object::{Metadata, ObjectPath, paths};
use testkit::datasets::{THINGS, replace};
use testkit::faulty::Script;
use testkit::world::World;

use super::steps::{bodies, body, check, ids, loosened, plan, redrive, strict, version, waiting};

#[tokio::test]
async fn an_object_that_bronze_no_longer_has_is_named_and_the_others_go_on() {
    let world = loosened(&[&[60], &[61]]).await;
    let gone = waiting(&world).await[0].source().to_owned();
    world
        .lake
        .delete(&ObjectPath::new(paths::BRONZE, &gone))
        .await
        .unwrap();
    let announced = plan(&world).await;
    assert_eq!(
        announced.sources[0].fates,
        Err("bronze no longer has it".to_owned())
    );
    let outcome = redrive(&world).await;
    assert_eq!(
        outcome.refused,
        [(gone, "bronze no longer has it".to_owned())]
    );
    assert_eq!(outcome.done.len(), 1);
    assert_eq!(ids(&world).await, [1, 61]);
}

#[tokio::test]
async fn a_file_that_silver_does_not_go_by_takes_nothing_up() {
    let world = World::builder().dataset(&strict()).build();
    let source = world.put("0", 0, &bodies(&[2, 60])).await;
    world.process().refine(&source).await;
    let before = version(&world).await;
    let loose = world.with_dataset(THINGS);
    let candidates = waiting(&loose).await;
    let mut redrives = loose.redrives(&Script::new());
    let planned = redrives.plan(&candidates).await;
    assert!(
        matches!(planned, Err(RefineError::NotDeployed)),
        "{planned:?}"
    );
    let outcome = redrives.run(&candidates, None, |_| {}).await;
    assert!(matches!(outcome.stopped, Some(RefineError::NotDeployed)));
    assert_eq!(version(&world).await, before);
}

#[tokio::test]
async fn quarantine_that_lacks_a_record_is_named() {
    let world = loosened(&[&[60, 61]]).await;
    let entries = world.ledger().await;
    let path = entries
        .iter()
        .find_map(|entry| entry.quarantine.clone())
        .unwrap();
    let content = world.lake.get(&path).await.unwrap().unwrap();
    let first = content.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let find = async || {
        let redrives = world.redrives(&Script::new());
        redrives
            .candidates(&Default::default())
            .await
            .unwrap_err()
            .to_string()
    };
    world
        .replace_object(&path, content.slice(..first), &Metadata::new())
        .await;
    let text = find().await;
    assert!(
        text.contains("has 1 rejected records") && text.contains("says 2"),
        "{text}"
    );
    world
        .replace_object(&path, "{}\n".into(), &Metadata::new())
        .await;
    let text = find().await;
    assert!(text.starts_with("line 1 of quarantine/"), "{text}");
    world.lake.delete(&path).await.unwrap();
    let text = find().await;
    assert!(text.contains("in the ledger and not in the lake"), "{text}");
}

/// The number of a record in its event depends on how events are opened, which the file may have changed since.
#[tokio::test]
async fn a_record_that_is_another_one_by_now_is_not_taken_for_it() {
    let opened = |place: &str, rule: &str| {
        let payload = format!("[payload]\nrecords = \"$.{place}[*]\"\n");
        let text = replace(
            THINGS,
            "[[column]]\nname = \"id\"",
            &format!("{payload}[[column]]\nname = \"id\""),
        );
        replace(
            &text,
            "type = \"int64\"\nrequired = true\n",
            &format!("type = \"int64\"\nrequired = true\n{rule}"),
        )
    };
    let before = World::builder()
        .dataset(&opened("records", "max = 50\n"))
        .build();
    let text = |number| String::from_utf8(body(number).to_vec()).unwrap();
    let event = |other: i64| {
        let (one, two, other) = (text(2), text(60), text(other));
        format!("{{\"records\":[{one},{two}],\"items\":[{one},{other}]}}").into()
    };
    // In the first object the second record is another one by the new file, in the second the same.
    for (sequence, other) in [(0, 70), (1, 60)] {
        let source = before.put("0", sequence, &[event(other)]).await;
        before.process().refine(&source).await;
    }
    let world = before.with_dataset(&opened("items", ""));
    let good = format!("{{\"items\":[{}]}}", text(1));
    let source = world.put("9", 0, &[good.into()]).await;
    world.process().refine(&source).await;
    let outcome = redrive(&world).await;
    assert_eq!(outcome.done.len(), 1, "{outcome:?}");
    let (_, reason) = &outcome.refused[0];
    assert!(reason.contains("opened otherwise"), "{reason}");
    assert_eq!(ids(&world).await, [1, 2, 60]);
    check(&world).await;
}

/// A build that does not know of it keeps the head's properties, and loses what the totals say: maintenance counts then.
#[tokio::test]
async fn totals_that_lack_what_was_taken_up_are_none_until_they_are_counted() {
    use sluice::store::entity::Value;

    let world = loosened(&[&[2, 60, 900]]).await;
    redrive(&world).await;
    world
        .change_row("head", |head| {
            let Some(Value::String(totals)) = head.properties.get_mut("totals") else {
                panic!("the head has totals");
            };
            *totals = replace(totals, "\"redriven\":2", "\"redriven\":0");
        })
        .await;
    let head = world.log().head().await.unwrap().unwrap();
    assert_eq!(head.totals, None);
    world.process().maintain(false).await;
    let head = world.log().head().await.unwrap().unwrap();
    assert_eq!(head.totals.unwrap().counts.redriven, 2);
}
