//! Text for people and for programs, on standard output.

use std::io::Write;

/// Writes a line. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes a number with commas.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number of things, such as `1 file` or `2,000 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", thousands(number))
}

/// Writes a size as people say it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return count(bytes, "byte");
    }
    let mut scaled = bytes as f64 / 1_000.0;
    let mut unit = UNITS[0];
    for next in UNITS.iter().skip(1) {
        if scaled < 1_000.0 {
            break;
        }
        scaled /= 1_000.0;
        unit = next;
    }
    format!("{scaled:.1} {unit}")
}

/// Writes a number of seconds as people say it.
pub(crate) fn span(seconds: i64) -> String {
    match seconds {
        i64::MIN..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!(
            "{} days",
            thousands(u64::try_from(seconds / 86_400).unwrap_or(0))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas_and_spans_a_unit() {
        let numbers = [0, 7, 999, 1_000, 69_659, 1_234_567].map(thousands);
        assert_eq!(numbers, ["0", "7", "999", "1,000", "69,659", "1,234,567"]);
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(2_000, "file"), "2,000 files");
        let sizes = [0, 1, 999, 1_000, 1_234_567, 5_000_000_000_000_000].map(size);
        assert_eq!(
            sizes,
            [
                "0 bytes",
                "1 byte",
                "999 bytes",
                "1.0 kB",
                "1.2 MB",
                "5000.0 TB"
            ]
        );
        let spans = [3, 119, 120, 7_200, 172_800, 900_000_000].map(span);
        assert_eq!(
            spans,
            ["3 s", "119 s", "2 min", "2 h", "2 days", "10,416 days"]
        );
    }
}
