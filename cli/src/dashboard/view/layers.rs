//! The layers with their throughput and lag, and the balance; pure.

use askama::Template;
use sluice::event::UnixMillis;

use super::super::chart::{self, Kind};
use super::super::reading::Facts;
use super::text::{Number, Remark, Tone, ago, html};
use crate::output::{ages, count, named, thousands};
use crate::status::{Silver, Unkept};

/// From which lag on a layer is doubtful.
const MUCH_BEHIND: u64 = 1;

/// A layer.
struct Layer {
    id: &'static str,
    name: &'static str,
    /// Nothing where it is not known.
    number: Option<Number>,
    things: String,
    /// How much flows into it.
    rate: Option<String>,
    lag: Option<Remark>,
    notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "dashboard/layers.html")]
struct Layers {
    layers: Vec<Layer>,
    remarks: Vec<Remark>,
}

#[derive(Template)]
#[template(path = "dashboard/flow.html")]
struct FlowChart {
    svg: Option<String>,
    text: String,
}

#[derive(Template)]
#[template(path = "dashboard/balance.html")]
struct Balanced {
    events: Vec<(&'static str, Number)>,
    records: Vec<(&'static str, Number)>,
    lines: Number,
    of_records: Number,
    is_even: bool,
    text: String,
    notes: Vec<String>,
}

/// All layers.
pub(super) fn layers(facts: &Facts) -> String {
    let silver = facts.silver.as_ref();
    let remarks = facts.dataset.warnings().into_iter();
    let remarks =
        remarks.map(|warning| Remark::new(Tone::Doubtful, format!("the dataset file: {warning}")));
    let unkept = silver
        .into_iter()
        .flat_map(|silver| &silver.unkept)
        .map(unkept);
    html(&Layers {
        layers: vec![
            hub(facts),
            bronze(silver, facts.called),
            silver_layer(facts),
            gold(facts),
        ],
        remarks: remarks.chain(unkept).collect(),
    })
}

fn unkept(hour: &Unkept) -> Remark {
    let (things, are) = hour.fate.words();
    let text = format!(
        "hub partition {}: {} of {} of the hour from {} are {are}",
        hour.partition,
        thousands(hour.unkept),
        count(hour.of, things),
        hour.hour
    );
    Remark::new(Tone::Doubtful, text)
}

fn rate(a_second: f64, things: &str) -> String {
    // Whole numbers where there are many.
    match a_second >= 10.0 {
        true => format!("{} {things}/s", thousands(a_second.round() as u64)),
        false => format!("{a_second:.1} {things}/s"),
    }
}

fn behind(behind: u64, thing: &str, before: &str) -> Remark {
    match behind < MUCH_BEHIND {
        true => Remark::new(Tone::Good, format!("has every {thing} of {before}")),
        false => Remark::new(
            Tone::Doubtful,
            format!("{} behind {before}", count(behind, thing)),
        ),
    }
}

fn hub(facts: &Facts) -> Layer {
    let (number, lag, notes) = match &facts.hub {
        Some(Ok(hub)) => {
            let partitions = count(hub.partitions.len() as u64, "partition");
            (
                Some(Number(hub.events)),
                None,
                vec![format!("{partitions} of {}", hub.name)],
            )
        }
        Some(Err(reason)) => {
            let text = format!("cannot be read: {}", named(reason, facts.called));
            (None, Some(Remark::new(Tone::Bad, text)), Vec::new())
        }
        None => (None, None, Vec::new()),
    };
    Layer {
        id: "hub-events",
        name: "Hub",
        number,
        things: "events".to_owned(),
        rate: facts.flow.hub_rate().map(|events| rate(events, "events")),
        lag,
        notes,
    }
}

fn bronze(silver: Option<&Silver>, called: &str) -> Layer {
    let objects = silver.map(|silver| count(silver.objects, "object"));
    let objects = objects
        .map(|objects| format!("in {objects}; what waits is told by {called} status --deep"));
    Layer {
        id: "bronze-events",
        name: "Bronze",
        number: silver.map(|silver| Number(silver.lines)),
        things: "events refined".to_owned(),
        rate: None,
        lag: None,
        notes: objects.into_iter().collect(),
    }
}

fn silver_layer(facts: &Facts) -> Layer {
    let Some(silver) = &facts.silver else {
        return Layer {
            id: "silver-rows",
            name: "Silver",
            number: None,
            things: "rows".to_owned(),
            rate: None,
            lag: Some(Remark::new(Tone::Doubtful, "has no version yet".to_owned())),
            notes: Vec::new(),
        };
    };
    let latest = facts.flow.latest().map(UnixMillis);
    let latest = latest.map_or_else(String::new, |at| format!(", {}", ago(at, facts.at)));
    let mut notes = vec![format!(
        "version {}{latest}, {}",
        thousands(silver.version),
        count(silver.files, "file")
    )];
    notes.push(match (&silver.watermark, silver.watermark_behind_now) {
        (Some(watermark), Some(behind)) => {
            let age = ages(behind, silver.watermark_behind_arrival);
            format!("watermark {watermark}, {}", age.join(", "))
        }
        _ => "no watermark yet".to_owned(),
    });
    Layer {
        id: "silver-rows",
        name: "Silver",
        number: Some(Number(silver.rows)),
        things: "rows".to_owned(),
        rate: Some(rate(facts.flow.silver_rates(facts.at.0).1, "rows")),
        lag: silver
            .behind
            .map(|events| behind(events, "event", "the hub")),
        notes,
    }
}

fn gold(facts: &Facts) -> Layer {
    let tables = &facts.gold.tables;
    let latest = facts.silver.as_ref().map(|silver| silver.version);
    let known = tables.iter().filter(|table| table.behind.is_some());
    let lags = known.filter_map(|table| Some(latest?.saturating_sub(table.version?)));
    let lag = lags
        .max()
        .map(|versions| behind(versions, "version", "silver"));
    let stuck = tables.iter().find_map(|table| table.reason.as_ref());
    let stuck = stuck.map(|reason| Remark::new(Tone::Bad, named(reason, facts.called)));
    let problem = facts.gold.problem.as_ref();
    let problem = problem.map(|text| Remark::new(Tone::Doubtful, named(text, facts.called)));
    let read = facts
        .gold
        .at
        .map(|at| format!("read {}", ago(at, facts.at)));
    Layer {
        id: "gold-rows",
        name: "Gold",
        number: facts
            .gold
            .at
            .map(|_| Number(tables.iter().map(|table| table.rows).sum())),
        things: format!("rows in {}", count(tables.len() as u64, "table")),
        rate: None,
        lag: problem.or(stuck).or(lag),
        notes: read.into_iter().collect(),
    }
}

/// Events that silver took, over time.
pub(super) fn flow(facts: &Facts) -> String {
    let parts = facts.flow.parts(facts.at.0);
    let minutes = parts.len() / 6;
    let label = |at: usize| match (parts.len() - at) / 6 {
        0 => "now".to_owned(),
        minutes => format!("{minutes} min ago"),
    };
    let most = parts.iter().copied().fold(0.0, f64::max);
    let (lines, _) = facts.flow.silver_rates(facts.at.0);
    html(&FlowChart {
        svg: chart::draw(Kind::Area, &parts, label),
        text: format!(
            "Events that silver took in the last {minutes} minutes: {} in the last one, {} at most",
            rate(lines, "events"),
            rate(most, "events")
        ),
    })
}

/// What became of every event and record.
pub(super) fn balance(facts: &Facts) -> String {
    let Some(silver) = &facts.silver else {
        return String::new();
    };
    let events = [
        ("empty", Number(silver.empty)),
        ("opened", Number(silver.opened)),
    ];
    let records = [
        ("rows", Number(silver.rows)),
        ("duplicates", Number(silver.duplicates)),
        ("filtered", Number(silver.filtered)),
        ("quarantined", Number(silver.quarantined)),
    ];
    let sum = |parts: &[(&str, Number)]| parts.iter().map(|(_, number)| number.0).sum::<u64>();
    let notes = [
        (silver.late, "row", "late: stored, and counted"),
        (
            silver.conflicts,
            "duplicate",
            "known to differ from the row that stays",
        ),
        (
            silver.nulled.total(),
            "value",
            "nulled: its column could not take it",
        ),
    ];
    let notes = notes.into_iter().filter(|(number, ..)| *number > 0);
    html(&Balanced {
        is_even: sum(&events) == silver.lines && sum(&records) == silver.records,
        text: silver.balance().text(&count(silver.lines, "event")),
        lines: Number(silver.lines),
        of_records: Number(silver.records),
        events: events.into(),
        records: records.into(),
        notes: notes
            .map(|(number, thing, what)| format!("{} {what}", count(number, thing)))
            .collect(),
    })
}
