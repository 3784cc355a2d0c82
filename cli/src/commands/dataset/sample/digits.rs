//! What numbers look like as they are written; pure.

/// What numbers look like as they are written.
#[derive(Debug, Default)]
pub(in super::super) struct Digits {
    count: u64,
    /// Numbers with an exponent.
    pub(in super::super) exponents: u64,
    /// Most digits before the point.
    pub(in super::super) whole: usize,
    /// Fewest and most digits after the point.
    pub(in super::super) fraction: (usize, usize),
    /// The lowest and the highest number.
    pub(in super::super) low: f64,
    pub(in super::super) high: f64,
    /// Each number is larger than the one before, and whether always by one.
    pub(in super::super) grows: bool,
    pub(in super::super) counts_up: bool,
    /// The last number.
    pub(super) last: f64,
}

impl Digits {
    /// Takes a number in.
    pub(super) fn add(&mut self, text: &str) {
        let digits = text.trim_start_matches('-');
        let (digits, has_exponent) = match digits.split_once(['e', 'E']) {
            Some((digits, _)) => (digits, true),
            None => (digits, false),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        // Every number of JSON is one of Rust's.
        let number: f64 = text.parse().unwrap_or(0.0);
        if self.count == 0 {
            *self = Self {
                fraction: (usize::MAX, 0),
                low: number,
                high: number,
                grows: true,
                counts_up: true,
                ..Self::default()
            };
        } else {
            self.grows &= number > self.last;
            self.counts_up &= (number - self.last - 1.0).abs() < 1e-9;
        }
        self.count += 1;
        self.exponents += u64::from(has_exponent);
        self.whole = self.whole.max(whole.len());
        let (fewest, most) = self.fraction;
        self.fraction = (fewest.min(fraction.len()), most.max(fraction.len()));
        (self.low, self.high) = (self.low.min(number), self.high.max(number));
        self.last = number;
    }
}
