//! `sluice dataset schema`: the JSON Schema of dataset files, for editors.

use clap::Args;
use sluice::dataset::json_schema;

use crate::output::print;

/// Print the JSON Schema of dataset files, by which editors complete and check them
///
/// Editors with Even Better TOML or Taplo use it for a file that begins with `#:schema dataset.schema.json`, a path from
/// that file or an address.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset schema > datasets/dataset.schema.json")]
pub(super) struct SchemaArguments {}

/// Prints.
pub(super) fn run() {
    print(&text());
}

/// Returns the schema as the text of a file, without its last line feed.
pub(in crate::commands) fn text() -> String {
    format!("{:#}", json_schema())
}
