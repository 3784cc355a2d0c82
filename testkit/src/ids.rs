//! The ids of commits and of whatever else a process names: random, or of a seed, so that a run can be repeated.

use std::cell::Cell;

use crate::faulty::Dice;

thread_local! {
    static DICE: Cell<Option<Dice>> = const { Cell::new(None) };
}

/// Lets the ids that this thread makes from now on be a function of the seed.
pub fn seed(seed: u64) {
    DICE.set(Some(Dice::of(seed)));
}

/// Makes an id.
pub(crate) fn next() -> String {
    let id = match DICE.get() {
        Some(mut dice) => {
            let bytes = u128::from(dice.any()) << 64 | u128::from(dice.any());
            DICE.set(Some(dice));
            uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
        }
        None => uuid::Uuid::new_v4(),
    };
    id.simple().to_string()
}
