//! Command lines as documents print them.

/// A command line of a document.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) place: String,
    pub(crate) words: Vec<String>,
}

impl Printed {
    /// The arguments of the command, if it is ours.
    pub(crate) fn ours(&self) -> Option<&[String]> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["cargo", "sluice", ..] => self.words.get(2..),
            ["sluice", ..] => self.words.get(1..),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> String {
        format!("{}: {}", self.place, self.words.join(" "))
    }
}

/// The command lines of a text: those of code blocks for the shell, and in other code blocks what follows a prompt.
pub(crate) fn of_document(name: &str, text: &str) -> Vec<Printed> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    let mut open = String::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            fence = match fence {
                None => Some(kind.trim()),
                Some(_) => None,
            };
            continue;
        }
        let is_shell = matches!(fence, Some("sh" | "bash" | "console"));
        let indented = line.strip_prefix("    ").filter(|_| fence.is_none());
        let prompted = line.trim_start_matches("# ").strip_prefix("$ ");
        let code = match (is_shell, fence) {
            (true, _) => Some(line.strip_prefix("$ ").unwrap_or(line)),
            (false, Some(_)) => prompted,
            (false, None) => indented.filter(|line| line.contains("cargo ")),
        };
        let Some(code) = code else { continue };
        // A quote may go on in the next line.
        open.push_str(code);
        open.push('\n');
        let Some(commands) = split(&open) else {
            continue;
        };
        open.clear();
        let place = format!("{name}:{}", number + 1);
        found.extend(commands.into_iter().map(|words| Printed {
            place: place.clone(),
            words,
        }));
    }
    assert!(
        open.trim().is_empty(),
        "{name}: a quote is not closed: {open}"
    );
    found
}

/// Splits what a shell would read into commands of words, without comments, redirections and assignments; nothing if a
/// quote is open.
pub(crate) fn split(text: &str) -> Option<Vec<Vec<String>>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut letters = text.chars().peekable();
    let end_word = |word: &mut Option<String>, commands: &mut Vec<Vec<String>>| {
        if let (Some(word), Some(command)) = (word.take(), commands.last_mut()) {
            command.push(word);
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        end if end == letter => break,
                        inner => word.push(inner),
                    }
                }
            }
            '#' if word.is_none() => while letters.next_if(|c| *c != '\n').is_some() {},
            '|' | '&' | ';' | '\n' => {
                end_word(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            c if c.is_whitespace() => end_word(&mut word, &mut commands),
            c => word.get_or_insert_default().push(c),
        }
    }
    end_word(&mut word, &mut commands);
    let commands = commands.into_iter().map(|words| {
        let is_assignment = |word: &String| {
            let name = word.split_once('=').map(|(name, _)| name);
            name.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
                && !word.contains("$(")
        };
        let words = words.into_iter().skip_while(is_assignment);
        words.take_while(|word| word != ">").collect::<Vec<_>>()
    });
    Some(commands.filter(|words| !words.is_empty()).collect())
}
