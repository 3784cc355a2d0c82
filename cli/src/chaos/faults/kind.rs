//! The kinds of fault, and what each of them is.

use std::str::FromStr;
use std::time::Duration;

use sluice_local::faulty_proxy::Fault;

/// A kind of fault. Each of those that a run has must happen in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    HandlerKilled,
    HandlerHeld,
    HostRestarted,
    HubRestarted,
    StorageRestarted,
    Storage(Fault),
    Redelivered,
    TimersOverlapped,
    GoldLocked,
    BrokenFlood,
    ClockTurned,
}

/// Faults that a run on this machine cannot have, and why.
pub(crate) const NOT_HERE: [(&str, &str); 2] = [
    (
        "sql-connection",
        "gold is a file of SQLite here, to which there is no connection to be cut or throttled; gold-locked stands for it",
    ),
    (
        "storage-killed",
        "Azurite that is killed loses what it acknowledged last, which Azure's storage does not: it is ended with its data saved",
    ),
];

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::HandlerKilled,
        Self::HandlerHeld,
        Self::HostRestarted,
        Self::HubRestarted,
        Self::StorageRestarted,
        Self::Storage(Fault::Delayed),
        Self::Storage(Fault::Refused),
        Self::Storage(Fault::Reset),
        Self::Storage(Fault::AnswerLost),
        Self::Storage(Fault::Throttled),
        Self::Storage(Fault::AnswerHalved),
        Self::Redelivered,
        Self::TimersOverlapped,
        Self::GoldLocked,
        Self::BrokenFlood,
        Self::ClockTurned,
    ];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HandlerKilled => "handler-killed",
            Self::HandlerHeld => "handler-held",
            Self::HostRestarted => "host-restarted",
            Self::HubRestarted => "hub-restarted",
            Self::StorageRestarted => "storage-restarted",
            Self::Storage(Fault::Delayed) => "storage-delayed",
            Self::Storage(Fault::Refused) => "storage-refused",
            Self::Storage(Fault::Reset) => "storage-reset",
            Self::Storage(Fault::AnswerLost) => "storage-answer-lost",
            Self::Storage(Fault::Throttled) => "storage-throttled",
            Self::Storage(Fault::AnswerHalved) => "storage-answer-halved",
            Self::Redelivered => "redelivered",
            Self::TimersOverlapped => "timers-overlapped",
            Self::GoldLocked => "gold-locked",
            Self::BrokenFlood => "broken-flood",
            Self::ClockTurned => "clock-turned",
        }
    }

    /// What it does, in words.
    pub(crate) fn does(self) -> &'static str {
        match self {
            Self::HandlerKilled => "a handler was killed in the middle of whatever it did",
            Self::HandlerHeld => {
                "a handler stood still while the other did its work, and went on as if nothing had been"
            }
            Self::HostRestarted => "a host was stopped, and another took its place",
            Self::HubRestarted => "the event hub cut off all of its clients, and came back",
            Self::StorageRestarted => "the storage ended, and came back",
            Self::Storage(Fault::Delayed) => "a request to storage was held up for up to a second",
            Self::Storage(Fault::Refused) => "a connection to storage was reset at once",
            Self::Storage(Fault::Reset) => "a request was reset before storage had heard of it",
            Self::Storage(Fault::AnswerLost) => {
                "storage did what was asked, and its answer was lost"
            }
            Self::Storage(Fault::Throttled) => "storage was too busy, by 503 or 429",
            Self::Storage(Fault::AnswerHalved) => "an answer of storage ended in its middle",
            Self::Redelivered => {
                "checkpoints were set back, and two hosts delivered events again in other batches"
            }
            Self::TimersOverlapped => "gold and maintain ran on both hosts at once",
            Self::GoldLocked => "another connection had locked gold's database",
            Self::BrokenFlood => "hostile and broken events came all at once",
            Self::ClockTurned => "a handler worked with a clock that is wrong by up to hours",
        }
    }

    /// What its amount counts, where it has one.
    pub(crate) fn amount_of(self) -> Option<&'static str> {
        match self {
            Self::HandlerHeld | Self::GoldLocked => Some("second"),
            Self::Redelivered | Self::BrokenFlood => Some("event"),
            _ => None,
        }
    }

    /// How often it is to happen: once in so long, on average. Faults of storage are drawn for requests meanwhile, and
    /// more of one kind for some seconds that often.
    pub(in crate::chaos) fn every(self) -> Duration {
        Duration::from_millis(match self {
            Self::HandlerKilled => 2_000,
            Self::TimersOverlapped => 10_000,
            Self::HandlerHeld | Self::BrokenFlood => 20_000,
            Self::HostRestarted | Self::GoldLocked => 30_000,
            Self::HubRestarted | Self::ClockTurned => 45_000,
            Self::StorageRestarted | Self::Storage(_) | Self::Redelivered => 60_000,
        })
    }

    /// Why a run here cannot have it, if it cannot; the handler may work with a clock that is turned, or not.
    pub(crate) fn unavailable(self, obeys_clock: bool) -> Option<&'static str> {
        match self {
            Self::HandlerHeld if !cfg!(unix) => Some("this operating system holds no processes"),
            Self::ClockTurned if !obeys_clock => {
                Some("a released handler obeys no clock but the machine's")
            }
            _ => None,
        }
    }

    /// What may be the reason where it did not happen.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::ClockTurned => {
                "a released handler obeys no clock but the machine's: leave it out with --without clock-turned"
            }
            _ => "give it more --minutes",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            format!("it is one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_listed_once_and_known_by_its_name() {
        let kinds = BTreeSet::from(Kind::ALL);
        assert_eq!(kinds.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        for fault in Fault::ALL {
            assert!(kinds.contains(&Kind::Storage(fault)), "{fault:?}");
        }
        let error = "bad-luck".parse::<Kind>().unwrap_err();
        assert!(
            error.starts_with("it is one of handler-killed, "),
            "{error}"
        );
    }
}
