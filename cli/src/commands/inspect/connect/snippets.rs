//! Snippets for tools of others; pure. What comes from the settings is quoted as the language does it.

use serde_json::json;
use sluice::store::account::{EMULATOR_ACCOUNT, EMULATOR_KEY};

use super::places::{Account, Gold, Places};
use crate::output::shell_word;

/// Says for DuckDB how many rows silver has.
pub(super) fn duckdb(places: &Places) -> String {
    format!(
        "import duckdb\n{}silver = table.to_pyarrow_dataset()\nprint(duckdb.sql(\"select count(*) as n from silver\"))",
        table(places)
    )
}

/// Reads the first rows with Polars.
pub(super) fn polars(places: &Places) -> String {
    format!(
        "import polars\n\n{}silver = polars.scan_delta({}, storage_options=options)\nprint(silver.head(5).collect())",
        options(places),
        python(&places.uri)
    )
}

/// Reads silver with pandas, and gold where it is a file.
pub(super) fn pandas(places: &Places) -> String {
    let mut text = format!(
        "{}silver = table.to_pandas()\nprint(silver.head(5))",
        table(places)
    );
    if let (Gold::File(file), Some(name)) = (&places.gold, &places.table) {
        let uri = json!(format!("file:{}?mode=ro", percent(file)));
        text.push_str(&format!(
            "\n\nimport sqlite3\nimport pandas\n\ngold = sqlite3.connect({uri}, uri=True)\nprint(pandas.read_sql({}, gold))",
            python(&format!("select * from {name}"))
        ));
    }
    text
}

/// Reads silver with Spark.
pub(super) fn spark(places: &Places) -> String {
    let Account::Azure { name } = &places.account else {
        return format!(
            "# Spark's driver for Azure does not speak to the emulator: rows are handed over.\n\
             from pyspark.sql import SparkSession\n{}spark = SparkSession.builder.getOrCreate()\n\
             silver = spark.createDataFrame(table.to_pandas())\nsilver.show(5)",
            table(places)
        );
    };
    let host = format!("{name}.dfs.core.windows.net");
    format!(
        "# with io.delta:delta-spark and org.apache.hadoop:hadoop-azure, as a managed identity that may read\n\
         host = {}\n\
         spark.conf.set(f\"fs.azure.account.auth.type.{{host}}\", \"OAuth\")\n\
         spark.conf.set(f\"fs.azure.account.oauth.provider.type.{{host}}\",\n\
         \x20              \"org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider\")\n\
         spark.read.format(\"delta\").load({}).show(5)",
        python(&host),
        python(&format!("abfss://silver@{host}/{}", places.silver))
    )
}

/// Prints a gold table with SQLite's own shell.
pub(super) fn sqlite(places: &Places) -> String {
    let Gold::File(file) = &places.gold else {
        return "# gold is in no file; sluice query asks it where it is".to_owned();
    };
    let Some(name) = &places.table else {
        return "# the dataset file has no gold table".to_owned();
    };
    format!(
        "sqlite3 -readonly -box {} {}",
        shell_word(file),
        shell_word(&format!("select * from {name} limit 5"))
    )
}

/// Says how Power BI gets to gold.
pub(super) fn power_bi(places: &Places) -> String {
    let (Gold::Server { server, database }, name) = (&places.gold, &places.table) else {
        let name = places.table.as_deref().unwrap_or("TABLE");
        return format!(
            "# Power BI reads gold in Azure SQL; of a file it takes tables as CSV\nsluice gold {name} --limit 0 --format csv > {name}.csv"
        );
    };
    let table = name.as_deref().map_or(String::new(), |name| {
        format!("\n# then choose {name}_report: docs/power-bi.md")
    });
    let string =
        format!("Server=tcp:{server};Database={database};Authentication=Active Directory Default");
    format!(
        "sluice schema --pbids --gold {} > gold.pbids{table}",
        shell_word(&string)
    )
}

/// Opens silver as a Delta table.
fn table(places: &Places) -> String {
    format!(
        "from deltalake import DeltaTable\n\n{}table = DeltaTable({}, storage_options=options)\n",
        options(places),
        python(&places.uri)
    )
}

/// How Delta's readers get to the account.
fn options(places: &Places) -> String {
    let options = match &places.account {
        Account::Emulator { blobs } => vec![
            ("account_name", EMULATOR_ACCOUNT.to_owned()),
            ("account_key", EMULATOR_KEY.to_owned()),
            ("endpoint", blobs.clone()),
            ("allow_http", "true".to_owned()),
        ],
        Account::Azure { name } => vec![
            ("account_name", name.clone()),
            // As the user of `az login`; without it, as the managed identity of the machine.
            ("use_azure_cli", "true".to_owned()),
        ],
        Account::Other { blobs } => vec![
            ("endpoint", blobs.clone()),
            ("use_azure_cli", "true".to_owned()),
        ],
    };
    let lines = options.into_iter();
    let lines = lines.map(|(name, value)| format!("    {}: {},\n", python(name), python(&value)));
    format!("options = {{\n{}}}\n", lines.collect::<String>())
}

/// A text as Python writes it, which is as JSON does.
fn python(text: &str) -> String {
    json!(text).to_string()
}

/// A path in a URI of SQLite.
fn percent(path: &str) -> String {
    let escaped = path.chars().map(|c| match c {
        '%' => "%25".to_owned(),
        '?' => "%3f".to_owned(),
        '#' => "%23".to_owned(),
        c => c.to_string(),
    });
    escaped.collect()
}
