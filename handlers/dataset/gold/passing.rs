//! Rules of which what they say may pass unseen: true after some rows, and no longer after others that gold adds with the
//! same run. Pure.

use crate::dataset::{
    Aggregate, Bound, Column, ColumnIndex, Dataset, GoldTable, Trigger, Warning, Watched,
};
use crate::expr::Motion;
use crate::wording::quoted;

impl Dataset {
    /// Returns the rules on gold tables whose condition may become true of a group and false again as rows are added.
    #[must_use]
    pub fn passing_rules(&self) -> Vec<Warning> {
        let rules = self.alerts.iter().filter_map(|alert| {
            let (Watched::Table(table), Trigger::When(condition)) = (alert.on, &alert.trigger)
            else {
                return None;
            };
            let table = self.gold.get(table.position())?;
            let motion = condition.motion(&|name| self.motion(table, name));
            (!matches!(motion, Motion::Still | Motion::Up)).then(|| Warning {
                key: format!("alert {}.when", quoted(&alert.name)),
                message: "it may be true of a group and, some rows later, no longer: what is so only between two runs of gold raises no alert; a number that only rises, such as \"count where amount < 25\", misses nothing"
                    .to_owned(),
            })
        });
        rules.collect()
    }

    /// Returns which way a column of a gold table moves as rows are added.
    fn motion(&self, table: &GoldTable, name: &str) -> Motion {
        let mut measures = table.measures.iter();
        let measure = measures.find(|measure| measure.name.eq_ignore_ascii_case(name));
        match measure.map(|measure| measure.aggregate) {
            // Time and dimensions are what a group is known by.
            None => Motion::Still,
            Some(Aggregate::Count | Aggregate::CountDistinct(_) | Aggregate::Max(_)) => Motion::Up,
            Some(Aggregate::Min(_)) => Motion::Down,
            Some(Aggregate::Sum(column)) => self.summed(column),
            Some(Aggregate::Avg(_) | Aggregate::First(_) | Aggregate::Last(_)) => Motion::Any,
        }
    }

    /// Returns which way a sum moves: what is never negative adds.
    fn summed(&self, column: ColumnIndex) -> Motion {
        let bounds = |column: &Column| (column.min, column.max);
        match self.column(column).ok().map(bounds) {
            Some((Some(Bound::Int64(0..) | Bound::Decimal(0..)), _)) => Motion::Up,
            Some((_, Some(Bound::Int64(..=0) | Bound::Decimal(..=0)))) => Motion::Down,
            _ => Motion::Any,
        }
    }
}
