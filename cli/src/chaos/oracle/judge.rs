//! What becomes of one event, by the rules of the orders that are sent; pure.
//!
//! Written by hand from docs/dataset-file.md, and shares nothing with silver. Where that page leaves open what a value
//! means that nobody sends here, such a value is none.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::number::{Cut, scaled};

/// An amount of 18 digits is this at most, in cents.
const LARGEST_AMOUNT: i128 = 999_999_999_999_999_999;
/// The earliest and the latest event time, in microseconds: the years 1900 to 9999.
const TIMES: std::ops::Range<i128> = -2_208_988_800_000_000..253_402_300_800_000_000;
/// How far ahead of the hub's clock an order may be, in microseconds.
const SKEW: i128 = 600_000_000;
/// How deeply objects and arrays may lie in each other.
const LEVELS: usize = 128;

/// What an event becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It holds blanks only.
    Empty,
    /// It cannot become a row.
    Rejected,
    /// A row, or a duplicate of one.
    Order(Key, Order),
}

/// What tells orders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) order: i64,
    /// In microseconds since 1970.
    pub(super) time: i64,
}

/// What else an order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) cents: i64,
    pub(super) customer: Option<String>,
}

/// Judges the body of an event that the hub took at `enqueued_ms`.
pub(super) fn judge(body: &[u8], enqueued_ms: i64) -> Verdict {
    let Ok(text) = std::str::from_utf8(body) else {
        return Verdict::Rejected;
    };
    if text.bytes().all(|byte| b" \t\r\n".contains(&byte)) {
        return Verdict::Empty;
    }
    match order(text, enqueued_ms) {
        Some((key, order)) => Verdict::Order(key, order),
        None => Verdict::Rejected,
    }
}

fn order(text: &str, enqueued_ms: i64) -> Option<(Key, Order)> {
    if depth(text) > LEVELS {
        return None;
    }
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let number = |name: &str, scale, cut| {
        let text = fields.get(name)?.get();
        // A number may be written in quotes.
        match text.starts_with('"') {
            true => scaled(&serde_json::from_str::<String>(text).ok()?, scale, cut),
            false => scaled(text, scale, cut),
        }
    };
    let order = i64::try_from(number("order_id", 0, Cut::Below)?).ok()?;
    // A fraction is no number of an order.
    if number("order_id", 9, Cut::Below)? != i128::from(order) * 1_000_000_000 {
        return None;
    }
    let cents = number("amount", 2, Cut::Round)?;
    let time = number("timestamp", 6, Cut::Below)?;
    let is_ahead = time > i128::from(enqueued_ms) * 1_000 + SKEW;
    if !(0..=LARGEST_AMOUNT).contains(&cents) || !TIMES.contains(&time) || is_ahead {
        return None;
    }
    let customer = match fields.get("customer_id").map(|value| value.get()) {
        None | Some("null") => None,
        Some(text) => Some(serde_json::from_str::<String>(text).ok()?),
    };
    let (time, cents) = (i64::try_from(time).ok()?, i64::try_from(cents).ok()?);
    Some((Key { order, time }, Order { cents, customer }))
}

/// How deeply brackets lie in each other, outside of texts.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN_MS: i64 = 1_763_120_674_343;

    fn judged(text: &str) -> Verdict {
        judge(text.as_bytes(), TAKEN_MS)
    }

    #[test]
    fn an_order_is_read_exactly() {
        let found = judged(
            r#"{"order_id": 7, "amount": 1.005, "timestamp": 1763120674.343, "customer_id": "a\u0301/../\n"}"#,
        );
        let key = Key {
            order: 7,
            time: 1_763_120_674_343_000,
        };
        let customer = Some("a\u{301}/../\n".to_owned());
        let order = Order {
            cents: 101,
            customer,
        };
        assert_eq!(found, Verdict::Order(key, order));
    }

    #[test]
    fn what_silver_refuses_is_refused_here_for_reasons_of_its_own() {
        let order = |fields: &str| format!(r#"{{"order_id": 1, {fields}}}"#);
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        for text in [
            r#"{"order_id": 1, "amount": 4"#.to_owned(),
            order(r#""timestamp": 1"#),
            order(r#""amount": null, "timestamp": 1"#),
            order(r#""amount": "a lot", "timestamp": 1"#),
            order(r#""amount": -1, "timestamp": 1"#),
            order(r#""amount": -0.005, "timestamp": 1"#),
            order(r#""amount": 1e17, "timestamp": 1"#),
            order(r#""amount": NaN, "timestamp": 1"#),
            order(r#""amount": 1, "timestamp": 1763121274.344"#),
            order(r#""amount": 1, "timestamp": 253402300800"#),
            order(r#""amount": 1, "timestamp": 1, "customer_id": "\ud800""#),
            order(&format!(r#""amount": 1, "timestamp": 1, "x": {deep}"#)),
            r#"{"order_id": 1.5, "amount": 1, "timestamp": 1}"#.to_owned(),
            r#"{"order_id": 9223372036854775808, "amount": 1, "timestamp": 1}"#.to_owned(),
            r#"[{"order_id": 1, "amount": 1, "timestamp": 1}]"#.to_owned(),
            "null".to_owned(),
        ] {
            assert_eq!(judged(&text), Verdict::Rejected, "{text}");
        }
        assert_eq!(judge(b"\xff\xfe not text", 0), Verdict::Rejected);
    }

    #[test]
    fn blanks_are_nothing_and_what_is_at_the_edge_is_an_order() {
        for blank in ["", " ", "\r\n\t "] {
            assert_eq!(judged(blank), Verdict::Empty);
        }
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        for text in [
            r#"{"order_id": 1, "amount": 1, "timestamp": 1763121274.343}"#.to_owned(),
            r#"{"order_id": "1", "amount": "1", "timestamp": "1"}"#.to_owned(),
            r#"{"order_id": 1, "amount": -0.004, "timestamp": 1, "customer_id": null}"#.to_owned(),
            format!(r#"{{"order_id": 1, "amount": 1, "timestamp": 1, "x": {deep}}}"#),
        ] {
            assert!(matches!(judged(&text), Verdict::Order(..)), "{text}");
        }
    }
}
