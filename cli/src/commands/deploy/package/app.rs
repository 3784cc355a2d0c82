//! What is in the package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sluice::event::UnixMillis;
use sluice::settings::stamp_file;
use thiserror::Error;

/// The mode of everything but the handler.
const FILE: u32 = 0o644;
/// The mode of the handler.
const PROGRAM: u32 = 0o755;

/// A file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it is, with slashes, relative to the app's root.
    pub(super) path: String,
    /// What is in it.
    pub(super) content: Vec<u8>,
    /// Who may do what with it.
    pub(super) mode: u32,
}

/// A package that cannot be put together.
#[derive(Debug, Error)]
pub(crate) enum PackageError {
    /// A file cannot be read.
    #[error("read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// A file cannot be written.
    #[error("write {}", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// A file is not JSON.
    #[error("read {} as JSON", .0.display())]
    Json(PathBuf, #[source] serde_json::Error),
    /// host.json does not say which program is the handler.
    #[error("read host.json: customHandler.description.defaultExecutablePath is missing")]
    NoHandler,
    /// There is no folder with a function.json.
    #[error("look for functions in {}: there are none", .0.display())]
    NoFunctions(PathBuf),
    /// The dataset file has no name that is text.
    #[error("take the name of dataset file {}: it is not UTF-8", .0.display())]
    DatasetName(PathBuf),
}

/// Returns the files of the package in the order of their paths; the dataset file names those that are `beside` it.
pub(super) fn entries<'b>(
    root: &Path,
    dataset: &Path,
    beside: impl Iterator<Item = &'b str>,
    (handler, stamp): (Vec<u8>, UnixMillis),
) -> Result<Vec<Entry>, PackageError> {
    let host = root.join("host.json");
    let host_json = read(&host)?;
    let value: Value =
        serde_json::from_slice(&host_json).map_err(|source| PackageError::Json(host, source))?;
    let name = value["customHandler"]["description"]["defaultExecutablePath"]
        .as_str()
        .ok_or(PackageError::NoHandler)?;
    let dataset_name = dataset
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| PackageError::DatasetName(dataset.to_owned()))?;

    let mut files = BTreeMap::from([
        ("host.json".to_owned(), (host_json, FILE)),
        (name.to_owned(), (handler, PROGRAM)),
        (format!("datasets/{dataset_name}"), (read(dataset)?, FILE)),
        (
            stamp_file(&Path::new("datasets").join(dataset_name))
                .display()
                .to_string(),
            (format!("{stamp}\n").into_bytes(), FILE),
        ),
    ]);
    let folder = dataset.parent().unwrap_or(Path::new(""));
    for name in beside {
        files.insert(
            format!("datasets/{name}"),
            (read(&folder.join(name))?, FILE),
        );
    }
    for (function, file) in functions(root)? {
        let content = read(&file)?;
        let packaged = for_azure(&content).map_err(|source| PackageError::Json(file, source))?;
        files.insert(format!("{function}/function.json"), (packaged, FILE));
    }
    let entries = files.into_iter();
    Ok(entries
        .map(|(path, (content, mode))| Entry {
            path,
            content,
            mode,
        })
        .collect())
}

/// Turns a function.json of the repository into the package's.
///
/// Here, and nowhere else, is what Azure needs otherwise than the local hosts do: a blob trigger on Flex Consumption
/// hears of new blobs by Event Grid only, which Azurite does not have.
pub(super) fn for_azure(function_json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut function: Value = serde_json::from_slice(function_json)?;
    let bindings = function.get_mut("bindings").and_then(Value::as_array_mut);
    for binding in bindings.into_iter().flatten() {
        if binding["type"] == "blobTrigger" {
            binding["source"] = json!("EventGrid");
        }
    }
    let mut text = serde_json::to_vec_pretty(&function)?;
    text.push(b'\n');
    Ok(text)
}

/// Finds the functions as the host does: folders of the root, or links to folders, with a function.json.
fn functions(root: &Path) -> Result<Vec<(String, PathBuf)>, PackageError> {
    let failed = |source| PackageError::Read(root.to_owned(), source);
    let mut found = Vec::new();
    for folder in std::fs::read_dir(root).map_err(failed)? {
        let folder = folder.map_err(failed)?;
        let file = folder.path().join("function.json");
        if let (true, Ok(name)) = (file.is_file(), folder.file_name().into_string()) {
            found.push((name, file));
        }
    }
    if found.is_empty() {
        return Err(PackageError::NoFunctions(root.to_owned()));
    }
    Ok(found)
}

/// Writes the files into `folder`, and removes what was there before.
pub(super) fn stage(entries: &[Entry], folder: &Path) -> Result<(), PackageError> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|source| PackageError::Write(folder.to_owned(), source))?;
    }
    for entry in entries {
        let path = folder.join(&entry.path);
        let write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, &entry.content)?;
            set_mode(&path, entry.mode)
        };
        write().map_err(|source| PackageError::Write(path.clone(), source))?;
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Does nothing: files have no mode there, and the zip has that of each.
#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    std::fs::read(path).map_err(|source| PackageError::Read(path.to_owned(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn packaged() -> BTreeMap<String, Entry> {
        let dataset = root().join("datasets/orders.toml");
        let beside = ["sensors.toml"].into_iter();
        let program = (b"program".to_vec(), UnixMillis(1));
        let entries = entries(&root(), &dataset, beside, program).unwrap();
        let named = entries.into_iter().map(|entry| (entry.path.clone(), entry));
        named.collect()
    }

    #[test]
    fn the_package_holds_what_the_host_needs_and_nothing_else() {
        let entries = packaged();
        let functions = ["bronze", "gold", "maintain", "silver"];
        let functions = functions.iter().filter(|name| root().join(name).exists());
        let mut expected: Vec<String> = functions
            .map(|name| format!("{name}/function.json"))
            .chain(
                [
                    "datasets/orders.toml",
                    "datasets/orders.toml.stamp",
                    "datasets/sensors.toml",
                    "handler",
                    "host.json",
                ]
                .map(str::to_owned),
            )
            .collect();
        expected.sort_unstable();
        assert_eq!(entries.keys().cloned().collect::<Vec<_>>(), expected);
        for (path, entry) in &entries {
            let expected = if path == "handler" { 0o755 } else { 0o644 };
            assert_eq!(entry.mode, expected, "{path}");
        }
    }

    #[test]
    fn only_the_blob_trigger_differs_from_the_repository_and_only_by_its_source() {
        for (path, entry) in packaged() {
            if path == "handler" {
                continue;
            }
            if path.ends_with(".stamp") {
                assert_eq!(entry.content, b"1970-01-01T00:00:00.001Z\n");
                continue;
            }
            let own = std::fs::read(root().join(&path)).unwrap();
            if !path.ends_with("/function.json") {
                assert_eq!(entry.content, own, "{path}");
                continue;
            }
            let mut expected: Value = serde_json::from_slice(&own).unwrap();
            if path == "silver/function.json" {
                assert_eq!(expected["bindings"][0]["source"], Value::Null);
                expected["bindings"][0]["source"] = json!("EventGrid");
            }
            let packaged: Value = serde_json::from_slice(&entry.content).unwrap();
            assert_eq!(packaged, expected, "{path}");
        }
    }

    #[test]
    fn what_was_staged_before_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        let entry = |path: &str| Entry {
            path: path.to_owned(),
            content: b"x".to_vec(),
            mode: PROGRAM,
        };
        stage(&[entry("a/old"), entry("b")], &app).unwrap();
        stage(&[entry("b")], &app).unwrap();
        assert!(!app.join("a").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            let mode = app.join("b").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
        }
    }
}
