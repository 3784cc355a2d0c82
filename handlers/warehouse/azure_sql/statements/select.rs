//! A query of somebody's own, which must be one and nothing else; pure.
//!
//! T-SQL takes several statements in one text, also without a semicolon between them, and knows no transaction that only
//! reads. So no word with which a statement begins that changes anything may stand outside of quotes and comments, and
//! whoever runs the query undoes its transaction whatever it was.

/// The words of statements that change something, of the database or of the session, and of what runs text elsewhere.
const REFUSED: [&str; 44] = [
    "ADD",
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BULK",
    "CHECKPOINT",
    "COMMIT",
    "CREATE",
    "DBCC",
    "DECLARE",
    "DELETE",
    "DENY",
    "DISABLE",
    "DROP",
    "DUMP",
    "ENABLE",
    "EXEC",
    "EXECUTE",
    "GRANT",
    "INSERT",
    "INTO",
    "KILL",
    "LOAD",
    "MERGE",
    "MOVE",
    "OPENDATASOURCE",
    "OPENQUERY",
    "OPENROWSET",
    "RECEIVE",
    "RECONFIGURE",
    "RESTORE",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SEND",
    "SET",
    "SETUSER",
    "SHUTDOWN",
    "TRUNCATE",
    "UPDATE",
    "UPDATETEXT",
    "USE",
    "WRITETEXT",
];

/// Returns the query without its end, if it is one that only reads.
///
/// # Errors
/// Returns what is wrong and what is allowed.
pub(crate) fn only_select(text: &str) -> Result<&str, String> {
    let words = words(text)?;
    let begins = words.first().map(|(_, word)| word.as_str());
    if !matches!(begins, Some("SELECT" | "WITH")) {
        return Err("a query begins with SELECT or WITH".to_owned());
    }
    if let Some((_, word)) = words
        .iter()
        .find(|(_, word)| REFUSED.contains(&word.as_str()))
    {
        return Err(format!(
            "only a SELECT is run, and {word} may change something; a column of that name is written [{}]",
            word.to_lowercase()
        ));
    }
    let end = words.iter().position(|(_, word)| word == ";");
    match end.map(|end| words.split_at(end)) {
        Some((_, rest)) if rest.iter().any(|(_, word)| word != ";") => {
            Err("only one statement is run".to_owned())
        }
        Some((_, [(at, _), ..])) => Ok(text.get(..*at).unwrap_or(text)),
        _ => Ok(text),
    }
}

/// Returns the words outside of quotes and comments in capitals, and the semicolons, with their places.
fn words(text: &str) -> Result<Vec<(usize, String)>, String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        rest = match first {
            '\'' | '"' => after_quote(rest, first)?,
            '[' => after_quote(rest, ']')?,
            '-' if rest.starts_with("--") => rest.find('\n').map_or("", |end| &rest[end..]),
            '/' if rest.starts_with("/*") => after_comment(rest)?,
            ';' => {
                words.push((at, ";".to_owned()));
                &rest[1..]
            }
            c if is_of_word(c) => {
                let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                words.push((at, word.to_ascii_uppercase()));
                after
            }
            c if c.is_ascii() => &rest[1..],
            c => return Err(format!("{c} must stand in quotes")),
        };
    }
    Ok(words)
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '#' | '$')
}

/// Returns what follows a quote, whose end is doubled where it is meant itself.
fn after_quote(text: &str, end: char) -> Result<&str, String> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == end && letters.next_if(|(_, next)| *next == end).is_none() {
            return Ok(&text[at + 1..]);
        }
    }
    Err("a quote is not closed".to_owned())
}

/// Returns what follows a comment, in which there may be others.
fn after_comment(text: &str) -> Result<&str, String> {
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        let step = match rest.get(..2) {
            Some("/*") => {
                depth += 1;
                2
            }
            Some("*/") => {
                depth -= 1;
                2
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        rest = &rest[step..];
        if depth == 0 {
            return Ok(rest);
        }
    }
    Err("a comment is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_is_taken_as_it_is() {
        for text in [
            "select * from gold.daily",
            "WITH a AS (SELECT 1 AS x) SELECT x FROM a ORDER BY x OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY",
            "select 'drop table x; --', [update], \"delete\", N'it''s' -- drop\n from t /* insert /* into */ exec */",
            "select created_at, set_id, @@version from #t",
        ] {
            assert_eq!(only_select(text), Ok(text));
        }
        assert_eq!(only_select("select 1 ; ;\n"), Ok("select 1 "));
    }

    #[test]
    fn whatever_may_change_something_is_refused() {
        for text in [
            "drop table x",
            "",
            "select 1 drop table x",
            "select 1; select 2",
            "select * into y from x",
            "with a as (select 1 x) delete from a",
            "select 'it''s' EXEC sp_x",
            "select 1 /* a */ Update t set x = 1",
            "select 1 --\r\ncommit",
            "select [a]]] insert x values (1)",
            "select * from openrowset(bulk 'x', single_clob) as x",
            "select 'open",
            "select /* /* */ 1",
            "select ünï from t",
            "select 1 union all ınsert",
        ] {
            assert!(only_select(text).is_err(), "{text}");
        }
        let error = only_select("select move from t").unwrap_err();
        assert!(error.contains("written [move]"), "{error}");
    }
}
