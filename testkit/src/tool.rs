//! Tests that are ignored, with the reason, where what they need is missing.

use std::path::PathBuf;

use libtest_mimic::{Completion, Trial};

/// Why a test cannot run.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What is missing.
    pub why: String,
    /// Whether the test fails for it.
    pub is_failure: bool,
}

impl Missing {
    /// Returns what is missing of programs on PATH, without which a test is ignored; nothing if all are there.
    #[must_use]
    pub fn on_path(programs: &[&str]) -> Option<Self> {
        let missing = programs.iter().find(|name| on_path(name).is_none())?;
        Some(Self {
            why: format!("no {missing} on PATH"),
            is_failure: false,
        })
    }
}

/// Finds a program on PATH.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

/// Makes a trial of a test, which is ignored or fails where something is missing.
pub fn trial(name: &str, missing: Option<Missing>, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::ignorable_test(name, || match missing {
        None => {
            test();
            Ok(Completion::Completed)
        }
        Some(missing) if missing.is_failure => Err(missing.why.into()),
        Some(missing) => Ok(Completion::ignored_with(missing.why)),
    })
}
