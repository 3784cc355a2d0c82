//! `sluice up` as a user runs it: a process, a file, what it prints and how it ends.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::process::Output;

use support::{command, handler, repository};

fn up(state: &Path, arguments: &[&str]) -> Output {
    command(repository())
        .args(["up", "--handler"])
        .arg(handler())
        .arg("--state-dir")
        .arg(state)
        .args(arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let (stdout, stderr) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}",
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr)
    )
}

/// Returns the cells of the printed row that starts with `first`, in the table or view `name`.
fn row(output: &str, name: &str, first: &str) -> Vec<String> {
    let table = output
        .split(&format!("\n{name}  "))
        .nth(1)
        .unwrap_or_else(|| {
            panic!("{name} is not printed in:\n{output}");
        });
    let rows = table.lines().map(|line| {
        let cells = line.split(|c: char| !(c.is_alphanumeric() || ".,-:_".contains(c)));
        cells
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    let mut rows = rows.filter(|cells| cells.first().is_some_and(|cell| cell == first));
    rows.next()
        .unwrap_or_else(|| panic!("{name} has no row {first} in:\n{output}"))
}

#[test]
fn a_file_becomes_tables_and_a_second_time_changes_nothing() {
    let state = tempfile::tempdir().unwrap();
    let arguments = [
        "--dataset",
        "datasets/orders-history.toml",
        "--input",
        "datasets/samples/orders-history.jsonl.gz",
    ];
    let first = up(state.path(), &arguments);
    let first_text = text(&first);
    assert!(first.status.success(), "{first_text}");
    assert!(
        first_text.contains("500 events = 500 rows + 0 duplicates + 0 quarantined"),
        "{first_text}"
    );
    assert!(
        first_text.contains("\ngold_customer_totals  "),
        "{first_text}"
    );
    assert!(first_text.contains("everything adds up"), "{first_text}");
    assert_eq!(
        row(&first_text, "gold_total_revenue_report", "500")[..3],
        ["500", "19,116.91", "38.23382"]
    );

    let second = up(state.path(), &arguments);
    let second_text = text(&second);
    assert!(second.status.success(), "{second_text}");
    assert!(
        second_text.contains("1,000 events = 500 rows + 500 duplicates + 0 quarantined"),
        "{second_text}"
    );
    for table in [
        "gold_total_revenue_report",
        "gold_top_customers",
        "gold_busiest_days",
    ] {
        let tail = |text: &str| {
            let start = text
                .split(&format!("\n{table}  "))
                .nth(1)
                .unwrap()
                .to_owned();
            start.split("\n\n").next().unwrap().to_owned()
        };
        assert_eq!(tail(&first_text), tail(&second_text), "{table}");
    }
}

#[test]
fn a_sample_goes_through_with_its_properties_and_annotations() {
    for (dataset, sample) in [
        ("iot-hub", "iot-hub.tests/sample"),
        ("cloud-events-binary", "cloud-events-binary.tests/binary"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let dataset = format!("datasets/examples/{dataset}.toml");
        let input = format!("datasets/examples/{sample}.jsonl");
        let output = up(state.path(), &["--dataset", &dataset, "--input", &input]);
        let text = text(&output);
        // Columns that only properties and annotations fill are required: without them no event were a row.
        assert!(output.status.success(), "{text}");
        assert!(text.contains("\neverything adds up\n"), "{text}");
    }
}

#[test]
fn made_up_orders_with_every_fault_add_up() {
    let state = tempfile::tempdir().unwrap();
    let output = up(
        state.path(),
        &[
            "--events",
            "3000",
            "--duplicates",
            "0.1",
            "--late",
            "0.1",
            "--broken",
            "0.1",
        ],
    );
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("\n3,000 events = "), "{text}");
    assert!(text.contains("\neverything adds up\n"), "{text}");
    assert!(!text.contains("DOES NOT ADD UP"), "{text}");
}

#[test]
fn the_result_for_programs_is_all_that_is_printed() {
    let state = tempfile::tempdir().unwrap();
    let output = up(
        state.path(),
        &["--events", "400", "--broken", "0", "--json"],
    );
    assert!(output.status.success(), "{}", text(&output));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["events"], 400);
    assert_eq!(result["adds_up"], true);
    assert_eq!(result["audit"]["sums"]["lines"], 400);
    let tables = result["gold"].as_array().unwrap();
    let total = tables
        .iter()
        .find(|table| table["name"] == "gold_total_revenue_report")
        .unwrap();
    assert_eq!(total["rows"], 1);
    assert_eq!(total["first"][0]["total_orders"], result["rows"]);
}

/// Readings with a sum that two of them can make too long for 38 digits, beside a count.
const READINGS: &str = r#"
name = "readings"
key = ["id", "at"]
event_time = "at"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true

[[column]]
name = "value"
type = "decimal(38,10)"

[[gold]]
table = "sums"
grain = "all"
measures = { total = "sum(value)" }

[[gold]]
table = "counts"
grain = "all"
measures = { events = "count" }
"#;

/// Writes a dataset file and events, and runs them on a state.
fn up_with(folder: &Path, dataset: &str, events: &str) -> Output {
    let (file, input) = (folder.join("readings.toml"), folder.join("events.jsonl"));
    std::fs::write(&file, dataset).unwrap();
    std::fs::write(&input, events).unwrap();
    let arguments = [
        "--dataset".as_ref(),
        file.as_os_str(),
        "--input".as_ref(),
        input.as_os_str(),
    ];
    let arguments = arguments.map(|it: &std::ffi::OsStr| it.to_str().unwrap());
    up(&folder.join("state"), &arguments)
}

#[test]
fn what_cannot_go_on_ends_the_run_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let one = r#"{"id":1,"at":1763120674343,"value":1}"#;
    let large = r#"{"id":2,"at":1763120674343,"value":9999999999999999999999999999.9999999999}"#;
    let cases = [
        // Every line is rejected.
        (
            READINGS.to_owned(),
            "{\"identity\":1}\n".to_owned(),
            "the event did not become a row: quarantined are missing_field 1",
        ),
        // The sum is too long; the table beside it is not held up.
        (
            READINGS.to_owned(),
            format!("{one}\n{large}\n"),
            "gold cannot go on: ",
        ),
        // The file does not fit the silver that is there.
        (
            READINGS
                .replace("\"decimal(38,10)\"", "\"string\"")
                .replace("sum(value)", "count"),
            format!("{one}\n"),
            "nothing was sent",
        ),
    ];
    for (dataset, events, reason) in cases {
        let output = up_with(folder.path(), &dataset, &events);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(1), "{reason}: {text}");
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn a_raised_generation_is_made_from_bronze_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let events = "{\"id\":1,\"at\":1763120674343,\"value\":1}\n";
    let output = up_with(folder.path(), READINGS, events);
    assert!(output.status.success(), "{}", text(&output));

    let raised = format!("generation = 2\n{READINGS}");
    let began = std::time::Instant::now();
    let output = up_with(folder.path(), &raised, "");
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("generation 2"), "{text}");
    assert_eq!(row(&text, "sums", "1.0000000000"), ["1.0000000000"]);
    // Maintenance would begin when the objects are five minutes old.
    assert!(began.elapsed() < std::time::Duration::from_secs(120));
}

#[test]
fn a_dataset_without_a_gold_table_ends_once_silver_has_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (columns, _) = READINGS.split_once("[[gold]]").unwrap();
    let output = up_with(folder.path(), columns, "{\"id\":1,\"at\":1763120674343}\n");
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("\neverything adds up\n"), "{text}");
}

#[test]
fn a_project_of_one_s_own_needs_nothing_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("readings.jsonl");
    let lines = (0..20).map(|n| {
        let ts = 1_795_161_600 + n;
        format!(
            "{{\"pump\": \"p{}\", \"ts\": {ts}, \"level\": {}.5}}\n",
            n % 3,
            n % 7
        )
    });
    std::fs::write(&events, lines.collect::<String>()).unwrap();
    let run = |folder: &Path, arguments: &[&str]| {
        let output = command(folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    };
    let made = run(
        folder.path(),
        &["init", "pumps", "--sample", "readings.jsonl"],
    );
    let project = folder.path().join("pumps");
    // The lines to copy are the last ones.
    let next: Vec<&str> = made.split("\nnext:\n").nth(1).unwrap().lines().collect();
    let next: Vec<_> = next
        .iter()
        .filter_map(|line| line.trim().strip_prefix("sluice "))
        .collect();
    assert_eq!(next.len(), 4, "{made}");
    for line in next {
        let said = run(&project, &line.split(' ').collect::<Vec<_>>());
        let expected = [
            "is fine: dataset pumps",
            "\n1 fixture as expected\n",
            "\n20 events = 20 rows + 0 duplicates + 0 quarantined\n",
        ];
        assert!(expected.iter().any(|text| said.contains(text)), "{said}");
    }
    // The first of the four commands for a file of one's own; the others are those that were copied.
    let inferred = run(&project, &["dataset", "infer", "samples/pumps.jsonl"]);
    assert!(inferred.contains("key = [\"pump\", \"ts\"]"), "{inferred}");
    let again = command(folder.path())
        .args(["init", "pumps"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
}

#[test]
fn mistakes_are_named_with_what_would_be_accepted() {
    let state = tempfile::tempdir().unwrap();
    let cases = [
        (vec!["--dataset", "no/such.toml"], "no/such.toml"),
        (vec!["--input", "no/such.jsonl"], "no/such.jsonl"),
        (vec!["--broken", "2"], "from 0 to 1"),
        (
            vec!["--dataset", "datasets/sensors.toml", "--events", "5"],
            "--input",
        ),
        (vec!["--json"], "sluice status --json"),
    ];
    for (arguments, expected) in cases {
        let output = up(state.path(), &arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let text = text(&output);
        assert!(
            text.contains(expected),
            "{arguments:?} should say {expected}:\n{text}"
        );
    }
}
