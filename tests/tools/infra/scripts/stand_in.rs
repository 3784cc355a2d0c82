//! A repository with stand-ins for the programs that `infra/deploy.sh` calls.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::tool::root;

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
    "deployment sub "*) printf '%s\n' "administrator $SLUICE_SQL_ADMIN_TYPE $SLUICE_SQL_ADMIN_ID" \
        "units $SLUICE_CURRENT_THROUGHPUT_UNITS" "commit $SLUICE_COMMIT" \
        "gold by $SLUICE_LATENCY" "alerts to ${SLUICE_ALERT_QUEUES:-no queue}, ${SLUICE_ALERT_HUBS:-no hub}" >> "$CALLS/log" ;;
    *"eq 'head'"*) [[ ! -e $CALLS/looked ]] || echo 7; touch "$CALLS/looked" ;;
    *"eq 'hint'"*) echo 7 ;;
    "group exists"*) echo "${EXISTS:-true}" ;;
    "eventhubs namespace list"*) [[ -z ${UNITS:-} ]] || echo "$UNITS" ;;
    "lock list"*) [[ -z ${LOCKED:-} ]] || printf '%s\n' /locks/lake /locks/hub ;;
    *"firewall-rule delete"*) [[ -z ${LOCKED:-} ]] || { echo "ERROR: (ScopeLocked)" >&2; exit 1; } ;;
esac
"#;
/// Makes what `package` would make, too.
const CARGO: &str = "#!/usr/bin/env bash\necho \"cargo $*\" >> \"$CALLS/log\"\nmkdir -p dist && touch dist/app.zip\n";
/// Notes what it is asked, and how the body that it is given begins.
const CURL: &str = "#!/usr/bin/env bash\nbody=$(cat)\necho \"curl $*\" >> \"$CALLS/log\"\necho \"body ${#body} ${body:0:20}\" >> \"$CALLS/log\"\n";
const NOTHING: &str = "#!/usr/bin/env bash\n";
/// Azure does not keep the case of an output's name.
pub(super) const OUTPUTS: &str = r#"{
    "aZURE_RESOURCE_GROUP": {"value": "rg-x"}, "apP_NAME": {"value": "func-x"},
    "SQL_SERVER": {"value": "sql-x.database.example.net"}, "SQL_DATABASE": {"value": "gold"}, "GOLD_SCHEMA": {"value": "gold"},
    "IDENTITY_NAME": {"value": "id-x"}, "IDENTITY_CLIENT_ID": {"value": "11223344-5566-7788-99aa-bbccddeeff00"},
    "EVENT_GRID_TOPIC": {"value": "topic-x"}, "STATE_ACCOUNT": {"value": "stx"},
    "EVENTHUB_NAMESPACE": {"value": "ns.example.net"}, "EVENTHUB_NAME": {"value": "events"},
    "LAKE_ACCOUNT": {"value": "stlake"}, "NETWORK_ISOLATION": {"value": false},
    "ALERT_RECEIVERS": {"value": 0}}"#;

/// Lets rules of the dataset tell somebody.
/// Changes of the dataset file that say something of when gold follows silver, by what asks for them.
const LATENCIES: [(&str, &str, &str); 3] = [
    ("NO_RULES", "[[alert]]", "[[no_alert]]"),
    (
        "TIMER",
        "generation = 1",
        "generation = 1\nlatency = \"timer\" # \"low\"",
    ),
    ("LOW", "generation = 1", "generation = 1\n  latency='low'"),
];
pub(super) const TOLD: (&str, &str) = ("TOLD", "1");
const NOTIFY: &str = r#"# "queue:not-this-one"
notify = ["queue:shop-alerts", "eventhub:Fraud.1", "webhook:HOOK", 'queue:alerts', "queue:alerts"]
"#;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The scripts in a folder.
fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// Runs the script, in a repository of its own; returns how it ended and what it called.
pub(super) fn deploy(arguments: &[&str], environment: &[(&str, &str)]) -> (Output, Vec<String>) {
    deploy_answering("", arguments, environment)
}

/// Likewise, with somebody who answers.
pub(super) fn deploy_answering(
    answer: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (Output, Vec<String>) {
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
    let orders = folder.path().join("datasets/orders.toml");
    for (name, old, new) in LATENCIES {
        if environment.iter().any(|(given, _)| *given == name) {
            let text = std::fs::read_to_string(&orders).unwrap().replace(old, new);
            std::fs::write(&orders, text).unwrap();
        }
    }
    if environment.contains(&TOLD) {
        let mut text = std::fs::read_to_string(&orders).unwrap() + NOTIFY;
        if environment.iter().any(|(name, _)| *name == "TOLD_OWN") {
            text = text.replace("eventhub:Fraud.1", "eventhub:Events");
        }
        std::fs::write(orders, text).unwrap();
    }
    for script in files("infra/deploy") {
        let text = std::fs::read_to_string(root().join(&script)).unwrap();
        write(folder.path(), &script, &text);
    }
    write(&programs, "az", AZ);
    write(&programs, "cargo", CARGO);
    write(&programs, "curl", CURL);
    write(&programs, "sleep", NOTHING);
    write(folder.path(), "answer", answer);
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
        .stdin(std::fs::File::open(folder.path().join("answer")).unwrap())
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
