//! What `infra/` would deploy, without deploying it: the compiler predicts every resource.

mod agreement;
mod compiler;
mod exposure;
mod mutants;
mod parameters;
mod policy;
mod roles;
mod scripts;
mod settings;
mod snapshot;

use std::path::PathBuf;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::tool::{BICEP, root, trials};
use compiler::Copy;
use mutants::Mutant;
use snapshot::Snapshot;

/// Makes the committed snapshots anew, when set.
const RENEW: &str = "SLUICE_RENEW_SNAPSHOTS";
const ENVIRONMENTS: [&str; 2] = ["dev", "prod"];

/// The tests of infra/, of its scripts, and of the workflows.
pub(crate) fn trials() -> Vec<Trial> {
    let mut all = trials![BICEP.missing();
        every_template_compiles_without_a_warning,
        every_template_is_formatted,
        the_committed_snapshots_are_what_would_be_deployed,
        a_template_that_breaks_a_rule_is_found,
        a_template_that_leaves_a_door_open_is_found,
        a_template_that_lets_data_be_deleted_is_found,
        subnets_are_made_one_after_the_other,
        a_role_too_many_too_few_or_too_wide_is_found,
        a_setting_too_many_too_few_or_wrong_is_found,
        a_name_that_the_code_does_not_share_is_found,
        silver_is_told_of_bronze,
    ];
    all.extend(trials![None;
        what_would_be_deployed_keeps_the_rules,
        the_page_about_operations_tells_every_setting,
        one_template_reads_a_key,
        the_workbook_asks_its_own_component,
        alerts_compare_with_what_the_parameters_say,
        alerts_and_workbook_ask_for_what_the_handler_logs,
    ]);
    all.extend(parameters::trials());
    all.extend(scripts::trials());
    all
}

fn committed_roles() -> Value {
    let text = std::fs::read_to_string(root().join("infra/roles.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The files below `infra/` whose names end so.
fn files(end: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join("infra")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    found
}

fn every_template_compiles_without_a_warning() {
    let copy = Copy::new();
    assert_eq!(copy.complaints(), "");
    copy.replace(
        "modules/sql.bicep",
        "minimalTlsVersion",
        "minimalTlsversion",
    );
    assert!(copy.complaints().contains("minimalTlsversion"));
}

fn every_template_is_formatted() {
    let copy = Copy::new();
    let main = copy.read("main.bicep");
    copy.replace("main.bicep", "targetScope = ", "targetScope   =   ");
    copy.format();
    assert_eq!(
        copy.read("main.bicep"),
        main,
        "a careless line is put right"
    );
    for path in files(".bicep").into_iter().chain(files(".bicepparam")) {
        let file = path.strip_prefix(root().join("infra")).unwrap();
        let file = file.to_str().unwrap();
        let own = std::fs::read_to_string(&path).unwrap();
        assert!(copy.read(file) == own, "run: bicep format infra/{file}");
    }
}

fn the_committed_snapshots_are_what_would_be_deployed() {
    let copy = Copy::new();
    for environment in ENVIRONMENTS {
        if std::env::var_os(RENEW).is_some() {
            copy.predict(environment);
            let file = format!("{environment}.snapshot.json");
            std::fs::copy(copy.path(&file), root().join("infra").join(file)).unwrap();
        }
        if let Some(difference) = copy.snapshot_difference(environment) {
            panic!("{environment} differs; to renew snapshots, set {RENEW}=1\n{difference}");
        }
    }
    copy.replace(
        "modules/event-hubs.bicep",
        "name: 'sluice'",
        "name: 'others'",
    );
    let difference = copy.snapshot_difference("dev").unwrap();
    assert!(difference.contains("events/others"), "{difference}");
}

fn what_would_be_deployed_keeps_the_rules() {
    for environment in ENVIRONMENTS {
        let snapshot = Snapshot::committed(environment);
        assert_eq!(policy::problems(&snapshot), [""; 0], "{environment}");
        assert_eq!(
            roles::problems(&snapshot, &committed_roles()),
            [""; 0],
            "{environment}"
        );
        assert_eq!(settings::problems(&snapshot), [""; 0], "{environment}");
        assert_eq!(agreement::problems(&snapshot), [""; 0], "{environment}");
    }
    assert_eq!(exposure::exposed(&Snapshot::committed("prod")), [""; 0]);
    assert_eq!(exposure::unprotected(&Snapshot::committed("prod")), [""; 0]);
    let open = exposure::exposed(&Snapshot::committed("dev"));
    assert!(!open.is_empty(), "dev is not isolated");
}

fn the_page_about_operations_tells_every_setting() {
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let differences =
        |page: &str| settings::differences_of_page(&Snapshot::committed("prod"), page);
    assert_eq!(differences(&page), [""; 0]);
    let spoilt = page
        .replace("`EVENTHUB_CONSUMER_GROUP`", "`EVENTHUB_GROUP`")
        .replace("`SLUICE_KEY_CACHE_MIB`", "its cache");
    let expected = [
        "EVENTHUB_CONSUMER_GROUP is left out",
        "SLUICE_KEY_CACHE_MIB is left out",
        "EVENTHUB_GROUP is read by nobody",
    ];
    assert_eq!(differences(&spoilt), expected);
}

/// Spoils a copy in every way at once and returns what is found; all mutants are independent of each other.
fn check(mutants: &[Mutant], problems: impl Fn(&Copy, &Snapshot) -> Vec<String>) {
    let copy = Copy::new();
    copy.without_linter();
    for (file, old, new, _) in mutants {
        copy.replace(file, old, new);
    }
    let found = problems(&copy, &Snapshot(copy.predict("prod")));
    for (file, old, _, expected) in mutants {
        let pieces: Vec<&str> = expected.split(" … ").collect();
        let complaint = found
            .iter()
            .find(|problem| pieces.iter().all(|piece| problem.contains(piece)));
        assert!(
            complaint.is_some(),
            "{file} without {old:?} goes unnoticed; found: {found:#?}"
        );
    }
}

fn a_template_that_breaks_a_rule_is_found() {
    check(mutants::POLICY, |_, snapshot| policy::problems(snapshot));
}

fn a_template_that_leaves_a_door_open_is_found() {
    check(mutants::EXPOSED, |_, snapshot| exposure::exposed(snapshot));
}

fn a_template_that_lets_data_be_deleted_is_found() {
    check(mutants::UNPROTECTED, |_, snapshot| {
        exposure::unprotected(snapshot)
    });
}

/// Azure changes one subnet of a network at a time, and refuses another one meanwhile.
fn subnets_are_made_one_after_the_other() {
    let file = "modules/network.bicep";
    let unordered = |copy: &Copy| {
        let template = copy.template(file);
        let resources = template["resources"].as_array().unwrap().iter();
        let subnets = resources
            .filter(|resource| resource["type"] == "Microsoft.Network/virtualNetworks/subnets");
        let waits = |subnet: &Value| {
            let after = subnet["dependsOn"].to_string();
            after.contains("Microsoft.Network/virtualNetworks/subnets")
        };
        subnets.filter(|subnet| !waits(subnet)).count()
    };
    let copy = Copy::new();
    assert_eq!(unordered(&copy), 1, "only the first waits for none");
    copy.replace(file, "    dependsOn: [app]\n", "");
    assert_eq!(unordered(&copy), 2);
}

fn a_role_too_many_too_few_or_too_wide_is_found() {
    check(mutants::ROLES, |copy, snapshot| {
        let roles = serde_json::from_str(&copy.read("roles.json")).unwrap();
        roles::problems(snapshot, &roles)
    });
}

fn a_setting_too_many_too_few_or_wrong_is_found() {
    for mutants in [mutants::SETTINGS, mutants::IDENTITY] {
        check(mutants, |_, snapshot| settings::problems(snapshot));
    }
}

fn a_name_that_the_code_does_not_share_is_found() {
    let mutants: &[Mutant] = &[
        (
            "modules/event-hubs.bicep",
            "name: 'sluice'",
            "name: 'other'",
            "no sluice among Microsoft.EventHub",
        ),
        (
            "modules/host-storage.bicep",
            "name: 'sluice'",
            "name: 'state'",
            "no sluice among Microsoft.Storage",
        ),
        (
            "modules/lake.bicep",
            "['bronze', 'silver', 'quarantine']",
            "['bronze', 'silver']",
            "no quarantine among",
        ),
        (
            "prod.bicepparam",
            "'SLUICE_DATASET', 'orders'",
            "'NOT_SET', 'sensors'",
            "the dataset's name is not its file's",
        ),
        (
            "main.bicep",
            "'datasets/${datasetName}.toml'",
            "'datasets/orders.toml'",
            "the dataset's name is not its file's",
        ),
    ];
    check(mutants, |_, snapshot| agreement::problems(snapshot));
}

fn one_template_reads_a_key() {
    let readers: Vec<PathBuf> = files(".bicep")
        .into_iter()
        .filter(|path| !agreement::key_readers(&std::fs::read_to_string(path).unwrap()).is_empty())
        .collect();
    assert_eq!(readers, [root().join("infra/post/blob-events.bicep")]);
    let source =
        "var a = account.listKeys().keys[0]\nvar b = listAccountSas(x)\nvar c = listing(y)";
    assert_eq!(
        agreement::key_readers(source),
        ["listKeys", "listAccountSas"]
    );
}

fn silver_is_told_of_bronze() {
    let copy = Copy::new();
    let (file, snapshot) = ("post/blob-events.bicep", Snapshot::committed("dev"));
    let problems = |copy: &Copy| agreement::subscription_problems(&copy.template(file), &snapshot);
    assert_eq!(problems(&copy), [""; 0]);
    for (old, new) in [
        ("Host.Functions.silver", "Host.Functions.bronze"),
        ("containers/bronze/blobs/", "containers/silver/blobs/"),
        ("'event-grid-dead-letters'", "'nowhere'"),
        (
            "functionName=",
            "also=${listKeys(app.id, '2023-12-01').x}&functionName=",
        ),
    ] {
        let copy = Copy::new();
        copy.replace(file, old, new);
        assert_ne!(problems(&copy), [""; 0], "{new} goes unnoticed");
    }
}

fn alerts_compare_with_what_the_parameters_say() {
    // A tenth of 24 and of 168 hours.
    for (environment, limit) in [("dev", "144m"), ("prod", "1008m")] {
        let snapshot = Snapshot::committed(environment);
        let query = |name: &str| {
            let mut alerts = snapshot.of("Microsoft.Insights/scheduledQueryRules");
            let alert = alerts.find(|alert| alert.name().ends_with(name)).unwrap();
            let query = alert.property("/criteria/allOf/0/query").as_str();
            query.unwrap().to_owned()
        };
        let behind = query("bronze-behind");
        assert!(
            behind.starts_with(&format!("let limit = {limit};")),
            "{behind}"
        );
        assert!(behind.contains("by partition = ") && behind.contains("> limit / 1ms"));
        // Versions of two generations are not to be compared.
        let gold = query("gold-not-advancing");
        assert!(gold.contains("by generation"), "{gold}");
        assert!(gold.contains("arg_max(generation,"), "{gold}");
    }
}

fn the_workbook_asks_its_own_component() {
    let snapshot = Snapshot::committed("prod");
    let components: Vec<_> = snapshot.of("Microsoft.Insights/components").collect();
    let mut workbooks = snapshot.of("Microsoft.Insights/workbooks");
    let text = workbooks.next().unwrap().property("/serializedData");
    let workbook: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let asked = workbook["fallbackResourceIds"].as_array().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0], components[0].id());
}

fn alerts_and_workbook_ask_for_what_the_handler_logs() {
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let queries: Vec<String> = files(".kql").iter().map(read).collect();
    let workbook: Value = serde_json::from_str(&read(&root().join("infra/workbook.json"))).unwrap();
    let items = workbook["items"].as_array().unwrap().iter();
    let texts = items.filter_map(|item| item["content"]["query"].as_str());
    let all: Vec<String> = queries
        .into_iter()
        .chain(texts.map(str::to_owned))
        .collect();
    assert!(all.len() > 8);
    for query in &all {
        let unknown = agreement::unknown_log_words(query);
        assert!(unknown.is_empty(), "{unknown:?} in {query}");
    }
    let wrong = [
        (r#"where log.message == "digested""#, "digested"),
        (
            r#"where log.message == "refined" and log.stored > 1"#,
            "stored",
        ),
        (
            r#"where message == "published" and tostring(log.ended) in ("UpToDate", "Done")"#,
            "Done",
        ),
    ];
    for (query, word) in wrong {
        let unknown = agreement::unknown_log_words(query);
        assert!(unknown.iter().eq([word]), "{unknown:?} in {query}");
    }
}
