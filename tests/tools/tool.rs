//! What tests need, where it is, and what becomes of them where it is missing.

use std::path::{Path, PathBuf};

use libtest_mimic::{Completion, Trial};

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

/// Why a test cannot run.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) why: String,
    /// Whether the test fails for it.
    pub(crate) is_failure: bool,
}

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
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
        files
            .find(|file| file.is_file())
            .ok_or_else(|| format!("no {name} on PATH, and {variable} is not set"))
    }
}

/// Makes a trial of a test, which is ignored or fails where something is missing.
pub(crate) fn trial(
    name: &str,
    missing: Option<Missing>,
    test: impl FnOnce() + Send + 'static,
) -> Trial {
    // The first part is this binary's name.
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    Trial::ignorable_test(name, || match missing {
        None => {
            test();
            Ok(Completion::Completed)
        }
        Some(missing) if missing.is_failure => Err(missing.why.into()),
        Some(missing) => Ok(Completion::ignored_with(missing.why)),
    })
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
