//! Tables that are made anew beside the live ones.

use super::{alerts, burst, watched};
use sluice::gold::Rebuild;
use testkit::world::Committed;

const MANY: &str = r#"
[[alert]]
name = "many"
on = "hourly"
when = "n >= 3"
"#;

async fn publish_until_done(world: &Committed) {
    for _ in 0..3 {
        world.publish().await;
    }
}

#[tokio::test]
async fn a_rebuild_tells_nothing_again() {
    let world = watched(MANY).await;
    world.append(&[&burst(10, 61, 3, 1)]).await;
    world.publish().await;
    world.gold().ask(&Rebuild::All).await.unwrap();
    publish_until_done(&world).await;
    world.append(&[&burst(20, 62, 3, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
    // And the rule goes on.
    world.append(&[&burst(30, 130, 3, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 2);
    assert_eq!(
        world.world.warehouse().look().await.unwrap().retired.len(),
        3
    );
}

#[tokio::test]
async fn a_swap_tells_what_its_new_rows_make_true() {
    let mut world = watched(&MANY.replace("n >= 3", "high > 4.00")).await;
    world
        .append(&[&burst(10, 61, 1, 300), &burst(20, 121, 1, 500)])
        .await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
    // What was the highest is the lowest: nothing of it is above 4.00 but the second hour.
    world.append(&[&burst(30, 122, 1, 100)]).await;
    world.publish().await;
    world.change("high = \"max(amount)\"", "high = \"min(amount)\"");
    publish_until_done(&world).await;
    let told = alerts(&world).await;
    assert!(told.len() == 1 && told[0].contains(" over "), "{told:?}");
    world.change("high = \"min(amount)\"", "high = \"sum(amount)\"");
    publish_until_done(&world).await;
    let told = alerts(&world).await;
    assert!(told.len() == 1 && told[0].contains(" open "), "{told:?}");
}

#[tokio::test]
async fn until_the_swap_the_rule_of_the_books_applies_to_the_old_table() {
    let mut world = watched(MANY).await;
    world.append(&[&burst(10, 61, 1, 1)]).await;
    world.publish().await;
    // So much that the shadow does not come within this run.
    world.change(
        "high = \"max(amount)\"",
        "high = \"max(amount)\", top = \"max(amount)\"",
    );
    world.append(&[&burst(20, 62, 5, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
    publish_until_done(&world).await;
    assert_eq!(alerts(&world).await.len(), 1);
}

#[tokio::test]
async fn a_raised_generation_tells_only_what_is_true_of_it_and_was_not_before() {
    let mut world = watched(MANY).await;
    world
        .append(&[&burst(10, 61, 3, 1), &burst(20, 121, 2, 1)])
        .await;
    world.publish().await;
    world.change("name = \"things\"", "name = \"things\"\ngeneration = 2");
    world.initialize_as("second").await;
    world
        .append(&[&burst(10, 61, 3, 1), &burst(20, 121, 2, 1)])
        .await;
    world.append(&[&burst(30, 122, 2, 1)]).await;
    world.world.wait(10 * 60_000);
    publish_until_done(&world).await;
    let told = alerts(&world).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|told| told.contains(" open ")), "{told:?}");
}
