//! What a text must look like: a regular expression for the whole of it; pure.
//!
//! What a pattern means does not depend on how the crate `regex` was built, nor on the release of Unicode: classes such as
//! `\d` and `\w` are those of ASCII, and what needs tables of Unicode is refused.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Most bytes of a pattern as it is written.
const LONGEST: usize = 1_024;
/// Most bytes of it in memory, once it is compiled.
const LARGEST: usize = 256 * 1_024;
/// How deep its groups may be nested.
const DEEPEST: u32 = 32;

/// A pattern.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Fails if it is no pattern, is too large, or has what depends on Unicode; with a text for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let ascii = ascii(text)?;
        // Alone first: a pattern such as `a)|(b` would make sense between other parentheses.
        compile(&ascii)?;
        Ok(Self {
            whole: compile(&format!(r"\A(?:{ascii})\z"))?,
            text: text.to_owned(),
        })
    }

    /// Returns whether a text is like this as a whole.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl fmt::Display for Pattern {
    /// Writes the pattern as the dataset file does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let compiled = RegexBuilder::new(pattern)
        .size_limit(LARGEST)
        .nest_limit(DEEPEST)
        .build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            "is too large: write fewer or smaller repetitions".to_owned()
        }
        error => {
            // The library draws a picture over several lines, the last of which says what is wrong.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            let reason = last.strip_prefix("error: ").unwrap_or(last);
            format!("is no pattern: {reason}")
        }
    })
}

/// Writes classes out as those of ASCII.
fn ascii(text: &str) -> Result<String, String> {
    let mut written = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' if characters.peek() == Some(&'?') => {
                let mut after = characters.clone();
                after.next();
                if after.peek() != Some(&':') {
                    return Err(
                        "has a group that begins with (?, of which there is only (?:…): write upper and lower case out, as in [Aa]"
                            .to_owned(),
                    );
                }
                written.push('(');
            }
            '\\' => escape(characters.next(), &mut written)?,
            other => written.push(other),
        }
    }
    Ok(written)
}

fn escape(letter: Option<char>, written: &mut String) -> Result<(), String> {
    let Some(letter) = letter else {
        return Err("ends in a backslash".to_owned());
    };
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => r"[\t\n\x0B\x0C\r ]",
        'S' => r"[^\t\n\x0B\x0C\r ]",
        // The whole of a text has one begin and one end, and words are those of a language.
        'p' | 'P' | 'b' | 'B' | 'A' | 'z' | '<' | '>' => {
            return Err(format!(
                "has \\{letter}: a pattern is for the whole text, and of classes there are \\d \\w \\s \\D \\W \\S and those in brackets"
            ));
        }
        other => {
            written.push('\\');
            written.push(other);
            return Ok(());
        }
    };
    written.push_str(class);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn a_pattern_is_for_the_whole_text() {
        assert!(matches("a|ab", "ab"));
        assert!(!matches("a", "ab"));
        assert!(!matches("b", "ab"));
        assert!(!matches("a", "a\n"));
        assert!(matches("", ""));
        assert!(matches("^a$", "a"));
    }

    #[test]
    fn classes_are_those_of_ascii_and_a_dot_is_one_character() {
        for (pattern, text, expected) in [
            (r"\d", "7", true),
            (r"\d", "٧", false),
            (r"\D", "٧", true),
            (r"\w+", "a_9", true),
            (r"\w", "é", false),
            (r"[\w.]+", "a.b", true),
            (r"[^\d]", "é", true),
            (r"\s", "\u{a0}", false),
            (r"\S", "\u{a0}", true),
            (r"[[:alpha:]]", "é", false),
            (r"[é-ü]", "ö", true),
            (r".", "é", true),
            (r".{2}", "é", false),
            (r".", "\n", false),
            (r"\\d", r"\d", true),
            (r"\(?:\)", "(:)", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_of_ours_says_why() {
        let problem = |pattern: &str| Pattern::parse(pattern).unwrap_err();
        assert!(problem("a)|(b").starts_with("is no pattern: unopened"));
        assert!(problem("[").starts_with("is no pattern: unclosed"));
        assert!(problem("(?i)a").contains("only (?:…)"));
        assert!(problem("(?<n>a)").contains("only (?:…)"));
        assert!(problem(r"\p{L}").starts_with(r"has \p:"));
        assert!(problem(r"\bword").starts_with(r"has \b:"));
        assert_eq!(problem("\\"), "ends in a backslash");
        assert!(problem("(a{1000}){1000}").starts_with("is too large"));
        assert!(problem(&"(".repeat(40)).starts_with("is no pattern"));
        assert!(problem(&"a".repeat(2_000)).starts_with("is longer"));
    }
}
