//! `sluice connect`: how other tools reach what a pipeline holds.

mod places;
mod snippets;

use std::error::Error;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::output::print;
use crate::target::{self, AppSettings, SettingsArguments};
use places::Places;

/// Print how other tools reach the pipeline: connection strings, and snippets that are ready to run
///
/// With the ports that the pipeline really has. Of a pipeline on this machine the keys are those of the emulators, which
/// are public; of a deployment no secret is ever printed, and the snippets sign in as you are signed in.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice connect                  everything
  sluice connect event-hub        one connection string, for a producer
  sluice connect polars > read.py
  sluice connect sqlite           one line for the shell
  sluice connect --json           for programs")]
pub(crate) struct ConnectArguments {
    /// Print this alone: a connection string, or a snippet as a file that its tool runs
    what: Option<What>,
    /// Print JSON: an object with the places, and a snippet for each tool
    #[arg(long, conflicts_with = "what")]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// A connection string, or a tool that reads silver or gold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The connection string of the event hub, for producers and consumers
    EventHub,
    /// The connection string of the storage, for its tools
    Storage,
    /// Silver, by DuckDB in Python
    Duckdb,
    /// Silver, by Polars
    Polars,
    /// Silver, by pandas
    Pandas,
    /// Silver, by Spark
    Spark,
    /// Gold in a file
    Sqlite,
    /// Gold
    PowerBi,
}

/// Those of which there are snippets, and what is above each.
const TOOLS: [(What, &str); 6] = [
    (
        What::Duckdb,
        "DuckDB on silver (pip install duckdb deltalake pyarrow)",
    ),
    (
        What::Polars,
        "Polars on silver (pip install polars deltalake)",
    ),
    (
        What::Pandas,
        "pandas on silver (pip install pandas deltalake pyarrow)",
    ),
    (What::Spark, "Spark on silver"),
    (What::Sqlite, "SQLite on gold"),
    (What::PowerBi, "Power BI on gold"),
];

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::EventHub => "event-hub",
            Self::Storage => "storage",
            Self::Duckdb => "duckdb",
            Self::Polars => "polars",
            Self::Pandas => "pandas",
            Self::Spark => "spark",
            Self::Sqlite => "sqlite",
            Self::PowerBi => "power-bi",
        }
    }

    /// What is printed for it.
    fn text(self, places: &Places) -> Result<String, &'static str> {
        Ok(match self {
            Self::EventHub => places
                .event_hub()
                .ok_or("the settings name no event hub: EventHubConnection and EVENTHUB_NAME")?
                .to_owned(),
            Self::Storage => places.storage().to_owned(),
            Self::Duckdb => snippets::duckdb(places),
            Self::Polars => snippets::polars(places),
            Self::Pandas => snippets::pandas(places),
            Self::Spark => snippets::spark(places),
            Self::Sqlite => snippets::sqlite(places),
            Self::PowerBi => snippets::power_bi(places),
        })
    }
}

/// Prints.
pub(crate) async fn run(arguments: ConnectArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    settings.own()?;
    let dataset = target::dataset(&settings)?;
    let places = Places::of(&dataset, &|name| settings.lookup(name))?;
    match (arguments.what, arguments.json) {
        (Some(what), _) => print(&what.text(&places)?),
        (None, true) => print(&format!("{:#}", json(&places)?)),
        (None, false) => print(&format!("from {}\n\n{}", settings.origin, text(&places)?)),
    }
    Ok(true)
}

fn text(places: &Places) -> Result<String, &'static str> {
    let lines = places.named();
    let lines = lines.map(|(name, value)| format!("{name:<10} {}", value.unwrap_or("none")));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    for (tool, heading) in TOOLS {
        text.push_str(&format!(
            "\n\n# {heading}: sluice connect {}\n{}",
            tool.name(),
            tool.text(places)?
        ));
    }
    Ok(text)
}

fn json(places: &Places) -> Result<Value, &'static str> {
    let named = places.named();
    let mut object: serde_json::Map<String, Value> = named
        .map(|(name, value)| (name.replace(' ', "_"), json!(value)))
        .collect();
    let snippets = TOOLS.map(|(tool, _)| Ok((tool.name().to_owned(), json!(tool.text(places)?))));
    let snippets: serde_json::Map<String, Value> =
        snippets.into_iter().collect::<Result<_, &'static str>>()?;
    object.insert("snippets".to_owned(), Value::Object(snippets));
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use sluice::store::account::EMULATOR_KEY;

    use super::*;
    use crate::target::in_memory::repository;

    const HUB: &str = "Endpoint=sb://127.0.0.1:40123;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    fn places(values: &[(&str, &str)]) -> Places {
        let dataset = sluice::dataset::Dataset::load(&repository().join("datasets/orders.toml"));
        let lookup = |name: &str| {
            let mut values = values.iter();
            let (_, value) = values.find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        };
        Places::of(&dataset.unwrap(), &lookup).unwrap()
    }

    #[test]
    fn a_pipeline_here_is_reached_by_its_real_ports() {
        let storage = format!(
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={EMULATOR_KEY};\
             BlobEndpoint=http://127.0.0.1:40449/devstoreaccount1;QueueEndpoint=http://127.0.0.1:40450/devstoreaccount1;\
             TableEndpoint=http://127.0.0.1:40451/devstoreaccount1;"
        );
        let places = places(&[
            ("LakeStorage", &storage),
            ("EventHubConnection", HUB),
            ("EVENTHUB_NAME", "events"),
            ("GoldDatabase", "sqlite:/it's/gold.db"),
        ]);
        let text = text(&places).unwrap();
        let hub = What::EventHub.text(&places).unwrap();
        assert_eq!(hub, format!("{HUB}EntityPath=events"), "ready to be copied");
        let storage = What::Storage.text(&places).unwrap();
        assert!(storage.ends_with("TableEndpoint=http://127.0.0.1:40451/devstoreaccount1;"));
        for expected in [
            "Endpoint=sb://127.0.0.1:40123;",
            "UseDevelopmentEmulator=true;EntityPath=events",
            "BlobEndpoint=http://127.0.0.1:40449/",
            "\"endpoint\": \"http://127.0.0.1:40449/devstoreaccount1\"",
            "az://silver/orders/g1",
            r"sqlite3 -readonly -box '/it'\''s/gold.db'",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
        let json = json(&places).unwrap();
        assert_eq!(json["gold"], "/it's/gold.db");
        assert!(
            json["event_hub"]
                .as_str()
                .unwrap()
                .ends_with("EntityPath=events")
        );
    }

    #[test]
    fn no_secret_of_a_deployment_is_printed() {
        let key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
        let storage = format!(
            "DefaultEndpointsProtocol=https;AccountName=shoplake;AccountKey={key};EndpointSuffix=core.windows.net"
        );
        let hub = format!(
            "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey={key}"
        );
        let gold =
            format!("Server=tcp:shop.database.windows.net;Database=gold;User Id=u;Password={key}");
        let values = [
            ("LakeStorage", storage.as_str()),
            ("EventHubConnection", &hub),
            ("EVENTHUB_NAME", "orders"),
            ("GoldDatabase", &gold),
        ];
        let places = places(&values);
        let all = format!("{}{:#}", text(&places).unwrap(), json(&places).unwrap());
        let hub = What::EventHub.text(&places).unwrap();
        assert_eq!(hub, "shop.servicebus.windows.net/orders");
        assert!(!all.contains(key) && !all.contains("User Id"), "{all}");
        for expected in [
            "https://shoplake.blob.core.windows.net",
            "shop.servicebus.windows.net/orders",
            "\"use_azure_cli\": \"true\"",
            "abfss://silver@shoplake.dfs.core.windows.net/orders/g1",
            "Server=tcp:shop.database.windows.net;Database=gold;Authentication=Active Directory Default;Encrypt=True",
            "sluice schema --pbids",
        ] {
            assert!(all.contains(expected), "{expected} is not in\n{all}");
        }
    }

    #[test]
    fn what_is_not_set_is_said_to_be_none() {
        let places = places(&[("LakeStorage__accountName", "shoplake")]);
        let error = What::EventHub.text(&places).unwrap_err();
        assert!(
            error.starts_with("the settings name no event hub"),
            "{error}"
        );
        let text = text(&places).unwrap();
        assert!(text.starts_with("event hub  none\n"), "{text}");
        assert!(text.contains("gold       none"), "{text}");
        assert!(text.contains("# gold is in no file"), "{text}");
    }
}
