//! Dataset files: any text is a dataset that can be worked with, or has problems, each of which stands at one of its lines.
//!
//! The first three bytes choose a good file and which of its lines the rest of the input replaces.

use sluice::dataset::Dataset;
use sluice::silver::trial::trial;
use sluice::table::evolution::{Difference, difference};
use sluice::warehouse::schema::GoldSchema;

use super::choice::Choice;
use super::fates::{NOW, event, line};

/// What is changed: nothing, and files that use most of what there is.
const FILES: [&str; 5] = [
    "",
    include_str!("../../datasets/orders.toml"),
    include_str!("../../datasets/sensors.toml"),
    include_str!("../../datasets/examples/web-shop.toml"),
    include_str!("../../datasets/examples/change-events.toml"),
];

/// Checks a text as a dataset file.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let file = choice.one(&FILES);
    let place = usize::from(choice.byte()) * 256 + usize::from(choice.byte());
    let given = String::from_utf8_lossy(choice.0);
    let mut lines: Vec<&str> = file.lines().collect();
    match lines.is_empty() {
        true => lines.push(&given),
        false => {
            let place = place % lines.len();
            lines[place] = &given;
        }
    }
    let text = lines.join("\n");
    match Dataset::parse(&text, "fuzzed.toml") {
        Err(found) => {
            assert!(!found.problems.is_empty());
            let last = text.split('\n').count();
            for problem in &found.problems {
                assert!((1..=last).contains(&problem.line), "{problem:?}\n{text}");
                assert!(!problem.message.is_empty(), "{problem:?}\n{text}");
            }
            let mut in_order = found.problems.windows(2);
            assert!(in_order.all(|two| two[0].line <= two[1].line), "{found}");
        }
        Ok(dataset) => works(&dataset, &text),
    }
}

/// Checks that a dataset can be worked with: gold has a layout or says why not, it is no change of itself, and events have fates.
fn works(dataset: &Dataset, text: &str) {
    if let Err(error) = GoldSchema::of(dataset) {
        assert!(!error.to_string().is_empty());
    }
    let again = Dataset::parse(text, "fuzzed.toml").unwrap();
    let change = difference(dataset, &again).unwrap();
    assert_eq!(change, Difference::None, "{text}");
    let lines = [&b"{}"[..], b"[{\"a\":1}]", b"\xff", b""].map(|body| line(&event(body, b"")));
    if let Ok(tried) = trial(dataset, &lines, NOW) {
        assert_eq!(tried.lines, 4);
    }
}
