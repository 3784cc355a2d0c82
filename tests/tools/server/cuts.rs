//! Connections that are cut.

use libtest_mimic::Trial;
use sluice::warehouse::FailureKind;
use testkit::database::{Database, prepare};
use testkit::warehouse_suite::{HOURLY, apply, commit, everything, hourly, run, schema};

use super::proxy::Proxy;
use super::schema::TestSchema;
use super::trials::server_trials;

pub(super) fn trials() -> Vec<Trial> {
    server_trials![
        a_connection_cut_anywhere_leaves_all_or_nothing,
        a_connection_cut_during_a_bulk_load_changes_nothing,
    ]
}

async fn a_connection_cut_anywhere_leaves_all_or_nothing() {
    let place = TestSchema::new();
    let schema = schema();
    let direct = place.open(&schema);
    prepare(&*direct).await;
    let first = vec![hourly(1, 1, Some((5, 5, 5)), None)];
    commit(&*direct, run(&schema, HOURLY, None, 1), first).await;
    let before = everything(&*direct).await;

    let proxy = Proxy::start(&place.string).await;
    let rows = || {
        vec![
            hourly(1, 2, Some((7, 3, 4)), Some(9)),
            hourly(2, 1, None, None),
        ]
    };
    let mut cuts = 0;
    for messages in 0.. {
        proxy.cut_after(messages);
        let through = place.open_at(&proxy.string, &schema);
        let outcome = apply(&*through, run(&schema, HOURLY, Some(1), 2), rows()).await;
        let Err(error) = outcome else {
            break;
        };
        cuts += 1;
        match error.kind() {
            FailureKind::Transient => assert_eq!(everything(&*direct).await, before),
            // All or nothing: what is there is compared below.
            FailureKind::Ambiguous => {}
            FailureKind::Permanent => panic!("{error:?}"),
        }
    }
    assert!(cuts > 10, "{cuts}");
    let after = everything(&*direct).await;
    let expected = TestSchema::new();
    let undisturbed = expected.open(&schema);
    prepare(&*undisturbed).await;
    let first = vec![hourly(1, 1, Some((5, 5, 5)), None)];
    commit(&*undisturbed, run(&schema, HOURLY, None, 1), first).await;
    commit(&*undisturbed, run(&schema, HOURLY, Some(1), 2), rows()).await;
    assert_eq!(after, everything(&*undisturbed).await);
}

async fn a_connection_cut_during_a_bulk_load_changes_nothing() {
    let place = TestSchema::new();
    let schema = schema();
    let direct = place.open(&schema);
    prepare(&*direct).await;
    let before = everything(&*direct).await;
    let proxy = Proxy::start(&place.string).await;
    let rows: Vec<_> = (0..20_000)
        .map(|hour| hourly(hour, 1, Some((1, 1, 1)), None))
        .collect();
    // So many bytes are on their way only while rows are loaded.
    proxy.cut_after_bytes(200_000);
    let through = place.open_at(&proxy.string, &schema);
    let error = apply(&*through, run(&schema, HOURLY, None, 1), rows.clone()).await;
    assert_eq!(error.unwrap_err().kind(), FailureKind::Transient);
    assert_eq!(everything(&*direct).await, before);
    commit(&*direct, run(&schema, HOURLY, None, 1), rows).await;
}
