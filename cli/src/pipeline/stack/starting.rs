//! What a start tells of itself: which part is being started, and where each one stands when it runs.

use std::sync::Arc;

use crate::output::say;

/// A part of a pipeline, in the order in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Storage,
    Hub,
    /// What an earlier run left is looked at.
    State,
    Handler,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Storage, Self::Hub, Self::State, Self::Handler];

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Hub => "event hub",
            Self::State => "state",
            Self::Handler => "handler",
        }
    }
}

/// What is told of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is being started.
    Begins,
    /// It takes its time, and this is why.
    Says(String),
    /// It runs; where, or as what.
    Stands(String),
    /// Something about it is not as usual.
    Differs(String),
}

/// Hears what is told.
pub(crate) type Teller = Arc<dyn Fn(Part, Told) + Send + Sync>;

/// Returns what tells on standard error what takes long or is not as usual.
pub(crate) fn aloud() -> Teller {
    Arc::new(|_, told| match told {
        Told::Says(text) | Told::Differs(text) => say(&text),
        Told::Begins | Told::Stands(_) => {}
    })
}

/// Says that storage is not at its usual ports; nothing if it is.
pub(super) fn storage_moved(ports: [u16; 3], usual: [u16; 3]) -> Option<String> {
    let [blobs, queues, tables] = ports;
    let [first, _, last] = usual;
    (ports != usual).then(|| {
        format!(
            "ports {first} to {last} are taken: storage is at 127.0.0.1:{blobs}, {queues} and {tables}, and `UseDevelopmentStorage=true` leads elsewhere"
        )
    })
}

/// Says that the event hub is not at its usual port; nothing if it is.
pub(super) fn hub_moved(port: u16, usual: u16) -> Option<String> {
    (port != usual).then(|| format!("port {usual} is taken: the event hub is at 127.0.0.1:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_moved_are_named_with_what_they_replace() {
        assert_eq!(storage_moved([1, 2, 3], [1, 2, 3]), None);
        let moved = storage_moved([40_449, 40_450, 40_451], [10_000, 10_001, 10_002]);
        let moved = moved.unwrap();
        assert!(
            moved.starts_with("ports 10000 to 10002 are taken: storage is at 127.0.0.1:40449,")
        );
        assert_eq!(hub_moved(5_672, 5_672), None);
        assert_eq!(
            hub_moved(40_000, 5_672).unwrap(),
            "port 5672 is taken: the event hub is at 127.0.0.1:40000"
        );
    }
}
