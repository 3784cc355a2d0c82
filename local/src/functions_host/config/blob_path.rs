//! Blob path patterns such as `bronze/{name}` or `in/{dir}/{name}.{ext}`.

/// A container and a pattern for the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobPattern {
    container: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Capture(String),
}

impl BlobPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Fails with the real host's words when the path has no container or no name, or when braces do not match.
    pub fn parse(path: &str) -> Result<Self, String> {
        let invalid = || {
            format!(
                "Invalid blob trigger path '{path}'. Paths must be in the format 'container/blob'."
            )
        };
        let (container, name) = path.split_once('/').ok_or_else(invalid)?;
        if container.is_empty() || name.is_empty() || container.contains(['{', '}']) {
            return Err(invalid());
        }
        let mut parts = Vec::new();
        let mut rest = name;
        while let Some((literal, after)) = rest.split_once('{') {
            let (capture, tail) = after
                .split_once('}')
                .ok_or_else(|| format!("Invalid template '{path}'. Missing closing bracket."))?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Capture(capture.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self {
            container: container.to_owned(),
            parts,
        })
    }

    /// The container.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Returns the prefix of every matching name.
    pub fn prefix(&self) -> &str {
        match self.parts.first() {
            Some(Part::Literal(text)) => text,
            _ => "",
        }
    }

    /// The captures in order if the name matches; earlier captures take as much as they can.
    pub fn captures(&self, name: &str) -> Option<Vec<(String, String)>> {
        let mut found = match_parts(&self.parts, name)?;
        found.reverse();
        Some(found)
    }
}

/// Captures in reverse order.
fn match_parts(parts: &[Part], name: &str) -> Option<Vec<(String, String)>> {
    let Some((part, rest)) = parts.split_first() else {
        return name.is_empty().then(Vec::new);
    };
    match part {
        Part::Literal(text) => match_parts(rest, name.strip_prefix(text.as_str())?),
        Part::Capture(key) => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.rev().find_map(|end| {
                let (value, tail) = name.split_at(end);
                let mut found = match_parts(rest, tail)?;
                found.push((key.clone(), value.to_owned()));
                Some(found)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(pattern: &str, name: &str) -> Option<Vec<(String, String)>> {
        BlobPattern::parse(pattern).expect("valid").captures(name)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn a_capture_takes_virtual_folders_too() {
        assert_eq!(
            captures("bronze/{name}", "orders/0/a.jsonl"),
            Some(pairs(&[("name", "orders/0/a.jsonl")]))
        );
    }

    #[test]
    fn literals_split_captures_and_earlier_ones_are_greedy() {
        assert_eq!(
            captures("in/{dir}/{name}.{ext}", "a/b/c.d.csv"),
            Some(pairs(&[("dir", "a/b"), ("name", "c.d"), ("ext", "csv")]))
        );
        assert_eq!(captures("in/{name}.csv", "a.txt"), None);
    }

    #[test]
    fn the_prefix_is_what_comes_before_the_first_capture() {
        assert_eq!(
            BlobPattern::parse("in/x/{name}").expect("valid").prefix(),
            "x/"
        );
        assert_eq!(BlobPattern::parse("in/{name}").expect("valid").prefix(), "");
    }

    #[test]
    fn paths_without_a_name_are_refused() {
        assert!(BlobPattern::parse("bronze").is_err());
        assert!(BlobPattern::parse("bronze/{name").is_err());
    }
}
