//! Paths: any text is one or is refused, and what is read at them in any text is what a plain walk finds there.
//!
//! The first bytes choose how they are read, then come paths, a line each, and the rest is the text of a record.

use sluice::dataset::{ColumnType, Dataset};
use sluice::event::RejectReason;
use sluice::silver::trial::{Fate, Trial};
use sluice::value::path::{FieldPath, Segment};

use super::choice::Choice;
use super::fates::{dataset, event, fates, only, same_fates, text, wholes};
use super::json;

/// How values are read at the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Columns of records as they stand.
    Columns,
    /// Columns of records that were opened, of which the whole may be any value.
    Opened,
    /// The first is an array of records.
    Records,
}

/// Checks paths and a text.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let reader = choice.one(&[Reader::Columns, Reader::Opened, Reader::Records]);
    let ignores_case = choice.one(&[false, true]);
    let count = choice.one(&[1, 2, 3, 4]);
    let mut paths = Vec::new();
    for _ in 0..count {
        let text = String::from_utf8_lossy(choice.until(b'\n'));
        paths.extend(parsed(&text));
    }
    let record = choice.0;
    let [first, ..] = &paths[..] else {
        return;
    };
    if reader == Reader::Records {
        elements(first, ignores_case, record);
    } else if let Some(dataset) = of_columns(&paths, reader, ignores_case) {
        columns(&dataset, &paths, reader, record);
    }
}

/// Reads a path, and checks what holds of any.
fn parsed(text: &str) -> Option<FieldPath> {
    match FieldPath::parse(text) {
        Err(error) => {
            let most = text.chars().count() + 1;
            assert!((1..=most).contains(&error.character), "{text:?}: {error}");
            assert!(!error.message.is_empty());
            assert!(is_path(text), "{text:?} is a name: {error}");
            None
        }
        Ok(path) => {
            assert_eq!(path.to_string(), text);
            assert!(path.segments().len() <= 16);
            let written = FieldPath::to(path.segments().to_vec()).to_string();
            let again = FieldPath::parse(&written).unwrap();
            assert_eq!(again.segments(), path.segments(), "{text:?} as {written:?}");
            Some(path)
        }
    }
}

/// Returns whether a text is meant as a path; any other is a name.
fn is_path(text: &str) -> bool {
    text == "$" || text.starts_with("$.") || text.starts_with("$[")
}

const HEAD: &str = r#"
name = "fuzzed"
event_time = "at"
[dedup]
keep = "all"
[[column]]
name = "at"
type = "timestamp"
from_system = "enqueued_time"
required = true
"#;

/// Returns the dataset with a column for each path; nothing if they do not go together.
fn of_columns(paths: &[FieldPath], reader: Reader, ignores_case: bool) -> Option<Dataset> {
    let payload = match reader {
        Reader::Columns => String::new(),
        _ => "max_records = 7\n".to_owned(),
    };
    let mut file = format!("{HEAD}[payload]\n{payload}ignore_case = {ignores_case}\n");
    for (number, path) in paths.iter().enumerate() {
        if path.to_string().is_empty() {
            return None;
        }
        let path = quoted(&path.to_string());
        file += &format!("[[column]]\nname = \"p{number}\"\ntype = \"json\"\nfrom = {path}\n");
    }
    let read = Dataset::parse(&file, "fuzzed.toml");
    if let Err(problems) = &read {
        let is_case = ignores_case && problems.to_string().contains("in the case of");
        assert!(is_case, "{problems}\n{file}");
    }
    read.ok()
}

/// Writes text as TOML does.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        quoted += &format!("\\U{:08X}", u32::from(character));
    }
    quoted + "\""
}

/// Compares the columns of a record with what a plain walk finds.
fn columns(dataset: &Dataset, paths: &[FieldPath], reader: Reader, record: &[u8]) {
    let tried = tried(dataset, record);
    let found = only(&tried, 0);
    let bare = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
    if json::is_blank(bare) {
        assert!(matches!(found, Some(Fate::Empty)), "{found:?}");
        return;
    }
    let is_any = reader == Reader::Opened && paths.iter().all(|path| path.segments().is_empty());
    let is_right = if is_any {
        json::is_value(bare)
    } else {
        json::is_object(bare)
    };
    let row = match found {
        Some(Fate::Row { row }) => *row,
        Some(Fate::Quarantined(refusal)) => {
            assert_eq!(refusal.reason, RejectReason::NotAnObject);
            assert!(!is_right, "{refusal:?}");
            return;
        }
        other => panic!("{other:?} {:?}", tried.records),
    };
    assert!(is_right, "{:?}", String::from_utf8_lossy(record));
    values(
        dataset,
        paths,
        std::str::from_utf8(bare).unwrap(),
        &tried,
        row,
    );
}

/// Compares the row of a record with what a plain walk finds.
fn values(dataset: &Dataset, paths: &[FieldPath], bare: &str, tried: &Trial, row: usize) {
    let ignores_case = dataset.payload.ignore_case;
    for (number, path) in paths.iter().enumerate() {
        let name = format!("p{number}");
        let column = dataset.columns.iter().find(|column| column.name == name);
        assert_eq!(column.unwrap().kind, ColumnType::Json);
        let expected = json::at(bare, path.segments(), ignores_case);
        let expected = expected.filter(|value| *value != "null");
        assert_eq!(
            text(&tried.values, &name, row),
            expected,
            "{path} of {bare}"
        );
    }
    let rescued = text(&tried.values, "_rescued", row);
    assert_eq!(
        members(rescued),
        unread(bare, paths, ignores_case),
        "{bare}"
    );
}

/// Tells what becomes of a record, and that it is the same among others.
fn tried(dataset: &Dataset, record: &[u8]) -> Trial {
    let other = event(br#"{"a":{"b":[1,{"c":2}]},"A":[{"b":"d"}],"z":1}"#, b"");
    let alone = fates(dataset, &[event(record, b"")]);
    let among = fates(dataset, &[other.clone(), event(record, b""), other]);
    same_fates(&alone, &among, 1);
    if let Some(Fate::Row { row }) = only(&among, 1) {
        // What was found in another record is not in this one.
        let [alone, among] = [alone.values.slice(0, 1), among.values.slice(*row, 1)];
        for (name, column) in alone
            .schema()
            .fields()
            .iter()
            .map(|field| field.name())
            .zip(alone.columns())
        {
            let other = among.column_by_name(name).unwrap();
            assert!(
                name.starts_with("_line") || name.starts_with("_seq") || other == column,
                "{name}"
            );
        }
    }
    alone
}

/// The members of an object, or none.
fn members(object: Option<&str>) -> Vec<(String, String)> {
    let members = object.map(|object| json::members(object).unwrap());
    let members = members.unwrap_or_default().into_iter();
    members
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

/// The members that no path leads to or into: of one name the last.
fn unread(record: &str, paths: &[FieldPath], ignores_case: bool) -> Vec<(String, String)> {
    let is_read = |name: &str| {
        paths.iter().any(|path| match path.segments().first() {
            None => true,
            Some(Segment::Name(first)) if ignores_case => first.eq_ignore_ascii_case(name),
            Some(Segment::Name(first)) => first == name,
            Some(Segment::Index(_)) => false,
        })
    };
    let all = members(json::is_object(record.as_bytes()).then_some(record));
    let is_last = |place: usize| {
        !all[place + 1..]
            .iter()
            .any(|(name, _)| *name == all[place].0)
    };
    let kept = (0..all.len()).filter(|place| is_last(*place) && !is_read(&all[*place].0));
    kept.map(|place| all[place].clone()).collect()
}

/// Compares the records of an event with the elements that a plain walk finds.
fn elements(path: &FieldPath, ignores_case: bool, body: &[u8]) {
    let text_of = path.to_string();
    if !is_path(&text_of) {
        return;
    }
    let records = quoted(&format!("{text_of}[*]"));
    let dataset = dataset(&format!(
        "{HEAD}[[column]]\nname = \"whole\"\ntype = \"json\"\nfrom = \"$\"\n[payload]\nrecords = {records}\nignore_case = {ignores_case}\n"
    ));
    let tried = tried(&dataset, body);
    let found = only(&tried, 0);
    let bare = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let array = match json::is_value(bare) {
        true => json::at(
            std::str::from_utf8(bare).unwrap(),
            path.segments(),
            ignores_case,
        ),
        false => None,
    };
    let elements = array.and_then(json::elements);
    if json::is_blank(bare) || elements.as_ref().is_some_and(Vec::is_empty) {
        assert!(
            matches!(found, Some(Fate::Empty)),
            "{path} {:?}",
            tried.records
        );
        return;
    }
    let Some(elements) = elements else {
        let Some(Fate::Quarantined(refusal)) = found else {
            panic!("{path} {:?}", tried.records);
        };
        let reason = match json::is_value(bare) {
            true => RejectReason::NoRecords,
            false => RejectReason::NotAnObject,
        };
        assert!(
            refusal.event && refusal.reason == reason,
            "{path} {refusal:?}"
        );
        return;
    };
    assert_eq!(wholes(&tried, 0), elements, "{path}");
}
