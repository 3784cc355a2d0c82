//! Reads a text field by field; pure.

use super::field::Field;
use crate::value::time::day_of;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What a text said.
#[derive(Debug, Default)]
pub(super) struct Fields {
    year: i64,
    month: Option<i64>,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    is_afternoon: bool,
    minute: i64,
    second: i64,
    micros: i64,
    pub(super) offset: Option<i64>,
}

impl Fields {
    /// Reads one field at the start of `text`; returns what follows.
    pub(super) fn take<'t>(
        &mut self,
        field: Field,
        is_exact: bool,
        text: &'t [u8],
    ) -> Option<&'t [u8]> {
        if field.is_number() && field != Field::Fraction {
            let most = field.digits();
            let fewest = if is_exact { most } else { field.fewest() };
            let (number, rest) = number(text, fewest, most)?;
            self.set(field, number)?;
            return Some(rest);
        }
        let rest = match field {
            Field::MonthName => {
                let (month, rest) = month_name(text)?;
                self.month = Some(month);
                rest
            }
            Field::HalfDay => {
                let (half, rest) = text.split_at_checked(2)?;
                let is_afternoon = half.eq_ignore_ascii_case(b"pm");
                if !is_afternoon && !half.eq_ignore_ascii_case(b"am") {
                    return None;
                }
                self.is_afternoon = is_afternoon;
                rest
            }
            Field::Offset => {
                let (offset, rest) = offset(text)?;
                self.offset = Some(offset);
                rest
            }
            _ => {
                let (micros, rest) = fraction(text)?;
                self.micros = micros;
                rest
            }
        };
        Some(rest)
    }

    fn set(&mut self, field: Field, number: i64) -> Option<()> {
        let exists = match field {
            Field::Hour => number < 24,
            Field::HalfDayHour => (1..=12).contains(&number),
            Field::Minute | Field::Second => number < 60,
            _ => true,
        };
        match field {
            Field::Year => self.year = number,
            Field::ShortYear => self.year = if number < 70 { 2000 } else { 1900 } + number,
            Field::Month => self.month = Some(number),
            Field::Day => self.day = number,
            Field::DayOfYear => self.day_of_year = Some(number),
            Field::Hour => self.hour = number,
            Field::HalfDayHour => self.hour = number % 12,
            Field::Minute => self.minute = number,
            Field::Second => self.second = number,
            Field::MonthName | Field::HalfDay | Field::Fraction | Field::Offset => {}
        }
        exists.then_some(())
    }

    /// Returns the day, if it exists, in days since 1970.
    pub(super) fn day(&self) -> Option<i64> {
        let Some(day_of_year) = self.day_of_year else {
            return day_of(self.year, self.month?, self.day);
        };
        let first = day_of(self.year, 1, 1)?;
        let next = day_of(self.year + 1, 1, 1)?;
        let day = first + day_of_year - 1;
        (first..next).contains(&day).then_some(day)
    }

    pub(super) fn micros_of_day(&self) -> i64 {
        let noon = if self.is_afternoon { 12 } else { 0 };
        let seconds = (self.hour + noon) * 3_600 + self.minute * 60 + self.second;
        seconds * 1_000_000 + self.micros
    }
}

/// Reads a number at the start of `text`.
fn number(text: &[u8], fewest: usize, most: usize) -> Option<(i64, &[u8])> {
    let digits = text.iter().take(most);
    let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
    if count < fewest {
        return None;
    }
    let (digits, rest) = text.split_at_checked(count)?;
    let value = |value, digit: &u8| value * 10 + i64::from(digit - b'0');
    Some((digits.iter().fold(0, value), rest))
}

/// Reads digits of a fraction as microseconds; what is finer is cut.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count)?;
    let (value, _) = number(digits, 1, 6)?;
    let zeros = 6_usize.saturating_sub(count);
    let micros = (0..zeros).fold(value, |micros, _| micros * 10);
    Some((micros, rest))
}

/// Reads the name of a month, whole or its first three letters.
fn month_name(text: &[u8]) -> Option<(i64, &[u8])> {
    let begins = |name: &str| {
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name.as_bytes()).then_some(rest)
    };
    let months = (1..).zip(MONTHS);
    let mut found = months.filter_map(|(month, name)| {
        let rest = begins(name).or_else(|| begins(name.get(..3)?))?;
        Some((month, rest))
    });
    found.next()
}

/// Reads an offset; returns seconds east of UTC.
fn offset(text: &[u8]) -> Option<(i64, &[u8])> {
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'Z' | b'z' => return Some((0, rest)),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = number(rest, 2, 2)?;
    let after_colon = rest.strip_prefix(b":");
    let minutes = number(after_colon.unwrap_or(rest), 2, 2);
    let (minutes, rest) = match (minutes, after_colon) {
        (Some(minutes), _) => minutes,
        (None, Some(_)) => return None,
        (None, None) => (0, rest),
    };
    let exists = hours < 24 && minutes < 60;
    exists.then_some((sign * (hours * 3_600 + minutes * 60), rest))
}
