use sluice::warehouse::schema::ValueType;

use super::*;

fn cell(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Orders with a key, a long text and everything that a column may be.
fn orders() -> Table {
    let columns = vec![
        Column::new("order_id", ValueType::Int64).identifier(),
        Column::new(
            "total_amount",
            ValueType::Decimal {
                precision: 18,
                scale: 2,
            },
        ),
        Column::new("event_time", ValueType::Timestamp),
        Column::new("customer_id", ValueType::Text),
        Column::new("note", ValueType::Text),
        Column::new("_source", ValueType::Text).spare(),
    ];
    let source = cell("orders/3/2026/11/25/11/00000000000000014321-1795606673385.jsonl");
    let row = |id: &str, amount: &str, time: &str, customer: Option<&str>, note: &str| {
        vec![
            cell(id),
            cell(amount),
            cell(time),
            customer.map(str::to_owned),
            cell(note),
            source.clone(),
        ]
    };
    Table::new(
        "orders at version 12: the newest 3 of 1,200 rows",
        columns,
        vec![
            row(
                "57849",
                "4299451.59",
                "2026-11-25T11:37:54.079000Z",
                Some("19329"),
                "a gift",
            ),
            row(
                "57850",
                "9.99",
                "2026-11-25T11:37:55Z",
                None,
                "to be delivered to the neighbour, please",
            ),
            row(
                "57851",
                "-1250.00",
                "2026-11-25T11:37:56.500000Z",
                Some("00007"),
                "",
            ),
        ],
    )
}

#[track_caller]
fn holds(table: &Table, width: Option<usize>, expected: &str) {
    let lines = table.lines(width);
    assert_lines(&lines, expected);
    if let Some(width) = width {
        let widest = lines.iter().map(Line::width).max();
        assert!(widest <= Some(width), "{widest:?}");
    }
}

#[test]
fn a_table_has_all_of_everything_where_there_is_room() {
    let expected = "
orders at version 12: the newest 3 of 1,200 rows
order_id  total_amount  event_time                customer_id  note                                      _source
────────  ────────────  ────────────────────────  ───────────  ────────────────────────────────────────  ───────────────────────────────────────────────────────────────
   57849  4,299,451.59  2026-11-25T11:37:54.079Z  19329        a gift                                    orders/3/2026/11/25/11/00000000000000014321-1795606673385.jsonl
   57850          9.99  2026-11-25T11:37:55.000Z  null         to be delivered to the neighbour, please  orders/3/2026/11/25/11/00000000000000014321-1795606673385.jsonl
   57851     -1,250.00  2026-11-25T11:37:56.500Z  00007                                                  orders/3/2026/11/25/11/00000000000000014321-1795606673385.jsonl
";
    holds(&orders(), None, expected);
    holds(&orders(), Some(200), expected);
}

#[test]
fn at_120_columns_texts_are_cut_between_their_numbers() {
    holds(
        &orders(),
        Some(120),
        "
orders at version 12: the newest 3 of 1,200 rows
order_id  total_amount  event_time                customer_id  note                                 _source
────────  ────────────  ────────────────────────  ───────────  ───────────────────────────────────  ────────────────────
   57849  4,299,451.59  2026-11-25T11:37:54.079Z  19329        a gift                               orders/3/2026/11/25…
   57850          9.99  2026-11-25T11:37:55.000Z  null         to be delivered to the neighbour,…   orders/3/2026/11/25…
   57851     -1,250.00  2026-11-25T11:37:56.500Z  00007                                             orders/3/2026/11/25…
",
    );
}

#[test]
fn at_80_columns_spare_columns_are_left_out_and_named() {
    holds(
        &orders(),
        Some(80),
        "
orders at version 12: the newest 3 of 1,200 rows
 order_                                          customer_
     id  total_amount  event_time                id         note
───────  ────────────  ────────────────────────  ─────────  ────────────────────
  57849  4,299,451.59  2026-11-25T11:37:54.079Z  19329      a gift
  57850          9.99  2026-11-25T11:37:55.000Z  null       to be delivered to…
  57851     -1,250.00  2026-11-25T11:37:56.500Z  00007
not shown: _source
",
    );
}

#[test]
fn at_40_columns_each_row_is_lines_of_its_own() {
    holds(
        &orders(),
        Some(40),
        "
orders at version 12: the newest 3 of…
order_id      57849
total_amount  4,299,451.59
event_time    2026-11-25T11:37:54.079Z
customer_id   19329
note          a gift
_source       orders/3/2026/11/25/11/…

order_id      57850
total_amount  9.99
event_time    2026-11-25T11:37:55.000Z
customer_id   null
note          to be delivered to the ne…
_source       orders/3/2026/11/25/11/…

order_id      57851
total_amount  -1,250.00
event_time    2026-11-25T11:37:56.500Z
customer_id   00007
note
_source       orders/3/2026/11/25/11/…
",
    );
}

#[test]
fn a_cell_is_one_line_that_no_terminal_obeys() {
    let columns = vec![Column::new("a\u{9b}", ValueType::Text)];
    let table = Table::new("t\u{7}", columns, vec![vec![cell("\u{1b}[2J\n\u{202e}x")]]);
    holds(
        &table,
        Some(80),
        "
t\\u0007
a\\u009b
──────────────────────
\\u001b[2J\\u000a\\u202ex
",
    );
}

#[test]
fn a_table_without_rows_still_has_its_columns() {
    let table = Table::new("t", vec![Column::new("day", ValueType::Date)], Vec::new());
    holds(&table, Some(40), "t\nday\n───");
}

#[test]
fn wide_characters_take_two_columns() {
    let columns = vec![
        Column::new("a", ValueType::Text),
        Column::new("n", ValueType::Int64),
    ];
    let table = Table::new(
        "",
        columns,
        vec![vec![cell("数字"), cell("1")], vec![cell("ab"), cell("22")]],
    );
    holds(&table, Some(40), "a      n\n────  ──\n数字   1\nab    22");
}

#[test]
fn no_line_is_wider_than_its_terminal_at_any_width() {
    for width in 20..=200 {
        let lines = orders().lines(Some(width));
        for line in &lines {
            assert!(line.width() <= width, "{width}: {}", line.text());
        }
        if width >= 40 {
            let text = plain(&lines);
            for number in ["4,299,451.59", "57849", "11:37:54.079Z"] {
                assert!(text.contains(number), "{width}: {number}\n{text}");
            }
        }
    }
}
