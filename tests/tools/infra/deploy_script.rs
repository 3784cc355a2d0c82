//! `infra/deploy.sh` with stand-ins for the programs that it calls: what it would do, in which order.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use libtest_mimic::Trial;

use crate::tool::{root, trials};

/// Answers as Azure would, and writes down what it is asked. The first look at the log's head finds none.
const AZ: &str = r#"#!/usr/bin/env bash
echo "az $*" >> "$CALLS/log"
[[ $* != "account show"* || -z ${LOGGED_OUT:-} ]] || exit 1
case "$*" in
    "account show --query name"*) echo somewhere ;;
    "version "*) echo "${AZ_VERSION:-2.91.0}" ;;
    *"list-flexconsumption-locations --zone-redundant true"*) printf '%s\n' northeurope westeurope ;;
    *list-flexconsumption-locations*) printf '%s\n' northeurope westeurope ukwest ;;
    "sql db list-editions"*) echo "${SQL_ZONES:-3}" ;;
    "provider show"*) echo "${PROVIDER:-Registered}" ;;
    "provider register"*) [[ -z ${NO_RIGHTS:-} ]] || exit 1 ;;
    "deployment sub validate"*) [[ -z ${INVALID:-} ]] || { echo "ERROR: $INVALID" >&2; exit 1; } ;;
    "account show --query user.name"*) echo somebody@example.com ;;
    "account show --query user.type"*) echo "${KIND:-user}" ;;
    "deployment sub show"*)
        [[ -z ${REFUSED:-} ]] || { echo "ERROR: ($REFUSED)" >&2; exit 3; }
        [[ -n ${HALF_DEPLOYED:-} ]] || cat "$CALLS/outputs"
        ;;
    *"keys list"*) echo true ;;
    *"get-access-token --resource"*) echo TOKEN ;;
    *get-access-token*) echo "x.$(printf '{"oid": "55555555-5555-5555-5555-555555555555"}' | base64 | tr -d '=\n').x" ;;
    "deployment sub "*) echo "administrator $SLUICE_SQL_ADMIN_TYPE $SLUICE_SQL_ADMIN_ID" >> "$CALLS/log" ;;
    *"eq 'head'"*) [[ ! -e $CALLS/looked ]] || echo 7; touch "$CALLS/looked" ;;
    *"eq 'hint'"*) echo 7 ;;
    "group exists"*) echo true ;;
esac
"#;
/// Makes what `package` would make, too.
const CARGO: &str = "#!/usr/bin/env bash\necho \"cargo $*\" >> \"$CALLS/log\"\nmkdir -p dist && touch dist/app.zip\n";
/// Notes what it is asked, and how the body that it is given begins.
const CURL: &str = "#!/usr/bin/env bash\nbody=$(cat)\necho \"curl $*\" >> \"$CALLS/log\"\necho \"body ${#body} ${body:0:20}\" >> \"$CALLS/log\"\n";
const NOTHING: &str = "#!/usr/bin/env bash\n";
/// Azure does not keep the case of an output's name.
const OUTPUTS: &str = r#"{
    "aZURE_RESOURCE_GROUP": {"value": "rg-x"}, "apP_NAME": {"value": "func-x"},
    "SQL_SERVER": {"value": "sql-x.database.example.net"}, "SQL_DATABASE": {"value": "gold"}, "GOLD_SCHEMA": {"value": "gold"},
    "IDENTITY_NAME": {"value": "id-x"}, "IDENTITY_CLIENT_ID": {"value": "11223344-5566-7788-99aa-bbccddeeff00"},
    "EVENT_GRID_TOPIC": {"value": "topic-x"}, "STATE_ACCOUNT": {"value": "stx"},
    "EVENTHUB_NAMESPACE": {"value": "ns.example.net"}, "EVENTHUB_NAME": {"value": "events"},
    "LAKE_ACCOUNT": {"value": "stlake"}, "NETWORK_ISOLATION": {"value": false}}"#;

/// They need a shell and no more.
pub(super) fn trials() -> Vec<Trial> {
    trials![None;
        deployment_steps_come_in_order_and_end_with_an_event_in_gold,
        what_is_missing_is_said_before_anything_is_changed,
        what_would_fail_late_is_said_before_anything_is_made,
        the_provider_that_the_template_only_names_is_registered,
        the_environment_that_is_named_is_deployed_to,
        azd_hands_its_own_outputs_on,
        events_are_sent_as_they_are,
        a_preview_changes_nothing_and_deletion_wants_the_name_typed,
    ]
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The scripts in a folder.
pub(super) fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// Runs the script, in a repository of its own; returns how it ended and what it called.
fn deploy(arguments: &[&str], environment: &[(&str, &str)]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    for name in ["programs", "infra", "infra/deploy", "datasets"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for (file, copy) in [
        ("infra/deploy.sh", "infra/deploy.sh"),
        ("infra/dev.bicepparam", "infra/dev.bicepparam"),
        ("infra/prod.bicepparam", "infra/prod.bicepparam"),
        ("infra/main.bicepparam", "infra/main.bicepparam"),
        ("infra/dev.bicepparam", "infra/other.bicepparam"),
        ("datasets/orders.toml", "datasets/orders.toml"),
        ("datasets/orders.toml", "datasets/other.toml"),
    ] {
        std::fs::copy(root().join(file), folder.path().join(copy)).unwrap();
    }
    for script in files("infra/deploy") {
        let text = std::fs::read_to_string(root().join(&script)).unwrap();
        write(folder.path(), &script, &text);
    }
    write(&programs, "az", AZ);
    write(&programs, "cargo", CARGO);
    write(&programs, "curl", CURL);
    write(&programs, "sleep", NOTHING);
    write(folder.path(), "outputs", OUTPUTS);
    write(
        folder.path(),
        "odd.jsonl",
        &format!("@/etc/hostname\n{}\n", "x".repeat(200_000)),
    );
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(folder.path().join("infra/deploy.sh"));
    for name in READ {
        command.env_remove(name);
    }
    let output = command
        .args(arguments)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("CALLS", folder.path())
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    (output, log.lines().map(str::to_owned).collect())
}

/// What the script reads from the environment.
const READ: [&str; 11] = [
    "APP_NAME",
    "AZURE_ENV_NAME",
    "AZURE_LOCATION",
    "AZURE_PRINCIPAL_ID",
    "AZURE_PRINCIPAL_TYPE",
    "AZURE_RESOURCE_GROUP",
    "SLUICE_CLIENT_IP",
    "SLUICE_DATASET",
    "SLUICE_SQL_ADMIN_ID",
    "SLUICE_SQL_ADMIN_NAME",
    "SLUICE_SQL_ADMIN_TYPE",
];
const DEV: [&str; 4] = ["--environment", "dev", "--location", "westeurope"];

fn deployment_steps_come_in_order_and_end_with_an_event_in_gold() {
    let (output, calls) = deploy(&[&DEV[..], &["--client-ip", "192.0.2.1"]].concat(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let expected = [
        "az deployment sub validate --name sluice-orders-dev --location westeurope --parameters infra/dev.bicepparam",
        "az deployment sub create --name sluice-orders-dev --location westeurope --parameters infra/dev.bicepparam",
        "administrator User 55555555-5555-5555-5555-555555555555",
        "az deployment sub show --name sluice-orders-dev",
        "az sql server firewall-rule create --resource-group rg-x --server sql-x",
        "cargo sluice sql-grant --server sql-x.database.example.net --database gold --identity id-x --client-id 11223344",
        "az sql server firewall-rule delete",
        "cargo sluice package --dataset datasets/orders.toml",
        "az functionapp deployment source config-zip --resource-group rg-x --name func-x --src dist/app.zip",
        "az functionapp keys list",
        "az deployment group create --name blob-events --resource-group rg-x",
        "az storage entity query --account-name stx --table-name sluice",
        "curl ",
        "PartitionKey eq 'orders@1|gold' and RowKey eq 'hint'",
    ];
    let mut rest = calls.iter();
    for call in expected {
        assert!(rest.any(|made| made.contains(call)), "{call}\n{calls:#?}");
    }
    assert!(said.contains("gold has caught up"), "{said}");
    let told = "send events to  ns.example.net, hub events";
    assert!(said.contains(told), "{said}");
    assert!(
        !calls.iter().any(|call| call.contains("TOKEN")),
        "a token is in a command line"
    );
}

/// Arguments, environment, and what must be said.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

fn what_is_missing_is_said_before_anything_is_changed() {
    let cases: [Case; 13] = [
        (&[], &[], "--environment is missing"),
        (&["--environment"], &[], "--environment needs a value"),
        (&["--environments", "dev"], &[], "there is no option"),
        (&DEV[..2], &[], "--location is missing"),
        (
            &["--environment", "test", "--location", "x"],
            &[],
            "there is no infra/test.bicepparam",
        ),
        (
            &[&DEV[..], &["--step", "publsih"]].concat(),
            &[],
            "there is no step publsih",
        ),
        (
            &["--environment", "other", "--location", "x"],
            &[],
            "infra/other.bicepparam is for another environment",
        ),
        (
            &[&DEV[..], &["--dataset", "other"]].concat(),
            &[],
            "datasets/other.toml is not called after the dataset in it",
        ),
        (&DEV, &[("LOGGED_OUT", "1")], "run az login"),
        (
            &DEV,
            &[("KIND", "servicePrincipal")],
            "name the group that administers the database",
        ),
        (
            &["--environment", "dev", "--step", "grant"],
            &[("REFUSED", "DeploymentNotFound")],
            "run the step provision first",
        ),
        (
            &["--environment", "dev", "--step", "grant"],
            &[("REFUSED", "AuthorizationFailed")],
            "AuthorizationFailed",
        ),
        (
            &["--environment", "dev", "--step", "publish"],
            &[("HALF_DEPLOYED", "1")],
            "gives out no AZURE_RESOURCE_GROUP",
        ),
    ];
    for (arguments, environment, expected) in cases {
        let (output, calls) = deploy(arguments, environment);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!changes(&calls), "{arguments:?}: {calls:#?}");
    }
}

const PROD: [&str; 4] = ["--environment", "prod", "--location", "West Europe"];

fn what_would_fail_late_is_said_before_anything_is_made() {
    let uk = |environment| ["--environment", environment, "--location", "ukwest"];
    let cases: [Case; 6] = [
        (&DEV, &[("AZ_VERSION", "2.9.1")], "2.67.0 is needed"),
        (
            &["--environment", "dev", "--location", "mars"],
            &[],
            "mars is not a place for Flex Consumption; these regions are: northeurope",
        ),
        (
            &uk("prod"),
            &[],
            "ukwest is not a place for Flex Consumption with zones",
        ),
        (
            &PROD,
            &[("SQL_ZONES", "0")],
            "no serverless database with zones",
        ),
        (
            &PROD,
            &[("PROVIDER", "NotRegistered"), ("NO_RIGHTS", "1")],
            "Microsoft.App must be registered",
        ),
        (
            &DEV,
            &[("INVALID", "roleAssignments/write")],
            "nothing was made",
        ),
    ];
    let group = (
        "SLUICE_SQL_ADMIN_ID",
        "44444444-4444-4444-4444-444444444444",
    );
    for (arguments, environment, expected) in cases {
        let (output, calls) = deploy(arguments, &[environment, &[group]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!changes(&calls), "{arguments:?}: {calls:#?}");
    }
    for arguments in [uk("dev"), PROD] {
        let check = [&arguments[..], &["--step", "check"]].concat();
        let (output, calls) = deploy(&check, &[group]);
        assert!(output.status.success(), "{arguments:?}");
        assert!(!changes(&calls), "{calls:#?}");
    }
}

/// Only an isolated app's subnet is delegated to Microsoft.App.
fn the_provider_that_the_template_only_names_is_registered() {
    let registers = |arguments: &[&str], state| {
        let (output, calls) = deploy(
            &[arguments, &["--step", "check"]].concat(),
            &[("PROVIDER", state)],
        );
        assert!(output.status.success());
        let register = "az provider register --namespace Microsoft.App --wait";
        calls.iter().any(|call| call == register)
    };
    assert!(registers(&PROD, "NotRegistered"));
    assert!(!registers(&PROD, "Registered"));
    assert!(!registers(&DEV, "NotRegistered"));
}

/// A deployment's outputs lie in the environment of whoever used azd, or of a machine that names its own app so.
fn the_environment_that_is_named_is_deployed_to() {
    let strangers = [
        ("AZURE_ENV_NAME", "dev"),
        ("AZURE_RESOURCE_GROUP", "rg-sluice-orders-dev"),
        ("APP_NAME", "func-stranger"),
    ];
    let steps = ["package", "grant", "publish", "events"].map(|step| ["--step", step]);
    let arguments = [&["--environment", "prod"], steps.as_flattened()].concat();
    for environment in [&strangers[..], &strangers[1..], &strangers[2..]] {
        let (output, calls) = deploy(&arguments, environment);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let asked = "az deployment sub show --name sluice-orders-prod";
        assert!(calls.iter().any(|call| call.contains(asked)), "{calls:#?}");
        let is_strange = |call: &String| call.contains("stranger") || call.contains("-dev");
        assert!(!calls.iter().any(is_strange), "{calls:#?}");
        assert!(said.contains("the package to app func-x of rg-x"), "{said}");
    }
}

/// azd's hooks name no environment, and its deployment has a name of its own.
fn azd_hands_its_own_outputs_on() {
    let outputs: serde_json::Value = serde_json::from_str(OUTPUTS).unwrap();
    let mut environment = vec![("AZURE_ENV_NAME", "dev".to_owned())];
    for (name, output) in outputs.as_object().unwrap() {
        let name = name.to_uppercase().leak();
        let value = output["value"].as_str().unwrap_or("false");
        environment.push((name, value.to_owned()));
    }
    let with_group = |group: &str| {
        let given = environment.iter().map(|(name, value)| match *name {
            "AZURE_RESOURCE_GROUP" => (*name, group),
            _ => (*name, value.as_str()),
        });
        deploy(&["--step", "grant"], &given.collect::<Vec<_>>())
    };
    let asks = |calls: &[String]| {
        calls
            .iter()
            .any(|call| call.contains("deployment sub show"))
    };
    let (output, calls) = with_group("rg-sluice-orders-dev");
    assert!(output.status.success());
    assert!(!asks(&calls), "{calls:#?}");
    // They are of another dataset's deployment.
    let (_, calls) = with_group("rg-sluice-sensors-dev");
    assert!(asks(&calls), "{calls:#?}");
}

/// curl would take a line that begins with @ for a file, and the system a long one for too long an argument.
fn events_are_sent_as_they_are() {
    let smoke = ["--step", "smoke", "--smoke-events", "odd.jsonl"];
    let (output, calls) = deploy(&[&DEV[..], &smoke].concat(), &[]);
    assert!(output.status.success());
    let bodies = calls.iter().filter_map(|call| call.strip_prefix("body "));
    let expected = [
        "14 @/etc/hostname".to_owned(),
        format!("200000 {}", "x".repeat(20)),
    ];
    assert!(bodies.eq(&expected), "{calls:#?}");
}

fn changes(calls: &[String]) -> bool {
    let words = [" create", " delete", "config-zip"];
    let made = |call: &String| words.iter().any(|word| call.contains(word));
    calls.iter().any(made)
}

fn a_preview_changes_nothing_and_deletion_wants_the_name_typed() {
    let (output, calls) = deploy(&[&DEV[..], &["--what-if"]].concat(), &[]);
    assert!(output.status.success());
    let preview = "deployment sub what-if";
    assert!(calls.iter().any(|call| call.contains(preview)));
    assert!(!changes(&calls), "{calls:#?}");

    let (output, calls) = deploy(&["--environment", "dev", "--destroy"], &[]);
    assert!(!output.status.success());
    assert!(!changes(&calls), "{calls:#?}");
    let (output, calls) = deploy(&["--environment", "dev", "--destroy", "--yes"], &[]);
    assert!(output.status.success());
    assert!(calls.contains(&"az group delete --name rg-sluice-orders-dev --yes".to_owned()));
}
