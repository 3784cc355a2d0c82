//! `infra/deploy.sh` with stand-ins for the programs that it calls: what it would do, in which order.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::compiler::root;

/// Answers as Azure would, and writes down what it is asked. The first look at the log's head finds none.
const AZ: &str = r#"#!/usr/bin/env bash
echo "az $*" >> "$CALLS/log"
case "$*" in
    "account show --query user.name"*) echo somebody@example.com ;;
    "account show --query user.type"*) echo user ;;
    "ad signed-in-user show"*) echo 55555555-5555-5555-5555-555555555555 ;;
    "deployment sub show"*) cat "$CALLS/outputs" ;;
    *"keys list"*) echo true ;;
    *get-access-token*) echo TOKEN ;;
    *"eq 'head'"*) [[ ! -e $CALLS/looked ]] || echo 7; touch "$CALLS/looked" ;;
    *"eq 'hint'"*) echo 7 ;;
    "group exists"*) echo true ;;
esac
"#;
const NOTED: &str = "#!/usr/bin/env bash\necho \"${0##*/} $*\" >> \"$CALLS/log\"\n";
const NOTHING: &str = "#!/usr/bin/env bash\n";
/// Azure does not keep the case of an output's name.
const OUTPUTS: &str = r#"{
    "aZURE_RESOURCE_GROUP": {"value": "rg-x"}, "apP_NAME": {"value": "func-x"},
    "SQL_SERVER": {"value": "sql-x.database.example.net"}, "SQL_DATABASE": {"value": "gold"}, "GOLD_SCHEMA": {"value": "gold"},
    "IDENTITY_NAME": {"value": "id-x"}, "IDENTITY_CLIENT_ID": {"value": "11223344-5566-7788-99aa-bbccddeeff00"},
    "EVENT_GRID_TOPIC": {"value": "topic-x"}, "STATE_ACCOUNT": {"value": "stx"},
    "EVENTHUB_NAMESPACE": {"value": "ns.example.net"}, "EVENTHUB_NAME": {"value": "events"},
    "NETWORK_ISOLATION": {"value": false}}"#;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the script; returns how it ended and what it called.
fn deploy(arguments: &[&str]) -> (Output, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "az", AZ);
    write(folder.path(), "cargo", NOTED);
    write(folder.path(), "curl", NOTED);
    write(folder.path(), "sleep", NOTHING);
    write(folder.path(), "outputs", OUTPUTS);
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(root().join("infra/deploy.sh"));
    for name in [
        "AZURE_LOCATION",
        "AZURE_PRINCIPAL_ID",
        "APP_NAME",
        "SLUICE_DATASET",
    ] {
        command.env_remove(name);
    }
    let output = command
        .args(arguments)
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("CALLS", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    (output, log.lines().map(str::to_owned).collect())
}

const DEV: [&str; 4] = ["--environment", "dev", "--location", "westeurope"];

#[test]
fn the_steps_of_a_deployment_come_in_their_order_and_end_with_an_event_in_gold() {
    let steps = [
        "--step", "grant", "--step", "package", "--step", "events", "--step", "smoke",
    ];
    let (output, calls) = deploy(&[&DEV[..], &steps, &["--client-ip", "192.0.2.1"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let expected = [
        "az deployment sub show --name sluice-orders-dev",
        "az sql server firewall-rule create --resource-group rg-x --server sql-x",
        "cargo sluice sql-grant --server sql-x.database.example.net --database gold --identity id-x --client-id 11223344",
        "az sql server firewall-rule delete",
        "cargo sluice package --dataset datasets/orders.toml",
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
    assert!(
        !calls.iter().any(|call| call.contains("TOKEN")),
        "a token is in a command line"
    );
}

#[test]
fn a_preview_changes_nothing_and_nothing_is_deleted_unless_its_name_is_typed() {
    let (output, calls) = deploy(&[&DEV[..], &["--what-if"]].concat());
    assert!(output.status.success());
    let changes = |calls: &[String]| {
        let words = [" create", " delete", "config-zip"];
        calls
            .iter()
            .any(|call| words.iter().any(|word| call.contains(word)))
    };
    assert!(
        calls
            .iter()
            .any(|call| call.contains("deployment sub what-if"))
    );
    assert!(!changes(&calls), "{calls:#?}");

    let (output, calls) = deploy(&["--environment", "dev", "--destroy"]);
    assert!(!output.status.success());
    assert!(!changes(&calls), "{calls:#?}");
    let (output, calls) = deploy(&["--environment", "dev", "--destroy", "--yes"]);
    assert!(output.status.success());
    assert!(calls.contains(&"az group delete --name rg-sluice-orders-dev --yes".to_owned()));
}
