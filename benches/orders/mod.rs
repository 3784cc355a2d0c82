//! The orders that more than one benchmark reads: always the same ones.

/// How many orders there are.
pub(crate) const EVENTS: usize = 1_000_000;
/// 2025-11-14T11:44:34Z, when the first one was placed.
pub(crate) const START: usize = 1_763_120_674;

/// Makes a million orders of about 90 bytes over two hours, 5 % of them duplicates and 2 % broken, a line each.
pub(crate) fn lines() -> Vec<String> {
    let mut random = fastrand_like(7);
    let mut lines = Vec::with_capacity(EVENTS);
    for id in 0..EVENTS {
        let line = match random() % 100 {
            0..5 if id > 100 => {
                let back = (random() % 100) as usize + 1;
                String::clone(&lines[id - back])
            }
            5..7 => format!(r#"{{"order_id": {id}, "amount": "a lot", "timestamp": {START}}}"#),
            _ => {
                let (seconds, millis) = (START + id / 140, id % 1_000);
                let (cents, customer) = (random() % 100_000, random() % 5_000);
                format!(
                    r#"{{"order_id": {id}, "amount": {}.{:02}, "timestamp": {seconds}.{millis:03}, "customer_id": "{customer:05}"}}"#,
                    cents / 100,
                    cents % 100
                )
            }
        };
        lines.push(line);
    }
    lines
}

/// A small generator, so that every run has the same events.
pub(crate) fn fastrand_like(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}
