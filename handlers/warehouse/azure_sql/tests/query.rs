//! Queries of somebody's own.

use super::*;
use crate::warehouse::schema::ValueType;

#[tokio::test]
async fn a_query_is_undone_whatever_it_was() {
    let server = Server::start(|_, request| match request {
        Request::Sql(sql) if sql.starts_with("select") => {
            let columns = [
                ("who".to_owned(), Column::Text),
                ("n".to_owned(), Column::Bigint),
            ];
            let rows = (0..3).map(|n| vec![Cell::Text("w".into()), Cell::Bigint(n)]);
            Answer::Tables(vec![(columns.into(), rows.collect())])
        }
        _ => healthy(request),
    })
    .await;
    let warehouse = warehouse(&server);
    let answer = warehouse.query("select who, n from gold.daily;", 9).await;
    let answer = answer.unwrap();
    let names: Vec<&str> = answer
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["who", "n"]);
    assert_eq!(answer.columns[0].1, ValueType::Text);
    assert_eq!(answer.rows.len(), 3);
    assert!(!answer.is_cut);
    let sent = server.statements();
    let expected = [
        "BEGIN TRANSACTION",
        "select who, n from gold.daily",
        dml::ROLLBACK,
    ];
    assert_eq!(sent[1..], expected);

    // What is cut off leaves rows on the connection, which is closed.
    let answer = warehouse.query("select who, n from gold.daily", 2).await;
    let answer = answer.unwrap();
    assert_eq!((answer.rows.len(), answer.is_cut), (2, true));
    server.has_open(0).await;
}

#[tokio::test]
async fn what_is_no_query_is_never_sent() {
    let server = Server::start(|_, request| healthy(request)).await;
    let error = warehouse(&server).query("delete from gold.daily", 9).await;
    let text = crate::error::chain(&error.unwrap_err());
    assert_eq!(text, "run the query: a query begins with SELECT or WITH");
    assert!(server.statements().is_empty() && server.logins() == 0);
}
