//! Situations that people report of pipelines like this one: what comes of each with a dataset file that says it, and
//! what is proposed for it.
//!
//! The events are in `data/reported`, most of them made after public reports, with the dataset files.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[expect(dead_code, reason = "no test here runs a handler")]
mod support;

use support::{command, repository};

const FOLDER: &str = "cli/tests/data/reported";

/// A dataset file, the events, how their fates add up, and what else must be seen.
type Situation = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const SITUATIONS: [Situation; 19] = [
    (
        "array-body.toml",
        "array-body.jsonl",
        "3 events, with 9 records = 9 rows + 0 duplicates + 0 quarantined",
        &["pump-1          3   63.00"],
    ),
    // Lines, packed bodies and marks are read; a value over several lines is none of them, and UTF-16 is no JSON.
    (
        "bodies.toml",
        "bodies.jsonl",
        "7 events, with 14 records = 8 rows + 0 duplicates + 6 quarantined (not_an_object 6)",
        &["3.5   boiler-7   boiler-7", "is not UTF-8"],
    ),
    (
        "pretty.toml",
        "bodies.jsonl",
        "7 events = 4 rows + 0 duplicates + 3 quarantined (not_an_object 3)",
        &["3    6   2025-11-20T08:06:00Z     3.0"],
    ),
    (
        "nested.toml",
        "nested.jsonl",
        "6 events = 6 rows + 0 duplicates + 0 quarantined",
        &[
            "m-0             3   2356.545",
            "m-1             3   2357.545",
        ],
    ),
    (
        "zoneless.toml",
        "zoneless.jsonl",
        "10 events = 7 rows + 0 duplicates + 3 quarantined (invalid_value 3)",
        &[
            "6    6   2025-06-02T12:09:10",
            "10   10   2025-06-02T12:09:13",
        ],
    ),
    (
        "epoch-micros.toml",
        "epoch-micros.jsonl",
        "5 events = 5 rows + 0 duplicates + 0 quarantined",
        &["2025-06-02T12:00:04.123456Z"],
    ),
    // Seconds taken for milliseconds would be rows of 1970.
    (
        "epoch-mistaken.toml",
        "epoch-seconds.jsonl",
        "5 events = 0 rows + 0 duplicates + 5 quarantined (out_of_range 5)",
        &["lies outside the column's min and max"],
    ),
    (
        "nan.toml",
        "nan.jsonl",
        "8 events = 8 rows + 0 duplicates + 0 quarantined",
        &["meter A        8    25628         13.5"],
    ),
    // An order is never lost for its optional discount or day.
    (
        "empty-strings.toml",
        "empty-strings.jsonl",
        "5 events = 5 rows + 0 duplicates + 0 quarantined",
        &[
            "5    48.90       1.50",
            "2 values became null (discount invalid_value 1, shipped invalid_value 1)",
        ],
    ),
    (
        "bom-crlf.toml",
        "bom-crlf.jsonl",
        "3 events = 3 rows + 0 duplicates + 0 quarantined",
        &[],
    ),
    // What changes is seen: as conflicts, or as rows of their own.
    (
        "status-first.toml",
        "status-updates.jsonl",
        "4 events = 2 rows + 2 duplicates (2 conflicts) + 0 quarantined",
        &["status changed, there placed; amount 120.00, there 100.00"],
    ),
    (
        "status-updates.toml",
        "status-updates.jsonl",
        "4 events = 4 rows + 0 duplicates + 0 quarantined",
        &["2         2   2025-11-20T09:30:00"],
    ),
    (
        "local-day.toml",
        "local-day.jsonl",
        "3 events = 3 rows + 0 duplicates + 0 quarantined",
        &[
            "2025-07-02        2    50.00",
            "2025-07-01        1    10.00",
        ],
    ),
    // A clock ahead of all others costs its own event, and one at its boot epoch is old.
    (
        "clocks.toml",
        "clocks.jsonl",
        "5 events = 4 rows + 0 duplicates + 1 quarantined (future_time 1)",
        &["1970-01-01T00:00:05Z"],
    ),
    (
        "history.toml",
        "history.jsonl.gz",
        "3 events = 3 rows + 0 duplicates + 0 quarantined",
        &[],
    ),
    (
        "drift.toml",
        "drift.jsonl",
        "7 events = 5 rows + 0 duplicates + 2 quarantined (out_of_range 2)",
        &["08:05:00Z        5   web", "2025-11-20        5       15"],
    ),
    // Never another number than the producer meant.
    (
        "comma-decimals.toml",
        "comma-decimals.jsonl",
        "7 events = 1 row + 0 duplicates + 6 quarantined (invalid_value 6)",
        &["12.50", "\"1.234,56\" is not a value of type decimal(18,2)"],
    ),
    (
        "event-types.toml",
        "event-types.jsonl",
        "6 events = 3 rows + 0 duplicates + 3 filtered + 0 quarantined",
        &["3      20.00"],
    ),
    (
        "same-second.toml",
        "same-second.jsonl",
        "12 events = 12 rows + 0 duplicates + 0 quarantined",
        &["12   249.00"],
    ),
];

/// Events, how the fates of the proposed dataset file add up, and what it must say.
type Proposed = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

const EXAMPLES: &str = "datasets/examples";

/// The samples of the examples, then the situations.
const PROPOSED: [Proposed; 27] = [
    (
        &["EXAMPLES/iot-hub.tests/sample.jsonl"],
        "30 events, with 60 records = 60 rows + 0 duplicates + 0 quarantined",
        &[
            "key = [\"device_id\", \"sensor\", \"ts\"]",
            "records = \"$.readings[*]\"",
            "from_system = \"iothub-connection-device-id\"",
            "from_property = \"site\"",
        ],
    ),
    // A message that is sent again with another time is found.
    (
        &["EXAMPLES/iot-hub.tests/edges.jsonl"],
        "6 events, 1 of them empty, with 9 records = 5 rows + 1 duplicate + 3 quarantined (missing_field 1, no_records 1, not_an_object 1)",
        &[
            "key = [\"device_id\", \"sensor\", \"seq\", \"day(ts)\"]",
            "period = \"day\"",
            "non_finite = \"null\"",
        ],
    ),
    (
        &["EXAMPLES/web-shop.tests/sample.jsonl"],
        "40 events = 38 rows + 1 duplicate + 1 filtered + 0 quarantined",
        &[
            "key = [\"order_id\", \"order_updatedAt\"]",
            "where = \"eventType IS NULL OR eventType IN ('OrderPlaced', 'OrderStatusChanged')\"",
            "# allowed = [\"AT\", \"DE\", \"NL\"]",
        ],
    ),
    (
        &["EXAMPLES/web-shop.tests/edges.jsonl"],
        "11 events = 7 rows + 1 duplicate (1 conflict) + 1 filtered + 2 quarantined (missing_field 1, not_an_object 1)",
        &["key = [\"order_id\", \"order_updatedAt\"]"],
    ),
    (
        &["EXAMPLES/cloud-events.tests/sample.jsonl"],
        "32 events = 32 rows + 0 duplicates + 0 quarantined",
        &[
            "key = [\"source\", \"id\", \"time\"]",
            "from = \"$.data.amount.value\"",
        ],
    ),
    (
        &["EXAMPLES/cloud-events.tests/structured.jsonl"],
        "7 events = 5 rows + 1 duplicate + 1 quarantined (missing_field 1)",
        &["key = [\"source\", \"id\", \"time\"]"],
    ),
    (
        &["EXAMPLES/cloud-events-binary.tests/binary.jsonl"],
        "5 events = 3 rows + 1 duplicate + 1 quarantined (missing_field 1)",
        &[
            "key = [\"source\", \"id\", \"time\"]",
            "from_property = [\"cloudEvents:id\", \"cloudEvents_id\", \"ce_id\"]",
        ],
    ),
    (
        &["EXAMPLES/azure-logs.tests/sample.jsonl"],
        "24 events, with 59 records = 59 rows + 0 duplicates + 0 quarantined",
        &[
            "records = \"$.records[*]\"",
            "ignore_case = true",
            "keep = \"all\"",
        ],
    ),
    (
        &["EXAMPLES/azure-logs.tests/edges.jsonl"],
        "7 events, 1 of them empty, with 9 records = 4 rows + 0 duplicates + 5 quarantined (missing_field 1, no_records 2, not_an_object 2)",
        &["ignore_case = true", "zone = \"UTC\""],
    ),
    (
        &["EXAMPLES/change-events.tests/sample.jsonl"],
        "30 events = 30 rows + 0 duplicates + 0 quarantined",
        &[
            "key = [\"id\", \"source_lsn\", \"source_ts_ms\"]",
            "where = \"op IS NULL OR op IN ('c', 'u', 'd', 'r')\"",
        ],
    ),
    (
        &["EXAMPLES/change-events.tests/edges.jsonl"],
        "10 events, 1 of them empty, with 9 records = 4 rows + 1 duplicate + 2 filtered + 2 quarantined (missing_field 2)",
        &[
            "from = [\"$.after.id\", \"$.payload.after.id\", \"$.payload.before.id\"]",
            "in the sample these are m (1), t (1)",
        ],
    ),
    // Several files, packed and not.
    (
        &["FOLDER/history-first.jsonl", "FOLDER/history.jsonl.gz"],
        "6 events = 6 rows + 0 duplicates + 0 quarantined",
        &["6 events of history-first.jsonl, history.jsonl.gz"],
    ),
    (
        &["FOLDER/array-body.jsonl"],
        "3 events, with 9 records = 9 rows + 0 duplicates + 0 quarantined",
        &["records = \"$[*]\"", "key = [\"deviceid\", \"time\"]"],
    ),
    (
        &["FOLDER/bodies.jsonl"],
        "7 events, with 14 records = 8 rows + 0 duplicates + 6 quarantined (not_an_object 6)",
        &[
            "compression = \"auto\"",
            "format = \"jsonl\"",
            "from_system = \"partition_key\"",
        ],
    ),
    (
        &["FOLDER/nested.jsonl"],
        "6 events = 6 rows + 0 duplicates + 0 quarantined",
        &["key = [\"meter_id\", \"ts\"]", "from = \"$.gas.totalUse\""],
    ),
    (
        &["FOLDER/zoneless.jsonl"],
        "10 events = 7 rows + 0 duplicates + 3 quarantined (invalid_value 3)",
        &["zone = \"UTC\"", "# WARNING: no zone is in the text"],
    ),
    (
        &["FOLDER/epoch-micros.jsonl"],
        "5 events = 5 rows + 0 duplicates + 0 quarantined",
        &["format = \"unix_micros\""],
    ),
    (
        &["FOLDER/epoch-seconds.jsonl"],
        "5 events = 5 rows + 0 duplicates + 0 quarantined",
        &["format = \"unix_seconds\""],
    ),
    (
        &["FOLDER/nan.jsonl"],
        "8 events = 8 rows + 0 duplicates + 0 quarantined",
        &["non_finite = \"null\""],
    ),
    (
        &["FOLDER/empty-strings.jsonl"],
        "5 events = 5 rows + 0 duplicates + 0 quarantined",
        &[
            "name = \"discount\"\ntype = \"decimal(18,2)\"\nnulls = [\"\", \"N/A\"]",
            "name = \"shipped\"\ntype = \"date\"\nnulls = [\"\"]",
        ],
    ),
    (
        &["FOLDER/bom-crlf.jsonl"],
        "3 events = 3 rows + 0 duplicates + 0 quarantined",
        &["key = [\"id\", \"time\"]"],
    ),
    (
        &["FOLDER/status-updates.jsonl"],
        "4 events = 4 rows + 0 duplicates + 0 quarantined",
        &["key = [\"order_id\", \"updated\"]"],
    ),
    (
        &["FOLDER/local-day.jsonl"],
        "3 events = 3 rows + 0 duplicates + 0 quarantined",
        &["key = [\"order_id\", \"at\"]"],
    ),
    (
        &["FOLDER/comma-decimals.jsonl"],
        "7 events = 7 rows + 0 duplicates + 0 quarantined",
        &["# WARNING: every value looks like a number, but 6 of 7 are not written as JSON"],
    ),
    (
        &["FOLDER/event-types.jsonl"],
        "6 events = 3 rows + 0 duplicates + 3 filtered + 0 quarantined",
        &["where = \"type IS NULL OR type IN ('order.created', 'order.refunded')\""],
    ),
    (
        &["FOLDER/same-second.jsonl"],
        "12 events = 12 rows + 0 duplicates + 0 quarantined",
        &["key = [\"pump\", \"ts\"]"],
    ),
    (
        &["FOLDER/short-sample.jsonl"],
        "6 events = 6 rows + 0 duplicates + 0 quarantined",
        &["key = [\"pump\", \"ts\"]"],
    ),
];

/// Runs the command, and returns what it says on standard output and standard error.
fn said(arguments: &[&str]) -> (String, String) {
    let output = command(repository()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn each_situation_gives_the_rows_that_people_expect() {
    for (dataset, events, balance, seen) in SITUATIONS {
        let dataset = format!("{FOLDER}/{dataset}");
        let checked = said(&["dataset", "check", &dataset]);
        assert!(checked.0.contains(" is fine: "), "{checked:?}");
        let events = format!("{FOLDER}/{events}");
        let (tried, _) = said(&["dataset", "try", &dataset, &events]);
        let lines: Vec<&str> = tried.lines().collect();
        assert!(lines.contains(&balance), "{dataset}: {balance}\n{tried}");
        let words = |text: &str| {
            let text = text.replace(',', "");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        for text in seen {
            // How columns are aligned and numbers grouped is for others to test.
            let is_seen = words(&tried).contains(&words(text));
            assert!(is_seen, "{dataset}: {text}\n{tried}");
        }
    }
}

#[test]
fn what_is_proposed_for_a_sample_is_accepted_and_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proposed.toml");
    let file = file.to_str().unwrap();
    for (inputs, balance, says) in PROPOSED {
        let inputs: Vec<String> = inputs
            .iter()
            .map(|input| {
                input
                    .replace("EXAMPLES", EXAMPLES)
                    .replace("FOLDER", FOLDER)
            })
            .collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let (text, said_beside) = said(&[&["dataset", "infer"], &inputs[..]].concat());
        assert!(!text.is_empty(), "{inputs:?}: {said_beside}");
        for expected in says {
            assert!(text.contains(expected), "{inputs:?}: {expected}\n{text}");
        }
        std::fs::write(file, &text).unwrap();
        let (checked, problems) = said(&["dataset", "check", file]);
        assert!(
            checked.contains(" is fine: "),
            "{inputs:?}: {problems}\n{text}"
        );
        let (tried, _) = said(&[&["dataset", "try", file], &inputs[..]].concat());
        let lines: Vec<&str> = tried.lines().collect();
        assert!(
            lines.contains(&balance),
            "{inputs:?}: {balance}\n{tried}\n{text}"
        );
    }
}
