//! The settings of production, where local.settings.json has quicker feedback in mind.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde_json::Value;
use sluice::dataset::Latency;

/// Batching of the Event Hub trigger, in host.json.
const BATCHING: [&str; 2] = ["minEventBatchSize", "maxWaitTime"];
/// As in infra/main.bicep: maintenance every ten minutes.
const MAINTAIN_SCHEDULE: &str = "30 */10 * * * *";

/// As in infra/main.bicep: batches where gold follows silver at once.
const LOW_LATENCY: [(&str, &str); 2] = [("minEventBatchSize", "500"), ("maxWaitTime", "00:00:01")];

/// Returns the settings for the app at `root` with a dataset of this latency, with gold run every so many seconds.
pub(super) fn settings(
    root: &Path,
    latency: Latency,
    gold_seconds: u8,
) -> Result<BTreeMap<String, String>, Box<dyn Error + Send + Sync>> {
    let file = root.join("host.json");
    let failed = |error: &dyn Error| format!("read {}: {error}", file.display());
    let content = std::fs::read(&file).map_err(|error| failed(&error))?;
    let host: Value = serde_json::from_slice(&content).map_err(|error| failed(&error))?;
    let mut settings = batching(&host);
    if latency == Latency::Low {
        settings.extend(LOW_LATENCY.map(|(name, value)| (setting(name), value.to_owned())));
    }
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
        Some((setting(name), text))
    });
    values.collect()
}

fn setting(name: &str) -> String {
    format!("AzureFunctionsJobHost__extensions__eventHubs__{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_those_of_production_and_not_of_local_settings() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let template = std::fs::read_to_string(root.join("infra/main.bicep")).unwrap();
        for (latency, events, wait) in [
            (Latency::Timer, "1000", "00:00:02"),
            (Latency::Low, "500", "00:00:01"),
        ] {
            let settings = settings(root, latency, 2).unwrap();
            assert_eq!(settings[&setting("minEventBatchSize")], events);
            assert_eq!(settings[&setting("maxWaitTime")], wait);
            assert_eq!(settings["GOLD_SCHEDULE"], "*/2 * * * * *");
        }
        for expected in [
            "param minBatchEvents int = latency == 'low' ? 500 : 1000",
            "param maxBatchWait string = latency == 'low' ? '00:00:01' : '00:00:02'",
        ] {
            assert!(template.contains(expected), "{expected}");
        }
    }
}
