use bytes::Bytes;

use super::super::sample::{Event, Sample};
use super::coverage::Coverage;
use super::guess::guess;
use super::refusal::InferError;
use super::*;

fn sample(lines: &[&str]) -> Sample {
    let mut sample = Sample::default();
    for line in lines {
        sample.add(&Event::plain((*line).to_owned()));
    }
    sample.settle();
    sample
}

fn guessed(lines: &[&str]) -> (Sample, Guess) {
    let sample = sample(lines);
    let guess = guess(&sample, Coverage::Nearly).unwrap();
    (sample, guess)
}

fn proposed(lines: &[&str]) -> Result<Proposal, InferError> {
    let lines: Vec<Bytes> = lines.iter().map(|l| Bytes::from((*l).to_owned())).collect();
    propose(&lines)
}

/// The names of the key's fields.
fn names(sample: &Sample, guess: &Guess) -> Vec<String> {
    let fields = guess.key.fields.iter();
    fields
        .map(|index| sample.fields[*index].name.clone())
        .collect()
}

/// The names of the guessed key.
fn key(lines: &[&str]) -> Vec<String> {
    let (sample, guess) = guessed(lines);
    names(&sample, &guess)
}

fn types(lines: &[&str]) -> Vec<String> {
    let types = guessed(lines).1.types.into_iter();
    types
        .map(|guess| match (guess.format, guess.zone) {
            (Some(format), Some(zone)) => format!("{} {format} {zone}", guess.kind),
            (Some(format), None) => format!("{} {format}", guess.kind),
            (None, _) => guess.kind,
        })
        .collect()
}

/// The type of the field `v` in events whose values of it are these.
fn of(values: &[&str]) -> String {
    let lines: Vec<String> = values
        .iter()
        .map(|value| format!(r#"{{"ts": 1795161600, "v": {value}}}"#))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    types(&lines).swap_remove(1)
}

#[test]
fn a_source_is_found_by_its_repetition_not_by_its_name() {
    // Each time once, as in a short sample: the time alone would tell these events apart.
    let pumps = [
        r#"{"pump": "p0", "ts": 1795161600, "temp": 20.0}"#,
        r#"{"pump": "p1", "ts": 1795161601, "temp": 20.1}"#,
        r#"{"pump": "p0", "ts": 1795161602, "temp": 20.2}"#,
        r#"{"pump": "p1", "ts": 1795161603, "temp": 20.3}"#,
        r#"{"pump": "p0", "ts": 1795161604, "temp": 20.4}"#,
        r#"{"pump": "p1", "ts": 1795161605, "temp": 20.5}"#,
    ];
    assert_eq!(key(&pumps), ["pump", "ts"]);
    // Two in the same second.
    let full = [
        r#"{"pump": "p0", "ts": 1795161600, "temp": 20.0}"#,
        r#"{"pump": "p1", "ts": 1795161600, "temp": 21.0}"#,
        r#"{"pump": "p0", "ts": 1795161601, "temp": 20.1}"#,
        r#"{"pump": "p1", "ts": 1795161601, "temp": 21.1}"#,
    ];
    assert_eq!(key(&full), ["pump", "ts"]);
    let numbered: Vec<String> = (0..12)
        .map(|n| {
            format!(
                r#"{{"model": {}, "level": {}, "ts": {}}}"#,
                n % 3,
                90 - n / 2,
                1795161600 + n
            )
        })
        .collect();
    let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
    assert_eq!(key(&numbered), ["model", "ts"], "the level drifts");
}

#[test]
fn an_identity_of_every_event_comes_before_that_of_its_source() {
    let orders = [
        r#"{"customer": "c1", "order": "A-17", "ts": 1795161600}"#,
        r#"{"customer": "c2", "order": "A-18", "ts": 1795161601}"#,
        r#"{"customer": "c1", "order": "A-19", "ts": 1795161602}"#,
        r#"{"customer": "c2", "order": "A-20", "ts": 1795161603}"#,
    ];
    assert_eq!(key(&orders), ["order", "ts"]);
    let named = [
        r#"{"customer_id": "c1", "order_id": 17, "ts": 1795161600}"#,
        r#"{"customer_id": "c2", "order_id": 21, "ts": 1795161601}"#,
        r#"{"customer_id": "c1", "order_id": 19, "ts": 1795161602}"#,
    ];
    assert_eq!(key(&named), ["order_id", "ts"]);
    let counted = [
        r#"{"shop": "s1", "n": 7, "ts": 1795161600}"#,
        r#"{"shop": "s2", "n": 8, "ts": 1795161600}"#,
        r#"{"shop": "s1", "n": 9, "ts": 1795161601}"#,
        r#"{"shop": "s2", "n": 10, "ts": 1795161601}"#,
    ];
    assert_eq!(key(&counted), ["n", "ts"], "a number that counts events");
}

#[test]
fn measured_values_and_texts_with_blanks_identify_nothing() {
    let lines = [
        r#"{"note": "all is well", "temp": 20.5, "on": true, "ts": 1795161600}"#,
        r#"{"note": "it is warm", "temp": 21.5, "on": false, "ts": 1795161601}"#,
    ];
    assert_eq!(key(&lines), ["ts"]);
    // Two of eight readings agree by chance.
    let readings: Vec<String> = (1795161600..)
        .zip([3, 7, 1, 9, 5, 3, 8, 2])
        .map(|(ts, reading)| format!(r#"{{"reading": {reading}, "ts": {ts}}}"#))
        .collect();
    let readings: Vec<&str> = readings.iter().map(String::as_str).collect();
    assert_eq!(key(&readings), ["ts"]);
}

#[test]
fn a_key_of_the_time_alone_is_warned_of_with_what_was_seen() {
    let lines = [
        r#"{"unit": "C", "pump_id": "a", "meter": {"id": "m-0"}, "ts": 1795161600}"#,
        r#"{"unit": "C", "meter": "m-1", "ts": 1795161601}"#,
    ];
    let (_, guess) = guessed(&lines);
    let warning = guess.key.keep_all.unwrap().join(" ");
    for expected in [
        "a key of the event time alone would drop one of two events",
        "unit has one value in the whole sample",
        "pump_id is in 1 of 2 events only",
        "$.meter.id (1 value) lies inside of what is not always an object",
    ] {
        assert!(warning.contains(expected), "{expected}: {warning}");
    }
}

#[test]
fn identities_and_times_inside_of_objects_are_found() {
    let lines = [
        r#"{"meter": {"id": "m-0", "at": {"ts": 1795161600}}, "use": 20.0}"#,
        r#"{"meter": {"id": "m-1", "at": {"ts": 1795161600}}, "use": 20.5}"#,
        r#"{"meter": {"id": "m-0", "at": {"ts": 1795161601}}, "use": 21.0}"#,
    ];
    assert_eq!(key(&lines), ["meter.id", "meter.at.ts"]);
    assert_eq!(
        types(&lines),
        ["string", "timestamp unix_seconds", "decimal(18,2)"]
    );
}

#[test]
fn only_what_is_always_an_object_of_some_members_is_opened() {
    let names = |lines: &[&str]| -> Vec<String> {
        let fields = sample(lines).fields.into_iter();
        fields.map(|field| field.path.to_string()).collect()
    };
    let opened = [
        r#"{"a": {"b": {"c": 1}, "b": {"d": 1, "e.f": 2}}, "g.h": 1, "$": 1, "n": {}}"#,
        r#"{"a": null, "n": {}}"#,
    ];
    let expected = ["$.a.b.d", "$.a.b['e.f']", "$['g.h']", "$['$']", "n"];
    assert_eq!(names(&opened), expected);
    let mixed = [
        r#"{"a": {"b": {"c": 1}}, "d": {"e": 1}, "f": [{"g": 1}]}"#,
        r#"{"a": {"b": 2}, "d": [1]}"#,
    ];
    assert_eq!(names(&mixed), ["$.a.b", "d", "f"]);
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"m{n}\": 1")).collect();
        format!("{{{}}}", members.join(", "))
    };
    assert_eq!(names(&[&format!(r#"{{"a": {}}}"#, members(50))]).len(), 50);
    assert_eq!(names(&[&format!(r#"{{"a": {}}}"#, members(51))]), ["a"]);
    let many: Vec<String> = (0..20)
        .map(|n| format!("\"o{n}\": {}", members(26)))
        .collect();
    assert_eq!(names(&[&format!("{{{}}}", many.join(", "))]).len(), 20);
    let deep = format!("{}1{}", "{\"a\": ".repeat(40), "}".repeat(40));
    assert_eq!(names(&[&deep]), [format!("${}", ".a".repeat(8))]);
}

#[test]
fn events_that_differ_only_in_a_measured_value_share_their_key() {
    let lines = [
        r#"{"pump": "p0", "ts": 1795161600, "temp": 20.0}"#,
        r#"{"pump": "p0", "ts": 1795161600, "temp": 20.5}"#,
        r#"{"pump": "p1", "ts": 1795161600, "temp": 20.5}"#,
        r#"{"pump": "p1", "ts": 1795161601, "temp": 20.5}"#,
    ];
    let (_, guess) = guessed(&lines);
    assert_eq!((guess.key.fields, guess.key.shared), (vec![0, 1], 1));
    let why = guess.key.keep_all.unwrap().join(" ");
    assert!(why.contains("1 of 4 events would be dropped"), "{why}");
    let mut many: Vec<String> = (0..20)
        .map(|n| format!(r#"{{"pump": "p{}", "ts": {}}}"#, n % 2, 1795161600 + n / 2))
        .collect();
    many.push(r#"{"pump": "p0", "ts": 1795161600, "temp": 1.5}"#.to_owned());
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (_, guess) = guessed(&many);
    assert_eq!(
        (guess.key.shared, guess.key.keep_all),
        (1, None),
        "one in 21"
    );
}

#[test]
fn money_is_a_decimal_however_it_is_written() {
    for (values, expected) in [
        (vec!["450.00", "9.90", "12.00"], "decimal(18,2)"),
        (vec!["450.00", "12.00"], "decimal(18,2)"),
        (vec!["450", "9.9", "9.99"], "decimal(18,2)"),
        (vec!["2352.545", "1.000"], "decimal(18,3)"),
        (vec!["0.00012345", "1.00000000"], "decimal(18,8)"),
        (vec!["\"9.99\"", "\"12.50\""], "decimal(18,2)"),
        (vec!["12", "\"12.50\""], "decimal(18,2)"),
        (vec!["52.3702157", "4.89"], "double"),
        (vec!["1e3", "1.5"], "double"),
        (vec!["1", "20"], "int64"),
        (vec!["123456789012345678901"], "decimal(38,0)"),
        (vec!["\"00042\"", "\"00007\""], "string"),
        (vec!["\"12\"", "\"7\""], "string"),
        (vec!["\"12\"", "\"x\""], "string"),
        (vec!["1", "\"x\"", "true"], "string"),
        (vec!["1", "[1]"], "json"),
        (vec!["12.5", "\"NaN\"", "\"\""], "decimal(18,2)"),
        (
            vec!["\"0.50\"", "\"\"", "\" 1.00 \"", "\"1.50\""],
            "decimal(18,2)",
        ),
        (vec!["\"9,99\"", "\"1.234,56\"", "\"12.50\""], "string"),
        (vec!["\"2.4\"", "\"2.4.1\"", "\"192.0.2.1\""], "string"),
        (vec!["\"\"", "\"none\""], "string"),
    ] {
        assert_eq!(of(&values), expected, "{values:?}");
    }
    let amounts = [r#"{"ts": 1795161600, "amount": 450}"#];
    assert_eq!(types(&amounts)[1], "decimal(18,2)", "cents may come later");
}

#[test]
fn times_are_found_as_numbers_digits_and_text() {
    for (value, expected) in [
        ("1795161600", "timestamp unix_seconds"),
        ("1795161600.25", "timestamp unix_seconds"),
        ("1795161600000", "timestamp unix_millis"),
        ("1795161600000000", "timestamp unix_micros"),
        ("\"1795161600000000000\"", "timestamp unix_nanos"),
        ("\"1795161600\"", "timestamp unix_seconds"),
        ("\"2026-06-02 14:09:10+02:00\"", "timestamp rfc3339"),
    ] {
        let line = format!(r#"{{"id": 1, "time": {value}}}"#);
        assert_eq!(types(&[&line])[1], expected, "{value}");
    }
    // No name speaks of time, and nothing else is one.
    let unnamed = [r#"{"id": 1, "x": 1795161600000, "y": 12}"#];
    assert_eq!(types(&unnamed)[1], "timestamp unix_millis");
    let named = [r#"{"id": 1, "x": 1795161600, "ts": 1795161600}"#];
    assert_eq!(types(&named)[1], "int64", "there is a better one");
}

#[test]
fn texts_of_time_get_the_format_and_the_zone_that_read_them() {
    for (values, expected) in [
        (vec!["2026-06-02 12:09:05"], "timestamp rfc3339 UTC"),
        (
            vec!["2026-06-02T12:09:08+0000"],
            "timestamp %Y-%m-%dT%H:%M:%S%z",
        ),
        (vec!["2026-06-02T12:09Z"], "timestamp %Y-%m-%dT%H:%M%z"),
        (vec!["2026-06-02 12:09"], "timestamp %Y-%m-%d %H:%M UTC"),
        (
            vec!["2026-06-02 12:09:05 UTC"],
            "timestamp %Y-%m-%d %H:%M:%S UTC UTC",
        ),
        (vec!["20260602T120905Z"], "timestamp %Y%m%dT%H%M%S%z"),
        (
            vec!["13.06.2026 12:09:05"],
            "timestamp %d.%m.%Y %H:%M:%S UTC",
        ),
        (
            vec!["01/06/2026 12:09:05", "13/06/2026 12:09:05"],
            "timestamp %d/%m/%Y %H:%M:%S UTC",
        ),
        (
            vec!["06/01/2026 12:09:05", "06/13/2026 12:09:05"],
            "timestamp %m/%d/%Y %H:%M:%S UTC",
        ),
    ] {
        let lines: Vec<String> = values
            .iter()
            .map(|value| format!(r#"{{"id": "x", "time": "{value}"}}"#))
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(types(&lines)[1], expected, "{values:?}");
    }
    let other = |value: &str| {
        let line = format!(r#"{{"ts": 1795161600, "day": "{value}"}}"#);
        types(&[&line]).swap_remove(1)
    };
    assert_eq!(other("2026-06-02"), "date");
    assert_eq!(other("02.06.2026"), "date %d.%m.%Y");
    assert_eq!(other("02/06/2026"), "string", "June or February");
    // A day may be the event time where there is no other.
    let day = [r#"{"id": "x", "day": "2026-06-02"}"#];
    assert_eq!(types(&day)[1], "timestamp %Y-%m-%d UTC");
}

#[test]
fn an_event_time_in_several_notations_says_what_is_lost() {
    let lines = [
        r#"{"id":1,"time":"2026-06-02 12:09:05","energy":1.0}"#,
        r#"{"id":2,"time":"2026-06-02T12:09:06.471001","energy":1.0}"#,
        r#"{"id":4,"time":"2026-06-02T12:09:08+0000","energy":1.0}"#,
        r#"{"id":5,"time":"2026-06-02T12:09Z","energy":1.0}"#,
        r#"{"id":6,"time":"2026-06-02T14:09:10+02:00","energy":1.0}"#,
        r#"{"id":8,"time":"2026-06-02","energy":1.0}"#,
        r#"{"id":9,"time":"2026-06-02T12:09:12.123456789Z","energy":1.0}"#,
    ];
    assert_eq!(key(&lines), ["id", "time"]);
    let (_, guess) = guessed(&lines);
    let warning = guess.types[1].warnings.join(" ");
    for expected in ["UTC is a guess", "3 of 7 values are not written so"] {
        assert!(warning.contains(expected), "{expected}: {warning}");
    }
}

#[test]
fn without_a_time_in_events_it_is_when_the_hub_took_them() {
    let lines = [
        r#"{"id": 1, "time": "02/06/2026 12:09:05", "seen_at": 1795161600}"#,
        r#"{"id": 2, "time": "03/06/2026 12:09:05"}"#,
        r#"{"id": 3, "time": "03/06/2026 12:09:05"}"#,
    ];
    let proposal = proposed(&lines).unwrap();
    let guess = &proposal.guess;
    assert_eq!(names(&proposal.sample, guess), ["id", "enqueued_at"]);
    assert!(guess.key.has_day && guess.key.keep_all.is_none());
    let why = guess.no_time.as_ref().unwrap();
    for expected in [
        "a day whose order of numbers cannot be told, such as 02/06/2026",
        "seen_at looks like seconds since 1970, and is in too few events",
        "the fields are id, time, seen_at",
    ] {
        assert!(why.contains(expected), "{expected}: {why}");
    }
    let nothing = proposed(&[r#"{"v": 1.5}"#, r#"{"v": 2.5}"#]).unwrap();
    assert!(nothing.guess.key.keep_all.is_some());
}

#[test]
fn the_time_that_changes_with_an_order_is_preferred() {
    let lines = [
        r#"{"order_id":1,"created":"2026-11-20T08:00:00Z","updated":"2026-11-20T08:00:00Z"}"#,
        r#"{"order_id":2,"created":"2026-11-20T08:05:00Z","updated":"2026-11-20T08:05:00Z"}"#,
        r#"{"order_id":1,"created":"2026-11-20T08:00:00Z","updated":"2026-11-20T09:00:00Z"}"#,
    ];
    assert_eq!(key(&lines), ["order_id", "updated"]);
    // By the name alone, where the sample has no change yet.
    assert_eq!(key(&lines[..2]), ["order_id", "updated"]);
    let unnamed = lines.map(|line| {
        line.replace("created", "time")
            .replace("updated", "then_at")
    });
    let unnamed: Vec<&str> = unnamed.iter().map(String::as_str).collect();
    assert_eq!(key(&unnamed), ["order_id", "then_at"]);
    assert_eq!(key(&unnamed[..2]), ["order_id", "time"]);
}

#[test]
fn a_few_events_without_a_time_do_not_hide_it() {
    let line = |n: usize| match n {
        3 => r#"{"id": 3}"#.to_owned(),
        n => format!(r#"{{"id": {n}, "ts": {}}}"#, 1795161600 + n),
    };
    let lines: Vec<String> = (0..10).map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (_, guess) = guessed(&lines);
    assert!(!guess.types[guess.event_time].required);
    assert!(guess::guess(&sample(&lines[2..4]), Coverage::Nearly).is_none());
    assert!(guess::guess(&sample(&lines[2..4]), Coverage::Half).is_some());
}

#[test]
fn what_was_sent_again_with_another_time_is_known_by_its_number_and_day() {
    let line = |seq: i64, ts: i64, v: f64| {
        format!(r#"{{"sensor": "s", "seq": {seq}, "ts": {ts}, "v": {v}}}"#)
    };
    let day = 1_795_161_600;
    let mut lines: Vec<String> = (0..6).map(|n| line(n, day + n, 1.5)).collect();
    lines.push(line(2, day + 100, 1.5));
    // The counter begins anew the next day.
    lines.push(line(2, day + 86_400, 2.5));
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (sample, guess) = guessed(&texts);
    assert_eq!(names(&sample, &guess), ["sensor", "seq", "ts"]);
    assert!(guess.key.has_day);
    // Where the number stands for something else too, it is no resend.
    lines.push(line(3, day + 200, 9.5));
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert!(!guessed(&texts).1.key.has_day);
}

#[test]
fn of_many_times_none_is_passed_over_in_the_look_for_what_was_sent_again() {
    let day = 1_795_161_600;
    let number = |n: i64| (day + n).to_string();
    let text = |n: i64| format!("\"2026-11-20T08:{:02}:{:02}Z\"", n / 60, n % 60);
    for time in [&number as &dyn Fn(i64) -> String, &text] {
        let line = |seq: i64, second: i64, v: f64| {
            let ts = time(second);
            format!(r#"{{"sensor": "s", "seq": {seq}, "ts": {ts}, "v": {v}}}"#)
        };
        let mut lines: Vec<String> = (0..1_500).map(|n| line(n, n, 1.5)).collect();
        lines.insert(900, line(2, 1_600, 1.5));
        let has_day = |lines: &[String]| {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            guessed(&lines).1.key.has_day
        };
        assert!(has_day(&lines), "{}", lines[0]);
        lines.push(line(3, 1_700, 9.5));
        assert!(!has_day(&lines), "it would be dropped: {}", lines[0]);
    }
}

#[test]
fn nothing_is_taken_for_sent_again_where_a_time_cannot_be_told() {
    let line = |n: i64| format!(r#"{{"sensor": "s", "seq": {n}, "ts": "2026-11-20T08:01:{n}Z"}}"#);
    let mut lines: Vec<String> = (10..60).map(line).collect();
    lines.push(r#"{"sensor": "s", "seq": 12, "ts": "2026-11-20T08:03:00Z"}"#.to_owned());
    let has_day = |lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        guessed(&lines).1.key.has_day
    };
    assert!(has_day(&lines));
    lines.push(r#"{"sensor": "s", "seq": 13, "ts": "2026-11-20 08:04"}"#.to_owned());
    assert!(!has_day(&lines));
}

#[test]
fn other_types_of_events_are_left_out_where_they_lack_what_is_needed() {
    let lines = [
        r#"{"type":"order.created","id":"o1","time":"2026-11-20T08:00:00Z","amount":10.00}"#,
        r#"{"type":"order.created","id":"o2","time":"2026-11-20T08:01:00Z","amount":20.00}"#,
        r#"{"type":"order.refunded","id":"o1","time":"2026-11-20T08:02:00Z","amount":10.00}"#,
        r#"{"type":"heartbeat","time":"2026-11-20T08:03:00Z","host":"web-1"}"#,
        r#"{"type":"cart.viewed","session":"s1","time":"2026-11-20T08:05:00Z"}"#,
    ];
    let proposal = proposed(&lines).unwrap();
    let kinds = proposal.kinds.unwrap();
    assert_eq!(kinds.kept, ["order.created", "order.refunded"]);
    let others = [("cart.viewed".to_owned(), 1), ("heartbeat".to_owned(), 1)];
    assert_eq!(kinds.others, others);
    assert_eq!(names(&proposal.sample, &proposal.guess), ["id", "time"]);
    assert_eq!(proposal.sample.events, 3);

    // Alarms have a number of their own, but it is the device that identifies the events.
    let devices = [
        r#"{"kind":"alarm","alarm_id":1,"device":"a","ts":1795161600}"#,
        r#"{"kind":"alarm","alarm_id":2,"device":"b","ts":1795161600}"#,
        r#"{"kind":"ok","device":"a","ts":1795161601}"#,
        r#"{"kind":"ok","device":"b","ts":1795161601}"#,
    ];
    assert_eq!(proposed(&devices).unwrap().kinds, None);
}

#[test]
fn a_changed_row_is_known_by_its_key_and_its_place_in_the_log() {
    let row = |id: usize| format!(r#"{{"id": {id}, "customer_id": 7, "total": "1.50"}}"#);
    let change = |op: &str, before: &str, after: &str, lsn: usize| {
        format!(
            r#"{{"before": {before}, "after": {after}, "op": "{op}", "source": {{"ts_ms": {}, "txId": {lsn}, "lsn": {lsn}}}, "ts_ms": 1795161609000}}"#,
            1_795_161_600_000_usize + lsn
        )
    };
    let lines = [
        change("c", "null", &row(1), 10),
        change("u", &row(1), &row(1), 11),
        format!(
            r#"{{"schema": {{"type": "struct"}}, "payload": {}}}"#,
            change("d", &row(1), "null", 12)
        ),
        change("t", "null", "null", 13),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let proposal = proposed(&lines).unwrap();
    let (sample, guess) = (&proposal.sample, &proposal.guess);
    assert_eq!(names(sample, guess), ["id", "source.lsn", "source.ts_ms"]);
    assert_eq!(proposal.kinds.unwrap().kept, ["c", "u", "d", "r"]);
    let places = |name: &str| -> Vec<String> {
        let field = sample.fields.iter().find(|field| field.name == name);
        let places = field.unwrap().places();
        places.map(ToString::to_string).collect()
    };
    let id = ["$.after.id", "$.before.id", "$.payload.before.id"];
    assert_eq!(places("id"), id);
    assert_eq!(places("total"), ["$.after.total"]);
    assert_eq!(places("op"), ["op", "$.payload.op"]);
    assert!(
        !sample
            .fields
            .iter()
            .any(|field| field.name.starts_with("schema"))
    );
}

#[test]
fn lines_that_are_no_objects_are_told_apart() {
    for (lines, expected) in [
        (vec![r#"{"a":1}{"a":2}"#], "1 hold several values"),
        (
            vec!["[", "{", "\"a\": 1", "}", "]"],
            "values go on over several lines",
        ),
        (vec!["nothing"], "a line must be one JSON object"),
    ] {
        let error = proposed(&lines).unwrap_err().to_string();
        assert!(
            error.starts_with("no line of the sample is a JSON object"),
            "{error}"
        );
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn records_are_taken_apart_where_messages_have_no_time_or_are_arrays() {
    let records = |lines: &[&str]| {
        let payload = proposed(lines).unwrap().opening.payload;
        let path = payload.records?;
        Some(
            path.segments()
                .iter()
                .map(ToString::to_string)
                .collect::<String>(),
        )
    };
    let element = r#"{"id": 1, "time": "2026-11-20T08:00:12Z"}"#;
    assert_eq!(records(&[&format!("[{element}]")]).as_deref(), Some(""));
    let nested = format!(r#"{{"data": {{"list": [{element}]}}}}"#);
    assert_eq!(records(&[&nested]).as_deref(), Some(".data.list"));
    // An array of parts in what is an event itself.
    let event = format!(r#"{{"ts": 1795161600, "parts": [{element}]}}"#);
    assert_eq!(records(&[&event]), None);
    let proposal = proposed(&[&format!(r#"{{"n": 1, "list": [{element}]}}"#)]).unwrap();
    let beside = proposal.beside.iter();
    let beside = beside.map(|(field, guess)| (field.name.as_str(), guess.kind.as_str()));
    assert_eq!(beside.collect::<Vec<_>>(), [("n", "int64")]);
}

#[test]
fn marks_and_repeated_fields_do_not_confuse_the_sample() {
    let lines = ["\u{feff}{\"id\": 1, \"id\": 2, \"ts\": 1795161600}"];
    let sample = sample(&lines);
    assert_eq!((sample.events, sample.refused.total()), (1, 0));
    assert_eq!(
        (sample.fields[0].present, sample.fields[0].digits.low),
        (1, 2.0)
    );
}
