//! Code as a row of tokens, also inside of macros: the words, literals, paths and imports in it.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::UseTree;

/// A word, a literal or a sign.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) text: String,
    /// The line that it is in, from 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A string; the token's text is its value.
    Text,
    Sign,
}

/// One name that a `use` brings in.
#[derive(Debug)]
pub(super) struct Use {
    /// The path as it is written.
    pub(super) path: Vec<String>,
    /// The name here; `*` for all of the path's names.
    pub(super) name: String,
    pub(super) line: usize,
    /// Whether others see it here too.
    pub(super) is_public: bool,
    /// Whether it stands at the top of the file and not in a function.
    pub(super) is_top: bool,
}

/// A path in code: words with `::` between them.
#[derive(Debug)]
pub(super) struct CodePath {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// Whether it is called.
    pub(super) is_called: bool,
}

/// Adds the names that `tree` brings in.
pub(super) fn leaves(tree: &UseTree, is_public: bool, is_top: bool, found: &mut Vec<Use>) {
    let mut add = |mut path: Vec<String>, name: Option<String>, line| {
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let name = name.unwrap_or_else(|| path[path.len() - 1].clone());
        found.push(Use {
            name,
            path,
            line,
            is_public,
            is_top,
        });
    };
    walk(tree, &[], &mut add);
}

type Add<'a> = dyn FnMut(Vec<String>, Option<String>, usize) + 'a;

fn walk(tree: &UseTree, prefix: &[String], add: &mut Add<'_>) {
    let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
    match tree {
        UseTree::Path(part) => walk(&part.tree, &with(&part.ident), add),
        UseTree::Name(leaf) => add(with(&leaf.ident), None, leaf.ident.span().start().line),
        UseTree::Rename(leaf) => {
            let line = leaf.ident.span().start().line;
            add(with(&leaf.ident), Some(leaf.rename.to_string()), line);
        }
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            add(prefix.to_owned(), Some("*".to_owned()), line);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, prefix, add)),
    }
}

/// Adds the tokens of `stream` without docs, and the imports in its functions.
///
/// # Errors
/// Fails at a `#[cfg(test)]` that is left: what it is about would be taken for production code.
pub(super) fn flatten(
    stream: TokenStream,
    code: &mut Vec<Token>,
    uses: &mut Vec<Use>,
) -> Result<(), String> {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let mut push = |text: String, kind| code.push(Token { text, line, kind });
        match tree {
            TokenTree::Ident(word) if word == "use" && !is_sign(trees.peek(), '<') => {
                let rest = trees.by_ref().take_while(|tree| !is_sign(Some(tree), ';'));
                let tree = syn::parse2(rest.collect()).map_err(|error| error.to_string())?;
                leaves(&tree, false, false, uses);
            }
            TokenTree::Ident(word) => push(word.to_string(), Kind::Word),
            TokenTree::Literal(literal) => {
                let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                match text {
                    Ok(text) => push(text.value(), Kind::Text),
                    Err(_) => push(literal.to_string(), Kind::Sign),
                }
            }
            TokenTree::Punct(sign) if sign.as_char() == ':' && sign.spacing() == Spacing::Joint => {
                trees.next_if(|next| is_sign(Some(next), ':'));
                push("::".to_owned(), Kind::Sign);
            }
            TokenTree::Punct(sign) => push(sign.to_string(), Kind::Sign),
            TokenTree::Group(group) => {
                let (open, close) = signs(group.delimiter());
                let is_attribute = open == "[" && code.last().is_some_and(|at| at.text == "#");
                let first = group.stream().into_iter().next();
                if is_attribute && first.is_some_and(|first| first.to_string() == "doc") {
                    code.pop();
                    continue;
                }
                if is_attribute && group.stream().to_string().replace(' ', "") == "cfg(test)" {
                    return Err(format!(
                        "line {line}: #[cfg(test)] on a part of an item; move it to an item of its own"
                    ));
                }
                code.push(sign(open, line));
                flatten(group.stream(), code, uses)?;
                code.push(sign(close, group.span_close().start().line));
            }
        }
    }
    Ok(())
}

fn sign(text: &str, line: usize) -> Token {
    let (text, kind) = (text.to_owned(), Kind::Sign);
    Token { text, line, kind }
}

fn is_sign(tree: Option<&TokenTree>, sign: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

fn signs(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// The paths in `code`, those of one word too; not the names of methods and fields after a point.
pub(super) fn paths(code: &[Token]) -> Vec<CodePath> {
    let mut paths = Vec::new();
    let text = |at: usize| code.get(at).map_or("", |token| token.text.as_str());
    let is_word = |at: usize| code.get(at).is_some_and(|token| token.kind == Kind::Word);
    let mut at = 0;
    while at < code.len() {
        let before = at.checked_sub(1).map_or("", text);
        // `::std` begins a path, `Vec::<u8>::new` goes on with one.
        let goes_on = before == "::"
            && at
                .checked_sub(2)
                .is_some_and(|at| is_word(at) || text(at) == ">");
        if !is_word(at) || before == "." || goes_on {
            at += 1;
            continue;
        }
        let line = code[at].line;
        let mut segments = vec![text(at).to_owned()];
        while text(at + 1) == "::" && is_word(at + 2) {
            at += 2;
            segments.push(text(at).to_owned());
        }
        at += 1;
        paths.push(CodePath {
            segments,
            line,
            is_called: text(at) == "(" && before != "fn",
        });
    }
    paths
}
