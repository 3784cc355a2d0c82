//! What a valid dataset file may regret: rules that hold for the file alone. Pure.

use std::fmt;

use serde::Serialize;

use super::column::SEQUENCE_NUMBER;
use super::{Aggregate, Bound, Column, ColumnType, Dataset, GoldTable, Origin};
use crate::expr::{Condition, Scope};
use crate::value::Period;
use crate::value::path::{FieldPath, Segment};
use crate::wording::quoted;

/// Sums of fewer rows than this are warned of.
const FEW_ROWS: u128 = 1_000_000_000;
/// What the largest sum is below: ten to the digits that a decimal can have.
const SUM_LIMIT: u128 = 10_u128.pow(38);

/// Something that is allowed and may not be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The key of the dataset file, such as `key` or `gold "totals".measures.total`.
    pub key: String,
    /// What may happen, and what can be done about it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl Dataset {
    /// Returns what may not be meant, in the order of the dataset file.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        warnings.extend(self.time_alone());
        warnings.extend(self.bucket());
        warnings.extend(self.sequence_number());
        warnings.extend(self.ambiguous_time());
        warnings.extend(overlooked_nulls(self));
        warnings.extend(narrow_conditions(self));
        warnings.extend(self.columns.iter().flat_map(unlikely_places));
        warnings.extend(self.large_sketches());
        for table in &self.gold {
            warnings.extend(gold_conditions(self, table));
            for measure in &table.measures {
                let (Aggregate::Sum(column) | Aggregate::Avg(column)) = measure.aggregate else {
                    continue;
                };
                let Ok(column) = self.column(column) else {
                    continue;
                };
                let rows = rows_that_fit(column);
                let key = || format!("gold \"{}\".measures.{}", table.table, measure.name);
                warnings.extend(rows.map(|rows| Warning {
                    key: key(),
                    message: sum_message(column, rows),
                }));
            }
        }
        warnings
    }

    /// A key that tells only when something happened.
    fn time_alone(&self) -> Option<Warning> {
        let column = self.column(self.event_time).ok()?;
        let key = self.key.as_ref()?;
        let moment = key.bucket.map_or("moment", Period::as_str);
        (key.columns == [self.event_time]).then(|| Warning {
            key: "key".to_owned(),
            message: format!(
                "the event time \"{}\" alone tells apart no two events of one {moment}: all but the first are dropped as duplicates; add the column that says what an event is about, such as a device or an order",
                column.name
            ),
        })
    }

    /// A key with the number that the hub gives each event.
    fn sequence_number(&self) -> Option<Warning> {
        let key = self.key.as_ref()?;
        let columns = key
            .columns
            .iter()
            .filter_map(|index| self.column(*index).ok());
        let mut numbered = columns.filter(|column| {
            let mut paths = column.paths(Origin::System);
            paths.any(|path| path.is_field(SEQUENCE_NUMBER))
        });
        let column = numbered.next()?;
        Some(Warning {
            key: "key".to_owned(),
            message: format!(
                "column {} is the number that the hub gives each event: what a producer sends again gets another one, so that it is a new row and never a duplicate; take what the event itself is known by, or say keep = \"all\" under [dedup], which compares nothing",
                quoted(&column.name)
            ),
        })
    }

    /// An event time by clocks that are set back.
    fn ambiguous_time(&self) -> Option<Warning> {
        let column = self.column(self.event_time).ok()?;
        let zone = column.rules.notation.as_ref()?.zone.as_ref()?;
        zone.is_changing().then(|| Warning {
            key: format!("column \"{}\".zone", column.name),
            message: format!(
                "clocks of {} are set back and forward: what they show twice counts as the first time, so that events of the second hour are an hour early and may be taken for duplicates, and what they never show goes to quarantine; let the producer write an offset or UTC",
                zone.name()
            ),
        })
    }

    /// A key with a bucket, of whose rows another one may stay.
    fn bucket(&self) -> Option<Warning> {
        let bucket = self.key.as_ref()?.bucket?.as_str();
        Some(Warning {
            key: "key".to_owned(),
            message: format!(
                "of the events of one key and {bucket} the first that is committed stays: when silver is made anew from bronze it may be another one, and gold may differ by it; an event that is sent again in the next {bucket} is another row"
            ),
        })
    }
}

/// Columns of the condition whose null is overlooked: the record is left out then.
fn overlooked_nulls(dataset: &Dataset) -> Vec<Warning> {
    let condition = dataset.condition.iter();
    let warnings = condition.flat_map(|condition| {
        overlooked(
            dataset,
            condition,
            "where",
            "such records are filtered; where they are to be kept",
        )
    });
    warnings.collect()
}

/// Likewise of the conditions of a gold table and its measures.
fn gold_conditions(dataset: &Dataset, table: &GoldTable) -> Vec<Warning> {
    let table_key = format!("gold {}", quoted(&table.table));
    let own = table.condition.iter().map(|condition| {
        let key = format!("{table_key}.where");
        (
            key,
            condition,
            "such rows are left out of the table; where they are to have groups",
        )
    });
    let measures = table.measures.iter().filter_map(|measure| {
        let key = format!("{table_key}.measures.{}", measure.name);
        let condition = measure.condition.as_ref()?;
        Some((key, condition, "such rows do not count; where they are to"))
    });
    let all = own.chain(measures);
    let warnings =
        all.flat_map(|(key, condition, effect)| overlooked(dataset, condition, &key, effect));
    warnings.collect()
}

fn overlooked(dataset: &Dataset, condition: &Condition, key: &str, effect: &str) -> Vec<Warning> {
    let columns = dataset.named_columns();
    let scope = Scope {
        columns: &columns,
        later: &[],
    };
    let overlooked = condition.overlooked_nulls(scope).into_iter();
    let named = overlooked.filter_map(|place| dataset.columns.get(place));
    let warnings = named.map(|column| Warning {
        key: key.to_owned(),
        message: format!(
            "column {name} may be null, and a comparison by <> or NOT IN is not true of null: {effect}, add OR {column} IS NULL, or compare by IS DISTINCT FROM; where not, {column} IS NOT NULL says so",
            name = quoted(&column.name),
            column = column.name,
        ),
    });
    warnings.collect()
}

/// Columns that the condition needs and that refuse values: a record with such a value is quarantined, even where the
/// condition would leave it out.
fn narrow_conditions(dataset: &Dataset) -> Vec<Warning> {
    let columns = dataset.columns.iter().zip(dataset.needed_by_condition());
    let needed = columns.filter_map(|(column, is_needed)| is_needed.then_some(column));
    let narrow = needed.filter_map(|column| {
        let rule = match (column.rules.allowed.is_empty(), &column.rules.pattern) {
            (false, _) => "allowed",
            (true, Some(_)) => "pattern",
            (true, None) => return None,
        };
        Some(Warning {
            key: format!("column {}.{rule}", quoted(&column.name)),
            message: format!(
                "`where` needs the column, and of a value that {rule} refuses it cannot be told: such records are quarantined, also those that `where` is meant to leave out; where these are to be filtered, leave {rule} out here or give it to another column with the same `from`"
            ),
        })
    });
    narrow.collect()
}

/// Places that are likely to be meant otherwise.
fn unlikely_places(column: &Column) -> impl Iterator<Item = Warning> {
    let paths = |origin| column.paths(origin);
    let of_record = paths(Origin::Record).map(|path| ("from", path));
    let of_event = paths(Origin::Event).map(|path| ("from_event", path));
    of_record.chain(of_event).filter_map(|(key, path)| {
        Some(Warning {
            key: format!("column \"{}\".{key}", column.name),
            message: unlikely(path)?,
        })
    })
}

fn unlikely(path: &FieldPath) -> Option<String> {
    if let Some(Segment::Index(_)) = path.segments().first() {
        return Some(format!(
            "\"{path}\" is an element of the event itself, but an event is an object, which has none: nothing is ever there; an element of a field is such as $.readings[0]"
        ));
    }
    // A field can be called so, and then nothing is wrong.
    let meant = path.meant_by_dots()?;
    let quoted = Segment::Name(path.to_string());
    Some(format!(
        "\"{path}\" is the field of the event that has just this name: a dot is part of the name; a nested field is {meant}. Where no event has a field called so, the column is always null, or every line goes to quarantine if it is required; where events have it, ${quoted} says so without a doubt"
    ))
}

/// Returns how many rows of the largest value a sum of the column can take, if these are few.
fn rows_that_fit(column: &Column) -> Option<u128> {
    let ColumnType::Decimal { precision, .. } = column.kind else {
        return None;
    };
    let bound = |bound: Option<Bound>| match bound {
        Some(Bound::Decimal(value)) => Some(value.unsigned_abs()),
        _ => None,
    };
    let of_type = 10_u128.checked_pow(u32::from(precision))? - 1;
    let largest = match (bound(column.min), bound(column.max)) {
        (Some(min), Some(max)) => min.max(max),
        _ => of_type,
    };
    let rows = (SUM_LIMIT - 1).checked_div(largest)?;
    (rows < FEW_ROWS).then_some(rows)
}

fn sum_message(column: &Column, rows: u128) -> String {
    let rows = match rows {
        1 => "one row".to_owned(),
        rows => format!("{rows} rows"),
    };
    format!(
        "a sum has at most 38 digits, and more than {rows} of the largest value of column \"{}\" ({}) pass that, which stops the table: give the column a min and a max, or fewer digits",
        column.name, column.kind
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
name = "x"
key = ["t"]
event_time = "t"
[[column]]
name = "t"
type = "timestamp"
required = true
[[column]]
name = "d"
type = "decimal(38,10)"
[[gold]]
table = "g"
grain = "all"
measures = { n = "count", total = "sum(d)", mean = "avg(d)", top = "max(d)" }
"#;

    fn warnings(text: &str) -> Vec<String> {
        let dataset = Dataset::parse(text, "x.toml").unwrap();
        let warnings = dataset.warnings();
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_key_of_the_time_alone_is_warned_of() {
        let found = warnings(FILE);
        assert!(
            found[0].starts_with("key: the event time \"t\" alone"),
            "{found:?}"
        );
        let with_thing = FILE
            .replace("key = [\"t\"]", "key = [\"id\", \"t\"]")
            .replace(
                "[[gold]]",
                "[[column]]\nname = \"id\"\ntype = \"int64\"\nrequired = true\n[[gold]]",
            );
        assert_eq!(warnings(&with_thing).len(), 2);
    }

    #[test]
    fn a_bucket_in_the_key_is_warned_of() {
        let found = warnings(&FILE.replace("key = [\"t\"]", "key = [\"hour(t)\"]"));
        assert!(found[0].contains("no two events of one hour"), "{found:?}");
        let bucket = &found[1];
        assert!(bucket.contains("gold may differ by it"), "{bucket}");
    }

    #[test]
    fn a_number_of_the_hub_in_the_key_is_warned_of() {
        let numbered = |from: &str| {
            let column = format!(
                "[[column]]\nname = \"n\"\ntype = \"int64\"\nrequired = true\n{from}\n[[gold]]"
            );
            let text = FILE.replace("key = [\"t\"]", "key = [\"n\", \"t\"]");
            warnings(&text.replace("[[gold]]", &column))
        };
        let found = numbered("from_system = \"sequence_number\"");
        assert!(
            found[0].starts_with("key: column \"n\" is the number"),
            "{found:?}"
        );
        assert_eq!(found.len(), 3);
        let own = [
            "from = \"sequence_number\"",
            "from_property = \"sequence_number\"",
        ];
        assert_eq!(own.map(|from| numbered(from).len()), [2, 2]);
        let other = FILE.replace(
            "[[gold]]",
            "[[column]]\nname = \"n\"\ntype = \"int64\"\nfrom_system = \"sequence_number\"\n[[gold]]",
        );
        assert_eq!(warnings(&other).len(), 3, "it is not in the key");
    }

    #[test]
    fn a_rule_that_refuses_what_the_condition_needs_is_warned_of() {
        let with = |condition: &str, rule: &str| {
            let columns = format!(
                "[[column]]\nname = \"kind\"\ntype = \"string\"\n{rule}\n[[column]]\nname = \"upper_kind\"\ntype = \"string\"\nexpr = \"upper(kind)\"\n[[gold]]"
            );
            let text = FILE.replace(
                "key = [\"t\"]",
                &format!("key = [\"t\"]\nwhere = \"{condition}\""),
            );
            let found = warnings(&text.replace("[[gold]]", &columns));
            found
                .into_iter()
                .find(|found| found.starts_with("column \"kind\""))
        };
        const ALLOWED: &str = "allowed = [\"a\", \"b\"]";
        let found = with("kind = 'a'", ALLOWED).unwrap();
        assert!(
            found.starts_with("column \"kind\".allowed: `where` needs"),
            "{found}"
        );
        assert!(
            with("upper_kind = 'A'", ALLOWED).is_some(),
            "through a computed column"
        );
        let found = with("kind = 'a'", "pattern = \"[ab]\"").unwrap();
        assert!(found.starts_with("column \"kind\".pattern"), "{found}");
        assert_eq!(with("d > 0", ALLOWED), None);
        assert_eq!(with("kind = 'a'", ""), None);
    }

    #[test]
    fn a_name_that_looks_like_a_path_is_warned_of() {
        let count = |from: &str| {
            let named = format!("name = \"d\"\nfrom = \"{from}\"");
            warnings(&FILE.replace("name = \"d\"", &named)).len()
        };
        for from in ["meter.id", "gas.total-use", "$[0]", "$[0].id"] {
            assert_eq!(count(from), 4, "{from}");
        }
        for from in [
            "meter",
            "$type",
            "a b",
            "[0]",
            "$.meter.id",
            "$['meter.id']",
        ] {
            assert_eq!(count(from), 3, "{from}");
        }

        let found = warnings(&FILE.replace(
            "name = \"d\"",
            "name = \"d\"\nfrom = [\"gas\", \"gas.use\"]",
        ));
        assert!(
            found[1].contains("a dot is part of the name; a nested field is $.gas.use."),
            "{found:?}"
        );
        assert!(found[1].contains("$['gas.use'] says so"), "{found:?}");
    }

    #[test]
    fn a_sum_that_can_pass_38_digits_is_warned_of() {
        let found = warnings(FILE);
        assert!(
            found[1].starts_with(
                "gold \"g\".measures.total: a sum has at most 38 digits, and more than one row of"
            ),
            "{found:?}"
        );
        assert!(
            found[2].starts_with("gold \"g\".measures.mean: "),
            "{found:?}"
        );
        assert_eq!(found.len(), 3);
        let of = |kind: &str| warnings(&FILE.replace("decimal(38,10)", kind)).len();
        assert_eq!(of("decimal(30,10)"), 3);
        assert_eq!(
            of("decimal(29,10)"),
            1,
            "a billion rows of the largest value fit"
        );
        let bounded = FILE.replace(
            "\"decimal(38,10)\"",
            "\"decimal(38,10)\"\nmin = -1000\nmax = 1e9",
        );
        assert_eq!(warnings(&bounded).len(), 1);
    }
}
