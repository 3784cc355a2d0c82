//! The suite that a file passes too, and what only a server has.

use std::time::Instant;

use libtest_mimic::Trial;
use sluice::warehouse::azure_sql;
use testkit::database::{Database, prepare};
use testkit::warehouse_suite::{self, HOURLY, apply, commit, hourly, run, schema};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt;

use super::schema::{TestSchema, missing};
use super::trials::{block_on, server_trials};
use crate::tool::trial;

macro_rules! suite {
    ($($behaviour:ident),* $(,)?) => {
        vec![$(trial(
            concat!(module_path!(), "::", stringify!($behaviour)),
            missing(),
            || block_on(async { warehouse_suite::$behaviour(&TestSchema::new()).await }),
        )),*]
    };
}

pub(super) fn trials() -> Vec<Trial> {
    let mut all = testkit::warehouse_behaviours!(suite);
    all.extend(server_trials![
        a_hundred_thousand_groups_are_merged_in_seconds,
        the_script_makes_what_the_handler_then_finds_complete,
    ]);
    all
}

async fn a_hundred_thousand_groups_are_merged_in_seconds() {
    let place = TestSchema::new();
    let schema = schema();
    let warehouse = place.open(&schema);
    prepare(&*warehouse).await;
    let rows: Vec<_> = (0..100_000)
        .map(|hour| hourly(hour, 1, Some((100, 100, 100)), Some(1)))
        .collect();
    for (from, to) in [(None, 1), (Some(1), 2)] {
        let started = Instant::now();
        let outcome = apply(&*warehouse, run(&schema, HOURLY, from, to), rows.clone()).await;
        assert!(outcome.unwrap());
        eprintln!("100,000 groups: {:.1} s", started.elapsed().as_secs_f64());
        assert!(started.elapsed().as_secs() < 60);
    }
}

async fn the_script_makes_what_the_handler_then_finds_complete() {
    let place = TestSchema::new();
    let schema = schema();
    let script = azure_sql::script(&schema, Some(&place.name)).unwrap();
    let config = tiberius::Config::from_ado_string(&place.string).unwrap();
    let stream = TcpStream::connect(config.get_addr()).await.unwrap();
    let connecting = tiberius::Client::connect(config, stream.compat_write());
    let mut client = Box::pin(connecting).await.unwrap();
    for _ in 0..2 {
        for batch in script
            .split("GO\n")
            .filter(|batch| !batch.trim().is_empty())
        {
            let results = client.simple_query(batch).await.unwrap();
            results.into_results().await.unwrap();
        }
    }
    let warehouse = place.open(&schema);
    prepare(&*warehouse).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
}
