//! What differs: how much, and the first few in words; pure.

/// As many are told in words.
const TOLD: usize = 10;

/// Differences that were found, and how much agreed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences {
    told: Vec<String>,
    count: u64,
    agreed: u64,
}

impl Differences {
    /// Notes a difference.
    pub(super) fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(words());
        }
    }

    /// Notes that something agreed.
    pub(super) fn agrees(&mut self) {
        self.agreed += 1;
    }

    /// How many things were compared.
    pub(crate) fn compared(&self) -> u64 {
        self.count + self.agreed
    }

    /// The differences in words; the last line says how many more there are.
    pub(crate) fn list(&self) -> Vec<String> {
        let mut list = self.told.clone();
        let more = self.count - self.told.len() as u64;
        if more > 0 {
            list.push(format!("and {more} more"));
        }
        list
    }
}
