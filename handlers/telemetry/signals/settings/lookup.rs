//! How the value of a setting is read; pure.

use std::time::Duration;

use percent_encoding::percent_decode_str;

/// Where settings are read.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a>(pub(super) &'a dyn Fn(&str) -> Option<String>);

impl Lookup<'_> {
    /// Returns the value of a setting. An empty one is as good as none, as the specification has it.
    pub(super) fn present(self, name: &str) -> Option<String> {
        let value = (self.0)(name)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }
}

/// Reads milliseconds.
pub(super) fn millis(setting: &str, text: &str, problems: &mut Vec<String>) -> Option<Duration> {
    let millis: Option<u64> = text.parse().ok().filter(|millis| *millis > 0);
    if millis.is_none() {
        problems.push(format!(
            "{setting} is {text:?}; it takes milliseconds, 1 or more"
        ));
    }
    millis.map(Duration::from_millis)
}

/// Reads pairs such as `a=b,c=d`, whose values are percent-encoded. What is in them may be secret.
pub(super) fn pairs(
    setting: &str,
    text: &str,
    problems: &mut Vec<String>,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (number, pair) in (1..).zip(text.split(',')) {
        let Some((key, value)) = pair
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
        else {
            problems.push(format!(
                "{setting} has no `=` in its pair {number}; it takes pairs such as key=value,other=value"
            ));
            continue;
        };
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        pairs.push((key.trim().to_owned(), value.into_owned()));
    }
    pairs
}
