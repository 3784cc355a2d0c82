//! The types of the language. Pure.

use std::fmt;

use crate::value::decimal::MAX_PRECISION;

/// The type of an expression or of a column that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// A 64-bit integer.
    Int64,
    /// A finite 64-bit floating-point number; there is no -0.
    Double,
    /// An exact number with `precision` digits, `scale` of them after the point.
    Decimal {
        /// All digits: 1 to 38 of a value, up to 76 inside a computation.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8 text.
    String,
    /// A point in time: microseconds since 1970, in UTC.
    Timestamp,
    /// What clocks show in a time zone: as a timestamp, and comparable with none.
    LocalTime,
    /// A day.
    Date,
    /// JSON text; only its absence can be told.
    Json,
}

impl Type {
    /// Returns the decimal type, unless no decimal has so many digits.
    pub(super) fn decimal(precision: u8, scale: u8) -> Option<Self> {
        let exists = (1..=MAX_PRECISION).contains(&precision) && scale <= precision;
        exists.then_some(Self::Decimal { precision, scale })
    }

    /// Returns whether values of the type are in an order.
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Self::Bool | Self::Json)
    }

    /// Returns whether the type is one of numbers.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Int64 | Self::Double | Self::Decimal { .. })
    }

    /// Returns whether there is a CAST from this type to another.
    pub(super) fn casts_to(self, to: Self) -> bool {
        match (self, to) {
            (from, to) if from == to => true,
            (_, Self::Json | Self::LocalTime) | (Self::Double | Self::LocalTime, Self::String) => {
                false
            }
            (_, Self::String) | (Self::Timestamp | Self::LocalTime, Self::Date) => true,
            (Self::String, _) => true,
            (Self::Timestamp, Self::Int64) | (Self::Int64, Self::Timestamp) => true,
            (from, to) => from.is_number() && to.is_number(),
        }
    }

    /// Reads the name that a CAST gives, with the numbers in its parentheses.
    pub(super) fn parse(name: &str, arguments: &[&str]) -> Result<Self, String> {
        let plain = match name.to_ascii_lowercase().as_str() {
            "bool" => Self::Bool,
            "int64" => Self::Int64,
            "double" => Self::Double,
            "string" => Self::String,
            "timestamp" => Self::Timestamp,
            "date" => Self::Date,
            "decimal" => return parse_decimal(arguments),
            other => return Err(unknown(other)),
        };
        match arguments.is_empty() {
            true => Ok(plain),
            false => Err(format!("{plain} takes no numbers in parentheses")),
        }
    }
}

const CAST_TYPES: [&str; 7] = [
    "bool",
    "int64",
    "double",
    "decimal",
    "string",
    "timestamp",
    "date",
];

fn unknown(name: &str) -> String {
    let meant = match name {
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "long" => Some("int64"),
        "float" | "real" | "float64" => Some("double"),
        "numeric" | "number" => Some("decimal"),
        "varchar" | "nvarchar" | "char" | "text" => Some("string"),
        "boolean" | "bit" => Some("bool"),
        "datetime" | "datetime2" | "timestamptz" => Some("timestamp"),
        _ => crate::wording::nearest(name, &CAST_TYPES),
    };
    let name = crate::wording::quoted(name);
    match meant {
        Some(meant) => format!("there is no type {name}; did you mean {meant}?"),
        None => format!(
            "there is no type {name}; a CAST makes one of bool, int64, double, decimal(precision,scale), string, timestamp, date"
        ),
    }
}

fn parse_decimal(arguments: &[&str]) -> Result<Type, String> {
    let [precision, scale] = arguments else {
        return Err(
            "a decimal names its digits and those after the point, such as decimal(18,2)"
                .to_owned(),
        );
    };
    let digits = |text: &str| text.parse::<u8>().ok();
    let found = digits(precision).zip(digits(scale));
    let found = found.and_then(|(precision, scale)| Type::decimal(precision, scale));
    found.ok_or_else(|| {
        format!(
            "decimal({precision},{scale}) does not exist: it has 1 to 38 digits, and no more of them after the point than it has"
        )
    })
}

impl fmt::Display for Type {
    /// Writes the type as the dataset file and a CAST do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int64 => f.write_str("int64"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::LocalTime => f.write_str("local time"),
            Self::Date => f.write_str("date"),
            Self::Json => f.write_str("json"),
        }
    }
}
