//! What a deployment in Azure needs: `package`, `schema` and `sql-grant`.

mod package;
mod power_bi;
mod schema;
mod sql_grant;

pub(super) use package::{PackageArguments, run as package};
pub(super) use schema::{SchemaArguments, run as schema};
pub(super) use sql_grant::{SqlGrantArguments, run as sql_grant};
