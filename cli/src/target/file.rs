//! Files of the form of local.settings.json.

use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use super::announcement::Values;

/// A settings file that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    /// It cannot be read.
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    /// It is not one.
    #[error("{} is not a settings file: {problem}", path.display())]
    Malformed { path: PathBuf, problem: String },
}

/// What a settings file says.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// By name in lower case.
    pub(super) values: Values,
    /// The token of the run of `sluice up` that has written it.
    pub(super) token: Option<String>,
}

/// Reads a file.
pub(super) fn read_file(path: &Path) -> Result<SettingsFile, FileError> {
    let malformed = |problem: &str| FileError::Malformed {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })?;
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| malformed(&error.to_string()))?;
    if json["IsEncrypted"] == true {
        return Err(malformed("it is encrypted; run `func settings decrypt`"));
    }
    let values = json["Values"]
        .as_object()
        .ok_or_else(|| malformed("it has no object Values"))?;
    let values = values.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        Some((name.to_lowercase(), value))
    });
    Ok(SettingsFile {
        values: values.collect(),
        token: json["Token"].as_str().map(str::to_owned),
    })
}
