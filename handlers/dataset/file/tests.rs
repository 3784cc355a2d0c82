mod alerts;
mod beside;
mod columns;
mod computed;
mod condition;
mod masks;
mod payload;
mod places;
mod rules;
mod steps;
mod summaries;
mod syntax;

use std::path::PathBuf;

use super::*;
use crate::dataset::ColumnIndex;
use crate::dataset::TableIndex;
use crate::dataset::{Aggregate, Bound, TimestampFormat};
use crate::event::EventTime;
use crate::value::Grain;

fn shipped(name: &str) -> Dataset {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("datasets")
        .join(name);
    Dataset::load(&path).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(text: &str) -> String {
    let problems = Dataset::parse(text, "x.toml").expect_err("the file is wrong");
    problems.to_string()
}

/// A correct file with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from}");
    BASE.replacen(from, to, 1)
}

const BASE: &str = r#"name = "orders"
key = ["id", "at"]
event_time = "at"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "amount"
type = "decimal(18,2)"
min = 0

[[column]]
name = "at"
type = "timestamp"
required = true

[[column]]
name = "ratio"
type = "double"

[[gold]]
table = "daily"
grain = "day"
by = ["id"]
measures = { n = "count", total = "sum(amount)" }

[[ranking]]
view = "top"
from = "daily"
order_by = "total"
top = 10
"#;

#[test]
fn shipped_files_are_valid() {
    let orders = shipped("orders.toml");
    assert_eq!(orders.name, "orders");
    let key = orders.key.unwrap();
    assert_eq!(key.columns, [0, 2].map(ColumnIndex::new));
    assert_eq!(key.bucket, None);
    assert_eq!(orders.event_time, ColumnIndex::new(2));
    assert_eq!(orders.period, Period::Hour);
    assert_eq!(
        orders.columns[1].kind,
        ColumnType::Decimal {
            precision: 18,
            scale: 2
        }
    );
    assert_eq!(orders.columns[1].min, Some(Bound::Decimal(0)));
    assert!(orders.columns[2].from[0].path.is_field("timestamp"));
    assert_eq!(
        orders.columns[2].kind,
        ColumnType::Timestamp(TimestampFormat::UnixSeconds)
    );
    assert!(!orders.columns[3].required);
    let tables: Vec<&str> = orders
        .gold
        .iter()
        .map(|table| table.table.as_str())
        .collect();
    assert_eq!(
        tables,
        [
            "gold_daily_orders",
            "gold_hourly_revenue",
            "gold_total_revenue",
            "gold_customer_totals",
            "gold_live_revenue",
            "gold_daily_customers",
            "gold_customer_windows"
        ]
    );
    let rules = orders.alerts.iter().map(|rule| rule.name.as_str());
    assert_eq!(rules.collect::<Vec<_>>(), ["large-order", "card-testing"]);
    assert_eq!(orders.gold[3].by, [ColumnIndex::new(3)]);
    let ranking = &orders.rankings[0];
    assert_eq!(ranking.from, TableIndex::new(3));
    assert_eq!((ranking.order_by, ranking.top), (1, 100));

    assert_eq!(shipped("orders-history.toml").period, Period::Month);
    assert_eq!(
        shipped("sensors.toml").unknown_fields,
        UnknownFields::Ignore
    );
}

#[test]
fn gold_follows_silver_where_there_are_alerts_or_the_file_says_so() {
    let rule = "[[gold]]\ntable = \"ever\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n[[alert]]\nname = \"many\"\non = \"ever\"\nwhen = \"n > 9\"\nnotify = [\"queue:told\"]\n";
    for (latency, rule, expected) in [
        ("", "", Latency::Timer),
        ("latency = \"low\"\n", "", Latency::Low),
        ("", rule, Latency::Low),
        ("latency = \"timer\"\n", rule, Latency::Timer),
    ] {
        let text = format!(
            "{latency}name = \"x\"\nkey = [\"at\"]\nevent_time = \"at\"\n[[column]]\nname = \"at\"\ntype = \"timestamp\"\nrequired = true\n{rule}"
        );
        let dataset = Dataset::parse(&text, "x.toml").unwrap();
        assert_eq!(dataset.latency, expected, "{text}");
        let cost = dataset.latency_cost();
        assert_eq!(cost.is_some(), expected == Latency::Low);
        assert!(cost.is_none_or(|cost| cost.contains("about $190 a month")));
    }
}

#[test]
fn a_stream_is_quiet_after_the_lateness_but_not_too_soon_or_never() {
    for (text, minutes) in [
        ("allowed_lateness = \"2h\"", Some(120)),
        ("allowed_lateness = \"10s\"", Some(15)),
        ("allowed_lateness = \"2h\"\nquiet_after = \"20m\"", Some(20)),
        ("quiet_after = \"off\"", None),
    ] {
        let dataset = Dataset::parse(&format!("{text}\n{BASE}"), "x.toml").unwrap();
        let expected = minutes.map(|minutes| Duration::from_secs(60 * minutes));
        assert_eq!(dataset.quiet_after, expected, "{text}");
    }
}

#[test]
fn what_is_not_said_has_its_default() {
    let dataset = Dataset::parse(BASE, "x.toml").unwrap();
    assert_eq!(dataset.generation, 1);
    assert_eq!(dataset.period, Period::Hour);
    assert_eq!(dataset.allowed_lateness, Duration::from_secs(3_600));
    assert_eq!(dataset.max_clock_skew, Duration::from_secs(600));
    assert_eq!(dataset.idle_timeout, Duration::from_secs(300));
    assert_eq!(dataset.quiet_after, Some(Duration::from_secs(3_600)));
    assert_eq!(dataset.unknown_fields, UnknownFields::Rescue);
    assert!(dataset.columns[0].from[0].path.is_field("id"));
    assert!(!dataset.payload.ignore_case);
    assert_eq!(
        dataset.columns[2].kind,
        ColumnType::Timestamp(TimestampFormat::Rfc3339)
    );
}

#[test]
fn measures_keep_the_order_of_the_file() {
    let text = changed(
        r#"{ n = "count", total = "sum(amount)" }"#,
        r#"{ z = "count", total = "sum( amount )", a = "max(at)", m = "avg(id)", f = "first(amount)", l = "last(at)", d = "count_distinct(id)" }"#,
    );
    let dataset = Dataset::parse(&text, "x.toml").unwrap();
    let table = &dataset.gold[0];
    assert_eq!(table.grain, Grain::Day);
    let measures: Vec<_> = table
        .measures
        .iter()
        .map(|measure| (measure.name.as_str(), measure.aggregate))
        .collect();
    let expected = [
        ("z", Aggregate::Count),
        ("total", Aggregate::Sum(ColumnIndex::new(1))),
        ("a", Aggregate::Max(ColumnIndex::new(2))),
        ("m", Aggregate::Avg(ColumnIndex::new(0))),
        ("f", Aggregate::First(ColumnIndex::new(1))),
        ("l", Aggregate::Last(ColumnIndex::new(2))),
        ("d", Aggregate::CountDistinct(ColumnIndex::new(0))),
    ];
    assert_eq!(measures, expected);
}

#[test]
fn bounds_are_read_as_their_column_is() {
    let bound = |kind: &str, min: &str| {
        let text = changed(
            "type = \"decimal(18,2)\"\nmin = 0",
            &format!("type = \"{kind}\"\nmin = {min}"),
        );
        let text = text
            .replace(", total = \"sum(amount)\"", "")
            .replace("order_by = \"total\"", "order_by = \"n\"");
        Dataset::parse(&text, "x.toml")
            .map(|dataset| dataset.columns[1].min)
            .map_err(|problems| problems.to_string())
    };
    assert_eq!(bound("decimal(18,2)", "0.05"), Ok(Some(Bound::Decimal(5))));
    assert_eq!(
        bound("decimal(18,2)", "\"-0.05\""),
        Ok(Some(Bound::Decimal(-5)))
    );
    assert_eq!(
        bound("decimal(18,2)", "+1_000"),
        Ok(Some(Bound::Decimal(100_000)))
    );
    assert_eq!(bound("int64", "-3"), Ok(Some(Bound::Int64(-3))));
    assert_eq!(bound("double", "1.5"), Ok(Some(Bound::Double(1.5))));
    assert_eq!(
        bound("timestamp", "1970-01-01T00:00:01Z"),
        Ok(Some(Bound::Timestamp(EventTime(1_000_000))))
    );
    assert_eq!(
        bound("timestamp", "\"1970-01-01T00:00:01Z\""),
        Ok(Some(Bound::Timestamp(EventTime(1_000_000))))
    );
    assert_eq!(bound("date", "1970-01-02"), Ok(Some(Bound::Date(1))));
    assert!(
        bound("decimal(18,2)", "0.005")
            .unwrap_err()
            .contains("more digits after the point")
    );
    assert!(
        bound("decimal(3,2)", "10")
            .unwrap_err()
            .contains("too large")
    );
    assert!(bound("int64", "1.5").unwrap_err().contains("more digits"));
    assert!(
        bound("double", "inf")
            .unwrap_err()
            .contains("is not a number")
    );
    assert!(
        bound("timestamp", "1970-01-01T00:00:01")
            .unwrap_err()
            .contains("is not a point in time")
    );
    assert!(
        bound("string", "\"a\"")
            .unwrap_err()
            .contains("is not allowed")
    );
    assert!(bound("int64", "true").unwrap_err().contains("not boolean"));
}

/// What is changed in the correct file, and part of what is reported.
const WRONG: &[(&str, &str, &str)] = &[
    (
        r#"name = "orders""#,
        r#"name = "Orders""#,
        "x.toml:1: name: \"Orders\" is not a name of",
    ),
    (
        r#"name = "orders""#,
        r#"nam = "orders""#,
        "x.toml:1: nam: unknown key; did you mean name?",
    ),
    (
        r#"name = "orders""#,
        r#"nam = "orders""#,
        "x.toml:1: name: missing; it is a name",
    ),
    (
        r#"name = "orders""#,
        "name = 1",
        "x.toml:1: name: must be a string, not an integer",
    ),
    (
        r#"event_time = "at""#,
        r#"event_time = "att""#,
        "x.toml:3: event_time: no column is called \"att\"; did you mean \"at\"?",
    ),
    (
        r#"event_time = "at""#,
        r#"event_time = "id""#,
        "x.toml:3: event_time: column \"id\" must be of type timestamp",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\nperiod = \"week\"",
        "x.toml:4: period: \"week\" is not \"hour\", \"day\" or \"month\"",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\nallowed_lateness = \"1 hour\"",
        "x.toml:4: allowed_lateness: \"1 hour\" is not a duration",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\nlatency = \"high\"",
        "x.toml:4: latency: \"high\" is not \"timer\" or \"low\"",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\nquiet_after = \"5m\"",
        "x.toml:4: quiet_after: \"5m\" is not \"off\", or a duration of 15 minutes to ten years",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\ngeneration = 0",
        "x.toml:4: generation: 0 is not a whole number from 1",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id"]"#,
        "x.toml:2: key: must contain the event-time column \"at\"",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", "at", "id"]"#,
        "x.toml:2: key: \"id\" is named twice",
    ),
    (
        r#"["id", "at"]"#,
        r#"["amount", "at"]"#,
        "x.toml:2: key: column \"amount\" must have required = true",
    ),
    (
        r#"["id", "at"]"#,
        r#"["ratio", "at"]"#,
        "x.toml:2: key: column \"ratio\" is double or json",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", "week(at)"]"#,
        "x.toml:2: key: \"week(at)\": a bucket is hour(…), day(…) or month(…) of the event-time column",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", "day(at)"]"#,
        "x.toml:2: key: \"day(at)\": a day is longer than period = \"hour\", and events with one key would lie in several directories: write period = \"day\"",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", "at", "hour(at)"]"#,
        "x.toml:2: key: \"hour(at)\": the event time counts either as it is or by one bucket",
    ),
    (
        r#"["id", "at"]"#,
        r#"["at", "hour(id)"]"#,
        "x.toml:2: key: \"hour(id)\": only the event time has buckets, which is \"at\"",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", "hour(att)"]"#,
        "x.toml:2: key: no column is called \"att\"; did you mean \"at\"?",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\n[dedup]\nkeep = \"last\"",
        "x.toml:5: dedup.keep: \"last\" is not \"first\" or \"all\"",
    ),
    (
        r#"event_time = "at""#,
        "event_time = \"at\"\n[dedup]\nkeep = \"all\"",
        "x.toml:2: key: with keep = \"all\" below [dedup] every record is a row",
    ),
    (
        "key = [\"id\", \"at\"]\nevent_time = \"at\"",
        "event_time = \"at\"\n[dedup]\nkeep = \"all\"\nconflicts = \"group\"",
        "x.toml:5: dedup.conflicts: with keep = \"all\" nothing is a duplicate",
    ),
    (
        r#"["id", "at"]"#,
        r#"["id", 3]"#,
        "x.toml:2: key: must be a list of strings, not an integer",
    ),
    (
        "decimal(18,2)",
        "decimal(50,2)",
        "x.toml:12: column \"amount\".type: \"decimal(50,2)\": precision must be 1 to 38, not 50",
    ),
    (
        "decimal(18,2)",
        "decimal(2,3)",
        "scale must be 0 to the precision 2, not 3",
    ),
    ("decimal(18,2)", "decimal", "such as decimal(18,2)"),
    (
        "decimal(18,2)",
        "float",
        "x.toml:12: column \"amount\".type: \"float\": it is one of int64, double",
    ),
    (
        "min = 0",
        "min = 0\nmax = -1",
        "x.toml:14: column \"amount\".max: must not be below min",
    ),
    (
        "min = 0",
        "format = \"rfc3339\"",
        "x.toml:13: column \"amount\".format: only a timestamp and a date have a format",
    ),
    (
        "min = 0",
        "requird = true",
        "x.toml:13: column \"amount\".requird: unknown key; did you mean required?",
    ),
    (
        "min = 0",
        "required = \"yes\"",
        "x.toml:13: column \"amount\".required: must be true or false, not a string",
    ),
    (
        "name = \"ratio\"",
        "name = \"ID\"",
        "x.toml:20: column \"ID\".name: a column of this name exists already",
    ),
    (
        "name = \"ratio\"",
        "name = \"_source\"",
        "x.toml:21: column \"_source\".name: \"_source\" is not a name",
    ),
    (
        "name = \"ratio\"",
        "name = \"Event_Date\"",
        "are the columns of silver's periods",
    ),
    (
        "name = \"ratio\"\n",
        "",
        "x.toml:20: column 4.name: missing",
    ),
    (
        "name = \"ratio\"\n",
        "name = \"ratio\"\nfrom = \"\"\n",
        "x.toml:22: column \"ratio\".from: must be the name of a field",
    ),
    (
        "grain = \"day\"",
        "grain = \"60m\"",
        "x.toml:26: gold \"daily\".grain: \"60m\" is not \"5m\", \"10m\", \"15m\", \"20m\", \"30m\", \"hour\", \"day\", \"week\", \"month\" or \"all\"",
    ),
    (
        "grain = \"day\"",
        "grain = 5",
        "x.toml:26: gold \"daily\".grain: must be a string",
    ),
    (
        "by = [\"id\"]",
        "by = [\"ratio\"]",
        "x.toml:27: gold \"daily\".by: \"ratio\" is a double or json column",
    ),
    (
        "sum(amount)",
        "sum(ratio)",
        "x.toml:28: gold \"daily\".measures.total: \"sum(ratio)\": sum takes columns of type int64 and decimal",
    ),
    (
        "sum(amount)",
        "median(amount)",
        "x.toml:28: gold \"daily\".measures.total: \"median(amount)\" is not count, sum(column)",
    ),
    (
        "sum(amount)",
        "sum(amont)",
        "no column is called \"amont\"; did you mean \"amount\"?",
    ),
    (
        "n = \"count\"",
        "day = \"count\"",
        "the table has two columns called \"day\"",
    ),
    (
        "n = \"count\"",
        "Rank = \"count\"",
        "x.toml:28: gold \"daily\".measures: the table's views have a column \"rank\" of their own",
    ),
    (
        "by = [\"id\"]\nmeasures = { n = \"count\"",
        "by = [\"id\"]\nmeasures = { is_settled = \"count\"",
        "the table's views have a column \"is_settled\" of their own",
    ),
    (
        "view = \"top\"",
        "view = \"Daily_report\"",
        "x.toml:31: ranking \"Daily_report\".view: a table or view of this name exists already",
    ),
    (
        "[[ranking]]",
        "[[gold]]\ntable = \"dai\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n[[gold]]\ntable = \"DAILY_report\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n[[ranking]]",
        "gold \"DAILY_report\".table: a table or view of this name exists already",
    ),
    (
        "[[gold]]\ntable = \"daily\"",
        "[[gold]]\ntable = \"daily_report\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n[[gold]]\ntable = \"daily\"",
        "gold \"daily\".table: its report view would be called \"daily_report\"",
    ),
    (
        "n = \"count\"",
        "key = \"count_distinct(id)\"",
        "the table has two columns called \"_key\"",
    ),
    (
        "n = \"count\"",
        "a_at = \"count_distinct(id)\", a = \"last(id)\"",
        "the table has two columns called \"_a_at\"",
    ),
    (
        "n = \"count\"",
        "Id = \"count\"",
        "the table has two columns called \"id\"",
    ),
    (
        "n = \"count\"",
        "total_sum = \"avg(amount)\", total = \"avg(amount)\", b = \"count\"",
        "duplicate key",
    ),
    (
        "table = \"daily\"",
        "table = \"sluice_progress\"",
        "names that begin with sluice_ are reserved",
    ),
    (
        "view = \"top\"",
        "view = \"DAILY\"",
        "a table or view of this name exists already",
    ),
    (
        "from = \"daily\"",
        "from = \"dayly\"",
        "x.toml:32: ranking \"top\".from: nothing is called \"dayly\"; there are daily",
    ),
    (
        "order_by = \"total\"",
        "order_by = \"sum\"",
        "x.toml:33: ranking \"top\".order_by: nothing is called \"sum\"; there are n, total",
    ),
    (
        "top = 10",
        "top = 0",
        "x.toml:34: ranking \"top\".top: 0 is not a whole number from 1",
    ),
    (
        "[[gold]]",
        "[gold]",
        "x.toml:24: gold: must be an array of tables: each starts with [[gold]], not a table",
    ),
];

#[test]
fn each_problem_names_its_line_its_key_and_what_is_allowed() {
    for (from, to, expected) in WRONG {
        let text = problems(&changed(from, to));
        assert!(
            text.contains(expected),
            "{from} -> {to}\nexpected {expected}\ngot      {text}"
        );
    }
}

#[test]
fn all_problems_are_reported_together_by_line() {
    let text = changed(r#"name = "orders""#, r#"name = "Orders""#)
        .replace("decimal(18,2)", "decimal(50,2)")
        .replace("top = 10", "top = \"ten\"");
    let text = problems(&text);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[0].starts_with("x.toml:1: ")
            && lines[1].starts_with("x.toml:12: ")
            && lines[2].starts_with("x.toml:34: "),
        "{text}"
    );
}

#[test]
fn a_reference_to_a_broken_column_is_no_second_problem() {
    let text = problems(&changed("type = \"int64\"", "type = \"int\""));
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn an_empty_file_names_what_is_missing() {
    let text = problems("");
    for key in ["name", "key", "event_time", "column"] {
        assert!(
            text.contains(&format!("x.toml:1: {key}: missing")),
            "{text}"
        );
    }
}
