//! The functions of the language. Pure.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Coalesce,
    NullIf,
    Abs,
    Floor,
    Ceil,
    Round,
    Div,
    Mod,
    Least,
    Greatest,
    Lower,
    Upper,
    Trim,
    Substr,
    Length,
    Replace,
    StartsWith,
    EndsWith,
    Contains,
    Date,
    Hour,
    ToZone,
    Year,
    Month,
    Day,
}

/// Every function: its name, and how it is called.
const ALL: [(Function, &str, &str); 25] = [
    (Function::Coalesce, "coalesce", "coalesce(a, b, …)"),
    (Function::NullIf, "nullif", "nullif(a, b)"),
    (Function::Abs, "abs", "abs(number)"),
    (Function::Floor, "floor", "floor(number)"),
    (Function::Ceil, "ceil", "ceil(number)"),
    (Function::Round, "round", "round(number, digits)"),
    (Function::Div, "div", "div(a, b)"),
    (Function::Mod, "mod", "mod(a, b)"),
    (Function::Least, "least", "least(a, b, …)"),
    (Function::Greatest, "greatest", "greatest(a, b, …)"),
    (Function::Lower, "lower", "lower(text)"),
    (Function::Upper, "upper", "upper(text)"),
    (Function::Trim, "trim", "trim(text)"),
    (
        Function::Substr,
        "substr",
        "substr(text, start) or substr(text, start, length)",
    ),
    (Function::Length, "length", "length(text)"),
    (Function::Replace, "replace", "replace(text, what, with)"),
    (
        Function::StartsWith,
        "starts_with",
        "starts_with(text, start)",
    ),
    (Function::EndsWith, "ends_with", "ends_with(text, end)"),
    (Function::Contains, "contains", "contains(text, part)"),
    (Function::Date, "date", "date(time)"),
    (Function::Hour, "hour", "hour(time)"),
    (Function::ToZone, "to_zone", "to_zone(timestamp, 'zone')"),
    (Function::Year, "year", "year(time)"),
    (Function::Month, "month", "month(time)"),
    (Function::Day, "day", "day(time)"),
];

impl Function {
    /// Returns the function of this name, in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, known, _)| *known == name);
        found.map(|(function, ..)| *function)
    }

    /// Returns the names of all functions.
    pub(super) fn names() -> Vec<&'static str> {
        ALL.iter().map(|(_, name, _)| *name).collect()
    }

    pub(super) fn name(self) -> &'static str {
        self.entry().0
    }

    /// Returns how it is called.
    pub(super) fn usage(self) -> &'static str {
        self.entry().1
    }

    fn entry(self) -> (&'static str, &'static str) {
        let found = ALL.iter().find(|(function, ..)| *function == self);
        found.map_or(("", ""), |(_, name, usage)| (name, usage))
    }
}
