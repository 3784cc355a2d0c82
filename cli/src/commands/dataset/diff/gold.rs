//! What becomes of gold's tables.

use serde_json::{Value, json};
use sluice::dataset::Dataset;
use sluice::expr::Condition;
use sluice::warehouse::schema::{
    GoldSchema, SchemaError, Shown, ShownValue, TableSchema, ViewSchema,
};

/// What becomes of a table, or of a view beside its report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    name: String,
    what: What,
    /// Why, where it changes.
    why: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Stays,
    Rebuilt,
    New,
    Gone,
    /// Only a view, which is replaced at once.
    View,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Rebuilt => "rebuilt",
            Self::New => "new",
            Self::Gone => "gone",
            Self::View => "view replaced",
        }
    }

    fn explained(self) -> &'static str {
        match self {
            Self::Stays => "stays as it is",
            Self::Rebuilt => "is made anew from silver",
            Self::New => "is new, and made from silver",
            Self::Gone => "is no longer in the file",
            Self::View => "is shown otherwise, with nothing to add up",
        }
    }
}

impl Change {
    pub(super) fn is_none(&self) -> bool {
        self.what == What::Stays
    }

    pub(super) fn line(&self) -> String {
        let why = match self.why.is_empty() {
            true => String::new(),
            false => format!(": {}", self.why.join(", ")),
        };
        format!("{} {}{why}", self.name, self.what.explained())
    }

    pub(super) fn as_json(&self) -> Value {
        json!({ "name": self.name, "change": self.what.word(), "why": self.why })
    }
}

/// Compares tables by the definitions that gold's books keep: one that differs makes the table anew.
///
/// # Errors
/// Fails if a file's tables cannot be laid out.
pub(super) fn changes(old: &Dataset, new: &Dataset) -> Result<Vec<Change>, SchemaError> {
    let (before, after) = (GoldSchema::of(old)?, GoldSchema::of(new)?);
    let is_anew = old.generation != new.generation;
    let mut changes = Vec::new();
    for table in &after.tables {
        let change = match before.table(&table.name) {
            None => (What::New, Vec::new()),
            Some((_, _)) if is_anew => (What::Rebuilt, vec!["another generation".to_owned()]),
            Some((_, was)) if was.definition != table.definition => {
                (What::Rebuilt, reasons(was, table))
            }
            Some((_, was)) if shown(was) != shown(table) => (What::View, Vec::new()),
            Some(_) => (What::Stays, Vec::new()),
        };
        let (what, why) = change;
        let name = table.name.clone();
        changes.push(Change { name, what, why });
    }
    for is in &after.views {
        let was = before.view(&is.name);
        let table =
            |schema: &GoldSchema, index| schema.table_at(index).map(|t| t.name.clone()).ok();
        let tables = was.and_then(|was| table(&before, was.table).zip(table(&after, is.table)));
        let moved = tables.filter(|(from, to)| from != to);
        let what = match was {
            None => What::New,
            Some(was) if moved.is_none() && was.shows == is.shows => What::Stays,
            Some(_) => What::View,
        };
        let why = moved.map(|(from, to)| moves(is, (&from, &to), &changes));
        let (name, why) = (is.name.clone(), why.into_iter().collect());
        changes.push(Change { name, what, why });
    }
    let names: Vec<String> = changes.iter().map(|change| change.name.clone()).collect();
    let tables = before.tables.iter().map(|table| &table.name);
    let views = before.views.iter().map(|view| &view.name);
    let gone = tables.chain(views).filter(|name| !names.contains(name));
    changes.extend(gone.map(|name| Change {
        name: name.clone(),
        what: What::Gone,
        why: Vec::new(),
    }));
    Ok(changes)
}

/// Says when a view goes from one table to another: until that is shown as the file says, it shows the old one.
fn moves(view: &ViewSchema, (from, to): (&str, &str), changes: &[Change]) -> String {
    let does = match view.is_summary() {
        true => "adds up",
        false => "ranks",
    };
    let mut of_table = changes.iter().filter(|change| change.name == to);
    match of_table.next().map(|change| change.what) {
        Some(What::Rebuilt | What::New) => {
            format!("it {does} {to} once that is made, and {from} until then")
        }
        _ => format!("it {does} {to} instead of {from} from the next run on"),
    }
}

/// Returns the names of the measures as they are shown, in order.
fn shown(table: &TableSchema) -> Vec<&str> {
    table
        .shown
        .iter()
        .map(|shown| shown.name.as_str())
        .collect()
}

/// Says in which parts two definitions differ.
fn reasons(was: &TableSchema, is: &TableSchema) -> Vec<String> {
    let mut reasons = Vec::new();
    if was.grain != is.grain {
        reasons.push("another grain".to_owned());
    }
    if was.every != is.every {
        reasons.push("another every".to_owned());
    }
    if was.keep != is.keep {
        reasons.push("another keep".to_owned());
    }
    if was.zone != is.zone {
        reasons.push("another zone".to_owned());
    }
    let text = |condition: &Option<Condition>| condition.as_ref().map(|c| c.text().to_owned());
    if text(&was.condition) != text(&is.condition) {
        reasons.push("another where".to_owned());
    }
    let dimensions = |table: &TableSchema| -> Vec<(String, String)> {
        let columns = table.dimensions.iter();
        columns
            .map(|column| (column.name.clone(), format!("{:?}", column.kind)))
            .collect()
    };
    compare("dimension", &dimensions(was), &dimensions(is), &mut reasons);
    let measures = |table: &TableSchema| -> Vec<(String, String)> {
        let shown = table.shown.iter();
        shown
            .map(|shown| (shown.name.clone(), format!("{:?}", shown.kind)))
            .collect()
    };
    compare("measure", &measures(was), &measures(is), &mut reasons);
    let moved = is.shown.iter().filter(|shown| {
        let mut others = was.shown.iter();
        let other = others.find(|other| (&other.name, other.kind) == (&shown.name, shown.kind));
        other.is_some_and(|other| text(condition_of(was, other)) != text(condition_of(is, shown)))
    });
    reasons.extend(moved.map(|shown| format!("measure {} has another where", shown.name)));
    if reasons.is_empty() {
        reasons.push("another definition".to_owned());
    }
    reasons
}

/// Returns the condition of a measure, which is that of each column that it is stored in.
fn condition_of<'t>(table: &'t TableSchema, shown: &Shown) -> &'t Option<Condition> {
    let (ShownValue::Stored(index) | ShownValue::Average { sum: index, .. }) = shown.value;
    let measure = table.measures.get(index);
    measure.map_or(&None, |measure| &measure.condition)
}

fn compare(
    what: &str,
    was: &[(String, String)],
    is: &[(String, String)],
    reasons: &mut Vec<String>,
) {
    for (name, kind) in is {
        match was.iter().find(|(other, _)| other == name) {
            None => reasons.push(format!("{what} {name} is new")),
            Some((_, other)) if other != kind => {
                reasons.push(format!("{what} {name} is of another type"));
            }
            Some(_) => {}
        }
    }
    let gone = was
        .iter()
        .filter(|(name, _)| is.iter().all(|(other, _)| other != name));
    reasons.extend(gone.map(|(name, _)| format!("{what} {name} is gone")));
}
