use super::{BASE, changed, problems};
use crate::dataset::Dataset;

/// The text of each place that the optional column is read from, if `from` is this.
fn places(from: &str) -> Vec<String> {
    let text = changed("min = 0", &format!("from = {from}"));
    let dataset = Dataset::parse(&text, "x.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let from = dataset.columns[1].from.iter();
    from.map(|place| place.path.to_string()).collect()
}

fn problem(from: &str) -> String {
    problems(&changed("min = 0", &format!("from = {from}")))
}

#[test]
fn a_column_is_read_from_a_field_a_path_or_the_first_of_several() {
    assert_eq!(places("\"deviceId\""), ["deviceId"]);
    assert_eq!(places("\"$.device.id\""), ["$.device.id"]);
    assert_eq!(places("'$[\"a b\"][0]'"), ["$[\"a b\"][0]"]);
    assert_eq!(places("\"$\""), ["$"]);
    let several = "[\"deviceId\", \"$.device.id\", \"$type\"]";
    assert_eq!(places(several), ["deviceId", "$.device.id", "$type"]);
}

#[test]
fn a_place_that_is_none_names_column_character_and_what_is_allowed() {
    for (from, expected) in [
        (
            "\"$.a[*].b\"",
            "x.toml:13: column \"amount\".from: \"$.a[*].b\" at character 5: \"*\" takes all",
        ),
        (
            "[\"id\", \"$..b\"]",
            "x.toml:13: column \"amount\".from: \"$..b\" at character 2: \"..\" finds",
        ),
        (
            "[\n\"id\",\n\"$[-1]\"]",
            "x.toml:15: column \"amount\".from: \"$[-1]\" at character 3: a negative index",
        ),
        (
            "\"\"",
            "column \"amount\".from: must be the name of a field",
        ),
        (
            "[\"\"]",
            "column \"amount\".from: must be the name of a field",
        ),
        ("[]", "column \"amount\".from: must name at least one field"),
        (
            "1",
            "column \"amount\".from: must be the name of a field, a path",
        ),
        ("[1]", "column \"amount\".from: must be a list of strings"),
        (
            "[\"a\", \"$.a\"]",
            "column \"amount\".from: \"$.a\" is named twice",
        ),
    ] {
        let text = problem(from);
        assert!(text.contains(expected), "{from}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

/// The file with `[payload]` and this place of the optional column.
fn in_any_case(from: &str) -> String {
    let text = changed("min = 0", &format!("from = {from}"));
    text.replacen(
        "\n[[column]]",
        "\n[payload]\nignore_case = true\n[[column]]",
        1,
    )
}

#[test]
fn case_is_ignored_only_if_the_file_says_so() {
    let ignores = |text: &str| Dataset::parse(text, "x.toml").unwrap().payload.ignore_case;
    assert!(!ignores(BASE));
    assert!(ignores(&in_any_case("\"$.a.b\"")));
    let no_truth = in_any_case("\"a\"").replace("ignore_case = true", "ignore_case = 1");
    assert_eq!(
        problems(&no_truth),
        "x.toml:6: payload.ignore_case: must be true or false, not an integer"
    );
}

#[test]
fn places_that_differ_in_case_alone_are_refused_where_it_is_ignored() {
    for (from, expected) in [
        (
            "\"ID\"",
            "x.toml:15: column \"amount\".from: \"ID\" differs from \"id\" of column \"id\" in the case of \"ID\" alone",
        ),
        (
            "[\"$.Device.id\", \"$.device.no\"]",
            "\"$.device.no\" differs from \"$.Device.id\" of column \"amount\" in the case of \"device\"",
        ),
        ("[\"$.a[0].b\", \"$.a[0].B\"]", "in the case of \"B\" alone"),
    ] {
        let text = problems(&in_any_case(from));
        assert!(text.contains(expected), "{from}: {text}");
        assert!(text.ends_with("write it alike in both"), "{text}");
        // Where case counts, they are two places.
        assert!(!places(from).is_empty());
    }
    for fine in [
        "\"id\"",
        "[\"$.Device.id\", \"$.Device.no\", \"$.Device\"]",
        "[\"é\", \"É\"]",
    ] {
        let parsed = Dataset::parse(&in_any_case(fine), "x.toml");
        assert!(parsed.is_ok(), "{fine}: {parsed:?}");
    }
}
