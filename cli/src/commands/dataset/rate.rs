//! What finding duplicates costs at a rate of events.

use sluice::dataset::Dataset;
use sluice::settings::DEFAULT_KEY_CACHE_BYTES;
use sluice::silver::dedup::key_set::KEY_BYTES;
use sluice::value::Period;

use crate::output::{size, thousands};

/// What it costs, and what is to be warned of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) text: String,
    pub(super) warning: Option<String>,
}

/// Works out what each commit is compared with at so many events a second.
pub(super) fn cost(dataset: &Dataset, rate: u64) -> Cost {
    let events = thousands(rate);
    let Some(key) = &dataset.key else {
        let text = format!(
            "at {events} events/s: every record is a row, and none is compared with another"
        );
        let warning = None;
        return Cost { text, warning };
    };
    let Some(bucket) = key.bucket else {
        let text = format!(
            "at {events} events/s: a commit is compared with files of the same moments alone, whose keys are in memory"
        );
        let warning = None;
        return Cost { text, warning };
    };
    let name = bucket.as_str();
    let keys = rate.saturating_mul(seconds(bucket));
    let bytes = keys.saturating_mul(KEY_BYTES as u64);
    let keys = thousands(keys);
    let text = format!(
        "at {events} events/s: every commit is compared with all of its {name}, up to {keys} keys, which take {} in memory",
        size(bytes)
    );
    let is_beyond = bytes > DEFAULT_KEY_CACHE_BYTES as u64;
    let warning = is_beyond.then(|| {
        format!(
            "key: the keys of a {name} take {} at {events} events/s, and the key cache has {} unless SLUICE_KEY_CACHE_MIB says otherwise: beyond it every commit reads the key columns of the {name}'s files again, up to {keys} rows; give the cache as much, take a shorter bucket, or the event time itself",
            size(bytes),
            size(DEFAULT_KEY_CACHE_BYTES as u64),
        )
    });
    Cost { text, warning }
}

/// Returns the longest that a bucket lasts.
fn seconds(bucket: Period) -> u64 {
    match bucket {
        Period::Hour => 3_600,
        Period::Day => 86_400,
        Period::Month => 31 * 86_400,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(key: &str) -> Dataset {
        let text = format!(
            "name = \"x\"\n{key}\nevent_time = \"at\"\nperiod = \"day\"\n[[column]]\nname = \"at\"\ntype = \"timestamp\"\nrequired = true\n"
        );
        Dataset::parse(&text, "x.toml").unwrap()
    }

    #[test]
    fn a_bucket_costs_all_of_its_keys_and_is_warned_of_beyond_the_cache() {
        let by_day = dataset("key = [\"day(at)\"]");
        let small = cost(&by_day, 10);
        assert!(small.text.contains("up to 864,000 keys"), "{}", small.text);
        assert_eq!(small.warning, None);
        let large = cost(&by_day, 1_000);
        assert!(
            large.text.contains("up to 86,400,000 keys"),
            "{}",
            large.text
        );
        let warning = large.warning.unwrap();
        assert!(warning.contains("SLUICE_KEY_CACHE_MIB"), "{warning}");
    }

    #[test]
    fn an_exact_key_and_none_at_all_cost_no_bucket() {
        for key in ["key = [\"at\"]", "dedup = { keep = \"all\" }"] {
            assert_eq!(cost(&dataset(key), 1_000_000).warning, None, "{key}");
        }
    }
}
