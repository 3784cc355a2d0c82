//! The timer trigger's body.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Payload, PayloadWriter, with_offset};

/// The schedule monitor's state before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScheduleStatus {
    pub(crate) last: DateTime<Utc>,
    pub(crate) next: DateTime<Utc>,
    pub(crate) last_updated: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TimerInfo {
    schedule: AdjustForDst,
    schedule_status: Option<Status>,
    is_past_due: bool,
}

#[derive(Serialize)]
struct AdjustForDst {
    #[serde(rename = "AdjustForDST")]
    adjust_for_dst: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    last: String,
    next: String,
    last_updated: String,
}

impl From<ScheduleStatus> for Status {
    fn from(status: ScheduleStatus) -> Self {
        Self {
            last: with_offset(status.last),
            next: with_offset(status.next),
            last_updated: with_offset(status.last_updated),
        }
    }
}

/// Writes the body of a run; without a monitor there is no status.
pub(crate) fn payload(binding: &str, status: Option<ScheduleStatus>, is_past_due: bool) -> Payload {
    let info = TimerInfo {
        schedule: AdjustForDst {
            adjust_for_dst: true,
        },
        schedule_status: status.map(Status::from),
        is_past_due,
    };
    PayloadWriter::with_object(binding, &info).finish()
}

/// The status blob of the schedule monitor.
pub(crate) fn status_json(status: ScheduleStatus) -> String {
    super::json_text(&Status::from(status))
}

/// Reads the status blob.
pub(crate) fn parse_status(text: &str) -> Option<ScheduleStatus> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let time = |key: &str| {
        let text = json.get(key)?.as_str()?;
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.with_timezone(&Utc))
    };
    Some(ScheduleStatus {
        last: time("Last")?,
        next: time("Next")?,
        last_updated: time("LastUpdated")?,
    })
}
