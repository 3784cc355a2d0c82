//! Gold: how far each table is, and what is in it, as charts and as rows; pure.

use std::collections::BTreeMap;

use askama::Template;
use sluice::dataset::{GoldTable as Definition, Summary};
use sluice::warehouse::schema::RANK;

use super::super::chart::{self, Kind};
use super::super::reading::Facts;
use super::text::{Number, Remark, Tone, html, percent, seconds};
use crate::output::gold::ShownTable;
use crate::output::{Cells, Heading, count, named, span, thousands};
use crate::status::GoldTable;

/// Most measures of a table that have a chart.
const CHARTS: usize = 2;
/// Most groups of a table that have a bar, and most rows that are shown.
const BARS: usize = 8;
const ROWS: usize = 12;

/// How far a table is.
struct Table {
    name: String,
    rows: Number,
    version: Option<Number>,
    rows_taken: Option<Number>,
    state: Remark,
    settled_until: Option<String>,
    last_run: Option<String>,
}

#[derive(Template)]
#[template(path = "dashboard/gold.html")]
struct Standing {
    tables: Vec<Table>,
    remarks: Vec<Remark>,
    /// Whether a button offers to read what was not read.
    is_asleep: bool,
    when: Option<String>,
}

/// A picture of a measure.
struct Picture {
    title: String,
    /// What is to be seen, for those who do not see it.
    text: String,
    svg: String,
}

/// A group and its measure.
struct Bar {
    label: String,
    value: String,
    share: f64,
}

#[derive(Template)]
#[template(path = "dashboard/chart.html")]
struct Charts {
    title: String,
    pictures: Vec<Picture>,
    /// What the bars are of.
    bars_of: String,
    bars: Vec<Bar>,
    figures: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "dashboard/rows.html")]
struct Rows<'a> {
    name: &'a str,
    title: String,
    headings: Vec<Heading>,
    rows: Vec<Vec<(bool, String)>>,
}

/// How far each table is.
pub(super) fn standing(facts: &Facts) -> String {
    let gold = &facts.gold;
    let latest = facts.silver.as_ref().map(|silver| silver.version);
    let problem = gold.problem.iter();
    let problem = problem.map(|text| Remark::new(Tone::Bad, named(text, facts.called)));
    let removed = gold.removed.iter().map(|removed| {
        let text = format!(
            "{} is no longer in the dataset file, so it stays at version {}",
            removed.table, removed.version
        );
        Remark::new(Tone::Doubtful, text)
    });
    html(&Standing {
        tables: gold
            .tables
            .iter()
            .map(|table| row(table, latest, facts.called))
            .collect(),
        remarks: problem.chain(removed).collect(),
        is_asleep: gold.is_asleep,
        when: gold.at.map(seconds),
    })
}

fn row(table: &GoldTable, latest: Option<u64>, called: &str) -> Table {
    let state = state(table, latest);
    Table {
        name: table.table.clone(),
        rows: Number(table.rows),
        version: table.version.map(Number),
        rows_taken: table.rows_taken.map(Number),
        state: Remark::new(state.tone, named(&state.text, called)),
        settled_until: table.settled_until.clone(),
        last_run: table.last_run.clone(),
    }
}

/// What is to be said of a table first.
fn state(table: &GoldTable, latest: Option<u64>) -> Remark {
    if let Some(reason) = &table.reason {
        let tone = match table.blocked_version {
            Some(_) => Tone::Bad,
            None => Tone::Doubtful,
        };
        return Remark::new(tone, reason.clone());
    }
    if let Some(lacks_for) = table.lacks_for {
        let text = format!(
            "has not moved for {}, and silver keeps what it needs for seven days",
            span(lacks_for)
        );
        return Remark::new(Tone::Bad, text);
    }
    if let Some(text) = table.imbalance() {
        return Remark::new(Tone::Bad, text);
    }
    if let Some(next) = &table.next {
        return Remark::new(
            Tone::Doubtful,
            format!("a new table beside it is {}", next.state),
        );
    }
    let Some(version) = table.version else {
        return Remark::new(Tone::Doubtful, "not made yet".to_owned());
    };
    match (table.behind, latest) {
        (Some(_), Some(latest)) if latest > version => {
            let text = format!("{} behind", count(latest - version, "version"));
            Remark::new(Tone::Doubtful, text)
        }
        (Some(_), _) => Remark::new(Tone::Good, "up to date".to_owned()),
        (None, _) => Remark::new(Tone::Doubtful, "of another generation".to_owned()),
    }
}

/// What is in each table and view: its charts and its rows.
pub(super) fn contents(facts: &Facts) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    let tables = facts.dataset.gold.iter();
    let tables = tables.map(|table| (&table.table, Shown::Table(table)));
    let rankings = facts.dataset.rankings.iter();
    let rankings = rankings.map(|ranking| {
        let table = facts.dataset.gold.get(ranking.from.position());
        let measure = table.and_then(|table| table.measures.get(ranking.order_by));
        let measure = measure.map_or("", |measure| measure.name.as_str());
        (&ranking.view, Shown::Ranking(measure))
    });
    let summaries = facts.dataset.summaries.iter();
    let summaries = summaries.map(|summary| (&summary.view, Shown::Summary(summary)));
    for (at, (name, shown)) in tables.chain(rankings).chain(summaries).enumerate() {
        let Some(table) = facts.gold.shown.get(name) else {
            continue;
        };
        let cells = table.table().cells();
        parts.insert(format!("chart-{at}"), charts(table, &cells, shown));
        parts.insert(format!("rows-{at}"), rows(table, cells));
    }
    parts
}

fn rows(table: &ShownTable, cells: Cells) -> String {
    let shown = cells.rows.len().min(ROWS);
    let title = format!(
        "{} of {}",
        thousands(shown as u64),
        count(table.total, "row")
    );
    let headings = &cells.headings;
    let rows = cells.rows.into_iter().take(ROWS).map(|row| {
        let values = row.into_iter().zip(headings);
        let values = values.map(|(value, heading)| {
            (
                heading.is_number,
                value.unwrap_or_else(|| "null".to_owned()),
            )
        });
        values.collect()
    });
    html(&Rows {
        name: &table.name,
        title,
        rows: rows.collect(),
        headings: cells.headings.clone(),
    })
}

/// What is shown.
#[derive(Clone, Copy)]
enum Shown<'d> {
    Table(&'d Definition),
    /// By this measure.
    Ranking(&'d str),
    Summary(&'d Summary),
}

/// The columns of a table by what they are.
struct Columns {
    time: Option<usize>,
    /// Those before the first measure that are no time: what groups are called by.
    groups: Vec<usize>,
    measures: Vec<usize>,
}

impl Columns {
    fn of(cells: &Cells, shown: Shown<'_>) -> Self {
        let position = |name: &str| cells.headings.iter().position(|own| own.name == name);
        let (times, names): (Vec<&str>, Vec<&str>) = match shown {
            Shown::Table(table) => {
                let times = [table.grain.time_column(), table.grain.end_column()];
                let measures = table.measures.iter();
                let measures = measures.map(|measure| measure.name.as_str());
                (times.into_iter().flatten().collect(), measures.collect())
            }
            // Its rows are in the order of this column.
            Shown::Ranking(measure) => (vec![RANK], vec![measure]),
            Shown::Summary(summary) => {
                let measures = summary.measures.iter();
                let measures = measures.map(|measure| measure.name.as_str());
                (Vec::new(), measures.collect())
            }
        };
        let is_quantity = |at: &usize| {
            let heading = cells.headings.get(*at);
            heading.is_some_and(|heading| heading.is_quantity)
        };
        let measures = names.iter().filter_map(|name| position(name));
        let measures: Vec<usize> = measures.filter(is_quantity).collect();
        let times: Vec<usize> = times.iter().filter_map(|name| position(name)).collect();
        let first_quantity = (0..cells.headings.len())
            .find(|at| is_quantity(at) && !times.contains(at))
            .unwrap_or(cells.headings.len());
        Self {
            groups: (0..first_quantity)
                .filter(|at| !times.contains(at))
                .collect(),
            time: times
                .first()
                .copied()
                .filter(|_| matches!(shown, Shown::Table(_))),
            measures,
        }
    }
}

fn charts(table: &ShownTable, cells: &Cells, shown: Shown<'_>) -> String {
    let columns = Columns::of(cells, shown);
    let mut charts = Charts {
        title: format!("{}, {}", table.name, count(table.total, "row")),
        pictures: Vec::new(),
        bars_of: String::new(),
        bars: Vec::new(),
        figures: Vec::new(),
    };
    match (columns.time, columns.groups.is_empty()) {
        (Some(time), true) => {
            let measures = columns.measures.iter().take(CHARTS);
            let pictures = measures.filter_map(|at| picture(table, cells, time, *at));
            charts.pictures = pictures.collect();
        }
        (None, true) => charts.figures = figures(cells, &columns),
        (_, false) => (charts.bars_of, charts.bars) = bars(table, cells, &columns),
    }
    html(&charts)
}

fn number(table: &ShownTable, row: usize, column: usize) -> Option<f64> {
    let row = table.rows.rows.get(row)?;
    row.get(column)?.as_deref()?.parse().ok()
}

fn text(cells: &Cells, row: usize, column: usize) -> String {
    let row = cells.rows.get(row);
    let value = row.and_then(|row| row.get(column)?.clone());
    value.unwrap_or_else(|| "null".to_owned())
}

fn heading(cells: &Cells, column: usize) -> &str {
    let heading = cells.headings.get(column);
    heading.map_or("", |heading| heading.name.as_str())
}

/// A measure over time; its rows come with the newest first.
fn picture(table: &ShownTable, cells: &Cells, time: usize, measure: usize) -> Option<Picture> {
    let rows = cells.rows.len();
    let order: Vec<usize> = (0..rows).rev().collect();
    let values = order.iter().map(|row| number(table, *row, measure));
    let values: Vec<f64> = values.map(|value| value.unwrap_or(0.0)).collect();
    let label = |at: usize| {
        let row = order.get(at).copied().unwrap_or(0);
        short_time(&text(cells, row, time))
    };
    let svg = chart::draw(Kind::Columns, &values, label)?;
    let newest = format!("{} at {}", text(cells, 0, measure), text(cells, 0, time));
    let name = heading(cells, measure).to_owned();
    Some(Picture {
        text: format!(
            "{name} of the newest {} of {}: {newest} is the newest",
            thousands(rows as u64),
            table.name
        ),
        title: format!("{name}: {newest}"),
        svg,
    })
}

/// As much of a time as there is room for below a chart: the day, or the time of it.
fn short_time(time: &str) -> String {
    let (day, clock) = match time.split_once(['T', ' ']) {
        Some((day, clock)) => (day, Some(clock)),
        None => (time, None),
    };
    match clock.and_then(|clock| clock.get(..5)) {
        Some(clock) => clock.to_owned(),
        None => day.to_owned(),
    }
}

/// The measures of the newest row, by name.
fn figures(cells: &Cells, columns: &Columns) -> Vec<(String, String)> {
    let measures = columns.measures.iter().filter(|_| !cells.rows.is_empty());
    measures
        .map(|at| (heading(cells, *at).to_owned(), text(cells, 0, *at)))
        .collect()
}

/// The groups with the most of the first measure; where a table has periods, those of the newest.
fn bars(table: &ShownTable, cells: &Cells, columns: &Columns) -> (String, Vec<Bar>) {
    let Some(measure) = columns.measures.first().copied() else {
        return Default::default();
    };
    let newest = columns.time.map(|time| text(cells, 0, time));
    let is_newest = |row: &usize| columns.time.map(|time| text(cells, *row, time)) == newest;
    let mut found: Vec<(f64, usize)> = (0..cells.rows.len())
        .filter(is_newest)
        .map(|row| (number(table, row, measure).unwrap_or(0.0), row))
        .collect();
    found.sort_by(|(one, at), (other, other_at)| other.total_cmp(one).then(at.cmp(other_at)));
    let most = found.first().map_or(0.0, |(value, _)| *value);
    let of = match newest.filter(|_| !found.is_empty()) {
        Some(newest) => format!("{} at {newest}", heading(cells, measure)),
        None => heading(cells, measure).to_owned(),
    };
    let bars = found.into_iter().take(BARS).map(|(value, row)| Bar {
        label: label(cells, row, &columns.groups),
        value: text(cells, row, measure),
        share: percent(value, most),
    });
    (of, bars.collect())
}

fn label(cells: &Cells, row: usize, groups: &[usize]) -> String {
    let values = groups.iter().map(|at| text(cells, row, *at));
    values.collect::<Vec<_>>().join(", ")
}
