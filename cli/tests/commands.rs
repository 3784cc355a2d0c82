//! The other commands as a user runs them: on a pipeline that `sluice up` runs, and on none.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/pipeline.rs"]
mod pipeline;
mod support;

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use pipeline::Pipeline;
use support::{command, repository};

impl Pipeline {
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
    }

    fn settings_file(&self) -> PathBuf {
        self.state_dir().join("orders/settings.json")
    }

    fn gold_file(&self) -> PathBuf {
        self.state_dir().join("orders/gold.db")
    }
}

fn text(output: &Output) -> String {
    let (stdout, stderr) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}",
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr)
    )
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn commands_find_the_pipeline_that_up_runs_and_agree() {
    let mut pipeline = Pipeline::start();
    let produced = pipeline.json(&[
        "produce",
        "--count",
        "700",
        "--duplicates",
        "0.1",
        "--broken",
        "0.1",
        "--json",
    ]);
    assert_eq!(produced["events"], 700);
    pipeline.wait_for("the end of the work", || {
        let status = pipeline.json(&["status", "--json"]);
        let gold = status["gold"].as_array();
        status["silver"]["lines"] == 700
            && gold.is_some_and(|tables| tables.iter().all(|table| table["behind"] == 0))
    });
    let status = pipeline.json(&["status", "--json"]);
    assert_eq!(status["hub"]["events"], 700);
    assert_eq!(status["silver"]["behind"], 0);
    assert_eq!(status["bronze"], Value::Null);
    let status = pipeline.json(&["status", "--deep", "--json"]);
    assert_eq!(status["bronze"]["behind"], 0);
    assert_eq!(status["waiting"]["lines"], 0);

    let events = pipeline.run(&["consume", "--from", "start", "--until-now", "--json"]);
    let events = lines(&events);
    assert_eq!(events.len(), 700);
    assert!(
        events
            .iter()
            .all(|event| event["sequence_number"].is_i64() && event["offset"].is_string())
    );
    let some = pipeline.run(&["consume", "--from", "start", "--count", "5"]);
    assert_eq!(some.stdout.iter().filter(|byte| **byte == b'\n').count(), 5);

    let rows = status["silver"]["rows"].clone();
    let total = pipeline.json(&["gold", "gold_total_revenue", "--json"]);
    assert_eq!(total["total_orders"], rows);
    let listed = lines(&pipeline.run(&["gold", "--json"]));
    assert_eq!(listed[0]["table"], "gold_daily_orders");

    check_maintenance(&pipeline, &rows);

    check_audit(&pipeline, &rows);
    check_identity(&pipeline);
    check_hostile_event(&pipeline);
    check_targets(&pipeline);

    let settings = pipeline.settings_file();
    assert!(pipeline.stop(), "it ends well");
    assert!(!settings.exists(), "it may hold a password");
    let status = pipeline.run(&["status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(text(&status).contains("sluice up"), "{}", text(&status));
}

/// Everything adds up, until somebody spoils gold.
fn check_audit(pipeline: &Pipeline, rows: &Value) {
    let report = pipeline.json(&["audit", "--grace", "0", "--json"]);
    assert_eq!(report["adds_up"], true, "{report:#}");
    let hub = &report["checks"][1];
    assert_eq!(
        (&hub["skipped"], &hub["difference"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(&report["sums"]["rows"], rows);
    spoil(&pipeline.gold_file());
    let audit = pipeline.run(&["audit"]);
    assert_eq!(audit.status.code(), Some(1), "{}", text(&audit));
    assert!(
        text(&audit).contains("DOES NOT ADD UP: gold: gold_total_revenue"),
        "{}",
        text(&audit)
    );
}

/// Another folder, whose settings lead to the storage of this pipeline, and a state that does not run.
fn check_identity(pipeline: &Pipeline) {
    use std::os::unix::fs::PermissionsExt as _;

    let settings = pipeline.settings_file();
    let mode = settings.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let target = pipeline.json(&["status", "--json"])["target"].clone();
    let path = settings.display().to_string();
    assert!(target.as_str().unwrap().contains(&path), "{target}");

    let nowhere = sluice(&["audit", "--state-dir", "nothing-here"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let expected = "no pipeline of `sluice up` runs with its state in";
    assert!(text(&nowhere).contains(expected), "{}", text(&nowhere));

    let other = tempfile::tempdir().unwrap();
    let mut values: Value = serde_json::from_slice(&std::fs::read(settings).unwrap()).unwrap();
    values["Values"]["DATASET"] = repository()
        .join("datasets/orders.toml")
        .display()
        .to_string()
        .into();
    values.as_object_mut().unwrap().remove("Token");
    std::fs::write(other.path().join("local.settings.json"), values.to_string()).unwrap();
    for arguments in [
        vec!["status"],
        vec!["audit"],
        vec!["maintain"],
        vec!["produce", "--count", "5"],
        vec!["consume", "--until-now"],
    ] {
        let mut command = command(other.path());
        let output = command.args(&arguments).output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("is that of another pipeline"), "{said}");
        let state_dir = pipeline.state_dir();
        assert!(said.contains(&state_dir.display().to_string()), "{said}");
    }
}

/// Every command that writes says first where to, in one line on standard error.
fn check_targets(pipeline: &Pipeline) {
    for arguments in [
        vec!["produce", "-n", "1", "--json"],
        vec!["maintain", "--dry-run", "--json"],
        vec!["maintain", "--json"],
        vec!["rebuild", "gold", "--table", "gold_daily_orders"],
        vec!["rebuild", "silver", "--accept-loss"],
        vec!["rebuild", "silver", "--accept-loss", "--json"],
    ] {
        let output = pipeline.run(&arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let first = said.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("writes to: dataset "),
            "{arguments:?}: {said}"
        );
        let state = pipeline.state_dir().join("orders");
        for expected in [
            "storage http://127.0.0.1:",
            "event hub 127.0.0.1:",
            &format!("database {}", pipeline.gold_file().display()),
            &format!("with its state in {})", state.display()),
        ] {
            assert!(first.contains(expected), "{expected}: {first}");
        }
        let result = String::from_utf8_lossy(&output.stdout);
        if arguments.contains(&"--json") {
            let json: Result<Value, _> = serde_json::from_str(&result);
            assert!(json.is_ok(), "{arguments:?}: {}", text(&output));
        } else {
            let is_said_once = !result.contains("storage http://");
            assert!(is_said_once, "{arguments:?}: {}", text(&output));
        }
    }
}

#[test]
fn rights_are_granted_only_after_it_is_said_where() {
    let mut command = command(repository());
    // No tool that is logged in to Azure is found, so nothing is asked of any server.
    command
        .env("PATH", "")
        .args(["sql-grant", "--server", "127.0.0.1"]);
    command.args(["--identity", "id-x"]);
    command.args(["--client-id", "11223344-5566-7788-99aa-bbccddeeff00"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let mut lines = said.lines();
    let first = "writes to: database 127.0.0.1/gold (the command line names it)";
    assert_eq!(lines.next(), Some(first), "{said}");
    let second = lines.next().unwrap_or_default();
    assert!(second.starts_with("sluice: "), "{said}");
}

/// Sends an event that would take a terminal over, and looks at it in every way.
fn check_hostile_event(pipeline: &Pipeline) {
    let before = pipeline.json(&["status", "--json"])["silver"]["lines"].clone();
    let file = pipeline.folder.path().join("hostile.jsonl");
    let event = "{\"order_id\": 99999999, \"amount\": 99999999, \"timestamp\": \"1763120674.343\", \"customer_id\": \"\\u001b]0;pwned\\u0007\\u009b31m\u{9b}\u{7f}\\u202e\"}\n";
    std::fs::write(&file, event).unwrap();
    let sent = pipeline.run(&["produce", "--input", file.to_str().unwrap()]);
    assert!(sent.status.success(), "{}", text(&sent));
    pipeline.wait_for("the hostile event in gold", || {
        let status = pipeline.json(&["status", "--json"]);
        let gold = status["gold"].as_array();
        status["silver"]["lines"].as_u64() > before.as_u64()
            && gold.is_some_and(|tables| tables.iter().all(|table| table["behind"] == 0))
    });
    for arguments in [
        vec!["gold", "gold_customer_totals", "--limit", "0"],
        vec!["gold", "gold_customer_totals", "--limit", "0", "--json"],
        vec!["head", "--rows", "1000"],
        vec!["head", "--rows", "1000", "--json"],
        vec!["consume", "--from", "start", "--until-now", "--json"],
    ] {
        let said = text(&pipeline.run(&arguments));
        assert!(said.contains("pwned\\u0007"), "{arguments:?}: {said}");
        let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!said.contains(raw), "{arguments:?}");
    }
}

/// Looks at silver's log and files, and maintains them.
fn check_maintenance(pipeline: &Pipeline, rows: &Value) {
    let history = lines(&pipeline.run(&["history", "--limit", "0", "--json"]));
    let first = history.last().unwrap();
    assert_eq!(
        (&first["version"], &first["did"]),
        (&0.into(), &"schema".into())
    );
    // A compaction, which may come at any minute, writes rows again.
    let appends = history.iter().filter(|commit| commit["did"] == "append");
    let appended = appends.filter_map(|commit| commit["rows"].as_u64());
    assert_eq!(&Value::from(appended.sum::<u64>()), rows);
    let newest = pipeline.run(&["head", "--rows", "3"]);
    assert!(newest.status.success(), "{}", text(&newest));
    assert!(
        text(&newest).contains("the newest 3 of"),
        "{}",
        text(&newest)
    );
    let newest = lines(&pipeline.run(&["head", "--rows", "3", "--json"]));
    assert_eq!(newest.len(), 3);
    assert!(newest.iter().all(|row| row["order_id"].is_i64()));

    let report = pipeline.json(&["maintain", "--dry-run", "--json"]);
    assert_eq!(report["dry_run"], true);
    let maintained = pipeline.run(&["maintain"]);
    assert!(maintained.status.success(), "{}", text(&maintained));
    assert!(
        text(&maintained).contains("up to date"),
        "{}",
        text(&maintained)
    );
    let facts = pipeline.json(&["status", "--deep", "--json"])["maintenance"].clone();
    assert_eq!((&facts["rows"], &facts["delta_lag"]), (rows, &0.into()));
    assert_eq!(facts["unreconciled"], 0);
}

/// Changes a total behind gold's back.
fn spoil(gold: &Path) {
    let connection = rusqlite::Connection::open(gold).unwrap();
    let statement = "UPDATE gold_total_revenue__1 SET total_orders = total_orders + 1";
    assert_eq!(connection.execute(statement, []).unwrap(), 1);
}

fn sluice(arguments: &[&str]) -> Output {
    command(repository()).args(arguments).output().unwrap()
}

#[test]
fn dataset_files_are_checked_and_inferred_ones_pass() {
    for file in ["orders", "orders-history", "sensors"] {
        let checked = sluice(&["dataset", "check", &format!("datasets/{file}.toml")]);
        assert!(checked.status.success(), "{}", text(&checked));
    }
    let inferred = sluice(&[
        "dataset",
        "infer",
        "datasets/samples/orders-history.jsonl.gz",
    ]);
    assert!(inferred.status.success(), "{}", text(&inferred));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inferred.toml");
    std::fs::write(&file, &inferred.stdout).unwrap();
    let checked = sluice(&["dataset", "check", file.to_str().unwrap(), "--json"]);
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (&checked["ok"], &checked["name"]),
        (&true.into(), &"orders-history".into())
    );

    let dotted = "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nfrom = \"meta.time\"\nrequired = true\n";
    std::fs::write(&file, dotted).unwrap();
    let checked = sluice(&["dataset", "check", file.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", text(&checked));
    assert!(
        text(&checked).contains("a dot is part of the name"),
        "{}",
        text(&checked)
    );

    std::fs::write(&file, "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n").unwrap();
    let checked = sluice(&["dataset", "check", file.to_str().unwrap()]);
    assert!(
        text(&checked).contains("the file has no columns"),
        "{}",
        text(&checked)
    );

    std::fs::write(&file, "name = \"x\"\nperiod = \"week\"\n").unwrap();
    let checked = sluice(&["dataset", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked).contains(":2: period"), "{}", text(&checked));
}

#[test]
fn inferred_files_are_fine_and_events_without_a_key_are_all_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inferred.toml");
    let pumps = folder.path().join("pumps.jsonl");
    let pump = |n: u64| {
        format!(
            "{{\"pump\": \"p{}\", \"ts\": {}, \"temp\": 20.5}}\n",
            n % 2,
            1795161600 + n
        )
    };
    std::fs::write(&pumps, (0..6).map(pump).collect::<String>()).unwrap();
    let inferred = sluice(&["dataset", "infer", pumps.to_str().unwrap()]);
    let said = text(&inferred);
    assert!(said.contains("\nkey = [\"pump\", \"ts\"]\n"), "{said}");
    let beside = String::from_utf8_lossy(&inferred.stderr);
    assert!(!beside.contains("warning"), "{beside}");
    std::fs::write(&file, &inferred.stdout).unwrap();
    assert!(
        sluice(&["dataset", "check", file.to_str().unwrap()])
            .status
            .success()
    );

    std::fs::write(
        &pumps,
        "{\"meter\": {\"id\": \"\u{9b}m\"}, \"ts\": 1795161600}\n{\"meter\": \"n\", \"ts\": 1795161601}\n",
    )
    .unwrap();
    let inferred = sluice(&["dataset", "infer", pumps.to_str().unwrap()]);
    let said = text(&inferred);
    assert!(said.contains("\nkeep = \"all\"\n"), "{said}");
    assert!(said.contains("not decided: what meter should be"), "{said}");
    assert!(said.contains("$.meter.id"), "{said}");
    assert!(!text(&inferred).contains('\u{9b}'), "{}", text(&inferred));
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_would_be_accepted() {
    let unreachable = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true";
    for (arguments, code, expected) in [
        (vec!["gold", "no_such"], 2, "gold_daily_orders"),
        (
            vec!["produce", "--input", "no/such.jsonl"],
            2,
            "no/such.jsonl",
        ),
        (
            vec![
                "produce",
                "--count",
                "1",
                "--connection",
                unreachable,
                "--hub",
                "h",
            ],
            1,
            "no event hub answers at 127.0.0.1:1",
        ),
        (vec!["consume", "--from", "yesterday"], 2, "latest"),
        (
            vec!["dataset", "infer", "no/such.jsonl"],
            2,
            "no/such.jsonl",
        ),
        (
            vec!["audit", "--dataset", "no/such.toml"],
            2,
            "no/such.toml",
        ),
    ] {
        // A pipeline that is named and need not answer; a dataset alone would have to run.
        let mut command = command(repository());
        command.env("LakeStorage", "UseDevelopmentStorage=true");
        let output = command.args(&arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            text(&output)
        );
        assert!(
            text(&output).contains(expected),
            "{arguments:?} should say {expected}: {}",
            text(&output)
        );
    }
}
