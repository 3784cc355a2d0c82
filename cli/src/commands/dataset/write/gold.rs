//! A first gold table: sums of what adds up, and of what is measured the average, the lowest and the highest.

use std::fmt::Write;

use super::comments::guessed;
use super::names::{quote, short};
use crate::commands::dataset::infer::{Guess, adds_up};

/// Most measures of the table, beside the number of events.
const MOST: usize = 6;

/// What is shown of a measurement, which nobody adds up.
const MEASURED: [&str; 3] = ["avg", "min", "max"];

/// Writes the table.
pub(super) fn write_gold(text: &mut String, dataset: &str, guess: &Guess, columns: &[String]) {
    let table = format!("gold_daily_{}", dataset.replace('-', "_"));
    let mut measures = vec!["events = \"count\"".to_owned()];
    let typed = guess.types.iter().zip(columns).enumerate();
    let free = typed.filter(|(index, _)| !guess.key.fields.contains(index));
    for (_, (guessed, column)) in free {
        let own = of_column(&guessed.kind, column);
        if measures.len() + own.len() <= MOST + 1 {
            measures.extend(own);
        }
    }
    text.push('\n');
    guessed(
        text,
        "a first gold table: a row a day, with sums of amounts, and of measurements average, lowest and highest. Add dimensions with by = [\"column\"], measures with count, sum, min, max and avg.",
    );
    let _ = writeln!(
        text,
        "[[gold]]\ntable = {}\ngrain = \"day\"\nmeasures = {{ {} }}",
        quote(&table),
        measures.join(", ")
    );
}

/// Returns the measures of a column by its type and its name.
fn of_column(kind: &str, column: &str) -> Vec<String> {
    let measure = |name: String, function: &str| {
        let value = quote(&format!("{function}({column})"));
        format!("{} = {value}", short(&name))
    };
    let is_decimal = kind.starts_with("decimal");
    if adds_up(column) && (is_decimal || kind == "int64") {
        return vec![measure(format!("total_{column}"), "sum")];
    }
    // A whole number may be a code as well.
    let measured = MEASURED.into_iter().filter(|_| is_decimal);
    measured
        .map(|function| measure(format!("{function}_{column}"), function))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_summed_and_measurements_are_not() {
        assert_eq!(
            of_column("decimal(18,2)", "amount"),
            ["total_amount = \"sum(amount)\""]
        );
        assert_eq!(of_column("int64", "qty"), ["total_qty = \"sum(qty)\""]);
        assert_eq!(
            of_column("decimal(9,3)", "celsius"),
            [
                "avg_celsius = \"avg(celsius)\"",
                "min_celsius = \"min(celsius)\"",
                "max_celsius = \"max(celsius)\""
            ]
        );
        for (kind, column) in [("int64", "status"), ("string", "amount")] {
            assert!(of_column(kind, column).is_empty(), "{column}");
        }
    }
}
