//! A project: what it is made for, and its files; pure.

use std::collections::BTreeMap;

/// Where gold is.
#[derive(Clone, Debug)]
pub(in crate::commands::deploy) struct Place {
    /// The server, as Power BI takes it.
    pub(in crate::commands::deploy) server: String,
    /// The database.
    pub(in crate::commands::deploy) database: String,
    /// The schema of the database that gold is in.
    pub(in crate::commands::deploy) schema: String,
}

/// The files of a project, by their paths in its folder.
#[derive(Debug, Default)]
pub(in crate::commands::deploy) struct Project {
    /// What follows the dataset file.
    pub(super) generated: BTreeMap<String, String>,
    /// What is only begun, and belongs to its reader afterwards.
    pub(super) begun: BTreeMap<String, String>,
}
