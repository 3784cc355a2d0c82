//! What fails in a warehouse, and what a caller can do about it.

use thiserror::Error;

use crate::error::Invariant;

/// What a caller can do about a failed database operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing happened; repeating the whole transaction may succeed.
    Transient,
    /// It may or may not have happened; the progress tells.
    Ambiguous,
    /// Repeating it changes nothing.
    Permanent,
}

/// A database operation that failed.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// A statement failed.
    #[error("{purpose} {object}")]
    Statement {
        /// What it was for: a verb phrase such as "merge rows into".
        purpose: &'static str,
        /// The table or database.
        object: String,
        /// What a caller can do about it.
        kind: FailureKind,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table that is there is not the one that the dataset file describes.
    #[error(
        "gold table {table} does not fit the dataset file: {}; {}",
        problems.join(", "),
        way_out(table, in_the_way.as_deref())
    )]
    Mismatch {
        /// The table.
        table: String,
        /// What is wrong, each naming its column.
        problems: Vec<String>,
        /// What stands where something of gold is to be; nothing where the table with the rows is another one, beside which
        /// it can be made anew.
        in_the_way: Option<String>,
    },
    /// A table's name is that of another dataset's table in the same database schema.
    #[error(
        "gold table {table} belongs to dataset {dataset} here; give one of the two another name, or its dataset another database schema"
    )]
    Taken {
        /// The table.
        table: String,
        /// Whose it is.
        dataset: String,
    },
    /// A view's name is another dataset's in the same database schema, or that of a view that gold has not made.
    #[error(
        "gold table {table} cannot be shown as {view}, which is {}",
        whose(view, dataset.as_deref())
    )]
    ViewTaken {
        /// The table.
        table: String,
        /// The public name.
        view: String,
        /// The other dataset, if the books name one.
        dataset: Option<String>,
    },
    /// A sum has more than 38 digits.
    #[error(
        "a sum in {table} has more than 38 digits{}; nothing was written",
        of_group(group.as_deref())
    )]
    Overflow {
        /// The table.
        table: String,
        /// The group of the sum, by the values of its key, if the database tells.
        group: Option<String>,
    },
    /// Gold has no table or view of that name.
    #[error("gold has no table or view named {name}")]
    NoSuchTable {
        /// The name asked for.
        name: String,
    },
    /// A defect of Sluice.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// The setting names no database.
    #[error("GoldDatabase: {problem}")]
    Setting {
        /// What is wrong and what is allowed; without secrets.
        problem: String,
    },
}

fn way_out(table: &str, in_the_way: Option<&str>) -> String {
    match in_the_way {
        Some(object) => {
            format!("drop or rename {object}, and the next run makes what is to be there")
        }
        None => format!(
            "run `sluice rebuild gold --table {table}`, and the next runs make it anew from silver"
        ),
    }
}

fn whose(view: &str, dataset: Option<&str>) -> String {
    match dataset {
        Some(dataset) => format!(
            "a name of dataset {dataset} here; give one of the two another name, or its dataset another database schema"
        ),
        None => format!(
            "a view that gold has not made; drop or rename {view}, or give what has its name in the dataset file another one"
        ),
    }
}

fn of_group(group: Option<&str>) -> String {
    group.map_or(String::new(), |group| format!(" for the group {group}"))
}

impl WarehouseError {
    /// Returns whether a table cannot be shown, however it is made anew: something of another stands under its name.
    #[must_use]
    pub fn keeps_from_showing(&self) -> bool {
        match self {
            Self::Taken { .. } | Self::ViewTaken { .. } => true,
            Self::Mismatch { in_the_way, .. } => in_the_way.is_some(),
            _ => false,
        }
    }

    /// Returns what a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Statement { kind, .. } => *kind,
            Self::Mismatch { .. }
            | Self::Taken { .. }
            | Self::ViewTaken { .. }
            | Self::Overflow { .. }
            | Self::NoSuchTable { .. }
            | Self::Invariant(_)
            | Self::Setting { .. } => FailureKind::Permanent,
        }
    }
}
