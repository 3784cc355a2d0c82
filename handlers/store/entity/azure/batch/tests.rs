use std::collections::BTreeMap;

use super::*;
use crate::store::entity::{ETag, Value};

fn entity(row: &str) -> Entity {
    Entity {
        row: row.to_owned(),
        properties: BTreeMap::from([("n".to_owned(), Value::Int64(1))]),
    }
}

fn steps() -> Vec<Operation> {
    vec![
        Operation::Update {
            entity: entity("head"),
            if_match: ETag("W/\"1\"".to_owned()),
        },
        Operation::Insert(entity("log|1")),
    ]
}

#[test]
fn a_transaction_is_one_change_set() {
    let partition = PartitionKey("orders@1".to_owned());
    let mut steps = steps();
    steps.push(Operation::Delete {
        row: "a/b".to_owned(),
        if_match: None,
    });
    let json = "Accept: application/json;odata=minimalmetadata\r\nContent-Type: application/json\r\n\
                Prefer: return-no-content\r\nDataServiceVersion: 3.0;\r\n\r\n";
    let part = "--changeset_x\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let expected = [
        "--batch_x\r\nContent-Type: multipart/mixed; boundary=changeset_x\r\n\r\n",
        part,
        "PUT http://h/t(PartitionKey='orders%401',RowKey='head') HTTP/1.1\r\nIf-Match: W/\"1\"\r\n",
        json,
        "{\"PartitionKey\":\"orders@1\",\"RowKey\":\"head\",\"n\":\"1\",\"n@odata.type\":\"Edm.Int64\"}\r\n",
        part,
        "POST http://h/t HTTP/1.1\r\n",
        json,
        "{\"PartitionKey\":\"orders@1\",\"RowKey\":\"log|1\",\"n\":\"1\",\"n@odata.type\":\"Edm.Int64\"}\r\n",
        part,
        "DELETE http://h/t(PartitionKey='orders%401',RowKey='a._b') HTTP/1.1\r\nIf-Match: *\r\n\
         Accept: application/json;odata=minimalmetadata\r\nDataServiceVersion: 3.0;\r\n\r\n",
        "--changeset_x--\r\n--batch_x--\r\n",
    ];
    assert_eq!(
        encode("http://h/t", "x", &partition, &steps),
        expected.concat()
    );
}

fn answered(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n\
         --changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
         HTTP/1.1 {status} Whatever\r\nContent-ID: 1\r\nContent-Type: application/json\r\n\r\n\
         {{\"odata.error\":{{\"code\":\"{code}\",\"message\":{{\"lang\":\"en-US\",\"value\":\"{message}\\nRequestId:1\"}}}}}}\r\n\
         --changesetresponse_1--\r\n--batchresponse_1--\r\n"
    );
    decode(202, body.as_bytes(), &steps())
}

#[test]
fn a_condition_that_does_not_hold_is_a_conflict() {
    for (status, code) in [
        (409, "EntityAlreadyExists"),
        (412, "UpdateConditionNotSatisfied"),
        (404, "ResourceNotFound"),
    ] {
        assert_eq!(
            answered(status, code, "1:Words."),
            Answer::Conflict,
            "{code}"
        );
    }
}

#[test]
fn a_missing_table_is_not_a_conflict() {
    assert!(matches!(
        answered(404, "TableNotFound", "0:Words."),
        Answer::NoTable(_)
    ));
}

#[test]
fn a_refusal_names_the_entity() {
    let Answer::Refused(refused) = answered(400, "PropertyValueTooLarge", "1:Too large.") else {
        panic!("it should be refused");
    };
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (400, "PropertyValueTooLarge")
    );
    assert_eq!(refused.message, "entity \"log|1\": Too large.");
}

#[test]
fn only_an_answer_to_every_step_is_a_commit() {
    let answers = |count: usize| {
        let body = "HTTP/1.1 204 No Content\r\n\r\n".repeat(count);
        decode(202, body.as_bytes(), &steps())
    };
    assert_eq!(answers(2), Answer::Done);
    for count in [0, 1, 3] {
        assert!(matches!(answers(count), Answer::Broken(_)), "{count}");
    }
}

#[test]
fn a_refusal_of_the_whole_request_is_read_from_xml_too() {
    let body = b"<?xml version=\"1.0\"?><m:error xmlns:m=\"x\"><m:code>x</m:code></m:error>";
    assert!(matches!(decode(503, body, &steps()), Answer::Refused(r) if r.status == 503));
    let body = b"<?xml version=\"1.0\"?><error xmlns=\"x\"><code>ServerBusy</code><message xml:lang=\"en\">Busy.</message></error>";
    let Answer::Refused(refused) = decode(503, body, &steps()) else {
        panic!("it should be refused");
    };
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        ("ServerBusy", "Busy.")
    );
}
