//! Writes a lake as the build writes it that this test belongs to.

use std::path::PathBuf;

use bytes::Bytes;

use super::eager;
use super::stored::{GOLD, STORES, Stores, pack};
use super::world::{MINUTE, World, body};

/// Lines that are set aside, for a reason each.
fn bad() -> Vec<Bytes> {
    let lines: [&[u8]; 9] = [
        b"no JSON",
        b"\xff\xfe",
        b"two\nlines",
        b"{\"id\":1}",
        b"{\"id\":\"x\",\"at\":1763118000000}",
        b"{\"id\":1,\"at\":1763118000000,\"amount\":123456789012345678901}",
        b"{\"id\":1,\"at\":1763118000000,\"amount\":-0.5}",
        b"{\"id\":1,\"at\":-9999999999999}",
        b"{\"id\":1,\"at\":1773118000000}",
    ];
    lines.into_iter().map(Bytes::from_static).collect()
}

fn bodies(ids: std::ops::Range<i64>, minute: i64) -> Vec<Bytes> {
    ids.map(|id| body(id, minute + id % 20)).collect()
}

#[tokio::test]
#[ignore = "it writes the lake of this build into the folder that SLUICE_LAKE names; those of earlier builds stay as they are"]
async fn write_the_lake_of_this_build() {
    let folder =
        PathBuf::from(std::env::var_os("SLUICE_LAKE").expect("SLUICE_LAKE names a folder"));
    let first = World::new(1);
    first.refine("0", 0, 0, &bodies(0..20, 0)).await;
    first.published().await;
    first.publish().await;

    // The second generation starts from the same bronze.
    let world = first.with_generation(2);
    for source in world.sources().await {
        world.app().silver.refine(source).await.unwrap();
    }
    world.published().await;
    // New rows, two that the first object has, one twice, and lines that are none.
    let mut second = bodies(20..40, 0);
    second.extend([body(3, 3), body(4, 4), body(20, 0), body(20, 0)]);
    second.extend(bad());
    world.refine("1", 100, 1, &second).await;
    world.wait(2 * 60 * MINUTE);
    world.refine("0", 20, 130, &bodies(40..60, 120)).await;
    world.refine("1", 200, 130, &bodies(60..62, 120)).await;
    // Late ones: the watermark is two hours further.
    world
        .refine("0", 40, 140, &[body(62, 2), body(63, 3), body(64, 4)])
        .await;
    world.publish().await;
    world.wait(60 * MINUTE);
    world.maintain(eager()).await;
    world.refine("0", 60, 200, &bodies(70..80, 200)).await;
    world
        .refine("1", 300, 200, &[body(80, 201), body(81, 202), Bytes::new()])
        .await;
    world.publish().await;

    let partitions = world.partitions();
    let stores = Stores::of(&*world.lake, &*world.state, &partitions).await;
    let json = serde_json::to_vec(&stores).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    pack(&folder.join(STORES), &json);
    pack(
        &folder.join(GOLD),
        &std::fs::read(world.gold_file()).unwrap(),
    );
}
