//! App settings from `local.settings.json`, the environment and overrides, and `%NAME%` in texts.

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde_json::Value;

use super::error::ConfigError;

/// App settings by name; names are compared without case, as .NET configuration does.
#[derive(Clone, Debug, Default)]
pub struct AppSettings {
    values: BTreeMap<String, String>,
    inherited: BTreeMap<String, String>,
    /// Names in the file that the environment already defines, and which are therefore skipped.
    pub(crate) skipped: Vec<String>,
}

impl AppSettings {
    /// Joins the three sources; `overrides` win over `environment`, which wins over `file`.
    pub(crate) fn join(
        file: BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
        overrides: &BTreeMap<String, String>,
    ) -> Self {
        let mut values = overrides.clone();
        let mut skipped = Vec::new();
        for (name, value) in file {
            if overrides.contains_key(&name) {
                continue;
            }
            if environment.contains_key(&name) {
                skipped.push(name);
            } else {
                values.insert(name, value);
            }
        }
        let inherited = environment.clone();
        Self {
            values,
            inherited,
            skipped,
        }
    }

    /// The value of a setting that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let exact = self.values.get(name).or_else(|| self.inherited.get(name));
        let found = exact.or_else(|| {
            self.iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        });
        found.map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns whether the name has a value or is a section (`NAME__…`), which is how identities are given.
    pub(crate) fn has_connection(&self, name: &str) -> bool {
        let prefix = format!("{name}__").to_ascii_lowercase();
        self.get(name).is_some()
            || self
                .iter()
                .any(|(key, _)| key.to_ascii_lowercase().starts_with(&prefix))
    }

    /// The settings that the handler gets on top of the inherited environment.
    pub(crate) fn for_handler(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Every setting, those given here before those inherited.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.values.iter().chain(self.inherited.iter())
    }

    /// Replaces every `%NAME%`.
    ///
    /// # Errors
    /// Fails with the host's words when a name has no value.
    pub(crate) fn expand(&self, text: &str) -> Result<String, String> {
        replace_names(text, |name| {
            self.get(name)
                .ok_or_else(|| format!("'%{name}%' does not resolve to a value."))
        })
    }

    /// Replaces every `%NAME%`, by nothing where the name has no value.
    pub(crate) fn expand_loosely(&self, text: &str) -> String {
        let Ok(text) = replace_names(text, |name| {
            Ok::<_, Infallible>(self.get(name).unwrap_or_default())
        });
        text
    }
}

fn replace_names<'value, E>(
    text: &str,
    value: impl Fn(&str) -> Result<&'value str, E>,
) -> Result<String, E> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, tail)) = after.split_once('%') else {
            break;
        };
        out.push_str(before);
        out.push_str(value(name)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// Reads `Values` of a `local.settings.json`.
///
/// # Errors
/// Fails when the text is not JSON, or when the values are encrypted.
pub(crate) fn parse_local_settings(text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let unreadable = |message: String| ConfigError::LocalSettings { message };
    let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| unreadable(error.to_string()))?;
    if root.get("IsEncrypted").and_then(Value::as_bool) == Some(true) {
        return Err(unreadable(
            "encrypted settings are not supported".to_owned(),
        ));
    }
    let values = root.get("Values").and_then(Value::as_object);
    let texts = values.into_iter().flatten().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        (name.clone(), text)
    });
    Ok(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn overrides_win_over_the_environment_which_wins_over_the_file() {
        let file = map(&[("A", "file"), ("B", "file"), ("C", "file")]);
        let settings = AppSettings::join(
            file,
            &map(&[("A", "env"), ("B", "env")]),
            &map(&[("A", "over")]),
        );
        assert_eq!(settings.get("A"), Some("over"));
        assert_eq!(settings.get("b"), Some("env"));
        assert_eq!(settings.get("C"), Some("file"));
        assert_eq!(settings.skipped, ["B"]);
    }

    #[test]
    fn names_between_percent_signs_are_replaced_or_refused() {
        let settings = AppSettings::join(map(&[("HUB", "events")]), &map(&[]), &map(&[]));
        assert_eq!(settings.expand("x-%HUB%-y").as_deref(), Ok("x-events-y"));
        assert_eq!(settings.expand("100%").as_deref(), Ok("100%"));
        let refused = settings.expand("%NOPE%").expect_err("must not resolve");
        assert_eq!(refused, "'%NOPE%' does not resolve to a value.");
        assert_eq!(settings.expand_loosely("x-%HUB%-%NOPE%-%"), "x-events--%");
    }

    #[test]
    fn a_section_counts_as_a_connection() {
        let settings = AppSettings::join(
            map(&[("Hub__fullyQualifiedNamespace", "ns")]),
            &map(&[]),
            &map(&[]),
        );
        assert!(settings.has_connection("Hub"));
        assert!(!settings.has_connection("Hu"));
    }
}
