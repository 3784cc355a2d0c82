use arrow_array::Array;
use arrow_array::cast::AsArray;

use super::{at, dataset, shown, with_column};
use crate::dataset::Dataset;
use crate::event::RejectReason;
use crate::silver::cast::Caster;
use crate::silver::cast::reject::Reject;

/// The value of the column `v` of a line that becomes a row, and what is rescued.
fn cast(dataset: &Dataset, line: &str) -> Result<(String, Option<String>), Reject> {
    let mut caster = Caster::new(dataset);
    caster.push(line.as_bytes(), at(0))?;
    let cast = caster.finish().unwrap();
    let value = match cast.columns[1].is_null(0) {
        true => "NULL".to_owned(),
        false => shown(&cast.columns[1], 0),
    };
    let rescued = cast.rescued.filter(|rescued| rescued.is_valid(0));
    let rescued = rescued.map(|rescued| rescued.as_string::<i32>().value(0).to_owned());
    Ok((value, rescued))
}

fn reading(from: &str, rest: &str) -> Dataset {
    with_column(&format!("from = {from}\n{rest}"))
}

#[test]
fn the_first_place_that_is_there_and_not_null_counts() {
    let dataset = reading(
        "[\"deviceId\", \"$.device.id\", \"$.ids[1]\"]",
        "type = \"int64\"",
    );
    for (line, value, rescued) in [
        (
            r#"{"t":0,"deviceId":1,"device":{"id":2},"ids":[3,4]}"#,
            "1",
            None,
        ),
        (
            r#"{"t":0,"deviceId":null,"device":{"id":2},"ids":[3,4]}"#,
            "2",
            None,
        ),
        (
            r#"{"t":0,"device":{"id":null},"ids":[3,4],"x":[1]}"#,
            "4",
            Some(r#"{"x":[1]}"#),
        ),
        (r#"{"t":0,"device":7,"ids":[3]}"#, "NULL", None),
        (
            r#"{"t":0,"deviceId":"?","device":{"id":2}}"#,
            "NULL",
            Some(r#"{"$invalid":{"v":"?"}}"#),
        ),
        (
            r#"{"t":0,"device":{"id":{ "n" : "\u00e9"},"x":2},"y":3}"#,
            "NULL",
            Some(r#"{"y":3,"$invalid":{"v":{ "n" : "\u00e9"}}}"#),
        ),
    ] {
        let (found, kept) = cast(&dataset, line).unwrap();
        assert_eq!(
            (found.as_str(), kept.as_deref()),
            (value, rescued),
            "{line}"
        );
    }
}

#[test]
fn a_required_place_that_is_missing_is_named_as_it_was_looked_for() {
    let refused = |from: &str, line: &str| {
        let reject = cast(&reading(from, "type = \"int64\"\nrequired = true"), line);
        let reject = reject.expect_err(line);
        assert_eq!(reject.reason, RejectReason::MissingField);
        (reject.position, reject.detail)
    };
    let line = r#"{"t":0,"device":{"id":null}}"#;
    assert_eq!(
        refused("\"$.device.id\"", line),
        (
            22,
            "the required field \"$.device.id\" is absent or null".to_owned()
        )
    );
    let either = "the required field \"deviceId\" or \"$.device.id\" is absent or null";
    let from = "[\"deviceId\", \"$.device.id\"]";
    assert_eq!(refused(from, line), (22, either.to_owned()));
    assert_eq!(refused(from, r#"{"t":0}"#), (6, either.to_owned()));
    let invalid = reading(from, "type = \"int64\"\nrequired = true");
    let reject = cast(&invalid, r#"{"t":0,"device":{"id":"x"}}"#).unwrap_err();
    assert_eq!(
        (reject.reason, reject.position),
        (RejectReason::InvalidValue, 22)
    );
}

#[test]
fn json_columns_keep_what_a_path_leads_to_and_the_whole_event() {
    let line = r#" {"t":0, "a":{"b":[1, 2]}, "x":1} "#;
    let (value, rescued) = cast(&reading("\"$.a.b\"", "type = \"json\""), line).unwrap();
    assert_eq!(
        (value.as_str(), rescued.as_deref()),
        ("[1, 2]", Some(r#"{"x":1}"#))
    );
    let (value, rescued) = cast(&reading("\"$\"", "type = \"json\""), line).unwrap();
    assert_eq!((value.as_str(), rescued), (line.trim(), None));
}

#[test]
fn case_is_no_matter_where_the_dataset_says_so() {
    let text = "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[payload]\nignore_case = true\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nformat = \"unix_millis\"\nrequired = true\n[[column]]\nname = \"v\"\ntype = \"int64\"\nfrom = \"$.Device.id\"";
    let line = r#"{"T":0,"DEVICE":{"Id":7,"x":1},"Other":1}"#;
    let (value, rescued) = cast(&dataset(text), line).unwrap();
    assert_eq!(
        (value.as_str(), rescued.as_deref()),
        ("7", Some(r#"{"Other":1}"#))
    );
    let exact = text.replace("ignore_case = true", "ignore_case = false");
    let reject = cast(&dataset(&exact), line).unwrap_err();
    assert_eq!(reject.reason, RejectReason::MissingField);
}
