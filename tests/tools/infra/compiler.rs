//! What the Bicep compiler says about a copy of `infra/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::tool::{BICEP, root};

/// What the parameter files read from the environment.
const ENVIRONMENT: [(&str, &str); 15] = [
    ("AZURE_ENV_NAME", "try"),
    ("AZURE_LOCATION", "westeurope"),
    ("AZURE_PRINCIPAL_ID", "55555555-5555-5555-5555-555555555555"),
    ("AZURE_PRINCIPAL_TYPE", "User"),
    ("SLUICE_ACTION_GROUP_IDS", GROUP),
    ("SLUICE_ALERT_EMAILS", "operations@example.com"),
    ("SLUICE_ALERT_HUBS", "fraud"),
    ("SLUICE_ALERT_QUEUES", "alerts"),
    ("SLUICE_COMMIT", "0123456789ab"),
    ("SLUICE_CURRENT_THROUGHPUT_UNITS", "0"),
    ("SLUICE_DATASET", "orders"),
    ("SLUICE_READER_IDS", "66666666-6666-6666-6666-666666666666"),
    ("SLUICE_SQL_ADMIN_NAME", "sluice-administrators"),
    (
        "SLUICE_SQL_ADMIN_ID",
        "44444444-4444-4444-4444-444444444444",
    ),
    ("SLUICE_SQL_ADMIN_TYPE", "Group"),
];
/// An action group that is there already.
const GROUP: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-on-call/providers/Microsoft.Insights/actionGroups/on-call";
/// Where the deployment is said to go.
const TARGET: [&str; 8] = [
    "--subscription-id",
    "11111111-1111-1111-1111-111111111111",
    "--tenant-id",
    "22222222-2222-2222-2222-222222222222",
    "--location",
    "westeurope",
    "--deployment-name",
    "sluice",
];

/// A copy of `infra/` that may be changed.
pub(super) struct Copy {
    folder: tempfile::TempDir,
    bicep: PathBuf,
}

impl Copy {
    pub(super) fn new() -> Self {
        let bicep = BICEP.path();
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join("infra"), folder.path());
        Self { folder, bicep }
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Replaces the one place where `old` stands.
    pub(super) fn replace(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {file}");
        std::fs::write(self.path(file), text.replace(old, new)).unwrap();
    }

    /// Takes the linter away, which would find some mistakes before we do.
    pub(super) fn without_linter(&self) {
        let off = r#"{"analyzers": {"core": {"enabled": false}}}"#;
        std::fs::write(self.path("bicepconfig.json"), off).unwrap();
    }

    /// Compiles everything; returns what the compiler complains of, warnings included.
    pub(super) fn complaints(&self) -> String {
        let mut complaints = String::new();
        for pattern in ["**/*.bicep", "**/*.bicepparam"] {
            let output = self.run(&["lint", "--pattern", pattern]);
            complaints += &String::from_utf8_lossy(&output.stdout);
            complaints += &String::from_utf8_lossy(&output.stderr);
            if !output.status.success() {
                complaints += "the compiler failed";
            }
        }
        complaints.trim().to_owned()
    }

    /// Formats everything in place.
    pub(super) fn format(&self) {
        for pattern in ["**/*.bicep", "**/*.bicepparam"] {
            let output = self.run(&["format", "--pattern", pattern]);
            assert!(output.status.success(), "{}", said(&output));
        }
    }

    /// Compares with the committed snapshot; says what differs, if anything.
    pub(super) fn snapshot_difference(&self, environment: &str) -> Option<String> {
        let file = format!("{environment}.bicepparam");
        let output = self.run(&[&["snapshot", &file, "--mode", "validate"], &TARGET[..]].concat());
        (!output.status.success()).then(|| said(&output))
    }

    /// Predicts the resources of an environment.
    pub(super) fn predict(&self, environment: &str) -> Value {
        let file = format!("{environment}.bicepparam");
        let output = self.run(&[&["snapshot", &file, "--mode", "overwrite"], &TARGET[..]].concat());
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_str(&self.read(&format!("{environment}.snapshot.json"))).unwrap()
    }

    /// Says why the resources of an environment cannot be predicted.
    pub(super) fn refusal(&self, environment: &str) -> String {
        let file = format!("{environment}.bicepparam");
        let output = self.run(&[&["snapshot", &file, "--mode", "overwrite"], &TARGET[..]].concat());
        assert!(!output.status.success(), "{environment} is taken");
        said(&output)
    }

    /// Compiles a file to a template.
    pub(super) fn template(&self, file: &str) -> Value {
        let output = self.run(&["build", file, "--stdout"]);
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.bicep);
        let command = command.current_dir(self.folder.path()).args(arguments);
        command.envs(ENVIRONMENT).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    let (stdout, stderr) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(stdout).into_owned() + &String::from_utf8_lossy(stderr)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
