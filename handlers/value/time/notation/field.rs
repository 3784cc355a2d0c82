//! The directives of formats; pure.

/// What a directive stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    Hour,
    HalfDayHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Offset,
}

impl Field {
    pub(super) const ALL: [(u8, Self); 13] = [
        (b'Y', Self::Year),
        (b'm', Self::Month),
        (b'd', Self::Day),
        (b'H', Self::Hour),
        (b'M', Self::Minute),
        (b'S', Self::Second),
        (b'f', Self::Fraction),
        (b'j', Self::DayOfYear),
        (b'b', Self::MonthName),
        (b'z', Self::Offset),
        (b'p', Self::HalfDay),
        (b'I', Self::HalfDayHour),
        (b'y', Self::ShortYear),
    ];

    pub(super) fn named(letter: u8) -> Option<Self> {
        let found = Self::ALL.iter().find(|(own, _)| *own == letter);
        found.map(|(_, field)| *field)
    }

    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::MonthName | Self::HalfDay | Self::Offset)
    }

    /// Returns the most digits of a number.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::Year => 4,
            Self::DayOfYear => 3,
            _ => 2,
        }
    }

    /// Returns the fewest digits where no number follows at once.
    pub(super) fn fewest(self) -> usize {
        match self {
            Self::Year => 4,
            Self::ShortYear => 2,
            _ => 1,
        }
    }
}
