//! What the handler says of itself when it has started.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A log of many versions tells which one ran when.
#[test]
fn the_log_tells_which_build_runs_and_what_deployed_it() {
    let folder = tempfile::tempdir().unwrap();
    let gold = format!("sqlite:{}", folder.path().join("gold.db").display());
    let mut handler = Command::new(env!("CARGO_BIN_EXE_handler"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("AzureWebJobsStorage", "UseDevelopmentStorage=true")
        .env("LakeStorage", "UseDevelopmentStorage=true")
        .env("GoldDatabase", gold)
        .env("SLUICE_DEPLOYED_COMMIT", "0123abc")
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(handler.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    handler.kill().unwrap();
    handler.wait().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["message"], "started", "{line}");
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["deployed_commit"], "0123abc");
    let commit = option_env!("SLUICE_COMMIT").unwrap_or("unknown");
    assert_eq!(line["commit"], commit);
}
