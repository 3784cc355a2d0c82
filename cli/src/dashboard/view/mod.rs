//! What a page shows, as HTML made of templates: a shell, and parts of it that change; pure.
//!
//! Each part has an id of its own and a template that is given text and numbers only, which the templates escape. What a
//! chart shows stands beside it as text.

mod alerts;
mod gold;
mod layers;
mod rejected;
mod text;

use std::collections::BTreeMap;

use askama::Template;

use super::reading::Facts;
use crate::output::named;
use text::{html, seconds};

/// The whole page, before anything is known.
#[derive(Template)]
#[template(path = "dashboard/page.html")]
struct Shell<'a> {
    name: &'a str,
    names: &'a [&'a str],
    tables: &'a [String],
    called: &'a str,
}

/// Where the figures come from.
#[derive(Template)]
#[template(source = "<p>from {{ target }}</p>", ext = "html")]
struct Target<'a> {
    target: &'a str,
}

/// Of when the figures are.
#[derive(Template)]
#[template(path = "dashboard/state.html")]
struct State {
    /// Nothing before anything was read.
    at: Option<String>,
    generation: u32,
}

/// Why they are not of now.
#[derive(Template)]
#[template(path = "dashboard/problem.html")]
struct Problem {
    since: String,
    text: String,
}

/// Returns the page of a dataset among those that are served; `tables` have a place on it each. It names the command as
/// `called`.
pub(super) fn page(name: &str, names: &[&str], tables: &[String], called: &str) -> String {
    html(&Shell {
        name,
        names,
        tables,
        called,
    })
}

/// Returns the parts of the page by their ids.
pub(super) fn parts(facts: &Facts) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::from([
        ("state".to_owned(), state(facts)),
        ("target".to_owned(), target(facts)),
        ("problem".to_owned(), problem(facts)),
        ("layers".to_owned(), layers::layers(facts)),
        ("flow".to_owned(), layers::flow(facts)),
        ("balance".to_owned(), layers::balance(facts)),
        ("rejected".to_owned(), rejected::rejected(facts)),
        ("alerts".to_owned(), alerts::alerts(facts)),
        ("gold".to_owned(), gold::standing(facts)),
    ]);
    parts.extend(gold::contents(facts));
    parts
}

fn state(facts: &Facts) -> String {
    html(&State {
        at: facts.read.map(seconds),
        generation: facts.dataset.generation,
    })
}

fn target(facts: &Facts) -> String {
    html(&Target {
        target: &facts.target,
    })
}

fn problem(facts: &Facts) -> String {
    let Some((since, text)) = &facts.problem else {
        return String::new();
    };
    html(&Problem {
        since: seconds(*since),
        text: named(text, facts.called),
    })
}

#[cfg(test)]
mod tests;
