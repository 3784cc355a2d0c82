//! What gold's books say of the balance.

use sluice::warehouse::Counted;
use sluice::warehouse::schema::{BALANCE, FRESHNESS};

use super::stores::World;
use crate::read;

impl World {
    /// Returns what the balance says in some columns, by table; a null is `-`. There is none before gold has run.
    pub async fn balance(&self, columns: &[&str]) -> Vec<(String, Vec<String>)> {
        let warehouse = self.warehouse();
        let missing = warehouse.look().await.unwrap().missing;
        if missing.iter().any(|name| name == FRESHNESS) {
            return Vec::new();
        }
        let read = read::gold(&*warehouse, BALANCE).await;
        let at = |name: &&str| read.columns.iter().position(|column| column == name);
        let rows = read.rows.iter().map(|row| {
            let cells = columns.iter().map(|name| row[at(name).unwrap()].clone());
            let cells = cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
            (row[0].clone().unwrap(), cells.collect())
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    }

    /// Checks that the balance of every table adds up at the version that it stands at, and that the head says what those
    /// count that stand there.
    pub async fn check_balance(&self) {
        let balance = self
            .balance(&["is_balanced", "generation", "version"])
            .await;
        for (table, cells) in &balance {
            assert_eq!(cells[0], "true", "the balance of {table}: {cells:?}");
        }
        let Some(head) = self.log().head().await.unwrap() else {
            return;
        };
        let (version, generation) = (
            head.version.to_string(),
            self.dataset.generation.to_string(),
        );
        let counted = Counted::of(head.totals.as_ref().unwrap()).columns();
        let names = counted.map(|(name, _)| name);
        let said = self.balance(&names).await;
        for ((table, cells), (_, said)) in balance.iter().zip(said) {
            if cells[1..] == [generation.clone(), version.clone()] {
                let expected = counted.map(|(_, count)| count.to_string());
                assert_eq!(said, expected, "{table} at the head: {names:?}");
            }
        }
    }
}
