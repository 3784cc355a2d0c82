//! A line for each layer: whether it is up to date, its rate and its total, what waits for it and what it made; pure.

use sluice::event::EventTime;

use super::arrange::{Block, Rank};
use super::facts::{Gold, Moment, Seen};
use super::flow;
use super::rates::Rates;
use crate::output::{Line, Tone, count, duplicates, span, thousands};

/// A layer.
pub(super) struct Layer {
    name: &'static str,
    state: State,
    /// Events a second, where it has any.
    rate: Option<u64>,
    /// What it holds, and of what.
    total: (String, &'static str),
    phrases: Vec<Line>,
}

/// How a layer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    UpToDate,
    Waiting,
    Failing,
}

/// Returns all layers, in the order in which events flow.
pub(super) fn all(rates: &Rates, seen: &Seen, moment: Moment) -> [Layer; 4] {
    [
        hub(rates, seen, moment),
        bronze(rates, seen, moment),
        silver(rates, seen, moment),
        gold(seen),
    ]
}

fn hub(rates: &Rates, seen: &Seen, moment: Moment) -> Layer {
    let mut phrases = Vec::new();
    if let Some(time) = seen.last_event {
        phrases.push(Line::from(format!(
            "last event {} ago",
            age(moment.now, time)
        )));
    }
    if seen.sent.events > 0 {
        let sent = thousands(seen.sent.events);
        phrases.push(Line::from(format!("{sent} sent by this run")));
    }
    Layer {
        name: "hub",
        state: State::UpToDate,
        rate: Some(rates.of(moment.elapsed, |totals| totals.hub)),
        total: (
            thousands(seen.snapshot.hub_events),
            events(seen.snapshot.hub_events),
        ),
        phrases,
    }
}

fn events(number: u64) -> &'static str {
    if number == 1 { "event" } else { "events" }
}

fn age(now: EventTime, then: EventTime) -> String {
    span(((now.0 - then.0) / 1_000_000).max(0))
}

fn bronze(rates: &Rates, seen: &Seen, moment: Moment) -> Layer {
    let snapshot = &seen.snapshot;
    let waiting = snapshot.hub_events.saturating_sub(snapshot.bronze_events);
    let objects = count(snapshot.bronze_objects, "object");
    Layer {
        name: "bronze",
        state: state(seen, "bronze", waiting),
        rate: Some(rates.of(moment.elapsed, |totals| totals.bronze)),
        total: (
            thousands(snapshot.bronze_events),
            events(snapshot.bronze_events),
        ),
        phrases: with_waiting(waiting, "event", vec![Line::from(format!("in {objects}"))]),
    }
}

fn silver(rates: &Rates, seen: &Seen, moment: Moment) -> Layer {
    let snapshot = &seen.snapshot;
    let counts = &snapshot.counts;
    let waiting = snapshot
        .bronze_events
        .saturating_sub(snapshot.lines_of_hub());
    let quarantined = counts.quarantined_still();
    let mut phrases = vec![
        Line::from(duplicates(counts.duplicates, counts.conflicts)),
        Line::from(format!("{} late", thousands(counts.late))),
    ];
    if counts.filtered > 0 {
        phrases.push(Line::from(format!(
            "{} filtered",
            thousands(counts.filtered)
        )));
    }
    phrases.push(Line::of(
        match quarantined {
            0 => Tone::Plain,
            _ => Tone::Doubtful,
        },
        &format!("{} quarantined", thousands(quarantined)),
    ));
    phrases.push(Line::from(format!(
        "in {}",
        count(snapshot.silver_files, "file")
    )));
    Layer {
        name: "silver",
        state: state(seen, "silver", waiting),
        rate: Some(rates.of(moment.elapsed, |totals| totals.silver)),
        total: (
            thousands(counts.rows),
            if counts.rows == 1 { "row" } else { "rows" },
        ),
        phrases: with_waiting(waiting, "event", phrases),
    }
}

fn gold(seen: &Seen) -> Layer {
    let snapshot = &seen.snapshot;
    let layer = |state, phrases| Layer {
        name: "gold",
        state,
        rate: None,
        total: (String::new(), ""),
        phrases,
    };
    let gold = Gold::of(snapshot);
    let text = gold.to_string();
    match gold {
        Gold::Unreadable(_) => layer(State::Failing, vec![Line::of(Tone::Bad, &text)]),
        Gold::NotYet => layer(State::Waiting, vec![Line::from(text)]),
        Gold::At(published) => {
            let waiting = snapshot.version.0.saturating_sub(published.0);
            let version = Line::from(format!("at {text}"));
            let phrases = with_waiting(waiting, "version", vec![version]);
            layer(state(seen, "gold", waiting), phrases)
        }
    }
}

fn state(seen: &Seen, name: &str, waiting: u64) -> State {
    match (seen.snapshot.lasting.contains_key(name), waiting) {
        (true, _) => State::Failing,
        (false, 0) => State::UpToDate,
        (false, _) => State::Waiting,
    }
}

/// Says first what waits for a layer, or that nothing does.
fn with_waiting(waiting: u64, thing: &str, others: Vec<Line>) -> Vec<Line> {
    let first = match waiting {
        0 => Line::of(Tone::Good, "up to date"),
        1 => Line::of(Tone::Doubtful, &format!("1 {thing} waits")),
        many => Line::of(Tone::Doubtful, &format!("{} wait", count(many, thing))),
    };
    std::iter::once(first).chain(others).collect()
}

/// Lays layers out: numbers below one another, and what else there is to say where there is room.
pub(super) fn blocks(layers: &[Layer], width: usize) -> Vec<Block> {
    let longest = |text: &dyn Fn(&Layer) -> usize| layers.iter().map(text).max().unwrap_or(0);
    let rate = longest(&|layer| rate_text(layer).len());
    let total = longest(&|layer| layer.total.0.len());
    let unit = longest(&|layer| layer.total.1.len());
    let blocks = layers.iter().flat_map(|layer| {
        let (tone, mark) = match layer.state {
            State::UpToDate => (Tone::Good, "✓"),
            State::Waiting => (Tone::Doubtful, "•"),
            State::Failing => (Tone::Bad, "!"),
        };
        let start = Line::of(tone, mark)
            .and(Tone::Strong, &format!(" {:<6}", layer.name))
            .and(Tone::Plain, &format!("  {:>rate$}", rate_text(layer)))
            .and(Tone::Strong, &format!("  {:>total$}", layer.total.0))
            .and(Tone::Plain, &format!(" {:<unit$}", layer.total.1));
        let mut lines = flow::lines(start, &layer.phrases, width).into_iter();
        let first = Block::new(Rank::Layer, lines.next().into_iter().collect());
        [first, Block::new(Rank::Detail, lines.collect())]
    });
    blocks.collect()
}

fn rate_text(layer: &Layer) -> String {
    let rate = layer.rate.map(thousands);
    rate.map_or_else(String::new, |rate| format!("{rate}/s"))
}
