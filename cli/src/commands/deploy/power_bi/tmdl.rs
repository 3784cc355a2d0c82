//! A model as text, in the language of Power BI's projects (TMDL), just as Microsoft's own library writes it; pure.
//!
//! A line is a keyword with a name, or a property; what belongs to an object is indented by one tab more. What an object is
//! about stands before it, behind three slashes. Names are quoted where they are more than letters, digits and underscores.

use super::model::{Column, Kind, Measure, Model, Relationship, Rows, Table};
use super::power_query::{DATABASE, SCHEMA, SERVER, literal};
use super::project::Place;

/// The level of features that the files need: that of a model that Power BI Desktop makes.
const COMPATIBILITY: u32 = 1_600;
/// An annotation that says that somebody has chosen how a column is summed up.
const CHOSEN: &str = "annotation SummarizationSetBy = User";

/// Returns the files of a model, by their paths in its folder.
pub(super) fn files(model: &Model, place: &Place) -> Vec<(String, String)> {
    let mut files = vec![
        (
            "database.tmdl".to_owned(),
            format!("database\n\tcompatibilityLevel: {COMPATIBILITY}\n\n"),
        ),
        ("model.tmdl".to_owned(), head(model)),
        ("expressions.tmdl".to_owned(), parameters(place)),
    ];
    if !model.relationships.is_empty() {
        let relationships = model.relationships.iter().map(relationship).collect();
        files.push(("relationships.tmdl".to_owned(), relationships));
    }
    let tables = model.tables.iter();
    files.extend(tables.map(|of| (format!("tables/{}.tmdl", of.name), table(of))));
    files
}

/// The lines of a file.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Adds a line, so many tabs in; the last line of an object is followed by an empty one.
    fn line(&mut self, tabs: usize, text: &str) {
        self.0.push_str(&"\t".repeat(tabs));
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn end(&mut self) {
        self.0.push('\n');
    }

    fn about(&mut self, tabs: usize, about: &str) {
        self.line(tabs, &format!("/// {about}"));
    }

    /// Adds an expression behind what it is the value of: on the same line, or below it, two tabs more to the right.
    fn expression(&mut self, tabs: usize, start: &str, expression: &str) {
        if !expression.contains('\n') {
            self.line(tabs, &format!("{start} = {expression}"));
            return;
        }
        self.line(tabs, &format!("{start} ="));
        for line in expression.lines() {
            self.line(tabs + 2, line);
        }
    }
}

/// Quotes a name where it must be.
fn name(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match is_plain && !name.is_empty() {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', "''")),
    }
}

/// The model itself. Without the annotation Power BI adds a hidden calendar for every column of dates.
fn head(model: &Model) -> String {
    let mut lines = Lines::default();
    lines.line(0, "model Model");
    for property in [
        "culture: en-US",
        "defaultPowerBIDataSourceVersion: powerBI_V3",
        "sourceQueryCulture: en-US",
        "dataAccessOptions",
        "\tlegacyRedirects",
        "\treturnErrorValuesAsNull",
    ] {
        lines.line(1, property);
    }
    lines.end();
    lines.line(0, "annotation __PBI_TimeIntelligenceEnabled = 0");
    lines.end();
    for table in &model.tables {
        lines.line(0, &format!("ref table {}", name(&table.name)));
    }
    lines.end();
    lines.0
}

fn parameters(place: &Place) -> String {
    let mut lines = Lines::default();
    for (parameter, value, about) in [
        (
            SERVER,
            &place.server,
            "The server of the database that gold is in.",
        ),
        (DATABASE, &place.database, "The database that gold is in."),
        (
            SCHEMA,
            &place.schema,
            "The schema of the database that gold is in.",
        ),
    ] {
        lines.about(0, about);
        let value = literal(value);
        let meta = "meta [IsParameterQuery=true, Type=\"Text\", IsParameterQueryRequired=true]";
        lines.expression(
            0,
            &format!("expression {parameter}"),
            &format!("{value} {meta}"),
        );
        lines.end();
        lines.line(1, "annotation PBI_ResultType = Text");
        lines.end();
    }
    lines.0
}

fn relationship(of: &Relationship) -> String {
    let mut lines = Lines::default();
    lines.line(0, &format!("relationship {}", name(&of.name)));
    for (end, (table, column)) in [("fromColumn", &of.from), ("toColumn", &of.to)] {
        lines.line(1, &format!("{end}: {}.{}", name(table), name(column)));
    }
    lines.end();
    lines.0
}

fn table(of: &Table) -> String {
    let mut lines = Lines::default();
    lines.about(0, &of.about);
    lines.line(0, &format!("table {}", name(&of.name)));
    if matches!(of.rows, Rows::Days(_)) {
        lines.line(1, "dataCategory: Time");
    }
    lines.end();
    for measure in &of.measures {
        write_measure(&mut lines, measure);
    }
    for column in &of.columns {
        write_column(&mut lines, column, matches!(of.rows, Rows::Days(_)));
    }
    let (kind, expression) = match &of.rows {
        Rows::Imported(query) => ("m", query),
        Rows::Days(expression) => ("calculated", expression),
    };
    lines.line(1, &format!("partition {} = {kind}", name(&of.name)));
    lines.line(2, "mode: import");
    lines.expression(2, "source", expression);
    lines.end();
    lines.0
}

fn write_measure(lines: &mut Lines, measure: &Measure) {
    lines.about(1, &measure.about);
    let start = format!("measure {}", name(&measure.name));
    lines.expression(1, &start, &measure.expression);
    if let Some(format) = &measure.format {
        lines.line(2, &format!("formatString: {format}"));
    }
    lines.end();
}

/// A column; the names of those of days are those that their expression gives them.
fn write_column(lines: &mut Lines, column: &Column, is_calculated: bool) {
    if let Some(about) = &column.about {
        lines.about(1, about);
    }
    lines.line(1, &format!("column {}", name(&column.name)));
    lines.line(2, &format!("dataType: {}", data_type(column.kind)));
    for (is_set, flag) in [(column.is_hidden, "isHidden"), (column.is_key, "isKey")] {
        if is_set {
            lines.line(2, flag);
        }
    }
    if let Some(format) = column.kind.format() {
        lines.line(2, &format!("formatString: {format}"));
    }
    lines.line(2, "summarizeBy: none");
    let source = match is_calculated {
        true => {
            lines.line(2, "isNameInferred");
            format!("[{}]", column.name)
        }
        false => column.name.clone(),
    };
    lines.line(2, &format!("sourceColumn: {source}"));
    if let Some(by) = column.sorted_by {
        lines.line(2, &format!("sortByColumn: {}", name(by)));
    }
    lines.end();
    lines.line(2, CHOSEN);
    lines.end();
    if column.kind == Kind::Date {
        lines.line(2, "annotation UnderlyingDateTimeDataType = Date");
        lines.end();
    }
}

fn data_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Whole => "int64",
        Kind::Fixed(_) => "decimal",
        Kind::Floating(_) => "double",
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Time | Kind::Date => "dateTime",
    }
}
