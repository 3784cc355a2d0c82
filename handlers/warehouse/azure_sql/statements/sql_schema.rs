//! The database schema that gold lives in, and names and texts in quotes; pure text.

/// The schema that gold lives in, unless it is said otherwise.
pub const DEFAULT_SCHEMA: &str = "gold";
/// The database schema that gold lives in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlSchema(pub(in crate::warehouse::azure_sql) String);

impl SqlSchema {
    /// Checks the name of the schema, [`DEFAULT_SCHEMA`] if none is given.
    ///
    /// # Errors
    /// Returns what is wrong with the name and what is allowed.
    pub(crate) fn named(name: Option<&str>) -> Result<Self, String> {
        let name = name.unwrap_or(DEFAULT_SCHEMA);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts_well || !name.chars().all(is_allowed) || name.len() > 100 {
            return Err(format!(
                "the schema {name:?} is not a name of 1 to 100 letters, digits and _ that starts with a letter"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the full name of one of its objects.
    pub(crate) fn of(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.0), quote(name))
    }
}

/// Quotes an identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Quotes text.
pub(crate) fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}
