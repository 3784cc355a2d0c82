//! What every state store takes, keeps and finds again.

use std::sync::Arc;

use sluice::store::entity::{MAX_KEY_UNITS, Operation, PartitionKey, RowRange, Value};

use super::conform;
use super::state::{State, azurite, delete, entity, everything, insert, memory, with};

conform!(
    a_range_has_all_pages_in_order,
    a_range_of_a_prefix_has_nothing_else,
    odd_keys_and_values_are_kept_exactly,
    partitions_do_not_see_each_other,
    a_full_transaction_commits,
    what_the_service_refuses_is_refused_at_once,
);

async fn a_range_has_all_pages_in_order(state: State) {
    let row = |number: usize| format!("log|{number:012}");
    for hundred in (0..23).rev() {
        let steps: Vec<Operation> = (0..100)
            .map(|number| insert(&row(hundred * 100 + number), number as i64))
            .collect();
        state.commit(&steps).await;
    }
    let all: Vec<String> = (0..2_300).map(row).collect();
    assert_eq!(state.rows(RowRange::prefix("log|")).await, all);

    let part = RowRange {
        from: row(5),
        until: row(1_207),
    };
    assert_eq!(state.rows(part).await, all[5..1_207]);
    let none = RowRange {
        from: row(7),
        until: row(7),
    };
    assert_eq!(state.rows(none).await, [""; 0]);
}

async fn a_range_of_a_prefix_has_nothing_else(state: State) {
    let mut rows = [
        "head", "log", "log|", "log|1", "log|~", "log}", "lof|1", "src|a/b", "src|a/c", "src|a.",
    ];
    for row in rows {
        state.commit(&[insert(row, 0)]).await;
    }
    assert_eq!(
        state.rows(RowRange::prefix("log|")).await,
        ["log|", "log|1", "log|~"]
    );
    assert_eq!(
        state.rows(RowRange::prefix("src|a/")).await,
        ["src|a/b", "src|a/c"]
    );
    rows.sort_unstable();
    assert_eq!(state.rows(everything()).await, rows);
    assert_eq!(state.rows(RowRange::prefix("none|")).await, [""; 0]);
}

async fn odd_keys_and_values_are_kept_exactly(state: State) {
    let odd = [
        "src|bronze/orders/0/2025/11/14/11/00000000000000000042-1763120674343.jsonl",
        "it's 'quoted', isn't it','",
        "per%cent%20 + plus",
        "hash#question?back\\slash",
        "\u{1}control\u{1f}\u{7f}\u{85}\u{9f}",
        " leading and trailing ",
        "_.:;,!$&()*+=@[]{}<>|`^\"~-",
        "ümläut 日本語 🦀",
        "--batch_x\r\nHTTP/1.1 404 Not Found",
        "PartitionKey='x',RowKey='y'",
    ];
    let mut written = Vec::new();
    for text in odd {
        let value = format!("{text}\u{2028}\u{2029}\n");
        written.push(with(text, "text", Value::String(value)));
    }
    let steps: Vec<Operation> = written.iter().cloned().map(Operation::Insert).collect();
    state.commit(&steps).await;

    for entity in &written {
        let stored = state
            .get(&entity.row)
            .await
            .unwrap_or_else(|| panic!("{entity:?}"));
        assert_eq!(stored.entity, *entity);
        let step = Operation::Update {
            entity: entity.clone(),
            if_match: stored.etag,
        };
        state.commit(&[step]).await;
    }
    let mut all = odd.to_vec();
    all.sort_unstable();
    let range = RowRange {
        from: String::new(),
        until: "\u{ffff}".to_owned(),
    };
    assert_eq!(state.rows(range).await, all);
    for text in odd {
        state.commit(&[delete(text, None)]).await;
    }
}

async fn partitions_do_not_see_each_other(state: State) {
    let other = State {
        store: Arc::clone(&state.store),
        partition: PartitionKey("it's/an odd@2'".to_owned()),
    };
    state.commit(&[insert("row", 1)]).await;
    assert_eq!(other.get("row").await, None);
    other.commit(&[insert("row", 2)]).await;
    assert_eq!(state.get("row").await.unwrap().entity, entity("row", 1));
    assert_eq!(other.get("row").await.unwrap().entity, entity("row", 2));
    assert_eq!(other.rows(everything()).await, ["row"]);
}

async fn a_full_transaction_commits(state: State) {
    // A hundred entities, close to 4 MiB and one property of exactly 64 KiB.
    let largest = Value::String("x".repeat(32 * 1024));
    let text = Value::String("y".repeat(31_000));
    let mut steps = vec![Operation::Insert(with("000", "text", largest))];
    for number in 1..100 {
        let mut entity = with(&format!("{number:03}"), "text", text.clone());
        let more = Value::String("z".repeat(9_500));
        entity.properties.insert("more".to_owned(), more);
        steps.push(Operation::Insert(entity));
    }
    state.commit(&steps).await;
    let found = state
        .store
        .range(&state.partition, &everything())
        .await
        .unwrap();
    assert_eq!(found.len(), 100);
    assert_eq!(found[99].entity.properties["text"], text);
}

async fn what_the_service_refuses_is_refused_at_once(state: State) {
    let many: Vec<Operation> = (0..101)
        .map(|number| insert(&number.to_string(), 0))
        .collect();
    state.refused(&many, "101 entities").await;
    state
        .refused(
            &[insert("same", 1), delete("same", None)],
            "\"same\" occurs twice",
        )
        .await;

    let text = |units: usize| Value::String("ü".repeat(units));
    let property = with("wide", "text", text(32 * 1024 + 1));
    state
        .refused(&[insert("x", 1), Operation::Insert(property)], "\"wide\"")
        .await;

    let mut heavy = entity("heavy", 1);
    for number in 0..17 {
        heavy
            .properties
            .insert(format!("p{number}"), text(32 * 1024));
    }
    state
        .refused(&[Operation::Upsert(heavy)], "\"heavy\"")
        .await;

    let large: Vec<Operation> = (0..70)
        .map(|number| Operation::Insert(with(&format!("large{number}"), "text", text(31_000))))
        .collect();
    state.refused(&large, "more than 4194304").await;

    let long = "k".repeat(MAX_KEY_UNITS + 1);
    state.refused(&[insert(&long, 1)], "longer than").await;
    for name in ["", "a-b", "1a", "RowKey", "Timestamp"] {
        let named = with("named", name, Value::Bool(true));
        state
            .refused(&[Operation::Insert(named)], "\"named\"")
            .await;
    }
    assert_eq!(state.rows(everything()).await, [""; 0]);
}
