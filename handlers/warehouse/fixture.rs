//! The gold that the tests of both warehouses make.

use super::schema::{GoldSchema, TableIndex};
use super::{
    Balance, Begun, Build, Datum, Prepared, Progress, Row, Rules, Run, Standing, Step, Warehouse,
    WarehouseError,
};
use crate::dataset::Dataset;
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;

/// Silver's columns; gold's tables follow.
pub(crate) const COLUMNS: &str = r#"
name = "orders"
key = ["id", "at"]
event_time = "at"
allowed_lateness = "90m"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "who"
type = "string"
[[column]]
name = "amount"
type = "decimal(18,2)"
"#;

/// One table and a ranking of its rows.
pub(crate) const TABLES: &str = r#"
[[gold]]
table = "daily"
grain = "day"
by = ["who"]
measures = { n = "count", total = "sum(amount)", mean = "avg(amount)" }
[[ranking]]
view = "top"
from = "daily"
order_by = "total"
top = 2
"#;

/// Lays out gold's tables over [`COLUMNS`].
pub(crate) fn schema_of(tables: &str) -> GoldSchema {
    let text = format!("{COLUMNS}{tables}");
    GoldSchema::of(&Dataset::parse(&text, "orders.toml").unwrap()).unwrap()
}

/// One order of a customer on the second of January 1970.
pub(super) fn row(who: u8, amount: i128) -> Row {
    Row {
        newest: 0,
        start: 86_400_000_000,
        key: [who; 16],
        dimensions: vec![Datum::Text(format!("w{who}"))],
        measures: vec![
            Datum::Int64(1),
            Datum::Decimal(amount),
            Datum::Decimal(amount),
            Datum::Int64(1),
        ],
    }
}

/// Moves the table from a version to another.
pub(super) fn run(schema: &GoldSchema, from: Option<u64>, to: u64) -> Run {
    let progress = |version| Progress {
        generation: 1,
        definition: schema.tables[0].definition.clone(),
        version: Version(version),
        physical: Some("daily__1".to_owned()),
        made: 1,
        ..Progress::default()
    };
    let step = Step {
        table: TableIndex::new(0),
        from: from.map(progress),
        to: Version(to),
        replace: false,
        layout: None,
    };
    Run {
        steps: vec![step],
        log: None,
        build: Build::default(),
        watermark: Some(EventTime(0)),
        as_of: None,
        complete_to: Some(EventTime(0)),
        pending: None,
        balance: Balance::default(),
        rules: Rules::default(),
        at: UnixMillis(0),
    }
}

/// Makes everything complete for the first build; returns what there is then.
pub(super) async fn prepare(warehouse: &dyn Warehouse) -> Standing {
    match warehouse.prepare(&Build::default()).await.unwrap() {
        Prepared::Ready(standing) => *standing,
        Prepared::Replaced => panic!("no later build has run"),
    }
}

/// Makes a transaction of one merge; returns whether it was first.
pub(super) async fn apply(
    warehouse: &dyn Warehouse,
    run: Run,
    rows: Vec<Row>,
) -> Result<bool, WarehouseError> {
    let Begun::Open(mut transaction) = warehouse.begin(run).await? else {
        return Ok(false);
    };
    transaction.merge(TableIndex::new(0), rows).await?;
    transaction.commit().await?;
    Ok(true)
}
