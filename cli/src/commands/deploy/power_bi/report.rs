//! Everything around a model: what Power BI Desktop opens, and a report with a page that says how fresh everything is, and one
//! that says that nothing is missing; pure.

use serde_json::{Value, json};
use sluice::warehouse::schema::{BALANCE, FRESHNESS};
use uuid::Builder;
use xxhash_rust::xxh3::xxh3_128;

use super::model::Model;
use super::project::Project;

const SCHEMAS: &str = "https://developer.microsoft.com/json-schemas/fabric";
/// The pages that a report begins with: their names, their titles and the tables that they show.
const PAGES: [(&str, &str, &str); 2] = [
    ("freshness", "Freshness", FRESHNESS),
    ("balance", "Balance", BALANCE),
];
/// What Power BI Desktop keeps beside a project for the one who has it open: data among it.
const IGNORED: &str = "**/.pbi/localSettings.json\n**/.pbi/cache.abf\n";
/// The width and the height of a page.
const SIZE: (u32, u32) = (1_280, 720);

/// Returns a project but for the model's own files.
pub(super) fn project(name: &str, model: &Model) -> Project {
    let mut project = Project::default();
    let report = format!("{name}.Report");
    let semantic = format!("{name}.SemanticModel");
    let shortcut = json!({
        "$schema": format!("{SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json"),
        "version": "1.0",
        "artifacts": [{ "report": { "path": report } }],
        "settings": { "enableAutoRecovery": true }
    });
    let of_model = json!({
        "$schema": format!("{SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json"),
        "version": "4.2",
        "settings": {}
    });
    for (path, file) in [
        (format!("{name}.pbip"), shortcut),
        (format!("{semantic}/definition.pbism"), of_model),
        (format!("{semantic}/.platform"), item(name, "SemanticModel")),
    ] {
        project.generated.insert(path, text(&file));
    }
    for (path, file) in of_report(name, model) {
        let path = format!("{report}/{path}");
        project.begun.insert(path, text(&file));
    }
    project
        .begun
        .insert(".gitignore".to_owned(), IGNORED.to_owned());
    project
}

fn text(file: &Value) -> String {
    format!("{file:#}\n")
}

/// What an item of a project is. Its id is the same whenever it is made, so that it stays the same item where a workspace
/// is connected to the repository.
fn item(name: &str, kind: &str) -> Value {
    let bytes = xxh3_128(format!("sluice {kind} {name}").as_bytes()).to_be_bytes();
    let id = Builder::from_custom_bytes(bytes).into_uuid().to_string();
    json!({
        "$schema": format!("{SCHEMAS}/gitIntegration/platformProperties/2.0.0/schema.json"),
        "metadata": { "type": kind, "displayName": name },
        "config": { "version": "2.0", "logicalId": id }
    })
}

/// The files of the report, by their paths in its folder.
fn of_report(name: &str, model: &Model) -> Vec<(String, Value)> {
    let schema =
        |what: &str, version: &str| format!("{SCHEMAS}/item/report/{what}/{version}/schema.json");
    let [(first, ..), _] = PAGES;
    let mut files = vec![
        (".platform".to_owned(), item(name, "Report")),
        (
            "definition.pbir".to_owned(),
            json!({
                "$schema": schema("definitionProperties", "2.0.0"),
                "version": "4.0",
                "datasetReference": { "byPath": { "path": format!("../{name}.SemanticModel") } }
            }),
        ),
        (
            "definition/version.json".to_owned(),
            json!({ "$schema": schema("definition/versionMetadata", "1.0.0"), "version": "2.0.0" }),
        ),
        (
            "definition/report.json".to_owned(),
            json!({ "$schema": schema("definition/report", "3.0.0"), "themeCollection": {} }),
        ),
        (
            "definition/pages/pages.json".to_owned(),
            json!({
                "$schema": schema("definition/pagesMetadata", "1.0.0"),
                "pageOrder": PAGES.map(|(name, ..)| name),
                "activePageName": first
            }),
        ),
    ];
    for (name, title, shown) in PAGES {
        let page = format!("definition/pages/{name}");
        files.push((
            format!("{page}/page.json"),
            json!({
                "$schema": schema("definition/page", "2.0.0"),
                "name": name,
                "displayName": title,
                "displayOption": "FitToPage",
                "width": SIZE.0,
                "height": SIZE.1
            }),
        ));
        if let Some(table) = model.tables.iter().find(|table| table.name == shown) {
            let columns = table.columns.iter().map(|column| column.name.as_str());
            files.push((
                format!("{page}/visuals/tables/visual.json"),
                rows(&table.name, columns),
            ));
        }
    }
    files
}

/// A table with these columns of a table of the model, as large as the page.
fn rows<'a>(table: &str, columns: impl Iterator<Item = &'a str>) -> Value {
    let columns = columns.map(|column| {
        json!({
            "field": {
                "Column": {
                    "Expression": { "SourceRef": { "Entity": table } },
                    "Property": column
                }
            },
            "queryRef": format!("{table}.{column}"),
            "nativeQueryRef": column
        })
    });
    let columns: Vec<Value> = columns.collect();
    let margin = 20;
    json!({
        "$schema": format!("{SCHEMAS}/item/report/definition/visualContainer/2.0.0/schema.json"),
        "name": "tables",
        "position": {
            "x": margin,
            "y": margin,
            "z": 0,
            "width": SIZE.0 - 2 * margin,
            "height": SIZE.1 - 2 * margin,
            "tabOrder": 0
        },
        "visual": {
            "visualType": "tableEx",
            "query": { "queryState": { "Values": { "projections": columns } } },
            "drillFilterOtherVisuals": true
        }
    })
}
