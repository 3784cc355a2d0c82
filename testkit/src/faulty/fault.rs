//! How calls fail.

/// Whether a call that fails takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It fails instead.
    Before,
    /// It takes effect, and the answer is lost.
    After,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With an error that may pass. What a store or a commit did is unknown to the caller then.
    Transient,
    /// With an error that stays.
    Permanent,
    /// With an error that leaves the outcome open, whatever the call was.
    Unknown,
    /// With an error that stays, and so does every call after it.
    Outage,
    /// With a panic, as a defect would.
    Panic,
    /// Not at all: the process is gone, and none of its calls returns or takes effect any more.
    Crash,
}

/// The ways in which a call fails for good to whoever made it, or leaves the outcome open.
pub const ENDINGS: [(When, How); 5] = [
    (When::Before, How::Crash),
    (When::After, How::Crash),
    (When::Before, How::Permanent),
    (When::After, How::Permanent),
    (When::After, How::Unknown),
];

/// The ways in which a call fails by chance.
pub const FAULTS: [(When, How); 7] = [
    (When::Before, How::Crash),
    (When::After, How::Crash),
    (When::Before, How::Permanent),
    (When::After, How::Permanent),
    (When::After, How::Unknown),
    (When::Before, How::Transient),
    (When::After, How::Transient),
];
