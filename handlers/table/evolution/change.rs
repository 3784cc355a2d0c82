//! Whether silver goes on with another dataset file; pure.

use super::record::{ColumnRecord, SchemaRecord};

/// What to do about a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing: silver is as the file says.
    None,
    /// Silver goes on: record these changes in a commit of their own. None of them is named where an earlier build did not
    /// record all.
    Evolve(Vec<String>),
    /// Rows that exist would be wrong: refuse, and say why.
    Refuse(Vec<String>),
}

impl SchemaRecord {
    /// Compares with what the file asks for now.
    pub(crate) fn change_to(&self, now: &Self) -> Change {
        if self.is_as(now) {
            return Change::None;
        }
        let (mut going_on, mut refused) = (Vec::new(), Vec::new());
        self.compare_table(now, &mut going_on, &mut refused);
        for before in &self.columns {
            match now.column(&before.name) {
                None => refused.push(format!("column {} is missing", before.name)),
                Some(after) => compare_column(before, after, &mut going_on, &mut refused),
            }
        }
        let is_new = |name: &str| self.column(name).is_none();
        for column in now.columns.iter().filter(|column| is_new(&column.name)) {
            let ColumnRecord { name, kind, .. } = column;
            match column.required {
                true => refused.push(format!("new column {name} is required")),
                false => going_on.push(format!("column {name} ({kind}) is new")),
            }
        }
        going_on.extend(self.definition.changes_to(&now.definition, is_new));
        match refused.is_empty() {
            true => Change::Evolve(going_on),
            false => Change::Refuse(refused),
        }
    }

    /// Returns whether the file asks for exactly what is recorded. A process that does not know the salt takes any.
    fn is_as(&self, now: &Self) -> bool {
        let mut asked = now.asked();
        if asked.salt.is_none() {
            asked.salt.clone_from(&self.salt);
        }
        self.asked() == asked
    }

    fn compare_table(&self, now: &Self, going_on: &mut Vec<String>, refused: &mut Vec<String>) {
        let key = |record: &Self| match record.key.is_empty() {
            true => "none (keep = \"all\")".to_owned(),
            false => record.key.join(", "),
        };
        for (what, before, after) in [
            ("period", &self.period, &now.period),
            ("key", &key(self), &key(now)),
            ("event_time", &self.event_time, &now.event_time),
        ] {
            if before != after {
                refused.push(format!("{what} was {before} and is {after}"));
            }
        }
        match (self.rescued, now.rescued) {
            (true, false) => refused.push(
                "unknown_fields was rescue and is ignore, which would drop the column _rescued"
                    .to_owned(),
            ),
            (false, true) => going_on.push(
                "unknown_fields was ignore and is rescue: column _rescued (json) is new".to_owned(),
            ),
            (true, true) | (false, false) => {}
        }
        if let (Some(before), Some(after)) = (&self.salt, &now.salt)
            && before != after
        {
            refused.push(
                "the salt that masks hash with is another one, and equal values would have other hashes"
                    .to_owned(),
            );
        }
    }
}

fn compare_column(
    before: &ColumnRecord,
    after: &ColumnRecord,
    going_on: &mut Vec<String>,
    refused: &mut Vec<String>,
) {
    let name = &before.name;
    if before.kind != after.kind {
        let (was, is) = (&before.kind, &after.kind);
        let wider = match is_wider(was, is) {
            true => {
                ": though it takes all values that are there, Delta tables say so by type widening, which not every reader knows"
            }
            false => "",
        };
        refused.push(format!("column {name} was {was} and is {is}{wider}"));
    }
    match (before.required, after.required) {
        (true, false) => going_on.push(format!("column {name} is no longer required")),
        (false, true) => refused.push(format!(
            "column {name} had required = false and has true, and may be null in rows that are there"
        )),
        (true, true) | (false, false) => {}
    }
    if before.description != after.description {
        going_on.push(format!("column {name} has another description"));
    }
}

/// Returns whether a type takes each value of another one as it is.
fn is_wider(before: &str, after: &str) -> bool {
    let Some((precision, scale)) = decimal(after) else {
        return false;
    };
    // An int64 has at most 19 digits.
    let (whole, fraction) = match decimal(before) {
        Some((precision, scale)) => (precision.saturating_sub(scale), scale),
        None if before == "int64" => (19, 0),
        None => return false,
    };
    scale >= fraction && precision.saturating_sub(scale) >= whole
}

/// Reads the digits of a decimal, and those of them after the point.
fn decimal(kind: &str) -> Option<(u8, u8)> {
    let digits = kind.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (precision, scale) = digits.split_once(',')?;
    Some((precision.parse().ok()?, scale.parse().ok()?))
}
