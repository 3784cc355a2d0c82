//! What the storage edge makes of faults that Azurite does not have.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sluice::store::account::StorageAccount;
use sluice::store::entity::{
    AzureEntityStore, Entity, EntityStore, Operation, Outcome, PartitionKey, Properties, RowRange,
    Value,
};
use sluice::store::object::{AzureObjectStore, Created, Metadata, ObjectPath, ObjectStore};
use sluice::store::{ErrorKind, StorageError};

use super::scripted::{Reply, Scripted};

const NO_ROW: &str = r#"{"odata.error":{"code":"ResourceNotFound","message":{"value":"None."}}}"#;
const NO_TABLE: &str = r#"{"odata.error":{"code":"TableNotFound","message":{"value":"None."}}}"#;

fn account(server: &Scripted) -> StorageAccount {
    StorageAccount::from_connection_string("Test", &server.connection_string()).unwrap()
}

fn state(server: &Scripted) -> AzureEntityStore {
    AzureEntityStore::new(&account(server), "sluice").unwrap()
}

fn lake(server: &Scripted) -> AzureObjectStore {
    AzureObjectStore::new(&account(server)).unwrap()
}

fn partition() -> PartitionKey {
    PartitionKey("orders@1".to_owned())
}

fn steps() -> Vec<Operation> {
    ["head", "log|0"]
        .map(|row| {
            Operation::Insert(Entity {
                row: row.to_owned(),
                properties: Properties::from([("n".to_owned(), Value::Int64(0))]),
            })
        })
        .into()
}

/// The answer to a transaction, with these statuses in its change set.
fn answers(statuses: &[u16], error: &str) -> Reply {
    let parts: String = statuses
        .iter()
        .map(|status| format!("--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} X\r\n\r\n{error}\r\n"))
        .collect();
    Reply::with(202, &[], &format!("--b\r\n\r\n{parts}--c--\r\n--b--\r\n"))
}

fn page(rows: &[&str]) -> String {
    let entities: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                r#"{{"odata.etag":"W/\"1\"","PartitionKey":"orders@1","RowKey":"{row}","Timestamp":"2025-01-01T00:00:00Z","n@odata.type":"Edm.Int64","n":"7"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"odata.metadata":"x","value":[{}]}}"#,
        entities.join(",")
    )
}

async fn transact(server: &Scripted) -> Result<Outcome, StorageError> {
    state(server).transact(&partition(), &steps()).await
}

#[tokio::test]
async fn a_read_is_retried_when_busy_or_disconnected() {
    let replies = [
        Reply::status(503),
        Reply::Drop,
        Reply::status(500),
        Reply::with(404, &[], NO_ROW),
    ];
    let mut server = Scripted::start(replies);
    let found = state(&server).get(&partition(), "head").await.unwrap();
    assert_eq!(found, None);
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn the_service_says_how_long_to_wait() {
    let busy = Reply::with(429, &[("x-ms-retry-after-ms", "900")], "");
    let mut server = Scripted::start([busy, Reply::with(404, &[], NO_ROW)]);
    let start = Instant::now();
    state(&server).get(&partition(), "head").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(900));
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_transaction_is_sent_once_whatever_its_outcome() {
    let unknown = [
        Reply::Drop,
        Reply::status(500),
        Reply::status(503),
        Reply::status(429),
        Reply::status(408),
        answers(&[204], ""),
        answers(&[], ""),
        answers(&[500], ""),
    ];
    for reply in unknown {
        let mut server = Scripted::start([reply.clone(), answers(&[204, 204], "")]);
        let error = transact(&server).await.unwrap_err();
        assert!(error.is_transient(), "{reply:?} {error:?}");
        assert_eq!(server.received().len(), 1, "{reply:?}");
    }
}

#[tokio::test]
async fn only_a_failed_condition_is_a_conflict() {
    let error = |code: &str| {
        format!(
            r#"{{"odata.error":{{"code":"{code}","message":{{"value":"1:Words.\nTime:now"}}}}}}"#
        )
    };
    for (status, code) in [
        (409, "EntityAlreadyExists"),
        (412, "UpdateConditionNotSatisfied"),
        (404, "ResourceNotFound"),
    ] {
        let server = Scripted::start([answers(&[status], &error(code))]);
        assert_eq!(
            transact(&server).await.unwrap(),
            Outcome::Conflict,
            "{code}"
        );
    }

    let server = Scripted::start([answers(&[400], &error("InvalidInput"))]);
    let refused = transact(&server).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Permanent);
    assert_eq!(
        refused.source.to_string(),
        "400 InvalidInput: entity \"log|0\": Words."
    );
    let server = Scripted::start([answers(&[409], &error("TableBeingDeleted"))]);
    assert!(transact(&server).await.unwrap_err().is_transient());
    let server = Scripted::start([Reply::status(403)]);
    assert_eq!(transact(&server).await.unwrap_err().kind, ErrorKind::Denied);
}

#[tokio::test]
async fn a_missing_table_is_created_and_the_transaction_sent_then() {
    for creation in [204, 409] {
        let exists = r#"{"odata.error":{"code":"TableAlreadyExists","message":{"value":""}}}"#;
        let mut server = Scripted::start([
            answers(&[404], NO_TABLE),
            Reply::with(creation, &[], exists),
            answers(&[204, 204], ""),
        ]);
        assert_eq!(transact(&server).await.unwrap(), Outcome::Committed);
        let lines: Vec<String> = server
            .received()
            .into_iter()
            .map(|received| received.line.split('?').next().unwrap().to_owned())
            .collect();
        let expected = ["$batch", "Tables", "$batch"].map(|name| format!("POST /account/{name}"));
        assert_eq!(lines, expected);
    }
}

#[tokio::test]
async fn a_range_follows_continuations_also_from_an_empty_page() {
    let more = &[
        ("x-ms-continuation-NextPartitionKey", "1!8!b3Jk"),
        ("x-ms-continuation-NextRowKey", "1!4!bG9n"),
    ];
    let mut server = Scripted::start([
        Reply::with(200, more, &page(&["log|1", "log|2"])),
        Reply::with(200, more, &page(&[])),
        Reply::status(503),
        Reply::with(200, &[], &page(&["log|3"])),
    ]);
    let range = RowRange::prefix("log|");
    let found = state(&server).range(&partition(), &range).await.unwrap();
    let rows: Vec<&str> = found
        .iter()
        .map(|stored| stored.entity.row.as_str())
        .collect();
    assert_eq!(rows, ["log|1", "log|2", "log|3"]);

    let requests = server.received();
    assert_eq!(requests.len(), 4);
    assert!(!requests[0].line.contains("NextRowKey"));
    for request in &requests[1..] {
        let next = "&NextPartitionKey=1%218%21b3Jk&NextRowKey=1%214%21bG9n";
        assert!(request.line.contains(next), "{request:?}");
    }
}

#[tokio::test]
async fn a_page_is_one_request_unless_it_is_empty_and_there_are_more() {
    let more = &[("x-ms-continuation-NextRowKey", "1!4!bG9n")];
    let mut server = Scripted::start([
        Reply::with(200, more, &page(&["log|1", "log|2"])),
        Reply::with(200, more, &page(&[])),
        Reply::with(200, &[], &page(&["log|3"])),
        Reply::with(200, &[], &page(&[])),
    ]);
    let (state, mut rest) = (state(&server), RowRange::prefix("log|"));
    let mut pages = Vec::new();
    loop {
        let page = state.page(&partition(), &rest).await.unwrap();
        pages.push(page.len());
        let Some(last) = page.last() else { break };
        rest = rest.after(&last.entity.row);
    }
    assert_eq!(pages, [2, 1, 0]);
    let requests = server.received();
    let going_on = requests
        .iter()
        .filter(|request| request.line.contains("NextRowKey"));
    assert_eq!((requests.len(), going_on.count()), (4, 1));
}

#[tokio::test]
async fn a_missing_table_is_an_empty_one() {
    let missing = || Reply::with(404, &[], NO_TABLE);
    let server = Scripted::start([missing(), missing()]);
    let store = state(&server);
    assert_eq!(store.get(&partition(), "head").await.unwrap(), None);
    let range = RowRange::prefix("log|");
    assert_eq!(store.range(&partition(), &range).await.unwrap(), []);
}

#[tokio::test]
async fn what_goes_away_between_two_pages_is_not_taken_for_the_end() {
    let more = &[("x-ms-continuation-NextPartitionKey", "1!8!b3Jk")];
    let first = Reply::with(200, more, &page(&["log|1"]));
    let server = Scripted::start([first, Reply::with(404, &[], NO_TABLE)]);
    let range = RowRange::prefix("log|");
    let error = state(&server)
        .range(&partition(), &range)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);

    let first =
        "<EnumerationResults><Blobs></Blobs><NextMarker>2</NextMarker></EnumerationResults>";
    let server = Scripted::start([Reply::with(200, &[], first), Reply::status(404)]);
    let error = lake(&server)
        .list(&ObjectPath::new("bronze", ""))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn every_request_is_signed_and_no_failure_tells_how() {
    let mut server = Scripted::start([Reply::Drop]);
    let error = transact(&server).await.unwrap_err();
    let request = server.next().await;
    assert!(request.line.contains("&sig="), "{request:?}");
    assert_eq!(request.header("x-ms-version"), Some("2020-12-06"));

    let signature = request.line.split("sig=").nth(1).unwrap();
    let words = format!("{error:?} {error} {}", error.source);
    assert!(
        !words.contains("sig=") && !words.contains(signature),
        "{words}"
    );
    assert!(words.contains("orders@1"), "{words}");
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_finds_its_own_object() {
    for taken in [
        Reply::with(409, &[("x-ms-error-code", "BlobAlreadyExists")], ""),
        Reply::with(412, &[("x-ms-error-code", "ConditionNotMet")], ""),
    ] {
        let mut server = Scripted::start([Reply::Drop, Reply::status(503), taken]);
        let path = ObjectPath::new("bronze", "a/b.jsonl");
        let created = lake(&server)
            .create(&path, Bytes::from_static(b"x"), &Metadata::new())
            .await;
        assert_eq!(created.unwrap(), Created::AlreadyThere);

        let requests = server.received();
        assert_eq!(requests.len(), 3);
        for request in requests {
            assert!(
                request.line.starts_with("PUT /account/bronze/a%2Fb.jsonl?"),
                "{request:?}"
            );
            assert_eq!(request.header("if-none-match"), Some("*"));
            assert_eq!(request.header("x-ms-blob-type"), Some("BlockBlob"));
        }
    }
}

#[tokio::test]
async fn a_refused_create_says_why() {
    type Headers = &'static [(&'static str, &'static str)];
    let cases: [(u16, Headers, ErrorKind); 4] = [
        (
            403,
            &[("x-ms-error-code", "AuthorizationPermissionMismatch")],
            ErrorKind::Denied,
        ),
        (
            409,
            &[("x-ms-error-code", "ContainerBeingDeleted")],
            ErrorKind::Transient,
        ),
        (
            409,
            &[("x-ms-error-code", "LeaseIdMissing")],
            ErrorKind::Permanent,
        ),
        (
            400,
            &[("x-ms-error-code", "InvalidMetadata")],
            ErrorKind::Permanent,
        ),
    ];
    let body = "<?xml version=\"1.0\"?><Error><Code>X</Code><Message>Words.\nRequestId:1</Message></Error>";
    for (status, headers, kind) in cases {
        let server = Scripted::start([Reply::with(status, headers, body)]);
        let path = ObjectPath::new("bronze", "a");
        let refused = lake(&server)
            .create(&path, Bytes::new(), &Metadata::new())
            .await;
        let error = refused.unwrap_err();
        assert_eq!(
            (error.kind, error.to_string()),
            (kind, "create blob bronze/a".to_owned())
        );
        let words = format!("{status} {}: Words.", headers[0].1);
        assert_eq!(error.source.to_string(), words);
    }
}

#[tokio::test]
async fn metadata_names_come_back_lowered_and_folders_are_no_objects() {
    let headers = &[
        ("x-ms-meta-First_Sequence", "7"),
        ("x-ms-creation-time", "Fri, 14 Nov 2025 11:44:34 GMT"),
    ];
    let listing = "<?xml version=\"1.0\"?><EnumerationResults><Blobs>\
        <Blob><Name>b</Name><Properties><Content-Length>0</Content-Length></Properties><Metadata><Hdi_isfolder>true</Hdi_isfolder></Metadata></Blob>\
        <Blob><Name>b/1</Name><Properties><Content-Length>5</Content-Length><Creation-Time>Fri, 14 Nov 2025 11:44:34 GMT</Creation-Time></Properties><Metadata><First_Sequence>7</First_Sequence></Metadata></Blob>\
        <Blob><Name>a-1</Name><Properties><Content-Length>1</Content-Length><Last-Modified>Fri, 14 Nov 2025 11:44:34 GMT</Last-Modified></Properties></Blob>\
        </Blobs><NextMarker /></EnumerationResults>";
    let server = Scripted::start([
        Reply::with(200, headers, ""),
        Reply::with(200, &[], listing),
    ]);
    let lake = lake(&server);
    let path = ObjectPath::new("bronze", "b/1");
    let info = lake.head(&path).await.unwrap().unwrap();
    assert_eq!(
        info.metadata,
        Metadata::from([("first_sequence".to_owned(), "7".to_owned())])
    );
    assert_eq!(info.created.0, 1_763_120_674_000);

    let found = lake.list(&ObjectPath::new("bronze", "")).await.unwrap();
    let names: Vec<&str> = found.iter().map(|info| info.path.name()).collect();
    assert_eq!(names, ["a-1", "b/1"]);
    assert_eq!(found[1].metadata, info.metadata);
}

#[tokio::test]
async fn a_listing_without_a_blobs_size_or_time_is_refused() {
    let time = "<Creation-Time>Fri, 14 Nov 2025 11:44:34 GMT</Creation-Time>";
    for (properties, lacks) in [
        (time, "size"),
        ("<Content-Length>1</Content-Length>", "time of creation"),
    ] {
        let listing = format!(
            "<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob><Name>a</Name>\
             <Properties>{properties}</Properties></Blob></Blobs><NextMarker /></EnumerationResults>"
        );
        let server = Scripted::start([Reply::with(200, &[], &listing)]);
        let listed = lake(&server).list(&ObjectPath::new("bronze", "")).await;
        let error = listed.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permanent);
        let words = error.source.to_string();
        assert!(
            words.contains(&format!("does not say the blob's {lacks}")),
            "{words}"
        );
    }
}
