//! What silver and gold have to hold, computed from what was sent; pure.
//!
//! Sums are of whole cents, periods are counted by hand, and the tables are those of the orders' dataset file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};

use super::judge::{Key, Order, Verdict, judge};

/// A group of a table and its measures, as gold shows them.
pub(super) type Groups = BTreeMap<Vec<String>, Vec<String>>;

/// A gold table: its columns, of which the first so many are its group, and what they have to hold.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) keys: usize,
    pub(super) groups: Groups,
}

/// How a null is written among texts; no customer is called so.
pub(super) const NULL: &str = "\u{0}null";

/// What was sent, judged.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) events: u64,
    pub(super) empty: u64,
    pub(super) rejected: u64,
    pub(super) duplicates: u64,
    /// Duplicates that differ from the order that came first here. Which of the two stays is up to silver, so there may be
    /// none for the tables to be known.
    pub(super) conflicts: u64,
    pub(super) orders: BTreeMap<Key, Order>,
}

impl Expected {
    /// Takes an event in.
    pub(super) fn take(&mut self, body: Option<&[u8]>, enqueued_ms: i64) {
        self.events += 1;
        // What is no message of bytes has no body, and becomes no row.
        match body.map_or(Verdict::Rejected, |body| judge(body, enqueued_ms)) {
            Verdict::Empty => self.empty += 1,
            Verdict::Rejected => self.rejected += 1,
            Verdict::Order(key, order) => match self.orders.get(&key) {
                Some(first) => {
                    self.duplicates += 1;
                    self.conflicts += u64::from(*first != order);
                }
                None => drop(self.orders.insert(key, order)),
            },
        }
    }

    /// Computes every gold table whose values are exact.
    pub(super) fn tables(&self) -> Vec<Table> {
        let mut tables = self.by_time();
        tables.extend(self.by_customer());
        tables
    }

    fn by_time(&self) -> Vec<Table> {
        let all = || self.orders.iter();
        vec![
            Table {
                name: "gold_daily_orders",
                columns: &["day", "total_orders", "total_amount_exact"],
                keys: 1,
                groups: grouped(all(), |key, _| vec![day(key.time)], count_and_sum),
            },
            Table {
                name: "gold_hourly_revenue",
                columns: &["hour", "orders", "revenue_exact", "largest_order_exact"],
                keys: 1,
                groups: grouped(
                    all(),
                    |key, _| vec![period(key.time, 3_600)],
                    |orders| {
                        let most = orders.iter().map(|(_, order)| order.cents).max();
                        let mut cells = count_and_sum(orders);
                        cells.push(most.map_or(NULL.to_owned(), |most| money(i128::from(most))));
                        cells
                    },
                ),
            },
            Table {
                name: "gold_total_revenue",
                columns: &[
                    "total_orders",
                    "total_amount_exact",
                    "average_amount_count",
                    "average_amount_sum_exact",
                    "first_order",
                    "last_order",
                ],
                keys: 0,
                groups: grouped(
                    all(),
                    |_, _| Vec::new(),
                    |orders| {
                        let mut cells = count_and_sum(orders);
                        cells.extend(count_and_sum(orders));
                        cells.push(extreme(orders, Iterator::min));
                        cells.push(extreme(orders, Iterator::max));
                        cells
                    },
                ),
            },
            Table {
                name: "gold_live_revenue",
                columns: &["window_start", "orders", "revenue_exact"],
                keys: 1,
                groups: grouped(all(), |key, _| vec![period(key.time, 300)], count_and_sum),
            },
        ]
    }

    fn by_customer(&self) -> Vec<Table> {
        let all = || self.orders.iter();
        vec![
            Table {
                name: "gold_customer_totals",
                columns: &[
                    "customer_id",
                    "total_orders",
                    "total_amount_exact",
                    "last_order",
                ],
                keys: 1,
                groups: grouped(
                    all(),
                    |_, order| vec![customer(order)],
                    |orders| {
                        let mut cells = count_and_sum(orders);
                        cells.push(extreme(orders, Iterator::max));
                        cells
                    },
                ),
            },
            Table {
                name: "gold_customer_windows",
                columns: &["window_start", "customer_id", "orders", "small"],
                keys: 2,
                groups: grouped(
                    all().filter(|(_, order)| order.customer.is_some()),
                    |key, order| vec![period(key.time, 600), customer(order)],
                    |orders| {
                        let small = orders.iter().filter(|(_, order)| order.cents < 2_500);
                        vec![orders.len().to_string(), small.count().to_string()]
                    },
                ),
            },
        ]
    }

    /// The number of different customers of each day, which gold estimates.
    pub(super) fn customers(&self) -> BTreeMap<String, usize> {
        let mut days: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (key, order) in &self.orders {
            let customers = days.entry(day(key.time)).or_default();
            customers.extend(order.customer.as_deref());
        }
        let counted = days.into_iter().map(|(day, all)| (day, all.len()));
        counted.collect()
    }
}

type Member<'a> = (&'a Key, &'a Order);

fn grouped<'a>(
    orders: impl Iterator<Item = Member<'a>>,
    group: impl Fn(&Key, &Order) -> Vec<String>,
    measures: impl Fn(&[Member<'a>]) -> Vec<String>,
) -> Groups {
    let mut groups: BTreeMap<Vec<String>, Vec<Member<'a>>> = BTreeMap::new();
    for (key, order) in orders {
        groups
            .entry(group(key, order))
            .or_default()
            .push((key, order));
    }
    let measured = groups
        .into_iter()
        .map(|(group, all)| (group, measures(&all)));
    measured.collect()
}

fn count_and_sum(orders: &[Member<'_>]) -> Vec<String> {
    let sum = orders
        .iter()
        .map(|(_, order)| i128::from(order.cents))
        .sum();
    vec![orders.len().to_string(), money(sum)]
}

fn extreme<'a>(
    orders: &[Member<'a>],
    choose: impl Fn(std::vec::IntoIter<i64>) -> Option<i64>,
) -> String {
    let times: Vec<i64> = orders.iter().map(|(key, _)| key.time).collect();
    choose(times.into_iter()).map_or(NULL.to_owned(), instant)
}

fn customer(order: &Order) -> String {
    order.customer.clone().unwrap_or_else(|| NULL.to_owned())
}

/// Cents, none below zero, with a point.
fn money(cents: i128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn time(micros: i64) -> DateTime<Utc> {
    // Every order's time is between the years 1900 and 9999.
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

fn instant(micros: i64) -> String {
    time(micros).to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn day(micros: i64) -> String {
    time(micros).format("%Y-%m-%d").to_string()
}

/// The start of the period of so many seconds that a time is in.
fn period(micros: i64, seconds: i64) -> String {
    let length = seconds * 1_000_000;
    let start = micros.div_euclid(length) * length;
    time(start).to_rfc3339_opts(SecondsFormat::Secs, true)
}
