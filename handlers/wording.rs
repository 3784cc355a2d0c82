//! Words of people's files in messages: quoted, and which one was meant. Pure.

/// Returns the option that is spelled most like `word`, if one is close.
#[must_use]
pub fn nearest<'o>(word: &str, options: &[&'o str]) -> Option<&'o str> {
    // However long the word is, looking for it takes no time.
    let word: String = word.to_lowercase().chars().take(256).collect();
    options
        .iter()
        .map(|option| (strsim::osa_distance(&word, &option.to_lowercase()), *option))
        .filter(|(distance, option)| *distance <= 1 + option.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, option)| option)
}

/// Says which of the options is meant by a word that is none of them, or all of them behind `lead`.
#[must_use]
pub fn meant(word: &str, options: &[&str], lead: &str) -> String {
    match nearest(word, options) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None => format!("{lead} {}", options.join(", ")),
    }
}

/// Quotes a word for people, shortened if it is very long.
#[must_use]
pub fn quoted(word: &str) -> String {
    const LONGEST: usize = 80;
    if word.chars().count() <= LONGEST {
        return format!("\"{word}\"");
    }
    let start: String = word.chars().take(LONGEST).collect();
    format!("\"{start}…\"")
}
