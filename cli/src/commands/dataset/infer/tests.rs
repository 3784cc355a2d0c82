use super::super::sample::Sample;
use super::*;

fn sample(lines: &[&str]) -> Sample {
    let mut sample = Sample::default();
    lines.iter().for_each(|line| sample.add(line.as_bytes()));
    sample.settle();
    sample
}

/// The names of the guessed key.
fn key(lines: &[&str]) -> Vec<String> {
    let sample = sample(lines);
    let guess = guess(&sample).unwrap();
    let fields = guess.key.fields.iter();
    fields
        .map(|index| sample.fields[*index].name.clone())
        .collect()
}

fn types(lines: &[&str]) -> Vec<String> {
    let guess = guess(&sample(lines)).unwrap();
    let types = guess.types.into_iter();
    types
        .map(|guess| match guess.format {
            Some(format) => format!("{} {format}", guess.kind),
            None => guess.kind,
        })
        .collect()
}

fn error(lines: &[&str]) -> String {
    guess(&sample(lines)).unwrap_err().to_string()
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
    let guess = guess(&sample(&lines)).unwrap();
    let warning = guess.key.warning.unwrap().join(" ");
    for expected in [
        "this key is the event time alone",
        "one is dropped as a duplicate",
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
    let guess = guess(&sample(&lines)).unwrap();
    assert_eq!((guess.key.fields, guess.key.shared), (vec![0, 1], 1));
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
        (vec!["1", "\"x\""], "json"),
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
fn notations_that_silver_does_not_read_are_named_with_what_it_does() {
    for (value, expected) in [
        (
            "\"2026-06-02 12:09:05\"",
            "a time without a zone, such as 2026-06-02 12:09:05",
        ),
        (
            "\"2026-06-02T12:09:08+0000\"",
            "an offset without its colon",
        ),
        ("\"2026-06-02T12:09Z\"", "a time without seconds"),
        ("\"2026-06-02\"", "a day without a time"),
    ] {
        let error = error(&[&format!(r#"{{"id": 1, "time": {value}}}"#)]);
        assert!(error.contains(expected), "{value}: {error}");
        assert!(error.contains("2025-11-14T11:44:34Z"), "{value}: {error}");
    }
    let rare = [r#"{"id": 1, "time": 1795161600}"#, r#"{"id": 2}"#];
    let error = error(&rare);
    assert!(
        error.contains("time looks like seconds since 1970, and is not in every event"),
        "{error}"
    );
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
    let guess = guess(&sample(&lines)).unwrap();
    let warning = guess.types[1].warnings.join(" ");
    for expected in [
        "5 of 7 events would go to quarantine",
        "2 as a time without a zone, such as 2026-06-02 12:09:05",
        "1 as an offset without its colon",
        "1 as a time without seconds",
        "1 as a day without a time",
    ] {
        assert!(warning.contains(expected), "{expected}: {warning}");
    }
}

#[test]
fn lines_that_are_no_objects_are_told_apart() {
    let array = r#"[{"deviceid":"p0","time":"2026-11-20T08:00:12Z"},{"deviceid":"p1","time":"2026-11-20T08:01:12Z"}]"#;
    for (lines, expected) in [
        (
            vec![array],
            "1 are arrays with 2 objects in them (fields deviceid, time)",
        ),
        (vec![r#"{"a":1}{"a":2}"#], "1 hold several values"),
        (
            vec!["[", "{", "\"a\": 1", "}", "]"],
            "values go on over several lines",
        ),
        (vec!["nothing"], "a line must be one JSON object"),
    ] {
        let error = error(&lines);
        assert!(
            error.starts_with("no line of the sample is a JSON object"),
            "{error}"
        );
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let wrapped =
        r#"{"records": [{"time": "2026-11-20T08:00:12Z"}, {"time": "2026-11-20T08:00:13Z"}]}"#;
    let error = error(&[wrapped]);
    assert!(
        error.contains("records is an array of up to 2 records"),
        "{error}"
    );
    assert!(error.contains("jq -c '.records[]' FILE"), "{error}");
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
