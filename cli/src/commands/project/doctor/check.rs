//! One thing that was looked at; pure.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What it is.
    pub(super) check: String,
    pub(super) state: State,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Not there, which only some commands mind.
    Absent,
    /// Something is to be done about it.
    Bad,
}

impl Check {
    pub(super) fn ok(check: &str, found: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            state: State::Ok,
            found: found.into(),
            advice: None,
        }
    }

    pub(super) fn not_ok(
        check: &str,
        state: State,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            state,
            advice: Some(advice.into()),
            ..Self::ok(check, found)
        }
    }
}
