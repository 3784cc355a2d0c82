//! What a new project holds; pure.

use std::path::PathBuf;

use crate::pipeline::LOCAL_SETTINGS;
use crate::target::LOCAL_FILE;

/// The dataset file of the repository, whose events `up` can make up.
const ORDERS: &str = include_str!("../../../../datasets/orders.toml");
/// How that file names its dataset.
const ORDERS_NAME: &str = "name = \"orders\"\n";
/// The settings that a project has otherwise than the repository: its dataset, and no handler that is built in it.
const DATASET: &str = "\"DATASET\": \"datasets/orders.toml\"";
const EXECUTABLE: &str = "defaultExecutablePath";

/// The file with the events of a project's first fixture, and what is expected of them.
pub(super) const FIRST_EVENTS: &str = "first.jsonl";
const FIRST_EXPECTED: &str = "first.expected";
/// The JSON Schema of dataset files, and how a dataset file names it.
const SCHEMA: &str = "dataset.schema.json";
const SCHEMA_LINE: &str = "#:schema dataset.schema.json\n";

/// What is written into a project.
#[derive(Debug)]
pub(super) struct Content {
    /// The dataset file.
    pub(super) dataset: String,
    /// Sample events.
    pub(super) sample: Vec<u8>,
    pub(super) fixture: Fixture,
    /// The JSON Schema of dataset files.
    pub(super) schema: String,
}

/// Events, and what is expected of them.
#[derive(Debug)]
pub(super) struct Fixture {
    pub(super) events: Vec<u8>,
    pub(super) expected: String,
}

/// A file of a project.
#[derive(Debug)]
pub(super) struct ProjectFile {
    pub(super) path: PathBuf,
    pub(super) content: Vec<u8>,
    /// What it is, for people.
    pub(super) about: &'static str,
}

/// Returns the dataset file that made-up orders go with.
pub(super) fn orders(name: &str) -> String {
    ORDERS.replacen(ORDERS_NAME, &format!("name = \"{name}\"\n"), 1)
}

/// Returns all files of the project `name`.
pub(super) fn files(name: &str, content: Content) -> Vec<ProjectFile> {
    let file = |path: String, content: Vec<u8>, about| ProjectFile {
        path: path.into(),
        content,
        about,
    };
    vec![
        file(
            format!("datasets/{name}.toml"),
            (SCHEMA_LINE.to_owned() + &content.dataset).into(),
            "what an event looks like, and the tables that are kept",
        ),
        file(
            format!("datasets/{name}.tests/{FIRST_EVENTS}"),
            content.fixture.events,
            "the first events of the sample, as a test",
        ),
        file(
            format!("datasets/{name}.tests/{FIRST_EXPECTED}"),
            content.fixture.expected.into(),
            "what becomes of each of them",
        ),
        file(
            format!("datasets/{SCHEMA}"),
            (content.schema + "\n").into(),
            "lets editors complete and check dataset files",
        ),
        file(
            format!("samples/{name}.jsonl"),
            content.sample,
            "sample events",
        ),
        file(
            LOCAL_FILE.to_owned(),
            settings(name).into(),
            "settings for this machine, without a secret",
        ),
        file(
            ".github/workflows/dataset.yml".to_owned(),
            workflow(name).into(),
            "runs the tests, and the sample through the pipeline, on every push",
        ),
        file(
            ".gitignore".to_owned(),
            b".sluice/\n".to_vec(),
            "leaves the state of pipelines out",
        ),
        file("README.md".to_owned(), readme(name).into(), "the commands"),
    ]
}

fn settings(name: &str) -> String {
    let dataset = format!("\"DATASET\": \"datasets/{name}.toml\"");
    let lines = LOCAL_SETTINGS.lines();
    let lines = lines.filter(|line| !line.contains(EXECUTABLE));
    let lines = lines.map(|line| line.replace(DATASET, &dataset) + "\n");
    lines.collect()
}

fn workflow(name: &str) -> String {
    format!(
        r#"name: dataset

on: [push, pull_request]

permissions:
  contents: read

jobs:
  dataset:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      # SLUICE_REPOSITORY, a variable of this repository, is the address that Sluice is installed from.
      - name: Sluice
        run: cargo install --locked --git "$SLUICE_REPOSITORY" sluice-cli
        env:
          SLUICE_REPOSITORY: ${{{{ vars.SLUICE_REPOSITORY }}}}
      - run: sluice dataset check datasets/{name}.toml
      - run: sluice dataset test
      - run: sluice up --input samples/{name}.jsonl
"#
    )
}

fn readme(name: &str) -> String {
    let commands = [
        (
            format!("sluice dataset check datasets/{name}.toml"),
            "after every change".to_owned(),
        ),
        (
            format!("sluice dataset try datasets/{name}.toml samples/{name}.jsonl"),
            "what becomes of each event".to_owned(),
        ),
        (
            "sluice dataset test".to_owned(),
            format!("what is in datasets/{name}.tests; --accept writes it anew"),
        ),
        (
            format!("sluice up --input samples/{name}.jsonl"),
            "the sample, through the whole pipeline on this machine".to_owned(),
        ),
        (
            "sluice up --no-producer".to_owned(),
            "wait for events of your own".to_owned(),
        ),
        (
            "sluice status".to_owned(),
            "the status of every layer".to_owned(),
        ),
        ("sluice gold".to_owned(), "the tables".to_owned()),
    ];
    let width = commands.iter().map(|(command, _)| command.len()).max();
    let width = width.unwrap_or(0);
    let lines = commands.iter();
    let lines = lines.map(|(command, what)| format!("{command:width$}   # {what}\n"));
    let lines: String = lines.collect();
    format!(
        "# {name}

A pipeline of Sluice. `datasets/{name}.toml` says what an event looks like and which tables are kept.

```sh
{lines}```

Editors with Even Better TOML complete and check the dataset file by `datasets/dataset.schema.json`; after an update of
Sluice, `sluice dataset schema > datasets/dataset.schema.json` writes it anew.
"
    )
}

#[cfg(test)]
mod tests {
    use sluice::dataset::Dataset;

    use super::*;

    #[test]
    fn settings_are_those_of_the_repository_but_for_dataset_and_handler() {
        let parse = |text: &str| -> serde_json::Map<String, serde_json::Value> {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            json["Values"].as_object().unwrap().clone()
        };
        let (ours, theirs) = (parse(&settings("shop")), parse(LOCAL_SETTINGS));
        assert_eq!(ours["DATASET"], "datasets/shop.toml");
        let other = theirs
            .iter()
            .filter(|(name, value)| ours.get(*name) != Some(value));
        let other: Vec<_> = other.map(|(name, _)| name.as_str()).collect();
        let handler = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";
        assert_eq!(other, [handler, "DATASET"]);
    }

    #[test]
    fn the_dataset_of_made_up_orders_has_the_project_s_name() {
        let dataset = Dataset::parse(&orders("shop"), "shop.toml").unwrap();
        assert_eq!(dataset.name, "shop");
    }

    #[test]
    fn a_workflow_is_yaml_with_the_expression_of_its_variable() {
        let text = workflow("shop");
        assert!(text.contains("${{ vars.SLUICE_REPOSITORY }}"), "{text}");
        assert!(
            text.ends_with("- run: sluice up --input samples/shop.jsonl\n"),
            "{text}"
        );
    }
}
