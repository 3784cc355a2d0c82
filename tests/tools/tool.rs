//! What tests need, where it is, and what becomes of them where it is missing.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
pub(crate) use testkit::tool::Missing;
use testkit::tool::on_path;

/// Lets the tests of a missing tool fail, when set to anything but nothing and 0.
const REQUIRE: &str = "SLUICE_REQUIRE_TOOLS";

/// A program of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// What it is called on PATH.
    name: &'static str,
    /// What may name its file instead.
    variable: &'static str,
}

/// The compiler of infra/.
pub(crate) const BICEP: Tool = Tool {
    name: "bicep",
    variable: "SLUICE_BICEP",
};
/// Finds the shell's usual mistakes.
pub(crate) const SHELLCHECK: Tool = Tool {
    name: "shellcheck",
    variable: "SLUICE_SHELLCHECK",
};
/// Microsoft's own parser of T-SQL; its source is in tests/tools/tsql-check.
pub(crate) const TSQL_CHECK: Tool = Tool {
    name: "tsql-check",
    variable: "SLUICE_TSQL_CHECK",
};

impl Tool {
    /// Returns the program's file, which must be there.
    pub(crate) fn path(self) -> PathBuf {
        self.find().unwrap_or_else(|why| panic!("{why}"))
    }

    /// Returns why tests of this tool cannot run, if they cannot.
    pub(crate) fn missing(self) -> Option<Missing> {
        let required = std::env::var_os(REQUIRE).unwrap_or_default();
        let is_failure = !required.is_empty() && required != "0";
        let why = self.find().err()?;
        Some(Missing { why, is_failure })
    }

    fn find(self) -> Result<PathBuf, String> {
        let Self { name, variable } = self;
        if let Some(file) = std::env::var_os(variable).map(PathBuf::from) {
            let is_there = file.is_file();
            return is_there
                .then_some(file.clone())
                .ok_or_else(|| format!("{variable} names {}, which is no file", file.display()));
        }
        on_path(name).ok_or_else(|| format!("no {name} on PATH, and {variable} is not set"))
    }
}

/// Makes a trial of a test of this binary; see [`testkit::tool::trial`].
pub(crate) fn trial(
    name: &str,
    missing: Option<Missing>,
    test: impl FnOnce() + Send + 'static,
) -> Trial {
    // The first part is this binary's name.
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    testkit::tool::trial(name, missing, test)
}

/// Makes trials of functions that need the same; see [`trial`].
macro_rules! trials {
    ($missing:expr; $($test:ident),* $(,)?) => {
        vec![$($crate::tool::trial(
            concat!(module_path!(), "::", stringify!($test)),
            $missing,
            $test,
        )),*]
    };
}
pub(crate) use trials;

/// Returns the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
