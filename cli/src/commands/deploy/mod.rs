//! What a deployment in Azure needs: `package`, `schema`, `sql-grant`, and `rebuild`.

mod package;
mod power_bi;
mod rebuild;
mod schema;
mod sql_grant;

pub(super) use package::{PackageArguments, run as package};
pub(super) use rebuild::{RebuildArguments, run as rebuild};
pub(super) use schema::{SchemaArguments, run as schema};
pub(super) use sql_grant::{SqlGrantArguments, run as sql_grant};
