use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sluice::dataset::Dataset;
use sluice::warehouse::azure_sql;

use super::*;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A dataset with a column of every type and a gold table of every grain and measure.
fn things() -> GoldSchema {
    schema("tests/it/data/golden/things.toml")
}

fn schema(path: &str) -> GoldSchema {
    let path = Path::new(ROOT).join("..").join(path);
    GoldSchema::of(&Dataset::load(&path).unwrap()).unwrap()
}

fn made(schema: &GoldSchema) -> Project {
    let place = Place {
        server: "shop.database.windows.net".to_owned(),
        database: "gold".to_owned(),
        schema: "gold".to_owned(),
    };
    project(schema, &place)
}

/// All files of a project, by their paths.
fn files(project: &Project) -> BTreeMap<String, String> {
    let all = project.generated.iter().chain(&project.begun);
    all.map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

/// All files of a folder, by their paths in it.
fn files_in(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            files.insert(name.replace('\\', "/"), text);
        }
    }
    files
}

/// The expected files are those that Microsoft's own library has read and written again without a change: see
/// `cli/tests/readers.rs`. One that fails leaves what it found in the target folder.
#[test]
fn a_project_is_the_one_that_was_checked_byte_by_byte() {
    let project = made(&things());
    let found_at = Path::new(ROOT).join("../target/tmp/power-bi");
    let _ = std::fs::remove_dir_all(&found_at);
    write(&found_at, &project).unwrap();
    let expected = files_in(&Path::new(ROOT).join("tests/data/power-bi"));
    let found = files_in(&found_at);
    assert_eq!(
        expected.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>(),
        "{}",
        found_at.display()
    );
    for (path, text) in &found {
        assert_eq!(&expected[path], text, "{path} in {}", found_at.display());
    }
}

/// An object of a model, as its file has it.
#[derive(Debug, Default)]
struct Object {
    keyword: String,
    name: String,
    /// What stands behind `=`.
    expression: String,
    /// The lines of an expression, its own or that of a property.
    lines: String,
    has_begun_expression: bool,
    properties: Vec<(String, String)>,
    parts: Vec<Object>,
}

/// Reads a name, which is quoted or of letters, digits and underscores, and what stands after it.
fn read_name(text: &str) -> (String, &str) {
    if let Some(rest) = text.strip_prefix('\'') {
        let mut name = String::new();
        let mut rest = rest;
        loop {
            let end = rest.find('\'').expect("a name that is quoted ends");
            name.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(more) => {
                    name.push('\'');
                    rest = more;
                }
                None => return (name, rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    assert!(!name.is_empty(), "no name: {text}");
    (name.to_owned(), rest)
}

const OBJECTS: [&str; 7] = [
    "table",
    "measure",
    "column",
    "partition",
    "relationship",
    "expression",
    "annotation",
];

/// Reads the objects of a file by the rules of the language: what belongs to an object is one tab further in, the lines of
/// an expression two, what is said of an object stands right before it, and nothing else is there.
fn read(text: &str) -> Vec<Object> {
    // The file itself, and those that are open: each begins one tab further in than the one before it.
    let mut open = vec![Object::default()];
    let mut is_about = false;
    for line in text.lines() {
        let tabs = line.len() - line.trim_start_matches('\t').len();
        let line = line.trim_start_matches('\t');
        if line.is_empty() {
            assert!(!is_about, "what is said is said of something: {text}");
            continue;
        }
        assert!(!line.starts_with(' ') && !line.ends_with(' '), "{line:?}");
        if tabs >= open.len() {
            let object = open.last_mut().unwrap();
            assert!(
                object.has_begun_expression,
                "{line} belongs to nothing: {text}"
            );
            object.lines.push_str(line);
            object.lines.push('\n');
            continue;
        }
        while open.len() - 1 > tabs {
            let done = open.pop().unwrap();
            open.last_mut().unwrap().parts.push(done);
        }
        is_about = line.starts_with("/// ");
        if is_about {
            continue;
        }
        let keyword = line.split([' ', ':']).next().unwrap();
        if OBJECTS.contains(&keyword) {
            let (name, rest) = read_name(line[keyword.len()..].trim_start());
            let expression = rest.strip_prefix(" =").map(str::trim_start);
            let has_begun_expression = expression == Some("");
            assert!(expression.is_some() || rest.is_empty(), "{line}");
            open.push(Object {
                keyword: keyword.to_owned(),
                name,
                expression: expression.unwrap_or_default().to_owned(),
                has_begun_expression,
                ..Object::default()
            });
            continue;
        }
        let (name, value) = line
            .split_once(": ")
            .or_else(|| line.split_once(" ="))
            .unwrap_or((line, "true"));
        assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{line}");
        let object = open.last_mut().unwrap();
        object.has_begun_expression = value.is_empty();
        object.properties.push((name.to_owned(), value.to_owned()));
    }
    while open.len() > 1 {
        let done = open.pop().unwrap();
        open.last_mut().unwrap().parts.push(done);
    }
    open.pop().unwrap().parts
}

impl Object {
    fn parts(&self, keyword: &str) -> impl Iterator<Item = &Object> {
        self.parts
            .iter()
            .filter(move |part| part.keyword == keyword)
    }

    fn property(&self, name: &str) -> Option<&str> {
        let mut found = self.properties.iter().filter(|(own, _)| own == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice in {self:?}");
        value
    }
}

/// The tables and the relationships of a project.
fn read_model(project: &Project) -> (Vec<Object>, Vec<Object>) {
    let (mut tables, mut relationships) = (Vec::new(), Vec::new());
    for (path, text) in &project.generated {
        if path.contains("/definition/tables/") {
            let mut objects = read(text);
            assert_eq!(objects.len(), 1, "{path}");
            tables.append(&mut objects);
        } else if path.ends_with("relationships.tmdl") {
            relationships = read(text);
        }
    }
    (tables, relationships)
}

fn all() -> Vec<GoldSchema> {
    let mut all = vec![things()];
    let datasets = ["orders", "orders-history", "sensors"];
    all.extend(datasets.map(|name| schema(&format!("datasets/{name}.toml"))));
    let examples = std::fs::read_dir(Path::new(ROOT).join("../datasets/examples")).unwrap();
    for entry in examples {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".toml") {
            all.push(schema(&format!("datasets/examples/{name}")));
        }
    }
    assert!(all.len() > 7);
    all
}

/// Returns every column that an expression of DAX names, with its table.
fn columns_of(expression: &str) -> Vec<(String, String)> {
    let mut columns = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find('\'') {
        let (table, after) = read_name(&rest[at..]);
        rest = after;
        if let Some(column) = after.strip_prefix('[') {
            let end = column.find(']').unwrap();
            columns.push((table, column[..end].to_owned()));
        }
    }
    columns
}

#[test]
fn every_name_of_a_model_is_there_and_means_one_thing() {
    for schema in all() {
        let project = made(&schema);
        let (tables, relationships) = read_model(&project);
        let columns: BTreeSet<(String, String)> = tables
            .iter()
            .flat_map(|table| {
                let own = table.parts("column");
                own.map(|column| (table.name.clone(), column.name.clone()))
            })
            .collect();
        let mut names = BTreeSet::new();
        for table in &tables {
            assert!(names.insert(table.name.to_lowercase()), "{}", table.name);
        }
        let mut measures = BTreeSet::new();
        for table in &tables {
            let mut own: BTreeSet<String> = BTreeSet::new();
            for part in table.parts("column").chain(table.parts("measure")) {
                assert!(own.insert(part.name.to_lowercase()), "{part:?}");
                if let Some(by) = part.property("sortByColumn") {
                    let by = (table.name.clone(), read_name(by).0);
                    assert!(columns.contains(&by), "{by:?}");
                }
            }
            for measure in table.parts("measure") {
                assert!(measures.insert(measure.name.to_lowercase()), "{measure:?}");
            }
            let computed = table.parts("measure").chain(
                table
                    .parts("partition")
                    .filter(|part| part.expression == "calculated"),
            );
            for part in computed {
                let text = format!("{}{}", part.expression, part.lines);
                for column in columns_of(&text) {
                    assert!(columns.contains(&column), "{column:?} of {text}");
                }
            }
        }
        for relationship in &relationships {
            for end in ["fromColumn", "toColumn"] {
                let (table, rest) = read_name(relationship.property(end).unwrap());
                let column = read_name(rest.strip_prefix('.').unwrap()).0;
                assert!(columns.contains(&(table, column)), "{relationship:?}");
            }
        }
        let has_times = schema.tables.iter().filter(|table| table.time().is_some());
        assert_eq!(relationships.len(), has_times.count(), "{}", schema.dataset);
    }
}

/// Returns the columns of each view and table that the script of Azure SQL makes, in lower case.
fn in_the_database(schema: &GoldSchema) -> BTreeMap<String, String> {
    let script = azure_sql::script(schema, None).unwrap();
    let mut found = BTreeMap::new();
    for start in ["VIEW [gold].[", "CREATE TABLE [gold].["] {
        for rest in script.split(start).skip(1) {
            let (name, rest) = rest.split_once(']').unwrap();
            let body = rest.split("\nGO\n").next().unwrap();
            found.insert(name.to_owned(), body.to_owned());
        }
    }
    found
}

#[test]
fn every_column_that_is_imported_is_in_the_database() {
    for schema in all() {
        let database = in_the_database(&schema);
        let (tables, _) = read_model(&made(&schema));
        let mut imported = 0;
        for table in tables {
            let text = &made(&schema).generated[&format!(
                "{}.SemanticModel/definition/tables/{}.tmdl",
                schema.dataset, table.name
            )];
            let Some((_, query)) = text.split_once("Item = \"") else {
                continue;
            };
            let (view, query) = query.split_once('"').unwrap();
            let body = database.get(view).unwrap_or_else(|| panic!("no {view}"));
            let (_, columns) = query.split_once("Table.SelectColumns(").unwrap();
            let (_, columns) = columns.split_once('{').unwrap();
            let (columns, _) = columns.split_once('}').unwrap();
            let mut own: BTreeSet<String> = BTreeSet::new();
            for column in columns.split(", ") {
                let column = column.trim_matches('"');
                let (shown, kept) = (format!("AS [{column}]"), format!("[{column}] "));
                assert!(
                    body.contains(&shown) || body.contains(&kept),
                    "{view}.{column}"
                );
                own.insert(column.to_owned());
            }
            if let Some((_, day)) = query.split_once("Table.AddColumn(Typed, \"") {
                own.insert(day.split('"').next().unwrap().to_owned());
            }
            let declared = table.parts("column").map(|column| column.name.clone());
            assert_eq!(declared.collect::<BTreeSet<_>>(), own, "{view}");
            imported += 1;
        }
        // Beside them are how fresh they are and whether anything is missing.
        assert_eq!(imported, schema.tables.len() + schema.views.len() + 2);
    }
}

/// Returns a measure of the orders: its expression.
fn measure_of(table: &str, measure: &str) -> Option<String> {
    let (tables, _) = read_model(&made(&schema("datasets/orders.toml")));
    let table = tables.iter().find(|own| own.name == table).unwrap();
    let name = format!("{measure} ({})", table.name);
    let mut measures = table.parts("measure");
    let found = measures.find(|own| own.name == name)?;
    Some(found.expression.clone())
}

#[test]
fn averages_are_divided_from_their_parts_and_counts_of_different_values_are_not_added_up() {
    assert_eq!(
        measure_of("gold_total_revenue", "average_amount").unwrap(),
        "DIVIDE(SUM('gold_total_revenue'[average_amount_sum]), SUM('gold_total_revenue'[average_amount_count]))"
    );
    let schema = schema("datasets/orders.toml");
    let (mut averages, mut distinct) = (0, 0);
    for table in read_model(&made(&schema)).0 {
        for measure in table.parts("measure") {
            let text = &measure.expression;
            averages += usize::from(text.starts_with("DIVIDE(SUM("));
            if text.starts_with("IF(COUNTROWS(") {
                distinct += 1;
                assert!(!text.contains("SUM("), "{text}");
            }
        }
    }
    assert!(averages > 0 && distinct > 0, "{averages} {distinct}");
}

#[test]
fn what_a_measure_stands_for_is_hidden_and_nothing_sums_itself_up() {
    for schema in all() {
        for table in read_model(&made(&schema)).0 {
            for column in table.parts("column") {
                assert_eq!(column.property("summarizeBy"), Some("none"), "{column:?}");
                let parts = [format!("{}_sum", column.name), column.name.clone()];
                let has_measure = table
                    .parts("measure")
                    .any(|own| own.name == format!("{} ({})", column.name, table.name));
                if has_measure {
                    assert_eq!(column.property("isHidden"), Some("true"), "{parts:?}");
                }
            }
        }
    }
}

#[test]
fn exact_numbers_add_up_exactly_where_power_bi_can_and_times_are_times() {
    let (tables, _) = read_model(&made(&things()));
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let database = azure_sql::script(&things(), None).unwrap();
    for table in &tables {
        for column in table.parts("column") {
            let kind = column.property("dataType").unwrap().to_owned();
            for line in database.lines() {
                let start = format!("    [{}] ", column.name);
                let Some(declared) = line.strip_prefix(&start) else {
                    continue;
                };
                let declared = declared.split(' ').next().unwrap().to_owned();
                types.entry(declared).or_default().insert(kind.clone());
            }
        }
    }
    for (declared, kinds) in types {
        let scale = declared.strip_prefix("decimal(").map(|rest| {
            let (_, scale) = rest.trim_end_matches(')').split_once(',').unwrap();
            scale.parse::<u8>().unwrap()
        });
        let expected = match (declared.split('(').next().unwrap(), scale) {
            ("bigint", _) => "int64",
            ("float", _) => "double",
            ("bit", _) => "boolean",
            ("nvarchar", _) => "string",
            ("date" | "datetime2", _) => "dateTime",
            ("decimal", Some(0..=4)) => "decimal",
            ("decimal", _) => "double",
            (other, _) => panic!("{other}"),
        };
        // One name may have several types in several tables: each has the model's type for one of them.
        assert!(kinds.contains(expected), "{declared}: {kinds:?}");
    }
}

#[test]
fn names_and_places_with_quotes_stay_text() {
    let place = Place {
        server: "a\"b".to_owned(),
        database: "o'clock".to_owned(),
        schema: "gold".to_owned(),
    };
    let project = project(&things(), &place);
    let text = files(&project)["things.SemanticModel/definition/expressions.tmdl"].clone();
    assert!(
        text.contains("expression Server = \"a\"\"b\" meta ["),
        "{text}"
    );
    assert!(
        text.contains("expression Database = \"o'clock\" meta ["),
        "{text}"
    );
}

#[test]
fn a_project_that_is_there_gets_its_model_anew_and_keeps_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let project = made(&things());
    let first = write(folder.path(), &project).unwrap();
    assert_eq!(first.files, files(&project).len());
    assert!(first.others.is_empty());
    let at = |path: &str| -> PathBuf { folder.path().join(path) };
    let page = at("things.Report/definition/pages/freshness/page.json");
    std::fs::remove_file(&page).unwrap();
    let report = at("things.Report/definition/report.json");
    std::fs::write(&report, "mine").unwrap();
    let table = at("things.SemanticModel/definition/tables/hourly.tmdl");
    std::fs::write(&table, "an older one").unwrap();
    let mine = at("things.SemanticModel/definition/tables/mine.tmdl");
    std::fs::write(&mine, "table mine").unwrap();
    std::fs::write(at(".gitignore"), "mine").unwrap();

    let again = write(folder.path(), &project).unwrap();
    assert_eq!(again.files, project.generated.len());
    assert_eq!(again.others, std::slice::from_ref(&mine));
    assert_eq!(std::fs::read_to_string(&report).unwrap(), "mine");
    assert_eq!(std::fs::read_to_string(at(".gitignore")).unwrap(), "mine");
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "table mine");
    assert!(!page.exists(), "what its reader removed does not come back");
    let path = "things.SemanticModel/definition/tables/hourly.tmdl";
    assert_eq!(
        std::fs::read_to_string(&table).unwrap(),
        project.generated[path]
    );
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = write(&file.join("project"), &made(&things())).unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
}

#[test]
fn every_file_around_the_model_is_json_that_says_what_it_is() {
    let project = made(&things());
    let mut ids = BTreeSet::new();
    for (path, text) in files(&project) {
        if path.ends_with(".tmdl") || path == ".gitignore" {
            continue;
        }
        let file: Value = serde_json::from_str(&text).unwrap();
        let schema = file["$schema"].as_str().unwrap();
        assert!(
            schema.starts_with("https://developer.microsoft.com/json-schemas/fabric/"),
            "{path}: {schema}"
        );
        if path.ends_with(".platform") {
            let id = file["config"]["logicalId"].as_str().unwrap().to_owned();
            assert!(ids.insert(id), "{path}");
        }
    }
    assert_eq!(ids.len(), 2);
}
