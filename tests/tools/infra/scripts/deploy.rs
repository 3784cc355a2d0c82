//! `infra/deploy.sh` with stand-ins for the programs that it calls: what it would do, in which order.

use libtest_mimic::Trial;

use super::stand_in::{OUTPUTS, TOLD, deploy, deploy_answering};
use crate::tool::trials;

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
        a_package_that_was_tested_is_published_as_it_is,
        a_preview_changes_nothing_and_deletion_wants_the_name_typed,
        what_is_locked_is_deleted_by_its_name_only,
        a_deployment_keeps_what_the_hub_has_inflated_to,
        gold_follows_as_the_dataset_says,
        queues_and_hubs_are_those_that_the_rules_of_the_dataset_name,
        a_locked_server_lets_nobody_in_after_the_grant,
    ]
}

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
        "cargo run --locked --package sluice-cli --bin sluice -- sql-grant --server sql-x.database.example.net --database gold --identity id-x --client-id 11223344",
        "az sql server firewall-rule delete",
        "cargo run --locked --package sluice-cli --bin sluice -- package --dataset datasets/orders.toml",
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
    assert!(
        said.contains("go to nobody: set SLUICE_ALERT_EMAILS"),
        "{said}"
    );
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
        assert!(
            said.contains("dist/app.zip to app func-x of rg-x"),
            "{said}"
        );
    }
}

/// azd's hooks name no environment, and its deployment has a name of its own.
fn azd_hands_its_own_outputs_on() {
    let outputs: serde_json::Value = serde_json::from_str(OUTPUTS).unwrap();
    let mut environment = vec![("AZURE_ENV_NAME", "dev".to_owned())];
    for (name, output) in outputs.as_object().unwrap() {
        let name = name.to_uppercase().leak();
        let value = output["value"].as_str().unwrap_or("0");
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

/// To go back is to publish what was there before, not to build it again.
fn a_package_that_was_tested_is_published_as_it_is() {
    let tested = ["--package", "odd.jsonl"];
    let (output, calls) = deploy(
        &[&DEV[..], &tested].concat(),
        &[("SLUICE_COMMIT", "0123abc")],
    );
    assert!(output.status.success());
    let published = "config-zip --resource-group rg-x --name func-x --src odd.jsonl";
    assert!(
        calls.iter().any(|call| call.contains(published)),
        "{calls:#?}"
    );
    assert!(!calls.iter().any(|call| call.contains("sluice package")));
    assert!(
        calls.iter().any(|call| call == "commit 0123abc"),
        "{calls:#?}"
    );
    let (output, calls) = deploy(&[&DEV[..], &["--package", "gone.zip"]].concat(), &[]);
    assert!(!output.status.success());
    assert!(!changes(&calls), "{calls:#?}");
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

fn what_is_locked_is_deleted_by_its_name_only() {
    let destroy = ["--environment", "prod", "--destroy", "--yes"];
    let locked = [("LOCKED", "1")];
    for answer in ["", "yes\n", "rg-sluice-orders-dev\n"] {
        let (output, calls) = deploy_answering(answer, &destroy, &locked);
        assert!(!output.status.success(), "{answer:?}");
        assert!(!changes(&calls), "{answer:?}: {calls:#?}");
    }
    let (output, calls) = deploy_answering("rg-sluice-orders-prod\n", &destroy, &locked);
    assert!(output.status.success());
    let made: Vec<&String> = calls
        .iter()
        .filter(|call| call.contains("delete"))
        .collect();
    assert_eq!(made.len(), 4, "{made:#?}");
    assert!(
        made[0].ends_with("lock delete --ids /locks/lake"),
        "{made:#?}"
    );
    assert!(made[2].contains("group delete"), "{made:#?}");

    let (output, calls) = deploy(&destroy, &[("EXISTS", "false")]);
    assert!(output.status.success());
    assert!(!calls.iter().any(|call| call.contains("group delete")));
}

/// Auto-inflate raises the units; a template that says what they are at rest would take them away.
fn a_deployment_keeps_what_the_hub_has_inflated_to() {
    let told = |environment: &[(&str, &str)]| {
        let (output, calls) = deploy(&[&DEV[..], &["--step", "provision"]].concat(), environment);
        assert!(output.status.success());
        calls
            .iter()
            .find_map(|call| call.strip_prefix("units ").map(str::to_owned))
    };
    assert_eq!(told(&[("UNITS", "10")]).as_deref(), Some("10"));
    assert_eq!(told(&[("UNITS", "")]).as_deref(), Some("0"));
    let none = [("UNITS", "10"), ("EXISTS", "false")];
    assert_eq!(told(&none).as_deref(), Some("0"), "there is no group yet");
}

/// A lock holds the server's rules, too.
fn a_locked_server_lets_nobody_in_after_the_grant() {
    let grant = [
        "--environment",
        "dev",
        "--step",
        "grant",
        "--client-ip",
        "192.0.2.1",
    ];
    let (output, calls) = deploy(&grant, &[("LOCKED", "1")]);
    assert!(output.status.success());
    let narrowed =
        "--name deploying --output none --start-ip-address 0.0.0.0 --end-ip-address 0.0.0.0";
    let last = calls.last().unwrap();
    assert!(
        last.contains("firewall-rule update") && last.ends_with(narrowed),
        "{last}"
    );
}

fn gold_follows_as_the_dataset_says() {
    let set = |name| (name, "1");
    for (environment, expected) in [
        (&[][..], "gold by low"),
        (&[set("NO_RULES")], "gold by timer"),
        (&[set("TIMER")], "gold by timer"),
        (&[set("NO_RULES"), set("LOW")], "gold by low"),
    ] {
        let arguments = [&DEV[..], &["--step", "provision"]].concat();
        let (output, calls) = deploy(&arguments, environment);
        assert!(output.status.success(), "{output:?}");
        let said = calls.iter().find(|call| call.starts_with("gold by"));
        assert_eq!(said.map(String::as_str), Some(expected), "{environment:?}");
    }
}

fn queues_and_hubs_are_those_that_the_rules_of_the_dataset_name() {
    for (environment, expected) in [
        (&[][..], "alerts to no queue, no hub"),
        (&[TOLD][..], "alerts to alerts,shop-alerts, Fraud.1"),
    ] {
        let arguments = [&DEV[..], &["--step", "provision"]].concat();
        let (output, calls) = deploy(&arguments, environment);
        assert!(output.status.success(), "{output:?}");
        assert!(
            calls.iter().any(|call| call == expected),
            "{expected}\n{calls:#?}"
        );
    }
}
