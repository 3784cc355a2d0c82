//! The values of the first or last event time of a group: which of several that time has is gold's to choose, by a hash that
//! is not computed again here, so that any of them is right.

use super::cells::Cell;

/// The values of one time that are not null.
#[derive(Clone, Debug)]
pub(super) struct OfOneTime {
    is_latest: bool,
    time: Option<i64>,
    values: Vec<Cell<'static>>,
}

impl OfOneTime {
    pub(super) fn earliest() -> Self {
        Self::of(false)
    }

    pub(super) fn latest() -> Self {
        Self::of(true)
    }

    fn of(is_latest: bool) -> Self {
        Self {
            is_latest,
            time: None,
            values: Vec::new(),
        }
    }

    /// Adds the value of a row; a null counts nothing.
    pub(super) fn add(&mut self, value: Cell<'_>, time: i64) {
        let is_other = self.time.is_none_or(|own| match self.is_latest {
            true => time > own,
            false => time < own,
        });
        if value == Cell::Null || (!is_other && self.time != Some(time)) {
            return;
        }
        if is_other {
            self.time = Some(time);
            self.values.clear();
        }
        if !self.values.contains(&value) {
            self.values.push(value.into_owned());
        }
    }

    /// Returns whether a value is one of them, or null where there is none.
    pub(super) fn allows(&self, found: &Cell<'_>) -> bool {
        match self.values.as_slice() {
            [] => *found == Cell::Null,
            values => values.contains(found),
        }
    }

    /// Writes them for people.
    pub(super) fn show(&self, scale: u8) -> String {
        let shown: Vec<String> = self.values.iter().map(|value| value.show(scale)).collect();
        match shown.is_empty() {
            true => Cell::Null.show(scale),
            false => shown.join(" or "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell::Text(text.into())
    }

    #[test]
    fn any_value_of_the_time_is_right_and_no_other() {
        let (mut first, mut last) = (OfOneTime::earliest(), OfOneTime::latest());
        for (value, time) in [("b", 2), ("c", 3), ("a", 1), ("d", 3), ("e", 1)] {
            first.add(text(value), time);
            last.add(text(value), time);
        }
        last.add(Cell::Null, 4);
        let allowed = |values: &OfOneTime| {
            let all = ["a", "b", "c", "d", "e"].into_iter();
            all.filter(|value| values.allows(&text(value)))
                .collect::<String>()
        };
        assert_eq!(
            (allowed(&first), allowed(&last)),
            ("ae".to_owned(), "cd".to_owned())
        );
        assert!(!last.allows(&Cell::Null));
        assert_eq!(last.show(0), "\"c\" or \"d\"");
    }

    #[test]
    fn nothing_but_null_is_right_where_no_row_has_a_value() {
        let mut last = OfOneTime::latest();
        last.add(Cell::Null, 1);
        assert!(last.allows(&Cell::Null) && !last.allows(&text("")));
        assert_eq!(last.show(0), "null");
    }
}
