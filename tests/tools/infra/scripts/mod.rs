//! Scripts and workflows: that they are well formed, and that those which deploy take the same steps.

mod deploy;
mod stand_in;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::Trial;
use testkit::install::{Clients, succeed};

use crate::tool::{SHELLCHECK, root, trials};

const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));

/// What `infra/deploy.sh` is made of is read with it.
const SCRIPTS: [&str; 2] = [".ci/run", "infra/deploy.sh"];

/// Workflows need Python, which installs what reads them.
pub(super) fn trials() -> Vec<Trial> {
    let mut all = trials![SHELLCHECK.missing(); scripts_have_none_of_the_shells_usual_mistakes];
    all.extend(trials![None;
        workflows_are_what_github_takes,
        azd_and_the_workflow_take_the_steps_of_the_script,
        the_workflow_logs_in_without_a_secret,
        the_workflow_logs_in_before_each_kind_of_token,
        the_runner_is_chosen_by_a_variable_that_is_there_by_then,
        the_package_is_kept_attested_and_deployed_as_it_was_tested,
        a_release_is_packed_with_a_checksum_that_is_checked_before_it_is_published,
    ]);
    all.extend(deploy::trials());
    all
}

fn shellcheck(scripts: &[PathBuf]) -> Output {
    let mut shellcheck = Command::new(SHELLCHECK.path());
    shellcheck.current_dir(root()).args(["-x", "-a"]);
    shellcheck.args(scripts).output().unwrap()
}

fn scripts_have_none_of_the_shells_usual_mistakes() {
    let scripts = SCRIPTS.map(|script| root().join(script));
    let output = shellcheck(&scripts);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let careless = folder.path().join("careless.sh");
    std::fs::write(&careless, "#!/bin/bash\nrm -r $1/*\n").unwrap();
    let output = shellcheck(&[careless]);
    assert!(!output.status.success(), "an unquoted name is found");
}

/// Compares a workflow with the schema of GitHub's workflows.
fn validate(workflow: &Path) -> std::io::Result<Output> {
    Command::new(CLIENTS.python("workflows"))
        .args(["-m", "check_jsonschema", "--builtin-schema"])
        .arg("vendor.github-workflows")
        .arg(workflow)
        .output()
}

fn workflows_are_what_github_takes() {
    for workflow in ["ci.yml", "deploy.yml", "release.yml"] {
        let path = root().join(".github/workflows").join(workflow);
        let needs = "a workflow that fits the schema";
        succeed(workflow, needs, validate(&path));

        let text = std::fs::read_to_string(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let misspelt = folder.path().join(workflow);
        std::fs::write(&misspelt, text.replace("runs-on:", "run-on:")).unwrap();
        assert!(!validate(&misspelt).unwrap().status.success(), "{workflow}");
    }
}

/// The steps of `infra/deploy.sh` that a text asks for.
fn steps(text: &str) -> Vec<&str> {
    let asked = text.split("--step ").skip(1);
    asked
        .filter_map(|rest| rest.split_whitespace().next())
        .collect()
}

fn azd_and_the_workflow_take_the_steps_of_the_script() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let script = read("infra/deploy.sh");
    let all = script.split("all_steps=(").nth(1).unwrap();
    let all: Vec<&str> = all.split(')').next().unwrap().split(' ').collect();
    let rest = all.iter().copied().filter(|step| *step != "package");
    let workflow = read(".github/workflows/deploy.yml");
    // The package comes first there: it takes long, and a login does not last.
    let order: Vec<&str> = std::iter::once("package").chain(rest).collect();
    assert_eq!(steps(&workflow), order);
    let mut deployed = steps(&workflow);
    deployed.sort_unstable();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    assert_eq!(deployed, sorted);

    // azd itself provisions and publishes.
    let azd = read("azure.yaml");
    let own = ["provision", "publish"];
    let mut hooked: Vec<&str> = steps(&azd).into_iter().chain(own).collect();
    hooked.sort_unstable();
    assert_eq!(hooked, sorted);
    assert!(
        azd.contains("dist: dist/app\n"),
        "azd takes what is packaged"
    );
    // Its parameter file is the one beside main.bicep, and it finds the app by this tag.
    let app = read("infra/modules/function-app.bicep");
    assert!(app.contains("'azd-service-name': 'pipeline'") && azd.contains("  pipeline:\n"));
}

fn the_workflow_logs_in_without_a_secret() {
    let workflow = std::fs::read_to_string(root().join(".github/workflows/deploy.yml")).unwrap();
    assert!(workflow.contains("id-token: write"));
    assert!(!workflow.contains("secrets.") && !workflow.contains("creds:"));
}

/// What the proof of one login is good for: each list needs tokens that are asked for within minutes of it.
const LOGINS: [&[&str]; 4] = [
    // The first login is also that of the preview; what comes before it needs none.
    &["package"],
    &["check", "provision"],
    &["grant", "publish", "events"],
    &["smoke"],
];

/// The steps between the logins of a workflow.
fn logins(workflow: &str) -> Vec<Vec<&str>> {
    workflow.split("uses: azure/login").map(steps).collect()
}

fn the_workflow_logs_in_before_each_kind_of_token() {
    let workflow = std::fs::read_to_string(root().join(".github/workflows/deploy.yml")).unwrap();
    assert_eq!(logins(&workflow), LOGINS);
    // One login for everything: the tokens of the database, the hub and storage came too late.
    let once = workflow.replacen("uses: azure/login", "uses: azure/logged-in", 3);
    assert_ne!(logins(&once), LOGINS);
}

/// The names of variables that `runs-on` and the knowledge of being inside of the network come from.
fn runners(workflow: &str) -> Vec<&str> {
    let lines = workflow.lines().map(str::trim);
    let choices = lines.filter(|line| {
        line.starts_with("runs-on: $") || line.starts_with("SLUICE_INSIDE_NETWORK: ")
    });
    let names = choices.filter_map(|line| line.split("vars").nth(1)?.split([' ', '|', '&']).next());
    names.collect()
}

fn the_runner_is_chosen_by_a_variable_that_is_there_by_then() {
    let workflow = std::fs::read_to_string(root().join(".github/workflows/deploy.yml")).unwrap();
    let of_the_repository = "[format('RUNNER_{0}',";
    assert_eq!(runners(&workflow), [of_the_repository; 2]);
    // An environment's variables are there only once a runner has been chosen.
    let header = workflow.split("name: Deploy").next().unwrap();
    let environment = header.split("# Variable of the repository").next().unwrap();
    assert!(!environment.contains("RUNNER"), "{environment}");
}

/// The part of a workflow that is a job.
fn job<'w>(workflow: &'w str, name: &str) -> &'w str {
    let start = format!("\n  {name}:\n");
    let rest = workflow.split(&start).nth(1).unwrap();
    let next = rest.match_indices("\n  ").find(|(at, _)| {
        let after = rest[at + 3..].chars().next();
        after.is_some_and(char::is_alphanumeric)
    });
    next.map_or(rest, |(at, _)| &rest[..at])
}

fn a_release_is_packed_with_a_checksum_that_is_checked_before_it_is_published() {
    let workflow = std::fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    let script = |step: &str| {
        let step = workflow.split(&format!("- name: {step}\n")).nth(1).unwrap();
        let script = step.split("run: |\n").nth(1).unwrap();
        let lines = script
            .lines()
            .take_while(|line| line.starts_with("          "));
        lines
            .map(|line| format!("{}\n", line.trim_start()))
            .collect::<String>()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(file("target/release")).unwrap();
    for name in ["LICENSE", "README.md", "target/release/sluice"] {
        std::fs::write(file(name), name).unwrap();
    }
    let run = |script: &str| {
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .env("TARGET", "x86_64-unknown-linux-gnu")
            .current_dir(folder.path())
            .output()
    };
    succeed("Pack", "an archive", run(&script("Pack")));
    let archive = "dist/sluice-x86_64-unknown-linux-gnu.tar.gz";
    let listed = run(&format!("tar -tzf {archive}")).unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    for name in ["LICENSE", "README.md", "sluice"] {
        let name = format!("sluice-x86_64-unknown-linux-gnu/{name}\n");
        assert!(listed.contains(&name), "{listed}");
    }

    let publish = job(&workflow, "publish");
    let check = "cd dist && sha256sum --check ./*.sha256";
    assert!(publish.contains(check) && !publish.contains("cargo"));
    succeed(check, "the right checksum", run(check));
    std::fs::write(file(archive), "another").unwrap();
    assert!(
        !run(check).unwrap().status.success(),
        "another file is found"
    );
    assert!(job(&workflow, "build").contains("attest-build-provenance"));
}

fn the_package_is_kept_attested_and_deployed_as_it_was_tested() {
    let workflow = std::fs::read_to_string(root().join(".github/workflows/deploy.yml")).unwrap();
    let (package, deploy) = (job(&workflow, "package"), job(&workflow, "deploy"));
    for part in [
        "attest-build-provenance",
        "gh attestation verify dist/app.zip",
        "upload-artifact",
        "run-id: ${{ inputs.package_run }}",
    ] {
        assert!(package.contains(part), "{part}");
    }
    // What builds has no way into Azure, and what deploys builds no package.
    assert!(!package.contains("azure/login") && !package.contains("environment: "));
    assert!(!deploy.contains("--step package") && deploy.contains("download-artifact"));
    assert!(deploy.contains("--step publish --package dist/app.zip"));
}
