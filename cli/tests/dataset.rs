//! `sluice dataset`, `doctor` and `completions` as a user runs them; none of them needs a pipeline.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[expect(dead_code, reason = "no test here runs a handler")]
mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use support::{command, repository};

const ORDERS: &str = "datasets/samples/orders-history.jsonl.gz";
const HISTORY: &str = "datasets/orders-history.toml";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

/// Runs in a folder with this on standard input.
fn piped(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command: Command = command(folder);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_sample_is_tried_from_files_and_from_standard_input_alike() {
    let events = std::fs::read(repository().join(ORDERS)).unwrap();
    let by_file = run(repository(), &["dataset", "try", HISTORY, ORDERS]);
    assert!(by_file.status.success(), "{}", stderr(&by_file));
    let text = stdout(&by_file);
    assert!(text.starts_with("rows  500, first 10\n"), "{text}");
    assert!(
        text.contains("\ngold_daily_orders  267 rows, first 3\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\n500 events = 500 rows + 0 duplicates + 0 quarantined\n"),
        "{text}"
    );
    let next = format!("next: sluice up --dataset {HISTORY} --input {ORDERS}\n");
    assert_eq!(stderr(&by_file), next);

    // Packed, as a pipe may bring it.
    let by_pipe = piped(repository(), &["dataset", "try", HISTORY], &events);
    assert_eq!(stdout(&by_pipe), text);
    let twice = run(
        repository(),
        &[
            "dataset",
            "try",
            HISTORY,
            ORDERS,
            ORDERS,
            "--json",
            "--only",
            "duplicates",
        ],
    );
    let lines = stdout(&twice);
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 501);
    assert_eq!(lines[0]["of"]["line_number"], 1);
    assert_eq!(lines[500]["totals"]["duplicates"], 500);
}

#[test]
fn events_of_which_none_is_a_row_end_with_exit_code_1() {
    let output = piped(
        repository(),
        &["dataset", "try", HISTORY, "-"],
        b"{\"a\": 1}\n",
    );
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.contains("quarantined  1\n  line 1, position 7: missing_field"),
        "{text}"
    );
    assert!(text.contains("\n    {\"a\": 1}\n           ^\n"), "{text}");
    let none = piped(repository(), &["dataset", "try", HISTORY, "-"], b"\n");
    assert!(
        stderr(&none).contains("there is no event in standard input"),
        "{}",
        stderr(&none)
    );
}

#[test]
fn a_file_is_inferred_of_several_files_and_of_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let event = |n: usize| {
        format!(
            "{{\"id\": {n}, \"ts\": {}, \"status\": \"s{}\"}}\n",
            1_795_161_600 + n,
            n % 3
        )
    };
    let events = |range: std::ops::Range<usize>| range.map(event).collect::<String>();
    std::fs::write(folder.path().join("a.jsonl"), events(0..60)).unwrap();
    let broken = events(60..120) + "{\"id\": 120.5, \"ts\": 1795161720, \"status\": \"s1\"}\n";
    std::fs::write(folder.path().join("b.jsonl"), &broken).unwrap();
    let output = run(
        folder.path(),
        &["dataset", "infer", "a.jsonl", "b.jsonl", "--name", "x"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for expected in [
        "A first guess from 120 events of a.jsonl, b.jsonl.",
        "# WARNING: Left out of the guess as unlike the others: 1 of 121 events (id is a number with a fraction in 1, such as 120.5).",
        "name = \"id\"\ntype = \"int64\"\nrequired = true",
        "allowed = [\"s0\", \"s1\", \"s2\"]",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let said = stderr(&output);
    assert!(
        said.contains("warning: left out of the guess as unlike the others: 1 of 121 events ("),
        "{said}"
    );
    assert!(
        said.ends_with("  sluice dataset check datasets/x.toml\n  sluice dataset try datasets/x.toml a.jsonl b.jsonl\n"),
        "{said}"
    );

    let by_pipe = piped(folder.path(), &["dataset", "infer", "-"], broken.as_bytes());
    assert!(
        stdout(&by_pipe).contains("name = \"standard_input\""),
        "{}",
        stdout(&by_pipe)
    );
    // What was inferred takes the events that it was inferred from.
    std::fs::write(folder.path().join("x.toml"), &text).unwrap();
    let tried = run(folder.path(), &["dataset", "try", "x.toml", "b.jsonl"]);
    assert!(
        stdout(&tried).contains("61 events = 60 rows"),
        "{}",
        stdout(&tried)
    );
}

const EXAMPLES: [&str; 6] = [
    "iot-hub",
    "web-shop",
    "cloud-events",
    "cloud-events-binary",
    "azure-logs",
    "change-events",
];

#[test]
fn the_examples_are_fine_and_do_what_their_fixtures_say() {
    for name in EXAMPLES {
        let file = format!("datasets/examples/{name}.toml");
        let checked = run(repository(), &["dataset", "check", &file]);
        assert!(checked.status.success(), "{}", stdout(&checked));
        let next = format!("next: sluice dataset try {file} datasets/examples/{name}.tests/");
        let said = stderr(&checked);
        assert!(said.contains(&next) && said.ends_with(".jsonl\n"), "{said}");
    }
    let tested = run(repository(), &["dataset", "test", "datasets/examples"]);
    let text = stdout(&tested);
    assert!(tested.status.success(), "{text}");
    // An ordinary day comes before the odd ones.
    let next = "next: sluice up --dataset datasets/examples/azure-logs.toml --input datasets/examples/azure-logs.tests/sample.jsonl\n";
    assert_eq!(stderr(&tested), next);
    let is_tested = |name| text.contains(&format!("datasets/examples/{name}.toml\n  ok   "));
    assert!(EXAMPLES.into_iter().all(is_tested), "{text}");
    assert!(text.ends_with("\n11 fixtures as expected\n"), "{text}");
}

#[test]
fn what_the_examples_document_shows_is_what_is_printed() {
    let document = std::fs::read_to_string(repository().join("docs/examples.md")).unwrap();
    let mut shown = 0;
    for block in document.split("```text\n$ sluice ").skip(1) {
        let (block, _) = block.split_once("\n```").unwrap();
        let (command, output) = block.split_once('\n').unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        let printed = stdout(&run(repository(), &words));
        // Three dots in a line of their own stand for what is left out.
        let mut rest = printed.as_str();
        for piece in output.split("\n…\n") {
            let found = rest.split_once(piece);
            assert!(found.is_some(), "{command}: {piece}\nis not in\n{printed}");
            rest = found.unwrap().1;
        }
        shown += 1;
    }
    assert_eq!(shown, 5);
}

#[test]
fn the_proposal_that_the_document_shows_is_what_is_printed() {
    let document = std::fs::read_to_string(repository().join("docs/commands.md")).unwrap();
    let (_, block) = document.split_once("```toml\n# $ sluice ").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let (command, shown) = block.split_once('\n').unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let printed = stdout(&run(repository(), &words));
    let (first, last) = shown.split_once("# … and so on for every field\n").unwrap();
    assert!(printed.starts_with(first), "{first}\nis not\n{printed}");
    assert!(
        printed.trim_end().ends_with(last),
        "{last}\nis not\n{printed}"
    );
}

#[test]
fn the_mistakes_that_the_document_shows_are_what_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("datasets")).unwrap();
    let mistakes = repository().join("cli/tests/data/mistakes.toml");
    std::fs::copy(mistakes, folder.path().join("datasets/orders.toml")).unwrap();
    let checked = run(folder.path(), &["dataset", "check", "datasets/orders.toml"]);
    let document = std::fs::read_to_string(repository().join("docs/dataset-file.md")).unwrap();
    let block = format!("```text\n{}```", stderr(&checked));
    assert!(document.contains(&block), "{block}");
}

#[test]
fn a_sample_may_have_lines_of_bronze_and_empty_events() {
    let events = "{\"$sluice\":\"event\",\"system\":{},\"properties\":{\"a\":1},\"body\":{\"id\":\"x\",\"ts\":\"2025-11-20T08:00:00Z\"}}\n{\"$sluice\":\"base64\",\"data\":\"\"}\n";
    let output = piped(
        repository(),
        &["dataset", "infer", "-", "--name", "x"],
        events.as_bytes(),
    );
    let text = stdout(&output);
    assert!(text.contains("key = [\"id\", \"ts\"]"), "{text}");
    assert!(!text.contains("sluice\"\n"), "{text}");
    let tried = piped(
        repository(),
        &["dataset", "try", "datasets/examples/iot-hub.toml", "-"],
        events.as_bytes(),
    );
    let said = stderr(&tried);
    let next = "next: sluice dataset infer EVENTS.jsonl\n";
    assert!(said.ends_with(next), "{said}");
}

#[test]
fn records_inside_of_messages_are_looked_into() {
    let record = |n: usize| {
        format!(
            "{{\"time\": \"2026-11-20T08:00:{n:02}Z\", \"resourceId\": \"r{}\", \"v\": {n}.5}}",
            n % 2
        )
    };
    let beside = "\"site\": {\"name\": \"north\"}, \"batch\": 7";
    let message = format!(
        "{{{beside}, \"records\": [{}, {}]}}\n",
        record(1),
        record(2)
    );
    let output = piped(
        repository(),
        &["dataset", "infer"],
        message.repeat(2).as_bytes(),
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    for expected in [
        "[payload]",
        "records = \"$.records[*]\"",
        "event_time = \"time\"",
        "name = \"site_name\"\nfrom_event = \"$.site.name\"\ntype = \"string\"\n",
        "name = \"batch\"\nfrom_event = \"batch\"\ntype = \"int64\"\n",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

#[test]
fn a_project_has_a_test_that_holds_and_tells_what_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["init", "shop"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let project = folder.path().join("shop");
    let tested = run(&project, &["dataset", "test"]);
    assert!(
        tested.status.success(),
        "{}{}",
        stdout(&tested),
        stderr(&tested)
    );
    let text = stdout(&tested);
    assert!(text.contains("  ok   first.jsonl  20 events = "), "{text}");

    let file = project.join("datasets/shop.toml");
    let dataset = std::fs::read_to_string(&file).unwrap();
    assert!(
        dataset.starts_with("#:schema dataset.schema.json\n"),
        "{dataset}"
    );
    let changed = dataset.replace("decimal(18,2)", "decimal(18,3)");
    std::fs::write(&file, changed).unwrap();
    let tested = run(&project, &["dataset", "test"]);
    assert_eq!(tested.status.code(), Some(1));
    let text = stdout(&tested);
    assert!(
        text.contains("\n       -   amount = ") && text.contains("\n       +   amount = "),
        "{text}"
    );
    assert!(
        stderr(&tested).contains("sluice dataset test datasets --accept"),
        "{}",
        stderr(&tested)
    );
    let json = run(&project, &["dataset", "test", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json[0]["ok"], false);
    assert!(
        run(&project, &["dataset", "test", "--accept"])
            .status
            .success()
    );
    assert!(run(&project, &["dataset", "test"]).status.success());
}

#[test]
fn the_schema_is_that_of_the_project_and_names_every_key() {
    let output = run(repository(), &["dataset", "schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let column = &schema["properties"]["column"]["items"]["properties"];
    assert!(column["expr"].is_object(), "{column}");
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["init", "shop"]);
    let written = std::fs::read(folder.path().join("shop/datasets/dataset.schema.json")).unwrap();
    assert_eq!(written, output.stdout);
}

#[test]
fn a_mistake_in_an_expression_is_pointed_at() {
    let folder = tempfile::tempdir().unwrap();
    let orders = std::fs::read_to_string(repository().join("datasets/orders.toml")).unwrap();
    let column =
        "[[column]]\nname = \"twice\"\ntype = \"decimal(20,2)\"\nexpr = \"2 * amont\"\n\n[[gold]]";
    let file = folder.path().join("x.toml");
    std::fs::write(&file, orders.replacen("[[gold]]", column, 1)).unwrap();
    let output = run(folder.path(), &["dataset", "check", "x.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("at column 5: there is no column \"amont\"; did you mean \"amount\"?\n    2 * amont\n        ^\n"), "{said}");
}

#[test]
fn the_doctor_says_what_is_installed_and_what_answers() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["doctor", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = json["checks"].as_array().unwrap();
    let state = |name: &str| {
        let check = checks.iter().find(|check| check["check"] == name);
        check.map(|check| check["state"].clone())
    };
    assert_eq!(state("sluice"), Some("ok".into()));
    assert!(state("Node.js").is_some());
    // No settings lead anywhere from here.
    assert_eq!(state("storage"), Some("absent".into()), "{json}");
    assert_eq!(json["ok"], output.status.success());
    let text = stdout(&run(folder.path(), &["doctor"]));
    assert!(text.contains("\nthis machine\n  "), "{text}");
}

#[test]
fn a_shell_gets_what_it_completes_by() {
    let output = run(repository(), &["completions", "bash"]);
    let script = stdout(&output);
    assert!(
        output.status.success() && script.contains("quarantined"),
        "{script}"
    );
    let unknown = run(repository(), &["completions", "nosuch"]);
    assert_eq!(unknown.status.code(), Some(2));
}
