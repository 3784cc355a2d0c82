//! What a changed dataset file means for the silver that exists; pure.

use serde::{Deserialize, Serialize};

use thiserror::Error;

use crate::dataset::ColumnIndex;
use crate::dataset::{Dataset, UnknownFields};
use crate::error::Invariant;
use crate::table::log::Snapshot;

/// Why it cannot be told whether a dataset file fits silver.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The log records columns that cannot be read.
    #[error("read the columns that the commit log records")]
    Recorded(#[from] serde_json::Error),
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
}

/// The columns of silver as the log records them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SchemaRecord {
    /// `hour`, `day` or `month`.
    pub(crate) period: String,
    key: Vec<String>,
    event_time: String,
    /// Whether there is a column of unknown fields.
    pub(crate) rescued: bool,
    pub(crate) columns: Vec<ColumnRecord>,
    /// Whether the Delta table names the columns with bounds. Builds before this did not; the first one that does
    /// records it once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) bounded: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnRecord {
    pub(crate) name: String,
    /// The type, as the dataset file writes it.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// What to do about the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing: silver is as the file says.
    None,
    /// New optional columns, other descriptions, or what an earlier build did not record: record them in a commit of their own.
    Evolve,
    /// Rows that exist would be wrong: refuse, and say why.
    Refuse(Vec<String>),
}

impl SchemaRecord {
    /// Describes what the dataset file asks for.
    ///
    /// # Errors
    /// Fails if the key or the event time is not among the dataset's columns, which a valid dataset file rules out.
    pub(crate) fn of(dataset: &Dataset) -> Result<Self, Invariant> {
        let name = |index: &ColumnIndex| Ok(dataset.column(*index)?.name.clone());
        let columns = dataset.columns.iter().map(|column| ColumnRecord {
            name: column.name.clone(),
            kind: column.kind.to_string(),
            required: column.required,
            description: column.description.clone(),
        });
        Ok(Self {
            period: dataset.period.as_str().to_owned(),
            key: dataset.key_texts()?,
            event_time: name(&dataset.event_time)?,
            rescued: dataset.unknown_fields == UnknownFields::Rescue,
            columns: columns.collect(),
            bounded: true,
        })
    }

    /// Compares with what the file asks for now.
    pub(crate) fn change_to(&self, now: &Self) -> Change {
        if self == now {
            return Change::None;
        }
        let mut problems = Vec::new();
        for (what, before, after) in [
            ("period", &self.period, &now.period),
            ("key", &self.key.join(", "), &now.key.join(", ")),
            ("event_time", &self.event_time, &now.event_time),
        ] {
            if before != after {
                problems.push(format!("{what} was {before} and is {after}"));
            }
        }
        for before in &self.columns {
            match now.columns.iter().find(|column| column.name == before.name) {
                None => problems.push(format!("column {} is missing", before.name)),
                Some(after) if after.kind != before.kind => problems.push(format!(
                    "column {} was {} and is {}",
                    before.name, before.kind, after.kind
                )),
                Some(after) if after.required != before.required => problems.push(format!(
                    "column {} had required = {} and has {}",
                    before.name, before.required, after.required
                )),
                Some(_) => {}
            }
        }
        let is_new = |name: &String| self.columns.iter().all(|column| column.name != *name);
        for column in now
            .columns
            .iter()
            .filter(|column| column.required && is_new(&column.name))
        {
            problems.push(format!("new column {} is required", column.name));
        }
        match problems.is_empty() {
            true => Change::Evolve,
            false => Change::Refuse(problems),
        }
    }
}

impl Snapshot {
    /// Returns why silver cannot go on with this dataset file, a text for each reason; none if it can.
    ///
    /// # Errors
    /// Fails if the log records columns that cannot be read.
    pub fn misfits(&self, dataset: &Dataset) -> Result<Vec<String>, CompareError> {
        if self.schema.is_empty() {
            return Ok(Vec::new());
        }
        let recorded: SchemaRecord = serde_json::from_str(&self.schema)?;
        Ok(match recorded.change_to(&SchemaRecord::of(dataset)?) {
            Change::None | Change::Evolve => Vec::new(),
            Change::Refuse(problems) => problems,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entity::MAX_ENTITY_BYTES;

    fn recorded(columns: &[(&str, &str, bool)]) -> SchemaRecord {
        SchemaRecord {
            period: "hour".into(),
            key: vec!["id".into()],
            event_time: "at".into(),
            rescued: true,
            columns: columns
                .iter()
                .map(|(name, kind, required)| ColumnRecord {
                    name: (*name).into(),
                    kind: (*kind).into(),
                    required: *required,
                    description: None,
                })
                .collect(),
            bounded: true,
        }
    }

    #[test]
    fn the_columns_of_any_dataset_file_fit_into_an_entity() {
        let name = |number: usize| format!("c{number:0>127}");
        let columns = (0..500).map(|number| {
            let description = if number == 0 { "\\u0001".repeat(350_000 / 6) } else { String::new() };
            format!(
                "[[column]]\nname = \"{}\"\ntype = \"{}\"\nrequired = true\ndescription = \"{description}\"\n",
                name(number),
                if number == 0 { "timestamp" } else { "decimal(38,38)" },
            )
        });
        let key: Vec<_> = (0..500)
            .map(|number| format!("\"{}\"", name(number)))
            .collect();
        let text = format!(
            "name = \"x\"\nkey = [{}]\nevent_time = \"{}\"\n{}",
            key.join(","),
            name(0),
            columns.collect::<String>()
        );
        let dataset = Dataset::parse(&text, "x.toml").unwrap();
        let record = serde_json::to_string(&SchemaRecord::of(&dataset).unwrap()).unwrap();
        let bytes = 2 * record.encode_utf16().count();
        // What else the entity holds takes far less than 16 KiB.
        assert!(bytes < MAX_ENTITY_BYTES - 16 * 1024, "{bytes}");
    }

    #[test]
    fn a_new_optional_column_widens_and_anything_else_is_refused() {
        let before = recorded(&[("id", "int64", true)]);
        let cases = [
            (recorded(&[("id", "int64", true)]), Change::None),
            (
                recorded(&[("id", "int64", true), ("note", "string", false)]),
                Change::Evolve,
            ),
            (
                recorded(&[("id", "int64", true), ("note", "string", true)]),
                Change::Refuse(vec!["new column note is required".into()]),
            ),
            (
                recorded(&[("id", "string", true)]),
                Change::Refuse(vec!["column id was int64 and is string".into()]),
            ),
            (
                recorded(&[]),
                Change::Refuse(vec!["column id is missing".into()]),
            ),
            (
                SchemaRecord {
                    period: "day".into(),
                    ..before.clone()
                },
                Change::Refuse(vec!["period was hour and is day".into()]),
            ),
            (
                SchemaRecord {
                    rescued: false,
                    ..before.clone()
                },
                Change::Evolve,
            ),
            (
                SchemaRecord {
                    bounded: false,
                    ..before.clone()
                },
                Change::Evolve,
            ),
        ];
        for (now, expected) in cases {
            assert_eq!(before.change_to(&now), expected);
        }
    }
}
