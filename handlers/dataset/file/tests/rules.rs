use super::problems;
use crate::dataset::{Bound, ColumnType, Dataset, Literal, TimestampFormat};
use crate::event::EventTime;

/// A file with a column `v`, whose keys these are.
fn with(column: &str) -> String {
    format!(
        "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nrequired = true\n[[column]]\nname = \"v\"\n{column}\n"
    )
}

fn read(column: &str) -> Dataset {
    let dataset = Dataset::parse(&with(column), "x.toml");
    dataset.unwrap_or_else(|problems| panic!("{column}: {problems}"))
}

/// What is wrong with the keys of `v`, a line each, without the file and the column.
fn wrong(column: &str) -> Vec<String> {
    let lines = problems(&with(column));
    let lines = lines.lines().map(|line| {
        let (_, rest) = line.split_once("column \"v\".").unwrap_or(("", line));
        rest.to_owned()
    });
    lines.collect()
}

#[test]
fn formats_of_time_are_named_or_of_strptime() {
    let kind = |column: &str| read(column).columns[1].kind;
    for (format, expected) in [
        ("unix_micros", TimestampFormat::UnixMicros),
        ("unix_nanos", TimestampFormat::UnixNanos),
        ("%Y-%m-%d %z", TimestampFormat::Strptime),
    ] {
        let column = format!("type = \"timestamp\"\nformat = \"{format}\"");
        assert_eq!(kind(&column), ColumnType::Timestamp(expected));
    }
    assert_eq!(
        kind("type = \"date\"\nformat = \"%d.%m.%Y\""),
        ColumnType::Date
    );
    assert_eq!(
        wrong("type = \"timestamp\"\nformat = \"iso\""),
        [
            "format: \"iso\" is not \"rfc3339\", \"unix_seconds\", \"unix_millis\", \"unix_micros\", \"unix_nanos\", or a format of strptime such as \"%d.%m.%Y %H:%M:%S\""
        ]
    );
    assert_eq!(
        wrong("type = \"timestamp\"\nformat = \"%Y-%m-%d %T\"\nzone = \"UTC\""),
        [
            "format: \"%Y-%m-%d %T\" has %T; the directives are %Y %m %d %H %M %S %f %j %b %z %p %I %y"
        ]
    );
    assert_eq!(
        wrong("type = \"date\"\nformat = \"%Y-%m-%d %H\""),
        [
            "format: a date has no time of day and no offset: take a timestamp, or leave them out of the format if the text has none"
        ]
    );
    assert_eq!(
        wrong("type = \"date\"\nformat = \"rfc3339\""),
        ["format: the format of a date is one of strptime, such as \"%d.%m.%Y\""]
    );
    assert_eq!(
        wrong("type = \"int64\"\nformat = \"%Y-%j\""),
        ["format: only a timestamp and a date have a format"]
    );
}

#[test]
fn a_text_that_names_no_zone_needs_one_of_the_column() {
    let zone = |column: &str| {
        let dataset = read(column);
        let notation = dataset.columns[1].rules.notation.clone();
        notation
            .and_then(|notation| notation.zone)
            .map(|zone| zone.name())
    };
    let local = "type = \"timestamp\"\nformat = \"%Y-%m-%d %H:%M\"";
    assert_eq!(
        zone(&format!("{local}\nzone = \"europe/berlin\"")),
        Some("Europe/Berlin")
    );
    assert_eq!(zone("type = \"timestamp\"\nzone = \"UTC\""), Some("UTC"));
    assert_eq!(zone("type = \"timestamp\""), None);
    assert_eq!(
        wrong(local),
        [
            "format: a text of this format names no zone: add zone = \"Europe/Berlin\", or whichever its clocks are in, \"UTC\" among them; or %z where the text has an offset"
        ]
    );
    assert_eq!(
        wrong("type = \"timestamp\"\nformat = \"%Y-%j %z\"\nzone = \"UTC\""),
        ["zone: the format has %z: each text says its own offset, and the zone would never count"]
    );
    assert_eq!(
        wrong("type = \"timestamp\"\nformat = \"unix_nanos\"\nzone = \"UTC\""),
        ["zone: what counts from 1970 is in UTC and has no zone"]
    );
    assert_eq!(
        wrong("type = \"date\"\nzone = \"UTC\""),
        ["zone: only a timestamp has a zone"]
    );
    assert_eq!(
        wrong("type = \"timestamp\"\nzone = \"Europe/Berln\""),
        ["zone: there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin?"]
    );
}

#[test]
fn an_event_time_by_changing_clocks_is_warned_of() {
    let warned = |zone: &str| {
        let text = with("type = \"int64\"\nrequired = true")
            .replace("[\"t\"]", "[\"v\", \"t\"]")
            .replace("required", &format!("zone = \"{zone}\"\nrequired"))
            .replacen("type = \"int64\"\nzone", "type = \"int64\"\n#", 1);
        let dataset = Dataset::parse(&text, "x.toml").unwrap_or_else(|p| panic!("{p}"));
        let warnings = dataset.warnings();
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let found = warned("Europe/Berlin");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("column \"t\".zone: clocks of Europe/Berlin are set back"),
        "{found:?}"
    );
    assert_eq!(warned("UTC"), [""; 0]);
}

#[test]
fn values_of_the_file_have_the_type_of_their_column() {
    let rules = |column: &str| read(column).columns[1].rules.clone();
    let decimal = |value| Literal::Bound(Bound::Decimal(value));
    assert_eq!(
        rules("type = \"decimal(5,2)\"\nallowed = [2, 1.5, \"1\"]").allowed,
        [decimal(100), decimal(150), decimal(200)]
    );
    assert_eq!(
        rules("type = \"timestamp\"\ndefault = 1970-01-01T00:00:01Z").default,
        Some(Literal::Bound(Bound::Timestamp(EventTime(1_000_000))))
    );
    assert_eq!(
        rules("type = \"date\"\nformat = \"%d.%m.%Y\"\ndefault = 1970-01-02").default,
        Some(Literal::Bound(Bound::Date(1)))
    );
    assert_eq!(
        rules("type = \"bool\"\ndefault = false").default,
        Some(Literal::Bool(false))
    );
    assert_eq!(
        rules("type = \"string\"\nallowed = [\"b\", \"a\"]\ndefault = \"b\"").allowed,
        ["a", "b"].map(|text| Literal::Text(text.to_owned()))
    );
}

/// Keys of a column, and what is wrong with them.
const WRONG: &[(&str, &str)] = &[
    (
        "type = \"int64\"\nallowed = [1, 1.5]",
        "allowed: \"1.5\" has more digits after the point than the column's type int64",
    ),
    (
        "type = \"int64\"\nmax = 3\nallowed = [4]",
        "allowed: \"4\" lies outside the column's min and max",
    ),
    (
        "type = \"string\"\nallowed = [1]",
        "allowed: must be a text in quotes, as the column is string, not of type integer",
    ),
    (
        "type = \"bool\"\ndefault = \"yes\"",
        "default: must be true or false, as the column is bool, not of type string",
    ),
    (
        "type = \"string\"\nallowed = []",
        "allowed: must be a list of 1 to 1000 values, such as [\"new\", \"paid\"]",
    ),
    (
        "type = \"json\"\nallowed = [\"a\"]",
        "allowed: a column of type json takes any value: give it a type, or leave this out",
    ),
    (
        "type = \"json\"\ndefault = \"{}\"",
        "default: a column of type json has no default",
    ),
    (
        "type = \"string\"\nallowed = [\"a\"]\ndefault = \"b\"",
        "default: \"b\" is not among the values allowed",
    ),
    (
        "type = \"string\"\npattern = \"[a-z]\"\ndefault = \"B\"",
        "default: \"B\" is not of the column's pattern",
    ),
    (
        "type = \"string\"\nnulls = [\"N/A\"]\nallowed = [\"N/A\"]",
        "allowed: \"N/A\" counts as null, as nulls says",
    ),
    (
        "type = \"string\"\nnulls = []",
        "nulls: must name 1 to 100 texts that count as null, such as [\"\", \"N/A\"]",
    ),
    (
        "type = \"int64\"\npattern = \"1\"",
        "pattern: only a string has a pattern",
    ),
    (
        "type = \"string\"\npattern = \"(\"",
        "pattern: \"(\" is no pattern: unclosed group",
    ),
];

#[test]
fn values_that_the_column_would_not_take_are_refused() {
    for (column, expected) in WRONG {
        assert_eq!(wrong(column), [*expected], "{column}");
    }
}

#[test]
fn what_an_event_is_known_by_is_never_made_up() {
    let text = with("type = \"int64\"\nrequired = true\ndefault = 0")
        .replace("key = [\"t\"]", "key = [\"v\", \"t\"]");
    assert_eq!(
        problems(&text),
        "x.toml:2: key: column \"v\" has a default; what an event is known by is in the event"
    );
    let text = with("type = \"int64\"").replacen(
        "required = true",
        "required = true\ndefault = 1970-01-01T00:00:00Z",
        1,
    );
    let expected = "column \"t\" has a default; what an event is known by is in the event";
    assert_eq!(
        problems(&text),
        format!("x.toml:2: key: {expected}\nx.toml:3: event_time: {expected}")
    );
}

#[test]
fn a_computed_column_has_none_of_it() {
    for rule in [
        "zone = \"UTC\"",
        "nulls = [\"\"]",
        "default = 1",
        "allowed = [1]",
        "pattern = \"a\"",
        "mask = \"drop\"",
    ] {
        let key = rule.split(' ').next().unwrap();
        let found = wrong(&format!("type = \"int64\"\nexpr = \"1 + 1\"\n{rule}"));
        let expected =
            format!("{key}: a column that has an expr is computed, and not read from the event");
        assert_eq!(found, [expected]);
    }
}
