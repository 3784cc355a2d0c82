//! What it means when gold follows silver. Pure.

use crate::dataset::{Aggregate, Dataset, GoldTable, Latency, Warning};
use crate::wording::quoted;

impl Latency {
    pub(in crate::dataset) fn named(text: &str) -> Option<Self> {
        match text {
            "timer" => Some(Self::Timer),
            "low" => Some(Self::Low),
            _ => None,
        }
    }
}

impl Dataset {
    /// Says what it costs that gold follows silver at once, and how to do without; nothing where it does not.
    #[must_use]
    pub fn latency_cost(&self) -> Option<String> {
        let why = match (self.latency, self.alerts.is_empty()) {
            (Latency::Timer, _) => return None,
            (Latency::Low, true) => "latency = \"low\"",
            (Latency::Low, false) => "its alerts",
        };
        Some(format!(
            "gold follows silver within about a second, for {why}: while events come, a serverless database never pauses, which at 0.5 vCore is about $190 a month; latency = \"timer\" leaves it to the timer"
        ))
    }

    /// Counts of different values by dimension that are written at every commit.
    pub(in crate::dataset) fn large_sketches(&self) -> Vec<Warning> {
        if self.latency == Latency::Timer {
            return Vec::new();
        }
        let tables = self.gold.iter().filter(|table| !table.by.is_empty());
        tables.filter_map(large_sketch).collect()
    }
}

fn large_sketch(table: &GoldTable) -> Option<Warning> {
    let mut measures = table.measures.iter();
    let is_sketch = |aggregate| matches!(aggregate, Aggregate::CountDistinct(_));
    let measure = measures.find(|measure| is_sketch(measure.aggregate))?;
    Some(Warning {
        key: format!("gold {}.measures.{}", quoted(&table.table), measure.name),
        message: "count_distinct has up to 3 KiB for each group, and where gold follows silver at once every group with new rows is written about once a second: leave dimensions out, or say latency = \"timer\"".to_owned(),
    })
}
