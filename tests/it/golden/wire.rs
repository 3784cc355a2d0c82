//! Entities as the table service gets and gives them.

use std::collections::BTreeMap;

use sluice::store::account::StorageAccount;
use sluice::store::entity::{
    AzureEntityStore, ETag, Entity, EntityStore, Operation, PartitionKey, Properties, RowRange,
    Value,
};

use super::assert_golden;
use crate::stores::scripted::{Received, Reply, Scripted};

fn entity(row: &str) -> Entity {
    let properties = [
        ("int", Value::Int64(i64::MIN)),
        ("no", Value::Bool(false)),
        (
            "text",
            Value::String("é \"x\"\u{2028}\u{2029}\n\u{1}".to_owned()),
        ),
    ];
    Entity {
        row: row.to_owned(),
        properties: properties
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    }
}

/// A key with every character that is escaped.
const ODD: &str = "src|a/b\\c#d?e%f'g.h\"i$j&k>l[m n~o\u{1}\u{1f}\u{7f}\u{9f}é";

/// Writes a request without its address, which differs from run to run.
fn text(request: &Received, server: &Scripted) -> String {
    let connection = server.connection_string();
    let (_, address) = connection.rsplit_once("TableEndpoint=").unwrap();
    let id = request
        .header("content-type")
        .and_then(|kind| kind.split_once("boundary=batch_"));
    let id = id.map_or("(no id)", |(_, id)| id);
    let kind = request.header("content-type").unwrap_or_default();
    // The signature differs with the time of day.
    let line = request.line.split("sv=").next().unwrap_or_default();
    let line = line.trim_end_matches(['?', '&']);
    let text = format!("{line}\n{kind}\n{}", request.body);
    text.replace(address, "(table service)")
        .replace(id, "(id)")
        .replace("\r\n", "\\r\\n\n")
}

#[tokio::test]
async fn a_transaction_and_its_keys_are_on_the_wire_as_in_earlier_builds() {
    let parts = "HTTP/1.1 204 No Content\r\n\r\n".repeat(6);
    let missing = Reply::with(404, &[], "");
    let replies = [Reply::with(202, &[], &parts), missing.clone(), missing];
    let mut server = Scripted::start(replies);
    let account = StorageAccount::from_connection_string("Test", &server.connection_string());
    let state = AzureEntityStore::new(&account.unwrap(), "sluice").unwrap();
    let partition = PartitionKey("things@3|gold".to_owned());
    let etag = || ETag("W/\"datetime'2025'\"".to_owned());
    let operations = [
        Operation::Update {
            entity: entity("head"),
            if_match: etag(),
        },
        Operation::Insert(entity("log|000000000007")),
        Operation::Upsert(entity(ODD)),
        Operation::Insert(entity(
            "src|things/0/2025/11/14/11/00000000000000000042-1763120674343.jsonl",
        )),
        Operation::Delete {
            row: "log|000000000001".to_owned(),
            if_match: None,
        },
        Operation::Delete {
            row: "src|a/b".to_owned(),
            if_match: Some(etag()),
        },
    ];
    state.transact(&partition, &operations).await.unwrap();
    assert_eq!(state.get(&partition, ODD).await.unwrap(), None);
    let range = RowRange::prefix("src|things/0/");
    assert!(state.range(&partition, &range).await.unwrap().is_empty());
    let mut found = String::new();
    for request in server.received() {
        found.push_str(&text(&request, &server));
        found.push('\n');
    }
    assert_golden("golden/wire.txt", &found);
}

#[tokio::test]
async fn an_entity_that_an_earlier_build_wrote_is_read() {
    let body = r#"{"odata.metadata":"x","odata.etag":"W/\"1\"","PartitionKey":"things@3","RowKey":"src|things._0._x$_ ~y..jsonl","Timestamp":"2025-01-01T00:00:00Z","lines@odata.type":"Edm.Int64","lines":"7","reasons":"{}","no":false}"#;
    let server = Scripted::start([Reply::with(200, &[], body)]);
    let account = StorageAccount::from_connection_string("Test", &server.connection_string());
    let state = AzureEntityStore::new(&account.unwrap(), "sluice").unwrap();
    let partition = PartitionKey("things@3".to_owned());
    let stored = state.get(&partition, "x").await.unwrap().unwrap();
    assert_eq!(stored.etag, ETag("W/\"1\"".to_owned()));
    assert_eq!(stored.entity.row, "src|things/0/x% y.jsonl");
    let expected: Properties = BTreeMap::from([
        ("lines".to_owned(), Value::Int64(7)),
        ("no".to_owned(), Value::Bool(false)),
        ("reasons".to_owned(), Value::String("{}".to_owned())),
    ]);
    assert_eq!(stored.entity.properties, expected);
}
