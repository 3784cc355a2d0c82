//! How a run ends that comes to an end: the tables, the balance, the audit.

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice::table::log::Counts;
use sluice::warehouse::schema::{GoldSchema, ValueType};

use crate::audit::Report;
use crate::commands::audit as verdict;
use crate::output::gold::{RowJson, ShownTable};
use crate::output::{count, duplicates, nulled, print, table, thousands};
use crate::pipeline::{Found, Snapshot, Watch};

/// How many rows of a gold table are printed.
const ROWS: usize = 10;

/// How much older than it is an object of storage may seem: its time is in whole seconds.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// How long a rejected line may be where it is shown.
const SAMPLE: usize = 600;

/// How things stand when everything has arrived.
pub(super) struct Arrived {
    pub(super) watch: Watch,
    /// The look that found everything there.
    pub(super) snapshot: Snapshot,
    /// How long that took.
    pub(super) seconds: f64,
    /// When that look began. What others have sent since is not judged.
    pub(super) looked: Instant,
}

/// A run of which everything has arrived.
pub(super) struct Concluding {
    pub(super) arrived: Arrived,
    /// What was there before it.
    pub(super) found: Found,
    /// How many events it sent.
    pub(super) sent: u64,
}

impl Concluding {
    /// Prints the gold tables, the balance and the audit; returns whether everything adds up and any event became a row.
    ///
    /// # Errors
    /// Fails if a store does.
    pub(super) async fn conclude(self, json: bool) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let Arrived {
            watch,
            snapshot,
            seconds,
            looked,
        } = &self.arrived;
        let subject = watch.subject();
        let rejected = self.sent > 0 && are_all_rejected(&self.found.counts, &snapshot.counts);
        let sample = match rejected {
            true => watch.rejected_after(self.found.version).await?,
            false => None,
        };
        let conclusion = Conclusion {
            dataset: &subject.dataset.name,
            seconds: *seconds,
            snapshot,
            tables: watch.gold_tables(ROWS).await?,
            rejected: rejected.then_some(Rejected {
                events: self.sent,
                sample,
            }),
        };
        if !json {
            // Before the audit, which takes its time.
            print(&conclusion.text());
        }
        let report = verdict::examine(&subject, looked.elapsed() + CLOCK_STEP).await?;
        match json {
            true => print(&format!(
                "{:#}",
                conclusion.json(&report, subject.warehouse.schema())?
            )),
            false => print(&format!("\n{}", verdict::lines(&report).join("\n"))),
        }
        if let Some(rejected) = &conclusion.rejected {
            return Err(rejected.text(&snapshot.counts).into());
        }
        Ok(conclusion.adds_up(&report))
    }
}

/// Returns whether lines came, and none of them is a row or repeats one.
fn are_all_rejected(before: &Counts, now: &Counts) -> bool {
    now.lines > before.lines && (now.rows, now.duplicates) == (before.rows, before.duplicates)
}

/// A run whose events were all rejected.
struct Rejected {
    events: u64,
    /// One of them, as quarantine keeps it.
    sample: Option<String>,
}

impl Rejected {
    fn text(&self, counts: &Counts) -> String {
        let reasons = counts.quarantined.iter();
        let reasons: Vec<String> = reasons
            .map(|(reason, count)| format!("{reason} {}", thousands(*count)))
            .collect();
        let sample = self.sample.as_deref().map(|line| {
            let escaped = line.chars().take(SAMPLE).map(|character| match character {
                '\0'..='\x1f' | '\x7f'..='\u{9f}' => format!("\\u{:04x}", u32::from(character)),
                other => other.to_string(),
            });
            format!(
                "; the first of them is kept as {}",
                escaped.collect::<String>()
            )
        });
        format!(
            "none of the {} became a row: quarantined are {}{}; does the dataset file describe these events? `sluice dataset infer` proposes one that does",
            count(self.events, "event"),
            reasons.join(", "),
            sample.unwrap_or_default()
        )
    }
}

/// What a run came to.
struct Conclusion<'a> {
    dataset: &'a str,
    seconds: f64,
    snapshot: &'a Snapshot,
    tables: Vec<ShownTable>,
    rejected: Option<Rejected>,
}

impl Conclusion<'_> {
    /// Returns whether every event of the hub is accounted for and the audit found no difference.
    fn adds_up(&self, report: &Report) -> bool {
        self.snapshot.is_conserved() && report.adds_up()
    }

    /// The result for programs.
    fn json(&self, report: &Report, schema: &GoldSchema) -> Result<Value, String> {
        let counts = &self.snapshot.counts;
        let tables = self.tables.iter().map(|table| table_json(table, schema));
        let tables: Vec<Value> = tables.collect::<Result<_, _>>()?;
        Ok(json!({
            "dataset": self.dataset,
            "seconds": self.seconds,
            "events": self.snapshot.judged(),
            "rows": counts.rows,
            "duplicates": counts.duplicates,
            "conflicts": counts.conflicts,
            "late": counts.late,
            "quarantined": counts.quarantined,
            "nulled": counts.nulled,
            "version": self.snapshot.version.0,
            "gold": tables,
            "audit": verdict::json(report),
            "adds_up": self.adds_up(report),
            "all_rejected": self.rejected.is_some(),
        }))
    }

    /// The tables and the balance for people.
    fn text(&self) -> String {
        let counts = &self.snapshot.counts;
        let tables = self.tables.iter();
        let tables = tables.map(|shown| format!("\n{}\n", table(&shown.title(), &shown.rows)));
        let doubt = match self.snapshot.is_conserved() {
            true => "",
            false => "  DOES NOT ADD UP",
        };
        format!(
            "{}\n{} events = {} rows + {} + {} quarantined{}{doubt}",
            tables.collect::<String>(),
            thousands(self.snapshot.judged()),
            thousands(counts.rows),
            duplicates(counts.duplicates, counts.conflicts),
            thousands(counts.quarantined_total()),
            nulled(counts.nulled.total()),
        )
    }
}

fn table_json(table: &ShownTable, schema: &GoldSchema) -> Result<Value, String> {
    let columns: Vec<(String, ValueType)> = schema
        .columns_of(&table.name)
        .ok_or_else(|| format!("print {}: the schema does not have it", table.name))?;
    let rows = table.rows.rows.iter();
    let rows = rows.map(|row| RowJson {
        columns: &columns,
        row,
    });
    Ok(json!({ "name": table.name, "rows": table.total, "first": rows.collect::<Vec<_>>() }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sluice::dataset::Dataset;
    use sluice::event::RejectReason;
    use sluice::table::log::Version;
    use sluice::warehouse::TableRows;

    use super::*;
    use crate::audit::{Check, Sums};
    use crate::target::in_memory::{Pipeline, repository};

    fn snapshot(hub_events: u64) -> Snapshot {
        Snapshot {
            hub_events,
            counts: Counts {
                lines: 1_000,
                rows: 900,
                duplicates: 60,
                late: 5,
                quarantined: [(RejectReason::InvalidValue.into(), 40)].into(),
                ..Counts::default()
            },
            version: Version(7),
            ..Snapshot::default()
        }
    }

    fn conclusion(snapshot: &Snapshot) -> Conclusion<'_> {
        let row = ["2026-11-25", "3", "31.50"].map(|value| Some(value.to_owned()));
        let columns = ["day", "total_orders", "total_amount"].map(str::to_owned);
        Conclusion {
            dataset: "orders",
            seconds: 1.5,
            snapshot,
            tables: vec![ShownTable {
                name: "gold_daily_orders".to_owned(),
                total: 12,
                rows: TableRows {
                    columns: columns.into(),
                    rows: vec![row.into()],
                },
            }],
            rejected: None,
        }
    }

    fn report(difference: Option<&str>) -> Report {
        Report {
            dataset: "orders".to_owned(),
            generation: 1,
            version: Some(7),
            sums: Sums::default(),
            checks: vec![Check {
                name: "silver: no key twice".to_owned(),
                examined: "900 keys".to_owned(),
                difference: difference.map(str::to_owned),
                skipped: false,
            }],
        }
    }

    fn schema() -> GoldSchema {
        let file = repository().join("datasets/orders.toml");
        GoldSchema::of(&Dataset::load(&file).unwrap()).unwrap()
    }

    #[test]
    fn a_good_run_shows_its_tables_and_then_its_balance() {
        let snapshot = snapshot(1_000);
        let conclusion = conclusion(&snapshot);
        assert!(conclusion.adds_up(&report(None)));
        let text = conclusion.text();
        let place = |expected: &str| {
            let found = text.find(expected);
            found.unwrap_or_else(|| panic!("{expected:?} is not in\n{text}"))
        };
        let title = place("\ngold_daily_orders  12 rows, first 1\n");
        let row = place("│ 2026-11-25              3          31.50 │\n");
        let balance = place("\n\n1,000 events = 900 rows + 60 duplicates + 40 quarantined");
        assert!(title < row && row < balance, "{text}");
        assert!(!text.contains("DOES NOT ADD UP"), "{text}");
    }

    #[test]
    fn an_event_that_became_nothing_does_not_add_up() {
        let snapshot = snapshot(1_001);
        let conclusion = conclusion(&snapshot);
        assert!(!conclusion.adds_up(&report(None)));
        let expected = "1,001 events = 900 rows + 60 duplicates + 40 quarantined  DOES NOT ADD UP";
        assert!(conclusion.text().ends_with(expected));
        let result = conclusion.json(&report(None), &schema()).unwrap();
        assert_eq!(result["adds_up"], false);
    }

    #[test]
    fn a_line_that_became_nothing_does_not_add_up() {
        let mut snapshot = snapshot(1_000);
        snapshot.counts.duplicates -= 1;
        assert!(!conclusion(&snapshot).adds_up(&report(None)));
    }

    #[test]
    fn a_difference_that_the_audit_found_does_not_add_up() {
        let snapshot = snapshot(1_000);
        let conclusion = conclusion(&snapshot);
        let report = report(Some("order_id = 7: in a and in b"));
        assert!(!conclusion.adds_up(&report));
        let result = conclusion.json(&report, &schema()).unwrap();
        assert_eq!(result["adds_up"], false);
        assert_eq!(result["audit"]["adds_up"], false);
    }

    #[test]
    fn the_result_for_programs_has_every_number() {
        let snapshot = snapshot(1_000);
        let result = conclusion(&snapshot).json(&report(None), &schema());
        let result = result.unwrap();
        for (field, expected) in [
            ("dataset", json!("orders")),
            ("seconds", json!(1.5)),
            ("events", json!(1_000)),
            ("rows", json!(900)),
            ("duplicates", json!(60)),
            ("late", json!(5)),
            ("quarantined", json!({ "invalid_value": 40 })),
            ("version", json!(7)),
            ("adds_up", json!(true)),
        ] {
            assert_eq!(result[field], expected, "{field}");
        }
        assert_eq!(result["audit"]["adds_up"], true);
        let table = &result["gold"][0];
        assert_eq!(table["rows"], 12);
        let first = json!({ "day": "2026-11-25", "total_orders": 3, "total_amount": "31.50" });
        assert_eq!(table["first"][0], first);
    }

    #[test]
    fn a_run_without_a_row_says_why_and_shows_a_line() {
        let before = Counts {
            lines: 5,
            rows: 5,
            ..Counts::default()
        };
        let rejected = Counts {
            lines: 8,
            rows: 5,
            quarantined: [(RejectReason::MissingField.into(), 3)].into(),
            ..Counts::default()
        };
        let repeated = Counts {
            lines: 8,
            rows: 5,
            duplicates: 3,
            ..Counts::default()
        };
        assert!(are_all_rejected(&before, &rejected));
        assert!(!are_all_rejected(&before, &repeated), "its rows are there");
        assert!(
            !are_all_rejected(&before, &before),
            "there is nothing to judge"
        );
        let sample = Some("{\"line\": \"\u{9b}31m\"}".to_owned());
        let text = Rejected { events: 3, sample }.text(&rejected);
        assert!(
            text.starts_with("none of the 3 events became a row: quarantined are missing_field 3;"),
            "{text}"
        );
        assert!(text.contains("{\"line\": \"\\u009b31m\"}"), "{text}");
    }

    #[test]
    fn a_table_that_the_schema_does_not_have_is_an_error() {
        let snapshot = snapshot(1_000);
        let mut conclusion = conclusion(&snapshot);
        conclusion.tables[0].name = "no_such".to_owned();
        let error = conclusion.json(&report(None), &schema()).unwrap_err();
        assert!(error.contains("no_such"), "{error}");
    }

    #[tokio::test]
    async fn a_real_pipeline_adds_up_as_long_as_the_hub_has_no_more() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1, 2, 2, 0]).await;
        let warehouse = Arc::clone(&pipeline.warehouse);
        let watch = Watch::over(pipeline.stores(), warehouse).await.unwrap();
        let report = verdict::examine(&watch.subject(), Duration::ZERO).await;
        let report = report.unwrap();
        let tables = watch.gold_tables(ROWS).await.unwrap();
        for (hub_events, adds_up) in [(4, true), (5, false)] {
            let snapshot = Snapshot {
                hub_events,
                counts: pipeline.counts().await,
                ..Snapshot::default()
            };
            let conclusion = Conclusion {
                dataset: "orders",
                seconds: 1.0,
                snapshot: &snapshot,
                tables: tables.clone(),
                rejected: None,
            };
            assert_eq!(conclusion.adds_up(&report), adds_up);
            let result = conclusion.json(&report, &schema()).unwrap();
            assert_eq!(result["gold"].as_array().unwrap().len(), 5);
            assert_eq!(result["gold"][0]["first"][0]["total_orders"], 2);
        }
    }
}
