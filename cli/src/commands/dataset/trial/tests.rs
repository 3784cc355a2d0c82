use super::*;
use crate::output::plain;

const DATASET: &str = r#"
name = "orders"
key = ["id", "at"]
event_time = "at"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "at"
type = "timestamp"
required = true

[[column]]
name = "amount"
type = "decimal(18,2)"

[[gold]]
table = "daily"
grain = "day"
measures = { n = "count", mean = "avg(amount)" }
"#;

const EVENTS: &str = r#"{"id": 1, "at": "2025-11-14T11:00:00Z", "amount": 1.5}
{"id": 2, "at": "2025-11-14T12:00:00Z", "amount": 2.5, "gift": true}
{"id": 1, "at": "2025-11-14T11:00:00Z", "amount": 1.50}
{"id": 1, "at": "2025-11-14T11:00:00Z"}

{"id": "x,y", "at": "2025-11-14T11:00:00Z"}
{"at": "2025-11-14T11:00:00Z"}
"#;

struct Tried {
    dataset: Dataset,
    events: Events,
    fates: Fates,
}

impl Tried {
    fn of(events: &str) -> Self {
        Self::by(DATASET, events)
    }

    fn by(dataset: &str, events: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, events).unwrap();
        let dataset = Dataset::parse(dataset, "orders.toml").unwrap();
        let events = Events::read(&[path], 100).unwrap();
        let fates = Fates::of(&dataset, &events.lines, SystemClock.now()).unwrap();
        Self {
            dataset,
            events,
            fates,
        }
    }

    fn chosen(&self, only: Option<Only>, limit: Option<usize>) -> Chosen<'_> {
        Chosen {
            events: &self.events,
            fates: &self.fates,
            only,
            most: limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX),
        }
    }
}

fn texts(chosen: &Chosen<'_>) -> String {
    let texts = text::fates(chosen, None);
    let texts: Vec<String> = texts.iter().map(|lines| plain(lines)).collect();
    texts.join("\n\n")
}

#[test]
fn people_see_rows_repetitions_and_what_is_refused_where() {
    let tried = Tried::of(EVENTS);
    let chosen = tried.chosen(None, None);
    let text = texts(&chosen);
    for expected in [
        "rows  2\n",
        "line  id  at",
        "  2.50  {\"gift\":true}",
        "duplicates  2\n  line 3 repeats line 1\n  line 4 repeats line 1 and differs: amount null, there 1.50\n",
        "  line 6, position 7: invalid_value, column id\n    {\"id\": \"x,y\", \"at\": \"2025-11-14T11:00:00Z\"}\n           ^^^^^\n    \"x,y\" is not a value of type int64",
        "  line 7, position 29: missing_field, column id\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert_eq!(
        text::totals(&chosen),
        "6 events = 2 rows + 2 duplicates (1 conflict) + 2 quarantined (invalid_value 1, missing_field 1)"
    );
}

#[test]
fn nothing_points_into_what_is_withheld() {
    let masked = DATASET.replace("decimal(18,2)\"\n", "string\"\nmask = \"last4\"\n");
    let masked = masked.replace("mean = \"avg(amount)\"", "last = \"max(at)\"");
    let tried = Tried::by(
        &masked,
        "{\"id\": 1, \"at\": \"noon\", \"sum\": \"12345678\"}\n",
    );
    let text = texts(&tried.chosen(None, None));
    let expected = "column at\n    (withheld: what a mask hides may stand anywhere in it)\n    \"noon\" is not";
    assert!(text.contains(expected), "{text}");
    let line = data::json_lines(&tried.chosen(None, None));
    assert!(
        line.contains("\"withheld\":true") && !line.contains("12345678"),
        "{line}"
    );
}

#[test]
fn a_fate_is_chosen_and_a_limit_holds_for_each() {
    let tried = Tried::of(EVENTS);
    let text = texts(&tried.chosen(Some(Only::Quarantined), Some(1)));
    assert!(text.starts_with("quarantined  2, first 1\n"), "{text}");
    assert!(!text.contains("line 7"), "{text}");
    let all = data::json_lines(&tried.chosen(None, Some(1)));
    assert_eq!(all.lines().count(), 4, "one of each, and the totals: {all}");
    let all = data::json_lines(&tried.chosen(None, Some(0)));
    assert_eq!(all.lines().count(), 7);
}

#[test]
fn programs_get_an_object_an_event_and_the_totals_last() {
    let tried = Tried::of(EVENTS);
    let lines = data::json_lines(&tried.chosen(None, None));
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["fate"], "row");
    assert_eq!(lines[0]["row"]["id"], 1);
    assert_eq!(lines[0]["row"]["amount"], "1.50", "exact, as text");
    assert_eq!(
        (&lines[3]["of"]["line_number"], &lines[3]["conflict"]),
        (&1.into(), &true.into())
    );
    assert_eq!(lines[4]["line_number"], 6);
    assert_eq!(lines[4]["reason"], "invalid_value");
    assert_eq!(lines[6]["totals"]["quarantined"]["missing_field"], 1);
}

#[test]
fn csv_has_a_line_an_event_with_quotes_where_they_are_needed() {
    let tried = Tried::of(EVENTS);
    let csv = data::csv(&tried.chosen(None, None));
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "file,line_number,record_number,fate,of,reason,column,detail,id,at,amount,_rescued"
    );
    assert!(
        lines[1].ends_with(",1,,row,,,,,1,2025-11-14T11:00:00Z,1.50,"),
        "{}",
        lines[1]
    );
    assert!(lines[3].contains(",3,,duplicate,1,"), "{}", lines[3]);
    assert!(
        lines[5].contains(",quarantined,,invalid_value,id,\"\"\"x,y\"\" is not"),
        "{}",
        lines[5]
    );
    assert!(
        lines[2].ends_with("\"{\"\"gift\"\":true}\""),
        "{}",
        lines[2]
    );
}

#[tokio::test]
async fn gold_is_what_its_own_code_makes_of_the_rows() {
    let tried = Tried::of(EVENTS);
    let tables = preview::gold(&tried.dataset, &tried.fates).await.unwrap();
    let [daily] = tables.as_slice() else {
        panic!("{tables:?}");
    };
    let daily = plain(&daily.lines(None));
    assert!(daily.starts_with("daily_report  1 row\n"), "{daily}");
    assert!(daily.contains("2025-11-14  2     2"), "{daily}");
}

#[test]
fn the_next_command_names_the_files() {
    let file = Path::new("datasets/a.toml");
    let inputs = [PathBuf::from("a.jsonl"), PathBuf::from("b.jsonl")];
    for (has_rows, expected) in [
        (true, "up --dataset datasets/a.toml --input a.jsonl"),
        (false, "dataset infer a.jsonl b.jsonl"),
    ] {
        let next = next(file, &inputs, has_rows);
        assert_eq!(next, format!("next: sluice {expected}"));
    }
    let piped = next(file, &[PathBuf::from("-")], true);
    assert!(piped.ends_with("--input EVENTS.jsonl"), "{piped}");
}
