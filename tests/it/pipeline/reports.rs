//! Inputs after public problem reports, through all layers: nothing is lost in silence, and gold has the right values.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sluice::event::{PartitionId, RejectReason, SequenceNumber, SourceEvent, UnixMillis};
use sluice::table::log::Counts;
use testkit::read;
use testkit::world::{World, deadline};

/// 2026-11-28T00:00:00Z, after all of the events.
const NOW: UnixMillis = UnixMillis(1_795_824_000_000);

macro_rules! report {
    ($name:literal) => {
        (
            include_str!(concat!("../data/reports/", $name, ".toml")),
            include_bytes!(concat!("../data/reports/", $name, ".jsonl")),
        )
    };
}

/// What came of an input.
struct Outcome {
    counts: Counts,
    /// The rows of the only gold table, without what is there for updates.
    gold: Vec<Vec<Option<String>>>,
    warnings: Vec<String>,
    world: World,
}

impl Outcome {
    /// Rows, duplicates, conflicts among them, quarantined lines and values that became null.
    fn fates(&self) -> [u64; 5] {
        let counts = &self.counts;
        [
            counts.rows,
            counts.duplicates,
            counts.conflicts,
            counts.quarantined_total(),
            counts.nulled.total(),
        ]
    }

    /// The text of these measures in the only row of gold.
    fn measures(&self) -> Vec<Option<&str>> {
        assert_eq!(self.gold.len(), 1);
        self.gold[0].iter().map(Option::as_deref).collect()
    }

    async fn rescued(&self) -> Vec<Option<String>> {
        let mut rescued = Vec::new();
        for batch in read::silver(&self.world.lake, &self.world.log()).await {
            let column = batch.column_by_name("_rescued").unwrap();
            let column = arrow_array::cast::AsArray::as_string::<i32>(column);
            rescued.extend(column.iter().map(|text| text.map(str::to_owned)));
        }
        rescued
    }
}

/// A dataset file with another table, which stands before the columns.
fn with_table(dataset: &str, table: &str) -> String {
    dataset.replacen("[[column]]", &format!("{table}\n\n[[column]]"), 1)
}

/// Sends each line as an event, and refines and publishes them. The balance must close.
async fn through((dataset, input): (&str, &[u8]), measures: &[&str]) -> Outcome {
    let lines = input
        .strip_suffix(b"\n")
        .unwrap()
        .split(|byte| *byte == b'\n');
    let bodies = lines.map(Bytes::copy_from_slice).collect();
    through_bodies(dataset, bodies, measures).await
}

/// As [`through`], of events that are no lines.
async fn through_bodies(dataset: &str, bodies: Vec<Bytes>, measures: &[&str]) -> Outcome {
    let world = World::builder().dataset(dataset).at(NOW).build();
    let process = world.process();
    let events: Vec<SourceEvent> = (0..)
        .zip(bodies)
        .map(|(number, body)| SourceEvent::plain(body, SequenceNumber(number), NOW))
        .collect();
    let sent = events.len() as u64;
    let partition = PartitionId("0".to_owned());
    let bronze = &process.app.bronze;
    bronze.ingest(&partition, events, deadline()).await.unwrap();
    for source in world.sources().await {
        process.refine(&source).await;
    }
    process.app.gold.publish(deadline()).await.unwrap();

    let mut counts = Counts::default();
    let ledger = world.ledger().await;
    ledger.iter().for_each(|entry| counts.add(&entry.counts));
    assert!(counts.is_conserved(), "{counts:?}");
    assert_eq!(counts.lines, sent, "every event is accounted for");
    let table = read::gold(&*world.warehouse(), &world.dataset.gold[0].table).await;
    let places = measures.iter().map(|name| {
        let place = table.columns.iter().position(|column| column == name);
        place.unwrap_or_else(|| panic!("no {name} in {:?}", table.columns))
    });
    let places: Vec<usize> = places.collect();
    let row = |row: &Vec<Option<String>>| places.iter().map(|place| row[*place].clone()).collect();
    let warnings = world.dataset.warnings();
    Outcome {
        counts,
        gold: table.rows.iter().map(row).collect(),
        warnings: warnings.iter().map(ToString::to_string).collect(),
        world,
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_version_of_an_order_is_a_conflict_and_no_mere_duplicate() {
    let (dataset, input) = report!("status-updates");
    let outcome = through((dataset, input), &["orders", "revenue"]).await;
    assert_eq!(outcome.fates(), [2, 2, 2, 0, 0]);
    assert_eq!(outcome.measures(), [Some("2"), Some("150.00")]);
}

#[tokio::test(start_paused = true)]
async fn devices_that_a_key_of_the_time_takes_for_one_are_conflicts() {
    let (dataset, input) = report!("two-pumps");
    let outcome = through((dataset, input), &["events", "total_temp"]).await;
    assert_eq!(outcome.fates(), [6, 6, 6, 0, 0]);
    assert_eq!(outcome.measures(), [Some("6"), Some("121.50")]);
    let key = "key: the event time \"ts\" alone";
    assert!(
        outcome.warnings[0].starts_with(key),
        "{:?}",
        outcome.warnings
    );
    let by_pump = dataset.replace("key = [\"ts\"]", "key = [\"pump\", \"ts\"]");
    let outcome = through((&by_pump, input), &["events", "total_temp"]).await;
    assert_eq!(outcome.fates(), [12, 0, 0, 0, 0]);
    assert_eq!(outcome.measures(), [Some("12"), Some("249.00")]);
    assert_eq!(outcome.warnings, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_discount_or_date_does_not_cost_the_order() {
    let (dataset, input) = report!("empty-strings");
    let outcome = through((dataset, input), &["orders", "amount", "discount"]).await;
    assert_eq!(outcome.fates(), [5, 0, 0, 0, 5]);
    assert_eq!(outcome.measures(), [Some("5"), Some("48.90"), Some("1.50")]);
    let nulled: Vec<_> = outcome.counts.nulled.iter().collect();
    let invalid = "invalid_value";
    assert_eq!(nulled, [("discount", invalid, 3), ("shipped", invalid, 2)]);
    let rescued = outcome.rescued().await;
    assert_eq!(
        rescued[0].as_deref(),
        Some(r#"{"$invalid":{"discount":""}}"#)
    );
    assert_eq!(rescued[4].as_deref(), Some(r#"{"gift":""}"#));
}

#[tokio::test(start_paused = true)]
async fn an_empty_text_is_null_and_no_invalid_value_where_it_says_so() {
    let (dataset, input) = report!("empty-strings");
    let with_nulls = dataset
        .replace(
            "name = \"discount\"",
            "name = \"discount\"\nnulls = [\"\", \"N/A\"]",
        )
        .replace("name = \"shipped\"", "name = \"shipped\"\nnulls = [\"\"]");
    let outcome = through((&with_nulls, input), &["orders", "amount", "discount"]).await;
    // What remains has blanks around a number, and a time where a day should be.
    assert_eq!(outcome.fates(), [5, 0, 0, 0, 2]);
    assert_eq!(outcome.measures(), [Some("5"), Some("48.90"), Some("1.50")]);
}

#[tokio::test(start_paused = true)]
async fn a_double_that_is_not_finite_is_null_where_the_event_is_json() {
    let (dataset, input) = report!("not-a-number");
    let outcome = through((dataset, input), &["events", "pulses", "max_energy"]).await;
    // NaN, -nan and Infinity without quotes are no JSON.
    assert_eq!(outcome.fates(), [5, 0, 0, 3, 2]);
    assert_eq!(
        outcome.counts.quarantined[&RejectReason::NotAnObject.into()],
        3
    );
    assert_eq!(outcome.measures(), [Some("5"), Some("16021"), Some("13.5")]);
    let nulled: Vec<_> = outcome.counts.nulled.iter().collect();
    assert_eq!(nulled, [("energy", "invalid_value", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_double_that_is_not_finite_costs_no_event_where_it_may_be_null() {
    let (dataset, input) = report!("not-a-number");
    let tolerant = with_table(dataset, "[payload]\nnon_finite = \"null\"");
    let outcome = through((&tolerant, input), &["events", "pulses", "max_energy"]).await;
    assert_eq!(outcome.fates(), [8, 0, 0, 0, 0]);
    assert_eq!(outcome.measures(), [Some("8"), Some("25628"), Some("13.5")]);
}

#[tokio::test(start_paused = true)]
async fn each_element_of_a_message_that_is_an_array_is_a_row() {
    let outcome = through(report!("array-body"), &["deviceid", "events", "total"]).await;
    assert_eq!(outcome.fates(), [9, 0, 0, 0, 0]);
    assert_eq!((outcome.counts.lines, outcome.counts.records), (3, 9));
    let mut gold = outcome.gold.clone();
    gold.sort();
    let row = |device: &str, total: &str| [device, "3", total].map(|text| Some(text.to_owned()));
    let rows = [
        row("pump-0", "62.25"),
        row("pump-1", "63.00"),
        row("pump-2", "63.75"),
    ];
    assert_eq!(gold, rows);
}

#[tokio::test(start_paused = true)]
async fn each_line_of_a_message_is_a_row_also_packed_or_with_a_mark() {
    let event = |id: u32| format!(r#"{{"id": {id}, "time": "2026-11-20T08:0{id}:00Z"}}"#);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(event(8).as_bytes()).unwrap();
    let bodies = vec![
        Bytes::from([event(1), event(2), event(3)].join("\n")),
        Bytes::from(format!("{}\r\n{}\r\n", event(4), event(5))),
        Bytes::from(gzip.finish().unwrap()),
        Bytes::from(format!("\u{feff}{}", event(9))),
        Bytes::from_static(b"\n"),
        Bytes::from_iter(event(7).encode_utf16().flat_map(u16::to_le_bytes)),
    ];
    let (dataset, _) = report!("bom-crlf");
    let opened = with_table(
        dataset,
        "[payload]\nformat = \"jsonl\"\ncompression = \"auto\"",
    );
    let outcome = through_bodies(&opened, bodies, &["events"]).await;
    // UTF-16 is no JSON of RFC 8259.
    assert_eq!(outcome.fates(), [7, 0, 0, 1, 0]);
    assert_eq!((outcome.counts.opened, outcome.counts.empty), (5, 1));
    assert_eq!(outcome.measures(), [Some("7")]);
}

#[tokio::test(start_paused = true)]
async fn events_of_another_type_are_filtered_and_not_quarantined() {
    let outcome = through(report!("event-types"), &["type", "events", "amount"]).await;
    assert_eq!(outcome.fates(), [3, 0, 0, 0, 0]);
    assert_eq!(outcome.counts.filtered, 3);
    let mut gold = outcome.gold.clone();
    gold.sort();
    let row = |kind: &str, n: &str, sum: &str| [kind, n, sum].map(|text| Some(text.to_owned()));
    let rows = [
        row("order.created", "2", "30.00"),
        row("order.refunded", "1", "10.00"),
    ];
    assert_eq!(gold, rows);
}

#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_and_line_ends_of_windows_are_no_matter() {
    let (dataset, input) = report!("bom-crlf");
    let outcome = through((dataset, input), &["events"]).await;
    // The blank line is an event of one carriage return.
    assert_eq!(outcome.counts.empty, 1);
    assert_eq!(outcome.fates(), [3, 0, 0, 0, 0]);
    assert_eq!(outcome.measures(), [Some("3")]);
    let bronze = read::bronze(&outcome.world.lake, "bom-crlf").await;
    let first = &bronze[0].1[0];
    assert!(
        first.starts_with(b"\xEF\xBB\xBF{"),
        "bronze keeps the bytes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_taken_for_a_name_is_warned_of_and_loses_nothing() {
    let (dataset, input) = report!("nested-fields");
    let outcome = through((dataset, input), &["meter_id", "events", "max_use"]).await;
    assert_eq!(outcome.fates(), [6, 0, 0, 0, 0]);
    assert_eq!(outcome.measures(), [None, Some("6"), None]);
    let columns = ["column \"meter_id\".from: ", "column \"total_use\".from: "];
    for (warning, start) in outcome.warnings[1..].iter().zip(columns) {
        assert!(warning.starts_with(start), "{warning}");
    }
    let first = outcome.rescued().await[0].clone().unwrap();
    assert!(first.contains(r#""gas":{"totalUse":2352.545"#), "{first}");
}

#[tokio::test(start_paused = true)]
async fn a_path_reads_what_lies_inside_of_the_fields() {
    let (dataset, input) = report!("nested-fields");
    let with_paths = dataset
        .replace("\"meter.id\"", "[\"meterId\", \"$.meter.id\"]")
        .replace("\"gas.totalUse\"", "\"$.gas.totalUse\"");
    let outcome = through((&with_paths, input), &["meter_id", "events", "max_use"]).await;
    assert_eq!(outcome.fates(), [6, 0, 0, 0, 0]);
    let mut gold = outcome.gold.clone();
    gold.sort();
    let row = |meter: &str, most: &str| [meter, "3", most].map(|text| Some(text.to_owned()));
    assert_eq!(gold, [row("m-0", "2356.545"), row("m-1", "2357.545")]);
    // Only the key of the time alone: no path is taken for a name.
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    let first = outcome.rescued().await[0].clone().unwrap();
    let readings = r#"{"readings":[{"n":"p","v":1.1},{"n":"q","v":2.2}]}"#;
    assert_eq!(first, readings, "no field that a path leads into");
}

#[tokio::test(start_paused = true)]
async fn an_amount_in_another_spelling_is_set_aside_and_never_misread() {
    let outcome = through(report!("comma-decimals"), &["events", "amount"]).await;
    // A decimal as text is spelled as JSON spells a number: `.5` and `+3` are not.
    assert_eq!(outcome.fates(), [1, 0, 0, 6, 0]);
    let invalid = RejectReason::InvalidValue.into();
    assert_eq!(outcome.counts.quarantined[&invalid], 6);
    assert_eq!(outcome.measures(), [Some("1"), Some("12.50")]);
}

#[tokio::test(start_paused = true)]
async fn microseconds_that_are_read_as_milliseconds_are_set_aside() {
    let outcome = through(report!("epoch-micros"), &[]).await;
    assert_eq!(outcome.fates(), [0, 0, 0, 5, 0]);
    let beyond = RejectReason::TimeOutOfRange.into();
    assert_eq!(outcome.counts.quarantined[&beyond], 5);
}
