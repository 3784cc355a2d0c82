//! Columns that are computed.

use bytes::Bytes;
use sluice::event::RejectReason;
use testkit::datasets::{THINGS, replace};
use testkit::events::{START, thing};
use testkit::world::World;

/// The dataset with a column whose keys are these.
fn with(column: &str) -> String {
    let added = format!("[[column]]\n{column}\n[[gold]]\ntable = \"hourly\"");
    replace(THINGS, "[[gold]]\ntable = \"hourly\"", &added)
}

fn event(id: i64, amount: &str) -> Bytes {
    Bytes::from(format!(r#"{{"id":{id},"at":{START},"amount":{amount}}}"#))
}

#[tokio::test(start_paused = true)]
async fn an_optional_value_that_cannot_be_computed_is_null_and_counted() {
    let share = "name = \"share\"\ntype = \"decimal(18,4)\"\nexpr = \"1 / amount\"";
    let world = World::new().with_dataset(&with(share));
    let events = [
        event(1, "4"),
        event(2, "0"),
        event(3, "null"),
        event(4, "0"),
    ];
    let source = world.put("0", 0, &events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    let nulled: Vec<_> = counts.nulled.iter().collect();
    assert_eq!((counts.rows, nulled), (4, vec![("share", "expression", 2)]));
    assert!(counts.is_conserved());
    let rescued: Vec<_> = world
        .silver()
        .await
        .into_iter()
        .map(|row| row.rescued)
        .collect();
    assert_eq!(rescued, [None, None, None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_line_whose_required_value_cannot_be_computed_is_refused_s2() {
    let share =
        "name = \"share\"\ntype = \"decimal(18,4)\"\nrequired = true\nexpr = \"1 / amount\"";
    let world = World::new().with_dataset(&with(share));
    let first = [
        event(1, "4"),
        Bytes::from_static(b"nonsense"),
        event(2, "0"),
    ];
    let second = [event(3, "0"), event(4, "null"), event(5, "5")];
    let process = world.process();
    let counts = process
        .refine(&world.put("0", 0, &first).await)
        .await
        .entry
        .counts;
    assert_eq!((counts.lines, counts.rows), (3, 1));
    assert_eq!(counts.quarantined[&RejectReason::Expression.into()], 1);
    assert!(counts.is_conserved());
    let counts = process
        .refine(&world.put("0", 3, &second).await)
        .await
        .entry
        .counts;
    assert_eq!(counts.quarantined[&RejectReason::Expression.into()], 1);
    assert_eq!(counts.quarantined[&RejectReason::MissingField.into()], 1);
    assert!(counts.is_conserved());

    let quarantine = world.end_state().await.quarantine;
    let all = quarantine.join("\n");
    for part in [
        r#"{"body":"{\"id\":2,"#,
        r#""position":0,"reason":"expression","record":0,"sequence_number":2}"#,
        r#""detail":"the value of \"share\" is invalid: division by zero""#,
        r#""detail":"the value of \"share\" is null""#,
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert_eq!(world.silver().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_late_has_nulled_nothing() {
    let seen = "name = \"seen\"\ntype = \"timestamp\"\nformat = \"%Y-%m-%d %H:%M\"\nzone = \"Europe/Berlin\"";
    let share =
        "name = \"share\"\ntype = \"decimal(18,4)\"\nrequired = true\nexpr = \"1 / amount\"";
    let columns = with(&format!("{seen}\n[[column]]\n{share}"));
    let event = |id: i64, amount: &str, who: &str| {
        let seen = "2025-10-26 02:30";
        let text =
            format!(r#"{{"id":{id},"at":{START},"amount":{amount},"who":{who},"seen":"{seen}"}}"#);
        Bytes::from(text)
    };
    let events = [
        event(1, "2", "[]"),
        event(1, "2", "[]"),
        event(2, "-1", "[]"),
        event(3, "0", "[]"),
        event(4, "4", "\"left out\""),
    ];
    let kept = "where = \"id <> 4\"\n";
    for (condition, rows, filtered) in [("", 2, 0), (kept, 1, 1)] {
        let dataset = columns.replacen("[[column]]", &format!("{condition}[[column]]"), 1);
        let world = World::new().with_dataset(&dataset);
        let source = world.put("0", 0, &events).await;
        let counts = world.process().refine(&source).await.entry.counts;
        let fates = (counts.rows, counts.duplicates, counts.filtered);
        assert_eq!(
            (fates, counts.quarantined_total()),
            ((rows, 1, filtered), 2)
        );
        // Those of the row, of its duplicate, and of the row without anything that is null.
        let nulled: Vec<_> = counts.nulled.iter().collect();
        let expected = [
            ("seen", "ambiguous_time", rows + 1),
            ("who", "invalid_value", 2),
        ];
        assert_eq!(nulled, expected, "{condition}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_computed_value_keeps_to_its_bounds() {
    let double = "name = \"twice\"\ntype = \"decimal(18,2)\"\nmax = 100\nexpr = \"amount * 2\"";
    let world = World::new().with_dataset(&with(double));
    let source = world.put("0", 0, &[event(1, "50"), event(2, "51")]).await;
    let counts = world.process().refine(&source).await.entry.counts;
    let nulled: Vec<_> = counts.nulled.iter().collect();
    assert_eq!(
        (counts.rows, nulled),
        (2, vec![("twice", "out_of_range", 1)])
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_computed_makes_no_conflict() {
    // The same in all that was sent.
    let world = World::new().with_dataset(&with(
        "name = \"many\"\ntype = \"bool\"\nexpr = \"amount > 1\"",
    ));
    let source = world
        .put("0", 0, &[thing(1, 0, 100), thing(1, 0, 100)])
        .await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
    // A younger column is null in older rows, and says nothing of what was sent.
    let plain = World::new();
    plain
        .process()
        .refine(&plain.put("0", 0, &[thing(1, 0, 100)]).await)
        .await;
    let text = with("name = \"many\"\ntype = \"bool\"\nexpr = \"amount > 1\"");
    let dedup = "[dedup]\nconflicts = \"all\"\n[[column]]";
    let dedup = text.replacen("[[column]]", dedup, 1);
    let wider = plain.with_dataset(&dedup);
    let again = wider.put("0", 1, &[thing(1, 0, 100)]).await;
    let counts = wider.process().refine(&again).await.entry.counts;
    assert_eq!((counts.duplicates, counts.conflicts), (1, 0));
}
