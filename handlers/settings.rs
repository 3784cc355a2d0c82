//! The settings of the handler, from a lookup that `main` points at the environment.
//!
//! All problems are reported together, each with the setting's name and what would be accepted.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use thiserror::Error;

use crate::event::UnixMillis;
use crate::store::account::{PIPELINE, StorageAccount};
use crate::value::mask::{Salt, SaltProblem};
use crate::warehouse::Options;

/// Looks a setting up by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Set where the host holds the other end of the handler's standard input, so that its end is the host's. The real host
/// does not.
pub const HOST_ON_STDIN: &str = "SLUICE_HOST_ON_STDIN";

/// By how many milliseconds the handler's clock is to be off, which a development build obeys and no other: how it is
/// tried what a wrong clock does.
pub const CLOCK_OFF_BY: &str = "SLUICE_CLOCK_OFF_BY_MS";

/// Where the dataset file is, unless `DATASET` says.
const DEFAULT_DATASET: &str = "datasets/orders.toml";
/// Memory for key sets, unless `SLUICE_KEY_CACHE_MIB` says: about 3 million keys.
pub const DEFAULT_KEY_CACHE_BYTES: usize = 64 * MEBIBYTE;

const MEBIBYTE: usize = 1024 * 1024;

/// The settings that every layer needs.
///
/// `SLUICE_PIPELINE` says whose the storages are, where they are on this machine: `sluice up` sets it.
#[derive(Debug)]
pub struct Settings {
    /// `DATASET`: the dataset file.
    pub dataset: PathBuf,
    /// `LakeStorage`: the account of bronze, silver and quarantine.
    pub lake: StorageAccount,
    /// `StateStorage`, or else `AzureWebJobsStorage`: the account of the state table.
    pub state: StorageAccount,
    /// `GoldDatabase`: the warehouse.
    pub gold: String,
    /// `GOLD_SCHEMA`, `AZURE_CLIENT_ID`: what a connection to Azure SQL needs besides.
    pub gold_options: Options,
    /// `SLUICE_KEY_CACHE_MIB`: memory for key sets, in bytes.
    pub key_cache_bytes: usize,
    /// `SLUICE_MASK_SALT`: the secret that masks of columns are made with.
    pub mask_salt: Option<Salt>,
    /// `SLUICE_STAMP`, or else what is in the file `{DATASET}.stamp` of the package: when it was packaged. What nobody
    /// packaged has none.
    pub stamp: Option<UnixMillis>,
    /// `SLUICE_DEPLOYED_COMMIT`: the commit that the deployment was made of, for the log.
    pub deployed_commit: Option<String>,
}

/// Settings that are missing or malformed.
#[derive(Debug, Error)]
#[error("settings are missing or malformed: {}", .0.join("; "))]
pub struct SettingsError(pub Vec<String>);

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// Fails with all problems at once.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let present = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let lake = account("LakeStorage", lookup, &mut problems);
        let has_state = present("StateStorage").is_some()
            || present("StateStorage__tableServiceUri").is_some()
            || present("StateStorage__accountName").is_some();
        let state_name = if has_state {
            "StateStorage"
        } else {
            "AzureWebJobsStorage"
        };
        let state = account(state_name, lookup, &mut problems);
        let gold = present("GoldDatabase");
        if gold.is_none() {
            problems.push(
                "GoldDatabase is not set; it takes sqlite:PATH or an ADO connection string".into(),
            );
        }
        let cache = match present("SLUICE_KEY_CACHE_MIB") {
            Some(text) => mebibytes(&text).ok_or(text),
            None => Ok(DEFAULT_KEY_CACHE_BYTES),
        };
        if let Err(value) = &cache {
            problems.push(format!(
                "SLUICE_KEY_CACHE_MIB is {value:?}; it takes whole mebibytes, at most {}",
                usize::MAX / MEBIBYTE
            ));
        }
        let mask_salt = mask_salt(present("SLUICE_MASK_SALT"), &mut problems);
        let dataset: PathBuf = present("DATASET")
            .unwrap_or_else(|| DEFAULT_DATASET.into())
            .into();
        let stamp = stamp(present("SLUICE_STAMP"), &dataset);
        if let Err(problem) = &stamp {
            problems.push(problem.clone());
        }
        match (lake, state, gold, cache, mask_salt, stamp) {
            (
                Some(lake),
                Some(state),
                Some(gold),
                Ok(key_cache_bytes),
                Ok(mask_salt),
                Ok(stamp),
            ) => Ok(Self {
                dataset,
                lake,
                state,
                gold,
                gold_options: Options::from_lookup(lookup),
                key_cache_bytes,
                mask_salt,
                stamp,
                deployed_commit: present("SLUICE_DEPLOYED_COMMIT"),
            }),
            _ => Err(SettingsError(problems)),
        }
    }
}

/// Returns where the package of a dataset file says when it was made.
#[must_use]
pub fn stamp_file(dataset: &Path) -> PathBuf {
    let mut name = dataset.as_os_str().to_owned();
    name.push(".stamp");
    name.into()
}

/// Reads a time such as `2026-11-28T08:00:00Z`, to the millisecond.
#[must_use]
pub fn parse_stamp(text: &str) -> Option<UnixMillis> {
    let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    Some(UnixMillis(time.timestamp_millis()))
}

/// Reads when the package was made from a setting, or else from its file; one that nobody packaged has neither.
fn stamp(setting: Option<String>, dataset: &Path) -> Result<Option<UnixMillis>, String> {
    let file = stamp_file(dataset);
    let (text, origin) = match setting {
        Some(text) => (text, "SLUICE_STAMP".to_owned()),
        None => match std::fs::read_to_string(&file) {
            Ok(text) => (text, file.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{} cannot be read: {error}", file.display())),
        },
    };
    let stamp = parse_stamp(&text);
    stamp.map(Some).ok_or_else(|| {
        format!("{origin} is {text:?}; it takes a time such as 2026-11-28T08:00:00Z")
    })
}

/// Reads the salt of masks, if there is one; what is wrong with it is told.
fn mask_salt(
    text: Option<String>,
    problems: &mut Vec<String>,
) -> Result<Option<Salt>, SaltProblem> {
    let salt = text.map(|text| Salt::new(&text)).transpose();
    salt.inspect_err(|problem| problems.push(format!("SLUICE_MASK_SALT {problem}")))
}

/// Reads a number of mebibytes; returns bytes, or nothing if it is none or more than memory has addresses.
fn mebibytes(text: &str) -> Option<usize> {
    text.trim().parse::<usize>().ok()?.checked_mul(MEBIBYTE)
}

fn account(name: &str, lookup: Lookup<'_>, problems: &mut Vec<String>) -> Option<StorageAccount> {
    let id = lookup(PIPELINE).filter(|id| !id.trim().is_empty());
    StorageAccount::from_settings(name, lookup)
        .and_then(|account| account.owned_by(id.as_deref()))
        .map_err(|error| problems.push(crate::error::chain(&error)))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(setting: &str, value: &str) -> Result<Settings, String> {
        let lookup = |name: &str| match name {
            name if name == setting => Some(value.to_owned()),
            "GoldDatabase" => Some("sqlite:gold.db".to_owned()),
            "LakeStorage" | "AzureWebJobsStorage" => Some("UseDevelopmentStorage=true".to_owned()),
            _ => None,
        };
        Settings::from_lookup(&lookup).map_err(|error| error.to_string())
    }

    fn cache(value: &str) -> Result<usize, String> {
        let settings = with("SLUICE_KEY_CACHE_MIB", value);
        settings.map(|settings| settings.key_cache_bytes)
    }

    #[test]
    fn a_salt_is_taken_as_it_is_and_never_shown() {
        let salt = |value: &str| with("SLUICE_MASK_SALT", value).map(|found| found.mask_salt);
        assert_eq!(salt(" "), Ok(None));
        let text = " sixteen letters ";
        assert_eq!(salt(text), Ok(Some(Salt::new(text).unwrap())));
        let error = salt("secret").unwrap_err();
        assert!(
            error.contains("SLUICE_MASK_SALT has 6 characters; it takes 16"),
            "{error}"
        );
        assert!(!error.contains("secret\""), "{error}");
        let error = salt("@Microsoft.KeyVault(SecretUri=https://x)").unwrap_err();
        assert!(error.contains("could not be resolved"), "{error}");
    }

    #[test]
    fn a_package_says_when_it_was_made_unless_a_setting_does() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = folder.path().join("orders.toml");
        let read = |setting: Option<&str>| stamp(setting.map(str::to_owned), &dataset);
        assert_eq!(read(None), Ok(None));
        std::fs::write(stamp_file(&dataset), "2026-11-28T08:00:00.001Z\n").unwrap();
        assert_eq!(read(None), Ok(Some(UnixMillis(1_795_852_800_001))));
        let setting = Some("1970-01-01T00:00:01Z");
        assert_eq!(read(setting), Ok(Some(UnixMillis(1_000))));
        for wrong in ["", "now", "1795852800"] {
            std::fs::write(stamp_file(&dataset), wrong).unwrap();
            let error = read(None).unwrap_err();
            assert!(error.contains("orders.toml.stamp is"), "{error}");
        }
    }

    #[test]
    fn a_cache_of_more_bytes_than_there_are_addresses_is_refused() {
        assert_eq!(cache("2"), Ok(2 * MEBIBYTE));
        assert_eq!(cache(" "), Ok(DEFAULT_KEY_CACHE_BYTES));
        assert_eq!(cache("17592186044415"), Ok(17_592_186_044_415 * MEBIBYTE));
        for value in [
            "17592186044416",
            "18446744073709551615",
            "18446744073709551616",
            "-1",
            "1.5",
            "x",
        ] {
            let error = cache(value).expect_err(value);
            let expected = format!(
                "SLUICE_KEY_CACHE_MIB is {value:?}; it takes whole mebibytes, at most 17592186044415"
            );
            assert!(error.ends_with(&expected), "{error}");
        }
    }
}
