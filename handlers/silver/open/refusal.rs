//! Why an event is refused whole.

use crate::event::RejectReason;
use crate::silver::cast::reject::Reject;

/// Refuses an event that has more records than it may.
#[cold]
pub(super) fn too_many(most: usize) -> Reject {
    Reject {
        reason: RejectReason::TooLarge,
        column: None,
        position: 0,
        detail: format!("the event has more than {most} records, which is max_records"),
    }
}

/// Refuses an event that cannot be opened.
#[cold]
pub(super) fn not_opened(detail: String) -> Reject {
    Reject {
        reason: RejectReason::NotOpened,
        column: None,
        position: 0,
        detail,
    }
}

/// Refuses an event whose records repeat more than it may have.
#[cold]
pub(super) fn repeated_too_much(bytes: usize, records: usize, most: usize) -> Reject {
    Reject {
        reason: RejectReason::TooLarge,
        column: None,
        position: 0,
        detail: format!(
            "the event has {records} records, and columns read from_event, from_property or from_system: repeated for each record these values are {bytes} bytes, more than {most}, which is max_bytes"
        ),
    }
}
