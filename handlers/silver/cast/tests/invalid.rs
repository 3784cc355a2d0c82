use arrow_array::Array;
use arrow_array::cast::AsArray;

use super::{at, dataset, shown, with_column};
use crate::dataset::ColumnIndex;
use crate::dataset::{Dataset, UnknownFields};
use crate::event::RejectReason;
use crate::silver::cast::Caster;

/// Casts a line that must become a row; returns its columns, what is rescued and what became null.
fn cast_one(
    dataset: &Dataset,
    line: &str,
) -> (Vec<String>, Option<String>, Vec<(usize, &'static str)>) {
    let mut caster = Caster::new(dataset);
    caster
        .push(line.as_bytes(), at(0))
        .unwrap_or_else(|reject| panic!("{line}: {reject:?}"));
    let nulled = caster.nulled().iter();
    let nulled = nulled
        .map(|null| (null.column, null.reason.as_str()))
        .collect();
    let cast = caster.finish().unwrap();
    let columns = cast.columns.iter().map(|column| match column.is_null(0) {
        true => "NULL".to_owned(),
        false => shown(column, 0),
    });
    let rescued = cast.rescued.as_ref().filter(|rescued| rescued.is_valid(0));
    let rescued = rescued.map(|rescued| rescued.as_string::<i32>().value(0).to_owned());
    (columns.collect(), rescued, nulled)
}

#[test]
fn an_optional_column_that_cannot_take_its_value_is_null_and_keeps_it() {
    let two = "type = \"int64\"\nmin = 0\n[[column]]\nname = \"w\"\ntype = \"date\"";
    let dataset = with_column(two);
    let cases = [
        (
            r#"{"t":0,"v":"x"}"#,
            r#"{"$invalid":{"v":"x"}}"#,
            vec![(1, "invalid_value")],
        ),
        (
            r#"{"t":0,"v":1e99}"#,
            r#"{"$invalid":{"v":1e99}}"#,
            vec![(1, "overflow")],
        ),
        (
            r#"{"t":0,"v":-1}"#,
            r#"{"$invalid":{"v":-1}}"#,
            vec![(1, "out_of_range")],
        ),
        (
            r#"{"t":0,"v":{"a" :1}}"#,
            r#"{"$invalid":{"v":{"a" :1}}}"#,
            vec![(1, "invalid_value")],
        ),
        (
            r#"{"x":[1],"t":0,"w":"\u00e9","v":""}"#,
            r#"{"x":[1],"$invalid":{"v":"","w":"\u00e9"}}"#,
            vec![(1, "invalid_value"), (2, "invalid_value")],
        ),
        (
            r#"{"$invalid":7,"t":0,"v":true}"#,
            r#"{"$invalid":{"v":true}}"#,
            vec![(1, "invalid_value")],
        ),
    ];
    for (line, expected, nulls) in cases {
        let (columns, rescued, nulled) = cast_one(&dataset, line);
        assert_eq!(columns[1..], ["NULL", "NULL"], "{line}");
        assert_eq!(rescued.as_deref(), Some(expected), "{line}");
        assert_eq!(nulled, nulls, "{line}");
    }
    let (_, rescued, nulled) = cast_one(&dataset, r#"{"$invalid":7,"t":0,"v":null}"#);
    assert_eq!(
        (rescued.as_deref(), nulled.len()),
        (Some(r#"{"$invalid":7}"#), 0)
    );
}

#[test]
fn what_became_null_is_counted_where_unknown_fields_are_dropped() {
    let dataset = Dataset {
        unknown_fields: UnknownFields::Ignore,
        ..with_column("type = \"bool\"")
    };
    let (columns, rescued, nulled) = cast_one(&dataset, r#"{"t":0,"v":"no"}"#);
    assert_eq!((columns[1].as_str(), rescued), ("NULL", None));
    assert_eq!(nulled, [(1, "invalid_value")]);
}

#[test]
fn a_column_may_ask_for_quarantine_and_required_ones_always_do() {
    for column in [
        "type = \"bool\"\non_invalid = \"quarantine\"",
        "type = \"bool\"\nrequired = true",
    ] {
        let mut caster = Caster::new(&with_column(column));
        let reject = caster
            .push(br#"{"t":0,"v":"no"}"#, at(0))
            .expect_err(column);
        assert_eq!(
            (reject.reason, reject.column),
            (RejectReason::InvalidValue, Some(ColumnIndex::new(1)))
        );
    }
}

#[test]
fn what_became_null_before_a_column_that_refuses_its_line_leaves_nothing() {
    let dataset = dataset(
        "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"v\"\ntype = \"int64\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nformat = \"unix_millis\"\nrequired = true\n",
    );
    let mut caster = Caster::new(&dataset);
    assert!(caster.push(br#"{"v":"x"}"#, at(0)).is_err());
    caster.push(br#"{"v":1,"t":0}"#, at(1)).unwrap();
    assert_eq!((caster.len(), caster.nulled().len()), (1, 0));
    assert_eq!(caster.finish().unwrap().rescued.unwrap().null_count(), 1);
}

#[test]
fn a_byte_order_mark_before_a_line_is_passed_over() {
    let dataset = with_column("type = \"int64\"");
    let (columns, rescued, _) = cast_one(&dataset, "\u{feff} {\"t\":0,\"v\":1}");
    assert_eq!((columns[1].as_str(), rescued), ("1", None));
    let mut caster = Caster::new(&dataset);
    for line in ["\u{feff}", "\u{feff}\u{feff}{\"t\":0}", "{\"t\":0}\u{feff}"] {
        let reject = caster.push(line.as_bytes(), at(0)).expect_err(line);
        assert_eq!(reject.reason, RejectReason::NotAnObject, "{line}");
    }
    let reject = caster
        .push("\u{feff}{\"t\":x}".as_bytes(), at(0))
        .expect_err("no value");
    assert_eq!(reject.position, 8, "in the line as it is stored");
}
