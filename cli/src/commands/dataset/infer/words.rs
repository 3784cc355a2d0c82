//! What names speak of: time, money, identity; pure. Names only help where values leave a choice.

/// Words in the names of fields that are points in time, the most telling first.
const TIME: [&str; 14] = [
    "event_time",
    "eventtime",
    "timestamp",
    "datetime",
    "time",
    "occurred",
    "date",
    "when",
    "epoch",
    "ts",
    "created",
    "at",
    "updated",
    "t",
];
const MONEY: [&str; 11] = [
    "amount",
    "price",
    "cost",
    "fee",
    "tax",
    "revenue",
    "balance",
    "total_price",
    "salary",
    "payment",
    "charge",
];
/// What the names of fields say whose values add up.
const SUMMED: [&str; 24] = [
    "amount",
    "price",
    "cost",
    "costs",
    "fee",
    "tax",
    "revenue",
    "sales",
    "payment",
    "charge",
    "paid",
    "total",
    "sum",
    "quantity",
    "qty",
    "count",
    "items",
    "units",
    "use",
    "usage",
    "consumption",
    "volume",
    "bytes",
    "energy",
];
/// And what says that they do not, whatever else the name says.
const RATIO: [&str; 7] = ["unit", "per", "avg", "average", "mean", "rate", "ratio"];
const IDENTITY: [&str; 9] = [
    "uuid", "guid", "serial", "device", "station", "sensor", "meter", "machine", "vehicle",
];

const CREATION: [&str; 6] = [
    "created", "creation", "placed", "ordered", "opened", "inserted",
];
const CHANGE: [&str; 5] = ["updated", "update", "changed", "modified", "modification"];
const COUNTER: [&str; 7] = ["seq", "sequence", "counter", "number", "no", "nr", "offset"];
/// What the names of fields say that tell events of several types apart.
const KIND: [&str; 9] = [
    "type",
    "kind",
    "event",
    "op",
    "operation",
    "action",
    "category",
    "topic",
    "schema",
];

/// Returns the words of a name, in lower case: `updatedAt`, `updated_at` and `updated.at` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && was_lower;
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns whether a name speaks of the time at which something began to be, which stays when it changes.
pub(super) fn speaks_of_creation(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| CREATION.contains(&word.as_str()))
}

/// Returns whether a name speaks of the time of a change.
pub(super) fn speaks_of_change(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| CHANGE.contains(&word.as_str()))
}

/// Returns whether a name speaks of a count of events.
pub(super) fn counts(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| COUNTER.contains(&word.as_str()))
}

/// Returns whether a name speaks of the type of an event.
pub(super) fn speaks_of_kind(name: &str) -> bool {
    words(name).iter().any(|word| KIND.contains(&word.as_str()))
}

/// Returns how much a name speaks of time, 0 the most; nothing if it does not.
pub(super) fn time_rank(name: &str) -> Option<usize> {
    let words = words(name);
    let name = name.to_lowercase();
    let exact = TIME.iter().position(|word| name == *word);
    let part = TIME.iter().position(|word| match word.len() {
        0..=3 => words.iter().any(|found| found == word),
        // An update is no date.
        4 => words
            .iter()
            .any(|found| found.ends_with(word) && found != "update"),
        _ => name.contains(word),
    });
    exact.or(part.map(|at| at + TIME.len()))
}

/// Returns whether a name speaks of a point in time.
pub(super) fn speaks_of_time(name: &str) -> bool {
    time_rank(name).is_some()
}

/// Returns whether a name speaks of money.
pub(super) fn speaks_of_money(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| MONEY.contains(&word.as_str()))
}

/// Returns whether a name speaks of an amount or a number of things, whose values add up; those of a measurement do not.
pub(in super::super) fn adds_up(name: &str) -> bool {
    let words = words(name);
    let speaks = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    speaks(&SUMMED) && !speaks(&RATIO)
}

/// Returns how much a name speaks of identity, 0 the most; nothing if it does not.
pub(super) fn identity_rank(name: &str) -> Option<u8> {
    let lower = name.to_lowercase();
    let last = lower.rsplit(|c: char| !c.is_alphanumeric()).next();
    let is_id = last == Some("id") || name.ends_with("Id") || name.ends_with("ID");
    match lower.as_str() {
        "id" | "uuid" | "guid" | "event_id" | "eventid" | "key" => Some(0),
        _ if is_id => Some(1),
        "deviceid" | "sensorid" | "orderid" | "userid" => Some(1),
        _ if matches!(last, Some("key" | "number" | "no" | "nr")) => Some(2),
        _ if IDENTITY.iter().any(|word| lower.contains(word)) => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_speak_of_time_money_and_identity() {
        for name in [
            "ts",
            "created_at",
            "EventTime",
            "t",
            "update.ts",
            "date",
            "placedAt",
            "ts_ms",
        ] {
            assert!(speaks_of_time(name), "{name}");
        }
        for name in ["status", "format", "rate", "temp", "events"] {
            assert!(!speaks_of_time(name), "{name}");
        }
        assert!(time_rank("event_time") < time_rank("created"));
        assert!(time_rank("source.ts_ms") < time_rank("updated_at"));
        assert!(time_rank("ts") < time_rank("my_event_time"));
        assert!(speaks_of_money("unit_price") && !speaks_of_money("taxi"));
        for name in [
            "id",
            "order_id",
            "deviceId",
            "deviceid",
            "serialNo",
            "order.number",
        ] {
            assert!(identity_rank(name).is_some(), "{name}");
        }
        assert!(speaks_of_kind("eventType") && speaks_of_kind("op"));
        assert!(!speaks_of_kind("typewriter") && !speaks_of_kind("status"));
        for name in [
            "amount",
            "order.totalPrice",
            "gas_totalUse",
            "qty",
            "item_count",
        ] {
            assert!(adds_up(name), "{name}");
        }
        for name in [
            "temp",
            "celsius",
            "unit_price",
            "pressure",
            "tax_rate",
            "lat",
        ] {
            assert!(!adds_up(name), "{name}");
        }
        for name in ["paid", "status_code", "valid", "pump", "keyboard"] {
            assert_eq!(identity_rank(name), None, "{name}");
        }
    }
}
