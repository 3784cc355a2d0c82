//! The settings of production, where local.settings.json has quicker feedback in mind.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde_json::Value;

/// Batching of the Event Hub trigger, in host.json.
const BATCHING: [&str; 2] = ["minEventBatchSize", "maxWaitTime"];
/// As in infra/main.bicep: maintenance every ten minutes.
const MAINTAIN_SCHEDULE: &str = "30 */10 * * * *";

/// Returns the settings for the app at `root`, with gold run every so many seconds.
pub(super) fn settings(
    root: &Path,
    gold_seconds: u8,
) -> Result<BTreeMap<String, String>, Box<dyn Error + Send + Sync>> {
    let file = root.join("host.json");
    let failed = |error: &dyn Error| format!("read {}: {error}", file.display());
    let content = std::fs::read(&file).map_err(|error| failed(&error))?;
    let host: Value = serde_json::from_slice(&content).map_err(|error| failed(&error))?;
    let mut settings = batching(&host);
    settings.insert("MAINTAIN_SCHEDULE".to_owned(), MAINTAIN_SCHEDULE.to_owned());
    settings.insert(
        "GOLD_SCHEDULE".to_owned(),
        format!("*/{gold_seconds} * * * * *"),
    );
    Ok(settings)
}

/// Settings that say once more what host.json says, so that local.settings.json cannot lower it.
fn batching(host: &Value) -> BTreeMap<String, String> {
    let options = &host["extensions"]["eventHubs"];
    let values = BATCHING.iter().filter_map(|name| {
        let text = match &options[name] {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = format!("AzureFunctionsJobHost__extensions__eventHubs__{name}");
        Some((name, text))
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_those_of_production_and_not_of_local_settings() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let settings = settings(root, 2).unwrap();
        let batching = |name: &str| {
            settings[&format!("AzureFunctionsJobHost__extensions__eventHubs__{name}")].as_str()
        };
        assert_eq!(batching("minEventBatchSize"), "1000");
        assert_eq!(batching("maxWaitTime"), "00:00:02");
        assert_eq!(settings["GOLD_SCHEDULE"], "*/2 * * * * *");
    }
}
