//! What is said of a file that is no TOML.

use super::problems;

#[test]
fn syntax_errors_name_their_lines() {
    let text = problems("name = \"orders\"\nkey = [\nevent_time = at\n");
    assert!(text.starts_with("x.toml:"), "{text}");
    assert!(problems("name = \"a\"\nname = \"b\"\n").starts_with("x.toml:2: duplicate key"));
}

#[test]
fn text_without_quotes_is_told_how_it_is_written() {
    let cases = [
        ("name = shop", "shop", "shop"),
        ("key = id", "id", "id"),
        ("key = [id, \"at\"]", "id", "id"),
        ("key = [\n  \"id\",\n  at\n]", "at", "at"),
        ("event_time = timestamp", "timestamp", "timestamp"),
        ("period = hour # of the event time", "hour", "hour"),
        ("required = True", "True", "True"),
        ("quiet_after = 30m", "30m", "30m"),
        ("quiet_after = 5minutes", "5minutes", "5minutes"),
        ("quiet_after = 5 minutes", "5 minutes", "5 minutes"),
        ("type = decimal(18,2)", "decimal(18,2)", "decimal(18,2)"),
        ("from = $.device.id", "$.device.id", "$.device.id"),
        (
            "from = $.items[0].name",
            "$.items[0].name",
            "$.items[0].name",
        ),
        (
            "where = amount > 0 and not is_test",
            "amount > 0 and not is_test",
            "amount > 0 and not is_test",
        ),
        ("measures = { n = count, m = \"sum(x)\" }", "count", "count"),
        ("name = größe", "größe", "größe"),
        ("name = “shop”", "“shop”", "shop"),
    ];
    for (line, word, text) in cases {
        let expected = format!(
            ": {word} is neither a number nor true or false; text needs quotes: \"{text}\""
        );
        let found = problems(&format!("generation = 1\n{line}\n"));
        assert_eq!(found.lines().count(), 1, "{line}\n{found}");
        assert!(found.ends_with(&expected), "{line}\n{found}");
        assert!(
            found.starts_with("x.toml:") && !found.starts_with("x.toml:1"),
            "{found}"
        );
    }
}

#[test]
fn every_line_with_such_text_is_named() {
    let text = problems("name = shop\nkey = id\nperiod = \"hour\"\nby = [day, week]\n");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    for (line, number) in lines.iter().zip([1, 2, 4]) {
        assert!(line.starts_with(&format!("x.toml:{number}: ")), "{text}");
    }
}

#[test]
fn other_mistakes_are_told_as_they_are() {
    let cases = [
        ("min = 1.5.2", "invalid float"),
        ("at = 2026-13-01", "invalid date"),
        ("name = \"shop", "invalid basic string"),
        ("name = shop\"", "missing opening quote"),
        ("pattern = \"a = \\d\"", "missing escaped value"),
        ("name", "key with no value"),
        ("[[col umn]]", "unclosed array table"),
        ("min = 01", "unexpected leading zero"),
    ];
    for (line, expected) in cases {
        let found = problems(&format!("{line}\n"));
        assert!(!found.contains("text needs quotes"), "{line}\n{found}");
        assert!(found.contains(expected), "{line}\n{found}");
    }
}
