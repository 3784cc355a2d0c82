//! What numbers and bytes are in JSON text.

use std::fmt::{self, Debug};
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, Utc};

use super::input::Broken;
use super::node::{Meaning, Unit};

const SECONDS_PER_DAY: i64 = 86_400;
/// The most bytes that a decimal has.
const MOST_BYTES: usize = 1_024;
/// What the digits of a large number are taken off by.
const BILLION: u64 = 1_000_000_000;

impl Unit {
    fn of_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }

    /// Returns how many digits a fraction of a second has.
    fn digits(self) -> usize {
        match self {
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
        }
    }
}

/// Writes to bytes, which does not fail.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Appends a whole number.
pub(super) fn integer(value: i64, meaning: Meaning, out: &mut Vec<u8>) {
    let written = match meaning {
        Meaning::Date => date(value, out),
        Meaning::Time(unit) => time(value, unit, out),
        Meaning::Timestamp(unit) => timestamp(value, unit, "Z", out),
        Meaning::LocalTimestamp(unit) => timestamp(value, unit, "", out),
        Meaning::Itself | Meaning::Decimal(_) | Meaning::Uuid => None,
    };
    if written.is_none() {
        put(out, format_args!("{value}"));
    }
}

/// Returns a point in time of the years 1 to 9999.
fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    let moment = DateTime::from_timestamp(seconds, 0)?;
    (1..=9999).contains(&moment.year()).then_some(moment)
}

fn date(days: i64, out: &mut Vec<u8>) -> Option<()> {
    let day = moment(days.checked_mul(SECONDS_PER_DAY)?)?;
    put(out, format_args!("\"{}\"", day.format("%Y-%m-%d")));
    Some(())
}

fn time(value: i64, unit: Unit, out: &mut Vec<u8>) -> Option<()> {
    let second = value.div_euclid(unit.of_second());
    let fraction = value.rem_euclid(unit.of_second());
    if !(0..SECONDS_PER_DAY).contains(&second) {
        return None;
    }
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let (second, digits) = (second % 60, unit.digits());
    put(
        out,
        format_args!("\"{hour:02}:{minute:02}:{second:02}.{fraction:0digits$}\""),
    );
    Some(())
}

fn timestamp(value: i64, unit: Unit, zone: &str, out: &mut Vec<u8>) -> Option<()> {
    let moment = moment(value.div_euclid(unit.of_second()))?;
    let fraction = value.rem_euclid(unit.of_second());
    let (seconds, digits) = (moment.format("%Y-%m-%dT%H:%M:%S"), unit.digits());
    put(out, format_args!("\"{seconds}.{fraction:0digits$}{zone}\""));
    Some(())
}

/// Appends a floating-point number, whose `own` digits are those of its type.
pub(super) fn float(value: f64, own: &dyn Debug, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        put(out, format_args!("\"{sign}Infinity\""));
    } else {
        put(out, format_args!("{own:?}"));
    }
}

/// Appends bytes.
pub(super) fn bytes(value: &[u8], meaning: Meaning, out: &mut Vec<u8>) -> Result<(), Broken> {
    match meaning {
        Meaning::Decimal(scale) => decimal(value, scale, out),
        Meaning::Uuid => {
            put(out, format_args!("\""));
            for (place, byte) in value.iter().enumerate() {
                let dash = if matches!(place, 4 | 6 | 8 | 10) {
                    "-"
                } else {
                    ""
                };
                put(out, format_args!("{dash}{byte:02x}"));
            }
            out.push(b'"');
            Ok(())
        }
        _ => {
            put(out, format_args!("\"{}\"", STANDARD.encode(value)));
            Ok(())
        }
    }
}

/// Appends the digits of a number in two's complement, the highest byte first.
fn decimal(value: &[u8], scale: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
    if value.len() > MOST_BYTES {
        return Err("holds a decimal of more than 1024 bytes");
    }
    let is_negative = value.first().is_some_and(|first| first & 0x80 != 0);
    let digits = digits(magnitude(value, is_negative));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let sign = if is_negative { "-" } else { "" };
    let (whole, fraction) = digits
        .split_at_checked(digits.len() - scale)
        .unwrap_or((&digits, ""));
    let point = if scale > 0 { "." } else { "" };
    put(out, format_args!("{sign}{whole}{point}{fraction}"));
    Ok(())
}

/// Returns how far a number is from 0.
fn magnitude(value: &[u8], is_negative: bool) -> Vec<u8> {
    let mut bytes = value.to_vec();
    if is_negative {
        let mut carry = true;
        for byte in bytes.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    bytes
}

/// Returns the decimal digits of a number whose highest byte is first.
fn digits(mut bytes: Vec<u8>) -> String {
    let mut groups = Vec::new();
    while bytes.iter().any(|byte| *byte != 0) {
        let mut rest = 0;
        for byte in &mut bytes {
            let part = rest << 8 | u64::from(*byte);
            // A part is less than 256 billions.
            *byte = (part / BILLION) as u8;
            rest = part % BILLION;
        }
        groups.push(rest);
    }
    let highest = groups.pop().unwrap_or(0);
    let mut text = highest.to_string();
    for group in groups.into_iter().rev() {
        text.push_str(&format!("{group:09}"));
    }
    text
}
