//! The files of a project in a folder.
//!
//! Those that follow the dataset file are made anew; the report and what is beside it is only begun, and belongs to its
//! reader afterwards.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::project::Project;

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::commands::deploy) struct Written {
    /// How many were made or made anew.
    pub(in crate::commands::deploy) files: usize,
    /// Tables that are there and that the dataset file does not have: its earlier ones, or those of the reader.
    pub(in crate::commands::deploy) others: Vec<PathBuf>,
}

/// Writes a project into a folder, which is made if it is missing.
///
/// # Errors
/// Fails if the folder cannot be written to, and names the file.
pub(in crate::commands::deploy) fn write(
    folder: &Path,
    project: &Project,
) -> Result<Written, Box<dyn Error + Send + Sync>> {
    let mut written = Written::default();
    for (path, text) in &project.generated {
        put(&folder.join(path), text)?;
        written.files += 1;
    }
    // A report that was begun is whole: what its reader has removed of it does not come back.
    let is_begun = |path: &str| match path.split_once('/') {
        Some((item, _)) => folder.join(item).is_dir(),
        None => folder.join(path).exists(),
    };
    let missing = project.begun.iter();
    let missing: Vec<_> = missing.filter(|(path, _)| !is_begun(path)).collect();
    for (path, text) in missing {
        put(&folder.join(path), text)?;
        written.files += 1;
    }
    written.others = others(folder, project)?;
    Ok(written)
}

fn put(path: &Path, text: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text))
        .map_err(|source| format!("{} cannot be written: {source}", path.display()).into())
}

/// Returns the tables beside those of the project, in order.
fn others(folder: &Path, project: &Project) -> Result<Vec<PathBuf>, Box<dyn Error + Send + Sync>> {
    let known: Vec<PathBuf> = project
        .generated
        .keys()
        .map(|path| folder.join(path))
        .collect();
    let mut folders: Vec<&Path> = known
        .iter()
        .filter_map(|path| path.parent())
        .filter(|parent| parent.ends_with("definition/tables"))
        .collect();
    folders.dedup();
    let mut others = Vec::new();
    for tables in folders {
        let failed = |source| format!("{} cannot be read: {source}", tables.display());
        for entry in std::fs::read_dir(tables).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if !known.contains(&path) {
                others.push(path);
            }
        }
    }
    others.sort();
    Ok(others)
}
