//! What a command is about to write to, said before it does.

use sluice::warehouse::azure_sql;

use crate::output::say;

/// The places that a command writes to, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) dataset: Option<String>,
    pub(crate) storage: Option<String>,
    pub(crate) hub: Option<String>,
    pub(crate) database: Option<String>,
    /// Whose pipeline that is.
    pub(crate) whose: String,
}

impl Written {
    fn line(&self) -> String {
        let places = [
            ("dataset", &self.dataset),
            ("storage", &self.storage),
            ("event hub", &self.hub),
            ("database", &self.database),
        ];
        let places = places.into_iter();
        let places = places.filter_map(|(what, place)| Some(format!("{what} {}", place.as_ref()?)));
        let places: Vec<_> = places.collect();
        format!("writes to: {} ({})", places.join(", "), self.whose)
    }
}

/// Says in one line on standard error what is about to be written to. Every command that writes says it first.
pub(crate) fn say_target(written: &Written) {
    say(&written.line());
}

/// Returns where the setting `GoldDatabase` leads, without its secrets.
pub(crate) fn database(gold: &str) -> String {
    match gold.strip_prefix("sqlite:") {
        Some(file) => file.to_owned(),
        None => azure_sql::address(gold).map_or_else(
            |_| "a database".to_owned(),
            |(server, database)| format!("{server}/{database}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_named_in_one_line_without_secrets() {
        let secret = "Server=tcp:s.example;Database=gold;User=u;Password=hidden";
        let written = Written {
            dataset: Some("datasets/orders.toml".to_owned()),
            storage: Some("http://127.0.0.1:10000/devstoreaccount1".to_owned()),
            hub: None,
            database: Some(database(secret)),
            whose: "the environment names it".to_owned(),
        };
        assert_eq!(
            written.line(),
            "writes to: dataset datasets/orders.toml, storage http://127.0.0.1:10000/devstoreaccount1, database s.example/gold (the environment names it)"
        );
        assert_eq!(database("sqlite:/s/gold.db"), "/s/gold.db");
        assert_eq!(database("Password=hidden"), "a database");
    }
}
