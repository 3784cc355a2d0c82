//! The words that are no names. Pure.

/// The words that mean something of their own.
const KEYWORDS: [&str; 20] = [
    "and", "as", "between", "case", "cast", "distinct", "else", "end", "escape", "false", "from",
    "in", "is", "like", "not", "null", "or", "then", "true", "when",
];

/// Returns whether a column of this name, in lower case, must be quoted.
pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}
