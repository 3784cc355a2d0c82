//! Events that nobody sends on purpose: broken, hostile, and odd but right.

use bytes::Bytes;

/// Where the numbers of odd orders begin: made-up ones stay far below.
const FIRST: u64 = 1 << 50;
/// Texts that have broken readers, stores or screens.
const TEXTS: [&str; 12] = [
    "../../../etc/passwd",
    "'; DROP TABLE gold_daily_orders; --",
    "%2e%2e%2f",
    "\\u0000",
    "\\u001b[2J\\u001b]0;title\\u0007",
    "\\u202e\\u2066right to left",
    "{{7*7}}${7*7}",
    "\\ud83d\\ude00\\ufffe\\uffff",
    "e\\u0301 is not \\u00e9",
    "null",
    "a,b;c\\td\\r\\ne\\\"f",
    " ",
];

/// Makes the next one, as of `now_ms`; `number` is another each time.
pub(super) fn event(random: &mut fastrand::Rng, number: u64, now_ms: i64) -> Bytes {
    let (id, seconds) = (FIRST + number, now_ms.div_euclid(1_000));
    let order = |more: &str| {
        format!(r#"{{"order_id": {id}, "amount": 7.25, "timestamp": {seconds}{more}}}"#)
    };
    let text = match random.u8(..16) {
        // Right, if odd.
        0..4 => {
            let text = TEXTS[random.usize(..TEXTS.len())];
            order(&format!(r#", "customer_id": "{text}""#))
        }
        4 => order(&format!(
            r#", "customer_id": "{}""#,
            "x".repeat(random.usize(1_000..60_000))
        )),
        5 => order(&format!(
            r#", "deep": {}1{}"#,
            "[".repeat(126),
            "]".repeat(126)
        )),
        6 => {
            let fields =
                (0..random.usize(50..600)).map(|field| format!(r#", "f{field}": {field}"#));
            order(&fields.collect::<String>())
        }
        7 => format!(
            r#"{{"order_id": {id}, "amount": 0.{}, "timestamp": {seconds}e0}}"#,
            "3".repeat(random.usize(1..400))
        ),
        // Empty.
        8 => " ".repeat(random.usize(..9)),
        // Wrong.
        9 => format!(
            r#"{{"order_id": {id}, "amount": {}, "timestamp": {seconds}}}"#,
            "9".repeat(400)
        ),
        10 => "{\"a\":".repeat(random.usize(1..5_000)),
        11 => order(&format!(
            r#", "deep": {}{}"#,
            "[".repeat(200),
            "]".repeat(200)
        )),
        12 => format!("[{}]", order("")),
        13 => format!(r#"{{"order_id": {id}, "amount": NaN, "timestamp": {seconds}}}"#),
        14 => format!("{}{}", order(""), order("")),
        _ => {
            let mut bytes = vec![0xff];
            bytes.extend((0..random.usize(1..2_000)).map(|_| random.u8(..)));
            return Bytes::from(bytes);
        }
    };
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_orders_some_are_not_and_a_seed_makes_the_same() {
        let of = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let events = (0..500).map(|number| event(&mut random, number, 1_763_120_674_343));
            events.collect::<Vec<_>>()
        };
        let events = of(1);
        assert_eq!(events, of(1));
        let parsed = events.iter().filter(|event| {
            serde_json::from_slice::<serde_json::Value>(event).is_ok_and(|it| it.is_object())
        });
        assert!((150..400).contains(&parsed.count()));
        let largest = events.iter().map(Bytes::len).max();
        assert!(
            largest.is_some_and(|largest| largest < 100_000),
            "{largest:?}"
        );
    }
}
