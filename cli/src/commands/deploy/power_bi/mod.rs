//! A project for Power BI Desktop, worked out from the dataset file: a semantic model of gold as TMDL, and a report to begin
//! with.
//!
//! - `model`: what a semantic model consists of
//! - `tables`, `measures`, `dates`: gold's tables as such a model has them, what is computed of them, and the days that
//!   relate them
//! - `power_query`: how rows get from the database into the model
//! - `tmdl`: a model as text, as Microsoft's own library writes it, so that Power BI changes nothing when it saves
//! - `report`: everything around the model
//! - `project`: what a project is made for, and its files
//! - `write`: the files in a folder
//!
//! The model imports gold. So nothing wakes a paused database but a refresh, a table is read by one statement and is of one
//! piece, and exact numbers can be given a type that adds up exactly; a query that runs on the server at every click could
//! be given none of these.

mod dates;
mod measures;
mod model;
mod power_query;
mod project;
mod report;
mod tables;
#[cfg(test)]
mod tests;
mod tmdl;
mod write;

use sluice::warehouse::schema::GoldSchema;

pub(super) use project::{Place, Project};
pub(super) use write::write;

/// Works a project out.
pub(super) fn project(schema: &GoldSchema, place: &Place) -> Project {
    let name = &schema.dataset;
    let model = tables::model(schema);
    let mut project = report::project(name, &model);
    for (path, text) in tmdl::files(&model, place) {
        let path = format!("{name}.SemanticModel/definition/{path}");
        project.generated.insert(path, text);
    }
    project
}
