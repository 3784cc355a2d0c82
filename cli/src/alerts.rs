//! Alerts as the books have them, for everything that shows them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sluice::warehouse::schema::{ALERTS, OUTBOX};
use sluice::warehouse::{Order, Warehouse, WarehouseError};

/// An alert, as it is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alert {
    pub(crate) id: String,
    pub(crate) rule: String,
    table: Option<String>,
    kind: String,
    pub(crate) event_time: Option<String>,
    pub(crate) raised_at: Option<String>,
    pub(crate) cleared_at: Option<String>,
    group: Option<String>,
    /// As JSON.
    pub(crate) fields: Option<String>,
    messages: Vec<Message>,
}

#[derive(Clone, Debug, Default)]
struct Message {
    target: String,
    delivered_at: Option<String>,
    failed_at: Option<String>,
    error: Option<String>,
}

impl Alert {
    /// Returns whether it is of a group and still true.
    pub(crate) fn is_open(&self) -> bool {
        self.cleared_at.is_none() && self.group.is_some()
    }

    /// Returns what it is, in a word or two.
    pub(crate) fn what(&self) -> String {
        match self.cleared_at {
            Some(_) => format!("{}, over", self.kind),
            None => self.kind.clone(),
        }
    }

    /// Says how many of its targets were told.
    pub(crate) fn told(&self) -> String {
        let told = self.messages.iter();
        let told = told
            .filter(|message| message.delivered_at.is_some())
            .count();
        let failed = self.messages.iter();
        let failed = failed.filter(|message| message.failed_at.is_some()).count();
        match (self.messages.len(), failed) {
            (0, _) => "nobody".to_owned(),
            (all, 0) => format!("{told} of {all}"),
            (all, failed) => format!("{told} of {all}, {failed} failed"),
        }
    }

    /// Says what its fields are, such as `amount 1200.00, day 2026-01-31`.
    pub(crate) fn shown_fields(&self) -> String {
        let fields = self.fields.as_deref();
        let fields: Option<Map<String, Value>> =
            fields.and_then(|text| serde_json::from_str(text).ok());
        let fields = fields
            .into_iter()
            .flatten()
            .map(|(name, value)| match value {
                Value::String(value) => format!("{name} {value}"),
                value => format!("{name} {value}"),
            });
        fields.collect::<Vec<_>>().join(", ")
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let fields = self.fields.as_deref();
        let fields: Option<Value> = fields.and_then(|text| serde_json::from_str(text).ok());
        let messages = self.messages.iter().map(|message| {
            json!({
                "target": message.target,
                "delivered_at": message.delivered_at,
                "failed_at": message.failed_at,
                "error": message.error,
            })
        });
        json!({
            "alert_id": self.id,
            "rule": self.rule,
            "on": self.table,
            "kind": self.kind,
            "event_time": self.event_time,
            "raised_at": self.raised_at,
            "cleared_at": self.cleared_at,
            "fields": fields,
            "messages": messages.collect::<Vec<_>>(),
        })
    }
}

/// Reads the alerts of the dataset, the latest first, among so many of the latest of all datasets that share the books.
///
/// # Errors
/// Fails if the books cannot be read, which they are only once gold has run with rules.
pub(crate) async fn read(
    warehouse: &dyn Warehouse,
    looked_through: usize,
) -> Result<Vec<Alert>, WarehouseError> {
    let mut messages: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for mut row in rows(warehouse, (OUTBOX, "created_at"), looked_through).await? {
        let mut take = |name: &str| row.remove(name);
        let id = take("alert_id").unwrap_or_default();
        messages.entry(id).or_default().push(Message {
            target: take("target").unwrap_or_default(),
            delivered_at: take("delivered_at"),
            failed_at: take("failed_at"),
            error: take("error"),
        });
    }
    let alerts = rows(warehouse, (ALERTS, "raised_at"), looked_through).await?;
    let alerts = alerts.into_iter().map(|mut row| {
        let mut take = |name: &str| row.remove(name);
        let id = take("alert_id").unwrap_or_default();
        Alert {
            messages: messages.remove(&id).unwrap_or_default(),
            rule: take("rule").unwrap_or_default(),
            table: take("gold_table"),
            kind: take("kind").unwrap_or_default(),
            event_time: take("event_time"),
            raised_at: take("raised_at"),
            cleared_at: take("cleared_at"),
            group: take("group_key"),
            fields: take("fields"),
            id,
        }
    });
    Ok(alerts.collect())
}

/// Reads the rows of a dataset in a book by their columns, those with the latest time first.
async fn rows(
    warehouse: &dyn Warehouse,
    (book, time): (&str, &str),
    looked_through: usize,
) -> Result<Vec<BTreeMap<String, String>>, WarehouseError> {
    let order = Order {
        column: time.to_owned(),
        descending: true,
    };
    let dataset = warehouse.schema().dataset.as_str();
    let found = warehouse
        .read_table(book, Some(order), looked_through)
        .await?;
    let columns = found.columns;
    let rows = found.rows.into_iter().map(|row| {
        let cells = columns.iter().cloned().zip(row);
        let cells = cells.filter_map(|(name, cell)| Some((name, cell?)));
        cells.collect::<BTreeMap<String, String>>()
    });
    let own = rows.filter(|row| row.get("dataset").is_some_and(|own| own == dataset));
    Ok(own.collect())
}
