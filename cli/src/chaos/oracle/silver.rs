//! Compares the rows of silver with the orders that were sent.

use std::collections::BTreeMap;
use std::error::Error;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::differences::Differences;
use super::judge::{Key, Order};

/// The orders that silver has yet to be found to have.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    sent: &'a BTreeMap<Key, Order>,
    found: BTreeMap<Key, u64>,
}

impl<'a> Comparison<'a> {
    pub(super) fn with(sent: &'a BTreeMap<Key, Order>) -> Self {
        Self {
            sent,
            found: BTreeMap::new(),
        }
    }

    /// Takes a file of silver in.
    ///
    /// # Errors
    /// Fails if it is no Parquet with the columns of an order.
    pub(super) fn take_file(
        &mut self,
        content: Bytes,
        differences: &mut Differences,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        for batch in ParquetRecordBatchReaderBuilder::try_new(content)?.build()? {
            self.take(&batch?, differences)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        batch: &RecordBatch,
        differences: &mut Differences,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let column = |name: &str| {
            let column = batch.column_by_name(name);
            column.ok_or_else(|| format!("a file of silver has no column {name}"))
        };
        let wrong = |name: &str| format!("the column {name} of silver is of another type");
        let ids = column("order_id")?.as_primitive_opt::<Int64Type>();
        let times = column("event_time")?.as_primitive_opt::<TimestampMicrosecondType>();
        let amounts = column("amount")?.as_primitive_opt::<Decimal128Type>();
        let customers = column("customer_id")?;
        let (ids, times) = (
            ids.ok_or_else(|| wrong("order_id"))?,
            times.ok_or_else(|| wrong("event_time"))?,
        );
        let amounts = amounts.ok_or_else(|| wrong("amount"))?;
        let texts = arrow_cast::cast(customers, &arrow_schema::DataType::Utf8)?;
        let texts = texts
            .as_string_opt::<i32>()
            .ok_or_else(|| wrong("customer_id"))?;
        for row in 0..batch.num_rows() {
            let key = Key {
                order: ids.value(row),
                time: times.value(row),
            };
            let customer = texts.is_valid(row).then(|| texts.value(row));
            self.take_row(key, amounts.value(row), customer, differences);
        }
        Ok(())
    }

    fn take_row(
        &mut self,
        key: Key,
        cents: i128,
        customer: Option<&str>,
        differences: &mut Differences,
    ) {
        let Key { order, time } = key;
        let times = self.found.entry(key).or_default();
        *times += 1;
        if *times > 1 {
            differences.add(|| format!("silver: order {order} at {time} is there {times} times"));
            return;
        }
        match self.sent.get(&key) {
            None => differences
                .add(|| format!("silver: order {order} at {time} is there, and was not sent")),
            Some(sent) if i128::from(sent.cents) != cents => differences.add(|| {
                format!(
                    "silver: order {order} at {time} has {cents} cents, and {} were sent",
                    sent.cents
                )
            }),
            Some(sent) if sent.customer.as_deref() != customer => differences.add(|| {
                format!("silver: order {order} at {time} is of another customer than was sent")
            }),
            Some(_) => differences.agrees(),
        }
    }

    /// Notes the orders that no file had.
    pub(super) fn finish(self, differences: &mut Differences) {
        for key in self.sent.keys().filter(|key| !self.found.contains_key(key)) {
            let Key { order, time } = key;
            differences.add(|| format!("silver: order {order} at {time} was sent, and is missing"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> BTreeMap<Key, Order> {
        let order = |order: i64| {
            let customer = Some("a".to_owned());
            (
                Key { order, time: 9 },
                Order {
                    cents: order * 100,
                    customer,
                },
            )
        };
        [order(1), order(2)].into()
    }

    fn differences(rows: &[(i64, i128, Option<&str>)]) -> Vec<String> {
        let (sent, mut differences) = (sent(), Differences::default());
        let mut comparison = Comparison::with(&sent);
        for (order, cents, customer) in rows {
            let key = Key {
                order: *order,
                time: 9,
            };
            comparison.take_row(key, *cents, *customer, &mut differences);
        }
        comparison.finish(&mut differences);
        differences.list()
    }

    #[test]
    fn rows_that_are_the_orders_have_no_difference() {
        let good = [(2, 200, Some("a")), (1, 100, Some("a"))];
        assert_eq!(differences(&good), Vec::<String>::new());
    }

    #[test]
    fn a_row_that_is_missing_doubled_made_up_or_different_is_named() {
        let [one, two] = [(1, 100, Some("a")), (2, 200, Some("a"))];
        for (rows, words) in [
            (vec![one], "silver: order 2 at 9 was sent, and is missing"),
            (vec![one, two, one], "silver: order 1 at 9 is there 2 times"),
            (
                vec![one, two, (3, 300, None)],
                "silver: order 3 at 9 is there, and was not sent",
            ),
            (
                vec![one, (2, 201, Some("a"))],
                "silver: order 2 at 9 has 201 cents, and 200 were sent",
            ),
            (
                vec![one, (2, 200, None)],
                "silver: order 2 at 9 is of another customer than was sent",
            ),
        ] {
            assert_eq!(differences(&rows), [words]);
        }
    }
}
