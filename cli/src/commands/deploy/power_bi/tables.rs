//! Gold's tables as a semantic model has them; pure.
//!
//! Each is what its report shows, which says of every period whether it is complete. What a measure stands for is hidden, so
//! that nobody adds averages up.

use sluice::warehouse::schema::{
    BALANCE, FRESHNESS, GoldSchema, RANK, SETTLED, ShownValue, Shows, TableSchema, ValueType,
    ViewSchema,
};

use super::dates;
use super::measures::{column, measure};
use super::model::{Column, Kind, Measure, Model, Rows, Table};
use super::power_query::Query;

/// What a time in gold is.
const IN_UTC: &str = "In UTC.";

/// Works the model out.
pub(super) fn model(schema: &GoldSchema) -> Model {
    let mut model = Model::default();
    let mut days = Vec::new();
    for table in &schema.tables {
        let (table, day) = of_table(table);
        days.extend(day.map(|day| (table.name.clone(), day)));
        model.tables.push(table);
    }
    let views = schema.views.iter();
    let views = views.filter_map(|view| of_view(schema, view));
    model.tables.extend(views);
    model.tables.push(freshness(&schema.dataset));
    model.tables.push(balance(&schema.dataset));
    dates::relate(&mut model, &days);
    model
}

/// Returns a gold table, and the column that has the day of its periods.
fn of_table(table: &TableSchema) -> (Table, Option<String>) {
    let mut columns = leading(table);
    let mut measures = Vec::new();
    for shown in &table.shown {
        let measure = measure(table, shown);
        match shown.value {
            ShownValue::Average { sum, count, .. } => {
                let parts = [sum, count].into_iter();
                let parts = parts.filter_map(|part| table.measures.get(part));
                columns.extend(parts.map(|part| Column::hidden(&part.name, Kind::from(part.kind))));
            }
            ShownValue::Stored(_) => columns.push(Column {
                is_hidden: measure.is_some(),
                ..Column::new(&shown.name, Kind::from(shown.kind))
            }),
        }
        measures.extend(measure);
    }
    if table.time().is_some() {
        let settled = Column::new(SETTLED, Kind::Flag);
        columns.push(settled.about("Whether the period is complete: no event of it is expected."));
    }
    let day = day_of(table, &columns);
    let added = day.as_deref().filter(|day| table.time() != Some(day));
    let query = Query {
        view: &table.report,
        columns: &columns,
        dataset: None,
        day: table.time().zip(added),
    };
    let rows = Rows::Imported(query.text());
    if let Some(day) = added {
        columns.push(Column::hidden(day, Kind::Date));
    }
    let table = Table {
        name: table.name.clone(),
        about: about(table),
        measures,
        columns,
        rows,
    };
    (table, day)
}

/// Returns the time, the end of windows and the dimensions of a table.
fn leading(table: &TableSchema) -> Vec<Column> {
    let time = table
        .time()
        .map(|name| Column::new(name, Kind::from(table.time_type())));
    let time = time.map(|column| match column.kind {
        Kind::Time => column.about(IN_UTC),
        _ => column,
    });
    let end = table.end();
    let end = end.map(|name| Column::new(name, Kind::from(table.time_type())).about(IN_UTC));
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|d| Column::new(&d.name, Kind::from(d.kind)));
    time.into_iter().chain(end).chain(dimensions).collect()
}

/// Returns the name of the column that has the day of a table's periods: their start where that is a day, and otherwise one
/// that is added, under a name that none of these columns has.
fn day_of(table: &TableSchema, columns: &[Column]) -> Option<String> {
    let time = table.time()?;
    if table.time_type() == ValueType::Date {
        return Some(time.to_owned());
    }
    let mut name = "day_utc".to_owned();
    while columns
        .iter()
        .any(|column| column.name.eq_ignore_ascii_case(&name))
    {
        name.push('_');
    }
    Some(name)
}

fn about(table: &TableSchema) -> String {
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let group: Vec<&str> = table.time().into_iter().chain(dimensions).collect();
    match group.is_empty() {
        true => "One row for all time.".to_owned(),
        false => format!("A row for each {}.", group.join(" and ")),
    }
}

/// Returns a ranking or a summary, whose numbers are those of its rows.
fn of_view(schema: &GoldSchema, view: &ViewSchema) -> Option<Table> {
    let table = schema.table_at(view.table).ok()?;
    let from = &table.name;
    let about = match &view.shows {
        Shows::Ranking { order_by, top } => {
            let measure = &table.shown.get(*order_by)?.name;
            format!("The {top} rows of {from} with the highest {measure}.")
        }
        Shows::Summary { .. } => format!("The rows of {from} added up."),
    };
    let columns: Vec<Column> = schema
        .columns_of(&view.name)?
        .iter()
        .map(|(name, value)| match name.as_str() {
            RANK if !view.is_summary() => Column::new(RANK, Kind::Whole),
            name => Column::new(name, Kind::from(*value)),
        })
        .collect();
    Some(imported(&view.name, about, columns, None))
}

/// Returns how fresh the tables are.
fn freshness(dataset: &str) -> Table {
    let columns = vec![
        Column::new("gold_table", Kind::Text),
        Column::new("watermark", Kind::Time)
            .about("No event with an earlier event time is expected. In UTC."),
        Column::new("settled_until", Kind::Time)
            .about("Periods that start before it are complete."),
        Column::new("last_run", Kind::Time).about("When the table last changed, in UTC."),
        Column::new("version", Kind::Whole)
            .about("The version of silver that the table equals the aggregate of."),
        Column::new("state", Kind::Text),
        Column::new("reason", Kind::Text)
            .about("Why it is blocked or stands still, and what to do."),
        Column::new("pending_objects", Kind::Whole)
            .about("What bronze has and silver has not refined."),
        Column::new("oldest_pending", Kind::Time).about(IN_UTC),
    ];
    let about = "How fresh each table is.".to_owned();
    let of = |name: &str| column(FRESHNESS, name);
    let measures = vec![
        Measure {
            name: "Data until".to_owned(),
            about: "No event with an earlier event time is expected, in any table. In UTC."
                .to_owned(),
            expression: format!("MIN({})", of("watermark")),
            format: Kind::Time.format(),
        },
        Measure {
            name: "Tables not live".to_owned(),
            about: "How many tables are blocked or stand still.".to_owned(),
            expression: format!(
                "COUNTROWS(FILTER('{FRESHNESS}', NOT ISBLANK({state}) && {state} <> \"live\")) + 0",
                state = of("state")
            ),
            format: Kind::Whole.format(),
        },
    ];
    Table {
        measures,
        ..imported(FRESHNESS, about, columns, Some(dataset))
    }
}

/// Returns what silver counts, and what the tables have taken in of it.
fn balance(dataset: &str) -> Table {
    let count = |name: &str| Column::new(name, Kind::Whole);
    let columns = vec![
        Column::new("gold_table", Kind::Text),
        count("version").about("The version of silver that the counts are of."),
        count("events").about("What bronze has and silver has refined."),
        count("records").about("What the events hold; as a rule each is one."),
        count("rows"),
        count("duplicates").about("Records whose key was there already."),
        count("filtered").about("Records that the dataset's condition leaves out."),
        count("quarantined").about("Records that could not become a row."),
        count("redriven").about("Those of them that were taken up again."),
        count("unaccounted").about("Records without a fate: 0."),
        count("rows_taken").about("The rows of silver that the table has taken in."),
        count("rows_missing").about("The rows of silver that the table has not: 0."),
        Column::new("is_balanced", Kind::Flag)
            .about("Whether nothing is missing; blank where that is not known."),
    ];
    let of = |name: &str| column(BALANCE, name);
    let measures = vec![
        Measure {
            name: "Rows missing".to_owned(),
            about: "How many rows of silver the tables have not taken in, at their versions: 0."
                .to_owned(),
            expression: format!("SUM({}) + 0", of("rows_missing")),
            format: Kind::Whole.format(),
        },
        Measure {
            name: "Tables not balanced".to_owned(),
            about: "How many tables lack something.".to_owned(),
            // A blank is equal to false.
            expression: format!(
                "COUNTROWS(FILTER('{BALANCE}', NOT ISBLANK({flag}) && NOT {flag})) + 0",
                flag = of("is_balanced")
            ),
            format: Kind::Whole.format(),
        },
    ];
    let about = "What silver counts, beside what each table has taken in of it.".to_owned();
    Table {
        measures,
        ..imported(BALANCE, about, columns, Some(dataset))
    }
}

fn imported(view: &str, about: String, columns: Vec<Column>, dataset: Option<&str>) -> Table {
    let query = Query {
        view,
        columns: &columns,
        dataset,
        day: None,
    };
    Table {
        name: view.to_owned(),
        about,
        measures: Vec::new(),
        rows: Rows::Imported(query.text()),
        columns,
    }
}
