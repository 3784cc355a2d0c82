use sluice::event::RejectReason;
use sluice::table::log::{Counts, Version};
use sluice::warehouse::schema::ValueType;

use super::*;
use crate::feed::Sent;
use crate::output::gold::ShownTable;
use crate::output::{assert_lines, plain};
use crate::pipeline::Snapshot;

const NOW: EventTime = EventTime(1_763_120_674_000_000);
const NORMAL: Size = Size {
    width: 80,
    height: 24,
};

/// How producers reach the hub.
const CONNECTION: &str = "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;EntityPath=events";

fn to_copy(text: &str, command: &str) -> ToCopy {
    ToCopy {
        text: text.to_owned(),
        command: command.to_owned(),
    }
}

fn moment(seconds: u64) -> Moment {
    Moment {
        elapsed: Duration::from_secs(seconds),
        now: NOW,
    }
}

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

fn snapshot() -> Snapshot {
    let decimal = ValueType::Decimal {
        precision: 38,
        scale: 2,
    };
    Snapshot {
        hub_events: 11_235,
        hub_events_after: 11_235,
        bronze_events: 11_199,
        bronze_objects: 118,
        counts: Counts {
            rows: 8_225,
            duplicates: 1_037,
            late: 435,
            quarantined: [
                (RejectReason::MissingField.into(), 51),
                (RejectReason::InvalidValue.into(), 388),
            ]
            .into(),
            ..Counts::of_lines(9_701)
        },
        silver_files: 716,
        version: Version(1_193),
        watermark: Some(EventTime(NOW.0 - 2_345_678)),
        arrival: Some(UnixMillis(NOW.0 / 1_000 - 300)),
        published: Some(Version(1_187)),
        gold: vec![
            ShownTable::of_row(
                "gold_daily_orders",
                &[
                    ("day", ValueType::Date),
                    ("total_orders", ValueType::Int64),
                    ("total_amount", decimal),
                ],
                &["2025-11-14", "6544", "3257849.44"],
                2,
            ),
            ShownTable::of_row(
                "gold_hourly_revenue",
                &[
                    ("hour", ValueType::Timestamp),
                    ("orders", ValueType::Int64),
                    ("revenue", decimal),
                    ("largest_order", decimal),
                ],
                &[
                    "2025-11-14T11:00:00.000000Z",
                    "6336",
                    "3160114.81",
                    "999.77",
                ],
                11,
            ),
        ],
        ..Snapshot::default()
    }
}

fn running_with(snapshot: Snapshot) -> View {
    let mut view = View::new("orders", false, &Part::ALL);
    let sent = |events| Sent {
        events,
        is_done: false,
    };
    let before = Snapshot {
        hub_events: snapshot.hub_events.saturating_sub(1_000),
        bronze_events: snapshot.bronze_events.saturating_sub(990),
        counts: Counts {
            lines: snapshot.counts.lines.saturating_sub(1_024),
            ..snapshot.counts.clone()
        },
        ..snapshot.clone()
    };
    for (at, snapshot) in [(20, before), (22, snapshot)] {
        let seen = Seen {
            snapshot,
            sent: sent(11_261),
            last_event: Some(EventTime(NOW.0 - 3_000_000)),
        };
        view.see(Duration::from_secs(at), seen);
    }
    view.access = Some(Access {
        dashboard: Some(to_copy("http://127.0.0.1:7001/0123", "sluice dashboard")),
        connection: to_copy(CONNECTION, "sluice connect event-hub"),
        log: "/shop/.sluice/orders/host.log".to_owned(),
    });
    view
}

#[track_caller]
fn shows(view: &View, seconds: u64, size: Size, expected: &str) {
    assert_lines(&view.lines(moment(seconds), size), expected);
}

fn again() -> Again {
    Again {
        pipeline: "sluice up --dataset shop.toml".to_owned(),
        feed: " --no-producer".to_owned(),
    }
}

fn summary(view: &View) -> String {
    plain(&view.summary(moment(67), &again()))
}

fn texts(view: &View, seconds: u64, size: Size) -> String {
    plain(&view.lines(moment(seconds), size))
}

#[test]
fn a_screen_of_120_by_40_has_all_there_is() {
    let size = size(120, 40);
    shows(
        &running_with(snapshot()),
        22,
        size,
        "
sluice up  orders  00:00:22                                                                                 Ctrl-C stops

✓ hub     500/s  11,235 events  last event 3 s ago, 11,261 sent by this run
• bronze  495/s  11,199 events  36 events wait, in 118 objects
• silver  512/s   8,225 rows    1,498 events wait, 1,037 duplicates, 435 late, 439 quarantined, in 716 files
• gold                          6 versions wait, at version 1,187

  quarantined  missing_field 51, invalid_value 388
  watermark  2025-11-14T11:44:31Z, events are 2 s old when they come

  gold_daily_orders  2 rows, first 1
  day         total_orders  total_amount
  ──────────  ────────────  ────────────
  2025-11-14         6,544  3,257,849.44

  gold_hourly_revenue  11 rows, first 1
  hour                  orders       revenue  largest_order
  ────────────────────  ──────  ────────────  ─────────────
  2025-11-14T11:00:00Z   6,336  3,160,114.81         999.77

  dashboard                http://127.0.0.1:7001/0123
  where to send events     sluice connect event-hub
  logs of host and handler /shop/.sluice/orders/host.log
",
    );
}

#[test]
fn a_screen_of_80_by_24_keeps_what_matters_most() {
    shows(
        &running_with(snapshot()),
        22,
        NORMAL,
        "
sluice up  orders  00:00:22                                         Ctrl-C stops

✓ hub     500/s  11,235 events  last event 3 s ago, 11,261 sent by this run
• bronze  495/s  11,199 events  36 events wait, in 118 objects
• silver  512/s   8,225 rows    1,498 events wait, 1,037 duplicates, 435 late,
                                439 quarantined, in 716 files
• gold                          6 versions wait, at version 1,187

  quarantined  missing_field 51, invalid_value 388
  watermark  2025-11-14T11:44:31Z, events are 2 s old when they come

  gold_daily_orders  2 rows, first 1
  day         total_orders  total_amount
  ──────────  ────────────  ────────────
  2025-11-14         6,544  3,257,849.44

  gold_hourly_revenue  11 rows, first 1
  hour                  orders       revenue  largest_order
  ────────────────────  ──────  ────────────  ─────────────
  2025-11-14T11:00:00Z   6,336  3,160,114.81         999.77

  dashboard                http://127.0.0.1:7001/0123
  where to send events     sluice connect event-hub
  logs of host and handler /shop/.sluice/orders/host.log
",
    );
}

#[test]
fn a_screen_of_40_by_24_breaks_between_phrases_and_cuts_no_number() {
    let size = size(40, 24);
    shows(
        &running_with(snapshot()),
        22,
        size,
        "
orders  00:00:22            Ctrl-C stops

✓ hub     500/s  11,235 events
    last event 3 s ago,
    11,261 sent by this run
• bronze  495/s  11,199 events
    36 events wait, in 118 objects
• silver  512/s   8,225 rows
    1,498 events wait, 1,037 duplicates,
    435 late, 439 quarantined,
    in 716 files
• gold
    6 versions wait, at version 1,187
  quarantined  missing_field 51,
               invalid_value 388
  watermark  2025-11-14T11:44:31Z,
    events are 2 s old when they come

  gold_daily_orders  2 rows, first 1
  day         total_orders  total_amount
  ──────────  ────────────  ────────────
  2025-11-14         6,544  3,257,849.44
  dashboard
    http://127.0.0.1:7001/0123
",
    );
}

#[test]
fn a_screen_of_200_by_12_has_one_line_for_each_layer() {
    let size = size(200, 12);
    shows(
        &running_with(snapshot()),
        22,
        size,
        "
sluice up  orders  00:00:22                                                                                                                                                                 Ctrl-C stops
✓ hub     500/s  11,235 events  last event 3 s ago, 11,261 sent by this run
• bronze  495/s  11,199 events  36 events wait, in 118 objects
• silver  512/s   8,225 rows    1,498 events wait, 1,037 duplicates, 435 late, 439 quarantined, in 716 files
• gold                          6 versions wait, at version 1,187
  quarantined  missing_field 51, invalid_value 388
  watermark  2025-11-14T11:44:31Z, events are 2 s old when they come

  gold_daily_orders  2 rows, first 1
  day         total_orders  total_amount
  ──────────  ────────────  ────────────
  2025-11-14         6,544  3,257,849.44
",
    );
}

#[test]
fn a_text_to_copy_is_whole_on_a_row_or_there_is_a_command_for_it() {
    let view = running_with(snapshot());
    let lines = |width| texts(&view, 22, size(width, 40));
    for width in [CONNECTION.len(), 160, 200] {
        let text = lines(width);
        let mut rows = text.lines();
        assert!(rows.any(|row| row.ends_with(CONNECTION)), "{width}\n{text}");
        assert!(!text.contains("sluice connect"), "{width}\n{text}");
    }
    for width in [40, 80, 120, CONNECTION.len() - 1] {
        let text = lines(width);
        assert!(!text.contains("Endpoint"), "{width}\n{text}");
        let mut rows = text.lines();
        let command = "sluice connect event-hub";
        assert!(rows.any(|row| row.ends_with(command)), "{width}\n{text}");
    }
    let narrow = lines(25);
    assert!(
        narrow.contains("dashboard\n    sluice dashboard"),
        "{narrow}"
    );
}

#[test]
fn whoever_is_to_send_events_is_told_where_before_tables_are_shown() {
    let mut view = running_with(snapshot());
    let small = size(80, 13);
    assert!(!texts(&view, 22, small).contains("where to send"));
    if let Some(seen) = &mut view.seen {
        seen.sent.events = 0;
    }
    let text = texts(&view, 22, small);
    assert!(
        text.contains("  where to send events     sluice connect event-hub"),
        "{text}"
    );
}

#[test]
fn one_is_no_more_than_one() {
    let one = Snapshot {
        hub_events: 1,
        bronze_events: 1,
        counts: Counts {
            rows: 1,
            ..Counts::of_lines(1)
        },
        ..Snapshot::default()
    };
    let text = texts(&running_with(one), 22, NORMAL);
    assert!(
        text.contains(" 1 event ") && text.contains(" 1 row "),
        "{text}"
    );
}

#[test]
fn no_size_is_overrun() {
    let mut view = running_with(snapshot());
    view.failure = Some("the storage, Azurite, ended by itself (code 137); see the log; the next run goes on from what was saved last".to_owned());
    view.notices.push("port 5672 is taken".to_owned());
    for width in [1, 10, 20, 40, 63, 80, 120, 200] {
        for height in [1, 2, 5, 8, 15, 24, 60] {
            let size = size(width, height);
            let lines = view.lines(moment(22), size);
            assert!(lines.len() <= height, "{size:?}");
            for line in &lines {
                assert!(line.width() <= width, "{size:?}: {}", line.text());
            }
        }
    }
}

#[test]
fn a_start_is_a_checklist_that_fills() {
    let mut view = View::new("orders", false, &Part::ALL);
    let at = Duration::from_millis;
    view.hear(at(0), Part::Storage, &Told::Begins);
    let installing = "installing Azurite, Microsoft's storage emulator, with npm: some 76 MB to download, 365 MB on disk (only this once)";
    view.hear(at(100), Part::Storage, &Told::Says(installing.to_owned()));
    shows(
        &view,
        75,
        NORMAL,
        "
sluice up  orders  00:01:15                                         Ctrl-C stops

⠋ storage    75 s
    installing Azurite, Microsoft's storage emulator, with npm: some 76 MB to
    download, 365 MB on disk (only this once)
  event hub
  state
  handler
",
    );
    view.hear(
        at(85_300),
        Part::Storage,
        &Told::Stands("Azurite at 127.0.0.1:40449".to_owned()),
    );
    view.hear(
        at(85_300),
        Part::Storage,
        &Told::Differs("ports 10000 to 10002 are taken".to_owned()),
    );
    view.hear(at(85_300), Part::Hub, &Told::Begins);
    view.hear(
        at(85_400),
        Part::Hub,
        &Told::Stands("AMQP at 127.0.0.1:5672".to_owned()),
    );
    view.hear(at(85_400), Part::State, &Told::Begins);
    shows(
        &view,
        87,
        NORMAL,
        "
sluice up  orders  00:01:27                                         Ctrl-C stops

✓ storage    Azurite at 127.0.0.1:40449  85.3 s
✓ event hub  AMQP at 127.0.0.1:5672  0.1 s
⠋ state      1 s
  handler

! ports 10000 to 10002 are taken
",
    );
}

#[test]
fn what_is_up_to_date_and_what_waits_is_told_apart() {
    let mut idle = snapshot();
    idle.bronze_events = idle.hub_events;
    idle.counts.lines = idle.hub_events;
    idle.published = Some(idle.version);
    let text = texts(&running_with(idle), 22, NORMAL);
    for layer in ["✓ bronze", "✓ silver", "✓ gold"] {
        assert!(text.contains(layer), "{layer}\n{text}");
    }
    assert_eq!(text.matches("up to date").count(), 3, "{text}");
    let mut one = snapshot();
    one.published = Some(Version(one.version.0 - 1));
    let text = texts(&running_with(one), 22, NORMAL);
    assert!(text.contains("• gold"), "{text}");
    assert!(text.contains("1 version waits"), "{text}");
}

#[test]
fn gold_that_cannot_be_read_is_not_gold_that_has_not_run() {
    let mut snapshot = snapshot();
    snapshot.gold_problem = Some("the login failed".to_owned());
    let view = running_with(snapshot);
    let text = texts(&view, 22, NORMAL);
    assert!(text.contains("! gold"), "{text}");
    let problem = "cannot be read at the moment: the login failed";
    assert!(text.contains(problem), "{text}");
    let line = view.line(moment(22)).unwrap();
    assert!(line.ends_with("| gold version unknown"), "{line}");
    let text = summary(&view);
    let gold = format!("\n  gold    {problem}; silver is at version 1,193\n");
    assert!(text.contains(&gold), "{text}");

    let view = running_with(Snapshot::default());
    let line = view.line(moment(22)).unwrap();
    assert!(line.ends_with("| gold has not run yet"), "{line}");
    let text = summary(&view);
    let gold = "\n  gold    has not run yet, silver is at version 0\n";
    assert!(text.contains(gold), "{text}");
    let text = texts(&view, 22, NORMAL);
    assert!(text.contains("has not run yet"), "{text}");
    assert!(text.contains("no watermark yet"), "{text}");
}

#[test]
fn a_layer_that_cannot_go_on_says_why_in_full() {
    let mut snapshot = snapshot();
    let error = "the dataset file no longer fits silver: column hum is missing; undo the change, or raise the generation to rebuild silver from bronze";
    snapshot.lasting = [("silver".to_owned(), error.to_owned())].into();
    let small = size(40, 15);
    let text = texts(&running_with(snapshot), 22, small);
    assert!(text.contains("! silver"), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(error), "{text}");
}

#[test]
fn the_clock_goes_on_where_storage_does_not_answer() {
    let view = running_with(snapshot());
    assert!(!texts(&view, 26, NORMAL).contains("has not answered"));
    let text = texts(&view, 70, NORMAL);
    assert!(text.starts_with("sluice up  orders  00:01:10"), "{text}");
    assert!(
        text.contains("! the storage has not answered for 48 s"),
        "{text}"
    );
    assert!(text.contains("  0/s"), "rates are of now: {text}");
    let messages = view.messages(moment(70));
    assert_eq!(messages, view.messages(moment(75)), "it is said once");
    assert_eq!(messages.len(), 1);
}

#[test]
fn why_a_run_ends_before_its_time_is_shown_while_it_stops() {
    let mut view = running_with(snapshot());
    view.failure = Some("the storage, Azurite, ended by itself".to_owned());
    view.is_stopping = true;
    let text = texts(&view, 23, NORMAL);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("stopping"), "{text}");
    let why = "! the storage, Azurite, ended by itself";
    assert!(lines.contains(&why), "{text}");
}

#[test]
fn a_run_that_ends_says_whether_it_still_sends() {
    for (ends, is_done, expected) in [
        (true, false, "  sending, Ctrl-C stops"),
        (true, true, "  all sent, Ctrl-C stops"),
        (false, true, "  Ctrl-C stops"),
    ] {
        let mut view = running_with(snapshot());
        view.ends = ends;
        if let Some(seen) = &mut view.seen {
            seen.sent.is_done = is_done;
        }
        let text = texts(&view, 22, NORMAL);
        let first = text.lines().next().unwrap();
        assert!(first.ends_with(expected), "{first}");
    }
}

#[test]
fn where_nothing_can_be_redrawn_one_line_has_it_all() {
    let line = running_with(snapshot()).line(moment(3_722)).unwrap();
    assert_eq!(
        line,
        "01:02:02 hub 11,235 (0/s) | bronze 11,199 (0/s) in 118 objects | silver 8,225 rows (0/s), 1,037 duplicates, 435 late, 439 quarantined (missing_field 51, invalid_value 388), version 1,193 | gold version 1,187"
    );
    let line = running_with(snapshot()).line(moment(22)).unwrap();
    assert!(line.contains("hub 11,235 (500/s)"), "{line}");
    assert_eq!(View::new("orders", false, &[]).line(moment(1)), None);
}

#[test]
fn a_run_that_was_stopped_says_what_it_came_to_and_what_may_be_next() {
    let lines = running_with(snapshot()).summary(moment(67), &again());
    let expected = "
orders: stopped after 00:01:07; the next `up` goes on from here
  hub     11,235 events, 11,261 sent by this run
  silver  9,701 events = 8,225 rows + 1,037 duplicates + 439 quarantined
          quarantined: missing_field 51, invalid_value 388
  gold    version 1,187, silver is at version 1,193
  1,534 events of the hub not in silver yet
next:
  sluice up --dataset shop.toml --no-producer          go on
  sluice up --dataset shop.toml --clean --no-producer  start afresh
  sluice up --dataset shop.toml --no-handler           let `status`, `gold`, `head` and `audit` look at it
logs of host and handler: /shop/.sluice/orders/host.log
";
    assert_lines(&lines, expected);
}

#[test]
fn the_clock_goes_on_beyond_a_day() {
    let texts = [0, 59, 3_600, 360_061].map(|seconds| clock(Duration::from_secs(seconds)));
    assert_eq!(texts, ["00:00:00", "00:00:59", "01:00:00", "100:01:01"]);
}
